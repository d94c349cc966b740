"""What a source of events offers: the event log in Redis, the topic on Kafka, or a feed."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from models.errors import TankerwatchError
from models.event import Event, from_json
from models.review import Review
from models.time import Millis


@dataclass(frozen=True, slots=True)
class Note:
    """A remark for the person who watches, such as that events are missing."""

    text: str


def event_of(json: bytes | str, where: str) -> Event | Note:
    """Decode an event. What can't be decoded becomes a note, and reading goes on."""
    try:
        return from_json(json)
    except ValueError as error:
        return Note(f"{where}: not an event ({error})")


class Unreachable(TankerwatchError):
    """The source can't be read now, but perhaps later. The sentence says what to do."""


class Unusable(TankerwatchError):
    """The source can't be read, and waiting doesn't help. The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a source has of one event: the revisions that are kept, oldest first, and its reviews."""

    revisions: tuple[Event, ...]
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """Where to begin: with what was published at this time or later; 0 means with all that is kept."""

    time: Millis = 0


class Source(Protocol):
    """A place that events are read from."""

    where: str
    """Its name in messages, without passwords."""

    def follow(self) -> AsyncGenerator[Event | Note]:
        """Events as published, from where the last call ended. Raises Unreachable and Unusable."""
        ...

    async def known(self, event: str) -> Known | None:
        """Everything about one event; None if the source doesn't have it. Raises Unreachable and Unusable."""
        ...

    async def close(self) -> None: ...
