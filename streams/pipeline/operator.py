"""An operator: one stage on one partition of its input topic. A frame goes in, records to send come out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from models.errors import TankerwatchError
from models.station_clock import Clocks
from models.time import BEGINNING, END, Millis
from streams.deployment.heartbeat import SourceBeat
from streams.deployment.topics import Topics
from streams.deployment.wire import Origin

MAX_DEAD_LETTER_BYTES: Final = 900_000
"""Kafka takes a megabyte by default, and the headers need room too."""


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """A record to send. Without a `partition`, Kafka derives it from the key."""

    topic: str
    value: bytes
    partition: int | None = None
    key: bytes | None = None
    headers: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperatorStats:
    """What an operator reports about itself to metrics and status. Nothing depends on it."""

    watermark: Millis
    """How far event time has come: BEGINNING while no time is known, END when all sources have ended."""
    done: Millis = BEGINNING
    """The last instant of the time grid that is worked off; BEGINNING for none, and in the decoder."""
    vessels: int | None = None
    """Vessels that are followed, in the vessel stage."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Since the state began: in the decoder, lines by outcome; in the stages behind it, `OVERTAKEN`."""
    clocks: Mapping[str, Clocks] = field(default_factory=dict)
    """In the decoder, what is known about the clocks of stations, by source: of those that have not
    ended, if there are any."""
    sources: Mapping[str, SourceBeat] = field(default_factory=dict)
    """In the decoder, when each source was last heard."""


OVERTAKEN: Final = "overtaken"
"""The name under which a stage counts what came too late: it was older than what had been worked off."""


class Operator(Protocol):
    def process(self, value: bytes, offset: int) -> list[OutgoingRecord]:
        """Take one frame. Raises WireError for bytes that are no frame of the input topic."""
        ...

    def changes(self) -> dict[str, bytes | None]:
        """The pieces of state that changed since the last call, by name; None for those that are gone."""
        ...

    def load(self, pieces: dict[str, bytes]) -> None:
        """Restore the state from all pieces that `changes` has given so far."""
        ...

    def stats(self) -> OperatorStats: ...


class RegistrationsMissing(TankerwatchError):
    """A frame names a registration of sources, by its offset, that has not been read yet."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"registrations up to offset {offset} have not been read")


class Registry(Protocol):
    """The registered sources."""

    def up_to(self, offset: int) -> Iterable[str]:
        """Sources registered at this offset or before. Raises RegistrationsMissing if it is not read yet."""
        ...


class Taken:
    """The highest origin taken from each stream of input. Frames that are not higher are skipped."""

    def __init__(self) -> None:
        self.highest: dict[str, Origin] = {}

    def again(self, stream: str, origin: Origin) -> bool:
        known = self.highest.get(stream)
        if known is not None and origin <= known:
            return True
        self.highest[stream] = origin
        return False


def slowest(watermarks: Iterable[Millis]) -> Millis:
    """The lowest watermark of the sources that have not ended; END if all have, BEGINNING for no source."""
    marks = list(watermarks)
    if not marks:
        return BEGINNING
    return min((mark for mark in marks if mark != END), default=END)


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
    """The record for bytes that could not be used. Headers say why, and where they came from."""
    if len(value) > MAX_DEAD_LETTER_BYTES:
        reason = f"{reason} (the first {MAX_DEAD_LETTER_BYTES} of {len(value)} bytes)"
        value = value[:MAX_DEAD_LETTER_BYTES]
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
