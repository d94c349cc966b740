"""The pipeline as a Faust application: `faust -A streams.app worker`, or `tankerwatch worker`.

One agent a stage. The agents only read: what a frame does is in `streams/pipeline/operators.py`, which
frames count and when state is kept in `streams/pipeline/partition_runner.py`. Faust's own acknowledgements
and tables are not used, because they lose events when a worker is killed (docs/measurements/offsets.md); the
one thing changed in Faust is where a partition is read from after a rebalance: from the checkpoint.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import faust
from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from models.errors import InputError
from streams.deployment import heartbeat
from streams.deployment.config import Deployment, from_environment
from streams.deployment.topics import specs, stage_topics
from streams.deployment.topics_admin import TopicsError, ensure_topics
from streams.pipeline.checkpoint import Checkpoint
from streams.pipeline.dead_sources import LOOK, SourceTimeout, end_of
from streams.pipeline.operator import Operator, OutgoingRecord, RegistrationsMissing
from streams.pipeline.operators import DecoderOperator, EventMerger, MeetingOperator, VesselOperator
from streams.pipeline.partition_runner import Lost, PartitionRunner, Unreadable
from streams.pipeline.source_registry import SourceRegistry
from streams.pipeline.worker_metrics import WorkerMetrics
from streams.runtime import exit_codes, logs, metrics
from streams.runtime.fencing import Fenced
from streams.runtime.logs import get_logger
from streams.runtime.redis_client import connect
from streams.runtime.retry import KAFKA_AWAY, retry_until_available
from streams.stages.rules import load_rules

log = get_logger(__name__)

GIVE_UP = 0.5
"""A last checkpoint before a rebalance or the end may take so much of the session's time-out: what is not
kept by then is done again."""


class CheckpointConsumer(driver.Consumer):
    """Reads every partition of a stage on from its checkpoint, wherever Kafka's own offsets stand."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Called by Faust at the end of each rebalance, before anything is fetched."""
        return cast(Mapping[TP, int], await cast(Pipeline, self.app).or_end(self._start()))

    async def _start(self) -> Mapping[TP, int]:
        starts: dict[TP, int] = {}
        keepers = cast(Pipeline, self.app).keepers
        mine = {tp for tp in self.assignment() if tp.topic in keepers}
        # all at once: each question may take its turn behind a long poll
        earliest = await self.earliest_offsets(*mine) if mine else {}
        for topic, keeper in keepers.items():
            first = {tp.partition: int(offset) for tp, offset in earliest.items() if tp.topic == topic}
            offsets = await keeper.load([tp.partition for tp in mine if tp.topic == topic], first)
            starts |= {TP(topic, partition): offset for partition, offset in offsets.items()}
        await self._thread.call_thread(self._seek_all, starts)
        return starts

    async def _seek_all(self, starts: Mapping[TP, int]) -> None:
        consumer = self._thread._ensure_consumer()
        for tp, offset in starts.items():
            if tp in consumer.assignment():
                consumer.seek(TopicPartition(tp.topic, tp.partition), offset)

    async def tell(self, offsets: Mapping[TP, int]) -> None:
        """Tell Kafka how far we are. Only tools that show lag read it: that it fails is no harm."""
        await self._thread.call_thread(self._tell, offsets)

    async def _tell(self, offsets: Mapping[TP, int]) -> None:
        consumer = self._thread._ensure_consumer()
        mine = {TopicPartition(tp.topic, tp.partition): at for tp, at in offsets.items()}
        try:
            assigned = consumer.assignment()
            await consumer.commit({tp: at for tp, at in mine.items() if tp in assigned})
        except (KafkaError, ValueError) as error:
            log.debug("offsets_not_committed", reason=str(error))


class OrderedProducer(driver.Producer):
    """Messages of a partition arrive in order and without a gap, or the process ends (`Pipeline._send`).

    With idempotence, aiokafka tries a batch again until the broker has it, and the broker drops what it has.
    """

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class CheckpointTransport(driver.Transport):
    Consumer = CheckpointConsumer
    Producer = OrderedProducer


