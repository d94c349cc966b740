"""Workers and services that fail in the middle of a run: the events are those of replay, nothing is lost.

A part of the matrix (`python -m tests.faults.matrix`), on a small recording.
"""

import asyncio
import signal
from functools import cache
from pathlib import Path

import pytest

from streams.deployment import wire
from streams.deployment.wire import RawFrame
from tests.faults.cluster import SEEN, STAGES, Cluster, eventually_served
from tests.faults.comparison import (
    between_stages,
    compare_events,
    compare_log,
    replayed,
    undisturbed,
)
from tests.faults.recording import record
from tests.services.kafka import KafkaServer
from tests.services.redis import RedisServer

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("pipeline")]  # not several deployments at once
LINES = 150
"""A frame's lines: fewer than usual, so that there is a middle to fail in."""


Sources = dict[str, tuple[str, ...]]


@cache
def sources(count: int) -> Sources:
    """Four that overlap in time and are published one after another: no stage after the decoder has anything
    to tell before the last one speaks. One: they all have something to tell all the time.
    """
    return record("small").dealt(count)


@cache
def expected(count: int) -> list[bytes]:
    found = replayed(sources(count), record("small").sightings)
    assert len(found) > 20
    return found


async def some_kept(cluster: Cluster, stage: int, more_than: int) -> None:
    """Wait until the checkpoints of a stage have gone on."""

    async def kept() -> bool:
        return sum(await cluster.kept(cluster.places[stage])) > more_than

    await eventually_served(kept, f"{STAGES[stage]} to keep more than {more_than}")


async def check(cluster: Cluster, count: int) -> None:
    """All is worked off, and the events are those of replay."""
    await cluster.finish()
    published = (await cluster.read(cluster.topics.events)).values
    outcome = compare_events(published, expected(count))
    print(f"{cluster.prefix} events {outcome.events}, again {outcome.repeated}, ends {dict(cluster.ends)}")
    assert outcome.wrong == []
    if cluster.sink is not None:
        assert compare_log(await cluster.logged(len(expected(count))), expected(count)) == []


FAULTS = [(how, stage) for how in (signal.SIGKILL, signal.SIGTERM) for stage in STAGES]


async def test_each_stage_killed_and_ended(kafka: str, redis_server: str, tmp_path: Path) -> None:
    """`kill -9`, then SIGTERM, of the worker that has a stage in hand and has kept something new; one stage
    after the other in one run."""
    async with Cluster(tmp_path, kafka, redis_server) as cluster:
        await cluster.register([*sources(1), SEEN])
        frames = cluster.frames(sources(1), LINES, record("small").sightings)
        share = len(frames) // (len(FAULTS) + 1)
        cluster.add(2)
        for number, (how, stage) in enumerate(FAULTS):
            at = STAGES.index(stage)
            before = sum(await cluster.kept(cluster.places[at]))
            await cluster.publish(frames[share * number : share * (number + 1)])
            await some_kept(cluster, at, before)
            await cluster.hit(await cluster.owner(stage), how)
        await cluster.publish(frames[share * len(FAULTS) :])
        await check(cluster, 1)
        assert cluster.ends["SIGKILL"] == len(STAGES)
        streams = await between_stages(cluster)
        assert streams.wrong == []
        whole = undisturbed([value for _, value in frames], [*sources(1), SEEN], cluster.spread)
        assert streams.contents() == whole.contents()


async def test_a_worker_added_and_one_removed(kafka: str, redis_server: str, tmp_path: Path) -> None:
    async with Cluster(tmp_path, kafka, redis_server, raw=2, spread=4) as cluster:
        await cluster.register([*sources(4), SEEN])
        frames = cluster.frames(sources(4), LINES, record("small").sightings)
        half = len(frames) // 2
        (first,) = cluster.add()
        await cluster.publish(frames[:half])
        await some_kept(cluster, 1, 0)
        (second,) = cluster.add()
        await cluster.publish(frames[half:])

        async def shared() -> bool:
            return any([await cluster.owner("vessels", n) is second for n in range(cluster.spread)])

        await eventually_served(shared, "the second worker to have a part")
        await cluster.remove(first)
        await check(cluster, 4)


