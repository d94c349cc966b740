"""Vigil: runs the detectors for single vessels over their tracks, and tells what they find as events.

The rules are in the detectors (`loitering`, `port_visit`); here is whom they are run for, and when a
revision is due: at first, on a change of level, hourly while a loitering is open, at the end, and when it
has to be taken back.
"""

from collections.abc import Iterable

import msgspec
import numpy as np

from geofences.distance import haversine_m
from geofences.surroundings import Surroundings
from models.event import Event, EventType, Reason, Status, event_id
from models.time import HOUR, Millis
from models.vessel import Role
from streams.detection import loitering, port_visit
from streams.detection.explanation import merge_receivers
from streams.detection.loitering import Fixes, LoiteringRun, LoiteringSettings
from streams.detection.port_visit import Calls, PortVisitSettings, Visit
from streams.detection.vessel_state import VesselState
from streams.tracking.assignment import Tracks
from streams.tracking.track import KNOT

WAITING = 8
"""So many ended events of one vessel wait for its type to be confirmed."""


class DetectorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    loitering: LoiteringSettings = LoiteringSettings()
    port_visit: PortVisitSettings = PortVisitSettings()
    candidate_hours: float = 24.0
    """A vessel of unconfirmed type is watched like a tanker for so long."""

    def __post_init__(self) -> None:
        if self.candidate_hours <= 0:
            raise ValueError("candidate_hours must be above 0")


