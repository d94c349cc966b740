"""The ways that one cargo can have taken: from its source through meetings to North Korean ports.

A cargo starts where a tanker loads at a Russian port. Whoever has it may pass it on in each later meeting,
and ends its way by calling at a North Korean port or by loading anew. Where a vessel calls at a North Korean
port and no known load explains it, the vessels that it met before are its unknown sources.
"""

import heapq
from collections.abc import Iterator

import msgspec

from models.time import END, Millis
from streams.detection.chains.book import FactBook
from streams.detection.chains.facts import Fact, Side
from streams.detection.chains.links import Links
from streams.detection.chains.settings import ChainSettings

LEGS: int = 40
"""Legs that one cargo is followed through at most, the likeliest first."""


class Leg(msgspec.Struct, frozen=True):
    """A fact in the way of a cargo. `before` is the leg that it follows, by number; -1 for the first."""

    kind: str  # "load", "transfer" or "discharge"
    fact: Fact
    side: Side  # who has the oil afterwards; of a discharge, who brought it
    ship: str
    giver: Side | None
    before: int
    transfers: int  # on the way so far, with this leg
    confidence: float


class Cargo(msgspec.Struct, frozen=True):
    """The legs of one cargo, the first one first, each after the one that it follows."""

    root: Fact
    known: bool  # whether it begins at a Russian port
    legs: tuple[Leg, ...]
    holding: tuple[tuple[int, Fact], ...]  # legs whose vessel may still have oil, and its last fact
    calls: tuple[Fact, ...]  # at other Russian ports, on the way
    earlier: tuple[
        Fact, ...
    ]  # loads of the first vessel that this one follows, its oil not landed in between
    ships: frozenset[str]  # all that were looked at

    def way(self, number: int) -> list[Leg]:
        """The legs up to this one, the first one first."""
        out = []
        while number >= 0:
            out.append(self.legs[number])
            number = self.legs[number].before
        return out[::-1]

    @property
    def ends(self) -> list[int]:
        """Numbers of the legs that end at a North Korean port: those seen there first, then the likeliest."""
        ends = (i for i, leg in enumerate(self.legs) if leg.kind == "discharge")
        return sorted(ends, key=lambda i: (not self.legs[i].fact.seen, -self.legs[i].confidence, i))

    @property
    def transfers(self) -> int:
        """On the likeliest way to a port; before a call is seen there, the most on any way."""
        if self.ends and self.legs[self.ends[0]].fact.seen:
            return self.legs[self.ends[0]].transfers
        return max(leg.transfers for leg in self.legs)


