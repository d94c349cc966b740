"""Assignment: puts the fixes of one step on the tracks of their vessels, for all vessels together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, haversine_m
from models.report import POSITION, Rows, joined, run_starts
from models.time import MINUTE, Millis
from models.vessel import OffTrack
from streams.tracking.motion import smooth
from streams.tracking.places import place_fixes, place_of, restart
from streams.tracking.track import (
    Place,
    Segment,
    TrackSettings,
    begin,
    credible_column,
    explained_metres,
    move,
    reachable,
)


class TrackedVessel(Protocol):
    """What assignment reads and changes of a vessel's state."""

    mmsi: int
    segments: list[Segment]
    off_track: list[OffTrack]
    shared_at: Millis


class Tracks(msgspec.Struct, frozen=True):
    """The believed fixes of one step by track. Each track is led by the last fix that it had before, if any.

    A track that begins anew within the step, after wrong fixes, is there twice.
    """

    rows: Rows  # POSITION, sorted by (mmsi, segment, time)
    numbers: Rows  # the segment of each row
    starts: npt.NDArray[np.intp]  # where each track begins in rows
    new: npt.NDArray[np.intp]  # within each track the row of its first new fix: 1, or 0 for one that begins
    knots: Floats  # speed at each row: as reported, or as the positions imply where that can't be used

    def each(self) -> Iterable[tuple[int, int, int]]:
        """Start, end and first new fix of every track."""
        ends = np.append(self.starts, len(self.rows))[1:]
        return zip(self.starts.tolist(), ends.tolist(), self.new.tolist(), strict=True)


class _Piece(msgspec.Struct):
    """Rows of a step with their tracks: all that is needed to put them in order."""

    rows: Rows
    numbers: Rows
    owners: npt.NDArray[np.intp]  # which of the step's vessels each row is of, counted by MMSI
    is_new: npt.NDArray[np.bool_]
    breaks: npt.NDArray[np.bool_]


def assign_step(rows: Rows, fleet: Mapping[int, TrackedVessel], s: TrackSettings) -> Tracks:
    """Put the fixes of one step, sorted by (MMSI, time), on tracks, and move the vessels' segments on.

    Vessels that moved as one ship can, which are nearly all, are worked off as columns, the others fix by
    fix.
    """
    if not len(rows):
        nothing = np.empty(0, np.intp)
        return Tracks(rows, np.empty(0, "u2"), nothing, nothing, np.empty(0))
    starts = run_starts(rows["mmsi"])
    ends = np.append(starts[1:], len(rows))
    owners = np.repeat(np.arange(len(starts)), ends - starts)
    vessels = [fleet[mmsi] for mmsi in rows["mmsi"][starts].tolist()]
    leads = _leads(vessels)
    pieces = [leads]
    breaks, keep = np.zeros(len(rows), bool), np.ones(len(rows), bool)
    as_one, doubtful = _moved_as_one(rows, starts, owners, vessels, leads, s)
    lasts = rows.take(ends - 1).tolist()
    only = [0] * len(vessels)
    each = list(zip(vessels, starts.tolist(), ends.tolist(), as_one, strict=True))
    for i, (vessel, start, end, plain) in enumerate(each):
        if plain:
            only[i] = _go_on(vessel, rows, start, end, lasts[i], doubtful, s)
    numbers = np.array(only, np.uint16)[owners]
    for i, (vessel, start, end, plain) in enumerate(each):
        if plain:
            continue
        placed = place_fixes(vessel, rows[start:end], s)
        numbers[start:end], keep[start:end], breaks[start:end] = placed.numbers, placed.keep, placed.breaks
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
    return _tracks(pieces, np.array(as_one), fleet, s)


