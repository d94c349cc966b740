"""Factories of events and tracks for the tests of the report. None of these vessels exists."""

import math
from collections import Counter
from typing import Any

import numpy as np

from models.event import (
    Detector,
    Distances,
    Encounter,
    Event,
    EventType,
    Evidence,
    FenceRelation,
    Level,
    Loitering,
    PortVisit,
    Position,
    Reason,
    Sample,
    Status,
    Vessel,
)
from models.report import Rows
from models.time import HOUR, MINUTE, Millis, from_text, to_text
from models.vessel import WatchlistHit
from streams.recordings.summary import Summary

START = from_text("2026-03-12T04:10:00Z")
TRACK = np.dtype([("time", "i8"), ("lon", "f8"), ("lat", "f8"), ("sog", "f4")])
DETECTOR = Detector(name="made-up", version="1", settings_hash="0123456789ab")

ALPHA = Vessel(
    id="273000001",
    ssvid="273000001",
    name="PRIMORYE STAR",
    flag="RU",
    type="tanker",
    imo="9000003",
    callsign="UBXX1",
    length_meters=141,
    beam_meters=22,
    ais_ship_type=80,
    draught_meters=8.4,
    watchlists=(WatchlistHit("UN 1718", "designated vessel 12", "imo"),),
)
BRAVO = Vessel(
    id="445000002",
    ssvid="445000002",
    name="KUM SONG 9",
    flag="KP",
    type="tanker",
    length_meters=97,
    beam_meters=15,
)
CHARLIE = Vessel(
    id="371000003", ssvid="371000003", name="BLUE HERON", flag="PA", type="tanker", imo="9000015"
)


def made_up(
    kind: EventType, vessel: Vessel, lon: float, lat: float, start: Millis, hours: float, **more: Any
) -> Event:
    """An event of a vessel that drifts north-east. `more` has the fields that its type needs."""
    samples = more.pop("samples", None) or drift(vessel, lon, lat, start, hours)
    name = vessel.name or vessel.ssvid
    given: dict[str, Any] = {
        "id": f"{kind.value}-{vessel.ssvid}-{start}",
        "type": kind,
        "revision": 1,
        "status": Status.CLOSED,
        "level": Level.PROBABLE,
        "start": to_text(start),
        "end": to_text(start + int(hours * HOUR)),
        "detected": to_text(start + int(hours * HOUR) + 240 * MINUTE),
        "position": Position(lat=lat, lon=lon),
        "bounding_box": (lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01),
        "distances": Distances(start_distance_from_shore_km=21.4, start_distance_from_port_km=38.2),
        "vessel": vessel,
        "score": 0.5,
        "reasons": (
            Reason(
                code="slow",
                text="slower than 2 knots on average by the hour",
                value=hours,
                threshold=4.0,
                unit="h",
                weight=0.2,
            ),
        ),
        "summary": f"The tanker {name} (MMSI {vessel.ssvid}) was slower than 2 knots for {hours:g} h.",
        "evidence": Evidence(positions=samples, receivers=("coast-1", "sat-7")),
        "detector": DETECTOR,
    }
    return Event(**(given | more))


