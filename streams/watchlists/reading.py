"""What a reader of lists is given and what it gives back: entries, rows left out, remarks, faults."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from models.bounds import TABLE_BYTES, BoundsError, at_most
from models.errors import InputError
from models.watchlist import Entry

HEAD: Final = 64 * 1024
"""Bytes of a file by which its layout is recognised."""
_DELIMITERS: Final = ",;\t"
MOST_ENTRIES: Final = 200_000
"""Vessels of one file. OFAC's list has some thousand, OpenSanctions' maritime list some ten thousand."""
LONGEST_LINE: Final = 4_000_000
"""Bytes of a line, in layouts that are read line by line."""
_REMARKS: Final = 1_000
_PROBLEMS: Final = 100
"""Faults of one file that are named; a file with more is not what it seems to be."""


class WatchlistError(InputError):
    """All that is wrong with files of watchlists: `problems`, each with file, row and remedy."""


@dataclass(slots=True)
class Reading:
    """What was found in one file."""

    file: str
    entries: list[Entry] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    """Rows that name no vessel, by what they are."""
    remarks: list[str] = field(default_factory=list)
    """What a reader should know, but nothing that keeps the file from being used."""
    problems: list[str] = field(default_factory=list)
    """Faults. A file with one is not used."""
    other_names: dict[str, list[str]] = field(default_factory=dict)
    """Further names of entries in another file, by the number of the entry."""

    def leave_out(self, kind: str) -> None:
        self.left_out[kind] = self.left_out.get(kind, 0) + 1

    def remark(self, place: str, text: str) -> None:
        """Note a remark; of very many, only that there are more."""
        if len(self.remarks) < _REMARKS:
            self.remarks.append(f"{self.file}: {place}: {text}")
        elif len(self.remarks) == _REMARKS:
            self.remarks.append(f"{self.file}: further remarks are not listed")

    def fault(self, place: str, text: str) -> None:
        """Note a fault. Raises WatchlistError with all of them once there are very many."""
        self.problems.append(f"{self.file}: {place}: {text}")
        if len(self.problems) >= _PROBLEMS:
            self.problems.append(f"{self.file}: more faults are not listed; mend these first")
            raise WatchlistError(*self.problems)

    def add(self, place: str, entry: Entry) -> None:
        """Take an entry, and say so if it can only be found weakly, or not at all."""
        if not entry.imos and not entry.mmsis:
            if not entry.names:
                self.remark(place, "has no IMO number, MMSI or name, so no vessel can match it")
                self.leave_out("rows without number and name")
                return
            self.remark(place, f"{entry.names[0]}: no IMO number and no MMSI; matched by name only, weakly")
        if len(self.entries) >= MOST_ENTRIES:
            raise WatchlistError(
                f"{self.file}: has more than {MOST_ENTRIES:,} vessels, more than there are tankers and cargo "
                "ships; leave out what need not be watched"
            )
        self.entries.append(entry)


@dataclass(frozen=True, slots=True)
class ListFormat:
    """One layout of lists."""

    name: str
    describes: str
    recognises: Callable[[bytes], bool]
    """Whether a file is in this layout, by its first HEAD bytes."""
    read: Callable[[BinaryIO, Reading], None]
    """Put what the file holds into a reading. Raises WatchlistError where it can't be read on."""


Row = dict[str, str]


def contents(file: BinaryIO, reading: Reading) -> bytes:
    """All bytes of a table. Raises WatchlistError if they are too many."""
    try:
        return at_most(file.read(TABLE_BYTES + 1), TABLE_BYTES)
    except BoundsError as error:
        raise WatchlistError(f"{reading.file}: {error}") from None


def decoded(data: bytes, *, strict: bool = False, file: str = "") -> str:
    """Text in UTF-8, with or without byte order mark; else in latin-1, as older lists are.

    Raises WatchlistError if it has to be UTF-8 (`strict`) and is not.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if strict:
            line = data.count(b"\n", 0, error.start) + 1
            raise WatchlistError(f"{file}: line {line}: not UTF-8; save the file as UTF-8") from error
        return data.decode("cp1252", "replace")


def first_row(head: bytes, delimiter: str | None = None) -> list[str]:
    """The cells of the first row that is not blank; none where the file is not CSV."""
    text = decoded(head[: head.rfind(b"\n") + 1] or head)
    try:
        return next((cells for _, cells in _rows(text, delimiter, strict=False) if any(cells)), [])
    except csv.Error:
        return []


def columns(head: bytes) -> set[str]:
    """The names in the header of a CSV file, in one spelling: `imoNumber` and `IMO Number` are imo_number."""
    return {plain_header(cell) for cell in first_row(head)}


def plain_header(text: str) -> str:
    words = []
    for i, letter in enumerate(text.strip()):
        if letter.isupper() and i and text.strip()[i - 1].islower():
            words.append("_")
        words.append(letter.lower() if letter.isalnum() else "_")
    return "_".join(filter(None, "".join(words).split("_"))) or text.strip()


def table(text: str, file: str, aliases: dict[str, str], *, strict: bool) -> Iterator[tuple[int, Row]]:
    """Line number (of the row's last line) and cells, by column, of every row below the header.

    `aliases` says which columns are the same under another name. Cells are stripped. Raises WatchlistError.
    """
    header: list[str] = []
    line = 0
    try:
        for line, cells in _rows(text, strict=strict):
            if not any(cells):
                continue
            if not header:
                names = [plain_header(cell) for cell in cells]
                header = [aliases.get(name, name) for name in names]
                twice = {name for name in aliases.values() if header.count(name) > 1}
                if twice:
                    which = ", ".join(sorted(twice))
                    raise WatchlistError(f"{file}: line {line}: two columns for {which}; drop one")
                continue
            cells += [""] * (len(header) - len(cells))
            yield line, dict(zip(header, cells, strict=False))
    except csv.Error as error:
        problem = f"line {line + 1}: not CSV ({error}); put quotes round fields with commas"
        raise WatchlistError(f"{file}: {problem}") from error


def bare_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and stripped cells of every row of a file without header."""
    return ((line, cells) for line, cells in _rows(text, ",", strict=False) if any(cells))


def _rows(text: str, delimiter: str | None = None, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """Line number and stripped cells; the delimiter is the one that the first line has most of."""
    if delimiter is None:
        top = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(_DELIMITERS, key=top.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    for cells in reader:
        yield reader.line_num, [cell.strip() for cell in cells]


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Each value once, in the order of its first appearance, without empty ones."""
    return tuple(dict.fromkeys(value for value in values if value))
