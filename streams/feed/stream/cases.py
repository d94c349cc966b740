"""Cases: which chain an event is a leg of. Chains name their legs; the feed tells each leg its chain.

An event published by the stages never names its chain: the chain may be found, split or taken back long after
the event was last revised. So the feed adds `case` when it sends, as the chains stand at that moment.
"""

from typing import Final

import msgspec

from models.event import Event, EventType, Level, Status

CHAINS: Final = 20_000
"""Most chains that are known at a time; those that were revised longest ago are forgotten first."""


class _Chain(msgspec.Struct, frozen=True):
    revision: int
    legs: frozenset[str]  # ids of events; none of a chain that was taken back
    rank: tuple[bool, float, str]  # the lowest goes first


class Cases:
    """The chains that stand, by their legs."""

    def __init__(self) -> None:
        self._chains: dict[str, _Chain] = {}
        self._of: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._chains)

    @property
    def chains(self) -> list[str]:
        """The ids of all chains."""
        return list(self._chains)

    def take(self, event: Event) -> None:
        """Take in a revision of a chain. Other events, and revisions that are not higher, change nothing."""
        before = self._chains.get(event.id)
        if event.type is not EventType.CHAIN or (before is not None and event.revision <= before.revision):
            return
        stands = event.chain is not None and event.status is not Status.RETRACTED
        legs = frozenset(leg.event for leg in event.chain.legs) if event.chain and stands else frozenset()
        self.forget(event.id)
        rank = (event.level is not Level.PROBABLE, -event.score, event.id)
        self._chains[event.id] = _Chain(event.revision, legs, rank)
        for leg in legs:
            self._of.setdefault(leg, set()).add(event.id)
        while len(self._chains) > CHAINS:
            self.forget(next(iter(self._chains)))

    def forget(self, chain: str) -> None:
        """Forget a chain; nothing happens if it is not known."""
        if (one := self._chains.pop(chain, None)) is None:
            return
        for leg in one.legs:
            self._of[leg].discard(chain)
            if not self._of[leg]:
                del self._of[leg]

    def clear(self) -> None:
        self._chains.clear()
        self._of.clear()

    def of(self, event: str) -> str | None:
        """The chain of an event; of several the probable one first, then the one with the highest score."""
        return min(self._of.get(event, ()), key=lambda chain: self._chains[chain].rank, default=None)

    def add_to(self, json: bytes, event: str) -> bytes:
        """The JSON of an event with its `case`; unchanged if it has none."""
        case = self.of(event)
        return json if case is None else json[:-1] + b',"case":' + msgspec.json.encode(case) + b"}"
