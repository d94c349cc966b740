"""Reassembly: messages that come in several sentences (IEC 61162-1, VDM); parts of two ships never join.

Parts belong together if they agree in talker, number of parts, sequence id and channel, and

- a part with a group id (`g:` of its tag block) has that of the message, in any order;
- a part without one comes after the first part, and from the same station. A part that names no station joins
  the only message there is for it. Where several messages wait for it and they do not say the same so far, it
  joins none of them.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from models.time import Millis
from streams.decoding.lines.sentence import Sentence

_MAX_OPEN: Final = 10_000
_MAX_RIVALS: Final = 16  # messages of one key, group and station


class Assembly(msgspec.Struct, array_like=True):
    """The parts of one message so far."""

    key: int
    group: str
    station: str
    time: Millis
    """Event time of its first part; else of another that told one; else of the source as it began."""
    told: bool
    """Whether a part told that time."""
    deadline: Millis
    """By the progress of the source."""
    line: int
    """Of the part that began it."""
    timed: bool
    """Whether there is a time, told or of receipt. Without one, lines are counted."""
    verdict: str
    """The outcome of all its parts, if that is settled already."""
    parts: list[Sentence]

    @property
    def complete(self) -> bool:
        return len(self.parts) == self.parts[0].total

    def has(self, number: int) -> bool:
        return any(part.number == number for part in self.parts)

    @property
    def message(self) -> list[Sentence]:
        """The parts in the order of their numbers."""
        return sorted(self.parts, key=lambda part: part.number)

    @property
    def content(self) -> tuple[tuple[int, bytes], ...]:
        return tuple((part.number, part.payload) for part in self.message)

    def contradicts(self, sentence: Sentence) -> bool:
        """Whether it holds another part of the same number."""
        return any(part.number == sentence.number and part.payload != sentence.payload for part in self.parts)

    def is_of(self, sentence: Sentence) -> bool:
        """Whether a part could be of this message by its group and station."""
        if sentence.group and sentence.group != self.group:
            return False
        return not sentence.station or not self.station or sentence.station == self.station

    def takes(self, sentence: Sentence, timeout: Millis) -> bool:
        """Whether a part is one that is missing here, and told within `timeout` of the others."""
        if self.has(sentence.number) or not self.is_of(sentence):
            return False
        return sentence.time is None or not self.told or abs(sentence.time - self.time) <= timeout


class Assemblies:
    """Messages that wait for parts, the oldest first; a bounded number of them."""

    def __init__(self, timeout: Millis, lines: int) -> None:
        """A message waits for `timeout` of the progress of its source; without times, for `lines`."""
        self._timeout = timeout
        self._lines = lines
        self._open: dict[int, Assembly] = {}
        self._by_key: dict[int, list[int]] = {}  # numbers in `_open`
        self._next = 0

    def __iter__(self) -> Iterator[Assembly]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def room(self, number: int) -> bool:
        """Whether so many more can begin without one having to go."""
        return len(self._open) + number <= _MAX_OPEN

    def find(self, sentence: Sentence, now: Millis) -> Assembly | None:
        """The message that a part belongs to; None where there is none, or more than one."""
        fitting = [
            assembly for assembly in self._alive(sentence, now) if assembly.takes(sentence, self._timeout)
        ]
        exact = [assembly for assembly in fitting if assembly.station == sentence.station]
        if sentence.station and exact:
            fitting = exact
        if len({assembly.content for assembly in fitting}) != 1:
            return None
        return fitting[0]

    def begin(self, assembly: Assembly, now: Millis) -> list[Assembly]:
        """Add a message. Returns those that it supersedes: of its station or group, with another such part.

        A message of no named station supersedes none: it may be another ship's, heard by another station.
        """
        first = assembly.parts[0]
        rivals = [
            rival
            for rival in self._alive(first, now)
            if (rival.group, rival.station) == (assembly.group, assembly.station)
        ]
        superseded = rivals[: len(rivals) - _MAX_RIVALS + 1] if len(rivals) >= _MAX_RIVALS else []
        if assembly.group or assembly.station:
            superseded = [rival for rival in rivals if rival.contradicts(first)]
        for rival in superseded:
            self.drop(rival)
        self._open[self._next] = assembly
        self._by_key.setdefault(assembly.key, []).append(self._next)
        self._next += 1
        return superseded

    def drop(self, assembly: Assembly) -> None:
        numbers = self._by_key[assembly.key]
        number = next(number for number in numbers if self._open[number] is assembly)
        numbers.remove(number)
        if not numbers:
            del self._by_key[assembly.key]
        del self._open[number]

    def crowd_out(self) -> Assembly | None:
        """Take out the oldest where there is no room for one more."""
        if self.room(1):
            return None
        oldest = next(iter(self._open.values()))
        self.drop(oldest)
        return oldest

    def expire(self, now: Millis, line: int) -> list[Assembly]:
        """Take out those that have waited too long."""
        overdue = [assembly for assembly in self._open.values() if self._overdue(assembly, now, line)]
        for assembly in overdue:
            self.drop(assembly)
        return overdue

    def clear(self) -> list[Assembly]:
        gone = list(self._open.values())
        self._open, self._by_key = {}, {}
        return gone

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._open.values()))

    def load(self, data: bytes) -> None:
        self._open, self._by_key = {}, {}
        for number, assembly in enumerate(msgspec.msgpack.decode(data, type=list[Assembly])):
            self._open[number] = assembly
            self._by_key.setdefault(assembly.key, []).append(number)
        self._next = len(self._open)

    def _alive(self, sentence: Sentence, now: Millis) -> Iterator[Assembly]:
        """The messages with the key of a sentence that have not waited too long, the oldest first."""
        for number in self._by_key.get(sentence.key, ()):
            assembly = self._open[number]
            if not self._overdue(assembly, now, sentence.line):
                yield assembly

    def _overdue(self, assembly: Assembly, now: Millis, line: int) -> bool:
        return assembly.deadline < now or (not assembly.timed and abs(line - assembly.line) > self._lines)
