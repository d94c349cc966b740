"""The plain layout: CSV with a header, one row for each entry of a list; also how lists are written.

The rows are the user's own, so what is wrong in one is a fault to be mended there.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import PurePath
from typing import BinaryIO, Final

from models.errors import meant
from models.vessel import imo_is_valid
from models.watchlist import Entry
from streams.watchlists.cells import iso_date, tonnes
from streams.watchlists.reading import (
    ListFormat,
    Reading,
    Row,
    WatchlistError,
    columns,
    contents,
    decoded,
    table,
)

COLUMNS: Final = (
    *("imo", "mmsi", "name", "callsign", "flag", "type", "deadweight", "list", "entry"),
    *("listed", "delisted", "as_of"),
)
_UNREAD: Final = 10  # columns that are named
_ALIASES: Final = {
    **dict.fromkeys(("imo_number", "imo_no", "imonumber"), "imo"),
    **dict.fromkeys(("mmsi_number", "mmsi_no"), "mmsi"),
    **dict.fromkeys(("names", "vessel_name", "ship_name", "vessel"), "name"),
    **dict.fromkeys(("call_sign", "callsigns"), "callsign"),
    **dict.fromkeys(("ship_type", "vessel_type"), "type"),
    **dict.fromkeys(("deadweight_tonnes", "dwt"), "deadweight"),
    **dict.fromkeys(
        (
            *("listed_on", "listed_from", "date_listed", "listing_date", "date_of_listing", "listed_date"),
            *("designated", "designated_on", "designation_date", "date_of_designation", "start_date"),
        ),
        "listed",
    ),
    **dict.fromkeys(
        (
            *("delisted_on", "date_delisted", "delisting_date", "date_of_delisting", "delisted_date"),
            *("removed", "removed_on", "end_date"),
        ),
        "delisted",
    ),
}


def _recognises(head: bytes) -> bool:
    found = {_ALIASES.get(name, name) for name in columns(head)}
    return not head.lstrip().startswith((b"<", b"{", b"[")) and bool(found & {"imo", "mmsi"})


def _read(file: BinaryIO, reading: Reading) -> None:
    text = decoded(contents(file, reading), strict=True, file=reading.file)
    stem = PurePath(reading.file).stem
    _tell_unread(text, reading)
    for line, cells in table(text, reading.file, _ALIASES, strict=True):
        place, row = f"line {line}", {name: _unmarked(cell) for name, cell in cells.items()}
        problems = list(_check(row))
        for problem in problems:
            reading.fault(place, problem)
        if not problems:
            reading.add(place, _entry(row, stem, f"row {line}"))
    if not reading.entries and not reading.problems:
        raise WatchlistError(f"{reading.file}: no rows below the header; add one for each entry")


def _tell_unread(text: str, reading: Reading) -> None:
    """Remark on columns that are not read: a name that is spelt wrongly would go unnoticed."""
    named = columns(text.encode())
    missing = set(COLUMNS) - {_ALIASES.get(name, name) for name in named}
    if unread := sorted(named - set(COLUMNS) - set(_ALIASES) - {""}):
        told = ", ".join(f"{name[:30]}{meant(name, missing)}" for name in unread[:_UNREAD])
        more = f" and {len(unread) - _UNREAD} more" if len(unread) > _UNREAD else ""
        reading.remark("header", f"these columns are not read: {told}{more}")


def _entry(row: Row, stem: str, place: str) -> Entry:
    return Entry(
        list=row.get("list") or stem,
        entry=row.get("entry") or place,
        names=_split(row, "name"),
        imos=tuple(map(int, _split(row, "imo"))),
        mmsis=tuple(map(int, _split(row, "mmsi"))),
        callsigns=_split(row, "callsign"),
        flag=row.get("flag") or None,
        type=row.get("type") or None,
        deadweight=tonnes(row.get("deadweight", "")),
        listed_on=iso_date(row["listed"]) if row.get("listed") else None,
        delisted_on=iso_date(row["delisted"]) if row.get("delisted") else None,
        as_of=row.get("as_of") or None,
    )


def _split(row: Row, column: str) -> tuple[str, ...]:
    """The values of a cell that are parted by |."""
    parts = (_unmarked(part.strip()) for part in row.get(column, "").split("|"))
    return tuple(dict.fromkeys(part for part in parts if part))


def _check(row: Row) -> Iterator[str]:
    imos, mmsis = _split(row, "imo"), _split(row, "mmsi")
    if not imos and not mmsis and not _split(row, "name"):
        yield "columns imo, mmsi, name: all blank; give at least one of them"
    for imo in imos:
        if not (imo.isascii() and imo.isdigit() and len(imo) == 7):
            yield f"column imo: {imo[:20]!r}; an IMO number is seven digits, without the letters IMO"
        elif not imo_is_valid(int(imo)):
            yield f"column imo: {imo} has a wrong check digit; correct it in the list it comes from"
    for mmsi in mmsis:
        if not (mmsi.isascii() and mmsi.isdigit() and len(mmsi) == 9):
            yield f"column mmsi: {mmsi[:20]!r}; an MMSI is nine digits"
    for name, remedy in (("list", "name the list"), ("entry", "say which entry of the list this is")):
        if name in row and not row[name]:
            yield f"column {name}: blank; {remedy}"
    if row.get("deadweight") and tonnes(row["deadweight"]) is None:
        yield f"column deadweight: {row['deadweight'][:20]!r}; give tonnes, such as 3565"
    if row.get("as_of") and not _is_moment(row["as_of"]):
        yield f"column as_of: {row['as_of'][:20]!r}; give a year, a month or a day, such as 2022-12"
    days = {}
    for name in ("listed", "delisted"):
        if row.get(name):
            try:
                days[name] = iso_date(row[name])
            except ValueError:
                yield f"column {name}: {row[name][:20]!r}; give a day as YYYY-MM-DD or DD.MM.YYYY"
    if len(days) == 2 and days["delisted"] <= days["listed"]:
        yield f"column delisted: {days['delisted']} is not after {days['listed']}, the day of listing"


def _is_moment(text: str) -> bool:
    """Whether it is a year, a month or a day, ISO 8601."""
    try:
        date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        return False
    return re.match(r"^\d{4}(-\d{2}){0,2}$", text) is not None


def dump(entries: Iterable[Entry]) -> str:
    """Entries as CSV text in this layout."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_cells(entry) for entry in entries)
    return text.getvalue()


def _cells(entry: Entry) -> tuple[str, ...]:
    weight = "" if entry.deadweight is None else f"{entry.deadweight:g}"
    return (
        "|".join(map(str, entry.imos)),
        "|".join(f"{mmsi:09d}" for mmsi in entry.mmsis),
        "|".join(_marked(name) for name in entry.names),
        "|".join(_marked(callsign) for callsign in entry.callsigns),
        *(_marked(text or "") for text in (entry.flag, entry.type)),
        weight,
        *(_marked(text) for text in (entry.list, entry.entry)),
        *(entry.listed_on or "", entry.delisted_on or "", entry.as_of or ""),
    )


_FORMULA: Final = ("=", "+", "-", "@")
"""What a sheet takes for the beginning of a formula."""


def _marked(text: str) -> str:
    """Text that a sheet takes for text, and that holds none of our separators."""
    text = " ".join(text.replace("|", "/").split())
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unmarked(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


FORMAT: Final = ListFormat(
    "plain",
    "CSV with a header: imo or mmsi, and further columns as in docs/watchlists.md",
    _recognises,
    _read,
)
