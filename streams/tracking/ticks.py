"""Ticks of tracks: where a vessel was at the instants of the grid, and at the times of its lone fixes."""

import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from models.report import Rows
from models.tick import TICK, no_ticks
from models.time import Millis
from streams.runtime.compiled import compiled
from streams.tracking.assignment import Tracks
from streams.tracking.grid import GridSettings
from streams.tracking.track import KNOT, TrackSettings, wrapped


def ticks(tracks: Tracks, instant: Millis, grid: GridSettings, s: TrackSettings) -> Rows:
    """The ticks of the tracks of one step, which are emitted at `instant`: TICK rows in the tracks' order.

    Positions at the grid's instants are interpolated between neighbouring fixes of one track. Between fixes
    further apart than the grid's reach there are none: a position is never held. A fix with no other one so
    shortly before it is a tick at its own time.
    """
    fixes = tracks.rows
    if not len(fixes):
        return no_ticks()
    place = fixes, tracks.starts, tracks.new, grid.step, grid.interpolate
    out = np.empty(_count(*place), TICK)
    is_lone = np.empty(len(out), bool)
    rule = 4 * s.noise_metres**2, s.implied_after
    _write(*place, tracks.numbers, tracks.knots, tracks.errors, tracks.metres, instant, rule, out, is_lone)
    if is_lone.any():
        out = out.take(np.lexsort([~is_lone, out["time"], out["segment"], out["mmsi"]]))
    return out


@compiled
def mean_speed(
    reported: float, metres: float, dt: float, error: float, noise: float, implied_after: float
) -> float:
    """Mean speed over a way of `metres` in `dt` milliseconds, knots: the reported one where it is known.

    Over more than `implied_after` it is at least the implied one. The errors of the two positions, `noise` in
    m², are taken off that, and `error`, metres that rounding explains.
    """
    way = np.sqrt(max(metres * metres - noise - error * error, 0.0))
    implied = way / max(dt, 1.0) / KNOT
    merged = implied if np.isnan(reported) else reported
    return max(merged, implied) if dt > implied_after else merged


@compiled
def _count(
    fixes: Rows,
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    step: Millis,
    interpolate: Millis,
) -> int:
    """How many ticks there are."""
    count = 0
    for i in range(len(starts)):
        stop = starts[i + 1] if i + 1 < len(starts) else len(fixes)
        count += 1 - new[i]
        for k in range(starts[i] + 1, stop):
            before, after = fixes[k - 1].time, fixes[k].time
            count += after // step - before // step if after - before <= interpolate else 1
    return count


@compiled
def _write(
    fixes: Rows,
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    step: Millis,
    interpolate: Millis,
    numbers: Rows,
    knots: Floats,
    errors: Floats,
    metres: Floats,
    instant: Millis,
    rule: tuple[float, Millis],
    out: Rows,
    is_lone: npt.NDArray[np.bool_],
) -> None:
    """Write the ticks of each track, a lone fix where it is. `rule` is noise and time of `mean_speed`."""
    at = 0
    for i in range(len(starts)):
        for k in range(starts[i], starts[i + 1] if i + 1 < len(starts) else len(fixes)):
            b, first = fixes[k], 0
            lone = k == starts[i] or b.time - fixes[k - 1].time > interpolate
            if lone:  # one that reports no speed has none: NaN
                count = 0 if k == starts[i] and new[i] else 1
            else:
                first = fixes[k - 1].time // step + 1
                count = b.time // step + 1 - first
            for nth in range(count):
                tick = out[at]
                tick.mmsi, tick.segment, tick.stations = b.mmsi, numbers[k], b.stations
                if lone:
                    near = b
                    tick.time, tick.lon, tick.lat = b.time, b.lon, b.lat
                    tick.sog, tick.error, tick.between = knots[k], errors[k], False
                else:
                    a, dt, time = fixes[k - 1], np.float64(b.time - fixes[k - 1].time), (first + nth) * step
                    share = (time - a.time) / dt
                    near = b if share >= 0.5 else a
                    before, after, known = knots[k - 1], knots[k], knots[k - 1]
                    if np.isnan(before):
                        known = after
                    elif not np.isnan(after):
                        known = before + share * (after - before)
                    error = max(errors[k - 1], errors[k])
                    tick.time, tick.lat = time, a.lat + share * (b.lat - a.lat)
                    tick.lon = wrapped(a.lon + share * wrapped(b.lon - a.lon))
                    tick.sog = mean_speed(known, metres[k], dt, error, rule[0], rule[1])
                    tick.error, tick.between = error, nth > 0
                tick.cog, tick.heading, tick.status = near.cog, near.heading, near.status
                tick.backfilled = tick.time < instant - step
                is_lone[at] = lone
                at += 1
