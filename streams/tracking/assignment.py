"""Assignment: puts the fixes of one step on the tracks of their vessels, for all vessels together."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, haversine_m
from models.report import POSITION, Rows, joined, run_starts
from models.time import MINUTE
from streams.tracking.ends import END, TrackedFleet, TrackedVessel, go_on, is_ordinary, row_of, write_back
from streams.tracking.motion import TRAIL, Motion, note_still, smooth
from streams.tracking.places import place_fixes
from streams.tracking.resolution import Resolution, errors
from streams.tracking.track import Segment, TrackSettings, credible_column, explained_metres, reachable

_Steps = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
"""Units that the positions of each vessel are rounded to, to the east and to the north; 0 where not."""


class Tracks(msgspec.Struct, frozen=True):
    """The believed fixes of one step by track. Each track is led by the last fix that it had before, if any.

    A track that begins anew within the step, after wrong fixes, is there twice.
    """

    rows: Rows  # POSITION, sorted by (mmsi, segment, time)
    numbers: Rows  # the segment of each row
    slots: npt.NDArray[np.intp]  # the slot in the fleet of each track's vessel
    starts: npt.NDArray[np.intp]  # where each track begins in rows
    new: npt.NDArray[np.intp]  # within each track the row of its first new fix: 1, or 0 for one that begins
    knots: Floats  # speed at each row: as reported, or as the positions imply where that can't be used
    errors: Floats  # metres that each row may be off for being rounded


class _Piece(msgspec.Struct):
    """Rows of a step with their tracks: all that is needed to put them in order."""

    rows: Rows
    numbers: Rows
    owners: npt.NDArray[np.intp]  # which of the step's vessels each row is of, counted by MMSI
    is_new: npt.NDArray[np.bool_]
    breaks: npt.NDArray[np.bool_]


class _Vessels(msgspec.Struct):
    """The vessels of a step in the order of their rows."""

    mmsis: list[int]
    slots: npt.NDArray[np.intp]
    ends: Rows  # END rows of those with one track, or none yet
    by_itself: dict[int, TrackedVessel]  # vessels that are looked at one by one, by number
    several: npt.NDArray[np.bool_]  # whether a vessel has more than one track


def assign_step(rows: Rows, fleet: TrackedFleet, s: TrackSettings) -> Tracks:
    """Put the fixes of one step, sorted by (MMSI, time), on tracks, and move the vessels' tracks on.

    Vessels that moved as one ship can, which are nearly all, are worked off as columns, the others fix by
    fix.
    """
    if not len(rows):
        nothing = np.empty(0, np.intp)
        return Tracks(rows, np.empty(0, "u2"), nothing, nothing, nothing, np.empty(0), np.empty(0))
    starts = run_starts(rows["mmsi"])
    stops = np.append(starts[1:], len(rows))
    owners = np.repeat(np.arange(len(starts)), stops - starts)
    vessels = _vessels(rows["mmsi"][starts], fleet)
    rounded = fleet.step_east[vessels.slots], fleet.step_north[vessels.slots]
    leads = _leads(vessels)
    pieces = [leads]
    breaks, keep = np.zeros(len(rows), bool), np.ones(len(rows), bool)
    as_one, since = _moved_as_one(rows, starts, owners, vessels, leads, rounded, s)
    (plain,) = np.nonzero(as_one)
    ends = vessels.ends.take(plain)
    go_on(ends, rows, starts[plain], stops[plain], since[plain], s)
    vessels.ends[plain] = ends
    numbers = vessels.ends["number"][owners]
    for i in np.flatnonzero(~as_one).tolist():
        vessel = vessels.by_itself[i] = fleet.whole(vessels.mmsis[i])
        start, stop = starts[i], stops[i]
        known = Resolution(int(rounded[0][i]), int(rounded[1][i]))
        placed = place_fixes(vessel, rows[start:stop], s, known)
        numbers[start:stop], keep[start:stop], breaks[start:stop] = placed.numbers, placed.keep, placed.breaks
        if placed.late:
            fixes, late_numbers, late_breaks = zip(*placed.late, strict=True)
            late = np.array(list(fixes), POSITION)
            late["stations"] = 0  # the stations of earlier steps are not known any more
            count = len(late)
            pieces.append(
                _Piece(
                    late,
                    np.array(late_numbers, "u2"),
                    np.full(count, i),
                    np.ones(count, bool),
                    np.array(late_breaks),
                )
            )
    if not keep.all():
        rows, numbers, owners, breaks = (column.compress(keep) for column in (rows, numbers, owners, breaks))
    pieces.append(_Piece(rows, numbers, owners, np.ones(len(rows), bool), breaks))
    tracks, track_owners = _tracks(pieces, as_one, vessels.slots, rounded)
    motion = _smooth(tracks, track_owners, vessels, as_one, fleet, s)
    _put_back(vessels, as_one, fleet)
    return msgspec.structs.replace(tracks, knots=motion.speeds) if motion else tracks


def _vessels(column: npt.NDArray[np.uint32], fleet: TrackedFleet) -> _Vessels:
    mmsis, slots = column.tolist(), fleet.slots_of(column)
    vessels = _Vessels(mmsis, slots, fleet.ends.take(slots), {}, np.zeros(len(mmsis), bool))
    for i in np.flatnonzero(~fleet.in_columns[slots]).tolist():
        vessel = vessels.by_itself[i] = fleet.whole(mmsis[i])
        vessels.several[i] = len(vessel.segments) > 1
        vessels.ends[i] = np.zeros(1, END)
        if len(vessel.segments) == 1:
            row_of(vessels.ends, i, vessel.segments[0])
    return vessels


def _put_back(vessels: _Vessels, as_one: npt.NDArray[np.bool_], fleet: TrackedFleet) -> None:
    """Keep the rows of those that moved as one ship can, and those of others that are ordinary now."""
    kept = as_one.copy()
    for i, vessel in vessels.by_itself.items():
        if not as_one[i]:
            continue
        if vessel.segments:
            write_back(vessels.ends, i, vessel.segments[0])
            kept[i] = is_ordinary(vessel.segments[0])
        if kept[i]:
            fleet.put_in_columns(vessel.mmsi)
    fleet.ends[vessels.slots[kept]] = vessels.ends[kept]


def _moved_as_one(
    rows: Rows,
    starts: npt.NDArray[np.intp],
    owners: npt.NDArray[np.intp],
    vessels: _Vessels,
    leads: _Piece,
    rounded: _Steps,
    s: TrackSettings,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Which vessels moved as one ship can: they have one track, and every fix is in reach of the one before.

    What rounding explains counts for no way; `rounded` are the steps of each vessel.

    Also, for each vessel, its last row that came after a silence, or by a leap that its speed does not
    explain, or -1: from there on the track has to be confirmed again.
    """
    first_leads = leads.rows.take(of_vessel := run_starts(leads.owners))
    led = starts[leads.owners[of_vessel]]  # the first rows of these vessels
    earlier: dict[str, Rows] = {}
    for name in ("time", "lon", "lat", "sog"):
        column = rows[name]
        earlier[name] = np.empty_like(column)
        earlier[name][1:] = column[:-1]
        earlier[name][starts] = column[starts]
        earlier[name][led] = first_leads[name]
    smoothed = np.where(vessels.ends["there"], vessels.ends["knots"], np.nan)
    for i in np.flatnonzero(vessels.several).tolist():
        smoothed[i] = vessels.by_itself[i].segments[0].knots
    dt = (rows["time"] - earlier["time"]).astype("f8")
    metres = haversine_m(earlier["lon"], earlier["lat"], rows["lon"], rows["lat"])
    if rounded[0].any() or rounded[1].any():
        steps = rounded[0][owners], rounded[1][owners]
        off = [errors(each["lon"], each["lat"], *steps) for each in (earlier, rows)]
        metres = np.maximum(metres - np.maximum(*off), 0.0)
    known = np.fmax(earlier["sog"], smoothed[owners])
    knots = credible_column(rows["sog"], known, dt, s)
    silent, leapt = dt > s.silence_minutes * MINUTE, metres > explained_metres(dt, knots, s)
    fits = reachable(dt, metres, knots, s) & ~(silent & leapt)
    since = np.full(len(starts), -1, np.intp)
    rows_in_doubt = np.flatnonzero(silent | leapt)
    since[owners[rows_in_doubt]] = rows_in_doubt  # the last one of each
    return np.logical_and.reduceat(fits, starts) & ~vessels.several, since


