"""The pipeline as a Faust application: `faust -A streams.app worker`, or `tankerwatch worker`.

There is one agent for each stage. Agents only read: `streams/pipeline/operators.py` says what a frame does,
`streams/pipeline/partition_runner.py` which frames count and when state is saved. Faust's own
acknowledgements and tables are not used, because they lose events when a worker is killed
(docs/measurements/offsets.md).
"""

import asyncio
import gc
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, NoReturn, TypeVar, cast

import faust
from aiokafka.errors import ConsumerStoppedError, MessageSizeTooLargeError
from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from models.errors import InputError
from streams.deployment import heartbeat
from streams.deployment.config import Deployment, from_environment
from streams.deployment.rights import GROUP
from streams.deployment.topics import specs, stage_topics
from streams.deployment.topics_admin import TopicsError, ensure_topics
from streams.pipeline import predecessor
from streams.pipeline.case_operator import CaseOperator
from streams.pipeline.checkpoint import Checkpoint
from streams.pipeline.dead_sources import CHECK_SECONDS, SourceTimeout, end_frame
from streams.pipeline.operator import Operator, OutgoingRecord, RegistrationsMissing
from streams.pipeline.operators import DecoderOperator, MeetingOperator, VesselOperator
from streams.pipeline.partition_runner import FramesMissing, PartitionRunner, UnreadableCheckpoint
from streams.pipeline.predecessor import Predecessors
from streams.pipeline.short_cut import ShortCut
from streams.pipeline.source_registry import SourceRegistry
from streams.pipeline.transport import CheckpointConsumer, CheckpointTransport, credentials
from streams.pipeline.worker_metrics import WorkerMetrics
from streams.runtime import exit_codes, logs, memory, metrics
from streams.runtime.fencing import Fenced
from streams.runtime.logs import get_logger
from streams.runtime.redis_client import connect
from streams.runtime.refusals import FORBIDDEN, last_words
from streams.runtime.retry import KAFKA_AWAY, retry_until_available
from streams.stages.rules import load_rules
from streams.stages.warm_up import unfold_maps, warm_up

log = get_logger(__name__)
T = TypeVar("T")

WAITING_FRAMES: Final = 64
"""Frames of a topic that are read ahead of its stage: of raw frames 30 MB at most. Faust's own limit of 4,096
would be two GB."""
BATCH_BYTES: Final = 900_000
"""Records of a partition that go to Kafka in one request: below the megabyte that a broker takes by default.
Only one request is under way at a time, so with less the events of an instant wait for each other."""
TOO_SMALL: Final = (
    "{topic}: Kafka refused what was sent as too large; a worker sends up to {bytes:,} bytes at once, and "
    "more in a larger record; make max.message.bytes of the topic larger (Kafka's default is 1,048,588)"
)
OBJECTS: Final = 50_000
"""New objects after which Python looks for garbage among the newest."""
SWITCH_SECONDS: Final = 0.000_5
"""How long a thread of Python runs while another one waits: Faust reads from Kafka in a thread of its own,
which waits several times for each answer while a stage is at work; 5 ms each by default."""
LAST_CHECKPOINT_SHARE: Final = 0.5
"""Share of the session timeout that the last checkpoint may take, before a rebalance or the end. What is not
saved by then is done again by the next owner."""


