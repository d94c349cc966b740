"""Lists of the United Nations (committee 1718) and the European Union, as they are transcribed to CSV."""

import re
from typing import BinaryIO, Final

from models.watchlist import Entry
from streams.watchlists.cells import imo_numbers, mmsis, names, remarked_date, several, value
from streams.watchlists.reading import ListFormat, Reading, columns, contents, decoded, table

_UN_DATE: Final = "date_of_designation"
_UN_ALIASES: Final = {
    "": "number",
    "#": "number",
    "no": "number",
    "s_n": "number",
    "imo": "imo_number",
    "name": "vessel_name",
}
_EU_ALIASES: Final = {"vessel_name": "name", "imo": "imo_number"}


def _is_eu(head: bytes) -> bool:
    found = columns(head)
    return {"imo_number", "annex", "start_date"} <= found and bool(found & {"schema", "program_key", "celex"})


def _read_eu(file: BinaryIO, reading: Reading) -> None:
    for line, row in table(decoded(contents(file, reading)), reading.file, _EU_ALIASES, strict=False):
        place = f"line {line}"
        if row.get("schema", "Vessel").lower() != "vessel":
            reading.leave_out("rows that are no vessel")
            continue
        other = (row.get(name, "") for name in ("alias", "weak_alias", "previous_name"))
        number = f"{row.get('annex', '')} {row.get('record_id', '')}".strip()  # numbers begin anew by annex
        entry = Entry(
            list=_regulation(row),
            entry=number or f"row {line}",
            names=names(row.get("name", ""), *(each for text in other for each in several(text))),
            imos=imo_numbers(several(row.get("imo_number", "")), place, reading),
            mmsis=mmsis(several(row.get("mmsi", "")), place, reading),
            flag=value(row.get("flag", "")) or None,
            type=_type(row.get("notes", "")),
            listed_on=remarked_date(row.get("start_date", ""), place, reading),
        )
        reading.add(place, entry)


def _regulation(row: dict[str, str]) -> str:
    """The regulation, by its number in EUR-Lex (32017R1509 is 2017/1509)."""
    found = re.match(r"^3(\d{4})[A-Z](\d{4})", row.get("celex", ""))
    return f"EU {found[1]}/{int(found[2])}" if found else f"EU {row.get('program_key', '')}".strip()


def _type(notes: str) -> str | None:
    """The type of ship that the statement of reasons calls it, if it does."""
    found = re.search(r"\b((?:crude )?oil tanker|tanker|cargo vessel)\b M/V", notes, re.I)
    return found[1].lower() if found else None


def _is_un(head: bytes) -> bool:
    found = columns(head)
    dated = any(name.startswith(_UN_DATE) for name in found)
    return {"vessel_name", "imo_number"} <= found and (dated or "designated_owner" in found)


def _read_un(file: BinaryIO, reading: Reading) -> None:
    for line, row in table(decoded(contents(file, reading)), reading.file, _UN_ALIASES, strict=False):
        place = f"line {line}"
        dates = next((text for name, text in row.items() if name.startswith(_UN_DATE)), "")
        called = several(row.get("vessel_name", ""))
        entry = Entry(
            list="UN 1718",
            entry=row.get("number") or f"row {line}",
            names=names(*called),
            imos=imo_numbers(several(row.get("imo_number", "")), place, reading),
            mmsis=mmsis(several(row.get("mmsi", "")), place, reading),
            callsigns=several(row.get("call_sign", "")),
            flag=", ".join(several(row.get("flag", ""))) or None,
            type=", ".join(several(row.get("type", ""))) or None,
            listed_on=min(
                filter(None, (remarked_date(text, place, reading) for text in several(dates))), default=None
            ),
        )
        reading.add(place, entry)


EU: Final = ListFormat("eu", "vessels of an EU regulation as CSV (by OpenSanctions)", _is_eu, _read_eu)
UN: Final = ListFormat("un-1718", "vessels of the United Nations committee 1718 as CSV", _is_un, _read_un)
