"""A watchlist: vessels that public lists name, found by IMO number or else by MMSI.

From CSV with the columns `imo,mmsi,name,list,entry`, one row for every entry of a list; a row needs an IMO
number or an MMSI. The package ships a small dated list of its own, see models/data/SOURCES.md.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from models.errors import InputError
from models.vessel import WatchlistHit, imo_is_valid

COLUMNS: Final = ("imo", "mmsi", "name", "list", "entry")

_SHIPPED: Final = "dprk_vessels.csv"


class WatchlistError(InputError):
    """All that is wrong with a watchlist: `problems`, each with file, line, column and remedy."""


class Watchlist:
    """Entries of one or several lists. An empty one matches nothing."""

    def __init__(
        self, by_imo: Iterable[tuple[int, str, str]] = (), by_mmsi: Iterable[tuple[int, str, str]] = ()
    ):
        """Rows of (number, list, entry), the number an IMO number or an MMSI."""
        self._by_imo = _group(by_imo, "imo")
        self._by_mmsi = _group(by_mmsi, "mmsi")

    @classmethod
    def load(cls, path: str | Path) -> "Watchlist":
        """Read a CSV file in UTF-8, with or without byte order mark. Raises WatchlistError."""
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            problem = f"{path}: can't be read ({error.strerror}); give the path of a CSV file"
            raise WatchlistError(problem) from error
        return cls.read(data, str(path))

    @classmethod
    def read(cls, data: bytes, file: str) -> "Watchlist":
        """Like load, from bytes; `file` is how errors call them. Raises WatchlistError."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise WatchlistError(f"{file}: line {line}: not UTF-8; save the file as UTF-8") from error
        by_imo: list[tuple[int, str, str]] = []
        by_mmsi: list[tuple[int, str, str]] = []
        problems: list[str] = []
        for line, row in _rows(text, file):
            found = list(_check(row))
            problems += (f"{file}: line {line}: {problem}" for problem in found)
            if found:
                continue
            if row["imo"]:
                by_imo.append((int(row["imo"]), row["list"], row["entry"]))
            if row["mmsi"]:
                by_mmsi.append((int(row["mmsi"]), row["list"], row["entry"]))
        if problems:
            raise WatchlistError(*problems)
        return cls(by_imo, by_mmsi)

    def merge(self, *others: "Watchlist") -> "Watchlist":
        """One list of the entries of all; an entry that several have comes once."""
        merged = Watchlist()
        for one in (self, *others):
            for mine, theirs in ((merged._by_imo, one._by_imo), (merged._by_mmsi, one._by_mmsi)):
                for number, hits in theirs.items():
                    mine[number] = _sorted((*mine.get(number, ()), *hits))
        return merged

    def match(self, imo: int | None, mmsi: int) -> tuple[WatchlistHit, ...]:
        """The entries for a vessel, sorted by list and entry.

        By IMO number, which stays with the hull, and by MMSI for the entries that its IMO number did not
        find.
        """
        if not self._by_imo and not self._by_mmsi:
            return ()
        by_imo = self._by_imo.get(imo, ()) if imo else ()
        by_mmsi = self._by_mmsi.get(mmsi, ())
        if not by_mmsi:
            return by_imo
        known = {(hit.list, hit.entry) for hit in by_imo}
        return _sorted((*by_imo, *(hit for hit in by_mmsi if (hit.list, hit.entry) not in known)))

    @property
    def digest(self) -> str:
        """A hash of all entries, in any order: 32 hexadecimal digits."""
        rows = [
            (number, hit.list, hit.entry, hit.matched_on)
            for by_number in (self._by_imo, self._by_mmsi)
            for number, hits in sorted(by_number.items())
            for hit in hits
        ]
        return hashlib.blake2b(json.dumps(rows).encode(), digest_size=16).hexdigest()

    def __len__(self) -> int:
        """How many different IMO numbers and MMSIs it knows."""
        return len(self._by_imo) + len(self._by_mmsi)


@cache
def shipped_watchlist() -> Watchlist:
    """The list in the package: vessels in sanctions lists against North Korea (models/data/SOURCES.md)."""
    return Watchlist.read(resources.files("models").joinpath("data", _SHIPPED).read_bytes(), _SHIPPED)


def _group(rows: Iterable[tuple[int, str, str]], matched_on: str) -> dict[int, tuple[WatchlistHit, ...]]:
    grouped: dict[int, list[WatchlistHit]] = {}
    for number, name, entry in rows:
        grouped.setdefault(number, []).append(WatchlistHit(list=name, entry=entry, matched_on=matched_on))
    return {number: _sorted(hits) for number, hits in grouped.items()}


def _sorted(hits: Iterable[WatchlistHit]) -> tuple[WatchlistHit, ...]:
    return tuple(sorted(set(hits), key=lambda hit: (hit.list, hit.entry, hit.matched_on)))


def _rows(text: str, file: str) -> Iterable[tuple[int, dict[str, str]]]:
    """Line number (of the row's last line) and stripped fields of every row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            problem = f"line 1: no column {', '.join(missing)}; the header has to be {','.join(COLUMNS)}"
            raise WatchlistError(f"{file}: {problem}")
        for fields in reader:
            if any(field.strip() for field in fields):
                padded = (field.strip() for field in (*fields, *[""] * (len(header) - len(fields))))
                yield reader.line_num, dict(zip(header, padded, strict=False))
    except csv.Error as error:
        problem = f"line {reader.line_num}: not CSV ({error}); put quotes round fields with commas"
        raise WatchlistError(f"{file}: {problem}") from error


def _check(row: dict[str, str]) -> Iterable[str]:
    imo, mmsi = row["imo"], row["mmsi"]
    if not imo and not mmsi:
        yield "columns imo, mmsi: both blank; give at least one of them"
    if imo and not (imo.isascii() and imo.isdigit() and len(imo) == 7):
        yield f"column imo: {imo[:20]!r}; an IMO number is seven digits, without the letters IMO"
    elif imo and not imo_is_valid(int(imo)):
        yield f"column imo: {imo} has a wrong check digit; correct it in the list it comes from"
    if mmsi and not (mmsi.isascii() and mmsi.isdigit() and len(mmsi) == 9):
        yield f"column mmsi: {mmsi[:20]!r}; an MMSI is nine digits"
    for name, remedy in (("list", "name the list"), ("entry", "say which entry of the list this is")):
        if not row[name]:
            yield f"column {name}: blank; {remedy}"
