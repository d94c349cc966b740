"""The keeper of a stage: applies frames in order of offset, sends what comes of them, keeps checkpoints.

Faust hands over messages; which of them count is decided here, by the checkpoint (docs/offsets.md). A frame
is applied when its offset is the next one; a lower one was applied before, a higher one means that something
was lost, and then the only safe thing is to end the process and start from the checkpoint.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from streams.checkpoint import Checkpoints
from streams.pipeline import Host, Out, dead_letter
from streams.topics import Topics
from streams.wire import WireError

log = logging.getLogger(__name__)
Send = Callable[[Out], Awaitable[Awaitable[Any]]]
"""Hands a message to the producer; what it returns is done when the broker has it."""


class Lost(RuntimeError):
    """Frames are missing between two offsets."""


class _Slot:
    """One partition in hand."""

    def __init__(self, host: Host, token: int, last: int) -> None:
        self.host, self.token, self.last = host, token, last
        self.saved = last
        self.outbox: deque[Out] = deque()
        self.sent: list[Awaitable[Any]] = []


class Keeper:
    """All partitions of one stage that this worker has in hand."""

    def __init__(
        self,
        topic: str,
        make: Callable[[int], Host],
        checkpoints: Checkpoints,
        send: Send,
        topics: Topics,
        every: int,
    ) -> None:
        self.topic = topic
        self._make, self._checkpoints, self._send = make, checkpoints, send
        self._topics, self._every = topics, every
        self._slots: dict[int, _Slot] = {}
        self._lock = asyncio.Lock()
        self.applied = 0
        self.saved = 0

    async def load(self, partitions: Iterable[int], earliest: dict[int, int]) -> dict[int, int]:
        """Take over partitions. Returns the offset that each has to be read from.

        `earliest` is the first offset that is still there: where retention has passed the checkpoint, that is
        where it goes on, and the log says so.
        """
        async with self._lock:
            self._slots = {}
            for partition in sorted(partitions):
                kept = await self._checkpoints.take_over(partition)
                host = self._make(partition)
                if kept.pieces:
                    host.load(kept.pieces)
                last = kept.offset
                first = earliest.get(partition, 0)
                if last + 1 < first:
                    if last >= 0:
                        log.error(
                            "%s[%d]: frames %d to %d are gone; going on from %d",
                            self.topic, partition, last + 1, first - 1, first,
                        )  # fmt: skip
                    last = first - 1
                self._slots[partition] = _Slot(host, kept.token, last)
                log.info("%s[%d]: from offset %d", self.topic, partition, last + 1)
            return {partition: slot.last + 1 for partition, slot in self._slots.items()}

    async def take(self, partition: int, offset: int, value: bytes) -> None:
        """Apply one frame if it is the next. Raises Lost, Behind (then nothing has changed)."""
        slot = self._slots.get(partition)
        if slot is None or offset <= slot.last:
            return
        if offset > slot.last + 1:
            raise Lost(f"{self.topic}[{partition}]: offset {offset} after {slot.last}")
        try:
            outs = slot.host.work(value, offset)
        except WireError as error:
            outs = [self._dead(error, value, partition, offset)]
        # state, offset and what is to be sent change together, with no await in between
        slot.outbox.extend(outs)
        slot.last = offset
        self.applied += 1
        await self._drain(slot)
        if slot.last - slot.saved >= self._every:
            await self.checkpoint()

    async def _drain(self, slot: _Slot) -> None:
        async with self._lock:
            await self._drain_locked(slot)

    async def _drain_locked(self, slot: _Slot) -> None:
        while slot.outbox:
            slot.sent.append(await self._send(slot.outbox[0]))
            slot.outbox.popleft()

    async def checkpoint(self) -> dict[int, int]:
        """Keep what has changed since the last time. Returns the offsets now kept, for tools that show lag.

        The outputs come first: the offset is kept only once the broker has all that came of the frames.
        Raises Fenced.
        """
        async with self._lock:
            done: dict[int, int] = {}
            for partition, slot in self._slots.items():
                if slot.last == slot.saved and not slot.outbox:
                    continue
                await self._drain_locked(slot)
                last, changed = slot.last, slot.host.changes()
                sent, slot.sent = slot.sent, []
                await asyncio.gather(*sent)
                await self._checkpoints.save(partition, slot.token, last, changed)
                slot.saved = done[partition] = last
                self.saved += 1
            return done

    def forget(self) -> None:
        """The partitions are no longer ours."""
        self._slots = {}

    def _dead(self, error: WireError, value: bytes, partition: int, offset: int) -> Out:
        return dead_letter(
            self._topics,
            reason=f"no_frame: {error}",
            value=value,
            source="",
            line=0,
            topic=self.topic,
            partition=partition,
            offset=offset,
        )
