"""The sender: brings records from the outbox to Kafka, in order, each once, however long that takes."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.codec import has_lz4, has_zstd
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.topics import Topics, specs
from streams.deployment.topics_admin import ensure_topics
from streams.deployment.wire import RawFrame, Registration, WireError
from streams.ingest.counters import Counters
from streams.ingest.outbox import Content, Outbox
from streams.runtime.backoff import Backoff, Delays
from streams.runtime.kafka_client import connection
from streams.runtime.logs import RateLimit, get_logger
from streams.runtime.refusals import reason, remedy
from streams.runtime.tasks import first_of

log = get_logger(__name__)

IN_FLIGHT: Final = 64
"""Frames handed to the producer that Kafka has not acknowledged."""
_STALLED_SECONDS: Final = 5.0
Mark = tuple[str, str, int, int | None]
"""What identifies a frame within its session."""


@dataclass(frozen=True, slots=True)
class KafkaTarget:
    """Where frames go. With `partitions` None, any number is accepted, and a new topic gets the default."""

    broker: str
    topics: Topics = field(default_factory=Topics)
    partitions: int | None = None
    delays: Delays = field(default_factory=Delays)
    request_timeout_ms: int = 40_000


class Sender:
    """Sends records until Kafka has them. A registration is waited for: later frames name its offset."""

    def __init__(self, target: KafkaTarget, outbox: Outbox, counters: Counters) -> None:
        self._target, self._outbox, self._counters = target, outbox, counters
        self._backoff = Backoff(target.delays)
        self._left = outbox.waiting > 0  # an earlier run may have sent some of them
        self._there: set[Mark] = set()
        self._in_flight: asyncio.Queue[tuple[int, Content, asyncio.Future[Any] | None]]
        self._down = False
        self._complain = RateLimit()

    async def run(self) -> None:
        """Send until cancelled. Raises TopicsError if the topics can't be used."""
        while True:
            producer = None
            try:
                producer = await self._connect()
                self._up()
                self._backoff.reset()
                self._in_flight = asyncio.Queue(IN_FLIGHT)
                await first_of(self._send(producer), self._acknowledge())
            except (KafkaError, OSError, TimeoutError) as error:
                await self._retry(error)
            finally:
                if producer is not None:
                    await _abandon(producer)
                    self._left = True
            self._outbox.rewind()

    async def _connect(self) -> AIOKafkaProducer:
        target, topics = self._target, self._target.topics
        wanted = [
            s
            for s in specs(topics, target.partitions or Deployment().raw_partitions, 1)
            if s.name in (topics.raw, topics.sources, topics.sightings)
        ]
        counts = await ensure_topics(target.broker, wanted, adopt=target.partitions is None)
        async with asyncio.timeout(60):
            await self._look_back(counts[topics.raw])
        producer = AIOKafkaProducer(
            **connection(target.broker),
            enable_idempotence=True,
            acks="all",
            compression_type="zstd" if has_zstd() else "lz4" if has_lz4() else "gzip",
            linger_ms=5,
            max_batch_size=900_000,  # several frames in a batch, and below a broker's default limit
            request_timeout_ms=target.request_timeout_ms,
            retry_backoff_ms=500,
        )
        try:
            await producer.start()
        except BaseException:
            await _abandon(producer)
            raise
        return producer

    async def _look_back(self, partitions: int) -> None:
        """Ask which of the waiting frames Kafka already has. At a clean start, note where ours begin."""
        target, topic, position = self._target, self._target.topics.raw, self._outbox.position
        if self._left and position.offsets:
            sources = self._outbox.sources()
            self._there = await delivered(target.broker, topic, partitions, position.offsets, sources)
            log.info("resumed", waiting_frames=self._outbox.waiting, already_there=len(self._there))
        else:
            position.offsets = await end_offsets(target.broker, topic, partitions)
            self._outbox.save()

    async def _send(self, producer: AIOKafkaProducer) -> None:
        topics = self._target.topics
        while True:
            number, content = await self._outbox.take()
            key = content.source.encode()
            if isinstance(content, Registration):
                await self._in_flight.join()
                sent = await producer.send_and_wait(topics.sources, wire.encode(content), key)
                await self._outbox.acknowledge(number, content, offset=sent.offset)
                log.info("registered", source=content.source, origin=content.origin)
                continue
            future = None
            if self._there and mark(content) in self._there:
                self._counters.skipped_frames += 1
            else:
                frame = msgspec.structs.replace(content, registry=self._outbox.position.registry)
                future = await self._hand_over(producer, wire.encode(frame), key)
            await self._in_flight.put((number, content, future))

    async def _hand_over(self, producer: AIOKafkaProducer, value: bytes, key: bytes) -> asyncio.Future[Any]:
        while True:
            try:
                sent: asyncio.Future[Any] = await producer.send(self._target.topics.raw, value, key)
                return sent
            except KafkaTimeoutError:  # what was handed over before still waits, so this does too
                continue
            except MessageSizeTooLargeError as error:
                refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
                refused.set_exception(error)
                return refused

    async def _acknowledge(self) -> None:
        while True:
            number, content, future = await self._in_flight.get()
            partition, offset = -1, -1
            if future is not None:
                try:
                    while not (await asyncio.wait([future], timeout=_STALLED_SECONDS))[0]:
                        self._stalled()
                    sent = future.result()
                    partition, offset = sent.partition, sent.offset
                    self._counters.sent_frames += 1
                except MessageSizeTooLargeError as error:
                    assert isinstance(content, RawFrame)
                    self._refused(content, error)
            if self._down:
                self._up()
            await self._outbox.acknowledge(number, content, partition, offset)
            self._in_flight.task_done()

    def _refused(self, frame: RawFrame, error: KafkaError) -> None:
        lines = frame.data.count(b"\n")
        self._counters.refused_frames += 1
        self._counters.dropped_lines += lines
        log.error("frame_refused", source=frame.source, first_line=frame.first_line, lines=lines,
            error=error)  # fmt: skip

    async def _retry(self, error: Exception) -> None:
        wait = self._backoff.next()
        self._note_outage()
        log.warning("kafka_unavailable", broker=self._target.broker, error=reason(error),
            retry_in_s=wait, waiting_frames=self._counters.buffered_frames,
            remedy=remedy("Kafka", error))  # fmt: skip
        await asyncio.sleep(wait)

    def _stalled(self) -> None:
        self._note_outage()
        if self._complain():
            log.warning("kafka_not_answering", broker=self._target.broker,
                waiting_frames=self._counters.buffered_frames, waiting_bytes=self._counters.buffered_bytes,
                action="frames wait in the buffer")  # fmt: skip

    def _note_outage(self) -> None:
        if not self._down:
            self._down = True
            self._counters.kafka_outages += 1

    def _up(self) -> None:
        log.info("kafka_connected", broker=self._target.broker,
            waiting_frames=self._counters.buffered_frames)  # fmt: skip
        self._down = False
        self._complain.reset()


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Close the producer without waiting for its records, as `stop` would while Kafka is away."""
    producer._closed = True
    with suppress(KafkaError, OSError, TimeoutError, asyncio.CancelledError):
        if producer._sender.sender_task is not None:
            await asyncio.wait_for(producer._sender.close(), 2)
    await producer.client.close()


def mark(frame: RawFrame) -> Mark:
    received = frame.received[0] if frame.received else None
    return frame.source, frame.kind, frame.first_line, received


async def end_offsets(broker: str, topic: str, partitions: int) -> dict[int, int]:
    """By partition, where the next message will be written."""
    async with AIOKafkaConsumer(**connection(broker), group_id=None) as consumer:
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
        **connection(broker), group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
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
