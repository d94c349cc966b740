"""The hub: reads the log once for all streams, and keeps the latest messages ready to be sent.

A client holds nothing but its position in the hub. The messages between two positions are joined once for all
clients with the same filter and the same position, and nearly all clients are alike in both. A client that is
still behind when the hub drops its oldest message is too slow and is dropped itself. So a client that does
not read costs nothing and delays nobody.
"""

import asyncio
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from models.event import Event, EventType, Evidence
from models.event_filter import EventFilter
from models.silence import Silence
from models.time import MINUTE, Millis, to_text
from streams.deployment.heartbeat import Kept
from streams.feed import metrics
from streams.feed.log import FeedLog, read_event
from streams.feed.notifier import Notifier
from streams.feed.settings import FeedSettings
from streams.feed.stream.cases import Cases
from streams.feed.stream.sse import message, notice
from streams.feed.views.sources import Sources, sources_of
from streams.runtime.retry import REDIS_AWAY, retry_until_available
from streams.runtime.tasks import first_of
from streams.store.event_log import BEFORE_ALL, Ends, entry_key, lost

T = TypeVar("T")
BATCH: Final = 1_000
LOOK: Final = 2.0
"""Seconds between two checks whether the log answers."""
WAIT: Final = 5.0
"""Seconds after which the log is asked again, so that a dead connection is noticed."""
CACHED: Final = 256
"""Chunks kept ready to be sent."""
CHUNK: Final = 256_000
"""Bytes after which a chunk is full. A client that does not read has one chunk in its send buffer."""
REACH: Final = 1.0
"""Seconds that an answer waits for the hub to read what the answer is about."""
PRUNE: Final = 3_600.0
"""Seconds between two looks for chains that the log has dropped."""
PER_STREAM: Final = 0.0001
"""Seconds to wait for further messages, for each open stream: with many clients, sending more at once saves
work; with few, they get everything at once."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages that are ready to be sent."""

    data: bytes
    end: int
    """The number of the item after the last one in it."""
    count: int
    """The number of messages in it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A revision or a review: the message about it, and what decides who gets it."""

    entry: str  # of the revision; for a review, that of the last revision before it
    event: Event | None  # without its evidence; None if it is no longer kept
    message: bytes
    review: bool = False


