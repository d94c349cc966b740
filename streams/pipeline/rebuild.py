"""Rebuilding: give up all state, and make it again from the raw frames since a chosen time.

This is for checkpoints that are gone or that this version can't read. The decoders start at the first raw
frame that came at the chosen time or later. What the topics between the stages hold was made from the state
given up, so the stages behind the decoders skip it and start at the ends of their topics. Readers of events
drop the revisions that they already have. docs/operations.md says what can't be repaired.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from models.drawn_fence import FenceVersion
from models.errors import UNDECODABLE, TankerwatchError
from models.time import MINUTE, Millis, to_text
from streams.deployment import heartbeat, wire
from streams.deployment.config import Deployment
from streams.deployment.rights import GROUP
from streams.deployment.wire import RawFrame, Registration, WireError
from streams.pipeline import checkpoint
from streams.pipeline.operators import VesselOperator
from streams.runtime.kafka_client import connection
from streams.runtime.redis_client import connect
from streams.runtime.refusals import reason, remedy
from streams.runtime.retry import KAFKA_AWAY, REDIS_AWAY
from streams.stages.rules import load_rules

ALIVE_MILLIS: Final = 15 * MINUTE
"""A registered source without a frame in this time after the chosen one counts as ended before it. A live
source that hears nothing sends an idle frame every few seconds."""
Place = tuple[str, int]
"""A stage and a partition."""


class RebuildError(TankerwatchError):
    """It can't be done as things are."""


async def rebuild(deployment: Deployment, time: Millis, *, apply: bool) -> list[str]:
    """What there is to do, a sentence for each step. With `apply`, it has been done.

    Raises RebuildError, and InputError for files of the deployment that can't be used.
    """
    partitions = {place: TopicPartition(*read) for place, read in deployment.stage_partitions.items()}
    operators = _vessel_operators(deployment)
    try:
        async with asyncio.timeout(20):
            await _check_no_worker(deployment)
        consumer = AIOKafkaConsumer(**connection(deployment.broker), group_id=None)
        try:
            await consumer.start()
            starts, steps = await _starts(consumer, partitions, time)
            raw = {partitions[place]: start for place, start in starts.items() if place[0] == "decoder"}
            ended = await _ended_sources(consumer, deployment, raw, time)
            drawn = await _drawn_fences(consumer, deployment)
        finally:
            await consumer.stop()
    except KAFKA_AWAY as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else reason(error)
        what = f"Kafka at {deployment.broker} can't be used ({why}); {remedy('Kafka', error)}"
        raise RebuildError(what) from error
    if ended:
        steps.append(f"sources taken to have ended before: {', '.join(ended)}")
    steps += lacking(drawn, deployment)
    if apply:
        for operator in operators:
            operator.skip(ended)
        await _write(deployment, starts, operators if ended else [])
    return steps


def _vessel_operators(deployment: Deployment) -> list[VesselOperator]:
    """An operator without state for each partition of MMSIs."""
    rules = load_rules(deployment.files)
    return [
        VesselOperator(number, _NoRegistry(), rules, deployment.topics) for number in range(deployment.spread)
    ]


async def _check_no_worker(deployment: Deployment) -> None:
    """Raises RebuildError while the group of the workers has members."""
    admin = AIOKafkaAdminClient(**connection(deployment.broker))
    try:
        await admin.start()
        (answer,) = await admin.describe_consumer_groups([f"{deployment.prefix}{GROUP}"])
        members = [member for described in answer.groups for member in described[5]]
    finally:
        await admin.close()
    if members:
        raise RebuildError(
            f"{len(members)} worker{'s are' if len(members) > 1 else ' is'} still at work (Kafka notices "
            f"after {deployment.session_timeout_seconds:g} s that one was killed); stop all workers first"
        )


async def _starts(
    consumer: AIOKafkaConsumer, partitions: dict[Place, TopicPartition], time: Millis
) -> tuple[dict[Place, int], list[str]]:
    """The offset at which each partition starts, and the steps that this means, in words."""
    every = list(partitions.values())
    first, ends = await consumer.beginning_offsets(every), await consumer.end_offsets(every)
    raw = [partition for (stage, _), partition in partitions.items() if stage == "decoder"]
    found = await consumer.offsets_for_times(dict.fromkeys(raw, time))
    starts: dict[Place, int] = {}
    steps = [f"all checkpoints are given up; the state is made again from {to_text(time)}"]
    skipped: dict[str, int] = {}
    for (stage, number), partition in partitions.items():
        if stage != "decoder":
            starts[stage, number] = ends[partition]
            count = ends[partition] - first[partition]
            skipped[partition.topic] = skipped.get(partition.topic, 0) + count
            continue
        at = found.get(partition)
        start = starts[stage, number] = ends[partition] if at is None else at.offset
        name = f"{partition.topic}[{number}]"
        steps.append(f"{name}: {ends[partition] - start} frames are read again, from offset {start}")
        if first[partition] and start == first[partition]:
            steps.append(f"{name}: the topic begins there; older frames have been deleted")
    for topic, count in skipped.items():
        steps.append(f"{topic}: {count} frames are skipped; they were made from the state given up")
    return starts, steps


