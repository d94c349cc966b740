"""`tankerwatch events` as a process, on a real Redis, a real Kafka and a real feed."""

import asyncio
import signal
import time
import uuid
from pathlib import Path

import pytest

from models.event import Level
from streams.deployment.config import Deployment
from streams.feed.recording.memory_log import MemoryLog
from tests.services.redis import RedisServer
from tests.services.server import free_port
from tests.streams.alerts.hostile_names import hostile
from tests.streams.deployments import (
    make_topics,
    process,
    published,
    send,
)
from tests.streams.factories import event
from tests.streams.feed.event_logs import set_back
from tests.streams.feed.feed_servers import served
from tests.streams.tail.factories import review
from tests.streams.tail.processes import (
    call,
    events,
    revisions_of,
    shown,
    tail_environment,
)
from tests.unsaid import TOKEN

pytestmark = pytest.mark.services


async def test_from_redis_what_there_is_and_what_comes(redis_server: str) -> None:
    async with tail_environment(redis_server) as env:
        await env.write(event(1), event(2, level=Level.PROBABLE))
        with events(env.deployment, "tail", "--since", "all") as all_:
            await all_.out.wait_for(2)
            with events(env.deployment, "tail", "--since", "1h", "--level", "probable") as some:
                await some.out.wait_for(1)
                await env.write(event(1, 2, level=Level.PROBABLE), event(3))
                await all_.out.wait_for(4)
                await some.out.wait_for(2)
                assert (all_.interrupt(), some.interrupt()) == (130, 130)
        assert shown(all_.out.lines) == revisions_of((1, 1), (2, 1), (1, 2), (3, 1))
        assert shown(some.out.lines) == revisions_of((2, 1), (1, 2))
        assert all_.err.lines == some.err.lines == []
        once = call(env.deployment, "tail", "--once", "--mmsi", "273000001,273000003")
        assert (once.returncode, once.stderr) == (0, "")
        assert shown(once.stdout.splitlines()) == revisions_of((1, 1), (1, 2), (3, 1))
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        assert call(env.deployment, "tail", "--once", "--since", later).stdout == ""


async def test_redis_that_goes_away_is_awaited_and_nothing_shown_twice(own_redis: RedisServer) -> None:
    async with tail_environment(own_redis.url) as env:
        await env.write(event(1))
        with events(env.deployment, "tail", "--since", "all") as running:
            await running.out.wait_for(1)
            own_redis.kill()
            (told,) = await running.err.wait_for(1)
            assert told.startswith(f"tankerwatch: Redis at {own_redis.address}/0: ")
            # how the connection ends depends on the moment: of one that breaks off, TLS may be the reason
            assert "; start it, or correct TANKERWATCH_REDIS" in told
            assert told.endswith("; trying again until it answers")
            own_redis.start()
            await env.client.connection_pool.disconnect()
            await env.write(event(2))
            await running.out.wait_for(2)
            assert running.err.lines[1:] == [f"tankerwatch: Redis at {own_redis.address}/0: back"]
        assert shown(running.out.lines) == revisions_of((1, 1), (2, 1))
        own_redis.stop()
        failed = call(env.deployment, "tail", "--once")
        assert failed.returncode == 1
        assert "nobody answers there; start it, or correct TANKERWATCH_REDIS\n" in failed.stderr


async def test_a_log_that_was_cut_while_we_were_away_is_said(own_redis: RedisServer) -> None:
    async with tail_environment(own_redis.url) as env:
        await env.write(event(1))
        with events(env.deployment, "tail", "--since", "all") as running:
            await running.out.wait_for(1)
            running.process.send_signal(signal.SIGSTOP)
            await env.client.execute_command("CLIENT", "KILL", "SKIPME", "yes")
            await env.write(*(event(number) for number in range(2, 10)))
            await env.client.xtrim(env.log.keys.log, maxlen=2, approximate=False)
            running.process.send_signal(signal.SIGCONT)
            await running.out.wait_for(3)
            assert shown(running.out.lines) == revisions_of((1, 1), (8, 1), (9, 1))
            assert any("some events are missing" in line for line in running.err.lines)


