"""Rebuilding: give up all state, and make it again from the raw frames of a chosen time.

For when the checkpoints are gone, or of a format that is no longer read. The decoders start at the first raw
frame that came at that time or later; the stages behind them skip what their topics hold, which was made from
the state given up, and start at the ends. Readers of events drop the revisions that they have already
(docs/operations.md says what can't be repaired).
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from models.errors import TankerwatchError
from models.time import MINUTE, Millis, to_text
from streams.deployment import heartbeat, wire
from streams.deployment.config import Deployment
from streams.deployment.wire import RawFrame, Registration, WireError
from streams.pipeline import checkpoint
from streams.pipeline.operators import VesselOperator
from streams.runtime.redis_client import connect
from streams.runtime.retry import KAFKA_AWAY, REDIS_AWAY, reason
from streams.stages.rules import load_rules

ALIVE: Final = 15 * MINUTE
"""A source of which no frame came for so long after the chosen time had ended before: a live one that hears
nothing says at least that, every few seconds."""
Place = tuple[str, int]


class RebuildError(TankerwatchError):
    """It can't be done as things are. The text says why and what to do."""


async def rebuild(deployment: Deployment, time: Millis, *, apply: bool) -> list[str]:
    """What is to be done, a sentence each; with `apply` it has been done. Raises RebuildError."""
    partitions = {place: TopicPartition(*read) for place, read in deployment.stage_partitions.items()}
    try:
        async with asyncio.timeout(20):
            await _nobody_at_work(deployment)
        consumer = AIOKafkaConsumer(bootstrap_servers=deployment.broker, group_id=None)
        try:
            await consumer.start()
            starts, steps = await _starts(consumer, partitions, time)
            ended = await _ended(consumer, deployment, partitions, starts, time)
        finally:
            await consumer.stop()
    except KAFKA_AWAY as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else reason(error)
        raise RebuildError(f"Kafka at {deployment.broker} can't be used ({why}); start it") from error
    if ended:
        steps.append(f"sources taken to have ended before: {', '.join(sorted(ended))}")
    if apply:
        await _write(deployment, starts, ended)
    return steps


async def _nobody_at_work(deployment: Deployment) -> None:
    group = f"{deployment.prefix}tankerwatch"
    admin = AIOKafkaAdminClient(bootstrap_servers=deployment.broker)
    try:
        await admin.start()
        (answer,) = await admin.describe_consumer_groups([group])
        members = [member for described in answer.groups for member in described[5]]
    finally:
        await admin.close()
    if members:
        raise RebuildError(
            f"{len(members)} worker{'s are' if len(members) > 1 else ' is'} still at work (a killed one is "
            f"missed after {deployment.session_timeout_seconds:g} s); stop all workers first"
        )


async def _starts(
    consumer: AIOKafkaConsumer, partitions: dict[Place, TopicPartition], time: Millis
) -> tuple[dict[Place, int], list[str]]:
    """The offset that each partition is to be read from, and what that means."""
    every = list(partitions.values())
    first, ends = await consumer.beginning_offsets(every), await consumer.end_offsets(every)
    raw = [partition for (stage, _), partition in partitions.items() if stage == "decoder"]
    found = await consumer.offsets_for_times(dict.fromkeys(raw, time))
    starts: dict[Place, int] = {}
    steps: list[str] = []
    for (stage, number), partition in partitions.items():
        if stage == "decoder":
            there = found.get(partition)
            starts[stage, number] = there.offset if there is not None else ends[partition]
            count = ends[partition] - starts[stage, number]
            steps.append(
                f"{partition.topic}[{number}]: {count} frames again, from offset {starts[stage, number]}"
            )
            if first[partition] and starts[stage, number] == first[partition]:
                steps.append(
                    f"{partition.topic}[{number}]: the topic begins there; older frames have been deleted"
                )
        else:
            starts[stage, number] = ends[partition]
    skipped = [partition for (stage, _), partition in partitions.items() if stage != "decoder"]
    for topic in dict.fromkeys(partition.topic for partition in skipped):
        count = sum(ends[tp] - first[tp] for tp in skipped if tp.topic == topic)
        steps.append(f"{topic}: {count} frames skipped, they were made from the state given up")
    steps.insert(0, f"all checkpoints given up; state made again from {to_text(time)}")
    return starts, steps


async def _ended(
    consumer: AIOKafkaConsumer,
    deployment: Deployment,
    partitions: dict[Place, TopicPartition],
    starts: dict[Place, int],
    time: Millis,
) -> set[str]:
    """Registered sources whose last frame lies before the starts: nobody may wait for them."""
    ended: set[str] = set()
    sources = TopicPartition(deployment.topics.sources, 0)
    async for record in _records(consumer, {sources: 0}, None):
        if record.timestamp < time:
            try:
                ended.add(wire.decode(record.value or b"", Registration).source)
            except WireError:
                continue
    raw = {
        partition: starts[stage, number]
        for (stage, number), partition in partitions.items()
        if stage == "decoder"
    }
    if ended:
        async for record in _records(consumer, raw, time + ALIVE):
            try:
                ended.discard(wire.decode(record.value or b"", RawFrame).source)
            except WireError:
                continue
    return ended


async def _records(
    consumer: AIOKafkaConsumer, starts: dict[TopicPartition, int], until: Millis | None
) -> Any:
    """The records from these offsets to the ends as they are now, or to a time."""
    ends = await consumer.end_offsets(list(starts))
    for partition, start in starts.items():
        consumer.assign([partition])
        consumer.seek(partition, start)
        while await consumer.position(partition) < ends[partition]:
            records = (await consumer.getmany(partition, timeout_ms=1000)).get(partition, [])
            for record in records:
                yield record
            if until is not None and records and records[-1].timestamp > until:
                break


async def _write(deployment: Deployment, starts: dict[Place, int], ended: Iterable[str]) -> None:
    """Write new checkpoints without an owner, all at once: a worker that still runs unnoticed is fenced."""
    client: Any = connect(deployment.redis)
    ended = sorted(ended)
    rules = load_rules(deployment.files)
    try:
        async with client.pipeline(transaction=True) as pipe:
            for (stage, number), start in starts.items():
                pieces: dict[Any, Any] = {}
                if stage == "vessels" and ended:
                    host = VesselOperator(number, _None(), rules, deployment.topics)
                    host.skip(ended)
                    pieces = {name: piece for name, piece in host.changes().items() if piece is not None}
                key = checkpoint.key(deployment.prefix, stage, number)
                pipe.delete(key)  # and with it the name of its owner
                pipe.hset(key, mapping={**pieces, checkpoint.OFFSET: start - 1})
            pipe.delete(heartbeat.key(deployment.prefix))
            await pipe.execute()
    except REDIS_AWAY as error:
        raise RebuildError(f"Redis can't be used ({reason(error)}); start it") from error
    finally:
        await client.aclose()


class _None:
    """No registrations: those that matter come with the frames."""

    def up_to(self, offset: int) -> Iterable[str]:
        return []
