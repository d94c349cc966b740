"""The hub: reads the log once for all streams, and keeps what came lately, ready to be sent.

Clients hold nothing but their position in it. What they get between two positions is put together once for
all who have the same selection and come from the same place, which is nearly all of them. Who is still behind
when the oldest is let go is too slow, and is dropped; so a client that does not read costs and delays nobody.
"""

import asyncio
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from models.event import Event, Evidence
from models.event_filter import EventFilter
from models.time import Millis, to_text
from streams.feed import metrics
from streams.feed.log import FeedLog, read_event
from streams.feed.notifier import Notifier
from streams.feed.settings import FeedSettings
from streams.feed.stream.sse import frame, told
from streams.runtime.retry import REDIS_AWAY, retry_until_available
from streams.runtime.tasks import first_of
from streams.store.event_log import BEFORE_ALL, entry_key, lost

T = TypeVar("T")
BATCH: Final = 1_000
LOOK: Final = 2.0
"""Seconds between two looks at whether the log is there."""
WAIT: Final = 5.0
"""Seconds after which the log is asked anew, lest a dead connection goes unnoticed."""
CACHED: Final = 256
"""Chunks kept that are ready to be sent."""
CHUNK: Final = 256_000
"""Bytes after which a chunk is full: what lies in the buffer of a client that does not read."""
PER_STREAM: Final = 0.0001
"""Seconds to wait for more, for each open stream: so that what is sent at once is worth the work, and few
clients are served at once."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames that are ready to be sent."""

    data: bytes
    end: int
    """The number of the next item."""
    count: int
    """Of frames in it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A revision, or a review: the frame that tells it, and what decides who wants it."""

    entry: str  # its own, or that of the last revision before a review
    event: Event | None  # without its evidence; None where it is no longer kept
    frame: bytes
    review: bool = False


