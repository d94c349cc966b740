"""One ship: which vessels moved in a step as one ship can, for all vessels together.

These are nearly all. Their fixes go on with the one track that they have, or begin it.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from models.report import Rows
from models.time import MINUTE
from streams.runtime.compiled import compiled
from streams.tracking.track import KNOT, TrackSettings


class Reach(NamedTuple):
    """The settings that tell how far a ship gets; those of the same name, and one in milliseconds."""

    join_knots: float
    never_join_knots: float
    reported_factor: float
    reported_margin_knots: float
    contested_margin_knots: float
    acceleration: float
    jitter_metres: float
    silence: float


@compiled
def follow(
    rows: Rows,
    bounds: npt.NDArray[np.intp],
    ends: Rows,
    out: Rows,
    numbers: Rows,
    owners: npt.NDArray[np.intp],
    is_new: npt.NDArray[np.bool_],
) -> None:
    """Write the rows of each vessel, POSITION, after the last fix of its track in `ends`, if it has one.

    A vessel's rows are those between two of `bounds`. The other columns take the number of the track, the
    number of the vessel and whether the row is one of `rows`.
    """
    at = 0
    for i in range(len(bounds) - 1):
        begin, end = at, ends[i]
        if end.there:
            lead = out[at]
            lead.time, lead.mmsi, lead.type = end.time, rows[bounds[i]].mmsi, 1
            lead.lon, lead.lat, lead.sog, lead.cog = end.lon, end.lat, end.sog, end.cog
            lead.heading, lead.status, lead.stations = end.heading, end.status, 0
            is_new[at] = False
            at += 1
        for k in range(bounds[i], bounds[i + 1]):
            out[at], is_new[at] = rows[k], True
            at += 1
        for k in range(begin, at):
            numbers[k], owners[k] = end.number if end.there else 0, i


def moved_as_one(
    rows: Rows,
    bounds: npt.NDArray[np.intp],
    ends: Rows,
    metres: Floats,
    errors: Floats,
    s: TrackSettings,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Which vessels moved as one ship can: every fix is in reach of the one before.

    `rows` and `bounds` are what `follow` wrote and where each vessel is in it, `metres` the way to each row
    from the one before, `errors` the metres that each may be off for being rounded: so much of the way says
    nothing.

    Also, for each vessel, its last row that came after a silence, or by a leap that its speed does not
    explain, or -1: from there on the track has to be confirmed again.
    """
    as_one, since = np.empty(len(ends), bool), np.empty(len(ends), np.intp)
    _look(rows, bounds, ends, metres, errors, reach_of(s), as_one, since)
    return as_one, since


def reach_of(s: TrackSettings) -> Reach:
    """These settings."""
    return Reach(
        s.join_knots,
        s.never_join_knots,
        s.reported_factor,
        s.reported_margin_knots,
        s.contested_margin_knots,
        s.acceleration,
        s.jitter_metres,
        s.silence_minutes * MINUTE,
    )


@compiled
def _look(
    rows: Rows,
    bounds: npt.NDArray[np.intp],
    ends: Rows,
    metres: Floats,
    errors: Floats,
    limits: Reach,
    as_one: npt.NDArray[np.bool_],
    since: npt.NDArray[np.intp],
) -> None:
    for i in range(len(ends)):
        as_one[i], since[i] = True, -1
        smoothed = ends[i].knots if ends[i].there else np.nan
        for k in range(bounds[i] + 1, bounds[i + 1]):
            earlier, row = rows[k - 1], rows[k]
            dt = np.float64(row.time - earlier.time)
            way = max(metres[k] - max(errors[k - 1], errors[k]), 0.0)
            knots = credible(row.sog, np.fmax(earlier.sog, smoothed), dt, limits)
            silent, leapt = dt > limits.silence, way > _explained_metres(dt, knots, limits)
            if silent or leapt:
                since[i] = k
            if (silent and leapt) or not is_reachable(dt, way, knots, False, limits):
                as_one[i] = False


@compiled
def credible(sog: float, known: float, dt: float, limits: Reach) -> float:
    """`credible` of `streams.tracking.track`."""
    gained = known + limits.acceleration * dt / (1e6 * KNOT)
    knots: float = np.fmax(known, np.fmin(sog, gained))
    return knots


@compiled
def is_reachable(dt: float, metres: float, knots: float, contested: bool, limits: Reach) -> bool:
    """Whether a ship could cover `metres` in `dt` milliseconds; `knots` is its greater known speed, or NaN.
    `contested` is whether the MMSI has been heard elsewhere since: then the ship's own speeds alone count.

    A ship gets no further than what it reports, a margin, and what it can accelerate; nor than `join_knots`,
    unless it reports more: a hydrofoil at 40 knots is one ship, a tanker that appears 8 miles off after ten
    minutes is not. `reaches` of `streams.tracking.track` is the same for a track that is looked at by itself.
    """
    margin = limits.contested_margin_knots if contested else limits.reported_margin_knots
    explained = limits.reported_factor * knots + margin
    if np.isnan(knots):
        explained = limits.join_knots
    explained = min(explained, limits.never_join_knots)
    limit = max(explained, limits.join_knots) * KNOT * dt
    gained = explained * KNOT * dt + (0.0 if contested else limits.acceleration / 4e6 * dt * dt)
    return metres <= limits.jitter_metres + min(limit, gained)


@compiled
def _explained_metres(dt: float, knots: float, limits: Reach) -> float:
    """How far a ship gets at its greater known speed, with little margin.

    A vessel without a known speed may go at `join_knots`.
    """
    known = limits.reported_factor * knots + limits.contested_margin_knots
    if np.isnan(knots):
        known = limits.join_knots
    return limits.jitter_metres + min(known, limits.never_join_knots) * KNOT * dt
