"""The stream: every revision once, however often a client, the feed or Redis goes away and comes back.

For a longer run: `TANKERWATCH_REVISIONS=10000 pytest tests/streams/feed/stream/test_stream.py`.
"""

import asyncio
import os
import random
import socket
from pathlib import Path

import httpx
import msgspec
import pytest

from models.event import to_json
from models.event_filter import EventFilter
from models.review import Disposition
from streams.deployment.config import Deployment
from streams.feed.recording.memory_log import MemoryLog
from streams.feed.settings import FeedSettings
from streams.feed.stream.client import StreamClient
from streams.feed.stream.hub import Hub
from streams.feed.views import reviews
from streams.runtime.tasks import end
from streams.store.event_log import BEFORE_ALL, Entry, entry_key
from streams.store.event_log_writer import revision
from tests.services.redis import RedisServer
from tests.services.server import free_port
from tests.streams.deployments import process
from tests.streams.factories import event
from tests.streams.feed.event_logs import (
    InMemory,
    InRedis,
    filled,
    in_redis,
    logged,
    set_back,
)
from tests.streams.feed.feed_servers import Message, metric_value, next_message, revisions, served, streaming
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.services
MANY = int(os.environ.get("TANKERWATCH_REVISIONS", "1000"))
ENDED = 'tankerwatch_feed_ended_total{reason="slow"}'


