"""Signal K: deltas (https://signalk.org/specification), in radians and metres a second."""

from collections.abc import Mapping
from typing import Any, Final

from streams.decoding.lines.time_text import Reading, TextRules
from streams.decoding.records import values
from streams.decoding.records.dialects.fields import (
    Object,
    first_of,
    object_of,
    scaled,
    sides,
    size_of,
    time_of,
)
from streams.decoding.records.record import Record

_DEGREES: Final = 57.29577951308232
_SIGNALK_CONTEXT: Final = "urn:mrn:imo:mmsi:"


def signalk(found: Object, rules: TextRules) -> list[Record] | None:
    updates = found.get("updates")
    if not isinstance(updates, list):
        return None
    context = str(found.get("context") or "vessels.self")
    if context.startswith(("atons", "aton", "shore")):
        return []
    by_time: dict[Reading, dict[str, Any]] = {}  # updates of several sources may come in one delta
    for update in updates:
        said = by_time.setdefault(time_of(object_of(update).get("timestamp"), rules), {})
        entries = object_of(update).get("values")
        for entry in entries if isinstance(entries, list) else ():
            path, value = object_of(entry).get("path"), object_of(entry).get("value")
            said |= dict(value) if path == "" and isinstance(value, Mapping) else {str(path): value}
    records = [_record(context, time, said) for time, said in by_time.items()]
    return [record for record in records if record.payloads()]


def _record(context: str, time: Reading, said: Object) -> Record:
    """What the updates of one time say."""
    place, class_b = (
        object_of(said.get("navigation.position")),
        values.is_class_b(said.get("sensors.ais.class")),
    )
    kind = 9 if context.startswith("aircraft") and place else 0
    return Record(
        mmsi=values.mmsi(context.rpartition(_SIGNALK_CONTEXT)[2]) or values.mmsi(said.get("mmsi")),
        kind=kind,
        class_b=class_b,
        time=time,
        lon=values.number(place.get("longitude")),
        lat=values.number(place.get("latitude")),
        sog=scaled(said.get("navigation.speedOverGround"), values.KNOTS_PER_MS),
        cog=scaled(said.get("navigation.courseOverGroundTrue"), _DEGREES),
        heading=scaled(said.get("navigation.headingTrue"), _DEGREES),
        status=values.status(said.get("navigation.state")),
        imo=values.imo(
            first_of(object_of(said.get("registrations")), "imo") or said.get("registrations.imo")
        ),
        name=values.text(said.get("name")),
        callsign=values.text(
            first_of(object_of(said.get("communication")), "callsignVhf")
            or said.get("communication.callsignVhf")
        ),
        destination=values.text(said.get("navigation.destination.commonName")),
        ship_type=values.ship_type(first_of(object_of(said.get("design.aisShipType")), "id", "name")),
        size=_signalk_size(said),
        draught=values.number(first_of(object_of(said.get("design.draft")), "current", "maximum")),
    )


def _signalk_size(said: Object) -> tuple[int, int, int, int]:
    length = values.number(object_of(said.get("design.length")).get("overall"))
    beam = values.number(said.get("design.beam"))
    bow, centre = (
        values.number(said.get("sensors.ais.fromBow")),
        values.number(said.get("sensors.ais.fromCenter")),
    )
    if length and bow is not None and 0 <= bow <= length and beam and centre is not None:
        return sides(bow, length - bow, beam / 2 + centre, beam / 2 - centre)
    return size_of(length, beam)
