"""Motion: the speed of a track as its positions imply it, smoothed, with the noise taken off.

The mean position of each step of the grid is kept for 20 minutes, four at most. The speed is the slope of
the line that fits them best (least squares), less what the errors of the positions add to it: the expected
square of a slope is its true square and its variance. So a ship at rest does not seem to move because its
positions scatter.

The speed stands in for one that is not reported, and for one that the positions contradict over ten minutes:
they go further than it allows, or hardly anywhere although it is high.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from models.report import Rows
from models.time import MINUTE
from streams.runtime.compiled import compiled, compiled_as_numpy
from streams.tracking.track import KNOT, Place, Segment, TrackSettings, metres_between, wrapped

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
    count, window = len(starts), 2 * s.contradiction_minutes * MINUTE
    parts = np.empty((len(_Part.__members__), len(rows)))
    _spread(rows, starts, new, np.cos(np.radians(rows["lat"])), errors, parts)
    sums = np.add.reduceat(parts, starts, axis=1)
    trail, known = trail.copy(), np.empty((count, KEPT), bool)
    _move_on(trail, known, rows, starts, new, sums, s.noise_metres**2, window)
    made = Motion(
        speeds=np.empty(len(rows)),
        trail=trail,
        known=known,
        knots=np.empty(count),
        contradicted=np.empty(count, bool),
        nowhere=np.empty(count, bool),
        judged=np.empty(count, bool),
        drifts=np.empty(count, bool),
    )
    _judge(
        trail,
        known,
        np.cos(np.radians(trail["lat"][:, -1])),
        made.knots,
        (made.contradicted, made.nowhere, made.judged, made.drifts),
        _Rules(
            s.contradiction_minutes * MINUTE,
            s.reported_factor,
            s.contradiction_knots,
            s.still_share,
            s.still_knots,
        ),
    )
    _fill_in(rows, starts, made.knots, made.contradicted, made.speeds)
    return made


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


class _Part(IntEnum):
    """What is summed over the new fixes of a track: how far each is from the first one, and more."""

    TIME = 0
    EAST = 1  # degrees
    NORTH = 2
    SCATTER = 3  # m², from one fix to the next; the way between them is small where it matters
    ERROR = 4  # m²: of a slow ship errors of rounding are the same all the time, so a mean has them too
    SOG = 5
    REPORTED = 6  # 1 where there is a sog


class _Rules(NamedTuple):
    """The settings that the speeds are judged by."""

    contradiction: float  # milliseconds
    reported_factor: float
    contradiction_knots: float
    still_share: float
    still_knots: float


@compiled
def _spread(
    rows: Rows,
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    cosine: Floats,
    errors: Floats,
    parts: Floats,
) -> None:
    """What each row adds to the sums of its track. `cosine` is that of its latitude."""
    for i in range(len(starts)):
        start, stop = starts[i], starts[i + 1] if i + 1 < len(starts) else len(rows)
        first = start + new[i]
        began, was_east = rows[first], 0.0
        for k in range(start, stop):
            row, weight = rows[k], 0.0 if k < first else 1.0
            east = wrapped(row.lon - began.lon)
            scatter = 0.0
            if k > first:
                x = (east * cosine[k] - was_east * cosine[k - 1]) * _METRES_PER_DEGREE
                y = (row.lat - rows[k - 1].lat) * _METRES_PER_DEGREE
                scatter = x * x + y * y
            was_east = east
            there = 0.0 if np.isnan(row.sog) else weight
            parts[_Part.TIME, k] = (np.float64(row.time) - np.float64(began.time)) * weight
            parts[_Part.EAST, k] = east * weight
            parts[_Part.NORTH, k] = (row.lat - began.lat) * weight
            parts[_Part.SCATTER, k] = scatter
            parts[_Part.ERROR, k] = errors[k] * errors[k] * weight
            parts[_Part.SOG, k] = (0.0 if np.isnan(row.sog) else np.float64(row.sog)) * there
            parts[_Part.REPORTED, k] = there


@compiled_as_numpy
def _move_on(
    trail: npt.NDArray[np.void],
    known: _Bools,
    rows: Rows,
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    sums: Floats,
    noise: float,
    window: float,
) -> None:
    """Put the mean of each track's new fixes at the end of its trail, and tell which of its steps count.

    `noise` is in m², `window` how long before the last step one still counts, milliseconds.
    """
    last = KEPT - 1
    for i in range(len(starts)):
        stop, first = starts[i + 1] if i + 1 < len(starts) else len(rows), starts[i] + new[i]
        count, began = np.float64(stop - first), rows[first]
        for j in range(last):
            trail[i, j] = trail[i, j + 1]
        now = trail[i, last]
        now.time = np.float64(began.time) + sums[_Part.TIME, i] / count
        now.lat = began.lat + sums[_Part.NORTH, i] / count
        now.lon = wrapped(began.lon + sums[_Part.EAST, i] / count)
        scatter = sums[_Part.SCATTER, i] / (4.0 * max(count - 1.0, 1.0))
        now.variance = max(noise, scatter / count if count > 2 else 0.0)
        now.variance = max(np.float64(now.variance), sums[_Part.ERROR, i] / (_UNIFORM * count))
        now.sog = sums[_Part.SOG, i] / sums[_Part.REPORTED, i]
        for j in range(KEPT):
            known[i, j] = trail[i, j].time >= now.time - window
        # of a vessel that is heard rarely the step before counts anyway
        known[i, last - 1] |= trail[i, last - 1].time > 0
        for j in range(KEPT):
            if not known[i, j]:
                trail[i, j].time = 0.0


@compiled_as_numpy
def _judge(
    trail: npt.NDArray[np.void],
    known: _Bools,
    cosine: Floats,
    knots: Floats,
    told: tuple[_Bools, _Bools, _Bools, _Bools],
    rules: _Rules,
) -> None:
    """Of each track the smoothed speed in knots, NaN where there is none; whether sog is contradicted,
    whether that is because it stays near one place, whether there is enough to judge that, and whether it
    moves.

    `cosine` is that of the latitude of its last step.
    """
    contradicted, nowhere, judged, drifts = told
    time, x, y = np.empty(KEPT), np.empty(KEPT), np.empty(KEPT)
    for i in range(len(trail)):
        now, count, heard = trail[i, KEPT - 1], 0.0, 0
        sum_t, sum_x, sum_y, span, way = 0.0, 0.0, 0.0, 0.0, 0.0
        variances, sogs = np.float32(0.0), np.float32(0.0)
        for j in range(KEPT):
            time[j] = x[j] = y[j] = 0.0
            if known[i, j]:
                step = trail[i, j]
                time[j] = step.time - now.time
                x[j] = wrapped(step.lon - now.lon) * cosine[i] * _METRES_PER_DEGREE
                y[j] = (step.lat - now.lat) * _METRES_PER_DEGREE
                count += 1.0
                variances += step.variance
                if not np.isnan(step.sog):
                    heard += 1
                    sogs += step.sog
            sum_t, sum_x, sum_y = sum_t + time[j], sum_x + x[j], sum_y + y[j]
            span, way = max(span, -time[j]), max(way, np.sqrt(x[j] * x[j] + y[j] * y[j]))
        knots[i] = np.nan
        contradicted[i] = nowhere[i] = judged[i] = drifts[i] = False
        if count < 2:
            continue
        spread, along_x, along_y, rest = 0.0, 0.0, 0.0, 0.0
        for j in range(KEPT):
            if known[i, j]:
                time[j], x[j], y[j] = time[j] - sum_t / count, x[j] - sum_x / count, y[j] - sum_y / count
                spread += time[j] * time[j]
                along_x += time[j] * x[j]
                along_y += time[j] * y[j]
        vx, vy = along_x / spread, along_y / spread
        for j in range(KEPT):
            off_x, off_y = x[j] - vx * time[j], y[j] - vy * time[j]
            rest += off_x * off_x + off_y * off_y
        rest = rest / (2 * max(count - 2, 1.0)) if count > 2 else 0.0
        scatter = max(np.float64(variances) / count, rest)
        error, implied = scatter / spread, vx * vx + vy * vy
        knots[i] = np.sqrt(max(implied - 2 * error, 0.0)) / KNOT
        sure = (np.sqrt(implied) - 3 * np.sqrt(2 * error)) / KNOT
        reported = np.float64(sogs) / heard
        farther = sure > rules.reported_factor * reported + rules.contradiction_knots
        claimed = rules.still_share * reported * KNOT * span
        stays = reported > rules.still_knots and way + 3 * np.sqrt(2 * scatter) < claimed
        # over a silence, what is reported before and after says nothing of the speed between
        judged[i] = rules.contradiction <= span <= 2 * rules.contradiction
        contradicted[i] = judged[i] and (farther or stays)
        nowhere[i] = judged[i] and stays and not farther
        drifts[i] = judged[i] and sure > 0


@compiled
def _fill_in(
    rows: Rows, starts: npt.NDArray[np.intp], knots: Floats, contradicted: _Bools, speeds: Floats
) -> None:
    """The speed at every row: as reported, or as implied where that is missing or contradicted."""
    for i in range(len(starts)):
        for k in range(starts[i], starts[i + 1] if i + 1 < len(starts) else len(rows)):
            sog = rows[k].sog
            speeds[k] = knots[i] if contradicted[i] or np.isnan(sog) else np.float64(sog)