class Hub:
    def __init__(self, log: FeedLog, settings: FeedSettings, where: str = "") -> None:
        """`where` is the address of the log in Redis, for log lines; empty for a log in this process."""
        self.log = log
        self._settings, self._where = settings, where
        self._items: list[Item] = []
        self._size = 0  # bytes of all items
        self._chunks: OrderedDict[tuple[EventFilter, int, int], Chunk] = OrderedDict()
        self._review = BEFORE_ALL  # the entry of the last review that was read
        self.cases = Cases()
        """The chains as of the last entry that was read."""
        self.changed = Notifier()
        """Notifies of every new item, and when the hub is reset or closed."""
        self.ready = asyncio.Event()
        """Set once the end of the log is known."""
        self.base = 0
        """The number of the first item that is kept."""
        self.start = self.last = BEFORE_ALL
        """The items are everything after the entry `start`, up to the entry `last`."""
        self.age = 0
        """How many times the hub had to start anew because the log was set back."""
        self.closed = False
        self.streams = 0
        """The number of open streams; set by who serves them."""
        self.log_up = False
        """Whether the log answered at the last check."""
        self.watermark: Millis | None = None
        """The newest tick or detection in the log at the last check."""
        self.beat = Notifier()
        """Notifies of every new `heartbeat`, and of new `sources`."""
        self.heartbeat = b""
        self.checked = asyncio.Event()
        """Set after the first check."""
        self.sources = Sources()
        """The sources and processes at the last check, or at the last one that was answered."""
        self.silences: list[Silence] = []
        """Those that last or are still to come, at the last check."""
        self.news: dict[str, tuple[int, bytes]] = {}
        """By kind, what readers had to be told of last beside events, as a message; and how many times."""
        self.kept: Kept | None = None
        """How much of the log its writer keeps; None while that is not known."""
        self.ends: Ends | None = None
        """The first and last entry of the log at the last check; None if it had none."""

    @property
    def end(self) -> int:
        """The number of the next item."""
        return self.base + len(self._items)

    async def run(self) -> None:
        """Read the log until cancelled."""
        await first_of(self._read(), self._read_reviews(), self._beat())

    async def retry(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of `attempt`, which is repeated while the log cannot be reached."""
        return await retry_until_available("Redis", self._where, attempt, REDIS_AWAY)

    def tell(self, content: bytes) -> None:
        """Send a message that is about no event to all streams, whatever they select."""
        self._add(Item(self.last, None, content, review=True))
        self.changed.notify()

    async def seen(self) -> None:
        """If the log was set back, wait until the hub has noticed it.

        A client that resets before the hub does would have to reset a second time.
        """

        async def unnoticed() -> bool:
            last = self.last
            return await lost(self.log, last, await self.log.since(last, 1))

        while not self.closed and await self.retry(unnoticed):
            await self.changed.wait(1.0)

    async def reach(self, entry: str) -> None:
        """Wait until the hub has read up to this entry; not for long, if the log does not answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REACH):
                await self.ready.wait()
                while not self.closed and entry_key(self.last) < entry_key(entry):
                    await self.changed.wait(REACH)

    def close(self) -> None:
        """Let all streams end."""
        self.closed = True
        self.ready.set()
        self.checked.set()
        self.changed.notify()

    def after(self, entry: str) -> int | None:
        """The number of the first item after this entry; None if it is no longer kept, or not known yet."""
        key = entry_key(entry)
        if not self.ready.is_set() or not entry_key(self.start) <= key <= entry_key(self.last):
            return None
        number = bisect_right(self._items, key, key=lambda item: entry_key(item.entry))
        while number and self._items[number - 1].review:
            number -= 1
        return self.base + number

    def chunk(self, selection: EventFilter, position: int) -> Chunk:
        """The messages from this position on, which must still be kept: all of them, or the first ones."""
        key = (selection, position, self.end)
        if (found := self._chunks.get(key)) is None:
            found = self._chunks[key] = self._join(selection, position)
            if len(self._chunks) > CACHED:
                self._chunks.popitem(last=False)
        return found

    def _join(self, selection: EventFilter, position: int) -> Chunk:
        messages: list[bytes] = []
        size, end = 0, position
        while end < self.end and size < CHUNK:
            item = self._items[end - self.base]
            end += 1
            if item.event is None or selection.matches(item.event):
                messages.append(item.message)
                size += len(item.message)
        return Chunk(b"".join(messages), end, len(messages))

    async def _read(self) -> None:
        self.start = self.last = await self.retry(self.log.last)
        await self.retry(self._read_cases)
        self.ready.set()
        self.changed.notify()
        pruned = time.monotonic()
        while True:
            if time.monotonic() - pruned > PRUNE:
                await self.retry(self._prune_cases)
                pruned = time.monotonic()
            await self.retry(self._read_on)
            await asyncio.sleep(min(self._settings.coalesce_seconds, PER_STREAM * self.streams))

    async def _read_on(self) -> None:
        entries = await self.log.wait(self.last, BATCH, WAIT)
        if await lost(self.log, self.last, entries):
            await self._reset()
            return
        events = [read_event(entry.json) for entry in entries]
        for event in events:
            if event is not None:
                self.cases.take(event)
        for entry, event in zip(entries, events, strict=True):
            if event is not None:
                json = self.cases.add_to(entry.json, entry.id)
                self._add(Item(entry.entry, _slim(event), message("revision", json, entry.entry)))
            self.last = entry.entry
            if self._where:
                metrics.LAG.observe(max(0.0, time.time() - entry_key(entry.entry)[0] / 1000))
        if entries:
            self.changed.notify()

    async def _reset(self) -> None:
        """The entries after the last one are lost: all clients have to list the events again."""
        last = await self.log.last()
        await self._read_cases()
        self.base, self._items, self._size = self.end + 1, [], 0
        self._chunks.clear()
        self.start = self.last = last
        self.age += 1
        self.changed.notify()

    async def _read_cases(self) -> None:
        """Know the chains as they stand."""
        found = await self.log.latest_of_type(EventType.CHAIN)
        self.cases.clear()
        for json in found:
            if (event := read_event(json)) is not None:
                self.cases.take(event)

    async def _prune_cases(self) -> None:
        """Forget chains that the log has dropped."""
        chains = self.cases.chains
        for at in range(0, len(chains), BATCH):
            some = chains[at : at + BATCH]
            for chain, json in zip(some, await self.log.latest_of(some), strict=True):
                if json is None:
                    self.cases.forget(chain)

    def _add(self, item: Item) -> None:
        """Keep the item, and drop the oldest ones beyond the size that the settings allow."""
        self._items.append(item)
        self._size += len(item.message)
        dropped = 0
        while self._size > self._settings.backlog_bytes and dropped < len(self._items) - 1:
            self._size -= len(self._items[dropped].message)
            self.start = self._items[dropped].entry
            dropped += 1
        del self._items[:dropped]
        self.base += dropped

    async def _read_reviews(self) -> None:
        async def newest() -> str:
            entry = BEFORE_ALL
            while some := await self.log.reviews_since(entry, BATCH):
                entry = some[-1][0]
            return entry

        self._review = await self.retry(newest)
        while True:
            await self.retry(self._read_new_reviews)

    async def _read_new_reviews(self) -> None:
        for entry, review in await self.log.wait_reviews(self._review, BATCH, WAIT):
            (found,) = await self.log.latest_of([review.event])
            event = read_event(found) if found else None
            content = message("review", msgspec.json.encode(review))
            self._add(Item(self.last, event and _slim(event), content, review=True))
            self._review = entry
            self.changed.notify()

    async def _beat(self) -> None:
        """Send heartbeats whatever the state of the log; its state is logged by the tasks that read it."""
        next_beat = 0.0
        while True:
            told = self.sources.states, self.silences
            try:
                async with asyncio.timeout(2):
                    await self._check()
                self.log_up = True
            except (*REDIS_AWAY, TimeoutError):
                self.log_up = False
                self.sources = msgspec.structs.replace(self.sources, log=False)
            metrics.LOG_UP.set(self.log_up)
            self.checked.set()
            if changed := self.sources.states != told[0]:
                self._tell("sources", **msgspec.structs.asdict(self.sources))
            if self.silences != told[1]:
                self._tell("silences", silences=self.silences)
                changed = True
            if time.monotonic() >= next_beat or changed:
                next_beat = time.monotonic() + self._settings.heartbeat_seconds
                newest = None if self.watermark is None else to_text(self.watermark)
                self.heartbeat = notice("heartbeat", time=to_text(int(time.time() * 1000)), watermark=newest)
                self.beat.notify()
            await asyncio.sleep(min(LOOK, max(0.0, next_beat - time.monotonic())))

    def _tell(self, kind: str, **data: Any) -> None:
        number, _ = self.news.get(kind, (0, b""))
        self.news[kind] = number + 1, notice(kind, **data)

    async def _check(self) -> None:
        self.watermark = await self.log.newest()
        beats = await self.log.heartbeats()
        self.ends = await self.log.ends()
        self.silences = await self.log.silences(int(time.time() * 1000))
        silent = int(self._settings.silent_minutes * MINUTE)
        self.sources = sources_of(beats, int(time.time() * 1000), silent)
        self.kept = beats["sink"].kept if "sink" in beats else None


def _slim(event: Event) -> Event:
    """The event without its larger part, which no filter looks at."""
    return msgspec.structs.replace(event, evidence=Evidence(), reasons=(), against=())
