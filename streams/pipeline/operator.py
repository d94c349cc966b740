"""A host: a stage as it stands on one partition of its input topic, and what it sends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from models.errors import TankerwatchError
from models.time import BEGINNING, END, Millis
from streams.deployment.topics import Topics

LARGEST = 900_000
"""Bytes of a dead letter: what Kafka took still has to fit once the headers are added."""


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """A message to send. `partition` None leaves it to the key."""

    topic: str
    value: bytes
    partition: int | None = None
    key: bytes | None = None
    headers: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperatorStats:
    watermark: Millis
    """How far event time has come: BEGINNING while none is known, END when all sources have ended."""
    vessels: int | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Lines by what became of them."""


def slowest(watermarks: list[Millis]) -> Millis:
    """The least of those that have not ended."""
    if not watermarks:
        return BEGINNING
    return min((mark for mark in watermarks if mark != END), default=END)


class Operator(Protocol):
    """A stage on one partition. `work` raises WireError for what is no frame of its topic."""

    def work(self, value: bytes, offset: int) -> list[OutgoingRecord]: ...
    def changes(self) -> dict[str, bytes | None]:
        """The pieces of the state that changed since the last call; None for those that are gone."""
        ...

    def load(self, pieces: dict[str, bytes]) -> None:
        """Go on from the pieces that `changes` gave so far."""
        ...

    def numbers(self) -> OperatorStats: ...


class Behind(TankerwatchError):
    """A frame refers to registrations of sources that have not been read yet."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"registrations up to offset {offset} have not been read")


class Registry(Protocol):
    """The registered sources, as the shell reads them from their topic."""

    def upto(self, offset: int) -> Iterable[str]:
        """Sources whose registration is at this offset or before. Raises Behind if that is not read yet."""
        ...


def dead_letter(
    topics: Topics,
    *,
    reason: str,
    value: bytes,
    source: str,
    line: int,
    topic: str,
    partition: int,
    offset: int,
) -> OutgoingRecord:
    """What could not be used, with why and where it came from. The value is the bytes themselves."""
    if len(value) > LARGEST:
        reason, value = f"{reason} (the first {LARGEST} of {len(value)} bytes)", value[:LARGEST]
    headers = {
        "reason": reason,
        "source": source,
        "line": str(line),
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
    }
    return OutgoingRecord(
        topics.rejects,
        value,
        key=source.encode(),
        headers={name: text.encode() for name, text in headers.items()},
    )
