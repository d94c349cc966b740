"""The keeper of a stage: applies frames in order of offset, sends what comes of them, keeps checkpoints.

Faust hands over messages; which of them count is decided here, by the checkpoint
(docs/measurements/offsets.md). A frame is applied when its offset is the next one; a lower one was applied
before, a higher one means that something was lost, and then the only safe thing is to end the process and
start from the checkpoint.

Any await may be the last one of a cancelled agent or be followed by a rebalance. So state, offset and what is
to be sent change together with no await in between, and what was handed to the broker or taken from the host
for a checkpoint stays noted in the slot until it is known to have arrived.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from models.errors import TankerwatchError
from streams.deployment.topics import Topics
from streams.deployment.wire import WireError
from streams.pipeline.checkpoint import Checkpoint, Kept
from streams.pipeline.operator import Operator, OutgoingRecord, dead_letter
from streams.runtime.logs import get_logger
from streams.runtime.retry import REDIS_AWAY, retry_until_available

log = get_logger(__name__)
Send = Callable[[OutgoingRecord], Awaitable["asyncio.Future[Any]"]]
"""Hands a message to the producer; the future it gives is done when the broker has it."""
SENT: Final = 1_000
"""Futures of sent messages are looked through when there are so many more."""


class Lost(TankerwatchError):
    """Frames are missing between two offsets."""


class Unreadable(TankerwatchError):
    """A checkpoint that this version can't read."""


class Partition:
    """One partition in hand."""

    def __init__(self, operator: Operator, checkpoint: Checkpoint, last: int, stored: int) -> None:
        self.operator, self.checkpoint = operator, checkpoint
        self.last = last
        """Offset of the last frame applied."""
        self.saved = last
        """The same as of the last checkpoint."""
        self.onto = {stored}
        """Offsets that Redis may have: of the last checkpoint, and of attempts without an answer."""
        self.outbox: deque[OutgoingRecord] = deque()
        self.sent: list[asyncio.Future[Any]] = []
        self.unsaved: dict[str, bytes | None] = {}
        """Pieces taken from the host and not yet known to be kept."""
        self.look_at = SENT

    def note(self, future: "asyncio.Future[Any]") -> None:
        """Remember a message until the broker has it. The list stays short between rare checkpoints."""
        self.sent.append(future)
        if len(self.sent) >= self.look_at:
            self.sent = [one for one in self.sent if not one.done() or one.cancelled() or one.exception()]
            self.look_at = len(self.sent) + SENT


