"""The registered sources, read from their topic: a stage waits for each of them.

Every frame names a registration by its offset: the last one that its sender knew of. So all workers take the
same sources into account at the same frame, whenever they read the registrations.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.deployment import wire
from streams.deployment.wire import Registration, WireError
from streams.pipeline.operator import RegistrationsMissing
from streams.runtime.kafka_client import connection
from streams.runtime.logs import RateLimit, get_logger
from streams.runtime.retry import KAFKA_AWAY, retry_until_available

log = get_logger(__name__)


class SourceRegistry:
    """Follows `ais.sources` from its beginning, outside any consumer group."""

    def __init__(self, broker: str, topic: str) -> None:
        self._broker = broker
        self._partition = TopicPartition(topic, 0)
        self._consumer: AIOKafkaConsumer | None = None
        self._sources: list[tuple[int, str]] = []
        self._read = -1  # the last offset read
        self._lock = asyncio.Lock()

    def up_to(self, offset: int) -> Iterable[str]:
        """Sources registered at this offset or before, in that order. Raises RegistrationsMissing."""
        if offset > self._read:
            raise RegistrationsMissing(offset)
        return [source for at, source in self._sources if at <= offset]

    async def catch_up(self, offset: int) -> None:
        """Read the registrations up to this offset, and wait for it if need be."""
        async with self._lock:
            consumer = await self._connected()
            may_log = RateLimit()
            while self._read < offset:
                batches = await consumer.getmany(self._partition, timeout_ms=500)
                for record in batches.get(self._partition, []):
                    self._take(record)
                if batches:
                    continue
                # compaction leaves no gap at the very end, so an offset that is not there yet will come
                self._read = max(self._read, await consumer.position(self._partition) - 1)
                if self._read < offset and may_log():
                    log.error(
                        "registration_missing", topic=self._partition.topic, offset=offset,
                        last=self._read, reason="a frame refers to it",
                    )  # fmt: skip

    async def newest(self) -> int:
        """Read all registrations. Returns the offset of the last one, -1 for none."""
        async with self._lock:
            consumer = await self._connected()
            ends = await consumer.end_offsets([self._partition])
        newest = int(ends[self._partition]) - 1
        await self.catch_up(newest)
        return newest

    async def stop(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    def _take(self, record: Any) -> None:
        try:
            self._sources.append((record.offset, wire.decode(record.value or b"", Registration).source))
        except WireError as error:
            log.error("left_out", topic=self._partition.topic, offset=record.offset, reason=str(error))
        self._read = record.offset

    async def _connected(self) -> AIOKafkaConsumer:
        return await retry_until_available("Kafka", self._broker, self._connect, KAFKA_AWAY)

    async def _connect(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**connection(self._broker), group_id=None)
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            consumer.assign([self._partition])
            await consumer.seek_to_beginning(self._partition)
            self._consumer = consumer
        return self._consumer