class Pipeline(faust.App):
    """The Faust application of one deployment, with a runner for each stage."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises InputError where the deployment's files can't be used."""
        self.deployment = deployment
        self.redis = connect(deployment.redis, 10)
        self.registry = SourceRegistry(deployment.broker, deployment.topics.sources)
        super().__init__(
            f"{deployment.prefix}{GROUP}",
            broker=f"kafka://{deployment.broker}",
            broker_credentials=credentials(),
            store="memory://",
            web_enabled=False,  # metrics have a server of their own
            logging_config=logs.config(),
            topic_replication_factor=1,
            topic_disable_leader=True,
            broker_client_id=predecessor.client_id(),
            consumer_auto_offset_reset="earliest",
            broker_session_timeout=deployment.session_timeout_seconds,
            broker_heartbeat_interval=deployment.session_timeout_seconds / 6,
            broker_rebalance_timeout=deployment.session_timeout_seconds,
            broker_max_poll_records=500,
            stream_wait_empty=False,
            stream_buffer_maxsize=WAITING_FRAMES,
            producer_linger=0.0,  # what waits while a request is under way goes together anyway
            producer_max_batch_size=BATCH_BYTES,
        )
        self.runners = self._runners()
        """By topic that the stage reads."""
        self.predecessors = Predecessors(deployment.broker, self.conf.id, deployment.session_timeout_seconds)
        self.short_cut = ShortCut(self.runners, self.or_exit)
        stages = {stage: self.runners[topic] for stage, topic in stage_topics(deployment.topics).items()}
        self.worker_metrics = WorkerMetrics(stages, self.redis, deployment.prefix)
        self._has_loaded = False
        self._committed: dict[TP, int] = {}
        self._committing: asyncio.Task[None] | None = None

    def _new_transport(self) -> Any:
        return CheckpointTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return CheckpointTransport(self.conf.broker_producer, self)

    async def on_first_start(self) -> None:
        """Called by Faust. Its own version would make a folder for tables in the current directory."""
        deployment = self.deployment
        metrics.serve(deployment.web_port)
        warm_up()
        unfold_maps()
        _pause_less()
        topics = specs(deployment.topics, deployment.raw_partitions, deployment.spread)
        create = partial(ensure_topics, deployment.broker, topics)
        await self.or_exit(retry_until_available("Kafka", deployment.broker, create, KAFKA_AWAY))
        find = self.predecessors.find
        await self.or_exit(retry_until_available("Kafka", deployment.broker, find, KAFKA_AWAY))

    def _runners(self) -> dict[str, PartitionRunner]:
        deployment, topics = self.deployment, self.deployment.topics
        rules, spread = load_rules(deployment.files), deployment.spread
        operators: dict[str, Callable[[int], Operator]] = {
            "decoder": lambda number: DecoderOperator(number, spread, rules.settings, topics),
            "vessels": lambda number: VesselOperator(number, self.registry, rules, topics, spread),
            "meetings": lambda _: MeetingOperator(spread, rules, topics),
            "cases": lambda _: CaseOperator(rules, topics),
        }
        return {
            topic: PartitionRunner(
                topic,
                operators[stage],
                partial(Checkpoint, self.redis, deployment.prefix, stage),
                self.send_record,
                topics,
                deployment.checkpoint_frames,
                deployment.redis,
            )
            for stage, topic in stage_topics(topics).items()
        }

    def has_checkpoints(self, topic: str) -> bool:
        return topic in self.runners

    async def start_offsets(self, earliest: Mapping[TP, int]) -> Mapping[TP, int]:
        if self._has_loaded:
            memory.collect_all()  # stages that were given up refer to themselves
        self._has_loaded = True
        starts: dict[TP, int] = {}
        # the largest first: the memory that its pieces took is free for the others
        for topic, runner in reversed(self.runners.items()):
            mine = {tp.partition: offset for tp, offset in earliest.items() if tp.topic == topic}
            offsets = await runner.load(mine)
            starts |= {TP(topic, partition): offset for partition, offset in offsets.items()}
            memory.give_back()  # what the pieces took
        return starts

    async def send_record(self, out: OutgoingRecord) -> "asyncio.Future[Any]":
        """Hand a record to the producer. The future is done when Kafka has it."""
        sent = await self.producer.send(out.topic, out.key, out.value, out.partition, None, out.headers)
        future = cast("asyncio.Future[Any]", sent)
        future.add_done_callback(partial(_exit_if_failed, out.topic))
        future.add_done_callback(partial(self.short_cut.offer, out))
        return future

    async def run_stage(self, stream: Any, runner: PartitionRunner) -> None:
        """Hand every message to the runner.

        Any error ends the process, and the next one starts from the checkpoint. Faust would acknowledge the
        message and go on.
        """
        async for event in stream.events():
            message = event.message
            while True:
                try:
                    await self.or_exit(runner.take(message.partition, message.offset, event.value or b""))
                    break
                except RegistrationsMissing as missing:
                    await self.or_exit(self.registry.catch_up(missing.offset))

    async def checkpoint(self) -> None:
        """Save what all stages have done, then commit the offsets to Kafka, for tools that show the lag."""
        saved: dict[TP, int] = {}
        for topic, runner in self.runners.items():
            offsets = await self.or_exit(runner.checkpoint())
            saved |= {TP(topic, partition): offset + 1 for partition, offset in offsets.items()}
        if saved != self._committed and (self._committing is None or self._committing.done()):
            self._committed = saved
            consumer = cast(CheckpointConsumer, self.consumer)
            self._committing = asyncio.create_task(consumer.publish_offsets(saved))

    async def last_checkpoint(self) -> None:
        """Save what can be saved in a short time. The rest is done again from the checkpoint."""
        try:
            async with asyncio.timeout(self.deployment.session_timeout_seconds * LAST_CHECKPOINT_SHARE):
                await self.checkpoint()
        except TimeoutError:
            log.warning(
                "checkpoint_not_in_time", action="the next worker does the work since the last one again"
            )

    async def dead_sources(self, finder: SourceTimeout) -> list[tuple[int, str]]:
        """Sources that no frame has come from for too long, each with its partition of raw frames."""
        raw = self.deployment.topics.raw
        if not (partitions := dict(self.runners[raw].partitions)):
            return []
        async with asyncio.timeout(CHECK_SECONDS):
            ends = await self.consumer.highwaters(*(TP(raw, number) for number in partitions))
        read = {
            number: (partition.last, cast(DecoderOperator, partition.operator).open_sources)
            for number, partition in partitions.items()
        }
        return finder.check(time.monotonic(), {tp.partition: end for tp, end in ends.items()}, read)

    async def or_exit(self, work: Awaitable[T]) -> T:
        """Await; end the process at once where going on would lose or double something."""
        try:
            return await work
        except (asyncio.CancelledError, RegistrationsMissing):
            raise
        except (TopicsError, UnreadableCheckpoint) as error:
            exit_now(exit_codes.USAGE, error)
        except FramesMissing as error:
            exit_now(exit_codes.LOST, error)
        except Fenced as error:
            exit_now(exit_codes.FENCED, error)
        except FORBIDDEN as error:
            self.fail(error)
        except BaseException as error:
            log.exception("worker_failed")
            self.fail(error)

    def fail(self, error: BaseException) -> NoReturn:
        """End the process for a failure that is none of the others."""
        exit_now(exit_codes.FAILED, error)


