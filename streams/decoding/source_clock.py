"""Source clock: which times of a source are believed, how far its event time has come, and what is late."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.time import BEGINNING, END, Millis
from streams.decoding.lines.byte_spans import Flags, Int64Array
from streams.decoding.lines.sentence import Sentence
from streams.decoding.lines.source_times import UNTOLD

Judged = tuple[Sentence, bool]
"""A sentence whose turn has come, and whether its time is believed."""

_NONE: Final[tuple[Judged, ...]] = ()


class Taken(NamedTuple):
    """What became of sentences that nothing had to be held for: `latest` and `watermark` before each, and
    at the end."""

    time: Int64Array
    believed: Flags
    late: Flags
    latest: Int64Array
    watermark: Int64Array

    @property
    def size(self) -> int:
        return len(self.time)


class _State(msgspec.Struct, array_like=True):
    latest: Millis | None = None
    watermark: Millis = BEGINNING
    queue: list[Sentence] = []
    unexplained: list[Millis] = []
    first: Millis | None = None
    base_time: Millis | None = None


class SourceClock:
    """Believes a time when its source has come near it, and moves the watermark by what it believes.

    At the start nothing is believed until `agreeing` consecutive timed lines do not contradict each other:
    a line contradicts an earlier one whose time is more than `max_jump` ahead of its own. Later a time more
    than `max_jump` ahead of the source is held, with all lines after it. A line whose time is near the source
    decides against it; `agreeing` lines that do not contradict it decide for it. So one wrong time, first or
    not, never makes the rest of a source late, and a vessel that is heard once in 25 hours is believed. Where
    an ingest noted the time of receipt, that is the measure instead, and nothing is held. All durations are
    in milliseconds.
    """

    def __init__(
        self,
        *,
        lateness: Millis,
        max_jump: Millis,
        agreeing: int,
        future_tolerance: Millis,
        max_held: int,
        base_time: Millis | None,
    ) -> None:
        self._lateness = lateness
        self._max_jump = max_jump
        self._agreeing = agreeing
        self._future_tolerance = future_tolerance
        self._max_held = max_held
        self._state = _State(base_time=base_time)

    @property
    def watermark(self) -> Millis:
        """What is older is late; BEGINNING until a time is known."""
        return self._state.watermark

    @property
    def now(self) -> Millis:
        """How far the source itself has come: its receive time, or else its latest event time."""
        mark = self._state.watermark
        return mark if mark == BEGINNING else mark + self._lateness

    def admit(self, sentence: Sentence) -> Iterable[Judged]:
        """Take the next sentence in; return those whose turn has come, in order of arrival."""
        state, time = self._state, sentence.time
        if sentence.received is not None:
            believed = time is None or time <= sentence.received + self._future_tolerance
            return (*self.settle(), (sentence, believed)) if state.queue else ((sentence, believed),)
        explained = state.latest is not None and (time is None or time <= state.latest + self._max_jump)
        if explained and not state.queue:
            return ((sentence, True),)
        if explained and time is not None:
            return (*self._release(time + self._lateness), (sentence, True))
        state.queue.append(sentence)
        if time is not None:
            state.unexplained = [*state.unexplained, time][-self._agreeing :]
            if len(state.unexplained) == self._agreeing and self._agree(state.unexplained):
                return self._release(END)
        return self.settle() if len(state.queue) > self._max_held else _NONE

    def settle(self) -> Iterable[Judged]:
        """Release what is held without waiting for more lines: a time that none contradicts is believed."""
        state = self._state
        if state.latest is None and all(held.time is None for held in state.queue):
            state.latest = state.base_time
        return self._release(END)

    def stamp(self, time: Millis | None, received: Millis | None, moves: bool = True) -> Millis | None:
        """The event time of a believed line: its own, else its receive time, else the source's latest.

        Moves the source on, if a time of its own is one that does. None where no time is known at all.
        """
        state = self._state
        if time is None:
            time = (
                received
                if received is not None
                else state.latest
                if state.latest is not None
                else state.first
            )
        if time is not None and (moves or received is not None):
            state.latest = time if state.latest is None else max(state.latest, time)
            reach = time if received is None else received
            state.watermark = max(state.watermark, reach - self._lateness)
        return time

    def idle(self, received: Millis) -> None:
        """Move the watermark by a time of receipt alone."""
        self._state.watermark = max(self._state.watermark, received - self._lateness)

    def take(self, times: Int64Array, received: Int64Array | None, moves: Flags | None) -> Taken | None:
        """`admit` and `stamp` for the next sentences at once, up to the first one that has to be held.

        None if that is the very first. The timeline itself stays; `move` takes it to any of them. `moves`
        tells whose times move the source on; None for all.
        """
        state = self._state
        if state.queue:
            return None
        if received is not None:
            believed = times <= received + self._future_tolerance
            known = np.where(times == UNTOLD, received, times)
            latest = _running(UNTOLD if state.latest is None else state.latest, known, believed)
            watermark = _running(state.watermark, received - self._lateness, believed)
            return Taken(known, believed, believed & (known < watermark[1:]), latest, watermark)
        if state.latest is None or state.watermark < state.latest - self._lateness:
            return None
        latest = _running(state.latest, times, moves)
        held = times > latest[:-1] + self._max_jump
        count = int(held.argmax()) if held.any() else len(times)
        if not count:
            return None
        times, latest = times[:count], latest[: count + 1]
        known = np.where(times == UNTOLD, latest[:-1], times)
        watermark = np.maximum(latest - self._lateness, state.watermark)
        return Taken(known, np.ones(count, np.bool_), known < watermark[1:], latest, watermark)

    def move(self, taken: Taken, index: int) -> None:
        """Go to where the source was before a sentence that was taken; beyond the last, to the end."""
        latest = int(taken.latest[index])
        self._state.latest = None if latest == UNTOLD else latest
        self._state.watermark = int(taken.watermark[index])

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._state)

    def load(self, data: bytes) -> None:
        self._state = msgspec.msgpack.decode(data, type=_State)

    def _agree(self, times: Sequence[Millis]) -> bool:
        """Whether none of these times, in order of arrival, contradicts one before it."""
        highest = itertools.accumulate(times, max)
        return all(time >= before - self._max_jump for time, before in zip(times, highest, strict=True))

    def _release(self, limit: Millis) -> list[Judged]:
        """Empty the queue. A time beyond `limit`, or that most later ones contradict, is not believed.

        Lines without a time at the start of a source get the first time that is believed.
        """
        state = self._state
        queue, state.queue, state.unexplained = state.queue, [], []
        times = np.array([held.time for held in queue if held.time is not None], np.int64)
        judged: list[Judged] = []
        done = 0
        for held in queue:
            believed = True
            if held.time is not None:
                done += 1
                against = int(np.count_nonzero(times[done:] < held.time - self._max_jump))
                believed = held.time <= limit and 2 * against <= len(times) - done
                if believed and state.latest is None and held.moves:
                    state.latest = held.time
                elif believed and state.first is None:
                    state.first = held.time
            judged.append((held, believed))
        return judged


def _running(before: Millis, times: Int64Array, where: Flags | None = None) -> Int64Array:
    """The latest time before each, and at the end."""
    if where is not None:
        times = np.where(where, times, BEGINNING)
    return np.maximum.accumulate(np.concatenate(([before], times)))
