"""Where a terminal has its events from: an event log in Redis, the topic on Kafka, a feed."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from models.errors import TankerwatchError
from models.event import Event, from_json
from models.review import Review
from models.time import Millis


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be said to who watches, such as that events are missing."""

    text: str


def event_of(json: bytes | str, where: str) -> Event | Note:
    """What a source has, read; what is no event is said, and ends nothing."""
    try:
        return from_json(json)
    except ValueError as error:
        return Note(f"{where}: no event ({error})")


class Unreachable(TankerwatchError):
    """The source can't be read right now: a sentence with what to do."""


class Unusable(TankerwatchError):
    """The source can't be read, and waiting won't help: a sentence with what to do."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that a source has of one event: its kept revisions, oldest first, and what people said of it."""

    revisions: tuple[Event, ...]
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """Where to begin: with all that is kept, or with what came at this time or later."""

    time: Millis = 0


class Source(Protocol):
    where: str
    """How it is called in messages, without passwords."""

    def follow(self) -> AsyncGenerator[Event | Note]:
        """What comes, from where the last call ended; without end, or until all is told that there was.

        Raises Unreachable and Unusable.
        """
        ...

    async def known(self, event: str) -> Known | None:
        """None where the source has no such event. Raises Unreachable and Unusable."""
        ...

    async def close(self) -> None: ...