def drift(
    vessel: Vessel, lon: float, lat: float, start: Millis, hours: float, count: int = 60
) -> tuple[Sample, ...]:
    return tuple(
        Sample(
            time=to_text(start + int(i * hours * HOUR / (count - 1)) // 1000 * 1000),
            ssvid=vessel.ssvid,
            lon=round((lon + 0.0006 * i + 180) % 360 - 180, 5),
            lat=round(lat + 0.0003 * i + 0.0004 * math.sin(i / 4), 5),
            speed_knots=round(0.8 + 0.5 * math.sin(i / 5 + len(vessel.ssvid)), 1),
        )
        for i in range(count)
    )


def encounter(
    a: Vessel = ALPHA,
    b: Vessel = BRAVO,
    lon: float = 124.62,
    lat: float = 38.46,
    start: Millis = START,
    **more: Any,
) -> Event:
    """Two vessels that approach, lie alongside for some hours, and part."""
    count, hours = 60, 5.0
    samples = []
    for i in range(count):
        time = to_text(start + int(i * hours * HOUR / (count - 1)) // 1000 * 1000)
        apart = 45 + 3 * math.sin(i) + 560 * math.exp(-i / 3) + 480 * math.exp((i - count) / 2.5)
        middle = (lon + 0.0005 * i, lat + 0.0003 * i)
        for vessel, side in ((a, -1), (b, 1)):
            samples.append(
                Sample(
                    time=time,
                    ssvid=vessel.ssvid,
                    lon=round((middle[0] + side * apart / 2 / 87_000 + 180) % 360 - 180, 5),
                    lat=round(middle[1], 5),
                    speed_knots=round(0.7 + 0.4 * math.sin(i / 6 + side / 3) + 1.2 * math.exp(-i / 4), 1),
                    distance_meters=round(apart),
                    hull_gap_meters=max(0.0, round(apart - 40.0)),
                )
            )
    details = Encounter(
        vessel=b,
        median_distance_kilometers=0.047,
        median_speed_knots=0.8,
        min_distance_kilometers=0.042,
        min_hull_gap_meters=3.0,
        median_hull_gap_meters=6.0,
        duration_hours=5.0,
        heading_difference_degrees=4.0,
        position_count=120,
        draught_change_meters=-2.1,
        type="tanker-tanker",
    )
    reasons = (
        Reason(
            code="duration",
            text="close and slow together for 5 h 00 min",
            value=5.0,
            threshold=0.5,
            unit="h",
            weight=0.25,
        ),
        Reason(
            code="alongside",
            text="hulls within 50 m for 4 h 10 min",
            value=3.0,
            threshold=50.0,
            unit="m",
            weight=0.2,
        ),
        Reason(code="watched_area", text="in a watched area: Off Cho-do", value="watch-cho-do", weight=0.15),
        Reason(code="two_tankers", text="both are tankers", weight=0.1),
    )
    return made_up(
        EventType.ENCOUNTER,
        a,
        lon,
        lat,
        start,
        hours,
        samples=tuple(samples),
        **{
            "encounter": details,
            "score": 0.86,
            "reasons": reasons,
            "against": (
                Reason(code="at_anchor", text="both report themselves at anchor or moored", weight=0.1),
            ),
            "geofences": (
                FenceRelation(id="watch-cho-do", name="Off Cho-do", kind="watch_area", country="KP"),
            ),
            "summary": f"The tanker {a.name} (MMSI {a.ssvid}, flag {a.flag}) and the tanker {b.name} "
            f"(MMSI {b.ssvid}, flag {b.flag}) lay 47 m apart, slower than 2 knots, for 5 h 00 min off "
            "Cho-do: a suspected ship-to-ship transfer.",
        }
        | more,
    )


def loitering(vessel: Vessel = CHARLIE, lon: float = 133.4, lat: float = 41.2, **more: Any) -> Event:
    details = Loitering(
        total_time_hours=9.5,
        total_distance_km=11.3,
        average_speed_knots=0.8,
        average_distance_from_shore_km=170.0,
    )
    return made_up(
        EventType.LOITERING,
        vessel,
        lon,
        lat,
        START - 40 * HOUR,
        9.5,
        loitering=details,
        **{"level": Level.POSSIBLE} | more,
    )


def port_visit(vessel: Vessel = ALPHA, lon: float = 133.06, lat: float = 42.74, **more: Any) -> Event:
    details = PortVisit(
        port="RUVYP",
        port_name="Vostochny",
        country="RU",
        confidence=4,
        duration_hours=31.0,
        stopped_hours=26.5,
        entry_seen=True,
        exit_seen=True,
    )
    reasons = (
        Reason(code="inside", text="inside the fence Vostochny for 31 h", value=31.0, unit="h", weight=0.2),
        Reason(code="stop", text="lay still for 26 h 30 min", value=26.5, unit="h", weight=0.3),
    )
    return made_up(
        EventType.PORT_VISIT,
        vessel,
        lon,
        lat,
        START - 150 * HOUR,
        31.0,
        port_visit=details,
        reasons=reasons,
        **{
            "score": 0.8,
            "geofences": (FenceRelation(id="ru-vostochny", name="Vostochny", kind="port", country="RU"),),
        }
        | more,
    )


def track(*corners: tuple[Millis, float, float], every: Millis = 2 * MINUTE) -> Rows:
    """A track through corners (time, lon, lat), at constant speed on straight lines between them."""
    at = np.array([corner[0] for corner in corners])
    time = np.arange(at[0], at[-1] + 1, every)
    lon = np.interp(time, at, np.unwrap([corner[1] for corner in corners], period=360))
    lat = np.interp(time, at, [corner[2] for corner in corners])
    rows = np.zeros(len(time), TRACK)
    rows["time"], rows["lat"] = time, lat
    rows["lon"] = (lon + 180) % 360 - 180
    east = np.gradient(lon) * np.cos(np.radians(lat))
    rows["sog"] = np.hypot(east, np.gradient(lat)) * 60 / (every / HOUR)
    return rows


def summary(**more: Any) -> Summary:
    given: dict[str, Any] = {
        "lines": 80_246,
        "vessels": 14,
        "tankers": 9,
        "first": START - 170 * HOUR,
        "last": START + 30 * HOUR,
        "seconds": 2.5,
    }
    whole = Summary(**(given | more))
    if whole.lines:
        whole.outcomes["run.nmea.gz"] = Counter(message=76_004, duplicate=3_917, late=112, checksum=213)
        whole.messages.update({1: 60_000, 5: 16_004})
    return whole
