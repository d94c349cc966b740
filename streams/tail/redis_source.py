"""The event log in Redis as a source of events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from models.event import Event, from_json
from streams.runtime.redis_client import connect
from streams.runtime.refusals import reason, remedy
from streams.runtime.retry import REDIS_AWAY
from streams.runtime.secrecy import address_of
from streams.store.event_log import EventLog, entry_key, lost, moment
from streams.tail.source import Known, Note, Since, Unreachable, event_of

BATCH: Final = 100
"""Entries read at once."""
LATEST: Final = 1_000
"""Events read at once."""


class RedisSource:
    """Reads the event log as the feed does."""

    def __init__(self, url: str, prefix: str, since: Since | None, once: bool) -> None:
        """Without `since` only new events are read. With `once` reading stops at what exists now."""
        self.where = f"Redis at {address_of(url)}"
        self._client = connect(url)
        self._log = EventLog(self._client, prefix)
        self._once = once
        self._position = None if since is None else moment(since.time)
        self._read = False  # whether the position is that of an entry, not just a time

    async def follow(self) -> AsyncGenerator[Event | Note]:
        try:
            async with aclosing(self._follow()) as found:
                async for one in found:
                    yield one
        except REDIS_AWAY as error:
            raise self._away(error) from None

    async def _follow(self) -> AsyncGenerator[Event | Note]:
        log = self._log
        last = await log.last()
        if self._position is None:
            self._position, self._read = last, True
        while True:
            position = self._position
            entries = await (log.since(position, BATCH) if self._once else log.wait(position, BATCH))
            if self._read and await lost(log, position, entries):
                yield Note("some events are missing: the log had dropped them before they were read")
                self._position = await log.last()
            for entry in entries:
                self._position, self._read = entry.entry, True
                yield event_of(entry.json, f"entry {entry.entry}")
            if self._once and (not entries or entry_key(self._position) >= entry_key(last)):
                return

    async def known(self, event: str) -> Known | None:
        try:
            (latest,) = await self._log.latest_of([event])
            if latest is None:
                return None
            entries = await self._log.revisions(event)
            reviews = await self._log.reviews(event)
        except REDIS_AWAY as error:
            raise self._away(error) from None
        revisions = [from_json(entry.json) for entry in entries] or [from_json(latest)]
        return Known(tuple(revisions), tuple(reviews))

    async def latest(self) -> AsyncGenerator[Event | Note]:
        """The highest revision of every event that is kept, newest first. Raises Unreachable."""
        after = None
        try:
            while places := await self._log.newest_first(after=after, count=LATEST):
                names = [name for _, name in places]
                for name, json in zip(names, await self._log.latest_of(names), strict=True):
                    if json is not None:  # else it was dropped since it was listed
                        yield event_of(json, f"event {name}")
                after = places[-1]
        except REDIS_AWAY as error:
            raise self._away(error) from None

    async def close(self) -> None:
        await self._client.aclose()

    def _away(self, error: Exception) -> Unreachable:
        return Unreachable(f"{self.where}: {reason(error)}; {remedy('Redis', error)}")
