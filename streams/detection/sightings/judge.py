"""Judges sightings: which are of vessels that were heard, which of silent ones, and which of nobody known.

A sighting is judged some hours after its time, once all who were heard then are known, and again whenever a
gap that covers its time is published. Its place among the others does not matter, only when it was received.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np

from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Reason, Status, event_id
from models.report import Rows
from models.sighting import Sighting
from models.time import HOUR, Millis, from_text
from models.vessel import Identity
from models.watchlist import Watchlist
from streams.detection.dark_visits.reach import WatchedPort
from streams.detection.gaps.judgement import GapJudge
from streams.detection.gaps.seen import Attached, Silence
from streams.detection.sightings.event import Around, SeenOnce, build_event
from streams.detection.sightings.heard import Heard, HeardVessels
from streams.detection.sightings.matching import Match, explained, heard_elsewhere, heard_near, silent
from streams.detection.sightings.reasons import FOUND_SILENT
from streams.detection.sightings.settings import SightingSettings
from streams.tracking.track import metres_between


class Record(msgspec.Struct, array_like=True, gc=False):
    """One sighting, and what became of it."""

    sighting: Sighting
    since: Millis  # the instant from which it was known
    judged: bool = False
    covered: bool = False  # it was known who was heard around
    explained_by: int | None = None  # MMSI
    around: Around = Around()
    match: Match | None = None
    event: str | None = None

    @property
    def last(self) -> Millis:
        """When it was made or received, whichever came later."""
        return max(self.sighting.time, self.since)


class Dark(msgspec.Struct, array_like=True, gc=False):
    """An event of a vessel that fits nobody."""

    seen: list[SeenOnce]  # by time
    revision: int = 0
    open: bool = True
    published_at: Millis = 0


class SightingJudge:
    """State: sightings by id, events by id, and who was heard where.

    The state is kept in pieces: one for each sighting, event and hour. The names of those that change are
    added to `changed`.
    """

    def __init__(
        self,
        settings: SightingSettings,
        step: Millis,
        gaps: GapJudge,
        ports: Iterable[WatchedPort],
        surroundings: Surroundings,
        watchlist: Watchlist,
        detector: Detector,
        identity_of: Callable[[int], Identity],
        bearers: Callable[[int], Iterable[int]],
        changed: set[str],
    ) -> None:
        """`bearers` tells the MMSIs that send an IMO number."""
        self._settings = settings
        self._step = step
        self._gaps = gaps
        self._surroundings = surroundings
        self._watchlist = watchlist
        self._detector = detector
        self._identity_of = identity_of
        self._bearers = bearers
        self._changed = changed
        fences = {fence.id for fence in surroundings.watched_fences}
        fences |= {id for port in ports for id in port.fences}
        near = [fence for fence in surroundings.fences if fence.id in fences]
        self._fences = np.array([fence.id in fences for fence in surroundings.fences], bool)
        self._heard = HeardVessels(near, settings, changed)
        self._records: dict[str, Record] = {}
        self._waiting: set[str] = set()  # ids of those that are not judged yet
        self._events: dict[str, Dark] = {}
        self._retold: set[tuple[int, str]] = set()  # MMSI and id of gaps whose sightings changed
        self._dirty: dict[str, Reason | None] = {}  # that changed; why one is taken back

    @property
    def idle(self) -> bool:
        """Whether nothing changes as time goes on."""
        return not self._waiting and not any(event.open for event in self._events.values())

    def hear(self, rows: Rows, instant: Millis) -> None:
        """Take in the ticks that come at an instant."""
        self._heard.learn(rows, instant, self._step, self._named())

    def see(self, sightings: Iterable[Sighting], instant: Millis) -> None:
        """Take in what others saw; what is known already changes nothing."""
        for sighting in sightings:
            known = self._records.get(sighting.id)
            if known is None or self._is_old(known, instant):
                self._records[sighting.id] = Record(sighting, instant)
                self._waiting.add(sighting.id)
                self._changed.add(f"sighting/{sighting.id}")
        if (surplus := len(self._records) - self._settings.most_sightings) > 0:
            ranked = sorted(self._records, key=lambda id: (self._records[id].last, id))
            for id in ranked[:surplus]:
                self._forget(id)

    def judge(self, instant: Millis, published: Iterable[Event]) -> tuple[list[Event], list[Event]]:
        """What sightings say at an instant: further revisions of gaps, and events of vessels that fit nobody.

        `published` are the events of this instant.
        """
        due = [
            id
            for id in self._waiting
            if max(self._records[id].since, self._records[id].sighting.time + self._settings.wait) <= instant
        ]
        return self._judge(due, instant, published)

    def flush(self, instant: Millis) -> tuple[list[Event], list[Event]]:
        """All sources have ended: judge what waits, and publish open events once more, as they stand."""
        due = [id for id in self._waiting if self._records[id].sighting.time <= instant]
        gaps, events = self._judge(due, instant, ())
        for id, event in sorted(self._events.items()):
            if event.open and event.published_at < instant:
                self._dirty[id] = None
        return gaps, events + self._publish(instant)

    def prune(self, instant: Millis) -> None:
        """Once an hour, forget sightings and events that are too old, and those that are too many."""
        self._heard.prune(instant)
        if instant % HOUR or not self._records:
            return
        for id in [id for id, event in self._events.items() if not self._is_alive(id, instant)]:
            del self._events[id]
            self._changed.add(f"darkvessel/{id}")
        for id in [id for id, record in self._records.items() if self._is_old(record, instant)]:
            self._forget(id)

    def _named(self) -> set[int]:
        """The MMSIs of the vessels that sightings name which are not judged yet."""
        sightings = [self._records[id].sighting for id in self._waiting]
        by_imo = {mmsi for each in sightings if each.imo for mmsi in self._bearers(each.imo)}
        return by_imo | {each.mmsi for each in sightings if each.mmsi}

    def _judge(
        self, due: Iterable[str], instant: Millis, published: Iterable[Event]
    ) -> tuple[list[Event], list[Event]]:
        due = sorted(due, key=lambda id: self._records[id].sighting.key)
        self._compare_with_heard(due, instant)
        again = self._again(published, set(due), instant)
        silences = self._gaps.silences() if due or again else []
        for id in [*due, *again]:
            self._compare_with_silent(id, silences, instant)
        for id, event in sorted(self._events.items()):
            if event.open and instant - event.seen[-1].sighting.time > self._settings.same_hours * HOUR:
                event.open = False
                self._dirty.setdefault(id, None)
        gaps = [made for mmsi, id in sorted(self._retold) for made in self._gaps.tell(mmsi, id, instant)]
        self._retold.clear()
        return gaps, self._publish(instant)

    def _again(self, published: Iterable[Event], due: set[str], instant: Millis) -> list[str]:
        """Sightings that were judged before and whose time a gap of these events covers."""
        gaps = [event for event in published if event.type is EventType.GAP]
        if not gaps or not self._records:
            return []
        spans = [(from_text(gap.start), from_text(gap.end or gap.detected), gap.id) for gap in gaps]
        return sorted(
            id
            for id, record in self._records.items()
            if record.judged
            and id not in due
            and record.explained_by is None
            and not self._is_old(record, instant)
            and any(
                start <= record.sighting.time <= end or (record.match is not None and record.match.gap == gap)
                for start, end, gap in spans
            )
        )

    def _compare_with_heard(self, due: Iterable[str], instant: Millis) -> None:
        """Judge for the first time: who was heard around, and whom the sighting may have been of."""
        s = self._settings
        groups: dict[tuple[Millis, str], list[Record]] = {}
        for id in due:
            record = self._records[id]
            record.judged, record.covered = True, self._covers(record.sighting, instant)
            self._waiting.discard(id)
            self._changed.add(f"sighting/{id}")
            groups.setdefault((record.sighting.time, record.sighting.source), []).append(record)
        for (time, source), group in groups.items():
            heard = self._heard.at(time)
            taken = [
                record.explained_by
                for record in self._records.values()
                if (record.sighting.time, record.sighting.source) == (time, source)
                and record.explained_by is not None
            ]
            by = explained([record.sighting for record in group], heard, taken, self._identity_of, s)
            for record in group:
                record.explained_by = by.get(record.sighting.id)
                record.around = self._around(record.sighting, heard)

    def _around(self, sighting: Sighting, heard: list[Heard]) -> Around:
        count, nearest = heard_near(sighting, heard, self._identity_of, self._settings)
        return Around(count, nearest, (), heard_elsewhere(sighting, heard, self._identity_of, self._settings))

    def _covers(self, sighting: Sighting, instant: Millis) -> bool:
        """Whether it is known who was heard where and when it was."""
        if not self._heard.covers(sighting.time, instant):
            return False
        _, fences = self._surroundings.index.containing(np.array([sighting.lon]), np.array([sighting.lat]))
        return bool(self._fences[fences].any())

    def _compare_with_silent(self, id: str, silences: Sequence[Silence], instant: Millis) -> None:
        """Judge by the silences that cover it: it goes to one of them, to an event of its own, or nowhere."""
        record = self._records[id]
        if record.explained_by is not None:
            return
        match, candidates, why = silent(record.sighting, silences, self._identity_of, self._settings)
        if match is not None and match.matched_on == "reach" and not record.covered:
            match = None  # it may be one that was heard
        around = msgspec.structs.replace(
            record.around, candidates=candidates, elsewhere=record.around.elsewhere or why
        )
        if (match, around) == (record.match, record.around) and (record.event or match):
            return
        self._changed.add(f"sighting/{id}")
        record.around = around
        self._assign(record, match)
        if match is not None:
            name = self._identity_of(match.mmsi).name or f"MMSI {match.mmsi:09d}"
            self._leave(record, FOUND_SILENT.reason(self._settings, name=name), instant)
        elif record.covered and self._surroundings.is_watched(record.sighting.lon, record.sighting.lat):
            self._join(record, instant)

    def _assign(self, record: Record, match: Match | None) -> None:
        """Tell the gaps whose sighting it is now."""
        if match == record.match:
            return
        if record.match is not None:
            self._gaps.detach(record.match.mmsi, record.match.gap, record.sighting.id)
            self._retold.add((record.match.mmsi, record.match.gap))
        record.match = match
        if match is not None:
            self._gaps.attach(match.mmsi, match.gap, Attached(record.sighting, match.matched_on))
            self._retold.add((match.mmsi, match.gap))

    def _leave(self, record: Record, why: Reason, instant: Millis) -> None:
        """Take a sighting out of its event; without any, the event is taken back."""
        if record.event is None or not self._is_alive(record.event, instant):
            return
        event = self._events[record.event]
        others = [each for each in event.seen if each.sighting.id != record.sighting.id]
        self._dirty[record.event] = None if others else why
        event.seen = others or event.seen
        record.event = None

    def _join(self, record: Record, instant: Millis) -> None:
        """Put a sighting into the event of its spot, or into a new one."""
        new = SeenOnce(record.sighting, record.around)
        id = record.event
        if id is None or not self._is_alive(id, instant):
            id = self._event_of(record.sighting, instant)
        if id is None:
            sighting = record.sighting
            what = f"|{sighting.lon:.5f}:{sighting.lat:.5f}|{sighting.reference}"
            kind = EventType.DARK_VESSEL
            id = event_id(kind, (), sighting.time, sighting.lon, sighting.lat, what)
            self._events[id] = Dark([])
        event = self._events[id]
        others = [each for each in event.seen if each.sighting.id != record.sighting.id]
        event.seen = sorted([*others, new], key=lambda each: (each.sighting.time, each.sighting.id))
        event.open = True  # `_judge` closes it again if that is long ago
        record.event = id
        self._dirty[id] = None

    def _event_of(self, sighting: Sighting, instant: Millis) -> str | None:
        """The event that may be of the same vessel, the nearest in time."""
        s = self._settings
        found = []
        for id, event in self._events.items():
            others = [each.sighting for each in event.seen]
            if not others or not self._is_alive(id, instant):
                continue
            if any((other.time, other.source) == (sighting.time, sighting.source) for other in others):
                continue  # two vessels in one image are two
            away = min(abs(other.time - sighting.time) for other in others)
            if away <= s.same_hours * HOUR and all(self._may_be_one(sighting, other) for other in others):
                found.append((away, id))
        return min(found)[1] if found else None

    def _may_be_one(self, one: Sighting, other: Sighting) -> bool:
        s = self._settings
        within = s.same_km * 1000 + s.accuracy(one.accuracy) + s.accuracy(other.accuracy)
        numbers = ((one.imo, other.imo), (one.mmsi, other.mmsi))
        return (
            metres_between(one.lon, one.lat, other.lon, other.lat) <= within
            and s.lengths_agree(one.length, other.length) is not False
            and not any(a and b and a != b for a, b in numbers)
        )

    def _publish(self, instant: Millis) -> list[Event]:
        made = []
        for id, why in sorted(self._dirty.items()):
            event = self._events[id]
            event.revision, event.published_at = event.revision + 1, instant
            status = Status.OPEN if event.open else Status.CLOSED
            if why is not None:
                status = Status.RETRACTED
                del self._events[id]
            made.append(
                build_event(
                    id,
                    event.revision,
                    event.seen,
                    status,
                    instant,
                    why,
                    self._surroundings,
                    self._watchlist,
                    self._identity_of,
                    self._detector,
                    self._settings,
                )
            )
            self._changed.add(f"darkvessel/{id}")
        self._dirty.clear()
        return made

    def _is_old(self, record: Record, instant: Millis) -> bool:
        """Whether a sighting counts as forgotten, which does not depend on when it is."""
        return record.judged and record.last < instant - self._settings.memory

    def _is_alive(self, id: str, instant: Millis) -> bool:
        """Whether an event may still change, in the same way."""
        event = self._events.get(id)
        if event is None:
            return False
        fresh = not event.revision or event.published_at >= instant - self._settings.memory
        return event.open or fresh

    def _forget(self, id: str) -> None:
        del self._records[id]
        self._waiting.discard(id)
        self._changed.add(f"sighting/{id}")

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        names = {f"sighting/{id}" for id in self._records} | {f"darkvessel/{id}" for id in self._events}
        return names | self._heard.pieces()

    def piece(self, kind: str, name: str) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind == "near":
            return self._heard.piece(name)
        return self._records.get(name) if kind == "sighting" else self._events.get(name)

    def load(self, pieces: Iterable[tuple[str, str, bytes]]) -> None:
        """Replace the state by these pieces: kind, name and what it holds."""
        self._records, self._events, near = {}, {}, list[tuple[str, bytes]]()
        for kind, name, data in pieces:
            if kind == "sighting":
                self._records[name] = msgspec.msgpack.decode(data, type=Record)
            elif kind == "darkvessel":
                self._events[name] = msgspec.msgpack.decode(data, type=Dark)
            else:
                near.append((name, data))
        self._waiting = {id for id, record in self._records.items() if not record.judged}
        self._heard.load(near)
