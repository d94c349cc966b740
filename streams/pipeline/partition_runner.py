"""Runs one stage on the partitions that this worker has: takes frames in order, sends results, saves state.

Faust hands over messages; the checkpoint decides which of them count (docs/measurements/offsets.md). A frame
is processed if its offset is the next one. A lower offset was processed before. A higher one means that
frames are missing, and then the only safe thing is to end the process and start from the checkpoint.

Any `await` may be the last one of a cancelled agent, or be followed by a rebalance. So the state, the offset
and what is to be sent change together, with no `await` in between. What was handed to Kafka, and what was
taken from the operator for a checkpoint, stays noted here until it is known to have arrived.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from models.errors import TankerwatchError
from streams.deployment.topics import Topics
from streams.deployment.wire import WireError
from streams.pipeline.checkpoint import Checkpoint
from streams.pipeline.operator import Operator, OutgoingRecord, dead_letter
from streams.runtime.logs import get_logger
from streams.runtime.retry import REDIS_AWAY, retry_until_available

log = get_logger(__name__)
Send = Callable[[OutgoingRecord], Awaitable["asyncio.Future[Any]"]]
"""Hands a record to the producer. The future that it returns is done when Kafka has the record."""
PENDING_BEFORE_CLEANUP: Final = 1_000
"""Futures of sent records that are collected before the finished ones are dropped."""


class FramesMissing(TankerwatchError):
    """Frames are missing between two offsets."""


class UnreadableCheckpoint(TankerwatchError):
    """A checkpoint that this version can't read."""


class Partition:
    """One partition that this worker has: its operator, its checkpoint, and what is still under way."""

    def __init__(self, operator: Operator, checkpoint: Checkpoint, last: int, stored: int) -> None:
        self.operator, self.checkpoint = operator, checkpoint
        self.last = last
        """Offset of the last frame processed."""
        self.saved = last
        """Offset of the last frame that a checkpoint has."""
        self.onto = {stored}
        """Offsets that Redis may hold: that of the last checkpoint, and of attempts without an answer."""
        self.outbox: deque[OutgoingRecord] = deque()
        self.pending: list[asyncio.Future[Any]] = []
        """Records that were handed to the producer since the last checkpoint."""
        self.unsaved: dict[str, bytes | None] = {}
        """Pieces of state taken from the operator and not yet known to be saved."""
        self._clean_up_at = PENDING_BEFORE_CLEANUP

    def note_sent(self, future: "asyncio.Future[Any]") -> None:
        """Remember a record until Kafka has it. The list stays short even where checkpoints are rare."""
        self.pending.append(future)
        if len(self.pending) >= self._clean_up_at:
            self.pending = [
                each for each in self.pending if not each.done() or each.cancelled() or each.exception()
            ]
            self._clean_up_at = len(self.pending) + PENDING_BEFORE_CLEANUP

    async def acknowledged(self, sent: "set[asyncio.Future[Any]]") -> None:
        """Wait until Kafka has these records. When cancelled, they stay on their way.

        Raises FramesMissing for a record that was given up, and whatever its producer raised.
        """
        if sent:
            await asyncio.wait(sent)
            for future in sent:
                if future.cancelled():
                    raise FramesMissing("a record was given up before Kafka had it")
                future.result()
            self.pending = [each for each in self.pending if each not in sent]
            self._clean_up_at = len(self.pending) + PENDING_BEFORE_CLEANUP


