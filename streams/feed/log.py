"""FeedLog: what the feed needs of an event log, be it in Redis or in the same process."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from models.event import Event, from_json
from models.last_position import LastPosition
from models.review import Review
from models.silence import AuditLine, Silence
from models.time import Millis
from models.vessel import Identity
from streams.deployment.heartbeat import Heartbeat
from streams.feed import metrics
from streams.runtime.logs import get_logger
from streams.store.event_log import (
    BEFORE_ALL,
    Ends,
    Entry,
    VesselRecord,
)

log = get_logger(__name__)


class FeedLog(Protocol):
    """The methods of `streams.store.event_log.EventLog`, which documents them, and those for reviews.

    All raise one of `streams.runtime.retry.REDIS_AWAY` if the log cannot be reached.
    """

    async def since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[Entry]: ...
    async def wait(self, entry: str, count: int = 100, seconds: float = 15.0) -> list[Entry]: ...
    async def at(self, entry: str) -> Entry | None: ...
    async def ends(self) -> Ends | None: ...
    async def last(self) -> str: ...
    async def latest_of(self, events: Sequence[str]) -> list[bytes | None]: ...
    async def latest_of_type(self, type: str) -> list[bytes]: ...
    async def revisions(self, event: str) -> list[Entry]: ...
    async def vessel(self, mmsi: int) -> VesselRecord | None: ...
    async def whereabouts(self, mmsis: Iterable[int]) -> list[LastPosition]: ...
    async def identities(self, mmsis: Iterable[int]) -> list[Identity]: ...
    async def histories(self, mmsis: Iterable[int]) -> list[tuple[Identity, ...]]: ...

    async def newest_first(
        self,
        start: Millis | None = None,
        end: Millis | None = None,
        after: tuple[Millis, str] | None = None,
        count: int = 100,
    ) -> list[tuple[Millis, str]]:
        """Events whose highest revision was detected between `start` and `end`, both included.

        Returns the time of detection and the id of each, newest first, and by descending id within the same
        time. With `after`, only those that come later in this order.
        """
        ...

    async def version(self) -> tuple[str, str]:
        """A pair that changes when vessels may have changed.

        A change of its first part means that everything read of vessels before is no longer valid.
        """
        ...

    async def heard_at(self, since: Millis) -> dict[int, Millis]:
        """The time of the last tick or identity of each vessel, by MMSI; only those at `since` or later."""
        ...

    async def coverage(self, since: Millis) -> dict[int, Millis]:
        """The time of the latest tick in each cell of `streams.store.coverage`; only those at `since` or
        later. The live log forgets a cell after a day."""
        ...

    async def newest(self) -> Millis | None:
        """The time of the newest tick or detection; None while there is neither."""
        ...

    async def heartbeats(self) -> dict[str, Heartbeat]:
        """What each process of a deployment last said about itself; nothing for a recording."""
        ...

    async def add_review(self, review: Review, line: AuditLine | None = None) -> None:
        """Add it, and a line of the audit if it keeps alerts from being sent."""
        ...

    async def reviews(self, event: str) -> list[Review]:
        """All reviews of an event, oldest first."""
        ...

    async def latest_reviews(self, events: Sequence[str]) -> dict[str, Review]:
        """The latest review of each event that has one, by the event's id."""
        ...

    async def reviews_since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[tuple[str, Review]]:
        """Reviews of all events after this entry, oldest first, each with its entry id.

        Reviews have entry ids of their own, of the same form as those of the log.
        """
        ...

    async def wait_reviews(
        self, entry: str, count: int = 100, seconds: float = 15.0
    ) -> list[tuple[str, Review]]:
        """As `reviews_since`, but if there is none yet, wait for so many seconds."""
        ...

    async def add_silence(self, silence: Silence, line: AuditLine) -> None: ...

    async def end_silence(self, silence: str, line: AuditLine) -> bool:
        """Whether there was such a silence that was not over. Only the call that ends it leaves a line."""
        ...

    async def silences(self, now: Millis) -> list[Silence]:
        """Those that last or are still to come at this time of the clock, the first to end first."""
        ...

    async def audit(self, count: int = 200) -> list[AuditLine]:
        """The latest lines about what people did, and as many about withheld alerts; newest first."""
        ...


def read_event(json: bytes) -> Event | None:
    """Read an event of the log. Returns None, and writes a log line, if only another version can read it."""
    try:
        return from_json(json)
    except ValueError as error:
        metrics.UNREADABLE.inc()
        log.error("left_out", reason=str(error), head=json[:80].decode(errors="replace"))
        return None
