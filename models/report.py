"""Reports: what AIS messages said, as columns. One row is one decoded message, after ITU-R M.1371.

Batches are numpy structured arrays from the decoder on: a row is never an object of its own, so that a
stage can work on hundreds of thousands of messages a second. Sentinels of the standard ("not available")
are null here: NaN in floats, 0 in identifying integers, empty bytes in text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.drawn_fence import FenceVersion
from models.sighting import Sighting
from models.time import BEGINNING, Millis

Rows = npt.NDArray[Any]
"""A structured array of one of the dtypes below."""

POSITION: Final = np.dtype(
    [
        ("time", "i8"),  # event time, milliseconds UTC
        ("mmsi", "u4"),
        ("type", "u1"),  # message type: 1, 2, 3, 4, 9, 18, 19, 27
        ("lon", "f8"),  # degrees WGS 84, NaN when not available
        ("lat", "f8"),
        ("sog", "f4"),  # speed over ground, knots
        ("cog", "f4"),  # course over ground, degrees
        ("heading", "f4"),  # true heading, degrees
        ("status", "u1"),  # navigational status 0-15, 15 = not defined (and for types without one)
        ("stations", "i4"),  # index into Reports.stations
    ]
)

STATIC: Final = np.dtype(
    [
        ("time", "i8"),
        ("mmsi", "u4"),
        ("type", "u1"),  # message type: 5, 19, 24
        ("part", "u1"),  # of type 24: 1 = A (name), 2 = B (the rest); 0 for 5 and 19, which carry both
        ("imo", "u4"),  # 0 when not available; check digit not verified here
        ("ship_type", "u1"),  # type of ship and cargo, 0 when not available
        ("to_bow", "u2"),  # A: metres from the antenna to the bow
        ("to_stern", "u2"),  # B
        ("to_port", "u1"),  # C
        ("to_starboard", "u1"),  # D
        ("draught", "f4"),  # metres, NaN when not available
        ("eta", "u1", (4,)),  # month, day, hour, minute; 0, 0, 24, 60 when not available
        ("name", "S20"),
        ("callsign", "S7"),
        ("destination", "S20"),
        ("stations", "i4"),
    ]
)

COARSE_TYPES: Final = (27,)
"""Types whose position has 1/10 minute resolution (long-range broadcast)."""
IS_COARSE: Final = np.isin(np.arange(256), COARSE_TYPES)
"""Whether a type is one of these, by its number."""


def raw(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same rows without their fields: numpy moves structured rows field by field, as bytes it is far
    faster."""
    return rows.view(_as_bytes(rows.dtype.itemsize))


@cache
def _as_bytes(size: int) -> np.dtype[np.void]:
    return np.dtype((np.void, size))


def joined(parts: Sequence[Rows], dtype: np.dtype[Any]) -> Rows:
    """Rows one after another."""
    if not parts:
        return np.empty(0, dtype)
    return np.concatenate([raw(np.ascontiguousarray(part)) for part in parts]).view(dtype)


def run_starts(values: npt.NDArray[np.generic]) -> npt.NDArray[np.intp]:
    """Where each run of equal values begins."""
    begins = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    return begins.nonzero()[0]


def distinct(values: npt.NDArray[np.integer]) -> list[int]:
    """The different ones, ascending; quick where equal ones follow each other."""
    return sorted(set(values[run_starts(values)].tolist()))


def no_positions() -> Rows:
    return np.empty(0, POSITION)


def no_statics() -> Rows:
    return np.empty(0, STATIC)


@dataclass(frozen=True, slots=True)
class Reports:
    """Decoded messages of one source, sorted by (time, mmsi, content), duplicates folded together.

    `stations` is the table that the column of that name points into: row *i* of `positions` was heard by
    `stations[positions["stations"][i]]`, a sorted tuple of station names ("" is none named).
    """

    source: str
    positions: Rows = field(default_factory=no_positions)
    statics: Rows = field(default_factory=no_statics)
    stations: tuple[tuple[str, ...], ...] = ((),)
    newest: Millis = BEGINNING
    """Time of the newest report of the source so far, whether it is among these or not."""
    sightings: tuple[Sighting, ...] = ()
    """What others saw. They have no part in `newest` and `len`."""
    drawn: tuple[FenceVersion, ...] = ()
    """Fences that somebody drew; nor have they."""

    def __len__(self) -> int:
        return len(self.positions) + len(self.statics)
