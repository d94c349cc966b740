"""The sink: one small process that reads events and ticks from Kafka and keeps the event log in Redis.

It belongs to no consumer group. Its offsets are in Redis, written together with what was read
(`streams/store/event_log_writer.py`), so after any crash it goes on exactly there. A second sink takes over
from the first, which then ends. While Redis or Kafka is away it waits; the topics keep what it has not
read.
"""

import asyncio
import os
import signal
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from models.drawn_fence import FenceVersion
from models.errors import UNDECODABLE
from streams.deployment import heartbeat, wire
from streams.deployment.config import Deployment
from streams.deployment.heartbeat import Heartbeat, Kept
from streams.deployment.topics import specs
from streams.deployment.topics_admin import ensure_topics
from streams.runtime import exit_codes, logs, metrics
from streams.runtime.fencing import Fenced, SetBack
from streams.runtime.kafka_client import Taken, reader, taken
from streams.runtime.logs import get_logger
from streams.runtime.redis_client import connect
from streams.runtime.retry import KAFKA_AWAY, REDIS_AWAY, retry_until_available
from streams.runtime.tasks import end
from streams.store.drawn_fences import DrawnFences
from streams.store.event_log_writer import (
    Batch,
    LogWriter,
    Written,
    revision,
)
from streams.store.retention import Retention

log = get_logger(__name__)
FULL: Final = 5_000
"""Size of a batch that goes to Redis in one transaction."""
SWEEP_SECONDS: Final = 60.0


