"""Any other object or GeoJSON feature, by the names of its fields."""

from functools import lru_cache
from typing import Any, Final

from streams.decoding.lines.time_text import TextRules
from streams.decoding.records import values
from streams.decoding.records.dialects.fields import (
    REPORTED,
    Object,
    name_of,
    object_of,
    sides,
    size_of,
    time_of,
)
from streams.decoding.records.dialects.scales import scales_of
from streams.decoding.records.names import fields_of, names_of
from streams.decoding.records.record import Record

_PLACES: Final = {"ais", "lastknownposition", "lastposition", "lastpositionupdate", "position"}
"""Objects in a record that tell where the vessel was, and when."""
_ABOUT: Final = {
    *("properties", "data", "vessel", "ship", "staticdata", "static"),
    *("currentvoyage", "mostrecentvoyage", "voyage", "dimensions", "dimension"),
}
"""Objects in a record that tell more about the vessel."""
_DEEPEST: Final = 3


def other(found: Object, rules: TextRules) -> list[Record] | None:
    """An object with an MMSI and a position or static data under usual names.

    In knots, degrees and metres, but for those of scales.py.
    """
    flat = _flat(found)
    known, times = _known(tuple(flat))
    held = {field: flat[name] for name, field in known.items()}
    if "mmsi" not in held:
        return None
    kind = values.whole(held.get("kind")) or 0
    if kind and kind not in REPORTED:
        return []
    scales = scales_of(flat, held)

    def measure(field: str) -> float | None:
        number = values.measure(held.get(field))
        return None if number is None else number * scales.get(field, 1.0)

    size = sides(*(held.get(f"to_{side}") for side in ("bow", "stern", "port", "starboard")))
    record = Record(
        mmsi=values.mmsi(held["mmsi"]),
        kind=kind,
        class_b=values.is_class_b(held.get("class")),
        time=next((time for name in times if (time := time_of(flat[name], rules)) is not None), None),
        station=name_of(held.get("station")),
        lon=measure("lon"),
        lat=measure("lat"),
        sog=measure("sog"),
        cog=measure("cog"),
        heading=measure("heading"),
        status=values.status(held.get("status")),
        imo=values.imo(held.get("imo")),
        name=values.text(held.get("name")),
        callsign=values.text(held.get("callsign")),
        destination=values.text(held.get("destination")),
        ship_type=values.ship_type(held.get("ship_type"), name_of(held.get("cargo"))),
        size=size if any(size) else size_of(measure("length"), measure("width")),
        draught=measure("draught"),
    )
    return [record] if record.payloads() else []


@lru_cache(maxsize=1_024)
def _known(names: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """What these fields hold; and all that may hold the time: `timestamp` may be a second of the minute."""
    return fields_of(list(names)), names_of("time", names)


def _flat(found: Object, depth: int = 0) -> dict[str, Any]:
    """The fields of an object and of those in it, of which the one with the position counts first."""
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for name, value in found.items():
        inner = object_of(value)
        if inner and depth < _DEEPEST:
            what = values.plain(str(name))
            if what in _PLACES:
                first |= _flat(inner, depth + 1)
            elif what in _ABOUT:
                last = _flat(inner, depth + 1) | last
        place = inner.get("coordinates")  # of a point of GeoJSON, however it is called
        if isinstance(place, list) and len(place) >= 2:
            first = {"lon": place[0], "lat": place[1]} | first
    own = {str(name): value for name, value in found.items() if not object_of(value)}
    return _held(last) | _held(own) | _held(first)


def _held(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in (None, "")}
