"""Runs the detectors of single vessels over their tracks, and makes events of what they find.

The rules are in the detectors (`loitering`, `port_visit`). This module decides which vessels they run for,
and when a revision is due: at first, on a change of level, hourly while a loitering is open, at the end, and
when an event has to be taken back.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
import numpy as np

from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Reason, Status, event_id
from models.time import HOUR, Millis
from models.vessel import Role
from streams.detection import loitering, loitering_event, port_visit
from streams.detection.explanation import NOT_OF_INTEREST, merge_receivers
from streams.detection.fixes import Fixes, fixes_of
from streams.detection.loitering import LoiteringRun, LoiteringSettings
from streams.detection.port_visit import PortVisitSettings, Visit
from streams.detection.vessel_state import VesselState
from streams.tracking.assignment import Tracks
from streams.tracking.track import TrackSettings


class DetectorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    loitering: LoiteringSettings = LoiteringSettings()
    port_visit: PortVisitSettings = PortVisitSettings()
    candidate_hours: float = 24.0
    """A vessel whose type is not confirmed is watched like a tanker for this long."""
    waiting: int = 8
    """Ended loiterings, and ended visits, of one vessel that wait for its type to be confirmed."""

    def __post_init__(self) -> None:
        if self.candidate_hours <= 0:
            raise ValueError("candidate_hours must be above 0")
        if self.waiting < 1:
            raise ValueError("waiting must be at least 1")


class _Watched(msgspec.Struct, frozen=True):
    """The new fixes of one track of a vessel that events may be raised for."""

    vessel: VesselState
    segment: int
    fixes: Fixes
    receivers: set[str]


class VesselDetectors:
    """Has no state of its own: what is found so far is kept in the states of the vessels."""

    def __init__(
        self,
        surroundings: Surroundings,
        detectors: Mapping[EventType, Detector],
        settings: DetectorSettings,
        track: TrackSettings,
    ) -> None:
        self._surroundings = surroundings
        self._detectors = detectors
        self._settings = settings
        self._track = track

    def watch(
        self,
        tracks: Tracks,
        fleet: Mapping[int, VesselState],
        instant: Millis,
        stations: tuple[tuple[str, ...], ...],
    ) -> list[Event]:
        """Run the detectors over the tracks of one step."""
        return [
            event
            for watched in self._watched(tracks, fleet, instant, stations)
            for event in (*self._watch_loitering(watched, instant), *self._watch_port(watched, instant))
        ]

    def close_buckets(self, vessels: Iterable[VesselState], instant: Millis) -> list[Event]:
        """Judge the bucket of loiterings that ends here for every vessel, and let go what is not needed."""
        events: list[Event] = []
        for vessel in vessels:
            if not self._is_candidate(vessel, instant):
                _forget(vessel)
                continue
            alive = {segment.number for segment in vessel.segments}
            for number in list(vessel.loitering_runs):
                events += self._close_bucket(vessel, number, number in alive, instant)
            for number, visit in list(vessel.visits.items()):
                if number not in alive or port_visit.is_over(visit, instant, self._settings.port_visit):
                    events += self._break_off(vessel, vessel.visits.pop(number), instant)
        return events

    def reconsider(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel's role has changed: raise what waited for that, or take back what no longer holds."""
        if vessel.identity.of_interest:
            return self._raise_waiting(vessel, instant)
        if vessel.identity.role is not Role.UNKNOWN:
            return self._take_back(vessel, instant)
        return []

    def lose(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel is forgotten: its visits end where it was last heard."""
        return [e for visit in vessel.visits.values() for e in self._break_off(vessel, visit, instant)]

    def finish(self, vessels: Iterable[VesselState], instant: Millis) -> list[Event]:
        """All sources have ended: publish open loiterings once more, as they stand."""
        return [
            event
            for vessel in vessels
            if vessel.identity.of_interest
            for run in vessel.loitering_runs.values()
            for event in self._publish_loitering(vessel, run, instant, Status.OPEN, final=True)
        ]

    # --- which tracks are watched

    def _watched(
        self,
        tracks: Tracks,
        fleet: Mapping[int, VesselState],
        instant: Millis,
        stations: tuple[tuple[str, ...], ...],
    ) -> Iterator[_Watched]:
        wanted = [
            (vessel, start, end, new)
            for start, end, new in tracks.each()
            if self._is_candidate(vessel := fleet[int(tracks.rows["mmsi"][start])], instant)
        ]
        if not wanted:
            return
        which = np.concatenate([np.arange(start, end) for _, start, end, _ in wanted])
        lengths = np.array([end - start for _, start, end, _ in wanted])
        starts = np.cumsum(lengths) - lengths
        each = fixes_of(
            tracks.rows[which],
            tracks.knots[which],
            starts.tolist(),
            [new for *_, new in wanted],
            self._surroundings,
            self._settings.port_visit.leave_metres,
            self._track,
        )
        for (vessel, start, end, new), fixes in zip(wanted, each, strict=True):
            heard = set(tracks.rows["stations"][start + new : end].tolist())
            receivers = {name for i in heard for name in stations[i]}
            yield _Watched(vessel, int(tracks.numbers[start]), fixes, receivers)

    def _is_candidate(self, vessel: VesselState, instant: Millis) -> bool:
        """Tankers and listed vessels, and for a day those whose type is not confirmed yet."""
        return vessel.identity.of_interest or (
            vessel.identity.role is Role.UNKNOWN
            and instant - vessel.first <= self._settings.candidate_hours * HOUR
        )

    # --- loiterings

    def _watch_loitering(self, watched: _Watched, instant: Millis) -> list[Event]:
        run = watched.vessel.loitering_runs.setdefault(watched.segment, LoiteringRun())
        done = loitering.observe(run, watched.fixes, self._settings.loitering)
        if run.run is not None:
            run.receivers = merge_receivers(run.receivers, watched.receivers)
        return [] if done is None else self._end_loitering(watched.vessel, done, instant)

    def _close_bucket(self, vessel: VesselState, segment: int, alive: bool, instant: Millis) -> list[Event]:
        s, run = self._settings.loitering, vessel.loitering_runs[segment]
        events: list[Event] = []
        done = loitering.close_bucket(run, instant, s)
        if not alive and done is None:
            done = loitering.finish(run, run.slow)
        if done is not None:
            events = self._end_loitering(vessel, done, instant)
        elif vessel.identity.of_interest:
            events = self._publish_loitering(vessel, run, instant, Status.OPEN)
        if run.run is None and instant - run.last > s.bucket:
            del vessel.loitering_runs[segment]
        return events

    def _end_loitering(self, vessel: VesselState, run: LoiteringRun, instant: Millis) -> list[Event]:
        if run.id is None and loitering.level_of(run, self._settings.loitering) is None:
            return []
        if vessel.identity.of_interest:
            return self._publish_loitering(vessel, run, instant, Status.CLOSED)
        vessel.loiterings_waiting = [*vessel.loiterings_waiting, run][-self._settings.waiting :]
        return []

    def _publish_loitering(
        self,
        vessel: VesselState,
        run: LoiteringRun,
        instant: Millis,
        status: Status,
        retraction: Reason | None = None,
        final: bool = False,
    ) -> list[Event]:
        """A revision, if one is due: the first, a change of level, each hour, the end."""
        s = self._settings.loitering
        level = loitering.level_of(run, s) or run.level
        revision_due = level != run.level or status is not Status.OPEN or instant % HOUR == 0 or final
        if not level or not revision_due or (status is Status.OPEN and run.last_revision_at == instant):
            return []
        if run.id is None:
            first = run.samples[0]
            assert run.start is not None
            run.id = event_id(EventType.LOITERING, (vessel.mmsi,), run.start, first.lon, first.lat)
        run.level, run.revision, run.last_revision_at = level, run.revision + 1, instant
        detector = self._detectors[EventType.LOITERING]
        return [
            loitering_event.build_event(
                run, vessel.identity, instant, status, retraction, self._surroundings, detector, s
            )
        ]

    # --- port visits

    def _watch_port(self, watched: _Watched, instant: Millis) -> list[Event]:
        events: list[Event] = []
        vessel = watched.vessel
        in_hand = vessel.visits.pop(watched.segment, None)
        visit, over = port_visit.observe(in_hand, watched.fixes, self._settings.port_visit)
        for each in over:
            events += self._end_visit(vessel, each, instant)
        if visit is not None:
            visit.receivers = merge_receivers(visit.receivers, watched.receivers)
            vessel.visits[watched.segment] = visit
            if vessel.identity.of_interest:
                events += self._publish_visit(vessel, visit, instant, Status.OPEN)
        return events

    def _end_visit(self, vessel: VesselState, visit: Visit, instant: Millis) -> list[Event]:
        if visit.id is None and visit.confidence < self._settings.port_visit.min_confidence:
            return []
        if vessel.identity.of_interest:
            return self._publish_visit(vessel, visit, instant, Status.CLOSED)
        vessel.visits_waiting = [*vessel.visits_waiting, visit][-self._settings.waiting :]
        return []

    def _break_off(self, vessel: VesselState, visit: Visit, instant: Millis) -> list[Event]:
        """The visit ends where the vessel was last heard."""
        visit.end = visit.last
        return self._end_visit(vessel, visit, instant)

    def _publish_visit(
        self,
        vessel: VesselState,
        visit: Visit,
        instant: Millis,
        status: Status,
        retraction: Reason | None = None,
    ) -> list[Event]:
        """A revision when the confidence has changed, and at the end: hourly there is nothing new."""
        s, confidence = self._settings.port_visit, visit.confidence
        if status is Status.OPEN and confidence == visit.published_confidence:
            return []
        if visit.id is None and confidence < s.min_confidence:
            return []
        if visit.id is None:
            visit.id = event_id(EventType.PORT_VISIT, (vessel.mmsi,), visit.start, visit.lon, visit.lat)
        visit.level, visit.published_confidence = port_visit.level_of(visit, s), confidence
        visit.revision += 1
        detector = self._detectors[EventType.PORT_VISIT]
        return [
            port_visit.build_event(
                visit, vessel.identity, instant, status, retraction, self._surroundings, detector, s
            )
        ]

    # --- what changes with the vessel's role

    def _raise_waiting(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel is of interest now: raise what ended within a day, and what goes on."""
        horizon = instant - self._settings.candidate_hours * HOUR
        ended = [run for run in vessel.loiterings_waiting if run.until >= horizon]
        left = [visit for visit in vessel.visits_waiting if visit.last >= horizon]
        vessel.loiterings_waiting, vessel.visits_waiting = [], []
        events: list[Event] = []
        for run in ended:
            events += self._publish_loitering(vessel, run, instant, Status.CLOSED)
        for visit in left:
            events += self._publish_visit(vessel, visit, instant, Status.CLOSED)
        for run in vessel.loitering_runs.values():
            events += self._publish_loitering(vessel, run, instant, Status.OPEN)
        for visit in vessel.visits.values():
            events += self._publish_visit(vessel, visit, instant, Status.OPEN)
        return events

    def _take_back(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel is of no interest: take back what was published and goes on."""
        events: list[Event] = []
        value, s = vessel.identity.ship_type, self._settings
        for run in vessel.loitering_runs.values():
            if run.id is not None:
                why = NOT_OF_INTEREST.reason(s.loitering, value)
                events += self._publish_loitering(vessel, run, instant, Status.RETRACTED, why)
        for visit in vessel.visits.values():
            if visit.id is not None:
                why = NOT_OF_INTEREST.reason(s.port_visit, value)
                events += self._publish_visit(vessel, visit, instant, Status.RETRACTED, why)
        _forget(vessel)
        return events


def _forget(vessel: VesselState) -> None:
    vessel.loitering_runs, vessel.visits = {}, {}
    vessel.loiterings_waiting, vessel.visits_waiting = [], []
