"""Dialects: JSON objects of the programs and services that publish decoded AIS, read as records.

Each reader takes an object of its kind and gives records; none where the object tells nothing about a vessel:
a control frame, a message of another type, data of another kind.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from streams.decoding.lines.time_text import Reading, TextRules, epoch, read_time
from streams.decoding.records import values
from streams.decoding.records.names import fields_of
from streams.decoding.records.record import NO_SECOND, Record

Object = Mapping[str, Any]
_DEGREES: Final = 57.29577951308232
_REPORTED: Final = (1, 2, 3, 4, 5, 9, 18, 19, 24, 27)
_LEAST_EPOCH: Final = 10**8


def time_of(value: Any, rules: TextRules) -> Reading:
    """The time in a field: text, or a number of seconds or less since 1970."""
    if isinstance(value, str):
        text = value.strip().encode()
        return read_time(text, rules) or _epoch(values.number(value))
    return _epoch(values.number(value))


def _epoch(value: float | None) -> int | None:
    if value is None or not _LEAST_EPOCH <= value < 1e19:
        return None
    return epoch(f"{value:.3f}".encode() if value < 1e11 else str(int(value)).encode())


def _first(found: Object, *names: str) -> Any:
    """The first of these fields that holds something."""
    return next((found[name] for name in names if found.get(name) not in (None, "")), None)


def _object(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}


def _size(*sides: Any) -> tuple[int, int, int, int]:
    """Metres to bow, stern, port and starboard; 0 where one is not told."""
    bow, stern, port, starboard = (max(0, round(values.number(side) or 0)) for side in sides)
    return min(bow, 511), min(stern, 511), min(port, 63), min(starboard, 63)


def size_of(length: Any, width: Any) -> tuple[int, int, int, int]:
    """The size where the place of the antenna is not known (ITU-R M.1371-5, figure 41: A = C = 0)."""
    return _size(0, length, 0, width)


def _second(value: Any) -> int:
    found = values.whole(value)
    return found if found is not None and 0 <= found < 64 else NO_SECOND


def _eta(month: Any, day: Any, hour: Any, minute: Any) -> tuple[int, int, int, int]:
    parts = (values.whole(month), values.whole(day), values.whole(hour), values.whole(minute))
    good = all(p is not None and 0 <= p <= most for p, most in zip(parts, (12, 31, 24, 60), strict=True))
    return tuple(parts) if good else (0, 0, 24, 60)  # type: ignore[return-value]


# aisstream.io: https://aisstream.io/documentation and its ais-message-models


def aisstream(found: Object, rules: TextRules) -> list[Record] | None:
    if "MessageType" not in found or "Message" not in found:
        return None
    message = _object(_object(found["Message"]).get(str(found["MessageType"])))
    kind = values.whole(message.get("MessageID")) or 0
    about = _object(found.get("MetaData") or found.get("Metadata"))
    if kind not in _REPORTED or message.get("Valid") is False:
        return []
    parts = [("", message)]
    if kind == 24:
        a, b = _object(message.get("ReportA")), _object(message.get("ReportB"))
        is_b = values.whole(int(bool(message.get("PartNumber"))))
        parts = [("B", b)] if is_b else [("A", a)]
    side = _object(parts[0][1].get("Dimension"))
    eta = _object(message.get("Eta"))
    names = ("UtcYear", "UtcMonth", "UtcDay", "UtcHour", "UtcMinute", "UtcSecond")
    return [
        Record(
            mmsi=values.mmsi(_first(message, "UserID") or about.get("MMSI")),
            kind=kind,
            time=time_of(_first(about, "time_utc"), rules),
            lon=values.number(message.get("Longitude")),
            lat=values.number(message.get("Latitude")),
            sog=values.number(message.get("Sog")),
            cog=values.number(message.get("Cog")),
            heading=values.number(message.get("TrueHeading")),
            status=values.status(message.get("NavigationalStatus")),
            second=_second(message.get("Timestamp")),
            utc=_utc([message.get(name) for name in names]) if kind == 4 else None,
            imo=values.imo(message.get("ImoNumber")),
            name=values.text(part.get("Name")),
            callsign=values.text(part.get("CallSign")),
            destination=values.text(message.get("Destination")),
            ship_type=values.ship_type(_first(part, "Type", "ShipType")),
            size=_size(*(side.get(name) for name in "ABCD")),
            draught=values.number(message.get("MaximumStaticDraught")),
            eta=_eta(*(eta.get(name) for name in ("Month", "Day", "Hour", "Minute"))),
            part=letter,
        )
        for letter, part in parts
    ]


def _utc(parts: list[Any]) -> tuple[int, int, int, int, int, int] | None:
    found = [values.whole(part) for part in parts]
    most = (9999, 12, 31, 24, 60, 60)
    good = all(value is not None and 0 <= value <= top for value, top in zip(found, most, strict=True))
    return tuple(found) if good else None  # type: ignore[return-value]


# gpsd and gpsdecode (gpsd_json(5), class AIS) and AIS-catcher, whose names and units are the same


def gpsd(found: Object, rules: TextRules) -> list[Record] | None:
    said = found.get("class")
    if said != "AIS":
        is_gpsd = isinstance(said, str) and said.isupper() and "mmsi" not in found
        return [] if is_gpsd else None
    kind = values.whole(found.get("type")) or 0
    if kind not in _REPORTED:
        return []
    scaled = found.get("scaled", True) is not False
    degrees, tenth = (1.0, 1.0) if scaled else (600.0 if kind == 27 else 600_000.0, 10.0)

    def over(name: str, unit: float) -> float | None:
        value = values.number(found.get(name))
        return None if value is None else value / unit

    speed = over("speed", 1.0 if kind in (9, 27) else tenth)
    none = {9: 1023.0, 27: 63.0}.get(kind, 102.3)
    month = found.get("month"), found.get("day"), found.get("hour"), found.get("minute")
    names = ("year", "month", "day", "hour", "minute", "second")
    part = {0: "A", 1: "B", "A": "A", "B": "B", "0": "A", "1": "B"}.get(_first(found, "partno", "part"), "")
    return [
        Record(
            mmsi=values.mmsi(found.get("mmsi")),
            kind=kind,
            time=time_of(_first(found, "rxuxtime", "rxtime", "time", "timestamp_received"), rules)
            or (None if kind == 4 else time_of(found.get("timestamp"), rules)),
            station=_name(_first(found, "station", "stationid")),
            lon=over("lon", degrees),
            lat=over("lat", degrees),
            sog=None if speed is None or speed >= none else speed,
            cog=over("course", 1.0 if kind == 27 else tenth),
            heading=values.number(found.get("heading")),
            status=values.status(found.get("status")),
            second=_second(found.get("second")),
            utc=_utc([found.get(name) for name in names]) or _utc_text(found.get("timestamp"))
            if kind == 4
            else None,
            imo=values.imo(found.get("imo")),
            name=values.text(_first(found, "shipname", "name")),
            callsign=values.text(found.get("callsign")),
            destination=values.text(found.get("destination")),
            ship_type=values.ship_type(found.get("shiptype")),
            size=_size(*(found.get(f"to_{side}") for side in ("bow", "stern", "port", "starboard"))),
            draught=over("draught", tenth),
            eta=_eta(*month) if None not in month else _eta_text(found.get("eta")),
            part=part if kind == 24 else "",
        )
    ]


def _name(value: Any) -> str:
    return str(value)[:32] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _utc_text(value: Any) -> tuple[int, int, int, int, int, int] | None:
    """`2007-05-14T19:57:39Z`."""
    digits = "".join(c if c.isdigit() else " " for c in value).split() if isinstance(value, str) else []
    return _utc(list(digits[:6])) if len(digits) >= 6 else None


def _eta_text(value: Any) -> tuple[int, int, int, int]:
    """`05-02T18:00Z`."""
    digits = "".join(c if c.isdigit() else " " for c in value).split() if isinstance(value, str) else []
    return _eta(*digits) if len(digits) == 4 else (0, 0, 24, 60)


# Signal K deltas: https://signalk.org/specification (SI units: radians, metres a second)

_SIGNALK_CONTEXT: Final = "urn:mrn:imo:mmsi:"


def signalk(found: Object, rules: TextRules) -> list[Record] | None:
    updates = found.get("updates")
    if not isinstance(updates, list):
        return None
    context = str(found.get("context") or "vessels.self")
    said: dict[str, Any] = {}
    time: Reading = None
    for update in updates:
        time = time_of(_object(update).get("timestamp"), rules) or time
        entries = _object(update).get("values")
        for entry in entries if isinstance(entries, list) else ():
            path, value = _object(entry).get("path"), _object(entry).get("value")
            said |= dict(value) if path == "" and isinstance(value, Mapping) else {str(path): value}
    if context.startswith(("atons", "aton", "shore")):
        return []
    place, class_b = (
        _object(said.get("navigation.position")),
        values.is_class_b(said.get("sensors.ais.class")),
    )
    kind = 9 if context.startswith("aircraft") and place else 0
    record = Record(
        mmsi=values.mmsi(context.rpartition(_SIGNALK_CONTEXT)[2]) or values.mmsi(said.get("mmsi")),
        kind=kind,
        class_b=class_b,
        time=time,
        lon=values.number(place.get("longitude")),
        lat=values.number(place.get("latitude")),
        sog=_times(said.get("navigation.speedOverGround"), values.KNOTS_PER_MS),
        cog=_times(said.get("navigation.courseOverGroundTrue"), _DEGREES),
        heading=_times(said.get("navigation.headingTrue"), _DEGREES),
        status=values.status(said.get("navigation.state")),
        imo=values.imo(_first(_object(said.get("registrations")), "imo") or said.get("registrations.imo")),
        name=values.text(said.get("name")),
        callsign=values.text(
            _first(_object(said.get("communication")), "callsignVhf") or said.get("communication.callsignVhf")
        ),
        destination=values.text(said.get("navigation.destination.commonName")),
        ship_type=values.ship_type(_first(_object(said.get("design.aisShipType")), "id", "name")),
        size=_signalk_size(said),
        draught=values.number(_first(_object(said.get("design.draft")), "current", "maximum")),
    )
    return [record] if record.payloads() else []


def _times(value: Any, factor: float) -> float | None:
    found = values.number(value)
    return None if found is None else found * factor


def _signalk_size(said: Object) -> tuple[int, int, int, int]:
    length = values.number(_object(said.get("design.length")).get("overall"))
    beam = values.number(said.get("design.beam"))
    bow, centre = (
        values.number(said.get("sensors.ais.fromBow")),
        values.number(said.get("sensors.ais.fromCenter")),
    )
    if length and bow is not None and 0 <= bow <= length and beam and centre is not None:
        return _size(bow, length - bow, beam / 2 + centre, beam / 2 - centre)
    return size_of(length, beam)


# canboat (analyzer -json): https://canboat.github.io/canboat, PGNs of AIS (NMEA 2000)

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
    length, beam = values.number(_first(said, "length")), values.number(_first(said, "beam"))
    bow = values.number(_first(said, "positionreferencefrombow"))
    starboard = values.number(_first(said, "positionreferencefromstarboard"))
    size = size_of(length, beam)
    if length and beam and bow is not None and starboard is not None and bow <= length and starboard <= beam:
        size = _size(bow, length - bow, beam - starboard, starboard)
    named = values.whole(said.get("messageid"))
    return [
        Record(
            mmsi=values.mmsi(said.get("userid")),
            kind=named if kind == 1 and named in (1, 2, 3) else kind,
            time=time_of(time, rules),
            lon=values.number(said.get("longitude")),
            lat=values.number(said.get("latitude")),
            sog=_times(said.get("sog"), values.KNOTS_PER_MS),
            cog=values.number(said.get("cog")),
            heading=values.number(_first(said, "heading", "trueheading")),
            status=values.status(_first(said, "navstatus", "navigationalstatus")),
            second=_second(said.get("timestamp")),
            imo=values.imo(said.get("imonumber")),
            name=values.text(said.get("name")),
            callsign=values.text(said.get("callsign")),
            destination=values.text(said.get("destination")),
            ship_type=values.ship_type(said.get("typeofship")),
            size=size,
            draught=values.number(_first(said, "draft", "draught")),
            eta=_canboat_eta(said.get("etadate"), said.get("etatime")),
            part=_CANBOAT_PARTS.get(number, ""),
        )
    ]


def _canboat_value(value: Any) -> Any:
    """Newer versions write `{"value": 1, "name": "..."}` where `-nv` is given."""
    return value.get("value", value.get("name")) if isinstance(value, Mapping) else value


def _canboat_eta(date: Any, time: Any) -> tuple[int, int, int, int]:
    """`2018.03.11` and `07:00:00`."""
    day, clock = str(date or "").replace("-", ".").split("."), str(time or "").split(":")
    return _eta(day[1], day[2], clock[0], clock[1]) if len(day) == 3 and len(clock) >= 2 else (0, 0, 24, 60)


# Digitraffic (Fintraffic): https://www.digitraffic.fi/en/marine-traffic, REST and MQTT


def digitraffic(found: Object, rules: TextRules) -> list[Record] | None:
    if found.get("type") in ("VESSEL_LOCATION", "VESSEL_METADATA", "STATUS") and "data" in found:
        found = _object(found["data"])
        if "status" in found:
            return []
    inner = _object(found.get("properties"))
    said = {**found, **inner}
    if not said.keys() & {"navStat", "refA", "referencePointA", "timestampExternal"}:
        return None
    place = _object(found.get("geometry")).get("coordinates")
    lon, lat = (
        place[:2] if isinstance(place, list) and len(place) >= 2 else (said.get("lon"), said.get("lat"))
    )
    external = said.get("timestampExternal")
    if "navStat" in said:
        return [
            Record(
                mmsi=values.mmsi(said.get("mmsi")),
                kind=1,
                time=time_of(external if external is not None else _first(said, "time", "timestamp"), rules),
                lon=values.number(lon),
                lat=values.number(lat),
                sog=values.number(said.get("sog")),
                cog=values.number(said.get("cog")),
                heading=values.number(said.get("heading")),
                status=values.status(said.get("navStat")),
                second=_second(said.get("timestamp") if external is not None else None),
            )
        ]
    eta = values.whole(said.get("eta")) or 0
    return [
        Record(
            mmsi=values.mmsi(said.get("mmsi")),
            kind=5,
            time=time_of(said.get("timestamp"), rules),
            imo=values.imo(said.get("imo")),
            name=values.text(said.get("name")),
            callsign=values.text(_first(said, "callSign", "callsign")),
            destination=values.text(said.get("destination")),
            ship_type=values.ship_type(_first(said, "shipType", "type")),
            size=_size(*(_first(said, f"ref{side}", f"referencePoint{side}") for side in "ABCD")),
            draught=_times(said.get("draught"), 0.1),
            eta=_eta(eta >> 16 & 15, eta >> 11 & 31, eta >> 6 & 31, eta & 63),
        )
    ]


# Any other object, by the names of its fields


def other(found: Object, rules: TextRules) -> list[Record] | None:
    """An object with an MMSI and a position or static data under usual names, in knots and degrees."""
    flat = dict(found)
    for name in ("properties", "data", "position", "vessel", "ais", "last_position", "lastPositionUpdate"):
        inner = found.get(name)
        flat |= {key: value for key, value in _object(inner).items() if flat.get(key) in (None, "", inner)}
    place = _object(found.get("geometry")).get("coordinates")
    if isinstance(place, list) and len(place) >= 2:
        flat |= {"lon": place[0], "lat": place[1]}
    held = {
        field: flat[name] for name, field in fields_of([str(key) for key in flat]).items() if name in flat
    }
    if "mmsi" not in held:
        return None
    kind = values.whole(held.get("kind")) or 0
    if kind and kind not in _REPORTED:
        return []
    sides = [held.get(f"to_{side}") for side in ("bow", "stern", "port", "starboard")]
    size = _size(*sides)
    record = Record(
        mmsi=values.mmsi(held["mmsi"]),
        kind=kind,
        class_b=values.is_class_b(held.get("class")),
        time=time_of(held.get("time"), rules),
        station=_name(held.get("station")),
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
        ship_type=values.ship_type(held.get("ship_type"), _name(held.get("cargo"))),
        size=size if any(size) else size_of(held.get("length"), held.get("width")),
        draught=values.number(held.get("draught")),
    )
    return [record] if record.payloads() else []


DIALECTS: Final[tuple[tuple[str, Callable[[Object, TextRules], list[Record] | None]], ...]] = (
    ("aisstream.io", aisstream),
    ("gpsd or AIS-catcher", gpsd),
    ("Signal K", signalk),
    ("canboat", canboat),
    ("Digitraffic", digitraffic),
    ("JSON objects", other),
)
"""In the order in which they are tried."""


def records_of(found: Object, rules: TextRules) -> tuple[str, list[Record]]:
    """The name of the dialect of an object (empty for none), and its records."""
    for name, read in DIALECTS:
        records = read(found, rules)
        if records is not None:
            return name, records
    return "", []