def _leads(vessels: _Vessels) -> _Piece:
    """The last fixes of all believed tracks."""
    several = [
        (i, vessels.mmsis[i], g)
        for i in np.flatnonzero(vessels.several).tolist()
        for g in vessels.by_itself[i].segments
        if g.believed
    ]
    (single,) = np.nonzero(vessels.ends["there"])
    ends, count = vessels.ends.take(single), len(single) + len(several)
    rows, numbers, owners = np.zeros(count, POSITION), np.empty(count, "u2"), np.empty(count, np.intp)
    rows["type"], owners[: len(single)], numbers[: len(single)] = 1, single, ends["number"]
    rows["mmsi"][: len(single)] = np.array(vessels.mmsis, "u4")[single]
    for name in ("time", "lon", "lat", "sog", "cog", "heading", "status"):
        rows[name][: len(single)] = ends[name]
    for k, (i, mmsi, g) in enumerate(several, len(single)):
        owners[k], numbers[k] = i, g.number
        rows[k] = (g.time, mmsi, 1, g.lon, g.lat, g.sog, g.cog, g.heading, g.status, 0)
    if several:
        order = np.argsort(owners, kind="stable")
        rows, numbers, owners = rows.take(order), numbers.take(order), owners.take(order)
    no = np.zeros(count, bool)
    return _Piece(rows, numbers, owners, no, no)


