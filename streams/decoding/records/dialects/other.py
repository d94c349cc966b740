"""Any other object or GeoJSON feature, by the names of its fields."""

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
from streams.decoding.records.names import fields_of
from streams.decoding.records.record import Record


def other(found: Object, rules: TextRules) -> list[Record] | None:
    """An object with an MMSI and a position or static data under usual names, in knots and degrees."""
    flat = dict(found)
    for name in ("properties", "data", "position", "vessel", "ais", "last_position", "lastPositionUpdate"):
        inner = found.get(name)
        flat |= {key: value for key, value in object_of(inner).items() if flat.get(key) in (None, "", inner)}
    place = object_of(found.get("geometry")).get("coordinates")
    if isinstance(place, list) and len(place) >= 2:
        flat |= {"lon": place[0], "lat": place[1]}
    known = fields_of([str(key) for key in flat])
    held = {field: flat[name] for name, field in known.items() if name in flat}
    if "mmsi" not in held:
        return None
    kind = values.whole(held.get("kind")) or 0
    if kind and kind not in REPORTED:
        return []
    size = sides(*(held.get(f"to_{side}") for side in ("bow", "stern", "port", "starboard")))
    record = Record(
        mmsi=values.mmsi(held["mmsi"]),
        kind=kind,
        class_b=values.is_class_b(held.get("class")),
        time=time_of(held.get("time"), rules),
        station=name_of(held.get("station")),
        lon=values.number(held.get("lon")),
        lat=values.number(held.get("lat")),
        sog=values.number(held.get("sog")),
        cog=values.number(held.get("cog")),
        heading=values.number(held.get("heading")),
        status=values.status(held.get("status")),
        imo=values.imo(held.get("imo")),
        name=values.text(held.get("name")),
        callsign=values.text(held.get("callsign")),
        destination=values.text(held.get("destination")),
        ship_type=values.ship_type(held.get("ship_type"), name_of(held.get("cargo"))),
        size=size if any(size) else size_of(held.get("length"), held.get("width")),
        draught=values.number(held.get("draught")),
    )
    return [record] if record.payloads() else []