async def write(log: InRedis, count: int, chance: random.Random) -> None:
    """Write revisions of fifty events in batches of random sizes."""
    number = 0
    while number < count:
        some = range(number, min(count, number + chance.randrange(1, 40)))
        await log.add([event(one % 50, 1 + one // 50, one) for one in some])
        number = some.stop
        await asyncio.sleep(chance.random() * 0.02)


async def follow_dropping(url: str, count: int, drops: int, chance: random.Random) -> list[Message]:
    """Read so many revisions, and drop the connection so many times at random places."""
    seen: list[Message] = []
    ends = [*sorted(chance.sample(range(1, count), drops)), count]
    for upto in ends:
        resume = {"Last-Event-ID": seen[-1].id or ""} if seen else {}
        async with streaming(url, "" if seen else "?since=0", **resume) as messages:
            seen += await revisions(messages, upto - len(seen))
    return seen


async def test_a_client_that_drops_its_connection_again_and_again(redis_server: str) -> None:
    chance = random.Random(1)
    async with in_redis(redis_server) as log, served(log.log) as url:
        writing = asyncio.create_task(write(log, MANY, chance))
        seen = await follow_dropping(url, MANY, 50, chance)
        await writing
        assert [one.revision for one in seen] == await logged(log.log)
        assert len({one.revision for one in seen}) == MANY


async def test_the_feed_and_redis_are_killed_and_come_back(own_redis: RedisServer, tmp_path: Path) -> None:
    chance = random.Random(2)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    size = MANY // 12
    deployment = Deployment(redis=own_redis.url)

    async def follow(log: InRedis, seen: list[Message], goal: int) -> None:
        """Read until so many have been seen. Drops the connection fifty times, besides those that break."""
        drops = set(random.Random(3).sample(range(1, goal), 50))
        while len(seen) < goal:
            resume = {"Last-Event-ID": seen[-1].id or ""} if seen else {}
            try:
                async with streaming(url, "" if seen else "?since=0", **resume) as messages:
                    async for message in messages:
                        assert message.kind != "reset", message
                        if message.kind == "revision":
                            seen.append(message)
                            if len(seen) == goal:
                                return
                            if len(seen) in drops:
                                break
            except (OSError, httpx.HTTPError):
                await asyncio.sleep(0.05)

    seen: list[Message] = []
    written = 0
    async with in_redis(own_redis.url, "") as log:
        following = asyncio.create_task(follow(log, seen, 12 * size))
        for turn in range(6):
            with process(deployment, tmp_path / "feed.log", "feed", "--port", str(port)) as feed:
                for _ in range(2):
                    numbers = range(written, written + size)
                    await log.add([event(n % 50, 1 + n // 50, n) for n in numbers])
                    written += size
                    goal = written - chance.randrange(size)

                    async def enough(goal: int = goal) -> bool:
                        return len(seen) >= goal

                    await eventually(enough, f"{goal} revisions; {len(seen)} came")
                    if turn % 2:
                        own_redis.kill()
                        await asyncio.sleep(0.2)
                        own_redis.start()
                        await log.reconnect()
                feed.kill()
        with process(deployment, tmp_path / "feed.log", "feed", "--port", str(port)):
            await asyncio.wait_for(following, PATIENCE)
        assert [one.revision for one in seen] == await logged(log.log)


async def test_heartbeats_continue_while_redis_is_away(own_redis: RedisServer) -> None:
    async with in_redis(own_redis.url) as log:
        await log.add([event(0)])
        async with served(log.log, redis=own_redis.url) as url, streaming(url, "?since=0") as messages:
            assert [one.revision for one in await revisions(messages, 1)] == [(event(0).id, 1)]
            own_redis.kill()
            for _ in range(5):
                beat = await next_message(messages, "heartbeat")
                assert beat.data["watermark"] == event(0).detected
            own_redis.start()
            await log.reconnect()
            await log.add([event(1)])
            assert [one.revision for one in await revisions(messages, 1)] == [(event(1).id, 1)]


async def test_a_client_that_does_not_read_is_dropped_and_delays_nobody(redis_server: str) -> None:
    settings = FeedSettings(heartbeat_seconds=0.2, backlog_bytes=200_000)
    large = "x" * 20_000
    async with in_redis(redis_server) as log, served(log.log, settings) as url:
        host, _, port = url.rpartition("/")[2].rpartition(":")
        await log.add([event(0)])
        ended = await metric_value(url, ENDED)
        with socket.create_connection((host, int(port)), 20) as idle:
            idle.sendall(b"GET /v1/events/stream?since=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = b""
            while (
                b"\n\n" not in got.partition(b"\nid: ")[2]
            ):  # up to the first revision; then it reads nothing more
                got += await asyncio.to_thread(idle.recv, 65_536)
            async with streaming(url, "?since=0") as messages:
                await revisions(messages, 1)
                for number in range(1, 501):
                    await log.add([event(number, summary=large)])
                    if number % 10 == 0:
                        assert len(await revisions(messages, 10)) == 10

            async def dropped() -> bool:
                return await metric_value(url, ENDED) > ended

            await eventually(dropped, "the idle client to be dropped")
        last = got.rpartition(b"\nid: ")[2].partition(b"\n")[0].decode()
        async with streaming(url, **{"Last-Event-ID": last}) as messages:
            rest = await revisions(messages, 500)
        assert [one.revision for one in rest] == (await logged(log.log))[1:]


async def test_a_client_that_falls_behind_gets_goodbye() -> None:
    settings = FeedSettings(heartbeat_seconds=0.2, backlog_bytes=20_000)
    large = "x" * 10_000
    log = InMemory()
    async with served(log.log, settings) as url, streaming(url, "?since=0") as messages:
        await log.add([event(0)])
        await revisions(messages, 1)
        await log.add([event(number, summary=large) for number in range(1, 30)])
        goodbye = await next_message(messages, "goodbye")
        assert "Last-Event-ID" in goodbye.data["reason"]


async def test_a_filtered_stream_has_the_ids_of_the_log(redis_server: str) -> None:
    async with in_redis(redis_server) as log, served(log.log) as url:
        mmsi = event(3).vessel.ssvid
        await log.add([event(number) for number in range(10)])
        async with streaming(url, f"?since=0&mmsi={mmsi},999999999") as messages:
            (old,) = await revisions(messages, 1)
            await log.add([event(number, 2) for number in range(10)])
            (new,) = await revisions(messages, 1)
        assert [old.revision, new.revision] == [(event(3).id, 1), (event(3).id, 2)]
        entries = await log.log.since(count=100)
        assert [old.id, new.id] == [entries[3].entry, entries[13].entry]


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_without_an_id_only_new_revisions_come(kind: str, redis_server: str) -> None:
    async with filled(kind, redis_server) as log:
        await log.add([event(0)])
        async with served(log.log) as url, streaming(url) as messages:
            await next_message(messages, "heartbeat")
            await log.add([event(1)])
            assert [one.revision for one in await revisions(messages, 1)] == [(event(1).id, 1)]


async def test_reset_if_the_entry_has_been_trimmed(redis_server: str) -> None:
    async with in_redis(redis_server) as log:
        await log.add([event(number) for number in range(10)])
        entries = await log.log.since()
        await log.trim(entries[4].entry)
        async with served(log.log) as url:
            async with streaming(url, **{"Last-Event-ID": entries[2].entry}) as messages:
                reset = await next_message(messages, "reset")
                assert reset.data["first"] == entries[4].entry
                await log.add([event(10)])
                assert [one.revision for one in await revisions(messages, 1)] == [(event(10).id, 1)]
            async with streaming(url, **{"Last-Event-ID": entries[4].entry}) as messages:
                assert len(await revisions(messages, 6)) == 6
            async with streaming(url, "?since=0") as messages:
                assert len(await revisions(messages, 7)) == 7


async def test_a_log_emptied_by_age_resets_no_client_that_had_read_everything(redis_server: str) -> None:
    async with in_redis(redis_server) as log:
        await log.add([event(0)])
        (old,) = await log.log.since()
        async with served(log.log) as url, streaming(url, "?since=0") as messages:
            await revisions(messages, 1)
            await log.trim(f"{entry_key(old.entry)[0] + 1}-0")
            # a new feed, a feed that has been waiting, and a client that returns to either
            async with (
                served(log.log) as second,
                streaming(second, **{"Last-Event-ID": old.entry}) as late,
                streaming(url, **{"Last-Event-ID": old.entry}) as back,
            ):
                for each in (late, back):
                    assert (await anext(each)).kind == "hello"
                for each in (messages, late, back):
                    assert (await anext(each)).kind == "heartbeat"
                await log.add([event(1)])
                for each in (messages, late, back):
                    assert [one.revision for one in await revisions(each, 1)] == [(event(1).id, 1)]


async def test_events_of_another_version_are_left_out(redis_server: str) -> None:
    async with in_redis(redis_server) as log, served(log.log) as url:
        strange = msgspec.structs.replace(revision(to_json(event(1))), json=b'{"id":"from the future"}')
        await log.add([event(0)])
        async with streaming(url, "?since=0") as messages:
            await revisions(messages, 1)
            await log.add_revisions([strange, revision(to_json(event(2)))])
            assert [one.revision[0] for one in await revisions(messages, 1)] == [event(2).id]
        async with httpx.AsyncClient(base_url=url) as client:
            listed = (await client.get("/v1/events")).json()["events"]
            assert [one["id"] for one in listed] == [event(2).id, event(0).id]
            assert (await client.get(f"/v1/events/{event(1).id}")).status_code == 404
        async with streaming(url, "?since=0") as messages:
            assert len(await revisions(messages, 2)) == 2


async def test_redis_comes_back_empty(own_redis: RedisServer) -> None:
    async with in_redis(own_redis.url) as log:
        await log.add([event(0), event(1)])
        async with served(log.log, redis=own_redis.url) as url, streaming(url) as messages:
            await next_message(messages, "heartbeat")
            await log.wipe()
            assert (await next_message(messages, "reset")).data["first"] is None
            await log.add([event(0)])
            assert [one.revision for one in await revisions(messages, 1)] == [(event(0).id, 1)]


async def test_reviews_reach_clients_whose_filter_matches_and_those_that_return(redis_server: str) -> None:
    async with in_redis(redis_server) as log, served(log.log) as url:
        await log.add([event(0), event(1)])
        last = (await log.log.since())[-1]
        given = [reviews.ReviewRequest("me", Disposition.WATCHING, str(n)) for n in (0, 1)]
        one, two = (reviews.review(request, event(n)) for n, request in enumerate(given))
        async with streaming(url, f"?mmsi={event(1).vessel.ssvid}") as messages:
            await next_message(messages, "heartbeat")
            await log.log.add_review(one)
            await log.log.add_review(two)
            message = await next_message(messages, "review")
            assert message.data["id"] == two.id
            assert message.id is None
        async with streaming(url, **{"Last-Event-ID": last.entry}) as messages:
            assert (await next_message(messages, "review")).data["id"] == one.id
            assert (await next_message(messages, "review")).data["id"] == two.id


async def test_a_log_that_begins_anew_resets_streams() -> None:
    log = InMemory()
    await log.add([event(number, 1, 10 * number) for number in range(10)])
    async with served(log.log) as url, streaming(url, "?since=0") as messages:
        seen = await revisions(messages, 10)
        assert [one.revision[0] for one in seen] == [event(number).id for number in range(10)]
        set_back(log.log, 5)
        assert (await next_message(messages, "reset")).data["first"] is not None
        async with streaming(url, **{"Last-Event-ID": seen[-1].id or ""}) as late:
            await next_message(late, "reset")
        async with streaming(url, "?since=0") as late:
            assert len(await revisions(late, 5)) == 5
        await log.add([event(number, 1, 10 * number) for number in range(5, 10)])
        assert [one.revision[0] for one in await revisions(messages, 5)] == [
            event(number).id for number in range(5, 10)
        ]


class _Held(MemoryLog):
    """A log that gives the hub nothing new until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def wait(self, entry: str, count: int = 100, seconds: float = 15.0) -> list[Entry]:
        await self.let_go.wait()
        return await super().wait(entry, count, seconds)


async def test_a_client_that_notices_a_log_set_back_before_the_hub_is_reset_once() -> None:
    log = _Held()
    log.add([], [event(0)])
    hub = Hub(log, FeedSettings())
    running = asyncio.create_task(hub.run())
    await hub.ready.wait()
    log.add([], [event(number, 1, 10 * number) for number in range(1, 10)])
    told = ""

    async def follow() -> None:
        nonlocal told
        async for chunk in StreamClient(hub, EventFilter(), BEFORE_ALL).chunks():
            told += chunk.data.decode()
            if told.count("event: revision") == 10 and "event: reset" not in told:
                set_back(log, 5)  # the client continues at once, the hub does not
            if told.count("event: revision") == 15:
                return

    following = asyncio.create_task(follow())
    await eventually(lambda: _true(told.count("event: revision") == 10), "all revisions")
    log.let_go.set()
    await eventually(lambda: _true("event: reset" in told), "a reset")
    log.add([], [event(number, 1, 10 * number) for number in range(5, 10)])
    await asyncio.wait_for(following, PATIENCE)
    assert told.count("event: reset") == 1
    await end(running)


async def _true(value: bool) -> bool:
    return value


async def test_streams_get_goodbye_when_the_feed_ends() -> None:
    async with served(MemoryLog()) as url:
        context = streaming(url)
        messages = await context.__aenter__()
        await next_message(messages, "heartbeat")
    assert (await next_message(messages, "goodbye")).data["reason"].startswith("the feed ends")
    await context.__aexit__(None, None, None)
