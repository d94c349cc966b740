"""The timeline of one source: which times are believed, how far its event time has come, what is late."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.time import BEGINNING, Millis
from streams.decoding.byte_spans import Flags, Int64Array
from streams.decoding.sentence import Sentence

UNTOLD: Final = BEGINNING
"""Where a column of times has none."""

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


class SourceClock:
    """Believes a time when its source has come near it, and moves the watermark by what it believes.

    At the start nothing is believed until `agreeing` consecutive timed lines lie within `max_jump` of each
    other; later a time more than `max_jump` ahead is held, with all lines after it, until as many agree:
    so one wrong time, first or not, never makes the rest of a source late. Where an ingest noted the time
    of receipt, that is the measure instead, and nothing is held. All durations in milliseconds.
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
        self._base_time = base_time
        self._state = _State()

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
            return (*self._release(()), (sentence, True))
        state.queue.append(sentence)
        if time is not None:
            state.unexplained = [*state.unexplained, time][-self._agreeing :]
            if self._agree(state.unexplained, self._agreeing):
                return self._release(state.unexplained)
        return self.settle() if len(state.queue) > self._max_held else _NONE

    def settle(self) -> Iterable[Judged]:
        """Release what is held without waiting for more lines to agree.

        A source that has no believed time yet starts with the first two that agree, else with the first
        one, else with the base time.
        """
        state = self._state
        if state.latest is not None:
            return self._release(())
        times = [held.time for held in state.queue if held.time is not None]
        pairs = [pair for pair in pairwise(times) if self._agree(pair, 2)]
        if not times:
            state.latest = self._base_time
        return self._release(pairs[0] if pairs else times[:1])

    def stamp(self, time: Millis | None, received: Millis | None) -> Millis | None:
        """The event time of a believed line: its own, else its receive time, else the source's latest.

        Moves the source on. None where no time is known at all.
        """
        state = self._state
        if time is None:
            time = received if received is not None else state.latest
        if time is not None:
            state.latest = time if state.latest is None else max(state.latest, time)
            reach = time if received is None else received
            state.watermark = max(state.watermark, reach - self._lateness)
        return time

    def idle(self, received: Millis) -> None:
        """Move the watermark by a time of receipt alone."""
        self._state.watermark = max(self._state.watermark, received - self._lateness)

    def take(self, times: Int64Array, received: Int64Array | None) -> Taken | None:
        """`admit` and `stamp` for the next sentences at once, up to the first one that has to be held.

        None if that is the very first. The timeline itself stays; `move` takes it to any of them.
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
        latest = _running(state.latest, times)
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

    def _agree(self, times: Iterable[Millis], number: int) -> bool:
        times = list(times)
        return len(times) >= number and max(times) - min(times) <= self._max_jump

    def _release(self, agreed: Iterable[Millis]) -> list[Judged]:
        """Empty the queue: with `agreed`, what lies within a jump of those is believed, else what is untimed.

        Untimed lines at the start of a source get the first time that is believed.
        """
        state = self._state
        queue, state.queue, state.unexplained = state.queue, [], []
        anchor = list(agreed)
        low, high = (max(anchor) - self._max_jump, min(anchor) + self._max_jump) if anchor else (1, 0)
        judged = [(held, held.time is None or low <= held.time <= high) for held in queue]
        if state.latest is None:
            state.latest = next((held.time for held, good in judged if good and held.time is not None), None)
        return judged


def _running(before: Millis, times: Int64Array, where: Flags | None = None) -> Int64Array:
    """The latest time before each, and at the end."""
    if where is not None:
        times = np.where(where, times, BEGINNING)
    return np.maximum.accumulate(np.concatenate(([before], times)))
