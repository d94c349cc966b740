"""Signal K: deltas (https://signalk.org/specification), in radians and metres a second."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from models.time import SECOND
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

_SIGNALK_CONTEXT: Final = "urn:mrn:imo:mmsi:"
_POSITION: Final = "navigation.position"


def signalk(found: Object, rules: TextRules) -> list[Record] | None:
    updates = found.get("updates")
    if not isinstance(updates, list):
        return None
    context = str(found.get("context") or "vessels.self")
    if context.startswith(("atons", "aton", "shore")):
        return []
    mmsi = values.mmsi(context.rpartition(_SIGNALK_CONTEXT)[2])
    moments: list[_Moment] = []
    time = _time(found, rules)
    for update in updates:  # those of several sources may come in one delta
        time = own if (own := _time(update, rules)) is not None else time
        said: dict[str, Any] = {}
        entries = object_of(update).get("values")
        for entry in entries if isinstance(entries, list) else ():
            path, value = object_of(entry).get("path"), object_of(entry).get("value")
            said |= dict(value) if path == "" and isinstance(value, Mapping) else {str(path): value}
        mmsi = mmsi or values.mmsi(said.get("mmsi"))
        moments.append(_Moment(time, said))
    records = [_record(context, mmsi, moment) for moment in _merged(moments)]
    return [record for record in records if record.payloads()]


class _Moment(NamedTuple):
    time: Reading
    said: dict[str, Any]


def _time(found: Any, rules: TextRules) -> Reading:
    return time_of(object_of(found).get("timestamp"), rules)


def _merged(moments: list[_Moment]) -> list[_Moment]:
    """Updates that differ by less than a second are of one moment: that of the position.

    One without a time, before any that has one, is of the moment of the first.
    """
    known = next((moment.time for moment in moments if moment.time is not None), None)
    timed = [_Moment(known if time is None else time, said) for time, said in moments]
    merged: list[_Moment] = []
    begin = 0
    for time, said in sorted(timed, key=lambda moment: moment.time if isinstance(moment.time, int) else 0):
        last = merged[-1] if merged else None
        near = isinstance(time, int) and isinstance(last and last.time, int) and time - begin < SECOND
        if last is not None and (near or time == last.time):
            merged[-1] = _Moment(time if _POSITION in said else last.time, last.said | said)
        else:
            merged.append(_Moment(time, said))
            begin = time if isinstance(time, int) else 0
    return merged


def _record(context: str, mmsi: int, moment: _Moment) -> Record:
    """What the updates of one moment say."""
    time, said = moment
    place = object_of(said.get(_POSITION))
    class_b = values.is_class_b(said.get("sensors.ais.class"))
    kind = 9 if context.startswith("aircraft") and place else 0
    return Record(
        mmsi=mmsi,
        kind=kind,
        class_b=class_b,
        time=time,
        lon=values.number(place.get("longitude")),
        lat=values.number(place.get("latitude")),
        sog=scaled(said.get("navigation.speedOverGround"), values.KNOTS_PER_MS),
        cog=scaled(said.get("navigation.courseOverGroundTrue"), values.DEGREES_PER_RADIAN),
        heading=scaled(said.get("navigation.headingTrue"), values.DEGREES_PER_RADIAN),
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
