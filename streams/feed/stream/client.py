"""Following the log: one client's stream, from where it left off to where the hub is, and on from there."""

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from models.event_filter import EventFilter
from streams.feed.log import read_event
from streams.feed.stream.hub import Chunk, Hub
from streams.feed.stream.sse import frame, told
from streams.store.event_log import (
    BEFORE_ALL,
    Entry,
    entry_key,
    lost,
)

BATCH: Final = 25
"""Entries sent at once while catching up: some hundred KB, which lie in the buffer of who does not read."""
MARGIN: Final = 60_000
"""Reviews of so many milliseconds before the last entry are told again to who comes back: they have no entry
in the log, and clocks differ."""
OPENING: Final = Chunk(b": tankerwatch\nretry: 2000\n\n", 0, 0)


class Follower:
    """One client: what it wants, and how far it has been served."""

    def __init__(self, hub: Hub, selection: EventFilter, entry: str | None) -> None:
        """From after this entry on; None: only what comes from now on."""
        self._hub, self._selection, self._entry = hub, selection, entry
        self._age = hub.age
        self.position: int | None = None

    @property
    def too_slow(self) -> bool:
        """Whether the hub has let go of what this client has to be sent next."""
        return self._age == self._hub.age and self.position is not None and self.position < self._hub.base

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Whole frames, until the client proves too slow."""
        hub = self._hub
        yield OPENING
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
                yield _told("goodbye", reason="the feed ends; resume by Last-Event-ID")
                return
            if self._age != hub.age:
                yield await self._reset("the time shown was set back, or the log was cut")
            elif self.position < hub.base:
                yield _told("goodbye", reason="too slow; resume by Last-Event-ID")
                return
            elif self.position < hub.end:
                chunk = hub.chunk(self._selection, self.position)
                self.position = chunk.end
                if chunk.count:
                    yield chunk
            else:
                await hub.bell.wait()

    async def _catch_up(self, entry: str) -> AsyncIterator[Chunk]:
        """What the log has between this entry and what the hub keeps."""
        hub = self._hub
        if entry != BEFORE_ALL:
            after = f"{max(0, entry_key(entry)[0] - MARGIN)}-0"
            while reviews := await hub.patiently(lambda after=after: hub.log.reviews_since(after, BATCH)):  # type: ignore[misc]
                after = reviews[-1][0]
                told = [frame("review", msgspec.json.encode(review)) for _, review in reviews]
                yield Chunk(b"".join(told), 0, len(told))
        while (position := hub.after(entry)) is None and not hub.closed:
            found = await hub.patiently(lambda entry=entry: self._read(entry))  # type: ignore[misc]
            if found is None:
                await hub.seen()
                yield await self._reset("the log does not have the wanted entry any more")
                return
            if not found:
                await hub.bell.wait(1.0)  # we were faster than the hub
                continue
            entry = found[-1].entry
            frames = [
                frame("revision", one.json, one.entry)
                for one in found
                if (event := read_event(one.json)) is not None and self._selection.matches(event)
            ]
            if frames:
                yield Chunk(b"".join(frames), 0, len(frames))
        self._age, self.position = hub.age, hub.end if position is None else position

    async def _read(self, entry: str) -> list[Entry] | None:
        """The next entries; None where some are missing, or this one is from elsewhere."""
        log = self._hub.log
        found = await log.since(entry, BATCH)
        return None if await lost(log, entry, found) else found

    async def _reset(self, reason: str) -> Chunk:
        """Go on from the end: the client reads the rest anew."""
        hub = self._hub
        self._age, self.position = hub.age, hub.end
        ends = await hub.patiently(hub.log.ends)
        return _told("reset", reason=reason, first=ends.first if ends else None)


def _told(kind: str, **data: str | None) -> Chunk:
    return Chunk(told(kind, **data), 0, 0)
