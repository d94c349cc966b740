"""The sink on real Kafka and Redis: the log has everything once, whatever happened on the way."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from models.event import Level, Status, to_json
from models.time import DAY
from models.vessel import Identity, Role
from streams.deployment.config import Deployment
from streams.runtime.fencing import Fenced, SetBack
from streams.store.event_log import EventLog, lost
from streams.store.event_log_writer import (
    Batch,
    LogWriter,
    revision,
)
from streams.store.retention import Retention
from streams.store.sink import Sink
from tests.services.redis import RedisServer
from tests.streams.deployments import (
    make_topics,
    new_deployment,
    process,
    published,
    reading,
    send,
    ticks_frame,
)
from tests.streams.factories import START, STEP, event, tick
from tests.unsaid import PLAIN_PASSWORD
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.services
MMSI = 273_000_001


class Running:
    """A sink in a task of this process."""

    def __init__(self, deployment: Deployment, limits: Retention | None = None) -> None:
        self.sink = Sink(deployment, limits)

    async def __aenter__(self) -> "Running":
        self.task = asyncio.create_task(self.sink.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.sink.stop()
        with suppress(Fenced):
            await self.task


async def logged(log: EventLog) -> list[tuple[str, int]]:
    return [(entry.id, entry.revision) for entry in await log.since(count=100_000)]


async def until_logged(log: EventLog, count: int) -> None:
    async def enough() -> bool:
        return len(await logged(log)) >= count

    await eventually(enough, f"{count} entries")


async def test_events_are_logged_once_and_in_order(kafka: str, redis_server: str) -> None:
    deployment = new_deployment(kafka, redis_server)
    events = [event(n, r, 60 * r + n) for r in (1, 2, 3) for n in range(4)]
    await make_topics(deployment)
    # a restarted worker sends again what came after its checkpoint, and a topic may hold anything
    await send(deployment, deployment.topics.events, published(events[:8]))
    await send(deployment, deployment.topics.events, [(b"?", b"no event"), *published(events[4:])])
    async with reading(deployment) as (log, _):
        async with Running(deployment):
            await until_logged(log, len(events))
        assert [e.json for e in await log.since(count=100)] == [to_json(one) for one in events]
        first = (await log.since(count=1))[0]
        assert (first.type, first.level, first.status) == ("port_visit", "possible", "open")
        assert await log.latest(events[-1].id) == to_json(events[-1])
        assert await log.by_detected(count=2) == [f"{3:024x}", f"{2:024x}"]
        assert await log.by_detected(START, START + 181 * 60_000, newest_first=False) == [
            f"{0:024x}",
            f"{1:024x}",
        ]
        assert [e.revision for e in await log.revisions(events[0].id)] == [1, 2, 3]
        assert [e.entry for e in await log.before(count=1)] == [(await log.since(count=100))[-1].entry]


async def test_kill_9_in_the_middle(kafka: str, redis_server: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1000)
    chance = random.Random(seed)
    deployment = new_deployment(kafka, redis_server)
    events = [event(n % 500, 1 + n // 500, n) for n in range(2_500)]
    rows = [[tick(MMSI + vessel, step) for vessel in range(20)] for step in range(200)]
    await make_topics(deployment)
    await send(deployment, deployment.topics.events, published(events))
    await send(deployment, deployment.topics.events, published(events[1_000:]))
    frames = [ticks_frame(number, some) for number, some in enumerate(rows)]
    await send(deployment, deployment.topics.ticks, [(None, frame) for frame in frames])
    kills = 0
    async with reading(deployment) as (log, client):
        while len(await logged(log)) < len(events):
            with process(deployment, tmp_path / "sink.log", "sink") as sink:
                before = await client.xlen(log.keys.log)
                goal = before + chance.randrange(1, 1_500)

                async def enough(goal: int = goal) -> bool:
                    return bool(await client.xlen(log.keys.log) >= min(goal, len(events)))

                await eventually(enough, "the sink to get on")
                await asyncio.sleep(chance.random() * 0.01)  # somewhere in a batch
                sink.kill()
                kills += 1
        with process(deployment, tmp_path / "sink.log", "sink"):

            async def complete() -> bool:
                places = await log.whereabouts(MMSI + vessel for vessel in range(20))
                return len(places) == 20 and {p.time for p in places} == {START + 199 * STEP}

            await eventually(complete, "all ticks")
        assert await logged(log) == [(one.id, one.revision) for one in events], f"seed {seed}"
        record = await log.vessel(MMSI)
        assert record is not None
        assert [p.time for p in record.track] == [START + step * STEP for step in range(200)]
    print(f"seed {seed}: {kills} kills, {len(events)} revisions")


async def test_redis_restarted_and_away(kafka: str, own_redis: RedisServer) -> None:
    deployment = new_deployment(kafka, own_redis.url)
    events = [event(n, 1, n) for n in range(3_000)]
    await make_topics(deployment)
    await send(deployment, deployment.topics.events, published(events[:1_000]))
    async with Running(deployment):
        async with reading(deployment) as (log, _):
            await until_logged(log, 1_000)
        own_redis.kill()
        await send(deployment, deployment.topics.events, published(events[1_000:2_000]))
        await asyncio.to_thread(own_redis.start)
        async with reading(deployment) as (log, _):
            await until_logged(log, 2_000)
        await asyncio.to_thread(own_redis.restart)
        await send(deployment, deployment.topics.events, published(events[2_000:]))
        async with reading(deployment) as (log, _):
            await until_logged(log, 3_000)
            assert await logged(log) == [(one.id, 1) for one in events]


async def test_an_empty_redis_is_filled_again(kafka: str, own_redis: RedisServer) -> None:
    deployment = new_deployment(kafka, own_redis.url)
    await make_topics(deployment)
    await send(deployment, deployment.topics.events, published([event(1, 1), event(2, 1)]))
    async with reading(deployment) as (log, client), Running(deployment):
        await until_logged(log, 2)
        await client.flushall()
        await send(deployment, deployment.topics.events, published([event(3, 1)]))
        await until_logged(log, 3)
        assert [number for number, _ in await logged(log)] == [f"{n:024x}" for n in (1, 2, 3)]


async def test_the_later_sink_takes_over(kafka: str, redis_server: str, tmp_path: Path) -> None:
    deployment = new_deployment(kafka, redis_server)
    await make_topics(deployment)
    await send(deployment, deployment.topics.events, published([event(1, 1)]))
    async with reading(deployment) as (log, _):
        with process(deployment, tmp_path / "log", "sink") as first:
            await until_logged(log, 1)
            async with Running(deployment):
                await send(deployment, deployment.topics.events, published([event(1, 2)]))
                await until_logged(log, 2)
                assert await asyncio.to_thread(first.wait, PATIENCE) == 4
        assert await logged(log) == [(f"{1:024x}", 1), (f"{1:024x}", 2)]
    assert "another process has taken over the event log" in (tmp_path / "log").read_text()


async def test_what_the_log_has_of_a_vessel(kafka: str, redis_server: str) -> None:
    deployment = new_deployment(kafka, redis_server)
    await make_topics(deployment)
    other = MMSI + 1
    named = Identity(MMSI, START, Role.TANKER, "CHON MA SAN", imo=8_660_313)
    renamed = Identity(MMSI, START + STEP, Role.TANKER, "<b>NEW</b>", imo=8_660_313)
    frames = [
        ticks_frame(0, [tick(MMSI, 0), tick(other, 0)], [named]),
        ticks_frame(1, [tick(MMSI, 1, lon=131.1, cog=359.96, heading=12)], [renamed]),
        ticks_frame(0, [tick(MMSI, 0), tick(other, 0)], [named]),  # sent again
        b"no frame",
        # the number in a second place, whose fixes came late
        ticks_frame(
            2,
            [
                tick(MMSI, 0, lon=0.5, segment=1),
                tick(MMSI, 2, lon=131.2, sog=1.25),
                tick(MMSI, 1, lon=0.6, segment=1),
            ],
        ),
        ticks_frame(3, [], [Identity(MMSI, START + 9 * STEP, gone=True)]),
    ]
    await send(deployment, deployment.topics.ticks, [(None, frame) for frame in frames])
    async with reading(deployment) as (log, _):
        async with Running(deployment, Retention(track_points=4)):

            async def complete() -> bool:
                record = await log.vessel(MMSI)
                return record is not None and len(record.track) == 4

            await eventually(complete, "the vessel")
        record = await log.vessel(MMSI)
        assert record is not None
        where = record.whereabouts
        assert where is not None
        assert (where.time, where.lon, where.lat) == (START + 2 * STEP, 131.2, 42.5)
        assert (where.speed_knots, where.course, where.heading) == (1.2, None, None)
        assert where.segments == {"0": START + 2 * STEP, "1": START + STEP}
        assert record.identity == renamed
        assert record.identities == (named, renamed)
        # the oldest of five points has made room
        assert [(p.time - START, p.segment, p.lon) for p in record.track] == [
            (0, 1, 0.5),
            (STEP, 0, 131.1),
            (STEP, 1, 0.6),
            (2 * STEP, 0, 131.2),
        ]
        assert (record.track[1].course, record.track[1].heading) == (360.0, 12.0)
        assert list(await log.heard_at(START + STEP)) == [MMSI]
        assert sorted(await log.heard_at(START)) == [MMSI, other]
        assert await log.vessel(1) is None


async def written(writer: LogWriter, before: int, after: int, **what: Any) -> Batch:
    batch = Batch({"events": before}, {"events": after}, **what)
    await writer.write(batch)
    return batch


async def test_old_entries_are_dropped(redis_server: str) -> None:
    now = [START / 1000]
    deployment = new_deployment("", redis_server)
    limits = Retention(log_days=30, event_days=90, idle_days=7)
    async with reading(deployment) as (log, client):
        writer = LogWriter(client, deployment.prefix, limits, clock=lambda: now[0])
        await writer.take_over()
        old, new = event(1, 1, level=Level.PROBABLE), event(2, 1, 60 * 24 * 91, status=Status.CLOSED)
        await written(writer, -1, 0, revisions=[revision(to_json(old))], ticks=[tick(MMSI, 0)])
        now[0] += 91 * 24 * 3600
        later = tick(MMSI + 1, 7 * 24 * 12 + 1)
        await written(writer, 0, 1, revisions=[revision(to_json(new))], ticks=[later])
        first, _ = await log.since()
        assert await writer.sweep() == 2
        assert not await lost(log, first.entry, await log.since(first.entry))
        assert [entry.id for entry in await log.since()] == [new.id]
        assert await log.latest(old.id) is None
        assert await log.revisions(old.id) == []
        assert await log.latest(new.id) == to_json(new)
        assert await log.vessel(MMSI) is None
        assert await log.vessel(MMSI + 1) is not None
        assert not [key async for key in client.scan_iter(f"{deployment.prefix}*{MMSI}*")]


async def test_an_old_recording_is_not_old_while_it_is_read(redis_server: str) -> None:
    deployment = new_deployment("", redis_server)
    async with reading(deployment) as (log, client):
        writer = LogWriter(client, deployment.prefix, clock=lambda: (START + 1000 * DAY) / 1000)
        await writer.take_over()
        await written(writer, -1, 0, revisions=[revision(to_json(event(1, 1)))], ticks=[tick(MMSI, 0)])
        assert await writer.sweep() == 0
        assert await log.vessel(MMSI) is not None


async def test_a_batch_that_does_not_follow_the_log_is_not_written(redis_server: str) -> None:
    deployment = new_deployment("", redis_server)
    async with reading(deployment) as (log, client):
        writer = LogWriter(client, deployment.prefix)
        assert await writer.take_over() == {}
        await written(writer, -1, 4, revisions=[revision(to_json(event(1, 1)))])
        with pytest.raises(SetBack):  # its answer was lost, so it is sent once more
            await written(writer, -1, 4, revisions=[revision(to_json(event(1, 1)))])
        assert await writer.resume() == {"events": 4}
        assert len(await logged(log)) == 1
        second = LogWriter(client, deployment.prefix)
        assert await second.take_over() == {"events": 4}
        with pytest.raises(Fenced):
            await written(writer, 4, 5, revisions=[revision(to_json(event(1, 2)))])
        assert len(await logged(log)) == 1


async def test_a_reader_waits_for_the_next_entry(redis_server: str) -> None:
    deployment = new_deployment("", redis_server)
    async with reading(deployment) as (log, client):
        assert await log.wait("0-0", seconds=0.01) == []
        writer = LogWriter(client, deployment.prefix)
        await writer.take_over()
        waiting = asyncio.create_task(log.wait("0-0", seconds=20))
        await written(writer, -1, 0, revisions=[revision(to_json(event(1, 1)))])
        (entry,) = await waiting
        assert (entry.id, entry.revision) == (f"{1:024x}", 1)
        assert await log.since(entry.entry) == []


async def test_kafka_and_redis_missing_at_start(tmp_path: Path) -> None:
    deployment = Deployment(
        broker="127.0.0.1:1", redis=f"redis://:{PLAIN_PASSWORD}@127.0.0.1:1/0", prefix="none."
    )
    log = tmp_path / "log"
    with process(deployment, log, "sink") as sink:

        async def waiting_logged() -> bool:
            return "event=waiting" in log.read_text()

        await eventually(waiting_logged, "a message")
        sink.terminate()
        assert await asyncio.to_thread(sink.wait, PATIENCE) == 0
    text = log.read_text()
    assert 'event=waiting service=Redis at=127.0.0.1:1/0 reason="nobody answers there"' in text
    assert "Traceback" not in text
    assert PLAIN_PASSWORD not in text
