"""Health of a deployment: whether Kafka and Redis answer, who is at work, and how far behind all are."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from models.time import END, Millis, to_text
from streams.deployment import heartbeat
from streams.deployment.config import Deployment
from streams.deployment.heartbeat import Heartbeat
from streams.deployment.topics import Topics
from streams.deployment.topics_admin import partition_counts
from streams.pipeline import checkpoint
from streams.runtime.redis_client import connect
from streams.runtime.retry import KAFKA_AWAY, REDIS_AWAY, reason
from streams.store.event_log import EventLog, Keys, offsets

SILENT: Final = 15.0
"""Seconds without a pulse after which nobody is taken to be at work."""
STALLED: Final = 60.0
"""Seconds without a checkpoint, while there is something to do, after which a stage is taken to be stuck."""


class StageHealth(msgspec.Struct, kw_only=True, rename="camel"):
    """One partition of a stage. `lag`: frames in its topic that no checkpoint has."""

    stage: str
    partition: int
    offset: int  # the last one that a checkpoint has; -1 for none
    end: int  # the offset of the topic's next frame
    lag: int
    checkpoint_age_seconds: float | None = None
    watermark: str | None = None
    worker: str | None = None


class SinkHealth(msgspec.Struct, kw_only=True, rename="camel"):
    events_lag: int
    ticks_lag: int
    age_seconds: float | None = None
    process: str | None = None


class LastEvent(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    type: str
    revision: int
    detected: str


class Health(msgspec.Struct, kw_only=True, rename="camel"):
    healthy: bool = False
    problems: list[str] = []
    """Why not, a sentence each."""
    kafka: bool = False
    redis: bool = False
    stages: list[StageHealth] = []
    sink: SinkHealth | None = None
    last_event: LastEvent | None = None


async def examine(deployment: Deployment, seconds: float = 10.0) -> Health:
    """Look at everything, for so long at most with each service."""
    health = Health(problems=[], stages=[])
    topics = deployment.topics
    partitions = {place: TopicPartition(*read) for place, read in deployment.stage_partitions.items()}
    client = connect(deployment.redis, seconds)
    where = deployment.redis.rpartition("@")[2].rpartition("://")[2]
    try:
        ends = await _try(
            health, f"Kafka at {deployment.broker}", lambda: _ends(deployment, partitions), seconds
        )
        kept = await _try(health, f"Redis at {where}", lambda: _kept(client, deployment), seconds)
    finally:
        await client.aclose()
    health.kafka, health.redis = ends is not None, kept is not None
    if ends is not None and kept is not None:
        pulses, offsets, sunk, health.last_event = kept
        now = time.time()
        for missing in sorted(name for name, end in ends.items() if end is None):
            health.problems.append(f"topic {missing} is missing; a worker makes it at its start")
        for (stage, number), partition in partitions.items():
            end = ends.get(f"{partition.topic}[{partition.partition}]")
            if end is not None:
                first, after = end
                one = _stage(stage, number, offsets[stage, number], first, after, pulses, now)
                health.stages.append(one)
        health.problems += _stage_problems(health.stages, pulses, now)
        health.sink = _sink(topics, ends, sunk, pulses, now)
        if health.sink is not None:
            health.problems += _sink_problems(health.sink, pulses.get("sink"), now)
    health.healthy = not health.problems
    return health


async def _try(health: Health, what: str, look: Callable[[], Awaitable[Any]], seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await look()
    except (*KAFKA_AWAY, *REDIS_AWAY) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else reason(error)
        health.problems.append(f"{what} can't be reached ({why})")
        return None


async def _ends(
    deployment: Deployment, partitions: dict[tuple[str, int], TopicPartition]
) -> dict[str, tuple[int, int] | None]:
    """The first and the next offset of each partition, by `topic[partition]`; None where it is missing."""
    wanted = [*partitions.values(), TopicPartition(deployment.topics.events, 0)]
    counts = await partition_counts(deployment.broker, {tp.topic for tp in wanted})
    there = [tp for tp in wanted if tp.partition < counts.get(tp.topic, 0)]
    if not there:
        return {f"{tp.topic}[{tp.partition}]": None for tp in wanted}
    consumer = AIOKafkaConsumer(bootstrap_servers=deployment.broker, group_id=None)
    try:
        await consumer.start()
        first, after = await consumer.beginning_offsets(there), await consumer.end_offsets(there)
        return {
            f"{tp.topic}[{tp.partition}]": (first[tp], after[tp]) if tp in after else None for tp in wanted
        }
    finally:
        await consumer.stop()


async def _kept(
    client: Any, deployment: Deployment
) -> tuple[dict[str, Heartbeat], dict[tuple[str, int], int], dict[str, int], LastEvent | None]:
    prefix = deployment.prefix
    pulses = await heartbeat.heard(client, prefix)
    kept = {
        (stage, number): int(
            await client.hget(checkpoint.key(prefix, stage, number), checkpoint.OFFSET.decode()) or -1
        )
        for stage, number in deployment.stage_partitions
    }
    sunk = offsets(await client.hgetall(Keys(prefix).sink))
    log = EventLog(client, prefix)
    ids = await log.by_detected(count=1)
    json = await log.latest(ids[0]) if ids else None
    return pulses, kept, sunk, None if json is None else msgspec.json.decode(json, type=LastEvent)


def _stage(
    stage: str,
    number: int,
    offset: int,
    first: int,
    after: int,
    pulses: dict[str, Heartbeat],
    now: float,
) -> StageHealth:
    told = pulses.get(f"{stage}:{number}")
    return StageHealth(
        stage=stage,
        partition=number,
        offset=offset,
        end=after,
        lag=max(0, after - max(offset + 1, first)),
        checkpoint_age_seconds=round(max(0.0, now - told.saved), 1) if told else None,
        watermark=_mark(told.watermark) if told else None,
        worker=told.who if told and now - told.time < SILENT else None,
    )


def _mark(watermark: Millis | None) -> str | None:
    if watermark is None:
        return None
    return "end" if watermark == END else to_text(watermark)


def _stage_problems(stages: list[StageHealth], pulses: dict[str, Heartbeat], now: float) -> list[str]:
    problems: list[str] = []
    for stage in dict.fromkeys(one.stage for one in stages):
        mine = [one for one in stages if one.stage == stage]
        idle = [one.partition for one in mine if one.worker is None]
        if idle:
            which = (
                "" if len(idle) == len(mine) else f" partition{'s' * (len(idle) > 1)} " + _list(idle) + " of"
            )
            problems.append(f"{stage}: no worker is at{which} this stage; start `tankerwatch worker`")
        stuck = [
            one
            for one in mine
            if one.worker and one.lag and now - pulses[f"{stage}:{one.partition}"].saved > STALLED
        ]
        if stuck:
            oldest = max(one.checkpoint_age_seconds or 0 for one in stuck)
            problems.append(
                f"{stage}: no checkpoint for {oldest:.0f} s at partition "
                f"{_list([one.partition for one in stuck])}, though frames wait; see the worker's log"
            )
    return problems


def _list(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _sink(
    topics: Topics,
    ends: dict[str, tuple[int, int] | None],
    sunk: dict[str, int],
    pulses: dict[str, Heartbeat],
    now: float,
) -> SinkHealth | None:
    events, ticks = ends.get(f"{topics.events}[0]"), ends.get(f"{topics.ticks}[0]")
    if events is None or ticks is None:
        return None
    told = pulses.get("sink")
    return SinkHealth(
        events_lag=max(0, events[1] - max(sunk.get("events", -1) + 1, events[0])),
        ticks_lag=max(0, ticks[1] - max(sunk.get("ticks", -1) + 1, ticks[0])),
        age_seconds=round(max(0.0, now - told.saved), 1) if told else None,
        process=told.who if told and now - told.time < SILENT else None,
    )


def _sink_problems(sink: SinkHealth, told: Heartbeat | None, now: float) -> list[str]:
    if sink.process is None:
        return ["sink: none is at work; start `tankerwatch sink`"]
    if told is not None and (sink.events_lag or sink.ticks_lag) and now - told.saved > STALLED:
        return [f"sink: nothing written for {now - told.saved:.0f} s, though messages wait; see its log"]
    return []
