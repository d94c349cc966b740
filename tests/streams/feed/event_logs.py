"""Both event logs, with the same content: in Redis, written as by the sink; in memory, written as by a
replay."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import numpy as np
import redis.asyncio as redis

from models.event import Event, to_json
from models.report import Rows
from models.tick import TICK, Instant
from models.time import Millis
from models.vessel import Identity
from streams.feed.log import FeedLog
from streams.feed.recording.memory_log import MemoryLog
from streams.runtime.redis_client import connect
from streams.runtime.retry import REDIS_AWAY
from streams.store.event_log import EventLog
from streams.store.event_log_writer import (
    Batch,
    LogWriter,
    Revision,
    revision,
)
from streams.store.retention import Retention
from tests.streams.factories import START
from tests.waiting import PATIENCE


class Filled(Protocol):
    """A log that can be filled."""

    @property
    def log(self) -> FeedLog: ...

    async def add(
        self, events: Sequence[Event] = (), ticks: Sequence[Rows] = (), identities: Sequence[Identity] = ()
    ) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.log = MemoryLog()
        self._at: Millis = START

    async def add(
        self, events: Sequence[Event] = (), ticks: Sequence[Rows] = (), identities: Sequence[Identity] = ()
    ) -> None:
        if ticks or identities:
            rows = np.concatenate([np.empty(0, TICK), *ticks])
            self._at = max([self._at, *rows["time"].tolist(), *(one.time for one in identities)])
            self.log.add([Instant(self._at, rows, tuple(identities))], [])
        self.log.add([], events)


def set_back(log: MemoryLog, entries: int) -> None:
    """As if another process had begun anew and come as far as this many entries."""
    content = log._content
    for one in content.entries[entries:]:
        content.indices[one.id].pop()
    del content.entries[entries:], content.detected[entries:]
    content.age += 1
    content.changed.notify()


class InRedis:
    def __init__(self, client: "redis.Redis", prefix: str, limits: Retention | None = None) -> None:
        self.log = EventLog(client, prefix)
        self._prefix = prefix
        self._redis: Any = client
        self._writer = LogWriter(client, prefix, limits)
        self._offset: int | None = None

    async def add(
        self, events: Sequence[Event] = (), ticks: Sequence[Rows] = (), identities: Sequence[Identity] = ()
    ) -> None:
        await self.add_revisions([revision(to_json(event)) for event in events], ticks, identities)

    async def add_revisions(
        self, revisions: list[Revision], ticks: Sequence[Rows] = (), identities: Sequence[Identity] = ()
    ) -> None:
        if self._offset is None:
            self._offset = (await self._writer.take_over()).get("ticks", -1)
        before, after = {"ticks": self._offset}, {"ticks": self._offset + 1}
        await self._writer.write(Batch(before, after, revisions, list(ticks), list(identities)))
        self._offset += 1

    async def reconnect(self) -> None:
        """Connect the writer again after Redis has been away."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    self._offset = (await self._writer.resume()).get("ticks", -1)
                    return
                except REDIS_AWAY:
                    await asyncio.sleep(0.05)

    async def trim(self, first: str) -> None:
        """Drop the entries before this one."""
        await self._redis.xtrim(self.log.keys.log, minid=first, approximate=False)

    async def copy(self) -> dict[bytes, bytes]:
        """A copy of the log, for `set_back`."""
        keys = [key async for key in self._redis.scan_iter(f"{self._prefix}*")]
        return {key: await self._redis.dump(key) for key in keys}

    async def set_back(self, copy: dict[bytes, bytes]) -> None:
        """Restore a copy. An empty one is as if Redis had lost everything."""
        await self._redis.delete(*await self.copy())
        for key, value in copy.items():
            await self._redis.restore(key, 0, value)
        await self.reconnect()

    async def wipe(self) -> None:
        await self._redis.flushall()
        self._offset = None


@asynccontextmanager
async def in_redis(
    url: str, prefix: str | None = None, limits: Retention | None = None
) -> AsyncIterator[InRedis]:
    client = connect(url)
    try:
        yield InRedis(client, prefix if prefix is not None else f"t{uuid.uuid4().hex[:8]}.", limits)
    finally:
        await client.aclose()


@asynccontextmanager
async def filled(kind: str, url: str) -> AsyncIterator[Filled]:
    """A log of this kind, "memory" or "redis"."""
    if kind == "memory":
        yield InMemory()
        return
    async with in_redis(url) as made:
        yield made


async def logged(log: EventLog) -> list[tuple[str, int]]:
    return [(entry.id, entry.revision) for entry in await log.since(count=1_000_000)]
