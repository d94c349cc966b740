"""OFAC's list of Specially Designated Nationals as CSV: `sdn.csv`, and `alt.csv` with other names.

No header, 12 columns, `-0-` for nothing. IMO number and MMSI stand in the remarks alone. Source: OFAC, data
specification of the SDN list.
"""

import re
from typing import BinaryIO, Final

from models.watchlist import Entry
from streams.watchlists.cells import imo_numbers, mmsis, names, tonnes, value
from streams.watchlists.reading import ListFormat, Reading, bare_rows, contents, decoded, first_row

LIST: Final = "OFAC SDN"
_KINDS: Final = frozenset({"vessel", "individual", "aircraft", ""})
_IMO: Final = re.compile(r"\bIMO\b(?:\s+(?:number|no\.?))?[\s:]*(\d{7})(?!\d)", re.I)
_MMSI: Final = re.compile(r"\bMMSI\b[\s:]*(\d{9})(?!\d)", re.I)
_ENDS: Final = "\x1a"
"""The last character of OFAC's files, from the days of CP/M."""


def _is_sdn(head: bytes) -> bool:
    cells = first_row(head, ",")
    return len(cells) == 12 and cells[0].isdigit() and value(cells[2]).lower() in _KINDS


def _is_alt(head: bytes) -> bool:
    cells = first_row(head, ",")
    return len(cells) == 5 and cells[0].isdigit() and cells[1].isdigit() and _is_other_name(cells[2])


def _is_other_name(kind: str) -> bool:
    return kind.lower() in ("aka", "fka", "nka")


def _read_sdn(file: BinaryIO, reading: Reading) -> None:
    for line, cells in bare_rows(decoded(contents(file, reading))):
        place = f"line {line}"
        if cells == [_ENDS]:
            continue
        if len(cells) < 12 or not cells[0].isdigit():
            reading.fault(place, f"{len(cells)} columns instead of 12; download the file again")
        elif cells[2].lower() != "vessel":
            kind = value(cells[2]).lower()
            reading.leave_out({"individual": "persons", "aircraft": "aircraft"}.get(kind, "organisations"))
        else:
            _add_vessel(place, [value(cell) for cell in cells], reading)


def _add_vessel(place: str, cells: list[str], reading: Reading) -> None:
    number, name, _, program, _, callsign, kind, tonnage, _, flag, _, remarks = cells[:12]
    # Who a vessel is linked to has numbers of its own.
    own = [re.split(r"\blinked to\b", part, flags=re.I)[0] for part in remarks.split(";")]
    entry = Entry(
        list=LIST,
        entry=entry_of(program.replace("] [", " "), number),
        names=names(name),
        imos=imo_numbers([digits for part in own for digits in _IMO.findall(part)], place, reading),
        mmsis=mmsis([digits for part in own for digits in _MMSI.findall(part)], place, reading),
        callsigns=(callsign,) if callsign else (),
        flag=flag or None,
        type=kind or None,
        deadweight=tonnes(tonnage),
    )
    if not any(map(_IMO.search, own)) and re.search(r"registration identification", remarks, re.I):
        reading.remark(place, "its registration number is not said to be an IMO number; left out")
    reading.add(place, entry)


def entry_of(program: str, number: str) -> str:
    """An entry of OFAC, as events name it: the programmes and the number of the entry."""
    return f"{program} {number}".strip()


def _read_alt(file: BinaryIO, reading: Reading) -> None:
    for line, cells in bare_rows(decoded(contents(file, reading))):
        if cells == [_ENDS]:
            continue
        if len(cells) < 5 or not cells[0].isdigit():
            reading.fault(f"line {line}", f"{len(cells)} columns instead of 5; download the file again")
        elif name := value(cells[3]):
            reading.other_names.setdefault(cells[0], []).append(name)


SDN: Final = ListFormat("ofac-csv", "OFAC's SDN list as CSV (sdn.csv)", _is_sdn, _read_sdn)
ALT: Final = ListFormat(
    "ofac-alt", "other names of OFAC's SDN list (alt.csv), beside its sdn.csv", _is_alt, _read_alt
)
