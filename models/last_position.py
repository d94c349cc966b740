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
        ("heading", "<u2"),  # degrees in the lower 9 bits; above them the navigational status plus 1
        ("segment", "<u2"),
    ]
)
"""One point of a recent track, packed: 20 bytes. A day of points on the five-minute grid takes 6 kB."""

UNKNOWN: Final = 0xFFFF
"""Stands for "not available" in `sog` and `cog` of a POINT."""
_NO_HEADING: Final = 0x1FF
_UNDEFINED: Final = 15
"""The navigational status of vessels that have none; a point without one has 0 in its place."""


class TrackPoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One point of a recent track, unpacked."""

    time: Millis
    lat: float
    lon: float
    speed_knots: float | None = None
    course: float | None = None
    heading: float | None = None
    status: int | None = None
    segment: int = 0


def pack_points(ticks: Rows) -> Rows:
    """TICK rows as POINT rows, in the same order."""
    points = np.empty(len(ticks), POINT)
    points["time"] = ticks["time"] // 1000
    points["lon"] = np.rint(ticks["lon"] * 1e6)
    points["lat"] = np.rint(ticks["lat"] * 1e6)
    points["segment"] = ticks["segment"]
    for name, factor, most in (("sog", 10, UNKNOWN), ("cog", 10, UNKNOWN), ("heading", 1, _NO_HEADING)):
        values = np.rint(ticks[name].astype("f8") * factor)
        known = np.nan_to_num(values, nan=most, posinf=most, neginf=most)
        points[name] = np.clip(known, 0, most)
    status = ticks["status"].astype("u2")
    points["heading"] |= np.where(status < _UNDEFINED, status + 1, 0).astype("u2") << 9
    return points


def unpack_points(track: bytes) -> list[TrackPoint]:
    """The points in the bytes of POINT rows, sorted by time and segment."""
    points = np.frombuffer(track, POINT).tolist()
    return [_unpacked(*point) for point in sorted(points, key=lambda point: (point[0], point[-1]))]


def _unpacked(time: int, lon: int, lat: int, sog: int, cog: int, bits: int, segment: int) -> TrackPoint:
    heading, status = bits & _NO_HEADING, (bits >> 9) - 1
    return TrackPoint(
        time=time * 1000,
        lat=lat / 1e6,
        lon=lon / 1e6,
        speed_knots=None if sog == UNKNOWN else sog / 10,
        course=None if cog == UNKNOWN else cog / 10,
        heading=None if heading == _NO_HEADING else float(heading),
        status=status if 0 <= status < _UNDEFINED else None,
        segment=segment,
    )
