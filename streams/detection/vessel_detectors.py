"""Runs the detectors of single vessels over their tracks, and makes events of what they find.

The rules are in the detectors (`loitering`, `port_visit`, `gaps`). This module decides which vessels they
run for, and when a revision is due: at first, on a change of level, hourly while a loitering is open, at the
end, and when an event has to be taken back.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Reason, Status, event_id
from models.time import HOUR, Millis
from models.vessel import ListingStatus, Role
from streams.detection import loitering, loitering_event, port_visit, port_visit_event
from streams.detection.explanation import NOT_OF_INTEREST, false_place, merge_receivers
from streams.detection.gaps.settings import GapSettings
from streams.detection.gaps.watch import GapWatch
from streams.detection.loitering import LoiteringRun, LoiteringSettings
from streams.detection.loitering_positions import LoiteringPositions
from streams.detection.port_visit import PortVisitSettings, Visit
from streams.detection.vessel_state import WATCHED, WATCHED_AT_FIRST, VesselState, interest_of
from streams.detection.watched import Watched, watched
from streams.tracking.assignment import Tracks
from streams.tracking.ends import TrackedFleet
from streams.tracking.track import TrackSettings


class DetectorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    loitering: LoiteringSettings = LoiteringSettings()
    port_visit: PortVisitSettings = PortVisitSettings()
    gap: GapSettings = GapSettings()
    candidate_hours: float = 24.0
    """A vessel whose type is not confirmed is watched like a tanker for this long."""
    waiting: int = 8
    """Ended loiterings, and ended visits, of one vessel that wait for its type to be confirmed."""

    def __post_init__(self) -> None:
        if self.candidate_hours <= 0:
            raise ValueError("candidate_hours must be above 0")
        if self.waiting < 1:
            raise ValueError("waiting must be at least 1")


class WatchedFleet(TrackedFleet, Protocol):
    """The vessels, and in columns by slot which are watched."""

    interest: npt.NDArray[np.uint8]
    first: npt.NDArray[np.int64]
    quiet: npt.NDArray[np.bool_]
    """Whether it is known to be at one place, if its track is in columns."""

    def whole(self, mmsi: int) -> VesselState: ...
    def states(self, mmsis: Iterable[int]) -> list[VesselState]:
        """Vessels whose tracks may be in columns."""
        ...


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
        self._at_first = settings.candidate_hours * HOUR
        self._positions = LoiteringPositions(surroundings)
        self.gaps = GapWatch(surroundings, detectors[EventType.GAP], settings.gap)

    def watch(
        self,
        tracks: Tracks,
        fleet: WatchedFleet,
        instant: Millis,
        stations: tuple[tuple[str, ...], ...],
    ) -> list[Event]:
        """Run the detectors over the tracks of one step."""
        s, slots = self._settings, tracks.slots
        chosen = np.flatnonzero(self.are_candidates(fleet.interest[slots], fleet.first[slots], instant))
        vessels = fleet.states(tracks.rows["mmsi"][tracks.starts[chosen]].tolist())
        wanted = dict(zip(chosen.tolist(), vessels, strict=True))
        each = (tracks, wanted, stations, self._surroundings, s.loitering, s.port_visit, self._track)
        events: list[Event] = []
        in_columns = fleet.in_columns[slots[chosen]].tolist()
        for one, alone in zip(watched(*each), in_columns, strict=True):
            vessel = one.vessel
            if vessel.visits and one.segment not in vessel.visits:
                fleet.whole(vessel.mmsi)
            one_place = alone or len(vessel.segments) < 2
            events += self._watch_loitering(one, instant, one_place=one_place)
            if vessel.visits or one.step.in_port[one.nth]:
                events += self._watch_port(one, instant)
            events += self.gaps.observe(vessel, one, instant)
            if vessel.circle is not None or vessel.crossing is not None:
                fleet.quiet[slots[one.track]] = False
        return events

    def close_buckets(
        self, vessels: Collection[tuple[VesselState, set[int]]], instant: Millis
    ) -> list[Event]:
        """Judge the bucket of loiterings that ends here for every vessel, and let go what is not needed.

        Each vessel comes with the numbers of its tracks.
        """
        events: list[Event] = []
        slow = (each.loitering_runs.values() for each, _ in vessels if each.identity.of_interest)
        loitering_event.expect(chain.from_iterable(slow), self._surroundings, self._settings.loitering)
        for vessel, alive in vessels:
            if not self.is_candidate(vessel, instant):
                _forget(vessel)
                continue
            for number in list(vessel.loitering_runs):
                events += self._close_bucket(vessel, number, alive, instant)
            events += self._revise_visits(vessel, alive, instant)
        return events

    def reconsider(self, vessels: Collection[VesselState], instant: Millis) -> list[Event]:
        """The roles of these have changed: raise what waited for that, or take back what no longer holds."""
        self._expect_visits(vessels)
        return [event for vessel in vessels for event in self._reconsider(vessel, instant)]

    def _reconsider(self, vessel: VesselState, instant: Millis) -> list[Event]:
        if vessel.identity.of_interest:
            return self._raise_waiting(vessel, instant)
        if any(hit.status == ListingStatus.DELISTED for hit in vessel.identity.watchlists):
            return self._let_go(vessel, instant)
        if vessel.identity.role is not Role.UNKNOWN:
            return self._take_back(vessel, instant)
        return []

    def _expect_visits(self, vessels: Iterable[VesselState]) -> None:
        """Events of their visits are about to be made."""
        of_interest = (vessel for vessel in vessels if vessel.identity.of_interest)
        visits = (visit for vessel in of_interest for visit in _visits_of(vessel))
        port_visit_event.expect(visits, self._surroundings)

    def lose(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel has not been heard for long: its visits end where it was last heard."""
        visits, vessel.visits = vessel.visits, {}
        return [
            event
            for segment, there in visits.items()
            for visit in there
            for event in self._end_visit(vessel, segment, port_visit.break_off(visit), instant)
        ]

    def finish(self, vessels: Collection[VesselState], instant: Millis) -> list[Event]:
        """All sources have ended: publish open events once more, as they stand."""
        self._expect_visits(vessels)
        events: list[Event] = []
        for vessel in vessels:
            if not vessel.identity.of_interest:
                continue
            for run in vessel.loitering_runs.values():
                events += self._publish_loitering(vessel, run, instant, Status.OPEN, final=True)
            for visit in _visits_of(vessel):
                events += self._publish_visit(vessel, visit, instant, Status.OPEN, so_far=True)
        return events

    def is_candidate(self, vessel: VesselState, instant: Millis) -> bool:
        """Tankers and listed vessels, and for a day those whose type is not confirmed yet."""
        interest = interest_of(vessel.identity)
        return interest == WATCHED or (
            interest == WATCHED_AT_FIRST and instant - vessel.first <= self._at_first
        )

    def are_candidates(
        self, interest: npt.NDArray[np.uint8], first: npt.NDArray[np.int64], instant: Millis
    ) -> npt.NDArray[np.bool_]:
        """`is_candidate` for columns."""
        at_first = (interest == WATCHED_AT_FIRST) & (instant - first <= self._at_first)
        return np.asarray((interest == WATCHED) | at_first)

    # --- loiterings

    def _watch_loitering(self, watched: Watched, instant: Millis, *, one_place: bool) -> list[Event]:
        runs, segment = watched.vessel.loitering_runs, watched.segment
        run = runs.get(segment)
        if run is None:
            run = runs[segment] = LoiteringRun()
        told = watched.step, watched.slowness, watched.nth
        done = loitering.observe(run, *told, self._settings.loitering, one_place=one_place)
        if run.run is not None:
            run.receivers = merge_receivers(run.receivers, watched.receivers)
        return [] if done is None else self._end_loitering(watched.vessel, segment, done, instant)

    def _close_bucket(
        self, vessel: VesselState, segment: int, alive: set[int], instant: Millis
    ) -> list[Event]:
        s, run = self._settings.loitering, vessel.loitering_runs[segment]
        events: list[Event] = []
        one_place = len(alive) < 2 and segment in alive
        done = loitering.close_bucket(run, instant, s, one_place=one_place)
        if segment not in alive and done is None:
            done = loitering.finish(run, run.slow)
        if done is not None:
            events = self._end_loitering(vessel, segment, done, instant)
        elif vessel.identity.of_interest:
            events = self._publish_loitering(vessel, run, instant, Status.OPEN)
        if run.run is None and instant - run.last > s.bucket:
            del vessel.loitering_runs[segment]
        return events

    def _end_loitering(
        self, vessel: VesselState, segment: int, run: LoiteringRun, instant: Millis
    ) -> list[Event]:
        s = self._settings.loitering
        if run.id is None and loitering.level_of(run, s) is None:
            return []
        assert run.start is not None
        if (why := false_place(vessel.identity, segment, run.start, run.until, s)) is not None:
            retracted = Status.RETRACTED
            return self._publish_loitering(vessel, run, instant, retracted, why) if run.id else []
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
            assert run.start is not None
            place = run.rows["lon"].item(0), run.rows["lat"].item(0)
            run.id = event_id(EventType.LOITERING, (vessel.mmsi,), run.start, *place)
        run.level, run.revision, run.last_revision_at = level, run.revision + 1, instant
        detector = self._detectors[EventType.LOITERING]
        known = vessel.identity, instant, status, retraction
        places = self._surroundings, self._positions
        return [loitering_event.build_event(run, *known, *places, detector, s)]

    # --- port visits

    def _watch_port(self, watched: Watched, instant: Millis) -> list[Event]:
        vessel, s, fixes = watched.vessel, self._settings.port_visit, watched.fixes
        in_hand = vessel.visits.pop(watched.segment, None) or _visits_of_ended_track(vessel)
        visits, over = port_visit.observe(in_hand, fixes, vessel.identity.draught, s)
        events = [
            event for visit in over for event in self._end_visit(vessel, watched.segment, visit, instant)
        ]
        for visit in visits:
            visit.receivers = merge_receivers(visit.receivers, watched.receivers)
            if vessel.identity.of_interest:
                events += self._publish_visit(vessel, visit, instant, Status.OPEN)
        if visits:
            vessel.visits[watched.segment] = visits
        return events

    def _revise_visits(self, vessel: VesselState, alive: set[int], instant: Millis) -> list[Event]:
        """End the visits that are over, also with their track, and say now and then how the others stand."""
        s = self._settings.port_visit
        events: list[Event] = []
        for number, visits in list(vessel.visits.items()):
            over = [each for each in visits if number not in alive or port_visit.is_over(each, instant, s)]
            for visit in over:
                events += self._end_visit(vessel, number, port_visit.break_off(visit), instant)
            vessel.visits[number] = going_on = [visit for visit in visits if visit.end is None]
            if not going_on:
                del vessel.visits[number]
            if vessel.identity.of_interest and instant % round(s.revision_hours * HOUR) == 0:
                for visit in going_on:
                    events += self._publish_visit(vessel, visit, instant, Status.OPEN, so_far=True)
        return events

    def _end_visit(self, vessel: VesselState, segment: int, visit: Visit, instant: Millis) -> list[Event]:
        s = self._settings.port_visit
        if visit.id is None and visit.confidence < s.min_confidence:
            return []
        if (why := false_place(vessel.identity, segment, visit.start, visit.last, s)) is not None:
            return self._publish_visit(vessel, visit, instant, Status.RETRACTED, why) if visit.id else []
        if vessel.identity.of_interest:
            return self._publish_visit(vessel, visit, instant, Status.CLOSED)
        vessel.visits_waiting = [*vessel.visits_waiting, visit][-self._settings.waiting :]
        return []

    def _publish_visit(
        self,
        vessel: VesselState,
        visit: Visit,
        instant: Millis,
        status: Status,
        retraction: Reason | None = None,
        so_far: bool = False,
    ) -> list[Event]:
        """A revision for every new stop, when the confidence has changed, and at the end.

        With `so_far` also when nothing has changed but the vessel was heard again.
        """
        s, (confidence, stops, last) = self._settings.port_visit, visit.published
        now = visit.confidence, len(visit.all_stops), visit.last
        news = now[:2] != (confidence, stops) or (so_far and visit.last != last)
        if status is Status.OPEN and not news:
            return []
        if visit.id is None and visit.confidence < s.min_confidence:
            return []
        if visit.id is None:
            visit.id = event_id(EventType.PORT_VISIT, (vessel.mmsi,), visit.start, visit.lon, visit.lat)
        visit.level, visit.published = port_visit.level_of(visit, s), now
        visit.revision += 1
        detector = self._detectors[EventType.PORT_VISIT]
        return [
            port_visit_event.build_event(
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
        for visit in _visits_of(vessel):
            events += self._publish_visit(vessel, visit, instant, Status.OPEN)
        return events + self.gaps.reconsider(vessel, instant)

    def _let_go(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel was taken off its list: what was published ends where it was last heard, and holds."""
        events: list[Event] = []
        for run in vessel.loitering_runs.values():
            if run.id is not None and (done := loitering.finish(run, run.slow)) is not None:
                events += self._publish_loitering(vessel, done, instant, Status.CLOSED)
        for visit in _visits_of(vessel):
            if visit.id is not None:
                events += self._publish_visit(vessel, port_visit.break_off(visit), instant, Status.CLOSED)
        _forget(vessel)
        return events

    def _take_back(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel is of no interest: take back what was published and goes on."""
        events: list[Event] = []
        value, s = vessel.identity.ship_type, self._settings
        for run in vessel.loitering_runs.values():
            if run.id is not None:
                why = NOT_OF_INTEREST.reason(s.loitering, value)
                events += self._publish_loitering(vessel, run, instant, Status.RETRACTED, why)
        for visit in _visits_of(vessel):
            if visit.id is not None:
                why = NOT_OF_INTEREST.reason(s.port_visit, value)
                events += self._publish_visit(vessel, visit, instant, Status.RETRACTED, why)
        events += self.gaps.take_back(vessel, instant)
        _forget(vessel)
        return events


def _visits_of(vessel: VesselState) -> list[Visit]:
    """Its visits in hand, on all its tracks."""
    return [visit for visits in vessel.visits.values() for visit in visits]


def _visits_of_ended_track(vessel: VesselState) -> list[Visit]:
    """The visits of a track that was silent for too long, which the vessel's new track goes on with.

    Global Fishing Watch, too, lets a visit go on through a silence of any length that begins and ends in
    port.
    """
    if not vessel.visits:
        return []
    alive = {segment.number for segment in vessel.segments}
    ended = next((number for number in sorted(vessel.visits) if number not in alive), None)
    return [] if ended is None else vessel.visits.pop(ended)


def _forget(vessel: VesselState) -> None:
    vessel.loitering_runs, vessel.visits = {}, {}
    vessel.loiterings_waiting, vessel.visits_waiting = [], []