async def test_a_log_emptied_by_age_is_nothing_to_say_and_one_set_back_is(own_redis: RedisServer) -> None:
    async with tail_environment(own_redis.url) as env:
        await env.write(event(1))
        with events(env.deployment, "tail", "--since", "all") as running:
            await running.out.wait_for(1)
            await env.client.xtrim(env.log.keys.log, maxlen=0, approximate=False)
            await env.write(event(2))
            await running.out.wait_for(2)
            await env.client.flushall()
            await env.write(event(3))
            await running.out.wait_for(3)
            await running.err.wait_for(1)
            assert ["some events are missing" in line for line in running.err.lines] == [True]
        assert shown(running.out.lines) == revisions_of((1, 1), (2, 1), (3, 1))


async def test_all_of_an_event_is_shown(redis_server: str) -> None:
    async with tail_environment(redis_server) as env:
        one = hostile("KUM SONG")
        await env.write(one, event(1, 2, level=Level.PROBABLE))
        await env.log.add_review(review(one, "ann", "so it is"))
        done = call(env.deployment, "show", one.id)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Probable port visit: OCEAN STAR" in done.stdout
        assert "confirmed by ann: so it is" in done.stdout
        lines = call(env.deployment, "show", one.id, "--json").stdout.splitlines()
        assert shown(lines) == revisions_of((1, 1), (1, 2))
        async with served(env.log) as url:
            assert (
                await asyncio.to_thread(lambda: call(env.deployment, "show", one.id, "--source", url).stdout)
                == done.stdout
            )
            missing = await asyncio.to_thread(call, env.deployment, "show", "nothing", "--source", url)
            assert (missing.returncode, "has no event 'nothing'" in missing.stderr) == (1, True)
        missing = call(env.deployment, "show", "nothing")
        assert (missing.returncode, "has no event 'nothing'" in missing.stderr) == (1, True)
        no = call(env.deployment, "show", one.id, "--source", "kafka")
        assert (no.returncode, "use --source redis, or the URL of a feed" in no.stderr) == (1, True)


# --- Kafka


async def test_from_kafka(kafka: str) -> None:
    deployment = Deployment(broker=kafka, prefix=f"t{uuid.uuid4().hex[:8]}.", raw_partitions=1, spread=2)
    missing = call(deployment, "tail", "--once", "--source", "kafka")
    assert missing.returncode == 1
    assert f"there is no topic {deployment.topics.events} yet; start a worker" in missing.stderr
    await make_topics(deployment)
    topic = deployment.topics.events
    await send(deployment, topic, published([event(1), event(2)]))
    await send(deployment, topic, [(b"x", b"no event"), *published([event(2), event(2, 2)])])
    tail_environment = f"kafka://{kafka}"
    with events(deployment, "tail", "--source", "kafka", "--since", "1h") as running:
        await running.out.wait_for(3)
        await send(deployment, topic, published([event(3)]))
        await running.out.wait_for(4)
        assert running.interrupt() == 130
    assert shown(running.out.lines) == revisions_of((1, 1), (2, 1), (2, 2), (3, 1))
    assert len(running.err.lines) == 1
    assert "tankerwatch: offset 2: not an event" in running.err.lines[0]
    once = call(deployment, "tail", "--source", tail_environment, "--once", "--mmsi", "273000002")
    assert shown(once.stdout.splitlines()) == revisions_of((2, 1), (2, 2))
    away = call(deployment, "tail", "--source", f"kafka://127.0.0.1:{free_port()}", "--once")
    assert away.returncode == 1
    assert "nobody answers there; start it, or correct TANKERWATCH_BROKER" in away.stderr


# --- a feed


