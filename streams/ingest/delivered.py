"""Which of the frames that may have been sent Kafka really has: asked when an ingest starts again."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.deployment import wire
from streams.deployment.wire import RawFrame, WireError

Mark = tuple[str, str, int, int | None]
"""What tells a frame from all others of its session."""


def mark(frame: RawFrame) -> Mark:
    received = frame.received[0] if frame.received else None
    return frame.source, frame.kind, frame.first_line, received


async def end_offsets(broker: str, topic: str, partitions: int) -> dict[int, int]:
    """By partition, where the next message will be written."""
    async with AIOKafkaConsumer(bootstrap_servers=broker, group_id=None) as consumer:
        every = [TopicPartition(topic, number) for number in range(partitions)]
        return {at.partition: offset for at, offset in (await consumer.end_offsets(every)).items()}


async def delivered(
    broker: str, topic: str, partitions: int, since: dict[int, int], sources: Iterable[str]
) -> set[Mark]:
    """The frames of these sources that the topic holds from the offsets `since` on."""
    wanted = set(sources)
    found: set[Mark] = set()
    every = [TopicPartition(topic, number) for number in range(partitions)]
    async with AIOKafkaConsumer(
        bootstrap_servers=broker, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign(every)
        ends = await consumer.end_offsets(every)
        begins = await consumer.beginning_offsets(every)
        for at in every:
            consumer.seek(at, min(max(since.get(at.partition, 0), begins[at]), ends[at]))
        for at in every:
            while await consumer.position(at) < ends[at]:
                for message in (await consumer.getmany(at, timeout_ms=1000)).get(at, ()):
                    frame = _frame(message.value)
                    if frame is not None and frame.source in wanted:
                        found.add(mark(frame))
    return found


def _frame(value: bytes | None) -> RawFrame | None:
    try:
        return wire.decode(value or b"", RawFrame)
    except WireError:
        return None
