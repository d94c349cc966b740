"""MeetingStage: what needs several vessels, found by comparing the ticks of all of them.

Vessels are compared at the instants of the grid. Ticks come with the instant at which they were emitted and
may be for an earlier one (backfill). So the ticks of the last 90 minutes are kept, and a pair is judged
again, over all its instants in order, whenever one is added.

Loiterings and gaps that VesselStage proposes are judged here: by where ships rest, by the vessel's
encounters, and by where and when others are heard.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import msgspec

from models.event import Event, EventType, sort_key
from models.report import joined
from models.tick import TICK, Instant, no_ticks
from models.time import BEGINNING, END, Millis
from models.vessel import Identity, MmsiKind, Role, mmsi_kind
from streams.detection import loitering_event
from streams.detection.dark_encounters.tracker import DarkEncounters
from streams.detection.dark_visits.reach import watched_ports
from streams.detection.dark_visits.tracker import DarkVisits
from streams.detection.encounters import reasons as encounter_reasons
from streams.detection.encounters.detector import EncounterDetector
from streams.detection.encounters.encounter import Key
from streams.detection.encounters.ordinary import Places
from streams.detection.encounters.receivers import Receivers
from streams.detection.gaps import reasons as gap_reasons
from streams.detection.gaps.judgement import GapJudge
from streams.detection.gaps.reception import Reception
from streams.detection.identities.detector import IdentityAnomalies
from streams.detection.identities.history import Histories
from streams.detection.loitering_encounters import LoiteringEncounters
from streams.detection.port_company import PortCompany
from streams.detection.positions.detector import PositionAnomalies
from streams.detection.positions.mark import JammingMarks
from streams.detection.resting import RestingPlaces
from streams.detection.sightings.judge import SightingJudge
from streams.stages.identities import Identities
from streams.stages.keepers import Keepers
from streams.stages.rules import Rules
from streams.stages.stage import Stage
from streams.stages.waiting import Waiting, identities_of
from streams.tracking.grid import before

Pieces = dict[str, bytes | None]
_IDENTITY = "identity/"
"""How the names of identities begin."""
_AT_ONCE = 1 << 13
"""Identities that are objects at the same time while they are taken in."""
_SEEN = ("sighting", "darkvessel", "near")
"""Kinds of pieces of the state of sightings."""


class _Meta(msgspec.Struct, array_like=True):
    """The small rest of the state, beside instants, ticks, identities, pairs and loiterings."""

    done: Millis
    overtaken: int
    ended: int


class MeetingStage(Stage[Instant, list[Event]]):
    """Instants of all vessels in; events out, of single vessels and of two."""

    def __init__(self, rules: Rules) -> None:
        settings = rules.settings.meeting
        self._step = rules.settings.vessel.grid.step
        self._keep = settings.keep
        self._done = BEGINNING
        self._identities = Identities()
        self._changed: set[str] = set()  # names of the pieces that changed since the last checkpoint
        self._waiting = Waiting(self._changed)
        self._resting = RestingPlaces(
            settings.resting,
            self._step,
            settings.encounter.flags,
            rules.surroundings,
            self._identity_of,
            self._changed,
        )
        self._port_company = PortCompany(
            settings.port_company, settings.encounter, self._identity_of, self._changed
        )
        self._encounters = EncounterDetector(
            rules.surroundings,
            Places(rules.surroundings, self._resting, settings.encounter),
            rules.detectors[EventType.ENCOUNTER],
            settings.encounter,
            self._step,
            settings.keep,
            self._identity_of,
            self._port_company.note,
            self._changed,
        )
        self._reception = Reception(settings.reception, self._step, self._changed)
        self._anomalies = IdentityAnomalies(
            settings.identity,
            self._step,
            rules.surroundings,
            rules.detectors[EventType.IDENTITY],
            self._encounters.namesakes,
            self._identity_of,
            self._changed,
        )
        self._histories = Histories(settings.identity, self._anomalies.former, self._changed)
        self._positions = PositionAnomalies(
            settings.position,
            rules.surroundings,
            rules.detectors[EventType.POSITION_ANOMALY],
            self._identity_of,
            self._changed,
        )
        detectors = rules.settings.vessel.detectors
        self._marks = JammingMarks(
            {
                EventType.ENCOUNTER: (encounter_reasons.REASONS, settings.encounter),
                EventType.LOITERING: (loitering_event.REASONS, detectors.loitering),
                EventType.GAP: (gap_reasons.REASONS, detectors.gap),
            },
            self._positions.regions.jamming,
        )
        self._gaps = GapJudge(
            rules.settings.vessel.detectors.gap,
            settings.reception,
            self._reception,
            self._resting,
            settings.sighting,
            rules.surroundings,
            self._identity_of,
            self._anomalies.moved,
            self._changed,
        )
        self._loiterings = LoiteringEncounters(
            rules.settings.vessel.detectors.loitering,
            settings.resting,
            self._resting,
            self._encounters,
            self._identity_of,
            self._gaps.is_own,
            settings.keep,
            self._changed,
        )
        self._sightings = SightingJudge(
            settings.sighting,
            self._step,
            self._gaps,
            watched_ports(rules.surroundings, settings.dark_port_visit),
            rules.surroundings,
            rules.watchlist,
            rules.detectors[EventType.DARK_VESSEL],
            self._identity_of,
            self._encounters.namesakes.bearers,
            self._changed,
        )
        self._dark_visits = DarkVisits(
            settings.dark_port_visit,
            rules.settings.vessel.detectors.gap,
            settings.sighting.memory,
            rules.surroundings,
            rules.detectors[EventType.DARK_PORT_VISIT],
            self._identity_of,
            self._changed,
        )
        self._dark_encounters = DarkEncounters(
            settings.dark_encounter,
            settings.dark_port_visit,
            rules.surroundings,
            rules.detectors[EventType.DARK_ENCOUNTER],
            self._identity_of,
            self._have_met,
            self._changed,
        )
        self._keepers = Keepers(
            {
                "loitering": self._loiterings,
                "gap": self._gaps,
                "company": self._port_company,
                "dark": self._dark_visits,
                "record": self._anomalies,
                "history": self._histories,
            },
            {
                ("fed",): self._waiting,
                ("heard", "reception"): self._reception,
                ("jumper", "region"): self._positions,
                ("stay", "darkmet"): self._dark_encounters,
                _SEEN: self._sightings,
            },
        )
        self.overtaken = 0
        """Instants older than what was already worked off. Only their events were passed on."""

    def feed(self, batch: Instant) -> None:
        if batch.only_drawn:  # FenceStage alone takes drawn fences
            return
        batch = replace(batch, drawn=())
        if batch.time <= self._done and (len(batch.ticks) or batch.identities):
            self.overtaken += 1
            batch = replace(batch, ticks=no_ticks(), identities=())
        if batch.time > self._done or batch.events or batch.sightings:
            self._waiting.put(batch)

    def advance(self, watermark: Millis) -> list[Event]:
        """Work off every instant before the watermark; at END up to the last one fed."""
        last = max(self._done, *self._waiting, BEGINNING)
        limit = last if watermark == END else before(watermark, self._step)
        events: list[Event] = []
        fed = deque(sorted(time for time in self._waiting if time <= limit))
        while self._done < limit:
            idle = self._encounters.idle and self._gaps.idle and self._sightings.idle
            if idle:  # nothing can happen before the next instant fed
                while fed and fed[0] <= self._done:
                    fed.popleft()
                following = fed[0] if fed else END
                self._done = max(self._done, min(following - self._step, limit))
                self._prune(self._done)
                if self._done >= limit:
                    break
            self._done += self._step
            events += self._work_off(self._done, self._waiting.take(self._done))
        for time in sorted(time for time in self._waiting if time <= self._done):
            parts = self._waiting.take(time)
            events += map(self._published, self._complete(parts, time))
            self._sightings.see((each for part in parts for each in part.sightings), self._done)
        if watermark == END:
            gaps, seen = self._sightings.flush(self._done)
            gaps = [*gaps, *self._gaps.flush(self._done)]
            last_told = [*self._encounters.flush(self._done), *gaps, *self._dark_visits.follow(gaps), *seen]
            events += map(self._published, last_told)
        return events

    def changes(self) -> Pieces:
        """The pieces of the state that changed since the last call, by name; None for those that are gone."""
        meta = _Meta(self._done, self.overtaken, self._encounters.ended)
        pieces: Pieces = {"meta": msgspec.msgpack.encode(meta)}
        for name in sorted(self._changed):
            kept = self._piece(*name.split("/"))
            pieces[name] = None if kept is None else msgspec.msgpack.encode(kept)
        self._changed.clear()
        return pieces

    def forget_changes(self) -> None:
        """Nobody keeps checkpoints: what changed so far need not be remembered."""
        self._changed.clear()

    def load(self, pieces: Mapping[str, bytes]) -> None:
        """Go on from the pieces that `changes` gave so far."""
        meta = msgspec.msgpack.decode(pieces["meta"], type=_Meta)
        self._done, self.overtaken = meta.done, meta.overtaken
        self._changed.clear()
        self._identities, skip = Identities(), len(_IDENTITY)
        self._identities.load(
            (int(name[skip:]), data) for name, data in pieces.items() if name.startswith(_IDENTITY)
        )
        others = sorted(name for name in pieces if not name.startswith(_IDENTITY))
        split = [(*name.partition("/")[::2], pieces[name]) for name in others]
        self._encounters.load(split, meta.ended, self._identities.names())
        self._resting.load((rest, data) for kind, rest, data in split if kind == "rest")
        self._keepers.load(split)

    def snapshot(self) -> bytes:
        self._changed.clear()
        self._changed |= {f"{_IDENTITY}{mmsi}" for mmsi in self._identities}
        self._changed |= self._encounters.pieces() | self._resting.pieces() | self._keepers.pieces()
        return msgspec.msgpack.encode(self.changes())

    def restore(self, state: bytes) -> None:
        self.load(msgspec.msgpack.decode(state, type=dict[str, bytes]))

    def _piece(self, kind: str, *rest: str) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind == "rest":
            return self._resting.piece(rest)
        if kind in self._keepers:
            return self._keepers.piece(kind, rest[0])
        numbers = [int(number) for number in rest]
        if kind == "identity":
            return self._identities.piece(numbers[0])
        return self._encounters.piece(kind, numbers)

    def _work_off(self, instant: Millis, parts: list[Instant]) -> list[Event]:
        """One instant of the grid, from the parts that all partitions of vessels give."""
        learnt = self._learn(instant, parts)
        touched = self._compare(instant, parts)
        encounters = self._encounters.judge(instant, touched, learnt)
        events = [
            *encounters,
            *self._complete(parts, instant),
            *self._follow(self._loiterings.revise(instant, encounters), instant),
            *self._revise_gaps(instant),
            *self._anomalies.judge(instant),
        ]
        events += self._judge_sightings(parts, events, instant)
        events = [self._published(event) for event in (*events, *self._positions.judge(instant))]
        self._prune(instant)
        return events

    def _learn(self, instant: Millis, parts: list[Instant]) -> set[int]:
        """Take in what is newly confirmed of vessels; returns their MMSIs."""
        learnt, every = set[int](), identities_of(parts)
        while some := list(islice(every, _AT_ONCE)):
            self._identities.expect(identity.mmsi for identity in some)
            for identity in some:
                learnt.add(identity.mmsi)
                before = self._identities.get(identity.mmsi)
                self._encounters.learn(before, identity)
                self._anomalies.learn(before, identity, instant)
                self._positions.learn(before, identity)
                self._histories.learn(before, identity, instant)
                self._changed.add(f"{_IDENTITY}{identity.mmsi}")
                if identity.gone:
                    self._identities.drop(identity.mmsi)
                    self._port_company.forget(identity.mmsi)
                else:
                    self._identities.put(identity)
            self._identities.settle()
        return learnt

    def _compare(self, instant: Millis, parts: list[Instant]) -> set[Key]:
        """Compare the vessels at each time that there are ticks for; returns the pairs to be judged."""
        rows = joined([part.ticks for part in parts], TICK)
        rows["stations"] = 0  # the table goes with the part
        self._resting.learn(rows)
        self._reception.learn(rows, instant)
        self._anomalies.hear(rows)
        self._sightings.hear(rows, instant)
        self._positions.hear(rows, instant)
        lately = rows.compress(rows["time"] > instant - self._keep)
        return self._encounters.compare(lately, instant, Receivers(parts))

    def _judge_sightings(self, parts: list[Instant], published: list[Event], instant: Millis) -> list[Event]:
        """What sightings say, after everything else of the instant."""
        self._sightings.see((each for part in parts for each in part.sightings), instant)
        gaps, seen = self._sightings.judge(instant, published)
        return [*gaps, *self._dark_visits.follow(gaps), *seen]

    def _revise_gaps(self, instant: Millis) -> list[Event]:
        """Revisions of the gaps that go on, and of the visits that are possible in them."""
        gaps = [*self._gaps.revise(instant), *self._gaps.bound(instant)]
        events = self._follow(gaps, instant)
        if self._dark_visits.is_due(instant):
            events += self._dark_visits.look(self._gaps.standing(instant))
        return events

    def _complete(self, parts: list[Instant], instant: Millis) -> list[Event]:
        """The events of all parts, in an order that does not depend on which part came first."""
        events = sorted((event for part in parts for event in part.events), key=sort_key)
        completed = [self._port_company.complete(self._loiterings.complete(event)) for event in events]
        published = [each for event in completed for each in self._gaps.complete(event)]
        return self._follow(published, instant)

    def _follow(self, published: list[Event], instant: Millis) -> list[Event]:
        """These revisions of single vessels, and what they mean for calls and meetings in the dark."""
        visits = self._dark_visits.follow(published)
        return [*published, *visits, *self._dark_encounters.follow(published, instant)]

    def _published(self, event: Event) -> Event:
        """An event as it leaves the stage: with jamming around its vessels, and with their history."""
        return self._histories.named(self._marks.marked(event))

    def _prune(self, instant: Millis) -> None:
        self._encounters.prune(instant)
        self._loiterings.prune(instant)
        self._resting.prune(instant)
        self._gaps.prune(instant)
        self._dark_visits.prune(instant)
        self._anomalies.prune(instant)
        self._positions.prune(instant)
        self._histories.prune(instant)
        self._port_company.prune(instant)
        self._dark_encounters.prune(instant)
        self._sightings.prune(instant)

    def _have_met(self, a: int, b: int, start: Millis, end: Millis) -> bool:
        """Whether these two have an encounter that overlaps a time."""
        return any(b in (pair.a, pair.b) for pair, _ in self._encounters.encounters_of(a, start, end))

    def _identity_of(self, mmsi: int) -> Identity:
        """What is known of a vessel; by its MMSI alone where it has said nothing yet."""
        known = self._identities.get(mmsi)
        if known is None:
            role = Role.UNKNOWN if mmsi_kind(mmsi) is MmsiKind.SHIP else Role.EXCLUDED
            known = Identity(mmsi=mmsi, time=self._done, role=role)
        return known