class Sink:
    def __init__(self, deployment: Deployment, limits: Retention | None = None) -> None:
        self._deployment = deployment
        self._redis = connect(deployment.redis)
        limits = limits or Retention()
        self._kept = Kept(entries=limits.log_entries, days=limits.log_days)
        self._writer = LogWriter(self._redis, deployment.prefix, limits)
        topics = deployment.topics
        self._fences = DrawnFences(self._redis, deployment.prefix)
        self._names = {
            TopicPartition(topics.events, 0): "events",
            TopicPartition(topics.ticks, 0): "ticks",
            TopicPartition(topics.fences, 0): "fences",
        }
        self._at: dict[str, int] = {}  # the last offset in Redis
        self._start: dict[str, int] = {}
        self._saved = time.time()
        self._lag: dict[str, int] = {}
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Finish the current batch, and end."""
        self._stop.set()

    async def run(self) -> None:
        """Run until stopped. Raises Fenced when another sink has taken over."""
        work = asyncio.create_task(self._run())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((work, stopped), return_when=asyncio.FIRST_COMPLETED)
            await end(work)  # a transaction in Redis goes through or does not; the sink can go on from either
            if not work.cancelled():
                work.result()
        finally:
            await end(work, stopped)
            await self._redis.aclose()

    async def _run(self) -> None:
        self._at = await self._with_redis(self._writer.take_over)
        consumer = await retry_until_available("Kafka", self._deployment.broker, self._connect, KAFKA_AWAY)
        watch = asyncio.create_task(self._watch(consumer))
        try:
            await self._seek(consumer)
            log.info("sink_started", **self._at)
            await self._follow(consumer)
        finally:
            await end(watch)
            await consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        sweep_at = 0.0
        while not self._stop.is_set():
            try:
                got = await taken(consumer, self._deployment.broker, 500, 1_000)
            except OffsetOutOfRangeError:
                await self._seek(consumer)
                continue
            try:
                for batch in self._batches(got):
                    await self._write(batch)
                if time.monotonic() >= sweep_at:
                    if dropped := await self._writer.sweep():
                        log.info("swept", dropped=dropped)
                    sweep_at = time.monotonic() + SWEEP_SECONDS
            except (SetBack, *REDIS_AWAY) as error:
                await self._recover(consumer, error)

    def _batches(self, got: Taken) -> list[Batch]:
        batches: list[Batch] = []
        at = dict(self._at)
        for partition, records in got.items():
            name = self._names[partition]
            batch = None
            for record in records:
                if record.offset <= at.get(name, -1):
                    continue
                if batch is None or batch.size >= FULL:
                    batch = Batch({name: at.get(name, -1)})
                    batches.append(batch)
                self._read(name, record, batch)
                batch.after[name] = at[name] = record.offset
        return batches

    def _read(self, name: str, record: ConsumerRecord, batch: Batch) -> None:
        try:
            if name == "events":
                if record.value is not None:  # a tombstone: the topic forgets an event, the log keeps it
                    batch.revisions.append(revision(record.value))
                return
            if name == "fences":
                if record.value is not None:
                    batch.fences.append(msgspec.json.decode(record.value, type=FenceVersion))
                return
            frame = wire.decode(record.value or b"", wire.TicksFrame)
            for part in frame.instants:
                batch.ticks.append(part.instant().ticks)
                batch.identities += part.identities
        except (*UNDECODABLE, ValueError) as error:
            metrics.UNREADABLE.labels(record.topic).inc()
            log.error("left_out", topic=record.topic, offset=record.offset, reason=str(error))

    async def _write(self, batch: Batch) -> None:
        await self._fences.confirm(batch.fences)  # again after a crash, which changes nothing
        written: Written = await self._writer.write(batch)
        self._at |= batch.after
        self._saved = time.time()
        for one in written.revisions:
            metrics.EVENTS.labels(one.type, one.level, one.status).inc()
        metrics.DUPLICATES.inc(len(batch.revisions) - len(written.revisions))
        metrics.TICKS.inc(written.ticks)
        metrics.IDENTITIES.inc(written.identities)
        metrics.SINK_WRITTEN.set(self._saved)
        metrics.UP.labels("redis").set(1)

    async def _recover(self, consumer: AIOKafkaConsumer, error: Exception) -> None:
        """Go on from what Redis has. A write whose answer was lost may have gone through."""
        if isinstance(error, SetBack):
            log.warning("set_back", reason=str(error))
        else:
            metrics.UP.labels("redis").set(0)
        self._at = await self._with_redis(self._writer.resume)
        await self._seek(consumer)

    async def _with_redis(self, work: Any) -> dict[str, int]:
        found: dict[str, int] = await retry_until_available("Redis", self._deployment.redis, work, REDIS_AWAY)
        return found

    def _next(self, name: str) -> int:
        """The offset of the next message to be written."""
        return max(self._at.get(name, -1) + 1, self._start.get(name, 0))

    async def _connect(self) -> AIOKafkaConsumer:
        wanted = self._deployment
        read = {partition.topic for partition in self._names}
        every = specs(wanted.topics, wanted.raw_partitions, wanted.spread)
        await ensure_topics(wanted.broker, [spec for spec in every if spec.name in read])
        return await reader(wanted.broker, list(self._names))

    async def _seek(self, consumer: AIOKafkaConsumer) -> None:
        """Seek to the offsets in Redis, or to the first that the topics still have."""

        async def ends() -> tuple[Any, Any]:
            partitions = list(self._names)
            return await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)

        first, end = await retry_until_available("Kafka", self._deployment.broker, ends, KAFKA_AWAY)
        for partition, name in self._names.items():
            wanted = self._at.get(name, -1) + 1
            start = max(wanted, first[partition])
            if wanted > end[partition]:
                # the topic was created again; what Redis already has is dropped as a duplicate
                start = first[partition]
                self._at = await self._with_redis(partial(self._writer.forget, name))
            if start != wanted and self._at.get(name, -1) >= 0:
                log.error("gone", topic=partition.topic, first=wanted, last=start - 1)
            self._start[name] = start
            consumer.seek(partition, start)

    async def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Report the lag and the heartbeat, every few seconds."""
        process = f"{socket.gethostname()}/{os.getpid()}"
        there = True
        while True:
            try:
                async with asyncio.timeout(5):
                    end = await consumer.end_offsets(list(self._names))
                lag = {name: end[partition] - self._next(name) for partition, name in self._names.items()}
                self._lag = lag
                if not any(lag.values()):
                    self._saved = time.time()
                for partition, name in self._names.items():
                    metrics.SINK_LAG.labels(partition.topic).set(lag[name])
                if not there:
                    log.warning("back", service="Kafka", at=self._deployment.broker)
                there = True
            except KAFKA_AWAY:
                if there:
                    log.error("waiting", service="Kafka", at=self._deployment.broker)
                there = False
            metrics.UP.labels("kafka").set(there)
            beat = Heartbeat(
                process=process,
                time=time.time(),
                offset=self._at.get("events", -1),
                saved=self._saved,
                lag=self._lag,
                kept=self._kept,
            )
            with suppress(*REDIS_AWAY):  # the task that writes batches logs it
                await heartbeat.write(self._redis, self._deployment.prefix, {"sink": beat})
            await asyncio.sleep(heartbeat.INTERVAL_SECONDS)


def run_sink(deployment: Deployment, limits: Retention, metrics_port: int) -> None:
    """Run a sink until a signal ends it. Raises Fenced and TopicsError."""
    logs.configure()
    metrics.serve(metrics_port)

    async def until_signal() -> None:
        sink = Sink(deployment, limits)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, sink.stop)
        try:
            await sink.run()
            log.info("sink_stopped")
        except Fenced as error:
            log.critical("ends", reason=str(error), code=exit_codes.FENCED)
            raise

    asyncio.run(until_signal())