async def test_from_a_feed_that_is_killed_and_comes_back(redis_server: str, tmp_path: Path) -> None:
    async with tail_environment(redis_server) as env:
        port = free_port()
        url = f"http://127.0.0.1:{port}/"
        feed = ("feed", "--port", str(port))
        log = tmp_path / "feed.log"
        with events(env.deployment, "tail", "--source", url, "--since", "all") as running:
            (told,) = await running.err.wait_for(1)
            assert told.startswith(
                f"tankerwatch: the feed at 127.0.0.1:{port}: All connection attempts failed; start"
            )
            expected: list[tuple[str, int]] = []
            for turn in range(3):
                batch = [event(number) for number in range(turn * 50, turn * 50 + 50)]
                await env.write(*batch[:20])
                with process(env.deployment, log, *feed):
                    expected += [(one.id, 1) for one in batch]
                    await running.out.wait_for(len(expected) - 30)
                    await env.write(*batch[20:])
                    await running.out.wait_for(
                        len(expected) - turn % 2 * 10
                    )  # killed before all was sent, or after
                await env.write(event(turn * 50, 2))
                expected.append((event(turn * 50).id, 2))
            with process(env.deployment, log, *feed):
                await running.out.wait_for(len(expected))
                assert running.interrupt() == 130
        assert shown(running.out.lines) == expected
        assert f"tankerwatch: the feed at 127.0.0.1:{port}: back" in running.err.lines


async def test_a_feed_filters_and_ends_where_it_has_told_all(redis_server: str) -> None:
    async with tail_environment(redis_server) as env, served(env.log) as url:
        await env.write(event(1, level=Level.PROBABLE), event(2))
        once = await asyncio.to_thread(
            call, env.deployment, "tail", "--source", url, "--once", "--level", "probable"
        )
        assert (once.returncode, once.stderr, shown(once.stdout.splitlines())) == (
            0,
            "",
            revisions_of((1, 1)),
        )
        nothing = await asyncio.to_thread(
            call, env.deployment, "tail", "--source", url, "--once", "--since", "0s"
        )
        assert (nothing.returncode, nothing.stdout) == (0, "")
        with events(env.deployment, "tail", "--source", url, "--since", "all", "--flag", "ru,zz") as running:
            await running.out.wait_for(2)
            assert "no ship's MMSI has the flag 'ZZ'" in (await running.err.wait_for(1))[0]
            await env.write(event(3))
            await running.out.wait_for(3)
            assert running.interrupt() == 130


async def test_a_feed_whose_log_begins_anew_is_said(redis_server: str) -> None:
    log = MemoryLog()
    log.add([], [event(number, minutes=number) for number in range(5)])
    async with served(log) as url:
        with events(Deployment(), "tail", "--source", url, "--since", "all") as running:
            await running.out.wait_for(5)
            set_back(log, 0)
            log.add([], [event(number, minutes=number) for number in (0, 1, 2, 3, 4, 9)])
            await running.out.wait_for(6)
            assert "the feed starts again from its beginning" in (await running.err.wait_for(1))[0]
            assert running.interrupt() == 130
        assert shown(running.out.lines) == revisions_of(*((number, 1) for number in (0, 1, 2, 3, 4, 9)))


async def test_a_feed_that_wants_a_token_and_what_is_no_feed(redis_server: str) -> None:
    from streams.feed.settings import FeedSettings
    from tests.streams.alerts.fake_receivers import WebhookReceiver, serving

    settings = FeedSettings(read_tokens=TOKEN, heartbeat_seconds=0.2)
    async with tail_environment(redis_server) as env, served(env.log, settings) as url:
        await env.write(event(1))
        tail = ("tail", "--source", url, "--once")
        refused = await asyncio.to_thread(call, env.deployment, *tail)
        assert (
            refused.returncode,
            "set TANKERWATCH_TOKEN to a token that may read" in refused.stderr,
        ) == (1, True)
        done = await asyncio.to_thread(lambda: call(env.deployment, *tail, TANKERWATCH_TOKEN=TOKEN))
        assert shown(done.stdout.splitlines()) == revisions_of((1, 1))
    with serving(WebhookReceiver()) as receiver:
        none = await asyncio.to_thread(
            call, env.deployment, "tail", "--source", f"http://127.0.0.1:{receiver.port}/", "--once"
        )
        assert (none.returncode, "answered 501" in none.stderr) == (1, True)
