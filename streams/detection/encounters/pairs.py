"""The pairs of vessels that are remembered: those near each other lately, and encounters of the last day."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import msgspec

from models.time import HOUR, Millis
from streams.detection.encounters.encounter import Key, Pair
from streams.detection.encounters.pair_sample import thinned
from streams.detection.encounters.settings import EncounterSettings


class Pairs:
    """State in pieces, one for each pair. The names of those that change are added to `changed`."""

    def __init__(self, keep_metres: float, changed: set[str]) -> None:
        self._keep_metres = keep_metres
        self._changed = changed
        self.live: dict[Key, Pair] = {}
        """In contact lately; or closed in a silence that may yet be bridged."""
        self.past: dict[int, Pair] = {}
        """Closed within a day, by number in the order of their ends."""
        self.ended = 0
        """Pairs that were put into the past so far: the number of the last."""
        self._raised: defaultdict[int, dict[str, Pair]] = defaultdict(dict)
        """Pairs that an event was raised for, by every MMSI of the two and event id."""
        self._segments: defaultdict[tuple[int, int], set[Key]] = defaultdict(set)
        """The keys of live pairs by their two MMSIs."""

    def __iter__(self) -> Iterator[Pair]:
        """All of them, in an order that depends on nothing but what they are."""
        yield from [pair for _, pair in sorted(self.live.items())]
        yield from list(self.past.values())

    def get(self, key: Key) -> Pair | None:
        return self.live.get(key)

    def is_live(self, pair: Pair) -> bool:
        return self.live.get(pair.key) is pair

    def remembers(self, pair: Pair) -> bool:
        """Whether a pair is still one of these."""
        return self.is_live(pair) or (pair.closed_at is not None and not pair.waits_from)

    def of_two(self, a: int, b: int) -> list[Pair]:
        """The live pairs of two MMSIs, whatever their track segments."""
        return [self.live[key] for key in sorted(self._segments.get((min(a, b), max(a, b)), ()))]

    def parted(self, key: Key) -> list[Pair]:
        """The pair under this key that ended last, if it had not been seen apart before; else none."""
        ended = [pair for pair in self.past.values() if pair.key == key and pair.samples][-1:]
        return [pair for pair in ended if pair.samples[-1].apart_at_least <= self._keep_metres]

    def raised(self, mmsi: int) -> list[Pair]:
        """Those of a vessel that an event was raised for."""
        return list(self._raised.get(mmsi, {}).values())

    def knows(self, mmsi: int, id: str) -> bool:
        return id in self._raised.get(mmsi, {})

    def put(self, pair: Pair) -> None:
        """Add a live pair, or replace the one under its key."""
        self.live[pair.key] = pair
        self._segments[pair.a, pair.b].add(pair.key)
        self.touch(pair)

    def index(self, pair: Pair) -> None:
        """Make a pair that has an event id findable by its vessels."""
        if pair.id is not None:
            for mmsi in pair.mmsis:
                self._raised[mmsi][pair.id] = pair

    def touch(self, pair: Pair) -> None:
        """Note that a pair changed."""
        if self.is_live(pair):
            self._changed.add(piece_name(pair.key))
        else:
            self._changed.update(f"past/{number}" for number, past in self.past.items() if past is pair)

    def end(self, pair: Pair, instant: Millis, keep: bool) -> Pair:
        """The event of a live pair is over, and what comes next is another one.

        With `keep` the pair stays known for a day: a type may still be confirmed, or found to be excluded.
        Returns what takes its place, which only knows how the two moved.
        """
        pair.waits_from = 0
        if keep:
            self.keep(pair, instant)
        else:
            self.unindex(pair)
        following = Pair(
            pair.a,
            pair.b,
            pair.segments,
            co_moving=pair.co_moving,
            co_moving_at=pair.co_moving_at,
            apart=pair.apart,
        )
        self.put(following)
        return following

    def keep(self, pair: Pair, instant: Millis) -> None:
        """Put a pair that is not live, or no longer, into the past."""
        self.ended += 1
        pair.closed_at = pair.closed_at or instant
        self.past[self.ended] = pair
        self._changed.add(f"past/{self.ended}")

    def remove(self, pair: Pair) -> None:
        """Forget a pair that has no event of its own, or whose event another pair goes on with."""
        if not self.is_live(pair):
            for number in [number for number, past in self.past.items() if past is pair]:
                self.forget(number)
            return
        del self.live[pair.key]
        keys = self._segments[pair.a, pair.b]
        keys.discard(pair.key)
        if not keys:
            del self._segments[pair.a, pair.b]
        self._changed.add(piece_name(pair.key))

    def forget(self, number: int) -> None:
        """Forget one of the past."""
        self.unindex(self.past.pop(number))
        self._changed.add(f"past/{number}")

    def unindex(self, pair: Pair) -> None:
        """The opposite of `index`."""
        for mmsi in pair.mmsis:
            if self._raised.get(mmsi, {}).get(pair.id or "") is pair:
                del self._raised[mmsi][pair.id or ""]
                if not self._raised[mmsi]:
                    del self._raised[mmsi]

    def first_contacts(self) -> dict[int, Millis]:
        """By MMSI, when the earliest contact began that may still become an encounter or is one."""
        first: dict[int, Millis] = {}
        for pair in self:
            if pair.samples:
                for mmsi in pair.mmsis:
                    first[mmsi] = min(first.get(mmsi, pair.samples[0].time), pair.samples[0].time)
        return first

    def prune(
        self,
        instant: Millis,
        keep: Millis,
        s: EncounterSettings,
        may_be_raised: Callable[[Pair, float], bool],
        awaits_learning: Callable[[Pair, Millis], bool],
    ) -> None:
        """Let go of what is over for a day, and of live pairs that can become no encounter.

        `may_be_raised` is asked of pairs that were in contact, with the instant a day ago. Pairs without
        contact are kept for `keep` milliseconds, or longer where they moved together, and what is over for as
        long as it `awaits_learning` at this instant.
        """
        horizon = instant - s.candidate_hours * HOUR
        for number, pair in list(self.past.items()):
            if pair.closed_at is None or (pair.closed_at <= horizon and not awaits_learning(pair, instant)):
                self.forget(number)
        for pair in list(self.live.values()):
            if not pair.samples:
                age = instant - pair.co_moving_at
                brief = len(pair.co_moving) < s.co_moving_instants and age > keep
                if brief or age > s.co_moving_hours * HOUR:
                    self.remove(pair)
            elif not may_be_raised(pair, horizon):
                self.end(pair, instant, keep=False)
            elif len(pair.samples) > s.kept_instants:
                pair.samples = thinned(pair.samples, s)
                self.touch(pair)

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces."""
        return {piece_name(key) for key in self.live} | {f"past/{number}" for number in self.past}

    def piece(self, kind: str, numbers: list[int]) -> Pair | None:
        """What one piece holds; None where it is gone."""
        if kind == "past":
            return self.past.get(numbers[0])
        a, b, segment_a, segment_b = numbers
        return self.live.get((a, b, segment_a, segment_b))

    def load(self, pieces: Iterable[tuple[str, str, bytes]], ended: int) -> None:
        """Replace the state by these pieces: kind, the rest of the name, and what it holds."""
        self.ended, self.live, self.past = ended, {}, {}
        self._raised.clear()
        self._segments.clear()
        past: dict[int, Pair] = {}
        for kind, rest, data in pieces:
            pair = msgspec.msgpack.decode(data, type=Pair)
            if kind == "past":
                past[int(rest)] = pair
            else:
                self.live[pair.key] = pair
                self._segments[pair.a, pair.b].add(pair.key)
        self.past = dict(sorted(past.items()))
        for pair in self:
            self.index(pair)


def piece_name(key: Key) -> str:
    return "pair/" + "/".join(map(str, key))