def exit_now(code: int, error: BaseException) -> NoReturn:
    """End the process without Faust's clearing up, which would acknowledge messages and commit offsets."""
    log.critical("ends", code=code, reason=last_words(error))
    logging.shutdown()
    os._exit(code)


def _exit_if_failed(topic: str, sent: "asyncio.Future[Any]") -> None:
    """A record that was given up must not be followed by the next one: readers would miss it unnoticed."""
    if sent.cancelled() or (error := sent.exception()) is None:
        return
    if isinstance(error, MessageSizeTooLargeError):
        exit_now(exit_codes.USAGE, TopicsError(TOO_SMALL.format(topic=topic, bytes=BATCH_BYTES)))
    exit_now(exit_codes.FAILED, error)


def _pause_less() -> None:
    """Have Python look for garbage less often, and only among what came since it last did so; and have its
    threads wait less for each other.

    Looking for garbage stops everything, a third of a second for the modules alone. While stages are at work
    their objects go away without that.
    """

    def pass_over(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            gc.freeze()

    gc.set_threshold(OBJECTS)
    gc.callbacks.append(pass_over)
    gc.collect()
    sys.setswitchinterval(SWITCH_SECONDS)


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


def _agent(stage: str, topic: str) -> None:
    async def read(stream: Any) -> None:
        await app.run_stage(stream, app.runners[topic])

    source = app.topic(
        topic, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw", acks=False
    )
    app.agent(source, name=stage)(read)

    async def hand_over() -> None:
        await app.short_cut.run(topic)

    if stage != "decoder":  # no stage sends raw frames
        app.task(hand_over)


for _stage, _topic in stage_topics(app.deployment.topics).items():
    _agent(_stage, _topic)


async def save_checkpoints() -> None:
    while not app.should_stop:
        await asyncio.sleep(app.deployment.checkpoint_seconds)
        await app.checkpoint()
        await asyncio.to_thread(memory.give_back)  # what the pieces took


async def end_dead_sources() -> None:
    """Write the `end` frame of sources whose ingest has died."""
    deployment = app.deployment
    timeout = SourceTimeout(deployment.silence_seconds)
    while not app.should_stop:
        await asyncio.sleep(CHECK_SECONDS)
        if app.should_stop:
            return
        try:
            registry_offset = await app.registry.newest()
            for partition, source in await app.dead_sources(timeout):
                log.error("source_ended", source=source, reason="no frame from its ingest",
                    seconds=deployment.silence_seconds)  # fmt: skip
                frame = end_frame(source, registry_offset, int(time.time() * 1000))
                await app.send_record(
                    OutgoingRecord(deployment.topics.raw, frame, partition, source.encode())
                )
        except (*KAFKA_AWAY, TimeoutError, ConsumerNotStarted, ConsumerStoppedError):
            timeout.reset()


async def report_metrics() -> None:
    while not app.should_stop:
        await app.worker_metrics.report()
        await asyncio.sleep(heartbeat.INTERVAL_SECONDS)


async def on_revoked(*_: Any, **__: Any) -> None:
    """Save what was done in the partitions before they go to another worker."""
    try:
        await app.last_checkpoint()
    finally:
        for runner in app.runners.values():
            runner.give_up()


async def on_shutdown(*_: Any, **__: Any) -> None:
    """The same before the producer stops: whatever was still processed then could not be sent."""
    await on_revoked()
    await app.registry.stop()


app.task(save_checkpoints)
app.task(report_metrics)
app.task(end_dead_sources)
app.on_partitions_revoked.connect(cast(Any, on_revoked))
app.on_before_shutdown.connect(cast(Any, on_shutdown))
