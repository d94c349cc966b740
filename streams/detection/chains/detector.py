"""Keeps the facts, derives the cargoes that they touch, and publishes those that are chains.

What a cargo looks like is a function of the facts alone (`cargo`). The detector knows which cargoes a new
fact can change, gives each chain an id that stays, and publishes what has changed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from geofences.surroundings import Surroundings
from models.event import ChainLeg, Detector, Event, EventType, Reason, Status, event_id, to_json
from models.time import Millis, from_text, to_text
from streams.detection.chains import reasons as table
from streams.detection.chains.book import FactBook
from streams.detection.chains.cargo import Cargo, CargoFinder
from streams.detection.chains.event import build_event
from streams.detection.chains.facts import Fact, fact_of
from streams.detection.chains.judgement import ends_of, level_of, window_end
from streams.detection.chains.links import Links
from streams.detection.chains.settings import ChainSettings
from streams.detection.explanation import retracted
from streams.detection.reasons import score
from streams.tracking.grid import at_or_after

FACT: Final = "fact"
CHAIN: Final = "chain"
"""Kinds of pieces of the state."""


class Published(msgspec.Struct):
    """A chain as it was last published. `root` is the fact that its cargo is derived from."""

    id: str
    root: str
    event: Event
    digest: str
    closes: Millis | None = None  # the instant at which its window is over


class ChainDetector:
    """Facts in, chains out."""

    def __init__(
        self,
        surroundings: Surroundings,
        detector: Detector,
        settings: ChainSettings,
        step: Millis,
        changed: set[str],
    ) -> None:
        """`changed` takes the names of the pieces of the state that changed."""
        self._surroundings, self._detector = surroundings, detector
        self._s, self._step, self._changed = settings, step, changed
        self._book = FactBook()
        self._finder = CargoFinder(self._book, Links(self._book, settings), settings)
        self._chains: dict[str, Published] = {}  # by id
        self._cargoes: dict[str, Cargo] = {}  # by root
        self._looks_at: dict[int, set[str]] = {}  # roots by the MMSIs that their cargoes depend on
        self._depends: dict[str, frozenset[int]] = {}  # the same, the other way round
        self._explained: dict[str, set[str]] = {}  # roots with a known source, by the call that they end at

    @property
    def next_deadline(self) -> Millis | None:
        """The next instant at which the window of an open chain is over."""
        return min((one.closes for one in self._chains.values() if one.closes is not None), default=None)

    def judge(self, instant: Millis, events: Iterable[Event]) -> list[Event]:
        """Take in the events of one instant; returns the chains that are new or have changed."""
        touched: set[int] = set()
        for event in events:
            touched |= self._take(event)
        touched |= self._prune(instant) if touched else set()
        roots = {root for mmsi in touched for root in self._looks_at.get(mmsi, ())}
        roots |= {fact.id for fact in self._calls(touched)}
        self._derive(roots)
        due = {one.root for one in self._chains.values() if one.closes is not None and one.closes <= instant}
        return self._publish(roots | due, instant)

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"{FACT}/{fact.id}" for fact in self._book} | {f"{CHAIN}/{id}" for id in self._chains}

    def piece(self, kind: str, id: str) -> Fact | Published | None:
        return self._book.get(id) if kind == FACT else self._chains.get(id)

    def load(self, pieces: Mapping[str, bytes]) -> None:
        """Go on from pieces of the state; what is derived from the facts is derived again."""
        for name, data in sorted(pieces.items()):
            kind, _, id = name.partition("/")
            if kind == FACT:
                self._book.put(msgspec.msgpack.decode(data, type=Fact))
            elif kind == CHAIN:
                self._chains[id] = msgspec.msgpack.decode(data, type=Published)
        self._derive({fact.id for fact in self._book if fact.is_call})

    def _take(self, event: Event) -> set[int]:
        """Take in an event; returns the MMSIs whose cargoes may change.

        A revision may be a fact no longer: of a silence that goes on, ports of other countries come in reach.
        """
        fact, old = fact_of(event, self._s), self._book.get(event.id)
        if fact is None and old is None:
            return set()
        touched = self._book.related(old.mmsis) if old else set()
        if fact is None or event.status is Status.RETRACTED:
            self._book.drop(event.id)
        else:
            self._book.put(fact)
        self._changed.add(f"{FACT}/{event.id}")
        return touched | (self._book.related(fact.mmsis) if fact else set())

    def _prune(self, instant: Millis) -> set[int]:
        """Forget facts that are older than any window, but for those that a kept chain points to."""
        limit = instant - self._s.keep
        old = [fact for fact in self._book if fact.until < limit]
        if not old:
            return set()
        gone = {fact.id for fact in old}
        for id, one in list(self._chains.items()):
            if one.root in gone:
                del self._chains[id]
                self._changed.add(f"{CHAIN}/{id}")
        kept = {leg.event for one in self._chains.values() for leg in _legs(one.event)}
        touched: set[int] = set()
        for fact in old:
            if fact.id not in kept:
                touched |= self._book.related(fact.mmsis)
                self._book.drop(fact.id)
                self._changed.add(f"{FACT}/{fact.id}")
        return touched

    def _calls(self, mmsis: set[int]) -> Iterator[Fact]:
        """The calls of these vessels: each may be the root of a cargo."""
        ships = {self._book.ship(side) for fact in self._book.under(mmsis) for side in fact.sides}
        for ship in sorted(ships):
            yield from (fact for fact in self._book.of(ship) if fact.is_call)

    def _derive(self, roots: set[str]) -> None:
        """Derive the cargoes of these roots anew: first those with a known source, then those without."""
        ends: set[str] = set()
        for root in sorted(roots):
            old = self._cargoes.pop(root, None)
            if old is not None and old.known:
                for end in _ends(old):
                    self._explained[end].discard(root)
                    ends.add(end)
            fact = self._book.get(root)
            if fact is None:
                self._depend(root, frozenset())
            elif self._finder.is_end(fact):
                ends.add(root)
            else:
                cargo = self._finder.from_load(fact)
                self._keep(root, fact, cargo)
                for end in _ends(cargo) if cargo else ():
                    self._explained.setdefault(end, set()).add(root)
                    ends.add(end)
        for root in sorted(ends):
            fact = self._book.get(root)
            if not self._explained.get(root):
                self._explained.pop(root, None)
            if fact is not None:
                self._keep(root, fact, None if self._explained.get(root) else self._finder.to_end(fact))
        roots |= ends

    def _keep(self, root: str, fact: Fact, cargo: Cargo | None) -> None:
        self._cargoes.pop(root, None)
        if cargo is not None and cargo.legs:
            self._cargoes[root] = cargo
        ships = {self._book.ship(fact.sides[0]), *(cargo.ships if cargo else ())}
        self._depend(root, frozenset(mmsi for ship in ships for mmsi in self._book.mmsis(ship)))

    def _depend(self, root: str, mmsis: frozenset[int]) -> None:
        for mmsi in self._depends.pop(root, frozenset()) - mmsis:
            self._looks_at[mmsi].discard(root)
            if not self._looks_at[mmsi]:
                del self._looks_at[mmsi]
        for mmsi in mmsis:
            self._looks_at.setdefault(mmsi, set()).add(root)
        if mmsis:
            self._depends[root] = mmsis

    def _publish(self, roots: set[str], instant: Millis) -> list[Event]:
        """Publish what has changed of the chains of these roots."""
        by_root = {one.root: one for one in self._chains.values()}
        wanted = {
            root: cargo
            for root in sorted(roots)
            if (cargo := self._cargoes.get(root)) is not None and level_of(cargo, self._s) is not None
        }
        lost = [
            one
            for root in sorted(roots - wanted.keys())
            if (one := by_root.get(root)) is not None and one.event.status is not Status.RETRACTED
        ]
        for root in [root for root in wanted if root not in by_root]:
            if heir := _heir(wanted[root], lost):  # the cargo's way is known better now; its chain goes on
                lost.remove(heir)
                heir.root = root
                by_root[root] = heir
        events = [self._retract(one, instant) for one in lost]
        for root, cargo in wanted.items():
            if event := self._revise(by_root.get(root), root, cargo, instant):
                events.append(event)
        return events

    def _revise(self, one: Published | None, root: str, cargo: Cargo, instant: Millis) -> Event | None:
        id = one.id if one else self._new_id(cargo)
        revision = one.event.revision + 1 if one else 1
        event = build_event(id, revision, cargo, instant, self._surroundings, self._detector, self._s)
        digest = _digest(event)
        closes = None
        if event.status is Status.OPEN and not ends_of(cargo, self._s):
            closes = at_or_after(window_end(cargo, self._s) + 1, self._step)
        if one is not None and one.digest == digest:
            return None
        self._chains[id] = Published(id, root, event, digest, closes)
        self._changed.add(f"{CHAIN}/{id}")
        return event

    def _retract(self, one: Published, instant: Millis) -> Event:
        """Take a chain back: its facts are not linked any more, or have become part of another one."""
        mine = {leg.event for leg in _legs(one.event)}
        others = (
            other
            for other in self._chains.values()
            if other is not one
            and other.event.status is not Status.RETRACTED
            and mine & {leg.event for leg in _legs(other.event)}
        )
        other = min(others, key=lambda each: each.id, default=None)
        why = table.MERGED.reason(self._s, id=other.id) if other else table.UNLINKED.reason(self._s)
        event = self._taken_back(one.event, why, instant)
        one.event, one.digest, one.closes = event, _digest(event), None
        self._changed.add(f"{CHAIN}/{one.id}")
        return event

    def _taken_back(self, event: Event, why: Reason, instant: Millis) -> Event:
        met = event.scoring.conditions if event.scoring else ()
        scoring = table.REASONS.scoring(self._s.weights, event.level, Status.RETRACTED, met)
        against = (*event.against, why)
        return msgspec.structs.replace(
            event,
            revision=event.revision + 1,
            status=Status.RETRACTED,
            end=event.end or to_text(max(from_text(leg.end or event.detected) for leg in _legs(event))),
            detected=to_text(instant),
            against=against,
            scoring=scoring,
            score=score(scoring, event.reasons, against),
            summary=event.summary + retracted(why),
        )

    def _new_id(self, cargo: Cargo) -> str:
        first = cargo.legs[0]
        time = first.fact.start
        while True:
            id = event_id(EventType.CHAIN, (first.side.mmsi,), time, first.fact.lon, first.fact.lat)
            if id not in self._chains:
                return id
            time += 1  # a chain of that id went on as another cargo's


def _heir(cargo: Cargo, lost: list[Published]) -> Published | None:
    """The chain without a cargo that shares the most facts with this one."""
    mine = {leg.fact.id for leg in cargo.legs}
    shared = [(len(mine & {leg.event for leg in _legs(one.event)}), one) for one in lost]
    best = max(shared, key=lambda each: (each[0], each[1].id), default=None)
    return best[1] if best and best[0] else None


def _legs(event: Event) -> tuple[ChainLeg, ...]:
    return event.chain.legs if event.chain else ()


def _ends(cargo: Cargo) -> set[str]:
    return {leg.fact.id for leg in cargo.legs if leg.kind == "discharge"}


def _digest(event: Event) -> str:
    """A hash of what an event says, but for what only the instant changes."""
    chain = event.chain
    assert chain is not None
    arrivals = tuple(msgspec.structs.replace(each, hours_left=0.0) for each in chain.arrivals)
    same = msgspec.structs.replace(
        event, revision=0, detected="", chain=msgspec.structs.replace(chain, arrivals=arrivals)
    )
    return hashlib.blake2b(to_json(same), digest_size=12).hexdigest()
