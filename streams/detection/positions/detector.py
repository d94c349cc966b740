"""Finds position anomalies, from what all vessels' tracks leave out and where they lie still or circle.

What lies off a track comes with the identity of its vessel, only when something of it changes. So all of it
is judged in one place, and ships that jump together are seen wherever they are tracked.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import numpy as np

from geofences.over_water import is_reachable
from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Reason, event_id, from_json, to_json
from models.report import Rows
from models.time import DAY, HOUR, MINUTE, Millis
from models.vessel import ONE_PLACE, Identity, ListingStatus, Stay
from streams.detection.ending import ended
from streams.detection.explanation import NOT_OF_INTEREST
from streams.detection.positions.event import (
    Told,
    build_event,
    came_back,
    crossing_told,
    jumps_of,
    lies_at_sea,
    stay_of,
)
from streams.detection.positions.jumper import FROZEN, JUMPS, KINDS, UNREACHED, Case, Jumper
from streams.detection.positions.reasons import OF_REGION, REASONS
from streams.detection.positions.region import Region
from streams.detection.positions.regions import Regions
from streams.detection.positions.settings import PositionAnomalySettings

_UNKNOWN: Final = 2 * DAY
"""How long a silence across land waits for its vessel to count. As long as the vessel's identity names it."""


class PositionAnomalies:
    """State: of each vessel whose positions are wrong now or were lately, what is known of that, by MMSI; and
    the regions, by id. Each is a piece. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        settings: PositionAnomalySettings,
        surroundings: Surroundings,
        detector: Detector,
        identity_of: Callable[[int], Identity],
        changed: set[str],
    ) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._detector = detector
        self._identity_of = identity_of
        self._changed = changed
        self._jumpers: dict[int, Jumper] = {}
        self._due: set[int] = set()  # something of them changed at this instant
        self._waiting: set[int] = set()  # a jump of them goes on
        self.regions = Regions(
            *(settings, surroundings, detector, identity_of, self._jumpers, self._touch, changed)
        )

    def learn(self, before: Identity | None, now: Identity) -> None:
        """Take in what is newly known of a vessel; `before` is what was known until then."""
        jumper, places = self._jumpers.get(now.mmsi), now.places
        if jumper is None:
            if places == ONE_PLACE:
                return
            told = (places.off_track, places.jump, places.frozen, places.circle)
            if now.gone or not any((*told, places.pattern, places.crossing)):
                return
            jumper = Jumper(now.mmsi)
        if now.gone:
            jumper.frozen = jumper.circle = jumper.pattern = None
            jumper.crossings, jumper.noted = [], 0
            for jump in jumper.jumps:
                jump.open = False
        else:
            jumper.take_in(before, now, self._settings)
            jumper.heard = max(jumper.heard, now.time)
        if not jumper.is_blank:
            self._jumpers[now.mmsi] = jumper
            self._touch(jumper)
        elif now.mmsi in self._jumpers:
            self._drop(now.mmsi)

    def hear(self, rows: Rows, instant: Millis) -> None:
        """Take in the ticks of one instant."""
        watched = [mmsi for mmsi, jumper in self._jumpers.items() if jumper.is_watched]
        if not watched:
            return
        heard = np.unique(rows["mmsi"][np.isin(rows["mmsi"], np.array(watched, "u4"))])
        for mmsi in heard.tolist():
            self._jumpers[mmsi].heard = instant
            self._touch(self._jumpers[mmsi])

    def judge(self, instant: Millis) -> list[Event]:
        """The revisions that are due at an instant."""
        full = instant % HOUR == 0
        self._due |= self._waiting | (self._jumpers.keys() if full else set())
        self.regions.gather([mmsi for mmsi in sorted(self._due) if self._jumpers[mmsi].jumps], instant)
        due = sorted(self._due)  # with those that others took into a region
        events = [
            event
            for mmsi in due
            for kind in KINDS
            if (event := self._judge(kind, self._jumpers[mmsi], instant)) is not None
        ]
        events += self.regions.judge(instant)
        for mmsi in due:
            if self._jumpers[mmsi].is_blank:
                self._drop(mmsi)
        self._due = set()
        return events

    def prune(self, instant: Millis) -> None:
        """Once an hour, forget what is over."""
        if instant % HOUR:
            return
        self.regions.prune(instant)

    # --- single ships

    def _judge(self, kind: str, jumper: Jumper, instant: Millis) -> Event | None:
        """The revision of a kind that is due of one ship, if any."""
        case, identity = jumper.cases.get(kind), self._identity_of(jumper.mmsi)
        if case is not None and not identity.of_interest:
            delisted = any(hit.status == ListingStatus.DELISTED for hit in identity.watchlists)
            why = None if delisted else NOT_OF_INTEREST.reason(self._settings, identity.ship_type)
            return self._end(kind, jumper, case, instant, instant, why)
        if kind == JUMPS:
            return self._judge_jumps(jumper, identity, case, instant)
        if kind == UNREACHED:
            return self._judge_crossing(jumper, identity, instant)
        return self._judge_stay(kind, jumper, identity, case, instant)

    def _judge_jumps(
        self, jumper: Jumper, identity: Identity, case: Case | None, instant: Millis
    ) -> Event | None:
        s = self._settings
        own = [
            jump
            for jump in jumper.jumps
            if jump.region is None and not (jump.told or jumper.leaves_frozen(jump))
        ]
        region = next((jump.region for jump in jumper.jumps if jump.region is not None), None)
        if case is not None and not own and region is not None:  # it took them
            why = OF_REGION.reason(s, event=region)
            return self._end(JUMPS, jumper, case, instant, instant, why)
        goes_on = any(jumper.goes_on(jump, instant, s) for jump in own)
        latest = max((jump.end for jump in jumper.jumps), default=instant)
        if not goes_on and instant - latest > s.episode_hours * HOUR:
            self._let_go(jumper, instant)
            return None if case is None else self._end(JUMPS, jumper, case, latest, instant)
        waited = [j for j in own if not j.open or instant - j.start >= s.wait_minutes * MINUTE]
        if not waited or not identity.of_interest:
            return None
        if case is None and jumper.shared:  # two ships have no jumps; their event is one of identity
            return None
        states = (sum(j.back for j in waited), sum(j.open for j in waited))
        circles = sum(j.circle is not None for j in waited)
        grounds = (len(waited), *states, int(came_back(waited, s)), int(jumper.shared), circles)
        if case is not None and case.grounds == grounds:
            return None
        first = waited[0]
        case = case or self._begin(JUMPS, jumper, first.start, first.lon, first.lat)
        return self._publish(
            jumper, case, grounds, jumps_of(identity, waited, case, jumper.shared, s), instant
        )

    def _let_go(self, jumper: Jumper, instant: Millis) -> None:
        """The jumps are over. Those that may still come back are kept, so that they are not told again."""
        s = self._settings
        jumper.jumps = [
            jump
            for jump in jumper.jumps
            if jumper.goes_on(jump, instant, s)
            or (not jump.back and instant - jump.start <= s.known_hours * HOUR)
        ]
        for jump in jumper.jumps:
            jump.told = True
        self._touch(jumper)

    def _judge_crossing(self, jumper: Jumper, identity: Identity, instant: Millis) -> Event | None:
        """The event of a silence across land that is too short to go round it; told once, when it is over.

        It waits, to a full hour, until it is known whether the positions after it hold.
        """
        s = self._settings
        if not jumper.crossings:
            return None
        crossing = jumper.crossings[0]
        waited = instant - crossing.to_time
        if waited < s.settled_minutes * MINUTE or (not identity.of_interest and waited <= _UNKNOWN):
            return None
        jumper.crossings = jumper.crossings[1:]
        self._touch(jumper)
        if not identity.of_interest or waited > _UNKNOWN:
            return None
        ends = crossing.lon, crossing.lat, crossing.to_lon, crossing.to_lat
        hours = (crossing.to_time - crossing.time) / HOUR
        # with positions elsewhere meanwhile, or at either end, it was not silent, or not there
        runs = identity.places.off_track
        off = any(run.start <= crossing.to_time and run.end >= crossing.time for run in runs)
        if jumper.shared or off or is_reachable(*ends, s.water_knots * 1.852 * hours):
            return None
        told = crossing_told(identity, crossing, s)
        id = event_id(EventType.POSITION_ANOMALY, (jumper.mmsi,), crossing.time, *ends[:2], what=UNREACHED)
        return build_event(
            *(id, 1, told, instant, crossing.to_time, None),
            *(self._surroundings, self._detector, s),
        )

    def _judge_stay(
        self, kind: str, jumper: Jumper, identity: Identity, case: Case | None, instant: Millis
    ) -> Event | None:
        s = self._settings
        stay: Stay | None = getattr(jumper, kind)
        if self.regions.jamming(jumper.mmsi, instant, instant) is not None:
            stay = None
            if case is not None:
                why = OF_REGION.reason(s, event=self.regions.of(jumper.mmsi))
                return self._end(kind, jumper, case, instant, instant, why)
        silent = instant - jumper.heard > s.episode_hours * HOUR
        if silent:
            jumper.thawed = None
        if kind != FROZEN and any(jump.circle == stay for jump in jumper.jumps):
            stay = None  # the event of the jump says it
        if stay is None or silent or (case is not None and stay != case.stay):
            if stay is not None and silent:
                setattr(jumper, kind, None)
            return None if case is None else self._end_stay(kind, jumper, identity, case, instant)
        if not identity.of_interest or jumper.heard != instant:
            return None
        if case is None and jumper.over.get(kind) == stay.since:  # its event has ended
            return None
        if kind == FROZEN and instant - stay.since < s.frozen_minutes * MINUTE:
            return None
        port_km = self._surroundings.port_km(stay.lon, stay.lat)
        probable = lies_at_sea(stay, port_km, instant, s) if kind == FROZEN else stay.steady_heading
        grounds = (int(probable),)
        if case is not None and case.grounds == grounds:
            return None
        case = case or self._begin(kind, jumper, stay.since, stay.lon, stay.lat)
        case.stay = stay
        told = stay_of(kind, identity, stay, instant, port_km, s)
        return self._publish(jumper, case, grounds, told, instant)

    def _end_stay(self, kind: str, jumper: Jumper, identity: Identity, case: Case, instant: Millis) -> Event:
        """The last revision, with what it was in the end."""
        del jumper.cases[kind]
        assert case.stay is not None
        if kind == FROZEN:
            jumper.thawed = case.stay
        jumper.over[kind] = case.stay.since
        self._touch(jumper)
        port_km = self._surroundings.port_km(case.stay.lon, case.stay.lat)
        until = max(jumper.heard, case.stay.since)
        told = stay_of(kind, identity, case.stay, until, port_km, self._settings)
        return build_event(
            *(case.id, case.revision + 1, told, instant, until, None),
            *(self._surroundings, self._detector, self._settings),
        )

    def _begin(self, kind: str, jumper: Jumper, start: Millis, lon: float, lat: float) -> Case:
        id = event_id(EventType.POSITION_ANOMALY, (jumper.mmsi,), start, lon, lat, what=kind)
        case = jumper.cases[kind] = Case(id, start)
        return case

    def _publish(
        self, jumper: Jumper, case: Case, grounds: tuple[int, ...], told: Told, instant: Millis
    ) -> Event:
        case.grounds, case.revision = grounds, case.revision + 1
        event = build_event(
            *(case.id, case.revision, told, instant, None, None),
            *(self._surroundings, self._detector, self._settings),
        )
        case.event = to_json(event)
        self._touch(jumper)
        return event

    def _end(
        self,
        kind: str,
        jumper: Jumper,
        case: Case,
        end: Millis,
        instant: Millis,
        why: Reason | None = None,
    ) -> Event:
        """The last revision: as it was told last."""
        del jumper.cases[kind]
        self._touch(jumper)
        end = max(end, case.start)
        return ended(
            from_json(case.event), case.revision + 1, end, instant, why, REASONS, self._settings.weights
        )

    def _touch(self, jumper: Jumper) -> None:
        self._due.add(jumper.mmsi)
        self._changed.add(f"jumper/{jumper.mmsi}")
        if any(jump.open for jump in jumper.jumps):
            self._waiting.add(jumper.mmsi)
        else:
            self._waiting.discard(jumper.mmsi)

    def _drop(self, mmsi: int) -> None:
        self._jumpers.pop(mmsi, None)
        self._waiting.discard(mmsi)
        self._due.discard(mmsi)
        self._changed.add(f"jumper/{mmsi}")

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"jumper/{mmsi}" for mmsi in self._jumpers} | self.regions.pieces()

    def piece(self, kind: str, name: str) -> Jumper | Region | None:
        """What one piece holds; None where it is gone."""
        return self.regions.piece(name) if kind == "region" else self._jumpers.get(int(name))

    def load(self, pieces: Iterable[tuple[str, str, bytes]]) -> None:
        """Replace the state by these pieces: kind, name and what it holds."""
        self._jumpers.clear()
        self._due, self._waiting = set(), set()
        every = list(pieces)
        self.regions.load((name, data) for kind, name, data in every if kind == "region")
        for kind, name, data in every:
            if kind == "jumper":
                jumper = self._jumpers[int(name)] = msgspec.msgpack.decode(data, type=Jumper)
                if any(jump.open for jump in jumper.jumps):
                    self._waiting.add(jumper.mmsi)