class PartitionRunner:
    """All partitions of one stage that this worker has in hand."""

    def __init__(
        self,
        topic: str,
        make: Callable[[int], Operator],
        checkpoint: Callable[[int], Checkpoint],
        send: Send,
        topics: Topics,
        every: int,
        redis: str = "",
    ) -> None:
        """A checkpoint is taken after `every` frames at the latest; `redis` is named where it is away."""
        self.topic = topic
        self._make, self._checkpoint, self._send = make, checkpoint, send
        self._topics, self._every, self._redis = topics, every, redis
        self._slots: dict[int, Partition] = {}
        self._given_away = 0  # how often
        self._lock = asyncio.Lock()
        self.processed = 0
        self.saved = 0

    @property
    def partitions(self) -> Mapping[int, Partition]:
        """The partitions, for whoever watches."""
        return self._slots

    async def load(self, partitions: Iterable[int], earliest: dict[int, int]) -> dict[int, int]:
        """Take over partitions. Returns the offset that each has to be read from.

        What is in hand already stays as it is. `earliest` is the first offset that is still there: where
        retention has passed the checkpoint, that is where it goes on, and the log says so.
        """
        async with self._lock:
            wanted = sorted(partitions)
            self._slots = {partition: slot for partition, slot in self._slots.items() if partition in wanted}
            before = self._given_away
            for partition in wanted:
                if partition not in self._slots:
                    slot = await self._taken_over(partition, earliest.get(partition, 0))
                    if before != self._given_away:  # meanwhile; another load follows
                        return {}
                    self._slots[partition] = slot
            return {partition: slot.last + 1 for partition, slot in self._slots.items()}

    async def _taken_over(self, partition: int, first: int) -> Partition:
        checkpoint = self._checkpoint(partition)
        kept: Kept = await retry_until_available("Redis", self._redis, checkpoint.take_over, REDIS_AWAY)
        host = self._make(partition)
        if kept.pieces:
            try:
                host.load(kept.pieces)
            except (ValueError, KeyError, TypeError) as error:
                raise Unreadable(
                    f"{self.topic}[{partition}]: the checkpoint can't be read ({error!r}); go back to the "
                    "version that wrote it, or give it up by `tankerwatch worker --rebuild-from TIME`"
                ) from error
        last = kept.offset
        if last + 1 < first:
            if last >= 0:
                log.error(
                    "frames_gone", topic=self.topic, partition=partition, first=last + 1, last=first - 1,
                    reason="the topic no longer had them",
                )  # fmt: skip
            last = first - 1
        log.info("partition_taken", topic=self.topic, partition=partition, offset=last + 1)
        return Partition(host, checkpoint, last, kept.offset)

    async def take(self, partition: int, offset: int, value: bytes) -> None:
        """Apply one frame if it is the next. Raises Lost, RegistrationsMissing (then nothing has changed)."""
        slot = self._slots.get(partition)
        if slot is None or offset <= slot.last:
            return
        if offset > slot.last + 1:
            raise Lost(f"{self.topic}[{partition}]: offset {offset} after {slot.last}")
        try:
            outs = slot.operator.process(value, offset)
        except WireError as error:
            outs = [self._dead(error, value, partition, offset)]
        # state, offset and what is to be sent change together, with no await in between
        slot.outbox.extend(outs)
        slot.last = offset
        self.processed += 1
        async with self._lock:
            await self._drain(partition, slot)
        if slot.last - slot.saved >= self._every:
            await self.checkpoint()

    async def _drain(self, partition: int, slot: Partition) -> None:
        """Send what waits, unless the partition was given away meanwhile: its next owner sends it."""
        while slot.outbox and self._slots.get(partition) is slot:
            slot.note(await self._send(slot.outbox[0]))
            slot.outbox.popleft()

    async def checkpoint(self) -> dict[int, int]:
        """Keep what has changed since the last time. Returns the offsets kept so far.

        The outputs come first: the offset is kept only once the broker has all that came of the frames. While
        Redis is away this waits, and with it all frames of the stage. Raises Fenced.
        """
        async with self._lock:
            for partition, slot in self._slots.items():
                if slot.last == slot.saved and not slot.outbox:
                    await self._verify(partition, slot)
                    continue
                await self._drain(partition, slot)
                if slot.outbox:
                    continue  # given away while sending
                # outbox empty, state and offset belong together: no await before they are noted
                last = slot.last
                slot.unsaved |= slot.operator.changes()
                slot.onto.add(last)
                await self._acknowledged(slot)
                if not await self._save(partition, slot, last):
                    continue
                slot.saved = last
                slot.onto = {last}
                slot.unsaved = {}
                self.saved += 1
            return {partition: slot.saved for partition, slot in self._slots.items() if slot.saved >= 0}

    async def _acknowledged(self, slot: Partition) -> None:
        """Wait until the broker has what was sent so far. Cancelled, it leaves the messages on their way."""
        if sent := list(slot.sent):
            await asyncio.wait(sent)
            for future in sent:
                if future.cancelled():
                    raise Lost(f"{self.topic}: a message was given up")
                future.result()
            del slot.sent[: len(sent)]
            slot.look_at = SENT

    async def _save(self, partition: int, slot: Partition, last: int) -> bool:
        """False where the partition was given away while Redis was away."""

        async def attempt() -> bool:
            if self._slots.get(partition) is not slot:
                return False
            await slot.checkpoint.save(slot.onto, last, slot.unsaved)
            return True

        return await retry_until_available("Redis", self._redis, attempt, REDIS_AWAY)

    async def _verify(self, partition: int, slot: Partition) -> None:
        """Also with nothing to write: else nobody would notice a Redis that was set back."""

        async def attempt() -> None:
            if self._slots.get(partition) is slot:
                await slot.checkpoint.verify(slot.onto)

        await retry_until_available("Redis", self._redis, attempt, REDIS_AWAY)

    def forget(self) -> None:
        """The partitions are no longer ours. What was not kept of them is done again by their next owner."""
        self._slots = {}
        self._given_away += 1

    def _dead(self, error: WireError, value: bytes, partition: int, offset: int) -> OutgoingRecord:
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