class VesselDetectors:
    """Stateless: what is found so far is kept in the vessels' states."""

    def __init__(self, places: Surroundings, settings: DetectorSettings) -> None:
        self._places = places
        self._settings = settings

    def watch(
        self,
        tracks: Tracks,
        fleet: dict[int, VesselState],
        instant: Millis,
        stations: tuple[tuple[str, ...], ...],
    ) -> list[Event]:
        """Run the detectors over one step's tracks of vessels that events may be raised for."""
        s = self._settings
        events: list[Event] = []
        watched = [
            (vessel, start, end, new)
            for start, end, new in tracks.each()
            if self._candidate(vessel := fleet[int(tracks.rows["mmsi"][start])], instant)
            and _believed(vessel, int(tracks.numbers[start]))
        ]
        if not watched:
            return events
        pick = np.concatenate([np.arange(start, end) for _, start, end, _ in watched])
        rows, numbers, length = tracks.rows[pick], tracks.numbers[pick], len(pick)
        dt = np.diff(rows["time"], prepend=rows["time"][:1]).astype("f8")
        metres = np.zeros(length)
        metres[1:] = haversine_m(rows["lon"][:-1], rows["lat"][:-1], rows["lon"][1:], rows["lat"][1:])
        implied = np.where(dt > 0, metres / np.maximum(dt, 1.0) / KNOT, np.nan)
        sog = rows["sog"].astype("f8")
        inside = self._places.index.containing(rows["lon"], rows["lat"])
        near = self._places.index.near(rows["lon"], rows["lat"], s.port_visit.leave_metres)
        suppressed, sts = self._places.suppressed(inside, length), self._places.sts(inside, length)
        fence, port = self._places.port_of(inside, length)
        _, near_port = self._places.port_of(near, length)
        at = 0
        for vessel, start, end, new in watched:
            part = slice(at, at + end - start)
            at = part.stop
            number = int(numbers[part.start])
            implied[part.start] = np.nan  # the row before is another track's
            heard = {name for i in set(rows["stations"][part][new:].tolist()) for name in stations[i]}
            fixes = Fixes(
                rows["time"][part],
                rows["lon"][part],
                rows["lat"][part],
                sog[part],
                implied[part],
                rows["status"][part],
                suppressed[part],
                sts[part],
                new,
            )
            spell = vessel.spells.setdefault(number, LoiteringRun())
            done = loitering.observe(spell, fixes, s.loitering)
            if spell.run is not None:
                spell.receivers = merge_receivers(spell.receivers, heard)
            if done is not None:
                events += self._loitering_over(vessel, done, instant)
            knots = np.where(np.isnan(sog[part]), implied[part], sog[part])
            calls = Calls(
                fixes.time, fixes.lon, fixes.lat, knots, fence[part], port[part], near_port[part], new
            )
            visit, left = port_visit.observe(vessel.visits.pop(number, None), calls, s.port_visit)
            for over in left:
                events += self._visit_over(vessel, over, instant)
            if visit is not None:
                visit.receivers = merge_receivers(visit.receivers, heard)
                vessel.visits[number] = visit
                if vessel.identity.of_interest:
                    events += self._tell_visit(vessel, visit, instant, Status.OPEN)
        return events

    def close_buckets(self, vessels: Iterable[VesselState], instant: Millis) -> list[Event]:
        """The end of a loitering bucket: judge it for every vessel, and let go what is no longer needed."""
        events: list[Event] = []
        for vessel in vessels:
            if not self._candidate(vessel, instant):
                vessel.spells, vessel.visits, vessel.ended, vessel.left = {}, {}, [], []
                continue
            alive = {segment.number for segment in vessel.segments}
            for number, spell in list(vessel.spells.items()):
                done = loitering.close_bucket(spell, instant, self._settings.loitering)
                if number not in alive and done is None:
                    done = loitering.finish(spell, spell.slow)
                if done is not None:
                    events += self._loitering_over(vessel, done, instant)
                elif vessel.identity.of_interest:
                    events += self._tell_loitering(vessel, spell, instant, Status.OPEN)
                if spell.run is None and instant - spell.last > self._settings.loitering.bucket:
                    del vessel.spells[number]
            for number, visit in list(vessel.visits.items()):
                if number not in alive or port_visit.gone(visit, instant, self._settings.port_visit):
                    events += self._break_off(vessel, vessel.visits.pop(number), instant)
        return events

    def reconsider(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel's role has changed: raise what waited for it, or take back what no longer holds."""
        events: list[Event] = []
        if vessel.identity.of_interest:
            horizon = instant - self._settings.candidate_hours * HOUR
            for spell in vessel.ended:
                if spell.until >= horizon:
                    events += self._tell_loitering(vessel, spell, instant, Status.CLOSED)
            for visit in vessel.left:
                if visit.last >= horizon:
                    events += self._tell_visit(vessel, visit, instant, Status.CLOSED)
            for spell in vessel.spells.values():
                events += self._tell_loitering(vessel, spell, instant, Status.OPEN)
            for visit in vessel.visits.values():
                events += self._tell_visit(vessel, visit, instant, Status.OPEN)
            vessel.ended, vessel.left = [], []
        elif vessel.identity.role is not Role.UNKNOWN:
            why = Reason(
                code="excluded_type",
                text="it turned out to be neither a tanker nor listed",
                value=vessel.identity.ship_type,
                weight=0.5,
            )
            for spell in vessel.spells.values():
                if spell.id is not None:
                    events += self._tell_loitering(vessel, spell, instant, Status.RETRACTED, why)
            for visit in vessel.visits.values():
                if visit.id is not None:
                    events += self._tell_visit(vessel, visit, instant, Status.RETRACTED, why)
            vessel.spells, vessel.visits, vessel.ended, vessel.left = {}, {}, [], []
        return events

    def lose(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel is forgotten: its visits end where it was last heard."""
        return [e for visit in vessel.visits.values() for e in self._break_off(vessel, visit, instant)]

    def finish(self, vessels: Iterable[VesselState], instant: Millis) -> list[Event]:
        """All sources have ended: tell what is still open once more, as it stands."""
        return [
            event
            for vessel in vessels
            if vessel.identity.of_interest
            for spell in vessel.spells.values()
            for event in self._tell_loitering(vessel, spell, instant, Status.OPEN, final=True)
        ]

    def _candidate(self, vessel: VesselState, instant: Millis) -> bool:
        """Tankers and listed vessels; for a day also those whose type is not confirmed yet."""
        return vessel.identity.of_interest or (
            vessel.identity.role is Role.UNKNOWN
            and instant - vessel.first <= self._settings.candidate_hours * HOUR
        )

    def _loitering_over(self, vessel: VesselState, spell: LoiteringRun, instant: Millis) -> list[Event]:
        if spell.id is None and loitering.reaches(spell, self._settings.loitering) is None:
            return []
        if vessel.identity.of_interest:
            return self._tell_loitering(vessel, spell, instant, Status.CLOSED)
        vessel.ended = [*vessel.ended, spell][-WAITING:]
        return []

    def _visit_over(self, vessel: VesselState, visit: Visit, instant: Millis) -> list[Event]:
        if visit.id is None and visit.confidence < self._settings.port_visit.min_confidence:
            return []
        if vessel.identity.of_interest:
            return self._tell_visit(vessel, visit, instant, Status.CLOSED)
        vessel.left = [*vessel.left, visit][-WAITING:]
        return []

    def _break_off(self, vessel: VesselState, visit: Visit, instant: Millis) -> list[Event]:
        visit.end = visit.last
        return self._visit_over(vessel, visit, instant)

    def _tell_loitering(
        self,
        vessel: VesselState,
        spell: LoiteringRun,
        instant: Millis,
        status: Status,
        why: Reason | None = None,
        final: bool = False,
    ) -> list[Event]:
        """A revision, if there is something new to say: first, change of level, each hour, the end."""
        s = self._settings.loitering
        level = loitering.reaches(spell, s) or spell.level
        news = level != spell.level or status is not Status.OPEN or instant % HOUR == 0 or final
        if not level or not news or (status is Status.OPEN and spell.told == instant):
            return []
        if spell.id is None:
            first = spell.samples[0]
            assert spell.start is not None
            spell.id = event_id(EventType.LOITERING, (vessel.mmsi,), spell.start, first.lon, first.lat)
        spell.level, spell.revision, spell.told = level, spell.revision + 1, instant
        return [loitering.build_event(spell, vessel.identity, instant, status, why, self._places, s)]

    def _tell_visit(
        self, vessel: VesselState, visit: Visit, instant: Millis, status: Status, why: Reason | None = None
    ) -> list[Event]:
        """A revision when the confidence has changed, and at the end. A stay of weeks says nothing hourly."""
        s = self._settings.port_visit
        confidence = visit.confidence
        if status is Status.OPEN and confidence == visit.published:
            return []
        if visit.id is None and confidence < s.min_confidence:
            return []
        if visit.id is None:
            visit.id = event_id(EventType.PORT_VISIT, (vessel.mmsi,), visit.start, visit.lon, visit.lat)
        visit.level, visit.published = port_visit.level(visit), confidence
        visit.revision += 1
        return [port_visit.build_event(visit, vessel.identity, instant, status, why, self._places, s)]


def _believed(vessel: VesselState, number: int) -> bool:
    """A second place of one vessel counts once several fixes agree on it; a wild fix calls at no port."""
    return len(vessel.segments) < 2 or any(g.number == number and g.confirmed for g in vessel.segments)
