"""Any other object or GeoJSON feature, by the names of its fields."""

from collections.abc import Collection, Mapping
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
from streams.decoding.records.names import ANY_TYPE, field_of, fields_of, names_of
from streams.decoding.records.record import STATIC_ONLY, WITH_POSITION, Record

_PLACES: Final = ("position", "ais", "lastpositionupdate", "lastknownposition", "lastposition")
"""Objects in a record that tell where the vessel was, and when: the latest first."""
_POINT_NAMES: Final = (
    "geometry geom location loc point geopoint geo gps coordinates coordinate coords latlng latlon lnglat "
    "lonlat currentlocation currentposition"
)
_POINTS: Final = frozenset((*_POINT_NAMES.split(), *_PLACES))
"""What a point is called that is the place of the vessel, and not of a port or of a receiver."""
_ABOUT_NAMES: Final = (
    "properties attributes data vessel ship vesselinfo identity identification static staticdata "
    "staticinformation dynamic dynamicdata navigation kinematics aisdata payload "
    "currentvoyage mostrecentvoyage voyage dimensions dimension"
)
_ABOUT: Final = frozenset(_ABOUT_NAMES.split())
"""Objects in a record that tell more about the vessel."""
_DOCUMENT: Final = "_source"
"""Of a hit of Elasticsearch."""
_OF_PORTS: Final = frozenset(
    ("name", "unlocode", "locode", "port", "portname", "country", "countrycode", "city")
)
"""What a place says of itself that is a port, and not where the vessel was."""
_DEEPEST: Final = 3
_MOVING: Final = frozenset(("lon", "lat", "sog", "cog", "heading", "status"))
"""What belongs to the moment of a position."""
_MOMENT: Final = _MOVING | {"time"}
_EVENT: Final = frozenset(("id", "type", "start", "end", "position"))
"""Fields that events have, those of tankerwatch and of Global Fishing Watch: they are no reports."""
_MOST_KINDS: Final = 27
_NO_SHIP: Final = (("type", "Feature"), ("type", "Point"))
"""What GeoJSON says of its objects, under a name that the type of a ship may have."""


def other(found: Object, rules: TextRules) -> list[Record] | None:
    """An object with an MMSI and a position or static data under usual names.

    In knots, degrees and metres, but for those of scales.py.
    """
    flat = _flat(found, rules)
    known, times, bare = _known(tuple(flat))
    held = {field: flat[name] for name, field in known.items()}
    if "mmsi" not in held:
        return None
    if bare and known.get(bare, "ship_type") == "ship_type":
        held.setdefault("ship_type", flat[bare])
        if 0 < (values.whole(flat[bare]) or 0) <= _MOST_KINDS:
            _take_kind(held, flat[bare])
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


def _take_kind(held: dict[str, Any], kind: Any) -> None:
    """A field that is only called `type` tells of the message, not of the ship: no ship type in use is as
    small as the types of messages, which go to 27 (ITU-R M.1371-5).

    It counts where the rest of the record agrees: else it may be a number of the service's own.
    """
    if held.get("ship_type") == kind:
        del held["ship_type"]
    placed, named = {"lon", "lat"} <= held.keys(), bool(held.keys() & {"name", "imo", "callsign"})
    if values.whole(kind) in (WITH_POSITION if placed else STATIC_ONLY) and not (placed and named):
        held.setdefault("kind", kind)


@lru_cache(maxsize=1_024)
def _known(names: tuple[str, ...]) -> tuple[dict[str, str], list[str], str]:
    """What these fields hold; all that may hold the time, since `timestamp` may be a second of the minute;
    and the one that is only called `type`."""
    bare = next((name for name in names if values.plain(name) == ANY_TYPE), "")
    return fields_of(list(names)), names_of("time", names), bare


def _flat(found: Object, rules: TextRules, depth: int = 0) -> dict[str, Any]:
    """The fields of an object and of those in it. Its own count first.

    A position and its time stay together: those of an object in it are taken only where it has none itself.
    """
    if found.keys() >= _EVENT:
        return {}
    flat = {
        str(name): value
        for name, value in found.items()
        if value not in (None, "") and not isinstance(value, Mapping) and (name, value) not in _NO_SHIP
    }
    places: dict[str, dict[str, Any]] = {}
    for name, value in found.items():
        inner = object_of(value)
        if not inner:
            continue
        what = values.plain(str(name))
        fields = _flat(inner, rules, depth + 1) if depth < _DEEPEST and what in _PLACES else {}
        if what in _POINTS and not _is_placed(fields):
            fields |= _point(inner)
        if fields:
            places[what] = fields
        elif depth < _DEEPEST and (what in _ABOUT or name == _DOCUMENT):
            flat = _both(flat, _flat(inner, rules, depth + 1), rules)
    for what in sorted(places, key=lambda what: _PLACES.index(what) if what in _PLACES else len(_PLACES)):
        flat = _both(flat, places[what], rules)
    return flat


def _both(own: dict[str, Any], inner: dict[str, Any], rules: TextRules) -> dict[str, Any]:
    """The fields of an object and of one in it, which counts where a position or its time is there alone."""
    timed = _is_timed(inner, rules) and not _is_timed(own, rules)
    inner_first = _is_placed(inner) and (timed or not _is_placed(own))
    return _joined(inner, own, rules) if inner_first else _joined(own, inner, rules)


def _joined(main: dict[str, Any], more: dict[str, Any], rules: TextRules) -> dict[str, Any]:
    """The fields of both, of which those of `main` count."""
    held = set(_known(tuple(main))[0].values()) - {"time", "lon", "lat"}
    if _is_placed(main):
        held |= _MOVING | {"time"} if _is_placed(more) else {"lon", "lat"}
    elif _is_placed(more):
        main = _without(main, {"lon", "lat"})
    if _is_timed(main, rules):
        held.add("time")
    elif _is_timed(more, rules):
        main = _without(main, {"time"})
    return _without(more, held) | main


def _without(fields: dict[str, Any], held: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if field_of(name) not in held}


def _is_placed(fields: dict[str, Any]) -> bool:
    known = _known(tuple(fields))[0]
    places = [values.measure(fields[name]) for name, field in known.items() if field in ("lon", "lat")]
    return len(places) == 2 and None not in places


def _is_timed(fields: dict[str, Any], rules: TextRules) -> bool:
    return any(time_of(fields[name], rules) is not None for name in _known(tuple(fields))[1])


def _point(found: Object) -> dict[str, Any]:
    """The place of a point: by the names of its fields, as `{"lat": 42.7, "lon": 131.9}`, or of GeoJSON
    (RFC 7946), whose type MongoDB and others may leave out."""
    told = {str(name): each for name, each in found.items() if field_of(str(name)) in _MOMENT}
    if _is_placed(told):
        return {} if any(values.plain(str(name)) in _OF_PORTS for name in found) else told
    place = found.get("coordinates")
    if isinstance(place, Mapping):
        return {} if "coordinates" in place else _point(place)
    if found.get("type", "Point") != "Point" or not isinstance(place, list) or len(place) not in (2, 3):
        return {}
    lon, lat = (values.number(each) for each in place[:2])
    return {} if lon is None or lat is None else {"lon": lon, "lat": lat}
