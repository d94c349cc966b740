"""Motion: the speed of a track as its positions imply it, smoothed, with the noise taken off.

The mean position of each step of the grid is kept for 20 minutes, four at most. The speed is the slope of
the line that fits them best (least squares), less what the errors of the positions add to it: the expected
square of a slope is its true square and its variance. So a ship at rest does not seem to move because its
positions scatter.

The speed stands in for one that is not reported, and for one that the positions contradict over ten minutes:
they go further than it allows, or hardly anywhere although it is high.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, unwrap
from models.report import Rows
from models.time import MINUTE
from streams.tracking.track import KNOT, Place, Segment, TrackSettings, metres_between

TRAIL: Final = np.dtype([("time", "f8"), ("lon", "f8"), ("lat", "f8"), ("variance", "f4"), ("sog", "f4")])
"""One step: mean time (milliseconds; 0 is none), position, m² of the mean's error along one axis, and sog."""
KEPT: Final = 4
"""Steps whose means are kept."""
_METRES_PER_DEGREE: Final = 111_195.0
_UNIFORM: Final = 12.0
"""The variance of values that are spread evenly over a range is the square of that, divided by this."""


_Bools = npt.NDArray[np.bool_]


class Motion(msgspec.Struct, frozen=True):
    """How the tracks of one step move: a row a track, but for `speeds`."""

    speeds: Floats
    """Knots at every row of the step: as reported, or as implied where that is missing or contradicted. NaN
    where no speed is known: in the first step of a track that reports none."""
    trail: npt.NDArray[np.void]
    """Rows of TRAIL, KEPT for each track, with this step's as the last one."""
    known: npt.NDArray[np.bool_]
    """Which of these count."""
    knots: Floats
    contradicted: npt.NDArray[np.bool_]
    """Whether the positions contradict the speed that is reported."""
    nowhere: npt.NDArray[np.bool_]
    """Whether that is because they get nowhere."""
    judged: npt.NDArray[np.bool_]
    """Whether there were enough positions lately to tell whether they contradict it."""
    drifts: npt.NDArray[np.bool_]
    """Whether the positions surely move, however slowly."""


def smooth(
    rows: Rows,
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    trail: npt.NDArray[np.void],
    errors: Floats,
    s: TrackSettings,
) -> Motion:
    """How the tracks of one step move; the columns are those of `streams.tracking.assignment.Tracks`.

    `trail` has KEPT rows of TRAIL for each track, as they were before the step; none for a track that
    begins anew. `errors` are the metres that each row may be off for being rounded.
    """
    sog = rows["sog"].astype("f8")
    trail = np.roll(trail, -1, axis=1)
    trail[:, -1] = _means(rows, sog, starts, new, errors, s)
    window = 2 * s.contradiction_minutes * MINUTE
    known = trail["time"] >= trail["time"][:, -1:] - window
    known[:, -2] |= trail["time"][:, -2] > 0  # of a vessel that is heard rarely the step before counts anyway
    trail["time"][~known] = 0
    knots, *told = _speeds(trail, known, s)
    contradicted = told[0]
    lengths = np.diff(np.append(starts, len(rows)))
    speeds = np.where(np.isnan(sog) | np.repeat(contradicted, lengths), np.repeat(knots, lengths), sog)
    return Motion(speeds, trail, known, knots, *told)


def note_still(segment: Segment, motion: Motion, i: int, s: TrackSettings) -> None:
    """Note since when the track `i` stays at one place although it reports speed.

    Where too few reports came lately to judge that, it holds for as long as the track stays there and goes on
    to report speed. It does not begin while the track surely moves: one that drifts is at no one place.
    """
    steps = motion.trail[i][motion.known[i]]
    still, now = segment.still, float(steps[-1]["sog"])
    if still is not None:
        left = metres_between(still.lon, still.lat, segment.lon, segment.lat) > s.still_metres
        moves = motion.judged[i] and not motion.nowhere[i]
        if left or moves or not now > s.still_knots:
            segment.still = None
            return
    if segment.still is None and motion.nowhere[i] and not motion.drifts[i]:
        knots = round(float(np.nanmean(steps["sog"])), 1)
        segment.still = Place(int(steps[0]["time"]), segment.lon, segment.lat, knots)


