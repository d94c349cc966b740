"""Reassembly: the parts of messages that need more than one sentence (IEC 61162-1, VDM)."""

from collections.abc import Iterator
from typing import Final

import msgspec

from models.time import Millis
from streams.decoding.sentence import Sentence

_MAX_OPEN: Final = 10_000


class Assembly(msgspec.Struct, array_like=True):
    """The parts of one message so far. `verdict` names the outcome of all of them if it is settled already.

    The message's time is that of its first part.
    """

    time: Millis
    deadline: Millis  # by the source's own progress
    verdict: str
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


class Assemblies:
    """Open assemblies by key, the oldest first; a bounded number of them."""

    def __init__(self) -> None:
        self._open: dict[bytes, Assembly] = {}

    def __contains__(self, key: bytes) -> bool:
        return key in self._open

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def room(self, number: int) -> bool:
        """Whether so many more can be begun without one having to go."""
        return len(self._open) + number <= _MAX_OPEN

    def get(self, key: bytes) -> Assembly | None:
        return self._open.get(key)

    def start(self, key: bytes, assembly: Assembly) -> Assembly | None:
        """Begin a message. Returns the oldest assembly if that had to go to make room."""
        self._open[key] = assembly
        return self._open.pop(next(iter(self._open))) if len(self._open) > _MAX_OPEN else None

    def drop(self, key: bytes) -> Assembly | None:
        return self._open.pop(key, None)

    def expire(self, now: Millis) -> list[Assembly]:
        """Take out those whose deadline is before `now`."""
        overdue = [key for key, assembly in self._open.items() if assembly.deadline < now]
        return [self._open.pop(key) for key in overdue]

    def clear(self) -> list[Assembly]:
        gone = list(self._open.values())
        self._open = {}
        return gone

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._open)

    def load(self, data: bytes) -> None:
        self._open = msgspec.msgpack.decode(data, type=dict[bytes, Assembly])
