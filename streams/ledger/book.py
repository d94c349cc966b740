"""The book: what the ledger has to remember of events, so that deliveries can be counted without them."""

from collections.abc import Iterable, MutableMapping
from typing import Final

import msgspec

from models.event import Event, EventType, Status
from models.time import DAY, from_text
from streams.ledger.delivery import Delivery, call_of, counts_alone
from streams.ledger.settings import LedgerSettings

TYPES: Final = (EventType.PORT_VISIT, EventType.DARK_PORT_VISIT, EventType.CHAIN)
"""The events that deliveries are counted from."""
CALLS: Final = 50_000
"""Most calls in a book. Beyond that, the oldest that do not count are dropped first."""


class Call(msgspec.Struct, frozen=True):
    """A call of a tanker at a North Korean port."""

    revision: int  # of its event
    began: str  # when the event did; of a call in the dark, when the silence did
    delivery: Delivery
    counts: bool  # by itself; otherwise only as the end of a chain


class ChainEnds(msgspec.Struct, frozen=True):
    """The calls that a chain ends at."""

    revision: int
    calls: tuple[str, ...]  # ids of events


class Book:
    """Calls and ends of chains by the ids of their events, as their highest revisions say."""

    def __init__(
        self,
        s: LedgerSettings,
        calls: MutableMapping[str, Call] | None = None,
        chains: MutableMapping[str, ChainEnds] | None = None,
    ) -> None:
        self._s = s
        self.calls: MutableMapping[str, Call] = {} if calls is None else calls
        self.chains: MutableMapping[str, ChainEnds] = {} if chains is None else chains

    def take(self, event: Event) -> bool:
        """Take in a revision; says whether it changed the book. One that is not higher changes nothing."""
        if event.type not in TYPES:
            return False
        before = (self.chains if event.chain else self.calls).get(event.id)
        if before is not None and event.revision <= before.revision:
            return False
        if event.chain:
            ends = tuple(leg.event for leg in event.chain.legs if leg.kind == "discharge")
            if ends and event.status is not Status.RETRACTED:
                self.chains[event.id] = ChainEnds(event.revision, ends)
                return True
            return self.chains.pop(event.id, None) is not None
        delivery = call_of(event, self._s)
        if delivery is None:
            return self.calls.pop(event.id, None) is not None
        self.calls[event.id] = Call(event.revision, event.start, delivery, counts_alone(event))
        self._bound()
        return True

    def deliveries(self) -> list[Delivery]:
        """Each delivery once, by start."""
        ends = {id for chain in self.chains.values() for id in chain.calls}
        gone = self._same_cargoes()
        calls = sorted((call.began, id, call) for id, call in self.calls.items() if id not in gone)
        found: dict[str, list[Delivery]] = {}
        for now in (call.delivery for _, id, call in calls if call.counts or id in ends):
            before = found.setdefault(now.ship, [])
            if before and _apart(before[-1], now) < self._s.same_call_days * DAY:
                before[-1] = _joined(before[-1], now)
            else:
                before.append(now)
        return sorted(
            (one for some in found.values() for one in some), key=lambda one: (one.start, one.event)
        )

    def _same_cargoes(self) -> set[str]:
        """Calls that are not counted because another one of the ship is, at the end of the same chain.

        A chain is one cargo. Where one of two calls was in the dark, and may have been none, the one that
        shows more counts. Draughts before and after both show two parts of the cargo.
        """
        ends: dict[str, list[str]] = {}  # by call, the chains that end at it
        for name, chain in self.chains.items():
            for id in chain.calls:
                if id in self.calls:
                    ends.setdefault(id, []).append(name)
        gone: set[str] = set()
        kept: dict[tuple[str, str], Delivery] = {}  # by chain and ship
        known = ((id, self.calls[id].delivery) for id in ends)
        # across all chains, so that no call gives way to one that itself gives way, in another chain
        for id, now in sorted(known, key=lambda each: (*_shows(each[1]), each[0]), reverse=True):
            of = [(chain, now.ship) for chain in ends[id]]
            if any(_is_one_cargo(kept[each], now) for each in of if each in kept):
                gone.add(id)
            else:
                kept |= {each: now for each in of if each not in kept}
        return gone

    def forget_before(self, year: int) -> None:
        """Drop calls that began before this year, and chains that end at none of those kept."""
        for id in [id for id, call in self.calls.items() if int(call.delivery.start[:4]) < year]:
            del self.calls[id]
        if self.calls:
            for id in [id for id, chain in self.chains.items() if not self.calls.keys() & set(chain.calls)]:
                del self.chains[id]

    def _bound(self) -> None:
        if len(self.calls) > CALLS:
            oldest = min(self.calls, key=lambda id: (self.calls[id].counts, self.calls[id].delivery.start))
            del self.calls[oldest]


def deliveries(events: Iterable[Event], s: LedgerSettings) -> list[Delivery]:
    """The deliveries among the latest revisions of these events, each counted once, by start."""
    latest: dict[str, Event] = {}
    for event in events:
        if event.id not in latest or event.revision > latest[event.id].revision:
            latest[event.id] = event
    book = Book(s)
    for event in latest.values():
        book.take(event)
    return book.deliveries()


def _apart(before: Delivery, now: Delivery) -> int:
    return from_text(now.start) - from_text(before.end or before.start)


def _shows(call: Delivery) -> tuple[bool, float]:
    """By how much a call shows that something was landed."""
    return call.seen, call.barrels.mid


def _is_one_cargo(one: Delivery, other: Delivery) -> bool:
    return (one.dark or other.dark) and not (one.by_draught and other.by_draught)


def _joined(one: Delivery, other: Delivery) -> Delivery:
    """Two calls of one load: it is counted once, by the call that shows more."""
    main = max((one, other), key=lambda each: (*_shows(each), each is one))
    ends = None if other.end is None else max(one.end or other.end, other.end)
    return msgspec.structs.replace(
        main, start=one.start, end=ends, seen=one.seen or other.seen, dark=one.dark and other.dark
    )
