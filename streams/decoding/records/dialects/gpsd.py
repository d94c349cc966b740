"""gpsd and gpsdecode (gpsd_json(5), class AIS), and AIS-catcher, whose names and units are the same."""

from typing import Any

from streams.decoding.lines.time_text import TextRules
from streams.decoding.records import values
from streams.decoding.records.dialects.fields import (
    REPORTED,
    Object,
    eta_of,
    first_of,
    name_of,
    second_of,
    sides,
    time_of,
    utc_of,
)
from streams.decoding.records.record import Record


def gpsd(found: Object, rules: TextRules) -> list[Record] | None:
    said = found.get("class")
    if said != "AIS":
        is_gpsd = isinstance(said, str) and said.isupper() and "mmsi" not in found
        return [] if is_gpsd else None
    kind = values.whole(found.get("type")) or 0
    if kind not in REPORTED:
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
    part = {0: "A", 1: "B", "A": "A", "B": "B", "0": "A", "1": "B"}.get(first_of(found, "partno", "part"), "")
    return [
        Record(
            mmsi=values.mmsi(found.get("mmsi")),
            kind=kind,
            time=time_of(first_of(found, "rxuxtime", "rxtime", "time", "timestamp_received"), rules)
            or (None if kind == 4 else time_of(found.get("timestamp"), rules)),
            station=name_of(first_of(found, "station", "stationid")),
            lon=over("lon", degrees),
            lat=over("lat", degrees),
            sog=None if speed is None or speed >= none else speed,
            cog=over("course", 1.0 if kind == 27 else tenth),
            heading=values.number(found.get("heading")),
            status=values.status(found.get("status")),
            second=second_of(found.get("second")),
            utc=utc_of([found.get(name) for name in names]) or _utc_text(found.get("timestamp"))
            if kind == 4
            else None,
            imo=values.imo(found.get("imo")),
            name=values.text(first_of(found, "shipname", "name")),
            callsign=values.text(found.get("callsign")),
            destination=values.text(found.get("destination")),
            ship_type=values.ship_type(found.get("shiptype")),
            size=sides(*(found.get(f"to_{side}") for side in ("bow", "stern", "port", "starboard"))),
            draught=over("draught", tenth),
            eta=eta_of(*month) if None not in month else _eta_text(found.get("eta")),
            part=part if kind == 24 else "",
        )
    ]


def _utc_text(value: Any) -> tuple[int, int, int, int, int, int] | None:
    """`2007-05-14T19:57:39Z`."""
    digits = "".join(c if c.isdigit() else " " for c in value).split() if isinstance(value, str) else []
    return utc_of(list(digits[:6])) if len(digits) >= 6 else None


def _eta_text(value: Any) -> tuple[int, int, int, int]:
    """`05-02T18:00Z`."""
    digits = "".join(c if c.isdigit() else " " for c in value).split() if isinstance(value, str) else []
    return eta_of(*digits) if len(digits) == 4 else (0, 0, 24, 60)
