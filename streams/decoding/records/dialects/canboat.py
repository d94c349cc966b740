"""canboat: AIS messages of NMEA 2000 by `analyzer -json` (https://canboat.github.io/canboat) or canboatjs."""

from collections.abc import Mapping
from typing import Any, Final

from streams.decoding.lines.time_text import TextRules
from streams.decoding.records import values
from streams.decoding.records.dialects.fields import (
    Object,
    eta_of,
    first_of,
    scaled,
    second_of,
    sides,
    size_of,
    time_of,
)
from streams.decoding.records.record import Record

_CANBOAT: Final = {129038: 1, 129039: 18, 129040: 19, 129793: 4, 129794: 5, 129798: 9, 129809: 24, 129810: 24}
_CANBOAT_PARTS: Final = {129809: "A", 129810: "B"}


def canboat(found: Object, rules: TextRules) -> list[Record] | None:
    number = values.whole(found.get("pgn"))
    if number is None or not isinstance(found.get("fields"), Mapping):
        return None
    kind = _CANBOAT.get(number, 0)
    if not kind:
        return []
    said = {values.plain(str(name)): _canboat_value(value) for name, value in found["fields"].items()}
    time = found.get("timestamp")
    if isinstance(time, str) and time[10:11] == "-":
        time = f"{time[:10]}T{time[11:]}"
    degrees = values.DEGREES_PER_RADIAN if _in_radians(found) else 1.0
    length, beam = values.number(first_of(said, "length")), values.number(first_of(said, "beam"))
    bow = values.number(first_of(said, "positionreferencefrombow"))
    starboard = values.number(first_of(said, "positionreferencefromstarboard"))
    size = size_of(length, beam)
    if length and beam and bow is not None and starboard is not None and bow <= length and starboard <= beam:
        size = sides(bow, length - bow, beam - starboard, starboard)
    named = values.whole(said.get("messageid"))
    return [
        Record(
            mmsi=values.mmsi(said.get("userid")),
            kind=named if kind == 1 and named in (1, 2, 3) else kind,
            time=time_of(time, rules),
            lon=values.number(said.get("longitude")),
            lat=values.number(said.get("latitude")),
            sog=scaled(said.get("sog"), values.KNOTS_PER_MS),
            cog=scaled(said.get("cog"), degrees),
            heading=scaled(first_of(said, "heading", "trueheading"), degrees),
            status=values.status(first_of(said, "navstatus", "navigationalstatus")),
            second=second_of(said.get("timestamp")),
            imo=values.imo(said.get("imonumber")),
            name=values.text(said.get("name")),
            callsign=values.text(said.get("callsign")),
            destination=values.text(said.get("destination")),
            ship_type=values.ship_type(said.get("typeofship")),
            size=size,
            draught=values.number(first_of(said, "draft", "draught")),
            eta=_canboat_eta(said.get("etadate"), said.get("etatime")),
            part=_CANBOAT_PARTS.get(number, ""),
        )
    ]


def _in_radians(found: Object) -> bool:
    """Whether canboatjs wrote it (github.com/canboat/canboatjs), which leaves angles in radians."""
    return "canId" in found or "input" in found


def _canboat_value(value: Any) -> Any:
    """Newer versions write `{"value": 1, "name": "..."}` where `-nv` is given."""
    return value.get("value", value.get("name")) if isinstance(value, Mapping) else value


def _canboat_eta(date: Any, time: Any) -> tuple[int, int, int, int]:
    """`2018.03.11` and `07:00:00`."""
    day, clock = str(date or "").replace("-", ".").split("."), str(time or "").split(":")
    return eta_of(day[1], day[2], clock[0], clock[1]) if len(day) == 3 and len(clock) >= 2 else (0, 0, 24, 60)