async def _ended_sources(
    consumer: AIOKafkaConsumer, deployment: Deployment, raw: dict[TopicPartition, int], time: Millis
) -> list[str]:
    """Registered sources whose last frame lies before the starts in `raw`: nobody may wait for them."""
    ended: set[str] = set()
    async for record in _records(consumer, {TopicPartition(deployment.topics.sources, 0): 0}, None):
        if record.timestamp < time:
            ended |= _source_of(record, Registration)
    if ended:
        async for record in _records(consumer, raw, time + ALIVE_MILLIS):
            ended -= _source_of(record, RawFrame)
    return sorted(ended)


async def _drawn_fences(consumer: AIOKafkaConsumer, deployment: Deployment) -> list[FenceVersion]:
    """Every version of a drawn fence that counts."""
    drawn: list[FenceVersion] = []
    if deployment.topics.fences not in await consumer.topics():  # nobody has drawn one yet
        return drawn
    async for record in _records(consumer, {TopicPartition(deployment.topics.fences, 0): 0}, None):
        with suppress(*UNDECODABLE):
            drawn.append(msgspec.json.decode(record.value or b"", type=FenceVersion))
    return drawn


def lacking(drawn: Iterable[FenceVersion], deployment: Deployment) -> list[str]:
    """A warning of drawn fences of which the files of the deployment lack the last version, or the end."""
    fences = load_rules(deployment.files).drawn
    given = {(each.id, each.version) for each in fences}
    endless = {each.id for each in fences if each.valid_to is None}
    last = {version.id: version for version in sorted(drawn, key=lambda version: version.key)}
    lacking = [
        each
        for each in last.values()
        if (each.id in endless if each.deleted else (each.id, each.version) not in given)
    ]
    names = [f"{each.name} ({each.id}{', deleted' if each.deleted else ''})" for each in lacking]
    if not names:
        return []
    return [
        f"WARNING: TANKERWATCH_FENCES lacks the last version of the drawn fences {', '.join(names)}: it will "
        "count from when its frame is read again, or not at all where that has been deleted; save "
        "/v1/fences/drawn.geojson of the feed, and name it in TANKERWATCH_FENCES first (docs/fences.md)"
    ]


def _source_of(record: ConsumerRecord, kind: type[Registration] | type[RawFrame]) -> set[str]:
    try:
        return {wire.decode(record.value or b"", kind).source}
    except WireError:
        return set()


async def _records(
    consumer: AIOKafkaConsumer, starts: dict[TopicPartition, int], until: Millis | None
) -> AsyncIterator[ConsumerRecord]:
    """The records from these offsets to the ends as they are now, or to a time."""
    ends = await consumer.end_offsets(list(starts))
    for partition, start in starts.items():
        if start >= ends[partition]:  # a consumer that is assigned this and reads nothing may never stop
            continue
        consumer.assign([partition])
        consumer.seek(partition, start)
        while await consumer.position(partition) < ends[partition]:
            records = (await consumer.getmany(partition, timeout_ms=1000)).get(partition, [])
            for record in records:
                yield record
            if until is not None and records and records[-1].timestamp > until:
                break


async def _write(
    deployment: Deployment, starts: dict[Place, int], operators: Sequence[VesselOperator]
) -> None:
    """Write new checkpoints without an owner, all at once: a worker that still runs unnoticed is fenced.

    The vessel stage starts with the state of these operators, by partition; without any, with none.
    """
    states = {("vessels", number): operator.changes() for number, operator in enumerate(operators)}
    client: Any = connect(deployment.redis)
    try:
        async with client.pipeline(transaction=True) as pipe:
            for place, start in starts.items():
                changes = states.get(place, {})
                pieces: dict[Any, Any] = {name: piece for name, piece in changes.items() if piece is not None}
                key = checkpoint.key(deployment.prefix, *place)
                pipe.delete(key)  # and with it the name of its owner
                pipe.hset(key, mapping={**pieces, checkpoint.OFFSET: start - 1})
            pipe.delete(heartbeat.key(deployment.prefix))
            await pipe.execute()
    except REDIS_AWAY as error:
        raise RebuildError(f"Redis can't be used ({reason(error)}); {remedy('Redis', error)}") from error
    finally:
        await client.aclose()


class _NoRegistry:
    """No registrations: those that matter come with the frames."""

    def up_to(self, offset: int) -> Iterable[str]:
        return []
