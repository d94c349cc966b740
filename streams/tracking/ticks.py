"""Ticks of tracks: where a vessel was at the instants of the grid, and at the times of its lone fixes."""

import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, haversine_m, unwrap
from models.report import Rows, joined
from models.tick import TICK, no_ticks
from models.time import Millis
from streams.tracking.assignment import Tracks
from streams.tracking.grid import GridSettings
from streams.tracking.track import KNOT, TrackSettings


def ticks(tracks: Tracks, instant: Millis, grid: GridSettings, s: TrackSettings) -> Rows:
    """The ticks of the tracks of one step, which are emitted at `instant`: TICK rows in the tracks' order.

    Positions at the grid's instants are interpolated between neighbouring fixes of one track. Between fixes
    further apart than the grid's reach there are none: a position is never held. A fix with no other one so
    shortly before it is a tick at its own time.
    """
    fixes = tracks.rows
    if not len(fixes):
        return no_ticks()
    begins = np.zeros(len(fixes), bool)
    begins[tracks.starts] = True
    dt = np.diff(fixes["time"], prepend=fixes["time"][:1])
    linked = ~begins & (dt <= grid.interpolate)
    is_new = ~begins
    is_new[tracks.starts] = tracks.new == 0
    out = _between(tracks, linked[1:] & (dt[1:] > 0), grid, s)
    lone = _lone(tracks, is_new & ~linked)
    if len(lone):
        out = joined([lone, out], TICK)
        out = out.take(np.lexsort([out["time"], out["segment"], out["mmsi"]]))
    out["backfilled"] = out["time"] < instant - grid.step
    return out


def speed(reported: Floats, metres: Floats, dt: Floats, errors: Floats, s: TrackSettings) -> Floats:
    """Mean speed over ways of `metres` in `dt` milliseconds, knots: the reported one where it is known.

    Over more than `implied_after_minutes` it is at least the implied one. The errors of the two positions are
    taken off that, and `errors`, metres that rounding explains.
    """
    way = np.sqrt(np.maximum(metres * metres - 4 * s.noise_metres**2 - errors * errors, 0.0))
    implied = way / np.maximum(dt, 1.0) / KNOT
    merged = np.where(np.isnan(reported), implied, reported)
    return np.where(dt > s.implied_after, np.fmax(merged, implied), merged)


def _lone(tracks: Tracks, which: npt.NDArray[np.bool_]) -> Rows:
    """Ticks at the times of these fixes. One that reports no speed has none: NaN."""
    fixes = tracks.rows.compress(which)
    out = np.zeros(len(fixes), TICK)
    for name in ("time", "mmsi", "lon", "lat", "cog", "heading", "status", "stations"):
        out[name] = fixes[name]
    out["segment"], out["sog"] = tracks.numbers[which], tracks.knots[which]
    out["error"] = tracks.errors[which]
    return out


def _between(tracks: Tracks, linked: npt.NDArray[np.bool_], grid: GridSettings, s: TrackSettings) -> Rows:
    """Ticks at the instants of the grid between each fix and the next, where these are `linked`."""
    step = grid.step
    a, b = tracks.rows[:-1], tracks.rows[1:]
    count = np.where(linked, b["time"] // step - a["time"] // step, 0)
    pair = np.repeat(np.arange(len(a)), count)
    if not len(pair):
        return no_ticks()
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    a, b, before, after = a.take(pair), b.take(pair), tracks.knots[pair], tracks.knots[pair + 1]
    dt = (b["time"] - a["time"]).astype("f8")
    out = np.empty(len(pair), TICK)
    out["time"] = (a["time"] // step + 1 + nth) * step
    share = (out["time"] - a["time"]) / dt
    out["mmsi"], out["segment"] = a["mmsi"], tracks.numbers[pair]
    out["lon"] = unwrap(a["lon"] + share * unwrap(b["lon"] - a["lon"]))
    out["lat"] = a["lat"] + share * (b["lat"] - a["lat"])
    known = np.where(
        np.isnan(before), after, np.where(np.isnan(after), before, before + share * (after - before))
    )
    out["error"] = error = np.maximum(tracks.errors[pair], tracks.errors[pair + 1])
    out["sog"] = speed(known, haversine_m(a["lon"], a["lat"], b["lon"], b["lat"]), dt, error, s)
    near = share >= 0.5
    for name in ("cog", "heading", "status"):
        out[name] = np.where(near, b[name], a[name])
    out["stations"] = b["stations"]
    out["between"] = nth > 0
    return out
