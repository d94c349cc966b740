"""Assignment: puts the fixes of one step on the tracks of their vessels, for all vessels together."""

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, ways_m
from models.report import POSITION, Rows, joined, raw, run_starts
from streams.tracking.ends import END, TrackedFleet, TrackedVessel, go_on, is_ordinary, row_of, write_back
from streams.tracking.motion import TRAIL, Motion, note_still, smooth
from streams.tracking.one_ship import follow, moved_as_one
from streams.tracking.places import place_fixes
from streams.tracking.resolution import Resolution, errors
from streams.tracking.track import Segment, TrackSettings


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
    metres: Floats  # to each row from the one before; of no meaning where a track begins


class _Lines(msgspec.Struct):
    """Rows in the order of their tracks, a track's last fix before its new ones: what Tracks is made of."""

    rows: Rows
    numbers: Rows
    owners: npt.NDArray[np.intp]  # which of the step's vessels each row is of, counted by MMSI
    is_new: npt.NDArray[np.bool_]
    begins: npt.NDArray[np.bool_]
    errors: Floats
    metres: Floats


class _Vessels(msgspec.Struct):
    """The vessels of a step in the order of their rows."""

    mmsis: list[int]
    slots: npt.NDArray[np.intp]
    ends: Rows  # END rows of those with one track, or none yet
    east: npt.NDArray[np.int32]  # units that their positions are rounded to, 0 where not
    north: npt.NDArray[np.int32]
    by_itself: dict[int, TrackedVessel]  # vessels that are looked at one by one, by number
    several: npt.NDArray[np.bool_]  # whether a vessel has more than one track


def assign_step(rows: Rows, fleet: TrackedFleet, s: TrackSettings) -> Tracks:
    """Put the fixes of one step, sorted by (MMSI, time), on tracks, and move the vessels' tracks on.

    Vessels that moved as one ship can, which are nearly all, are worked off as columns, the others fix by
    fix.
    """
    if not len(rows):
        nothing, none = np.empty(0, np.intp), np.empty(0)
        return Tracks(rows, np.empty(0, "u2"), nothing, nothing, nothing, none, none, none)
    starts = run_starts(rows["mmsi"])
    bounds = np.concatenate([starts, [len(rows)]])
    vessels = _vessels(rows["mmsi"][starts], fleet)
    led = vessels.ends["there"].astype(np.intp)
    lines = _lines(rows, bounds, led, vessels)
    at = bounds.copy()  # where each vessel begins in these
    at[1:] += np.cumsum(led)
    as_one, since = moved_as_one(lines.rows, at, vessels.ends, lines.metres, lines.errors, s)
    as_one &= ~vessels.several
    starts, stops = at[:-1] + led, at[1:]
    if as_one.all():
        go_on(vessels.ends, lines.rows, starts, stops, since, s)
        owners = np.arange(len(starts))
        tracks = _tracks(lines, at[:-1], led, vessels.slots)
    else:
        (plain,) = as_one.nonzero()
        ends = vessels.ends.take(plain)
        go_on(ends, lines.rows, starts[plain], stops[plain], since[plain], s)
        raw(vessels.ends)[plain] = raw(ends)
        lines.begins[at[:-1]] = True
        others = _others(rows, bounds, as_one, vessels, fleet, s)
        (kept,) = as_one[lines.owners].nonzero()
        places = lines.owners[kept].searchsorted(others.owners)
        order = np.insert(kept, places, np.arange(len(others.rows)) + len(lines.rows))
        whole = _taken(_joined(lines, others), order)
        (starts,) = whole.begins.nonzero()
        owners = whole.owners[starts]
        tracks = _tracks(whole, starts, (~whole.is_new[starts]).astype(np.intp), vessels.slots[owners])
    motion = _smooth(tracks, owners, vessels, as_one, fleet, s)
    _put_back(vessels, as_one, fleet)
    return msgspec.structs.replace(tracks, knots=motion.speeds) if motion else tracks


def _tracks(
    lines: _Lines,
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    slots: npt.NDArray[np.intp],
) -> Tracks:
    """Tracks without speeds."""
    none = np.empty(0)
    return Tracks(lines.rows, lines.numbers, slots, starts, new, none, lines.errors, lines.metres)