def _go_on(
    vessel: TrackedVessel,
    rows: Rows,
    start: int,
    end: int,
    last: tuple[float, ...],
    doubtful: dict[int, int],
    s: TrackSettings,
) -> int:
    """Move a vessel's only track on over these rows. Returns its number."""
    if not vessel.segments:
        vessel.segments.append(begin(0, tuple(rows[start].tolist())))
    segment = vessel.segments[0]
    since = doubtful.get(start)
    if since is None:
        segment.run_fixes += end - start
    else:
        before = place_of(segment)
        segment.run_fixes += since - start
        if since > start:
            time, _, _, lon, lat, sog = rows[since - 1].tolist()[:6]
            before = Place(time, lon, lat, sog)
        restart(segment, before, int(rows["time"][since]), end - since, s)
    segment.fixes += end - start
    move(segment, last)
    return segment.number


def _moved_as_one(
    rows: Rows,
    starts: npt.NDArray[np.intp],
    owners: npt.NDArray[np.intp],
    vessels: Sequence[TrackedVessel],
    leads: _Piece,
    s: TrackSettings,
) -> tuple[list[bool], dict[int, int]]:
    """Which vessels moved as one ship can: they have one track, and every fix is in reach of the one before.

    Also, by the row where the vessel begins, its last row that came after a silence, or by a leap that its
    speed does not explain: from there on the track has to be confirmed again.
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
    smoothed = np.array([each.segments[0].knots if each.segments else np.nan for each in vessels])
    dt = (rows["time"] - earlier["time"]).astype("f8")
    metres = haversine_m(earlier["lon"], earlier["lat"], rows["lon"], rows["lat"])
    known = np.fmax(earlier["sog"], smoothed[owners])
    knots = credible_column(rows["sog"], known, dt, s)
    silent, leapt = dt > s.silence_minutes * MINUTE, metres > explained_metres(dt, knots, s)
    fits = reachable(dt, metres, knots, s) & ~(silent & leapt)
    rows_in_doubt = np.flatnonzero(silent | leapt)
    doubtful = dict(zip(starts[owners[rows_in_doubt]].tolist(), rows_in_doubt.tolist(), strict=True))
    fit = np.logical_and.reduceat(fits, starts).tolist()
    return [ok and len(vessel.segments) < 2 for ok, vessel in zip(fit, vessels, strict=True)], doubtful


def _leads(vessels: Sequence[TrackedVessel]) -> _Piece:
    """The last fixes of all believed tracks."""
    tracks = [(i, vessel.mmsi, g) for i, vessel in enumerate(vessels) for g in vessel.segments if g.believed]
    rows = np.zeros(len(tracks), POSITION)
    rows["mmsi"], rows["type"] = [mmsi for _, mmsi, _ in tracks], 1
    rows["time"] = [g.time for *_, g in tracks]
    rows["lon"], rows["lat"] = [g.lon for *_, g in tracks], [g.lat for *_, g in tracks]
    rows["sog"], rows["cog"] = [g.sog for *_, g in tracks], [g.cog for *_, g in tracks]
    rows["heading"], rows["status"] = [g.heading for *_, g in tracks], [g.status for *_, g in tracks]
    no = np.zeros(len(tracks), bool)
    owners = np.array([i for i, *_ in tracks], np.intp)
    return _Piece(rows, np.array([g.number for *_, g in tracks], "u2"), owners, no, no)


def _tracks(
    pieces: Sequence[_Piece],
    as_one: npt.NDArray[np.bool_],
    fleet: Mapping[int, TrackedVessel],
    s: TrackSettings,
) -> Tracks:
    """Put rows in the order of their tracks, the last fix of each track before its new ones.

    `as_one` says which vessels have one track, and nothing out of order.
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
    follows = (rows["mmsi"][1:] == rows["mmsi"][:-1]) & (numbers[1:] == numbers[:-1]) & ~breaks[1:]
    keep = is_new | np.append(follows, False)  # a lead whose track got no new fix is left out
    begins = np.concatenate([[True], ~follows])
    if not keep.all():
        rows, numbers, is_new, begins = (column.compress(keep) for column in (rows, numbers, is_new, begins))
    if len(begins):
        begins[0] = True
    starts = np.flatnonzero(begins)
    new = (~is_new[starts]).astype(np.intp)
    return Tracks(rows, numbers, starts, new, smooth(rows, numbers, starts, new, fleet, s))
