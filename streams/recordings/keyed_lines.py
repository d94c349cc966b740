"""The lines of a recording with the times to sort them by."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.frame import Cut, Frame
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.byte_spans import Flags, Int64Array
from streams.recordings.errors import SourceError
from streams.recordings.sort_keys import LineKeys

_NONE: Final = np.empty(0, np.int64)
_MOST_HELD: Final = 10_000
"""Context lines that wait for the line they speak of. More of them are taken for lines without a time."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines, a row each: the time to sort it by, its number in the recording, and its text."""

    keys: Int64Array
    numbers: Int64Array
    texts: list[bytes]
    """Without line feeds."""

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def size(self) -> int:
        """Bytes, with line feeds."""
        return sum(map(len, self.texts)) + len(self.texts)

    def part(self, start: int, end: int) -> "Lines":
        return Lines(self.keys[start:end], self.numbers[start:end], self.texts[start:end])

    def in_order(self) -> "Lines":
        """Sorted by time; lines of the same time stay as they are."""
        if not (self.keys[1:] < self.keys[:-1]).any():
            return self
        order = np.argsort(self.keys, kind="stable")
        return Lines(self.keys[order], self.numbers[order], [self.texts[each] for each in order.tolist()])


def joined(parts: Iterable[Lines]) -> Lines:
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    return Lines(
        np.concatenate([part.keys for part in parts] or [_NONE]),
        np.concatenate([part.numbers for part in parts] or [_NONE]),
        [text for part in parts for text in part.texts],
    )


@dataclass(frozen=True, slots=True)
class KeyedLines:
    """Lines that follow each other in a recording.

    `told` marks those that tell the time themselves, `station` is an index into the stations of LineTimes,
    and `cuts` has the lines of which only the head is there, by number.
    """

    lines: Lines
    told: Flags
    station: Int64Array
    cuts: dict[int, Cut]


def keyed_lines(
    frames: Iterable[Frame],
    times: LineTimes,
    wild: Callable[[], Int64Array],
    moving: Int64Array | None = None,
) -> Iterator[KeyedLines]:
    """All lines of frames. A SourceError that these raise comes after the last line.

    `wild` gives the days whose times are not to be believed; it is asked for every frame. `moving` is that of
    LineKeys.
    """
    keys = LineKeys(moving)
    held = _Told(_NONE, np.empty(0, np.bool_), _NONE, _NONE, [])  # context of a line that has not come yet
    fault: SourceError | None = None
    try:
        for frame in frames:
            told = held.followed_by(_read(frame, times))
            settled = len(told.texts) - _trailing(told.leads)
            if len(told.texts) - settled > _MOST_HELD:
                settled = len(told.texts)
            held = told.part(settled, len(told.texts))
            cuts = {frame.first_line + cut.index: cut for cut in frame.cuts}
            yield told.part(0, settled).keyed(keys, wild(), cuts)
    except SourceError as error:
        fault = error
    if held.texts:
        yield held.keyed(keys, wild(), {})
    if fault:
        raise fault


def _trailing(flags: Flags) -> int:
    """How many at the end are set."""
    unset = np.flatnonzero(~flags)
    return len(flags) - 1 - int(unset[-1]) if len(unset) else len(flags)


@dataclass(frozen=True, slots=True)
class _Told:
    """Lines with what they tell."""

    time: Int64Array
    leads: Flags
    station: Int64Array
    numbers: Int64Array
    texts: list[bytes]

    def followed_by(self, other: "_Told") -> "_Told":
        if not self.texts:
            return other
        return _Told(
            np.concatenate((self.time, other.time)),
            np.concatenate((self.leads, other.leads)),
            np.concatenate((self.station, other.station)),
            np.concatenate((self.numbers, other.numbers)),
            self.texts + other.texts,
        )

    def part(self, start: int, end: int) -> "_Told":
        chosen = slice(start, end)
        return _Told(
            self.time[chosen],
            self.leads[chosen],
            self.station[chosen],
            self.numbers[chosen],
            self.texts[chosen],
        )

    def keyed(self, keys: LineKeys, wild: Int64Array, cuts: dict[int, Cut]) -> KeyedLines:
        found, told = keys.of(self.time, self.leads, wild)
        return KeyedLines(Lines(found, self.numbers, self.texts), told, self.station, cuts)


def _read(frame: Frame, times: LineTimes) -> _Told:
    texts = frame.data.split(b"\n")
    if not texts[-1]:
        texts.pop()
    told = times.read(frame)
    numbers = np.arange(frame.first_line, frame.first_line + len(texts))
    return _Told(told.time, told.leads, told.station, numbers, texts)
