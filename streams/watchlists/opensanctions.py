"""Lists of OpenSanctions: FollowTheMoney entities as JSON Lines, and maritime.csv.

When OpenSanctions first saw an entity (`first_seen`) is not when it was listed, so it is not taken for that.
Dates come from the entity's `Sanction`s, where the file has them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

import msgspec

from models.watchlist import Entry
from streams.watchlists.cells import imo_numbers, iso_date, mmsis, names, several, tonnes, value
from streams.watchlists.reading import (
    LONGEST_LINE,
    MOST_ENTRIES,
    ListFormat,
    Reading,
    WatchlistError,
    columns,
    contents,
    decoded,
    table,
)

LIST: Final = "OpenSanctions"


def _is_maritime(head: bytes) -> bool:
    return {"type", "caption", "imo", "mmsi"} <= columns(head)


def _read_maritime(file: BinaryIO, reading: Reading) -> None:
    for line, row in table(decoded(contents(file, reading)), reading.file, {}, strict=False):
        place = f"line {line}"
        if row["type"].upper() != "VESSEL":  # the IMO number of a company is no ship's
            reading.leave_out("organisations")
            continue
        entry = Entry(
            list=LIST,
            entry=_entry_of(row.get("id", "") or f"row {line}", several(row.get("risk", ""))),
            names=names(row["caption"], *several(row.get("aliases", ""))),
            imos=imo_numbers(several(row["imo"]), place, reading),
            mmsis=mmsis(several(row["mmsi"]), place, reading),
            flag=", ".join(several(row.get("flag", ""))) or None,
        )
        reading.add(place, entry)


def _entry_of(id_: str, risks: tuple[str, ...]) -> str:
    """An entry, as events name it: its id, and why it is there. Not all are under sanctions."""
    return ", ".join((id_, *sorted(risks)))


def _is_ftm(head: bytes) -> bool:
    first = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    return first.startswith(b"{") and b'"schema"' in first and b'"properties"' in first


def _read_ftm(file: BinaryIO, reading: Reading) -> None:
    found: dict[str, Entry] = {}
    places: dict[str, str] = {}
    dates: dict[str, list[tuple[str | None, str | None]]] = {}
    for line, entity in _entities(file, reading):
        place, schema = f"line {line}", entity.get("schema")
        properties = entity.get("properties")
        if not isinstance(properties, dict):
            reading.fault(place, "an entity without properties; download the file again")
        elif schema == "Sanction":
            for id_ in _values(properties, "entity"):
                dates.setdefault(id_, []).append(_dates(properties))
        elif schema == "Vessel":
            id_ = str(entity.get("id") or f"row {line}")
            if len(found) >= MOST_ENTRIES:
                raise WatchlistError(
                    f"{reading.file}: has more than {MOST_ENTRIES:,} vessels; leave some out"
                )
            found[id_], places[id_] = _vessel(id_, properties, place, reading), place
            for nested in properties.get("sanctions") or ():
                if isinstance(nested, dict) and isinstance(nested.get("properties"), dict):
                    dates.setdefault(id_, []).append(_dates(nested["properties"]))
        else:
            reading.leave_out(f"entities of the schema {str(schema)[:40]}")
    for id_, entry in found.items():
        since, until = _listed(dates.get(id_, []))
        reading.add(places[id_], msgspec.structs.replace(entry, listed_on=since, delisted_on=until))


def _entities(file: BinaryIO, reading: Reading) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), start=1):
        if len(line) > LONGEST_LINE:
            raise WatchlistError(f"{reading.file}: line {number}: longer than {LONGEST_LINE:,} bytes")
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
        if not text:
            continue
        try:
            entity = json.loads(text)
        except (ValueError, RecursionError):
            entity = None
        if isinstance(entity, dict):
            yield number, entity
        else:
            reading.fault(f"line {number}", "not a JSON object; the file has one in each line")


def _vessel(id_: str, properties: Mapping[str, Any], place: str, reading: Reading) -> Entry:
    other = [*_values(properties, "alias"), *_values(properties, "previousName")]
    return Entry(
        list=LIST,
        entry=_entry_of(id_, tuple(_values(properties, "topics"))),
        names=names(*_values(properties, "name"), *other),
        imos=imo_numbers(_values(properties, "imoNumber"), place, reading),
        mmsis=mmsis(_values(properties, "mmsi"), place, reading),
        callsigns=tuple(_values(properties, "callSign")),
        flag=", ".join(_values(properties, "flag")) or None,
        type=", ".join(_values(properties, "type")) or None,
        deadweight=next(filter(None, map(tonnes, _values(properties, "deadweightTonnage"))), None),
    )


def _values(properties: Mapping[str, Any], name: str) -> list[str]:
    """The values of a property. All properties are lists."""
    held = properties.get(name)
    if isinstance(held, str):
        held = [held]
    return [value(each) for each in held or () if isinstance(each, str) and value(each)]


def _dates(properties: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Since when and until when a sanction holds."""
    starts = [*_values(properties, "startDate"), *_values(properties, "listingDate")]
    return _day(starts, min), _day(_values(properties, "endDate"), max)


def _day(texts: list[str], choose: Any) -> str | None:
    days = []
    for text in texts:
        try:
            days.append(iso_date(text))
        except ValueError:  # a year alone, or a month, is no day
            continue
    return choose(days) if days else None


def _listed(dates: list[tuple[str | None, str | None]]) -> tuple[str | None, str | None]:
    """The day from which the first of several sanctions holds, and the day from which none does.

    One without a date holds at all times.
    """
    starts, ends = [start for start, _ in dates], [end for _, end in dates]
    since = min((s for s in starts if s), default=None) if all(starts) else None
    until = max((e for e in ends if e), default=None) if all(ends) else None
    return since, None if until is not None and since is not None and until <= since else until


FTM: Final = ListFormat(
    "opensanctions-ftm", "OpenSanctions' entities as JSON Lines (entities.ftm.json)", _is_ftm, _read_ftm
)
MARITIME: Final = ListFormat(
    "opensanctions-maritime", "OpenSanctions' maritime.csv", _is_maritime, _read_maritime
)