class Pipeline(faust.App):
    """The Faust application of one deployment, and the keepers of its stages."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.redis = connect(deployment.redis, seconds=10)
        self.registry = SourceRegistry(deployment.broker, deployment.topics.sources)
        super().__init__(
            f"{deployment.prefix}tankerwatch",
            broker=f"kafka://{deployment.broker}",
            store="memory://",
            web_enabled=False,  # metrics have a server of their own
            logging_config=logs.config(),
            topic_replication_factor=1,
            topic_disable_leader=True,
            consumer_auto_offset_reset="earliest",
            broker_session_timeout=deployment.session_timeout_seconds,
            broker_heartbeat_interval=deployment.session_timeout_seconds / 6,
            broker_rebalance_timeout=deployment.session_timeout_seconds,
            broker_max_poll_records=500,
            stream_wait_empty=False,
            producer_linger=0.005,
        )
        self.keepers = self._keepers()
        stages = {stage: self.keepers[topic] for stage, topic in stage_topics(deployment.topics).items()}
        self.worker_metrics = WorkerMetrics(stages, self.redis, deployment.prefix)
        self._told: dict[TP, int] = {}
        self._telling: asyncio.Task[None] | None = None

    def _new_transport(self) -> Any:
        return CheckpointTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return CheckpointTransport(self.conf.broker_producer, self)

    async def on_first_start(self) -> None:
        metrics.serve(self.deployment.web_port)
        wanted = self.deployment
        topics = specs(wanted.topics, wanted.raw_partitions, wanted.spread)
        await self.or_end(
            retry_until_available(
                "Kafka", wanted.broker, lambda: ensure_topics(wanted.broker, topics), KAFKA_AWAY
            )
        )
        # Faust's own would make a folder for tables here, in whatever directory we are

    def _keepers(self) -> dict[str, PartitionRunner]:
        wanted, topics = self.deployment, self.deployment.topics
        rules, spread = load_rules(wanted.files), wanted.spread
        stages: dict[str, tuple[str, Callable[[int], Operator]]] = {
            topics.raw: ("decoder", lambda number: DecoderOperator(number, spread, rules.settings, topics)),
            topics.reports: (
                "vessels",
                lambda number: VesselOperator(number, self.registry, rules, topics),
            ),
            topics.ticks: ("meetings", lambda _: MeetingOperator(spread, rules, topics)),
            topics.facts: ("cases", lambda _: EventMerger(topics)),
        }
        return {
            topic: PartitionRunner(
                topic,
                make,
                partial(Checkpoint, self.redis, wanted.prefix, stage),
                self._send,
                topics,
                wanted.checkpoint_frames,
                wanted.redis,
            )
            for topic, (stage, make) in stages.items()
        }

    async def _send(self, out: OutgoingRecord) -> "asyncio.Future[Any]":
        sent = await self.producer.send(out.topic, out.key, out.value, out.partition, None, out.headers)
        future = cast("asyncio.Future[Any]", sent)
        future.add_done_callback(_or_end)
        return future

    async def run_stage(self, stream: Any, keeper: PartitionRunner) -> None:
        """Hand every message to the keeper. Whatever goes wrong ends the process: it starts from the
        checkpoint again, where Faust would acknowledge the event and go on."""
        async for event in stream.events():
            message = event.message
            while True:
                try:
                    await self.or_end(keeper.take(message.partition, message.offset, event.value or b""))
                    break
                except RegistrationsMissing as behind:
                    await self.or_end(self.registry.catch_up(behind.offset))

    async def checkpoint(self) -> None:
        """Keep what all stages have done; then tell Kafka, for tools that show lag."""
        kept: dict[TP, int] = {}
        for topic, keeper in self.keepers.items():
            done = await self.or_end(keeper.checkpoint())
            kept |= {TP(topic, partition): offset + 1 for partition, offset in done.items()}
        if kept != self._told and (self._telling is None or self._telling.done()):
            self._told = kept
            self._telling = asyncio.create_task(cast(CheckpointConsumer, self.consumer).tell(kept))

    async def silent(self, silence: SourceTimeout) -> list[tuple[int, str]]:
        """Sources that have been silent for long, with their partitions. Raises what Kafka does."""
        raw = self.deployment.topics.raw
        if not (slots := dict(self.keepers[raw].partitions)):
            return []
        async with asyncio.timeout(LOOK):
            ends = await self.consumer.highwaters(*(TP(raw, partition) for partition in slots))
        read = {
            partition: (slot.last, cast(DecoderOperator, slot.operator).open_sources)
            for partition, slot in slots.items()
        }
        return silence.look(time.monotonic(), {tp.partition: end for tp, end in ends.items()}, read)

    async def last_checkpoint(self) -> None:
        """Keep what can be kept in a short time: what is not kept is done again from the checkpoint."""
        try:
            async with asyncio.timeout(self.deployment.session_timeout_seconds * GIVE_UP):
                await self.checkpoint()
        except TimeoutError:
            log.warning(
                "checkpoint_not_in_time", action="the next worker does the work since the last one again"
            )

    async def or_end(self, work: Any) -> Any:
        """Await, and end the process at once where going on would lose or double something."""
        try:
            return await work
        except (asyncio.CancelledError, RegistrationsMissing):
            raise
        except (TopicsError, Unreadable) as error:
            end(exit_codes.USAGE, error)
        except Lost as error:
            end(exit_codes.LOST, error)
        except Fenced as error:
            end(exit_codes.FENCED, error)
        except BaseException as error:
            log.exception("worker_failed")
            end(exit_codes.FAILED, error)


def end(code: int, error: BaseException) -> None:
    """End the process now, without any of Faust's own clearing up: that would acknowledge and commit."""
    log.critical("ends", code=code, reason=str(error) or type(error).__name__)
    logging.shutdown()
    os._exit(code)