def _tracks(
    pieces: Sequence[_Piece],
    as_one: npt.NDArray[np.bool_],
    slots: npt.NDArray[np.intp],
    rounded: _Steps,
) -> tuple[Tracks, npt.NDArray[np.intp]]:
    """Rows in the order of their tracks, the last fix of each track before its new ones, without speeds; and
    whose each track is.

    `as_one` says which vessels have one track, and nothing out of order; `slots` where they are; `rounded`
    what the positions of each are rounded to.
    """
    rows, numbers = joined([p.rows for p in pieces], POSITION), np.concatenate([p.numbers for p in pieces])
    is_new, breaks = np.concatenate([p.is_new for p in pieces]), np.concatenate([p.breaks for p in pieces])
    owners = np.concatenate([p.owners for p in pieces])
    order = np.argsort(owners, kind="stable")  # so the order within a piece stays
    if not as_one.all():
        (mixed,) = np.nonzero(~as_one[owners[order]])
        which = order[mixed]
        order[mixed] = which[np.lexsort([is_new[which], rows["time"][which], numbers[which], owners[which]])]
    rows, numbers, is_new, breaks = (column.take(order) for column in (rows, numbers, is_new, breaks))
    owners = owners.take(order)
    follows = (rows["mmsi"][1:] == rows["mmsi"][:-1]) & (numbers[1:] == numbers[:-1]) & ~breaks[1:]
    keep = is_new | np.append(follows, False)  # a lead whose track got no new fix is left out
    begins = np.concatenate([[True], ~follows])
    if not keep.all():
        rows, numbers, is_new, begins, owners = (
            column.compress(keep) for column in (rows, numbers, is_new, begins, owners)
        )
    if len(begins):
        begins[0] = True
    starts = np.flatnonzero(begins)
    new = (~is_new[starts]).astype(np.intp)
    off = errors(rows["lon"], rows["lat"], rounded[0][owners], rounded[1][owners])
    owners = owners[starts]
    return Tracks(rows, numbers, slots[owners], starts, new, np.empty(len(rows)), off), owners


def _smooth(
    tracks: Tracks,
    owners: npt.NDArray[np.intp],
    vessels: _Vessels,
    as_one: npt.NDArray[np.bool_],
    fleet: TrackedFleet,
    s: TrackSettings,
) -> Motion | None:
    """Work out how the tracks move, and note it with them."""
    if not len(tracks.rows):
        return None
    trail = vessels.ends["trail"][owners]
    segments: dict[int, Segment] = {}  # of the tracks that are objects
    for k in np.flatnonzero(~as_one[owners]).tolist():
        number = int(tracks.numbers[tracks.starts[k]])
        segments[k] = next(g for g in vessels.by_itself[int(owners[k])].segments if g.number == number)
        trail[k] = np.frombuffer(segments[k].trail, TRAIL) if segments[k].trail else 0
    trail[tracks.new == 0] = 0  # a track that begins anew has no past
    motion = smooth(tracks.rows, tracks.starts, tracks.new, trail, tracks.errors, s)
    nowhere = motion.nowhere & as_one[owners]
    for k in np.flatnonzero(as_one[owners] & (nowhere | np.isin(owners, list(vessels.by_itself)))).tolist():
        i = int(owners[k])
        if nowhere[k] and i not in vessels.by_itself:
            vessels.by_itself[i] = fleet.whole(vessels.mmsis[i])
        vessel = vessels.by_itself[i]
        if vessel.segments and (nowhere[k] or vessel.segments[0].still is not None):
            write_back(vessels.ends, i, vessel.segments[0])
            note_still(vessel.segments[0], motion, k, s)
    for k, segment in segments.items():
        note_still(segment, motion, k, s)
        segment.trail, segment.knots = motion.trail[k].tobytes(), float(motion.knots[k])
        segment.contradicted = bool(motion.contradicted[k])
    (single,) = np.nonzero(as_one[owners])
    of = owners[single]
    for name in ("trail", "knots", "contradicted"):
        vessels.ends[name][of] = getattr(motion, name)[single]
    return motion
