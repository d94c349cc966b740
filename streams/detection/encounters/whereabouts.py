"""Whereabouts: where vessels were at moments between their ticks, for whole columns.

Between two ticks a vessel's place is known if they are neighbours on the grid, or if it can only have drifted
from one to the other.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from geofences.distance import haversine_m
from models.report import Rows
from models.tick import TICK
from models.time import MINUTE, Millis
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.ticks.packed import Numbers, tracks
from streams.runtime.compiled import compiled
from streams.tracking.track import KNOT

Bools = npt.NDArray[np.bool_]
_NONE: Final = -1
_OFTEN: Final = 10 * MINUTE
"""A vessel with ticks no farther apart was heard about then. Judgement: two steps of the grid."""


def places(
    track: Numbers, time: Numbers, ticks: Rows, step: Millis, s: EncounterSettings
) -> tuple[Rows, Bools]:
    """Where each track was at a time, as TICK rows, and for which rows that is known; the others are any.

    `ticks` are all that there are of these tracks, sorted by track and time.
    """
    if not len(ticks):
        return np.zeros(len(track), TICK), np.zeros(len(track), bool)
    before, after = _around(track, time, tracks(ticks), ticks["time"].copy())
    one, other = ticks.take(before), ticks.take(after)  # any, where there is none
    took = other["time"] - one["time"]
    known = (before != _NONE) & (after != _NONE) & (took <= max(s.silence, step))
    # whole steps count: none is looked into that ends later than a silence from then, or so long before
    first, last = (-(-rows["time"] // step) * step for rows in (one, other))
    first = np.where(first == one["time"], first + step, first)
    known &= (before == after) | ((first > time - s.silence) & (last <= time + s.silence))
    (far,) = (known & (took > step)).nonzero()
    if len(far):
        known[far] = _drifted(one.take(far), other.take(far), s)
    return between(one, other, time), known


def _drifted(one: Rows, other: Rows, s: EncounterSettings) -> Bools:
    """Whether vessels can only have drifted from one tick to another."""
    faster = np.where(other["sog"] > one["sog"], other["sog"], one["sog"])
    metres = haversine_m(one["lon"], one["lat"], other["lon"], other["lat"])
    took = other["time"] - one["time"]
    slow: Bools = (faster < s.drift_knots) & (took <= s.silence) & (metres <= s.drift_knots * KNOT * took)
    return slow


@compiled
def between(before: Rows, after: Rows, time: Numbers) -> Rows:
    """The ticks of vessels between two of their ticks, row by row; where these are of one time, the first."""
    rows = before.copy()
    for i in range(len(rows)):
        one, other = before[i], after[i]
        took = other.time - one.time
        if took == 0:
            continue
        share = (time[i] - one.time) / took
        if share >= 0.5:
            rows[i] = other
        row = rows[i]
        row.time = time[i]
        row.lon = _unwrapped(one.lon + share * _unwrapped(other.lon - one.lon))
        row.lat = one.lat + share * (other.lat - one.lat)
        row.sog = one.sog + share * (other.sog - one.sog)
        row.error = max(one.error, other.error)
        row.between = other.between or took > _OFTEN
    return rows


@compiled
def _unwrapped(lon: float) -> float:
    """As `unwrap`."""
    return (lon + 180.0) % 360.0 - 180.0


@compiled
def _around(track: Numbers, time: Numbers, tracks: Numbers, times: Numbers) -> tuple[Numbers, Numbers]:
    """The ticks of each track that are nearest before and after a time; the same one twice where there is one
    at that very time. -1 for none."""
    before = np.full(len(track), _NONE, np.int64)
    after = np.full(len(track), _NONE, np.int64)
    for q in range(len(track)):
        own, now = track[q], time[q]
        low, high = 0, len(tracks)
        while low < high:
            middle = (low + high) >> 1
            if tracks[middle] < own or (tracks[middle] == own and times[middle] < now):
                low = middle + 1
            else:
                high = middle
        if low < len(tracks) and tracks[low] == own:
            after[q] = low
            if times[low] == now:
                before[q] = low
                continue
        low -= 1
        if low >= 0 and tracks[low] == own:
            while low > 0 and tracks[low - 1] == own and times[low - 1] == times[low]:
                low -= 1
            before[q] = low
    return before, after