def _vessels(column: npt.NDArray[np.uint32], fleet: TrackedFleet) -> _Vessels:
    mmsis, slots = column.tolist(), fleet.slots_of(column)
    steps = fleet.step_east[slots], fleet.step_north[slots]
    vessels = _Vessels(mmsis, slots, fleet.ends.take(slots), *steps, {}, np.zeros(len(mmsis), bool))
    for i in (~fleet.in_columns[slots]).nonzero()[0].tolist():
        vessel = vessels.by_itself[i] = fleet.whole(mmsis[i])
        vessels.several[i] = len(vessel.segments) > 1
        vessels.ends[i] = np.zeros(1, END)
        if len(vessel.segments) == 1:
            vessels.ends[i] = row_of(vessel.segments[0])
    return vessels


def _put_back(vessels: _Vessels, as_one: npt.NDArray[np.bool_], fleet: TrackedFleet) -> None:
    """Keep the rows of those that moved as one ship can, and those of others that are ordinary now."""
    if as_one.all() and not vessels.by_itself:
        raw(fleet.ends)[vessels.slots] = raw(vessels.ends)
        return
    kept = as_one.copy()
    for i, vessel in vessels.by_itself.items():
        if not as_one[i]:
            continue
        if vessel.segments:
            write_back(vessels.ends, i, vessel.segments[0])
            kept[i] = is_ordinary(vessel.segments[0])
        if kept[i]:
            fleet.put_in_columns(vessel.mmsi)
    raw(fleet.ends)[vessels.slots[kept]] = raw(vessels.ends)[kept]


def _lines(rows: Rows, bounds: npt.NDArray[np.intp], led: npt.NDArray[np.intp], vessels: _Vessels) -> _Lines:
    """The rows of each vessel after the last fix of its track, as if all moved as one ship can."""
    count = len(rows) + int(led.sum())
    lines = _Lines(
        rows=np.empty(count, POSITION),
        numbers=np.empty(count, "u2"),
        owners=np.empty(count, np.intp),
        is_new=np.empty(count, bool),
        begins=np.zeros(count, bool),
        errors=np.empty(0),
        metres=np.empty(0),
    )
    follow(rows, bounds, vessels.ends, lines.rows, lines.numbers, lines.owners, lines.is_new)
    return _measured(lines, vessels)


def _measured(lines: _Lines, vessels: _Vessels) -> _Lines:
    """The same with distances, and with what positions may be off."""
    lon, lat = lines.rows["lon"].copy(), lines.rows["lat"].copy()
    lines.errors = errors(lon, lat, vessels.east[lines.owners], vessels.north[lines.owners])
    lines.metres = np.zeros(len(lon))
    lines.metres[1:] = ways_m(lon, lat)
    return lines


def _others(
    rows: Rows,
    bounds: npt.NDArray[np.intp],
    as_one: npt.NDArray[np.bool_],
    vessels: _Vessels,
    fleet: TrackedFleet,
    s: TrackSettings,
) -> _Lines:
    """Put the fixes of vessels on tracks that did not move as one ship can, fix by fix."""
    leads, late, fresh = list[_Lines](), list[_Lines](), list[_Lines]()
    for i in (~as_one).nonzero()[0].tolist():
        vessel = vessels.by_itself[i] = fleet.whole(vessels.mmsis[i])
        tracks = [g for g in vessel.segments if g.believed or len(vessel.segments) == 1]
        ends = [_end_of(g, vessels.mmsis[i]) for g in tracks]
        leads.append(_piece(ends, [g.number for g in tracks], [False] * len(ends), i, is_new=False))
        part = rows[bounds[i] : bounds[i + 1]]
        placed = place_fixes(vessel, part, s, Resolution(int(vessels.east[i]), int(vessels.north[i])))
        if placed.late:
            fixes, numbers, breaks = map(list, zip(*placed.late, strict=True))
            late.append(_piece(fixes, numbers, breaks, i, is_new=True))
            late[-1].rows["stations"] = 0  # the stations of earlier steps are not known any more
        piece = _piece(part, placed.numbers, placed.breaks, i, is_new=True)
        fresh.append(_taken(piece, placed.keep.nonzero()[0]))
    lines = _joined(*leads, *late, *fresh)
    keys = lines.is_new, lines.rows["time"], lines.numbers, lines.owners
    lines = _taken(lines, np.lexsort(keys))
    follows = (lines.owners[1:] == lines.owners[:-1]) & (lines.numbers[1:] == lines.numbers[:-1])
    follows &= ~lines.begins[1:]
    lines.begins = np.append(True, ~follows)[: len(lines.rows)]
    # the last fix of a track that got no new one is left out; where it is followed by a break, that is
    # where the track begins
    keep = lines.is_new | np.append(follows, False)[: len(lines.rows)]
    return _measured(_taken(lines, keep.nonzero()[0]), vessels)


