"""Assignment: puts the fixes of one step on the tracks of their vessels, for all vessels together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, haversine_m
from models.report import POSITION, Rows, joined
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
    starts = np.flatnonzero(np.concatenate([[True], rows["mmsi"][1:] != rows["mmsi"][:-1]]))
    ends = np.append(starts[1:], len(rows))
    vessels = [fleet[mmsi] for mmsi in rows["mmsi"][starts].tolist()]
    pieces = [_leads(vessels)]
    numbers, breaks = np.zeros(len(rows), np.uint16), np.zeros(len(rows), bool)
    keep = np.ones(len(rows), bool)
    as_one, doubtful = _moved_as_one(rows, starts, vessels, s)
    lasts = rows[ends - 1].tolist()
    for i, (vessel, start, end, plain) in enumerate(
        zip(vessels, starts.tolist(), ends.tolist(), as_one, strict=True)
    ):
        if plain:
            numbers[start:end] = _go_on(vessel, rows, start, end, lasts[i], doubtful, s)
            continue
        placed = place_fixes(vessel, rows[start:end], s)
        numbers[start:end], keep[start:end], breaks[start:end] = placed.numbers, placed.keep, placed.breaks
        if placed.late:
            fixes, late_numbers, late_breaks = zip(*placed.late, strict=True)
            late = np.array(list(fixes), POSITION)
            late["stations"] = 0  # the stations of earlier steps are not known any more
            pieces.append(
                _Piece(late, np.array(late_numbers, "u2"), np.ones(len(late), bool), np.array(late_breaks))
            )
    pieces.append(_Piece(rows[keep], numbers[keep], np.ones(int(keep.sum()), bool), breaks[keep]))
    return _tracks(pieces, fleet, s)


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
    rows: Rows, starts: npt.NDArray[np.intp], vessels: Sequence[TrackedVessel], s: TrackSettings
) -> tuple[list[bool], dict[int, int]]:
    """Which vessels moved as one ship can: they have one track, and every fix is in reach of the one before.

    Also, by the row where the vessel begins, its last row that came after a silence, or by a leap that its
    speed does not explain: from there on the track has to be confirmed again.
    """
    earlier = rows[np.maximum(np.arange(len(rows)) - 1, 0)]
    smoothed = np.full(len(starts), np.nan)
    for i, (start, vessel) in enumerate(zip(starts.tolist(), vessels, strict=True)):
        earlier[start] = _lead(vessel.mmsi, vessel.segments[0]) if vessel.segments else rows[start]
        if vessel.segments:
            smoothed[i] = vessel.segments[0].knots
    dt = (rows["time"] - earlier["time"]).astype("f8")
    metres = haversine_m(earlier["lon"], earlier["lat"], rows["lon"], rows["lat"])
    lengths = np.diff(np.append(starts, len(rows)))
    known = np.fmax(earlier["sog"], np.repeat(smoothed, lengths))
    knots = credible_column(rows["sog"], known, dt, s)
    silent, leapt = dt > s.silence_minutes * MINUTE, metres > explained_metres(dt, knots, s)
    fits = reachable(dt, metres, knots, s) & ~(silent & leapt)
    first = np.repeat(starts, lengths)
    doubtful = {int(first[row]): int(row) for row in np.flatnonzero(silent | leapt).tolist()}
    fit = np.logical_and.reduceat(fits, starts).tolist()
    return [ok and len(vessel.segments) < 2 for ok, vessel in zip(fit, vessels, strict=True)], doubtful


def _lead(mmsi: int, segment: Segment) -> tuple[float, ...]:
    """The last fix of a segment as a row of POSITION."""
    g = segment
    return (g.time, mmsi, 1, g.lon, g.lat, g.sog, g.cog, g.heading, g.status, 0)


def _leads(vessels: Sequence[TrackedVessel]) -> _Piece:
    """The last fixes of all believed tracks."""
    pairs = [(_lead(vessel.mmsi, g), g.number) for vessel in vessels for g in vessel.segments if g.believed]
    no = np.zeros(len(pairs), bool)
    return _Piece(
        np.array([lead for lead, _ in pairs], POSITION),
        np.array([number for _, number in pairs], "u2"),
        no,
        no,
    )


def _tracks(pieces: Sequence[_Piece], fleet: Mapping[int, TrackedVessel], s: TrackSettings) -> Tracks:
    """Put rows in the order of their tracks, the last fix of each track before its new ones."""
    rows, numbers = joined([p.rows for p in pieces], POSITION), np.concatenate([p.numbers for p in pieces])
    is_new, breaks = np.concatenate([p.is_new for p in pieces]), np.concatenate([p.breaks for p in pieces])
    order = np.lexsort([is_new, rows["time"], numbers, rows["mmsi"]])
    rows, numbers, is_new, breaks = rows[order], numbers[order], is_new[order], breaks[order]
    follows = (rows["mmsi"][1:] == rows["mmsi"][:-1]) & (numbers[1:] == numbers[:-1]) & ~breaks[1:]
    keep = is_new | np.append(follows, False)  # a lead whose track got no new fix is left out
    rows, numbers, is_new = rows[keep], numbers[keep], is_new[keep]
    begins = np.concatenate([[True], ~follows])[keep]
    if len(begins):
        begins[0] = True
    starts = np.flatnonzero(begins)
    new = (~is_new[starts]).astype(np.intp)
    return Tracks(rows, numbers, starts, new, smooth(rows, numbers, starts, new, fleet, s))
