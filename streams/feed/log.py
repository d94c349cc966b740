"""FeedLog: what the feed reads. An event log in Redis, or one in the same process."""

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from models.event import Event, from_json
from models.last_position import LastPosition
from models.review import Review
from models.time import Millis
from models.vessel import Identity
from streams.feed import metrics
from streams.runtime.logs import say
from streams.store.event_log import (
    BEFORE_ALL,
    Ends,
    Entry,
    VesselRecord,
)

log = logging.getLogger(__name__)


class FeedLog(Protocol):
    """As `streams.store.event_log.EventLog`, which says what each method gives; and reviews.

    A log that is out of reach raises one of `streams.runtime.retry.REDIS_AWAY`.
    """

    async def since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[Entry]: ...
    async def wait(self, entry: str, count: int = 100, seconds: float = 15.0) -> list[Entry]: ...
    async def at(self, entry: str) -> Entry | None: ...
    async def ends(self) -> Ends | None: ...
    async def last(self) -> str: ...
    async def latest_of(self, events: Sequence[str]) -> list[bytes | None]: ...
    async def revisions(self, event: str) -> list[Entry]: ...
    async def vessel(self, mmsi: int) -> VesselRecord | None: ...
    async def whereabouts(self, mmsis: Iterable[int]) -> list[LastPosition]: ...
    async def identities(self, mmsis: Iterable[int]) -> list[Identity]: ...

    async def newest_first(
        self,
        start: Millis | None = None,
        end: Millis | None = None,
        after: tuple[Millis, str] | None = None,
        count: int = 100,
    ) -> list[tuple[Millis, str]]:
        """Events by when their highest revision was detected, in `start` to `end`, both included.

        Time and id of each, the newest first; of the same time, the greatest id. Only what follows on
        `after` in that order.
        """
        ...

    async def version(self) -> tuple[str, str]:
        """Changes when vessels may have: in the first part if what has been told of them is void."""
        ...

    async def heard_at(self, since: Millis) -> dict[int, Millis]:
        """When each vessel was heard last, tick or identity; those heard then or later."""
        ...

    async def newest(self) -> Millis | None:
        """The time of the newest tick or detection; None while there is neither."""
        ...

    async def add_review(self, review: Review) -> None: ...

    async def reviews(self, event: str) -> list[Review]:
        """All of an event, oldest first."""
        ...

    async def latest_reviews(self, events: Sequence[str]) -> dict[str, Review]:
        """The latest review of each event that has one."""
        ...

    async def reviews_since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[tuple[str, Review]]:
        """Reviews of all events with their own entry ids, oldest first; ids as in the log, but apart."""
        ...

    async def wait_reviews(
        self, entry: str, count: int = 100, seconds: float = 15.0
    ) -> list[tuple[str, Review]]:
        """As `reviews_since`, but where there is none yet, wait for so long."""
        ...


def read_event(json: bytes) -> Event | None:
    """An event of the log; None, and a line in our own, for what only another version understands."""
    try:
        return from_json(json)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        metrics.UNREADABLE.inc()
        say(log, logging.ERROR, "left_out", reason=str(error), head=json[:80].decode(errors="replace"))
        return None