class Hub:
    def __init__(self, log: FeedLog, settings: FeedSettings, where: str = "") -> None:
        """`where` is how messages name the log's place; none for a log in this process."""
        self.log = log
        self._settings, self._where = settings, where
        self._items: list[Item] = []
        self._size = 0
        self._chunks: OrderedDict[tuple[EventFilter, int, int], Chunk] = OrderedDict()
        self._review = BEFORE_ALL
        self.bell = Notifier()
        self.ready = asyncio.Event()
        """Set once the end of the log is known."""
        self.base = 0
        """The number of the first item that is kept."""
        self.start = self.last = BEFORE_ALL
        """What is kept is all that came after the entry `start`, up to `last`."""
        self.age = 0
        """Counts how often everything had to be read anew."""
        self.closed = False
        self.streams = 0
        """How many read on."""
        self.log_up = False
        """Whether the log answered lately, and"""
        self.watermark: Millis | None = None
        """how new the newest was that it had."""
        self.beat = Notifier()
        self.heartbeat = b""

    @property
    def end(self) -> int:
        """The number of the next item."""
        return self.base + len(self._items)

    async def run(self) -> None:
        """Until cancelled."""
        await first_of(self._read(), self._read_reviews(), self._beat())

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What `attempt` gives once the log can be reached."""
        return await retry_until_available("Redis", self._where, attempt, REDIS_AWAY)

    async def seen(self) -> None:
        """Wait until the hub has noticed that the log was set back, if it was: who resets before the hub does
        would have to do it again."""

        async def unnoticed() -> bool:
            last = self.last
            return await lost(self.log, last, await self.log.since(last, 1))

        while not self.closed and await self.patiently(unnoticed):
            await self.bell.wait(1.0)

    def close(self) -> None:
        """Let all streams end."""
        self.closed = True
        self.ready.set()
        self.bell.ring()

    def after(self, entry: str) -> int | None:
        """The number of the first item after this entry; None if that is not kept, or not known yet."""
        key = entry_key(entry)
        if not self.ready.is_set() or not entry_key(self.start) <= key <= entry_key(self.last):
            return None
        number = bisect_right(self._items, key, key=lambda item: entry_key(item.entry))
        while number and self._items[number - 1].review:
            number -= 1
        return self.base + number

    def chunk(self, selection: EventFilter, position: int) -> Chunk:
        """What has come since this position, which must still be kept; or the first part of that."""
        key = (selection, position, self.end)
        if (found := self._chunks.get(key)) is None:
            found = self._chunks[key] = self._make(selection, position)
            if len(self._chunks) > CACHED:
                self._chunks.popitem(last=False)
        return found

    def _make(self, selection: EventFilter, position: int) -> Chunk:
        frames: list[bytes] = []
        size, end = 0, position
        while end < self.end and size < CHUNK:
            item = self._items[end - self.base]
            end += 1
            if item.event is None or selection.matches(item.event):
                frames.append(item.frame)
                size += len(item.frame)
        return Chunk(b"".join(frames), end, len(frames))

    async def _read(self) -> None:
        self.start = self.last = await self.patiently(self.log.last)
        self.ready.set()
        self.bell.ring()
        while True:
            await self.patiently(self._read_on)
            await asyncio.sleep(min(self._settings.coalesce_seconds, PER_STREAM * self.streams))

    async def _read_on(self) -> None:
        entries = await self.log.wait(self.last, BATCH, WAIT)
        if await lost(self.log, self.last, entries):
            await self._reset()
            return
        for entry in entries:
            if (event := read_event(entry.json)) is not None:
                told = frame("revision", entry.json, entry.entry)
                self._add(Item(entry.entry, _slim(event), told))
            self.last = entry.entry
            if self._where:
                metrics.LAG.observe(max(0.0, time.time() - entry_key(entry.entry)[0] / 1000))
        if entries:
            self.bell.ring()

    async def _reset(self) -> None:
        """What came next is not to be had: all clients have to read everything anew."""
        last = await self.log.last()
        self.base, self._items, self._size = self.end + 1, [], 0
        self._chunks.clear()
        self.start = self.last = last
        self.age += 1
        self.bell.ring()

    def _add(self, item: Item) -> None:
        self._items.append(item)
        self._size += len(item.frame)
        gone = 0
        while self._size > self._settings.backlog_bytes and gone < len(self._items) - 1:
            self._size -= len(self._items[gone].frame)
            self.start = self._items[gone].entry
            gone += 1
        del self._items[:gone]
        self.base += gone

    async def _read_reviews(self) -> None:
        async def newest() -> str:
            entry = BEFORE_ALL
            while some := await self.log.reviews_since(entry, BATCH):
                entry = some[-1][0]
            return entry

        self._review = await self.patiently(newest)
        while True:
            await self.patiently(self._take_reviews)

    async def _take_reviews(self) -> None:
        for entry, review in await self.log.wait_reviews(self._review, BATCH, WAIT):
            (found,) = await self.log.latest_of([review.event])
            event = read_event(found) if found else None
            self._add(
                Item(self.last, event and _slim(event), frame("review", msgspec.json.encode(review)), True)
            )
            self._review = entry
            self.bell.ring()

    async def _beat(self) -> None:
        """The heart goes on beating whatever the log does; who reads it says what is wrong."""
        next_beat = 0.0
        while True:
            try:
                async with asyncio.timeout(2):
                    self.watermark = await self.log.newest()
                self.log_up = True
            except (*REDIS_AWAY, TimeoutError):
                self.log_up = False
            metrics.LOG_UP.set(self.log_up)
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + self._settings.heartbeat_seconds
                newest = None if self.watermark is None else to_text(self.watermark)
                self.heartbeat = told("heartbeat", time=to_text(int(time.time() * 1000)), watermark=newest)
                self.beat.ring()
            await asyncio.sleep(min(LOOK, max(0.0, next_beat - time.monotonic())))


def _slim(event: Event) -> Event:
    """What a selection looks at; the evidence is the larger part."""
    return msgspec.structs.replace(event, evidence=Evidence(), reasons=(), against=())
