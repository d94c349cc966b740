"""Assignment: puts the fixes of one step on the tracks of their vessels, for all vessels together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import haversine_m
from models.report import COARSE_TYPES, POSITION, Rows
from models.time import HOUR, Millis
from streams.tracking.track import (
    Segment,
    TrackSettings,
    assign_fixes,
    begin,
    move,
    reachable,
)


class TrackedVessel(Protocol):
    """What assignment reads and changes of a vessel's state."""

    mmsi: int
    segments: list[Segment]
    alternations: int
    alternated: Millis


class Tracks(msgspec.Struct, frozen=True):
    """The fixes of one step by track. Each track is led by the last fix that it had before, if it had one."""

    rows: Rows  # POSITION, sorted by (mmsi, segment, time)
    numbers: Rows  # the segment of each row
    starts: npt.NDArray[np.intp]  # where each track begins in rows
    new: npt.NDArray[np.intp]  # within each track the row of its first new fix: 1, or 0 for one that begins

    def each(self) -> Iterable[tuple[int, int, int]]:
        """Start, end and first new fix of every track."""
        ends = np.append(self.starts, len(self.rows))[1:]
        return zip(self.starts.tolist(), ends.tolist(), self.new.tolist(), strict=True)


def assign_step(rows: Rows, fleet: Mapping[int, TrackedVessel], instant: Millis, s: TrackSettings) -> Tracks:
    """Put the fixes of one step, sorted by (MMSI, time), on tracks, and move the vessels' segments on.

    Vessels that moved as one ship can, which are nearly all, are worked off as columns, the others fix by
    fix. An MMSI that is in two places has its count of alternations raised.
    """
    if not len(rows):
        return Tracks(rows, np.empty(0, "u2"), np.empty(0, np.intp), np.empty(0, np.intp))
    starts = np.flatnonzero(np.concatenate([[True], rows["mmsi"][1:] != rows["mmsi"][:-1]]))
    ends = np.append(starts[1:], len(rows))
    vessels = [fleet[mmsi] for mmsi in rows["mmsi"][starts].tolist()]
    leads, lead_numbers = _leads(vessels)
    numbers = np.zeros(len(rows), np.uint16)
    as_one = _moved_as_one(rows, starts, vessels, s)
    firsts, lasts = rows[starts].tolist(), rows[ends - 1].tolist()
    for i, (vessel, start, end, plain) in enumerate(
        zip(vessels, starts.tolist(), ends.tolist(), as_one, strict=True)
    ):
        if not plain:
            _assign_one_by_one(vessel, rows[start:end], numbers[start:end], instant, s)
            continue
        if not vessel.segments:
            vessel.segments.append(begin(0, firsts[i]))
        segment = vessel.segments[0]
        numbers[start:end] = segment.number
        segment.fixes += end - start
        move(segment, lasts[i])
    return _with_leads(rows, numbers, leads, lead_numbers)


def is_shared(vessel: TrackedVessel, instant: Millis, s: TrackSettings) -> bool:
    """Whether the MMSI has been in two places at once lately."""
    lately = instant - vessel.alternated <= s.shared_hours * HOUR
    return lately and vessel.alternations >= s.shared_alternations


def _moved_as_one(
    rows: Rows, starts: npt.NDArray[np.intp], vessels: Sequence[TrackedVessel], s: TrackSettings
) -> list[bool]:
    """Which vessels moved as one ship can: they have one track, and every fix is in reach of the one
    before."""
    earlier = np.concatenate([rows[:1], rows[:-1]])
    for start, vessel in zip(starts.tolist(), vessels, strict=True):
        earlier[start] = _lead(vessel.mmsi, vessel.segments[0]) if vessel.segments else rows[start]
    fits = reachable(
        (rows["time"] - earlier["time"]).astype("f8"),
        haversine_m(earlier["lon"], earlier["lat"], rows["lon"], rows["lat"]),
        np.fmax(rows["sog"], earlier["sog"]).astype("f8"),
        np.isin(rows["type"], COARSE_TYPES),
        s,
    )
    fit = np.logical_and.reduceat(fits, starts).tolist()
    return [ok and len(vessel.segments) < 2 for ok, vessel in zip(fit, vessels, strict=True)]


def _assign_one_by_one(
    vessel: TrackedVessel, rows: Rows, numbers: Rows, instant: Millis, s: TrackSettings
) -> None:
    """The slow way, for a vessel that leapt or is in several places. Fills in `numbers`."""
    numbers[:], alternations = assign_fixes(vessel.segments, rows, s)
    if instant - vessel.alternated > s.shared_hours * HOUR:
        vessel.alternations = 0
    if alternations:
        vessel.alternations += alternations
        vessel.alternated = instant


def _lead(mmsi: int, segment: Segment) -> tuple[float, ...]:
    """The last fix of a segment as a row of POSITION."""
    g = segment
    return (g.time, mmsi, 1, g.lon, g.lat, g.sog, g.cog, g.heading, g.status, 0)


def _leads(vessels: Sequence[TrackedVessel]) -> tuple[Rows, Rows]:
    """The last fixes of all segments, and the segments' numbers."""
    pairs = [(_lead(vessel.mmsi, g), g.number) for vessel in vessels for g in vessel.segments]
    return np.array([lead for lead, _ in pairs], POSITION), np.array([number for _, number in pairs], "u2")


def _with_leads(rows: Rows, numbers: Rows, leads: Rows, lead_numbers: Rows) -> Tracks:
    """Put the last fix of each track before its new ones."""
    is_new = np.concatenate([np.zeros(len(leads), bool), np.ones(len(rows), bool)])
    rows, numbers = np.concatenate([leads, rows]), np.concatenate([lead_numbers, numbers])
    order = np.lexsort([is_new, rows["time"], numbers, rows["mmsi"]])
    rows, numbers, is_new = rows[order], numbers[order], is_new[order]
    same = (rows["mmsi"][1:] == rows["mmsi"][:-1]) & (numbers[1:] == numbers[:-1])
    keep = is_new | np.append(same, False)  # a lead whose track got no new fix is left out
    rows, numbers, is_new = rows[keep], numbers[keep], is_new[keep]
    differs = (rows["mmsi"][1:] != rows["mmsi"][:-1]) | (numbers[1:] != numbers[:-1])
    starts = np.flatnonzero(np.concatenate([[True], differs]))
    return Tracks(rows, numbers, starts, (~is_new[starts]).astype(np.intp))
