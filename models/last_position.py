"""The last position of a vessel and its recent track, as readers outside the stages see them."""

from typing import Final

import msgspec
import numpy as np

from models.report import Rows
from models.time import Millis

SEGMENTS: Final = 4
"""Track segments kept for one vessel, the latest ones: as many as tracking keeps for one MMSI."""


class LastPosition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vessel at its latest tick. Null where the vessel does not send the value."""

    mmsi: int
    time: Millis  # of the tick: milliseconds since 1970, UTC
    lat: float  # degrees, WGS 84
    lon: float
    speed_knots: float | None = None
    course: float | None = None  # over ground, degrees
    heading: float | None = None  # of the bow, degrees
    status: int | None = None  # navigational status of ITU-R M.1371; null for 15, not defined
    segments: dict[str, Millis] = {}
    """Time of the latest tick of each track segment. More than one: the MMSI is in two places."""


POINT: Final = np.dtype(
    [
        ("time", "<u4"),  # seconds since 1970, UTC
        ("lon", "<i4"),  # millionths of a degree
        ("lat", "<i4"),
        ("sog", "<u2"),  # tenths of a knot
        ("cog", "<u2"),  # tenths of a degree
        ("heading", "<u2"),  # degrees
        ("segment", "<u2"),
    ]
)
"""One point of a recent track, packed: 20 bytes. A day of points on the five-minute grid takes 6 kB."""

UNKNOWN: Final = 0xFFFF
"""Stands for "not available" in `sog`, `cog` and `heading` of a POINT."""


class TrackPoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One point of a recent track, unpacked."""

    time: Millis
    lat: float
    lon: float
    speed_knots: float | None = None
    course: float | None = None
    heading: float | None = None
    segment: int = 0


def pack_points(ticks: Rows) -> Rows:
    """TICK rows as POINT rows, in the same order."""
    points = np.empty(len(ticks), POINT)
    points["time"] = ticks["time"] // 1000
    points["lon"] = np.rint(ticks["lon"] * 1e6)
    points["lat"] = np.rint(ticks["lat"] * 1e6)
    points["segment"] = ticks["segment"]
    for name, factor in (("sog", 10), ("cog", 10), ("heading", 1)):
        values = np.rint(ticks[name].astype("f8") * factor)
        known = np.nan_to_num(values, nan=UNKNOWN, posinf=UNKNOWN, neginf=UNKNOWN)
        points[name] = np.clip(known, 0, UNKNOWN)
    return points


def unpack_points(track: bytes) -> list[TrackPoint]:
    """The points in the bytes of POINT rows, sorted by time and segment."""
    points = np.frombuffer(track, POINT)
    return [
        TrackPoint(
            time=time * 1000,
            lat=lat / 1e6,
            lon=lon / 1e6,
            speed_knots=None if sog == UNKNOWN else sog / 10,
            course=None if cog == UNKNOWN else cog / 10,
            heading=None if heading == UNKNOWN else float(heading),
            segment=segment,
        )
        for time, lon, lat, sog, cog, heading, segment in sorted(points.tolist(), key=lambda p: (p[0], p[-1]))
    ]