def _means(
    rows: Rows,
    sog: Floats,
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    errors: Floats,
    s: TrackSettings,
) -> npt.NDArray[np.void]:
    """The mean of the new fixes of each track. A row of TRAIL for each."""
    first = starts + new
    lengths = np.diff(np.append(starts, len(rows)))
    count = (lengths - new).astype("f8")
    is_lead = np.zeros(len(rows), bool)
    is_lead[starts] = new > 0
    weight = np.where(is_lead, 0.0, 1.0)

    def mean(values: Floats) -> Floats:
        """Of a column, as the difference from the track's first new fix."""
        offset = (values - np.repeat(values[first], lengths)) * weight
        return np.asarray(np.add.reduceat(offset, starts) / count)

    out = np.zeros(len(starts), TRAIL)
    time, lat = rows["time"].astype("f8"), rows["lat"]
    east = unwrap(rows["lon"] - np.repeat(rows["lon"][first], lengths))
    out["time"] = time[first] + mean(time)
    out["lat"] = lat[first] + mean(lat)
    out["lon"] = unwrap(rows["lon"][first] + np.add.reduceat(east * weight, starts) / count)
    # the scatter from one fix to the next; the way between them is small where it matters
    x = np.diff(east * np.cos(np.radians(lat)), prepend=0.0) * _METRES_PER_DEGREE
    y = np.diff(lat, prepend=lat[:1]) * _METRES_PER_DEGREE
    square = x * x + y * y
    square[first] = square[starts] = 0.0
    each = np.add.reduceat(square, starts) / (4.0 * np.maximum(count - 1, 1.0))
    out["variance"] = np.maximum(s.noise_metres**2, np.where(count > 2, each / count, 0.0))
    if errors.any():  # of a slow ship they are the same all the time, so a mean has them too
        square = np.add.reduceat(errors * errors * weight, starts) / (_UNIFORM * count)
        out["variance"] = np.maximum(out["variance"], square)
    there = weight * ~np.isnan(sog)
    with np.errstate(invalid="ignore"):
        out["sog"] = np.add.reduceat(np.nan_to_num(sog) * there, starts) / np.add.reduceat(there, starts)
    return out


def _speeds(
    trail: npt.NDArray[np.void], known: npt.NDArray[np.bool_], s: TrackSettings
) -> tuple[Floats, _Bools, _Bools, _Bools, _Bools]:
    """Of each track the smoothed speed in knots, NaN where there is none; whether sog is contradicted,
    whether that is because it stays near one place, whether there is enough to judge that, and whether it
    moves."""
    weight = known.astype("f8")
    count = weight.sum(axis=1)
    time = np.where(known, trail["time"] - trail["time"][:, -1:], 0.0)
    x = unwrap(trail["lon"] - trail["lon"][:, -1:]) * np.cos(np.radians(trail["lat"][:, -1:]))
    x = np.where(known, x * _METRES_PER_DEGREE, 0.0)
    y = np.where(known, (trail["lat"] - trail["lat"][:, -1:]) * _METRES_PER_DEGREE, 0.0)

    def centred(values: Floats) -> Floats:
        return np.asarray((values - values.sum(axis=1, keepdims=True) / count[:, None]) * weight)

    t, dx, dy = centred(time), centred(x), centred(y)
    spread = (t * t).sum(axis=1)
    span = -time.min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        vx, vy = (t * dx).sum(axis=1) / spread, (t * dy).sum(axis=1) / spread
        rest = ((dx - vx[:, None] * t) ** 2 + (dy - vy[:, None] * t) ** 2).sum(axis=1)
        rest = np.where(count > 2, rest / (2 * np.maximum(count - 2, 1.0)), 0.0)
        variance = (np.where(known, trail["variance"], 0.0)).sum(axis=1) / count
        error = np.maximum(variance, rest) / spread
        implied = vx * vx + vy * vy
        knots = np.sqrt(np.maximum(implied - 2 * error, 0.0)) / KNOT
        sure = (np.sqrt(implied) - 3 * np.sqrt(2 * error)) / KNOT
        heard = known & ~np.isnan(trail["sog"])
        reported = np.where(heard, trail["sog"], 0.0).sum(axis=1) / heard.sum(axis=1)
        farther = sure > s.reported_factor * reported + s.contradiction_knots
        way = np.sqrt(x * x + y * y).max(axis=1)
        claimed = s.still_share * reported * KNOT * span
        nowhere = (reported > s.still_knots) & (way + 3 * np.sqrt(2 * np.maximum(variance, rest)) < claimed)
    # over a silence, what is reported before and after says nothing of the speed between
    long = (span >= s.contradiction_minutes * MINUTE) & (span <= 2 * s.contradiction_minutes * MINUTE)
    told = long & (farther | nowhere), long & nowhere & ~farther, long, long & (sure > 0)
    return np.where(count > 1, knots, np.nan), *told