async def test_redis_and_kafka_away(own_kafka: KafkaServer, own_redis: RedisServer, tmp_path: Path) -> None:
    """Both are killed under load. While Redis is away frames wait, and no worker ends for it."""
    async with Cluster(tmp_path, own_kafka.address, own_redis.url) as cluster:
        await cluster.register([*sources(4), SEEN])
        frames = cluster.frames(sources(4), LINES, record("small").sightings)
        cluster.add()
        cluster.add_sink()
        third = len(frames) // 3

        async def published(number: int) -> None:
            await cluster.publish(frames[third * number : third * (number + 1)])

        await published(0)
        await some_kept(cluster, 0, 0)
        own_redis.kill()
        await published(1)
        own_redis.start()
        await some_kept(cluster, 0, third)
        assert not cluster.ends

        publishing = asyncio.create_task(published(2))
        await some_kept(cluster, 0, third * 2)
        await asyncio.to_thread(own_kafka.restart, kill=True)
        await publishing
        await cluster.publish(frames[third * 3 :])
        await check(cluster, 4)


async def test_a_source_whose_ingest_died_is_ended(kafka: str, redis_server: str, tmp_path: Path) -> None:
    """The last source never sends its end: a worker does, once, and it is as if the source had."""
    async with Cluster(tmp_path, kafka, redis_server, silence=1) as cluster:
        await cluster.register([*sources(4), SEEN])
        frames = cluster.frames(sources(4), LINES, record("small").sightings)
        cluster.add(2)
        await cluster.publish(frames[:-1])

        async def ended() -> bool:
            return len((await cluster.read(cluster.topics.raw)).values) >= len(frames)

        await eventually_served(ended, "the end of the source that is silent")
        await check(cluster, 4)
        raw = [wire.decode(value, RawFrame) for value in (await cluster.read(cluster.topics.raw)).values]
        assert [(frame.source, frame.kind) for frame in raw[len(frames) - 1 :]] == [("d", "end")]


async def test_what_is_no_frame_is_set_aside(kafka: str, redis_server: str, tmp_path: Path) -> None:
    """Garbage, an unknown version, a line of 10 MB as an ingest cuts it, a line that is none."""
    async with Cluster(tmp_path, kafka, redis_server) as cluster:
        await cluster.register([*sources(4), SEEN])
        frames = cluster.frames(sources(4), LINES, record("small").sightings)
        long = b"!AIVDM," + b"x" * 10_000
        bad = [
            b"\xffgarbage",
            b"",
            wire.encode(RawFrame(99, "a", "lines", 0, 1, b"")),
            wire.encode(RawFrame(wire.VERSION, "a", "nonsense", 0)),
            wire.encode(RawFrame(wire.VERSION, "a", "lines", 0, 1, b"one line\n", received=[1, 2])),
        ]
        cut = RawFrame(wire.VERSION, "a", "lines", 3, 0, long + b"\n", cuts=[(0, 10_000_000, "ab" * 32)])
        frames[3:3] = [(0, value) for value in bad]
        frames[5:5] = [(0, wire.encode(cut))]
        frames.append((0, wire.encode(RawFrame(wire.VERSION, "a", "lines", 3, 1, b"late\n"))))
        frames.append((0, wire.encode(RawFrame(wire.VERSION, "a", "end", 3))))
        cluster.add()
        await cluster.publish(frames)
        await check(cluster, 4)
        rejects = await cluster.read(cluster.topics.rejects)
        reasons = {
            bytes(value): head["reason"] for value, head in zip(rejects.values, rejects.headers, strict=True)
        }
        for value in bad:
            assert reasons[value].startswith("no_frame: "), reasons[value]
        assert reasons[b"late"].startswith("malformed")
        assert "too_long" in next(reason for value, reason in reasons.items() if value.startswith(long[:100]))
        places = {(head["topic"], head["partition"]) for head in rejects.headers}
        assert places == {(cluster.topics.raw, "0")}
