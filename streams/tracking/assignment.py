"""Following: puts one step's fixes of all vessels on their tracks, as columns."""

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
    assign,
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
    """Fixes of one step on their tracks, each track led by the last fix it had before, if any."""

    rows: Rows  # POSITION by (mmsi, segment, time)
    numbers: Rows  # the segment of each row
    starts: npt.NDArray[np.intp]  # where each track begins in rows
    new: npt.NDArray[np.intp]  # index in the track of its first new fix: 1, or 0 for one that begins

    def each(self) -> Iterable[tuple[int, int, int]]:
        """Start, end and first new fix of every track."""
        ends = np.append(self.starts, len(self.rows))[1:]
        return zip(self.starts.tolist(), ends.tolist(), self.new.tolist(), strict=True)


def follow(rows: Rows, fleet: Mapping[int, TrackedVessel], instant: Millis, s: TrackSettings) -> Tracks:
    """Put a step's fixes (by MMSI and time) on tracks, and move the vessels' segments on.

    Most vessels moved as one ship can: they are done with columns. The others go fix by fix. A vessel that
    turns out to be in two places has its count of alternations raised.
    """
    if not len(rows):
        return Tracks(rows, np.empty(0, "u2"), np.empty(0, np.intp), np.empty(0, np.intp))
    starts = np.flatnonzero(np.concatenate([[True], rows["mmsi"][1:] != rows["mmsi"][:-1]]))
    ends = np.append(starts[1:], len(rows))
    vessels = [fleet[mmsi] for mmsi in rows["mmsi"][starts].tolist()]
    leads, lead_numbers = _leads(vessels)
    numbers = np.zeros(len(rows), np.uint16)
    calm = _calm(rows, starts, vessels, s)
    firsts, lasts = rows[starts].tolist(), rows[ends - 1].tolist()
    for i, (vessel, start, end, easy) in enumerate(
        zip(vessels, starts.tolist(), ends.tolist(), calm, strict=True)
    ):
        if not easy:
            _sort_out(vessel, rows[start:end], numbers[start:end], instant, s)
            continue
        if not vessel.segments:
            vessel.segments.append(begin(0, firsts[i]))
        segment = vessel.segments[0]
        numbers[start:end] = segment.number
        segment.fixes += end - start
        move(segment, lasts[i])
    return _led(rows, numbers, leads, lead_numbers)


def _calm(
    rows: Rows, starts: npt.NDArray[np.intp], vessels: Sequence[TrackedVessel], s: TrackSettings
) -> list[bool]:
    """Which vessels moved as one ship can: one track, every fix within reach of the one before."""
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


def _sort_out(vessel: TrackedVessel, rows: Rows, numbers: Rows, instant: Millis, s: TrackSettings) -> None:
    """The slow way, for a vessel that leapt or is in several places."""
    numbers[:], alternations = assign(vessel.segments, rows, s)
    if instant - vessel.alternated > s.shared_hours * HOUR:
        vessel.alternations = 0
    if alternations:
        vessel.alternations += alternations
        vessel.alternated = instant


def is_shared(vessel: TrackedVessel, instant: Millis, s: TrackSettings) -> bool:
    """Whether the MMSI was in two places at once, lately."""
    lately = instant - vessel.alternated <= s.shared_hours * HOUR
    return lately and vessel.alternations >= s.shared_alternations


def _lead(mmsi: int, segment: Segment) -> tuple[float, ...]:
    """The last fix of a segment as a row of POSITION."""
    g = segment
    return (g.time, mmsi, 1, g.lon, g.lat, g.sog, g.cog, g.heading, g.status, 0)


def _leads(vessels: Sequence[TrackedVessel]) -> tuple[Rows, Rows]:
    pairs = [(_lead(vessel.mmsi, g), g.number) for vessel in vessels for g in vessel.segments]
    return np.array([lead for lead, _ in pairs], POSITION), np.array([number for _, number in pairs], "u2")


def _led(rows: Rows, numbers: Rows, leads: Rows, lead_numbers: Rows) -> Tracks:
    """Put the last fix of each track before its new ones."""
    is_new = np.concatenate([np.zeros(len(leads), bool), np.ones(len(rows), bool)])
    rows, numbers = np.concatenate([leads, rows]), np.concatenate([lead_numbers, numbers])
    order = np.lexsort([is_new, rows["time"], numbers, rows["mmsi"]])
    rows, numbers, is_new = rows[order], numbers[order], is_new[order]
    same = (rows["mmsi"][1:] == rows["mmsi"][:-1]) & (numbers[1:] == numbers[:-1])
    keep = is_new | np.append(same, False)  # a lead whose track got no new fix stays behind
    rows, numbers, is_new = rows[keep], numbers[keep], is_new[keep]
    differs = (rows["mmsi"][1:] != rows["mmsi"][:-1]) | (numbers[1:] != numbers[:-1])
    starts = np.flatnonzero(np.concatenate([[True], differs]))
    return Tracks(rows, numbers, starts, (~is_new[starts]).astype(np.intp))