class CargoFinder:
    """Derives cargoes from the facts in a book. Has no state of its own."""

    def __init__(self, book: FactBook, links: Links, settings: ChainSettings) -> None:
        self._book, self._links, self._s = book, links, settings

    def is_source(self, fact: Fact) -> bool:
        return fact.is_call and self._links.load(fact) > 0

    def is_end(self, fact: Fact) -> bool:
        return fact.is_call and fact.country in self._s.end_countries

    def is_landing(self, fact: Fact) -> bool:
        """Whether what a vessel had before is landed: a call that is only possible may have been none."""
        return self.is_end(fact) and fact.seen

    def loads(self, ship: str) -> dict[str, list[Fact]]:
        """The calls at which a ship loaded a cargo of its own, each with the loads that it follows.

        A weaker source in between adds nothing: the ship already has a cargo from a surer one. Of equals the
        last counts. Nor does a call that was not seen, while the ship may still have the cargo that it took
        in a meeting, as its draught shows.
        """
        loads: dict[str, list[Fact]] = {}
        now: Fact | None = None
        filled: Millis | None = None  # when
        for fact in self._book.of(ship):
            if not fact.is_call:
                side = self._book.side_of(fact, ship)
                if self._links.filled(side):
                    filled = fact.until
                elif self._links.emptied(side):
                    filled = None
            elif self.is_end(fact):
                filled = None
                now = None if fact.seen else now
            elif self.is_source(fact):
                full = filled is not None and fact.start <= filled + self._s.window(None, 1)
                if full and not fact.seen and not self._links.deeper(fact.sides[0]):
                    continue
                aboard = now is not None and fact.start <= now.until + self._s.window(now.lon, 0)
                surer = now is not None and self._links.load(now) > self._links.load(fact)
                if aboard and surer:
                    continue
                earlier = [*loads.get(now.id, []), now] if aboard and now is not None else []
                loads[fact.id], now = earlier, fact
        return loads

    def from_load(self, call: Fact) -> Cargo | None:
        """The cargo that a vessel loaded in a call; None where it loaded none of its own there."""
        ship = self._book.ship(call.sides[0])
        earlier = self.loads(ship).get(call.id)
        if earlier is None:
            return None
        first = Leg("load", call, call.sides[0], ship, None, -1, 0, self._links.load(call))
        return self._follow(call, [first], known=True, earlier=tuple(earlier))

    def to_end(self, call: Fact) -> Cargo | None:
        """The cargo from unknown sources that a vessel brought to a North Korean port; None without any.

        A call that is only possible brings none from sources that are not even known.
        """
        ship, side = self._book.ship(call.sides[0]), call.sides[0]
        ships: set[str] = {ship}
        if not call.seen:
            return None
        legs: list[Leg] = []
        loads = self.loads(ship)
        earliest = call.start - self._s.window(None, 1)
        for fact in self._book.of(ship):
            if (self.is_landing(fact) or fact.id in loads) and fact.start < call.start:
                legs = []  # what it had before is landed, or its source is known
            elif not fact.is_call and fact.until >= earliest and fact.start < call.start:
                giver = self._book.other(fact, ship)
                if giver is None or fact.id == call.id or not self._links.can_follow(fact, call):
                    continue
                from_ship = self._book.ship(giver)
                ships.add(from_ship)
                receiver = self._book.side_of(fact, ship)
                ordinary = self._coastal(fact, giver) or not self._links.shows_oil(giver, receiver)
                confidence = 0.0 if ordinary else self._links.transfer(fact, giver, receiver)
                if confidence >= self._s.min_confidence:
                    legs.append(Leg("transfer", fact, receiver, ship, giver, -1, 1, confidence))
        landed = self._links.discharge(call, carried=bool(legs))
        best = max(range(len(legs)), key=lambda i: (legs[i].confidence, i), default=None)
        if best is None or legs[best].confidence * landed < self._s.min_confidence:
            return Cargo(call, False, (), (), (), (), frozenset(ships))
        legs.append(Leg("discharge", call, side, ship, None, best, 1, legs[best].confidence * landed))
        return Cargo(call, False, tuple(legs), (), (), (), frozenset(ships))

    def _coastal(self, meeting: Fact, giver: Side) -> bool:
        """Whether the other vessel is in North Korea's own trade.

        It came from there, or flies its flag and did not come from a source of oil.
        """
        calls = [
            fact
            for fact in self._book.of(self._book.ship(giver))
            if fact.is_call
            and fact.start < meeting.start
            and fact.until >= meeting.start - self._s.window(None, 1)
        ]
        if calls and self.is_end(calls[-1]):
            return True
        return giver.vessel.flag in self._s.flags and not (calls and self.is_source(calls[-1]))

    def _follow(self, root: Fact, legs: list[Leg], *, known: bool, earlier: tuple[Fact, ...]) -> Cargo:
        """All ways on from the first leg, the likeliest first."""
        found: list[Leg] = []
        holding: list[tuple[int, Fact]] = []
        calls: dict[str, Fact] = {}
        ships: set[str] = set()
        known_by: set[tuple[str, str]] = set()
        queue = [(-leg.confidence, leg.fact.start, leg.fact.id, leg.ship, leg) for leg in legs]
        while queue and len(found) < LEGS:
            *_, leg = heapq.heappop(queue)
            if (leg.fact.id, leg.ship) in known_by:
                continue  # a likelier way led there
            known_by.add((leg.fact.id, leg.ship))
            found.append(leg)
            if leg.kind == "discharge":
                continue
            number, last, over = len(found) - 1, leg.fact, False
            way = {found[i].ship for i in _numbers(found, number)}
            ships |= way
            loads = self.loads(leg.ship)
            for fact in self._after(leg):
                if over or fact.start > root.until + self._s.window(root.lon, self._s.max_transfers):
                    break
                if not self._links.can_follow(last, fact):
                    continue
                if not fact.is_call:
                    for option in self._passed_on(leg, number, fact, way, ships):
                        heapq.heappush(queue, (-option.confidence, fact.start, fact.id, option.ship, option))
                    last = fact
                    continue
                over = self.is_landing(fact) or self._loads_anew(leg, fact, loads)
                in_time = fact.start <= root.until + self._s.window(root.lon, leg.transfers)
                landed = self._links.discharge(fact, carried=leg.transfers > 0) if in_time else 0.0
                confidence = leg.confidence * landed
                if landed and confidence >= self._s.min_confidence:
                    side = self._book.side_of(fact, leg.ship)
                    end = Leg("discharge", fact, side, leg.ship, None, number, leg.transfers, confidence)
                    heapq.heappush(queue, (-confidence, fact.start, fact.id, leg.ship, end))
                elif not over and fact.seen:
                    calls[fact.id] = fact
                    last = fact
            if not over:
                holding.append((number, last))
        return Cargo(
            root, known, tuple(found), tuple(holding), tuple(calls.values()), earlier, frozenset(ships)
        )

    def _loads_anew(self, leg: Leg, fact: Fact, loads: dict[str, list[Fact]]) -> bool:
        """Whether a vessel loads another cargo: a call that is less sure than its cargo adds nothing."""
        return fact.id in loads and (fact.seen or self._links.load(fact) >= leg.confidence)

    def _after(self, leg: Leg) -> Iterator[Fact]:
        """The facts of a leg's vessel that can come after it, by their start."""
        since: Millis = leg.fact.until if leg.kind == "load" else leg.fact.start
        if leg.kind == "load" and leg.fact.end is None:
            since = END
        for fact in self._book.of(leg.ship):
            if fact.id != leg.fact.id and fact.until > since:
                yield fact

    def _passed_on(
        self, leg: Leg, number: int, meeting: Fact, way: set[str], ships: set[str]
    ) -> Iterator[Leg]:
        """The leg in which a vessel passes its oil on in a meeting, if it can have."""
        receiver = self._book.other(meeting, leg.ship)
        if receiver is None or leg.transfers >= self._s.max_transfers:
            return
        ship = self._book.ship(receiver)
        ships.add(ship)
        giver = self._book.side_of(meeting, leg.ship)
        confidence = leg.confidence * self._links.transfer(meeting, giver, receiver)
        if ship not in way and confidence >= self._s.min_confidence:
            yield Leg("transfer", meeting, receiver, ship, giver, number, leg.transfers + 1, confidence)


def _numbers(legs: list[Leg], number: int) -> Iterator[int]:
    while number >= 0:
        yield number
        number = legs[number].before