def _end_of(g: Segment, mmsi: int) -> tuple[float, ...]:
    """The last fix of a track, POSITION."""
    return g.time, mmsi, 1, g.lon, g.lat, g.sog, g.cog, g.heading, g.status, 0


def _piece(rows: object, numbers: object, breaks: object, owner: int, *, is_new: bool) -> _Lines:
    """Rows of one vessel; `breaks` tells which begin a track anew."""
    fixes = np.array(rows, POSITION)
    count, none = len(fixes), np.zeros(len(fixes))
    begins, whose = np.array(breaks, bool), np.full(count, owner)
    return _Lines(fixes, np.array(numbers, "u2"), whose, np.full(count, is_new), begins, none, none)


def _taken(lines: _Lines, which: npt.NDArray[np.intp]) -> _Lines:
    return _Lines(*(getattr(lines, name).take(which) for name in _Lines.__struct_fields__))


def _joined(*parts: _Lines) -> _Lines:
    columns = ([getattr(part, name) for part in parts] for name in _Lines.__struct_fields__)
    return _Lines(joined(next(columns), POSITION), *map(np.concatenate, columns))


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
    trail = raw(vessels.ends["trail"])[owners].view(TRAIL)
    segments: dict[int, Segment] = {}  # of the tracks that are objects
    if not (all_as_one := bool(as_one.all())):
        for k in (~as_one[owners]).nonzero()[0].tolist():
            number = int(tracks.numbers[tracks.starts[k]])
            segments[k] = next(g for g in vessels.by_itself[int(owners[k])].segments if g.number == number)
            trail[k] = np.frombuffer(segments[k].trail, TRAIL) if segments[k].trail else 0
    trail[tracks.new == 0] = 0  # a track that begins anew has no past
    motion = smooth(tracks.rows, tracks.starts, tracks.new, trail, tracks.errors, s)
    if vessels.by_itself or motion.nowhere.any():
        _note_still(motion, owners, vessels, as_one, fleet, s)
    for k, segment in segments.items():
        note_still(segment, motion, k, s)
        segment.trail, segment.knots = motion.trail[k].tobytes(), float(motion.knots[k])
        segment.contradicted = bool(motion.contradicted[k])
    single = slice(None) if all_as_one else as_one[owners].nonzero()[0]
    of = owners[single]
    raw(vessels.ends["trail"])[of] = raw(motion.trail)[single]
    for name in ("knots", "contradicted"):
        vessels.ends[name][of] = getattr(motion, name)[single]
    return motion


def _note_still(
    motion: Motion,
    owners: npt.NDArray[np.intp],
    vessels: _Vessels,
    as_one: npt.NDArray[np.bool_],
    fleet: TrackedFleet,
    s: TrackSettings,
) -> None:
    """Note which of the tracks in columns stay at one place although they report speed, and which left it."""
    nowhere = motion.nowhere & as_one[owners]
    looked_at = np.zeros(len(as_one), bool)
    looked_at[list(vessels.by_itself)] = True
    for k in (as_one[owners] & (nowhere | looked_at[owners])).nonzero()[0].tolist():
        i = int(owners[k])
        if nowhere[k] and i not in vessels.by_itself:
            vessels.by_itself[i] = fleet.whole(vessels.mmsis[i])
        vessel = vessels.by_itself[i]
        if vessel.segments and (nowhere[k] or vessel.segments[0].still is not None):
            write_back(vessels.ends, i, vessel.segments[0])
            note_still(vessel.segments[0], motion, k, s)
