"""Health of a deployment: do Kafka and Redis answer, which processes run, how far behind are they?"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from models.time import END, SECOND, Millis, to_text
from streams.decoding.lines.outcome import ACCEPTED, Outcome
from streams.deployment import heartbeat
from streams.deployment.config import Deployment
from streams.deployment.heartbeat import RECENT_SECONDS, SILENT_SECONDS, Heartbeat
from streams.deployment.topics import Topics
from streams.deployment.topics_admin import partition_counts
from streams.pipeline import checkpoint
from streams.pipeline.operator import OVERTAKEN
from streams.runtime.kafka_client import connection
from streams.runtime.redis_client import connect
from streams.runtime.refusals import or_unseen, reason, remedy
from streams.runtime.retry import KAFKA_AWAY, REDIS_AWAY
from streams.store.event_log import EventLog, offsets
from streams.store.keys import Keys

STALLED_SECONDS: Final = 60.0
"""Time without a checkpoint, while frames wait, from which a stage counts as stuck."""
LATE_SHARE: Final = 0.05
"""Share of late lines among recent ones that is a problem."""
LATE_LEAST: Final = 100
"""Fewer late lines than this are never a problem."""


class StageHealth(msgspec.Struct, kw_only=True, rename="camel"):
    """One partition of a stage."""

    stage: str
    partition: int
    offset: int
    """The last offset that a checkpoint has; -1 for none."""
    end: int
    """The offset of the next frame in the topic."""
    lag: int
    """Frames in the topic that no checkpoint has."""
    checkpoint_age_seconds: float | None = None
    watermark: str | None = None
    worker: str | None = None
    """The process that has the partition, as HOST/PID."""


class LinesHealth(msgspec.Struct, kw_only=True, rename="camel"):
    """What became of lines and reports, since the checkpoints began and in the last `recentSeconds`."""

    outcomes: dict[str, int] = {}
    overtaken: int = 0
    recent_outcomes: dict[str, int] = {}
    recent_overtaken: int = 0
    recent_seconds: float = RECENT_SECONDS


class StationClockHealth(msgspec.Struct, kw_only=True, rename="camel"):
    """The clock of one station."""

    source: str
    station: str
    reference: str
    """The station that it is compared with, or "UTC"."""
    offset_seconds: float
    """By how much it is ahead of the reference."""
    uncertainty_seconds: float
    corrected: bool
    text: str
    """The same in words."""


class ClocksHealth(msgspec.Struct, kw_only=True, rename="camel"):
    """Clocks of stations: in each partition, of the sources that have not ended, or of all where all have."""

    stations: dict[str, int] = {}
    """All stations by what is known about their clocks: `corrected`, `right` or `unknown`."""
    furthest_off: list[StationClockHealth] = []
    """Those furthest off, of each partition of the decoder 20 at most."""


class SinkHealth(msgspec.Struct, kw_only=True, rename="camel"):
    events_lag: int
    ticks_lag: int
    age_seconds: float | None = None
    """Time since the sink last wrote, or had nothing to write."""
    process: str | None = None


class LastEvent(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    type: str
    revision: int
    detected: str


class Health(msgspec.Struct, kw_only=True, rename="camel"):
    healthy: bool = False
    problems: list[str] = []
    """Why it is not healthy, a sentence each."""
    kafka: bool = False
    redis: bool = False
    stages: list[StageHealth] = []
    lines: LinesHealth | None = None
    clocks: ClocksHealth | None = None
    sink: SinkHealth | None = None
    last_event: LastEvent | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """What Redis says about a deployment."""

    heartbeats: dict[str, Heartbeat]
    offsets: dict[tuple[str, int], int]
    sink: dict[str, int]
    last_event: LastEvent | None


Ends = dict[tuple[str, int], tuple[int, int] | None]
"""By topic and partition, its first and its next offset; None where it does not exist."""


async def examine(deployment: Deployment, seconds: float = 10.0) -> Health:
    """The health of a deployment. Waits for each service for so many seconds at most."""
    health = Health(problems=[], stages=[])
    client = connect(deployment.redis, seconds)
    where = deployment.redis.rpartition("@")[2].rpartition("://")[2]
    try:
        ends: Ends | None = await _try(health, "Kafka", deployment.broker, lambda: _ends(deployment), seconds)
        stored: _Stored | None = await _try(
            health, "Redis", where, lambda: _stored(client, deployment), seconds
        )
    finally:
        await client.aclose()
    health.kafka, health.redis = ends is not None, stored is not None
    if ends is not None and stored is not None:
        _judge(health, deployment, ends, stored, time.time())
    health.healthy = not health.problems
    return health


async def _try(
    health: Health, service: str, where: str, look: Callable[[], Awaitable[Any]], seconds: float
) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await look()
    except (*KAFKA_AWAY, *REDIS_AWAY) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else reason(error)
        health.problems.append(f"{service} at {where} can't be reached ({why}); {remedy(service, error)}")
        return None


async def _ends(deployment: Deployment) -> Ends:
    wanted = [*deployment.stage_partitions.values(), (deployment.topics.events, 0)]
    counts = await partition_counts(deployment.broker, {topic for topic, _ in wanted})
    there = [TopicPartition(*place) for place in wanted if place[1] < counts.get(place[0], 0)]
    ends: Ends = dict.fromkeys(wanted)
    if not there:
        return ends
    consumer = AIOKafkaConsumer(**connection(deployment.broker), group_id=None)
    try:
        await consumer.start()
        first, after = await consumer.beginning_offsets(there), await consumer.end_offsets(there)
    finally:
        await consumer.stop()
    return ends | {(at.topic, at.partition): (first[at], after[at]) for at in there}


async def _stored(client: Any, deployment: Deployment) -> _Stored:
    prefix = deployment.prefix
    heartbeats = await heartbeat.read(client, prefix)
    kept = {
        (stage, number): int(
            await client.hget(checkpoint.key(prefix, stage, number), checkpoint.OFFSET.decode()) or -1
        )
        for stage, number in deployment.stage_partitions
    }
    sink = offsets(await client.hgetall(Keys(prefix).sink))
    log = EventLog(client, prefix)
    ids = await log.by_detected(count=1)
    json = await log.latest(ids[0]) if ids else None
    last = None if json is None else msgspec.json.decode(json, type=LastEvent)
    return _Stored(heartbeats, kept, sink, last)


def _judge(health: Health, deployment: Deployment, ends: Ends, stored: _Stored, now: float) -> None:
    """Fill in what is known, and every problem that shows."""
    for topic, number in sorted(place for place, end in ends.items() if end is None):
        health.problems.append(
            f"topic {topic}[{number}] is missing; a worker makes it at its start{or_unseen()}"
        )
    for (stage, number), place in deployment.stage_partitions.items():
        if (end := ends[place]) is not None:
            beat = stored.heartbeats.get(f"{stage}:{number}")
            health.stages.append(_stage(stage, number, stored.offsets[stage, number], end, beat, now))
    health.problems += _stage_problems(health.stages, stored.heartbeats, now)
    health.lines = _lines(stored.heartbeats, now)
    health.problems += _line_problems(health.lines)
    health.clocks = _clocks(stored.heartbeats, now)
    beat = stored.heartbeats.get("sink")
    health.sink = _sink(deployment.topics, ends, stored.sink, beat, now)
    if health.sink is not None:
        health.problems += _sink_problems(health.sink, beat, now)
    health.last_event = stored.last_event


def _stage(
    stage: str, number: int, offset: int, ends: tuple[int, int], beat: Heartbeat | None, now: float
) -> StageHealth:
    first, after = ends
    return StageHealth(
        stage=stage,
        partition=number,
        offset=offset,
        end=after,
        lag=max(0, after - max(offset + 1, first)),
        checkpoint_age_seconds=round(max(0.0, now - beat.saved), 1) if beat else None,
        watermark=_watermark(beat.watermark) if beat else None,
        worker=_alive(beat, now),
    )


def _alive(beat: Heartbeat | None, now: float) -> str | None:
    return beat.process if beat and now - beat.time < SILENT_SECONDS else None


def _watermark(watermark: Millis | None) -> str | None:
    if watermark is None:
        return None
    return "end" if watermark == END else to_text(watermark)


def _stage_problems(stages: Iterable[StageHealth], heartbeats: dict[str, Heartbeat], now: float) -> list[str]:
    problems: list[str] = []
    by_stage: dict[str, list[StageHealth]] = {}
    for one in stages:
        by_stage.setdefault(one.stage, []).append(one)
    for stage, partitions in by_stage.items():
        idle = [one.partition for one in partitions if one.worker is None]
        if idle:
            which = "" if len(idle) == len(partitions) else f" for {_partitions(idle)}"
            problems.append(f"{stage}: no worker runs{which}; start `tankerwatch worker`")
        stuck = [
            one
            for one in partitions
            if one.worker and one.lag and now - heartbeats[f"{stage}:{one.partition}"].saved > STALLED_SECONDS
        ]
        if stuck:
            oldest = max(one.checkpoint_age_seconds or 0 for one in stuck)
            which = _partitions([one.partition for one in stuck])
            problems.append(
                f"{stage}: no checkpoint of {which} for {oldest:.0f} s, though frames wait; see its log"
            )
    return problems


def _partitions(numbers: list[int]) -> str:
    return f"partition{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def _lines(heartbeats: dict[str, Heartbeat], now: float) -> LinesHealth:
    total: Counter[str] = Counter()
    recent: Counter[str] = Counter()
    for name, beat in heartbeats.items():
        if name.startswith(("decoder:", "vessels:")):
            total.update(beat.counts)
            if now - beat.time < RECENT_SECONDS:
                recent.update(beat.recent)
    return LinesHealth(
        overtaken=total.pop(OVERTAKEN, 0),
        recent_overtaken=recent.pop(OVERTAKEN, 0),
        outcomes=dict(total),
        recent_outcomes=dict(recent),
    )


def _clocks(heartbeats: dict[str, Heartbeat], now: float) -> ClocksHealth:
    """What the decoders that run say about clocks."""
    states: Counter[str] = Counter()
    found = []
    for name, beat in heartbeats.items():
        if not name.startswith("decoder:") or _alive(beat, now) is None:
            continue
        states.update(beat.clock_states)
        found += [(source, clocks, each) for source, clocks in beat.clocks.items() for each in clocks.known]
    found.sort(key=lambda one: (-abs(one[2].offset or 0), one[0], one[2].station))
    return ClocksHealth(
        stations=dict(states),
        furthest_off=[
            StationClockHealth(
                source=source,
                station=each.station,
                reference=clocks.reference,
                offset_seconds=(each.offset or 0) / SECOND,
                uncertainty_seconds=each.uncertainty / SECOND,
                corrected=each.corrected,
                text=each.sentence,
            )
            for source, clocks, each in found
        ],
    )


def _line_problems(lines: LinesHealth) -> list[str]:
    problems: list[str] = []
    minutes = f"in the last {RECENT_SECONDS / 60:.0f} minutes"
    if lines.recent_overtaken:
        problems.append(
            f"vessels: {lines.recent_overtaken} reports {minutes} were older than what has been worked off, "
            "and changed nothing; publish older recordings to a deployment with a prefix of its own, or "
            "rebuild (docs/deployment.md)"
        )
    late, read = lines.recent_outcomes.get(Outcome.LATE, 0), sum(lines.recent_outcomes.values())
    if late >= LATE_LEAST and late > LATE_SHARE * read:
        problems.append(
            f"decoder: {late} of {read} lines {minutes} came too late and changed nothing; set "
            "decoder.lateness_seconds to the delay of the feed"
        )
    return problems


def rejected(outcomes: dict[str, int]) -> int:
    """Lines that became no message for another reason than being late."""
    return sum(count for name, count in outcomes.items() if name not in ACCEPTED and name != Outcome.LATE)


def _sink(
    topics: Topics, ends: Ends, sink: dict[str, int], beat: Heartbeat | None, now: float
) -> SinkHealth | None:
    events, ticks = ends[topics.events, 0], ends[topics.ticks, 0]
    if events is None or ticks is None:
        return None
    return SinkHealth(
        events_lag=max(0, events[1] - max(sink.get("events", -1) + 1, events[0])),
        ticks_lag=max(0, ticks[1] - max(sink.get("ticks", -1) + 1, ticks[0])),
        age_seconds=round(max(0.0, now - beat.saved), 1) if beat else None,
        process=_alive(beat, now),
    )


def _sink_problems(sink: SinkHealth, beat: Heartbeat | None, now: float) -> list[str]:
    if sink.process is None:
        return ["sink: none runs; start `tankerwatch sink`"]
    if beat is not None and (sink.events_lag or sink.ticks_lag) and now - beat.saved > STALLED_SECONDS:
        return [f"sink: nothing written for {now - beat.saved:.0f} s, though messages wait; see its log"]
    return []
