"""Whereabouts: where a vessel was last, as readers outside the stages are told."""

from typing import Final

import msgspec
import numpy as np

from models.time import Millis


class LastPosition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vessel at its latest tick. Null where the vessel does not say it."""

    mmsi: int
    time: Millis  # of the tick: milliseconds since 1970, UTC
    lat: float
    lon: float
    speed_knots: float | None = None
    course: float | None = None  # degrees over ground
    heading: float | None = None  # degrees, of the bow
    status: int | None = None  # navigational status of ITU-R M.1371; null for 15, not defined
    segments: dict[str, Millis] = {}
    """The latest tick of each track segment: more than one where the MMSI is in two places."""


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
"""A point of a recent track, packed: a day of them is 6 KB, and there are 300,000 vessels."""

UNKNOWN: Final = 0xFFFF
"""In `sog`, `cog` and `heading` of a POINT."""


class TrackPoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A point of a recent track, as it is read back."""

    time: Millis
    lat: float
    lon: float
    speed_knots: float | None = None
    course: float | None = None
    heading: float | None = None
    segment: int = 0
