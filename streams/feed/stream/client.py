"""The client of a stream: it reads from where it left off up to where the hub is, and on from there."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version
from typing import Final

import msgspec

from models.event_filter import EventFilter
from models.time import to_text
from streams.feed.log import read_event
from streams.feed.steps import step
from streams.feed.stream.hub import Chunk, Hub
from streams.feed.stream.retention_watch import Margin, RetentionWatch, margin, unread, words
from streams.feed.stream.sse import message, notice
from streams.store.event_log import (
    BEFORE_ALL,
    Entry,
    entry_key,
    lost,
)

BATCH: Final = 25
"""Entries sent at once while catching up: some hundred KB, which stay in memory if the client does not
read."""
MARGIN: Final = 60_000
"""Milliseconds. A client that reconnects gets the reviews of this time before its last entry once more:
reviews have no entry in the log, and clocks differ."""
OPENING: Final = b": tankerwatch\nretry: 2000\n\n"
VERSION: Final = version("tankerwatch")


class StreamClient:
    """What one client wants, and how far it has been served."""

    def __init__(
        self, hub: Hub, selection: EventFilter, entry: str | None, hints: Sequence[str] = ()
    ) -> None:
        """A client that wants everything after this entry; None: only what is new from now on. `hello` has
        the hints."""
        self._hub, self._selection, self._entry, self._hints = hub, selection, entry, hints
        self._age = hub.age
        self._watch = RetentionWatch(entry not in (None, BEFORE_ALL))
        self.position: int | None = None
        """The number of the hub's item that comes next; None while catching up."""
        self.turn = asyncio.Semaphore(1)
        """Held while it reads from the log; clients may share one."""

    @property
    def too_slow(self) -> bool:
        """Whether the hub has dropped what this client should be sent next."""
        return self._age == self._hub.age and self.position is not None and self.position < self._hub.base

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Whole messages, until the hub closes or the client is too slow."""
        hub = self._hub
        await hub.checked.wait()
        yield self._hello()
        if self._entry is not None and (near := self._watch.look(self._margin(self._entry))) is not None:
            yield _warning(near)
        await hub.ready.wait()
        self._age = hub.age
        if self._entry is None:
            self.position = hub.end
        else:
            async for chunk in self._catch_up(self._entry):
                yield chunk
        while True:
            assert self.position is not None
            if hub.closed:
                yield _notice("goodbye", reason="the feed ends; resume with Last-Event-ID")
                return
            if self._age != hub.age:
                yield await self._reset("the log begins anew, or was cut")
            elif self.position < hub.base:
                yield _notice("goodbye", reason="too slow; resume with Last-Event-ID")
                return
            elif self.position < hub.end:
                chunk = hub.chunk(self._selection, self.position)
                self.position = chunk.end
                if chunk.count:
                    yield chunk
            else:
                await hub.changed.wait()

    async def _catch_up(self, entry: str) -> AsyncIterator[Chunk]:
        """What the log has between this entry and what the hub keeps."""
        hub = self._hub
        if entry != BEFORE_ALL:
            async for chunk in self._recent_reviews(entry):
                yield chunk
        while (position := hub.after(entry)) is None and not hub.closed:
            if (near := self._watch.look(self._margin(entry))) is not None:
                yield _warning(near)
            async with self.turn:
                found = await hub.retry(lambda entry=entry: self._read(entry))  # type: ignore[misc]
                async with step():
                    messages = [
                        message("revision", hub.cases.add_to(one.json, one.id), one.entry)
                        for one in found or ()
                        if (event := read_event(one.json)) is not None and self._selection.matches(event)
                    ]
            if found is None:
                await hub.seen()
                yield await self._reset("the log no longer has the entry you asked for")
                return
            if not found:
                await hub.changed.wait(1.0)  # we were faster than the hub
                continue
            entry = found[-1].entry
            if messages:
                yield Chunk(b"".join(messages), 0, len(messages))
        self._age, self.position = hub.age, hub.end if position is None else position

    def _hello(self) -> Chunk:
        """The first message: how the feed understood the client, and what it knows itself."""
        hub, selection = self._hub, self._selection
        content = notice(
            "hello",
            version=VERSION,
            filters=selection.values(),
            hints=self._hints,
            since=self._entry,
            unread=None if self._entry is None else unread(self._entry, hub.ends),
            watermark=None if hub.watermark is None else to_text(hub.watermark),
            **msgspec.structs.asdict(hub.sources),
            silences=hub.silences,
        )
        return Chunk(OPENING + content, 0, 0)

    def _margin(self, entry: str) -> Margin | None:
        hub = self._hub
        return None if hub.kept is None else margin(entry, hub.ends, hub.kept, int(time.time() * 1000))

    async def _recent_reviews(self, entry: str) -> AsyncIterator[Chunk]:
        hub = self._hub
        after = f"{max(0, entry_key(entry)[0] - MARGIN)}-0"
        while True:
            async with self.turn:
                reviews = await hub.retry(lambda after=after: hub.log.reviews_since(after, BATCH))  # type: ignore[misc]
            if not reviews:
                return
            after = reviews[-1][0]
            messages = [message("review", msgspec.json.encode(review)) for _, review in reviews]
            yield Chunk(b"".join(messages), 0, len(messages))

    async def _read(self, entry: str) -> list[Entry] | None:
        """The next entries; None if some of them are missing, or if this entry is not of this log."""
        log = self._hub.log
        found = await log.since(entry, BATCH)
        return None if await lost(log, entry, found) else found

    async def _reset(self, reason: str) -> Chunk:
        """Continue at the end of the log. The client has to list the events again."""
        hub = self._hub
        self._age, self.position = hub.age, hub.end
        ends = await hub.retry(hub.log.ends)
        return _notice("reset", reason=reason, first=ends.first if ends else None)


def _warning(near: Margin) -> Chunk:
    return _notice(
        "warning",
        reason=words(near),
        unread=near.unread,
        entriesLeft=near.entries_left,
        until=to_text(near.until),
    )


def _notice(kind: str, **data: str | int | None) -> Chunk:
    return Chunk(notice(kind, **data), 0, 0)