class PartitionRunner:
    """One stage on all partitions of its topic that this worker has."""

    def __init__(
        self,
        topic: str,
        make_operator: Callable[[int], Operator],
        checkpoint: Callable[[int], Checkpoint],
        send: Send,
        topics: Topics,
        every: int,
        redis: str = "",
    ) -> None:
        """`make_operator` and `checkpoint` are called with the number of a partition.

        A checkpoint is written after `every` frames at the latest. `redis` is the address that a log line
        names while Redis is away.
        """
        self.topic = topic
        self._make_operator, self._checkpoint, self._send = make_operator, checkpoint, send
        self._topics, self._every, self._redis = topics, every, redis
        self._partitions: dict[int, Partition] = {}
        self._given_up = 0  # times
        self._sending = asyncio.Lock()
        self._saving = asyncio.Lock()  # taken before the other one
        self.processed = 0
        """Frames processed since the start."""
        self.saved = 0
        """Checkpoints written since the start."""

    @property
    def partitions(self) -> Mapping[int, Partition]:
        """The partitions that this worker has now, by number."""
        return self._partitions

    async def load(self, earliest: Mapping[int, int]) -> dict[int, int]:
        """Take over these partitions, and no others. Returns the offset from which each has to be read.

        Partitions that the worker already has stay as they are. `earliest` is the first offset of each that
        Kafka still has. If that lies beyond the checkpoint, the partition goes on there, and the log says
        which frames are gone.
        """
        async with self._saving, self._sending:
            self._partitions = {
                number: partition for number, partition in self._partitions.items() if number in earliest
            }
            given_up = self._given_up
            for number in sorted(earliest):
                if number not in self._partitions:
                    partition = await self._take_over(number, earliest[number])
                    if given_up != self._given_up:  # there was another rebalance meanwhile
                        return {}
                    self._partitions[number] = partition
            return {number: partition.last + 1 for number, partition in self._partitions.items()}

    async def _take_over(self, number: int, first: int) -> Partition:
        checkpoint = self._checkpoint(number)
        stored = await retry_until_available("Redis", self._redis, checkpoint.take_over, REDIS_AWAY)
        operator = self._make_operator(number)
        if stored.pieces:
            try:
                operator.load(stored.pieces)
            except (ValueError, LookupError, TypeError) as error:
                raise UnreadableCheckpoint(
                    f"{self.topic}[{number}]: the checkpoint can't be read ({error!r}); go back to the "
                    "version that wrote it, or give it up by `tankerwatch worker --rebuild-from TIME`"
                ) from error
        last = stored.offset
        if last + 1 < first:
            if last >= 0:
                log.error(
                    "frames_gone", topic=self.topic, partition=number, first=last + 1, last=first - 1,
                    reason="the topic no longer had them",
                )  # fmt: skip
            last = first - 1
        log.info("partition_taken", topic=self.topic, partition=number, offset=last + 1)
        return Partition(operator, checkpoint, last, stored.offset)

    async def take(self, number: int, offset: int, value: bytes) -> None:
        """Process one frame of a partition, if it is the next one. Several tasks may call this at once.

        Raises FramesMissing, and RegistrationsMissing; after the latter, nothing has changed.
        """
        partition = self._partitions.get(number)
        if partition is None or offset <= partition.last:
            return
        if offset > partition.last + 1:
            raise FramesMissing(f"{self.topic}[{number}]: offset {offset} follows {partition.last}")
        try:
            records = partition.operator.process(value, offset)
        except WireError as error:
            records = [self._dead_letter(error, value, number, offset)]
        # state, offset and what is to be sent change together, with no await in between
        partition.outbox.extend(records)
        partition.last = offset
        self.processed += 1
        async with self._sending:
            await self._send_outbox(number, partition)
        if partition.last - partition.saved >= self._every:
            await self.checkpoint()

    async def _send_outbox(self, number: int, partition: Partition) -> None:
        """Send what waits, unless the partition was given up meanwhile: its next owner sends it."""
        while partition.outbox and self._partitions.get(number) is partition:
            partition.note_sent(await self._send(partition.outbox[0]))
            partition.outbox.popleft()

    async def checkpoint(self) -> dict[int, int]:
        """Save what has changed since the last checkpoint. Returns the offsets saved so far, by partition.

        An offset is saved only once Kafka has everything that was sent for it. Meanwhile the stage goes on
        with the frames after it. While Redis is away this waits, and soon the stage waits for it. Raises
        Fenced and FramesMissing.
        """
        async with self._saving:
            for number, partition in self._partitions.items():
                if partition.last == partition.saved and not partition.outbox:
                    await self._verify(number, partition)
                else:
                    await self._write_checkpoint(number, partition)
            saved = {number: partition.saved for number, partition in self._partitions.items()}
            return {number: offset for number, offset in saved.items() if offset >= 0}

    async def _write_checkpoint(self, number: int, partition: Partition) -> None:
        async with self._sending:
            await self._send_outbox(number, partition)
            if partition.outbox:
                return  # given up while sending
            # the outbox is empty, and state and offset belong together: no await before they are noted
            last, sent = partition.last, set(partition.pending)
            partition.unsaved |= partition.operator.changes()
            partition.onto.add(last)
        await partition.acknowledged(sent)

        async def save() -> bool:
            if self._partitions.get(number) is not partition:
                return False  # given up while Redis was away
            await partition.checkpoint.save(partition.onto, last, partition.unsaved)
            return True

        if await retry_until_available("Redis", self._redis, save, REDIS_AWAY):
            partition.saved = last
            partition.onto = {last}
            partition.unsaved = {}
            self.saved += 1

    async def _verify(self, number: int, partition: Partition) -> None:
        """Look at the checkpoint although nothing is to be written: Redis may have been set back."""

        async def verify() -> None:
            if self._partitions.get(number) is partition:
                await partition.checkpoint.verify(partition.onto)

        await retry_until_available("Redis", self._redis, verify, REDIS_AWAY)

    def give_up(self) -> None:
        """The partitions go to other workers. What is not saved is done again by them."""
        self._partitions = {}
        self._given_up += 1

    def _dead_letter(self, error: WireError, value: bytes, number: int, offset: int) -> OutgoingRecord:
        return dead_letter(
            self._topics,
            reason=f"no_frame: {error}",
            value=value,
            source="",
            line=0,
            topic=self.topic,
            partition=number,
            offset=offset,
        )
