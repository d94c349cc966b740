"""The outbox: records that wait for Kafka, in order, in bounded memory and, beyond that, on disk."""

import asyncio
import time
from contextlib import suppress
from typing import Final

import msgspec

from streams.deployment import wire
from streams.deployment.wire import RawFrame, Registration
from streams.ingest.counters import Counters
from streams.ingest.spool import Position, Record, Spool, SpoolFull
from streams.runtime.logs import RateLimit, get_logger

log = get_logger(__name__)

MEMORY: Final = 1 << 23
"""Bytes of records kept in memory. Others are read back from disk when their turn comes."""
_SAVE_SECONDS: Final = 0.5

Content = Registration | RawFrame


class Outbox:
    """Where sources put what they have, and the sender takes it.

    Every record also goes to the spool, if there is one, so that nothing is lost if the process is killed.
    When the spool is full, records are taken as long as memory has room. Then `put` waits, and the sources
    stop reading.
    """

    def __init__(self, spool: Spool | None, counters: Counters, *, memory: int = MEMORY) -> None:
        self._spool = spool
        self._counters = counters
        self._memory_limit = memory
        self._memory: dict[int, bytes] = {}
        self._memory_bytes = 0
        self._sizes: dict[int, int] = {}  # of the records not acknowledged
        self.position = spool.position if spool else Position()
        self._next = spool.next_number if spool else 0  # number of the next record put
        self._taken = self.position.number  # number of the next record to be taken
        self._changed = asyncio.Event()  # set, and replaced by a new one, at every change
        self._saved = float("-inf")
        self._complain_full, self._complain_disk = RateLimit(), RateLimit()
        self.closing = False
        """The process is about to end: `put` no longer waits for room, and what finds none is lost."""
        if spool:
            for record in spool.records(self.position.number):
                self._count(record.number, len(record.data))

    @property
    def waiting(self) -> int:
        """Records that Kafka has not acknowledged."""
        return len(self._sizes)

    def sources(self) -> set[str]:
        """Sources that have records waiting."""
        numbers = range(self.position.number, self._next)
        waiting = [data for number, data in self._memory.items() if number in numbers]
        if self._spool:
            waiting = [record.data for record in self._spool.records(numbers.start)] + waiting
        return {_read(data).source for data in waiting}

    def open_sources(self) -> list[str]:
        """Sources of earlier runs without an `end` frame: their process was killed."""
        names = dict.fromkeys(self.position.open)
        if self._spool:
            for record in self._spool.records(self.position.number):
                content = _read(record.data)
                if isinstance(content, Registration):
                    names[content.source] = None
                elif content.kind == "end":
                    names.pop(content.source, None)
        return list(names)

    async def put(self, content: Content, *, patient: bool = False) -> bool:
        """Take a record in, and wait for room if need be. False if it was lost (only when `closing`).

        With `patient` it waits as soon as memory is full: for sources that can be read later.
        """
        data = _write(content)
        while not (self._has_memory(data) or not patient or self.closing):
            await self._wait()
        while not self._store(data):
            if self.closing:
                return False
            await self._wait()
        self._counters.frames += isinstance(content, RawFrame)
        self._notify()  # without an await: a record that was stored must not be put again
        return True

    async def take(self) -> tuple[int, Content]:
        """The next record, with its number. It stays until it is acknowledged."""
        while True:
            if self._taken < self._next:
                number, data = self._find(self._taken)
                self._taken = number + 1
                if data is not None:
                    return number, _read(data)
                self._forget([n for n in self._sizes if n >= self.position.number and n not in self._memory])
                continue
            await self._changed.wait()

    def rewind(self) -> None:
        """Start again at the first record that was not acknowledged."""
        self._taken = self.position.number

    async def acknowledge(self, number: int, content: Content, partition: int = -1, offset: int = -1) -> None:
        """Kafka has this record and all before it."""
        position = self.position
        position.number = number + 1
        if isinstance(content, Registration):
            position.registry = max(position.registry, offset)
            if content.source not in position.open:
                position.open.append(content.source)
        else:
            if content.kind == "end" and content.source in position.open:
                position.open.remove(content.source)
            if partition >= 0:
                position.offsets[partition] = max(position.offsets.get(partition, 0), offset + 1)
        data = self._memory.pop(number, None)
        self._memory_bytes -= len(data or b"")
        self._forget([*self._lost_before(number), number])
        if time.monotonic() - self._saved > _SAVE_SECONDS:
            self.save()
        self._notify()

    async def drained(self) -> None:
        """Wait until Kafka has everything."""
        while self._sizes:
            await self._changed.wait()

    def save(self) -> None:
        """Save the position: how far the records were sent."""
        if not self._spool:
            return
        self._saved = time.monotonic()
        try:
            self._spool.save(self.position)
        except OSError as error:  # no harm: after a restart, Kafka is asked what it has
            if self._complain_disk():
                log.warning("position_not_saved", error=error.strerror or error)

    def close(self) -> None:
        self.save()
        if self._spool:
            self._spool.close()

    def _has_memory(self, data: bytes) -> bool:
        return not self._sizes or self._memory_bytes + len(data) <= self._memory_limit

    def _store(self, data: bytes) -> bool:
        number, trouble = self._next, ""
        if self._spool:
            try:
                self._spool.append(Record(number, data), beyond_limit=self.closing)
            except SpoolFull as error:
                trouble = str(error)
        fits = self._has_memory(data)
        if (trouble or not self._spool) and not fits:
            if self._spool and self._complain_full():
                log.error("buffer_full", reason=trouble, action="sources wait, UDP datagrams are dropped")
            return False
        if trouble and self._complain_disk():
            log.warning("buffer_unwritable", reason=trouble, action="frames are kept in memory alone")
        if not trouble and self._spool:
            self._complain_full.reset()
            self._complain_disk.reset()
        if fits:
            self._memory[number] = data
            self._memory_bytes += len(data)
        self._next = number + 1
        self._count(number, len(data))
        return True

    def _find(self, number: int) -> tuple[int, bytes | None]:
        """The first record with this number or a higher one; no data if there is none."""
        data = self._memory.get(number)
        if data is not None:
            return number, data
        record = self._spool.read(number) if self._spool else None
        kept = next((n for n in self._memory if n >= number), self._next)
        if record is not None and record.number <= kept:
            return record.number, record.data
        return (kept, self._memory[kept]) if kept in self._memory else (self._next - 1, None)

    def _forget(self, numbers: list[int]) -> None:
        for number in numbers:
            self._counters.buffered_bytes -= self._sizes.pop(number, 0)
        self._counters.buffered_frames = len(self._sizes)

    def _lost_before(self, number: int) -> list[int]:
        """Records that were counted but could not be read back from disk."""
        lost = []
        for known in self._sizes:
            if known >= number:
                break
            lost.append(known)
        return lost

    def _count(self, number: int, size: int) -> None:
        self._sizes[number] = size
        self._counters.buffered_frames = len(self._sizes)
        self._counters.buffered_bytes += size

    async def _wait(self) -> None:
        """Wait until something was acknowledged, or half a second: the disk may have room again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


_TAGS: Final[dict[bytes, type[Registration] | type[RawFrame]]] = {b"S": Registration, b"F": RawFrame}


def _write(content: Content) -> bytes:
    return (b"S" if isinstance(content, Registration) else b"F") + wire.encode(content)


def _read(data: bytes) -> Content:
    kind = _TAGS[data[:1]]
    return msgspec.msgpack.decode(memoryview(data)[1:], type=kind)
