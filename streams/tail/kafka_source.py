"""The Kafka topic of events as a source of events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from models.event import Event
from streams.runtime.kafka_client import connection
from streams.runtime.refusals import hush_kafka, or_unseen, reason, remedy
from streams.runtime.retry import KAFKA_AWAY
from streams.tail.source import Known, Note, Since, Unreachable, Unusable, event_of


class KafkaSource:
    """Reads the topic without a consumer group, so it leaves nothing behind on Kafka."""

    def __init__(self, broker: str, topic: str, since: Since | None, once: bool) -> None:
        """Without `since` only new events are read. With `once` reading stops at what exists now."""
        self.where = f"Kafka at {broker}"
        self._broker, self._partition = broker, TopicPartition(topic, 0)
        self._since, self._once = since, once
        self._position: int | None = None
        hush_kafka()  # we print the first attempt

    async def follow(self) -> AsyncGenerator[Event | Note]:
        consumer = AIOKafkaConsumer(
            **connection(self._broker),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=10_000,
        )
        try:
            await consumer.start()
            if self._partition.topic not in await consumer.topics():
                raise Unreachable(
                    f"{self.where}: there is no topic {self._partition.topic} yet; start a worker, or "
                    f"correct TANKERWATCH_PREFIX{or_unseen()}"
                )
            async with aclosing(self._read(consumer)) as found:
                async for one in found:
                    yield one
        except KAFKA_AWAY as error:
            raise Unreachable(f"{self.where}: {reason(error)}; {remedy('Kafka', error)}") from None
        finally:
            await consumer.stop()

    async def _read(self, consumer: AIOKafkaConsumer) -> AsyncGenerator[Event | Note]:
        at = self._partition
        consumer.assign([at])
        first = (await consumer.beginning_offsets([at]))[at]
        end = (await consumer.end_offsets([at]))[at]
        if self._position is None:
            self._position = await self._start(consumer, first, end)
        consumer.seek(at, self._position)
        while not self._once or self._position < end:
            try:
                got = await consumer.getmany(at, timeout_ms=500)
            except OffsetOutOfRangeError:
                yield Note("some events are missing: the topic no longer has them, or was created again")
                self._position = (await consumer.beginning_offsets([at]))[at]
                consumer.seek(at, self._position)
                continue
            for record in got.get(at, ()):
                self._position = record.offset + 1
                if record.value is not None:  # None is a tombstone
                    yield event_of(record.value, f"offset {record.offset}")
            if self._once and not got:
                self._position = await consumer.position(at)  # past records that were compacted away

    async def _start(self, consumer: AIOKafkaConsumer, first: int, end: int) -> int:
        if self._since is None:
            return end
        if self._since.time <= 0:
            return first
        found = (await consumer.offsets_for_times({self._partition: self._since.time}))[self._partition]
        return end if found is None else int(found.offset)

    async def known(self, event: str) -> Known | None:
        raise Unusable(
            f"{self.where}: a topic can't be asked for one event; use --source redis, or the URL of a feed"
        )

    async def close(self) -> None:
        pass
