"""Watched: the tracks of one step whose vessels events may be raised for, with all that detectors see."""

from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

from geofences.surroundings import Surroundings
from streams.detection.fixes import Fixes, Step, fixes_of
from streams.detection.loitering import LoiteringSettings, slowness
from streams.detection.port_visit import PortVisitSettings
from streams.detection.positions import circling, crossing
from streams.detection.slowness import Slowness
from streams.detection.vessel_state import VesselState
from streams.tracking.assignment import Tracks
from streams.tracking.track import TrackSettings

Stations = tuple[tuple[str, ...], ...]


class Watched(msgspec.Struct):
    """The new fixes of one track of a vessel. What few detectors ask of few tracks is made when it is asked
    for."""

    vessel: VesselState
    track: int
    """Which of all tracks of the step it is."""
    segment: int
    step: Step
    slowness: Slowness
    nth: int
    """Which of those that are watched."""
    heard: list[int]
    """Of each row of the step the number of its set of stations."""
    stations: Stations

    @property
    def fixes(self) -> Fixes:
        return self.step.track(self.nth)

    @property
    def receivers(self) -> set[str]:
        """The stations that heard it."""
        step, i = self.step, self.nth
        heard_by = set(self.heard[step.starts[i] + step.new[i] : step.ends[i]])
        return {name for each_set in heard_by for name in self.stations[each_set]}


def watched(
    tracks: Tracks,
    wanted: Mapping[int, VesselState],
    stations: Stations,
    surroundings: Surroundings,
    loitering: LoiteringSettings,
    port_visit: PortVisitSettings,
    settings: TrackSettings,
) -> Iterator[Watched]:
    """The tracks of a step that are wanted: vessels by the number of the track.

    What their positions show by themselves, circles and ways across land, is noted on the way.
    """
    if not wanted:
        return
    chosen = np.fromiter(wanted, np.intp, len(wanted))
    from_row, new = tracks.starts[chosen], tracks.new[chosen]
    lengths = np.concatenate([tracks.starts[1:], [len(tracks.rows)]])[chosen] - from_row
    starts = np.cumsum(lengths) - lengths
    which = np.arange(lengths.sum()) + np.repeat(from_row - starts, lengths)
    rows = tracks.rows.take(which)
    vessels = list(wanted.values())
    turns = circling.turning(rows, starts).tolist()
    for i, (vessel, turned) in enumerate(zip(vessels, turns, strict=True)):
        if turned or vessel.circle is not None:
            fresh = rows[starts[i] + new[i] : starts[i] + lengths[i]]
            vessel.circle = circling.observe(vessel.circle, fresh, turns=turned)
    crossing.note(vessels, rows, starts, surroundings)
    columns = rows, tracks.knots[which], tracks.metres[which], tracks.errors[which], starts, new
    leave, join = port_visit.leave_metres, port_visit.join_metres
    step = fixes_of(*columns, surroundings, leave, join, settings)
    slow, heard = slowness(step, loitering), rows["stations"].tolist()
    segments = tracks.numbers[from_row].tolist()
    for i, (track, vessel) in enumerate(wanted.items()):
        yield Watched(vessel, track, segments[i], step, slow, i, heard, stations)