def _or_end(sent: "asyncio.Future[Any]") -> None:
    """A message that was given up must not be followed by the next one: that one would be taken for all."""
    if not sent.cancelled() and (error := sent.exception()) is not None:
        end(exit_codes.FAILED, error)


def _configured() -> Pipeline:
    """The pipeline that the environment and its files describe. Ends the process where they can't be used."""
    try:
        return Pipeline(from_environment())
    except InputError as error:
        logs.configure()
        for problem in error.problems:
            log.critical("wrong_configuration", problem=problem)
        sys.exit(exit_codes.USAGE)


app = _configured()


def _topic(name: str) -> Any:
    return app.topic(
        name, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw", acks=False
    )


def _agent(name: str, topic: str) -> None:
    async def stage(stream: Any) -> None:
        await app.run_stage(stream, app.keepers[topic])

    app.agent(_topic(topic), name=name)(stage)


_agent("decoder", app.deployment.topics.raw)
_agent("vessels", app.deployment.topics.reports)
_agent("meetings", app.deployment.topics.ticks)
_agent("cases", app.deployment.topics.facts)


async def keep_checkpoints() -> None:
    while not app.should_stop:
        await asyncio.sleep(app.deployment.checkpoint_seconds)
        await app.checkpoint()


async def end_silent_sources() -> None:
    """Write the end of sources whose ingest has died."""
    silence = SourceTimeout(app.deployment.silence_seconds)
    while not app.should_stop:
        await asyncio.sleep(LOOK)
        if app.should_stop:
            return
        try:
            registry = await app.registry.newest()
            for partition, source in await app.silent(silence):
                log.error("source_ended", source=source, reason="nothing comes from its ingest",
                    seconds=app.deployment.silence_seconds)  # fmt: skip
                frame = end_of(source, registry)
                await app._send(OutgoingRecord(app.deployment.topics.raw, frame, partition, source.encode()))
        except (*KAFKA_AWAY, TimeoutError, ConsumerNotStarted, ConsumerStoppedError):
            silence.forget()


async def on_revoked(*_: Any, **__: Any) -> None:
    """Keep what was done with the partitions before they go to another worker."""
    try:
        await app.last_checkpoint()
    finally:
        for keeper in app.keepers.values():
            keeper.forget()


async def on_shutdown(*_: Any, **__: Any) -> None:
    await app.last_checkpoint()
    await app.registry.stop()


async def report_metrics() -> None:
    while not app.should_stop:
        await app.worker_metrics.report()
        await asyncio.sleep(heartbeat.INTERVAL_SECONDS)


app.task(keep_checkpoints)
app.task(report_metrics)
app.task(end_silent_sources)
app.on_partitions_revoked.connect(cast(Any, on_revoked))
app.on_before_shutdown.connect(cast(Any, on_shutdown))
