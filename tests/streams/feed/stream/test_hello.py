"""The stream says hello, tells when a source goes down, and warns before anything is lost."""

import time

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from models.time import DAY, MINUTE, SECOND, to_text
from streams.deployment import heartbeat
from streams.deployment.heartbeat import Heartbeat, Kept, SourceBeat
from streams.feed.views.sources import SourceState, sources_of
from streams.runtime.redis_client import connect
from tests.streams.factories import event
from tests.streams.feed.event_logs import InMemory, InRedis, in_redis
from tests.streams.feed.feed_servers import next_message, revisions, served, streaming

NOW = 1_772_000_000_000


def beat(age: float = 0, now: float | None = None, **more: object) -> Heartbeat:
    at = (time.time() if now is None else now) - age
    return Heartbeat(process="host/1", time=at, offset=1, saved=at, **more)  # type: ignore[arg-type]


async def write(log: InRedis, url: str, **beats: Heartbeat) -> None:
    client = connect(url)
    await heartbeat.write(client, log._prefix, {name.replace("_", ":"): one for name, one in beats.items()})
    await client.aclose()


@pytest.mark.services
async def test_hello_comes_first_and_sources_that_go_down_are_told(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_redis(redis_server) as log, served(log.log, redis=redis_server) as url:
        now = int(time.time() * SECOND)
        heard = SourceBeat(heard=now, frame=now, newest=now)
        await write(log, redis_server, decoder_0=beat(sources={"roof": heard}), sink=beat())
        await log.add([event(0)])
        ssvid = event(0).vessel.ssvid
        query = f"?since=0&type=port_visit,gap&country=kp&min_score=0.1&mmsi={ssvid}"
        async with streaming(url, query) as messages:
            hello = await anext(messages)
            assert hello.kind == "hello"
            assert hello.data["filters"] == {
                "type": ["gap", "port_visit"],
                "country": ["KP"],
                "min_score": ["0.1"],
                "mmsi": [ssvid],
            }
            assert hello.data["since"] == "0-0"
            assert hello.data["log"] is True
            told = hello.data
            while not told["sources"]:  # the feed looked before the heartbeats were there
                told = (await next_message(messages, "sources")).data
            assert [(one["name"], one["state"], one["down"]) for one in told["sources"]] == [
                ("roof", "heard", False)
            ]
            assert [(one["name"], one["down"]) for one in told["processes"]] == [
                ("decoder", False),
                *((name, True) for name in ("vessels", "meetings", "cases")),  # not a word from them yet
                ("sink", False),
            ]
            assert told["log"] is True
            await write(log, redis_server, decoder_0=beat(age=60, sources={"roof": heard}))
            told = (await next_message(messages, "sources")).data
            assert [(one["state"], one["down"]) for one in told["sources"]] == [("unknown", True)]
            assert told["processes"][0]["down"] is True

            async def away() -> None:
                raise RedisConnectionError("away")

            monkeypatch.setattr(log.log, "heartbeats", away)
            told = (await next_message(messages, "sources")).data
            assert (told["log"], told["processes"][0]["name"]) == (False, "decoder")
            monkeypatch.undo()
            assert (await next_message(messages, "sources")).data["log"] is True


async def test_hello_of_a_recording_knows_no_sources() -> None:
    async with served(InMemory().log) as url, streaming(url) as messages:
        hello = await anext(messages)
    assert (hello.kind, hello.data["sources"], hello.data["since"]) == ("hello", [], None)
    assert hello.data["unread"] is None


@pytest.mark.services
async def test_a_client_is_warned_before_what_it_has_not_read_is_trimmed(redis_server: str) -> None:
    async with in_redis(redis_server) as log, served(log.log, redis=redis_server) as url:
        await log.add([event(number) for number in range(60)])
        await write(log, redis_server, sink=beat(kept=Kept(entries=50, days=30)))
        entries = [one.entry for one in await log.log.since(count=60)]
        async with streaming(url) as messages:  # until the feed has looked
            if not (await anext(messages)).data["processes"]:
                await next_message(messages, "sources")
        async with streaming(url, "?since=0") as everything:
            assert (await anext(everything)).data["unread"] == 60
        async with streaming(url, **{"Last-Event-ID": entries[12]}) as behind:
            hello = await anext(behind)
            assert hello.data["unread"] == 47
            warning = await next_message(behind, "warning")
            assert (warning.data["unread"], warning.data["entriesLeft"]) == (47, 4)
            assert "TANKERWATCH_KEEP_LOG_ENTRIES" in warning.data["reason"]
            assert [one.id for one in await revisions(behind, 47)] == entries[13:]
        async with streaming(url, **{"Last-Event-ID": entries[30]}) as near:
            async for message in near:
                assert message.kind != "warning", "it has room: 20 of 50 entries are left"
                if message.id == entries[-1]:
                    break


@pytest.mark.parametrize(
    ("source", "age", "state", "since"),
    [
        (SourceBeat(heard=NOW - MINUTE, frame=NOW), 1, SourceState.HEARD, None),
        (SourceBeat(heard=NOW - 11 * MINUTE, frame=NOW), 1, SourceState.SILENT, NOW - 11 * MINUTE),
        (SourceBeat(frame=NOW), 1, SourceState.SILENT, None),  # nothing ever came
        (
            SourceBeat(heard=NOW - 3 * MINUTE, frame=NOW - 3 * MINUTE),
            1,
            SourceState.STALLED,
            NOW - 3 * MINUTE,
        ),
        (SourceBeat(heard=NOW, frame=NOW), 60, SourceState.UNKNOWN, NOW - MINUTE),
        (
            SourceBeat(frame=NOW - 2 * MINUTE, ended=True, lost=True, lost_at=NOW - MINUTE),
            60,
            SourceState.LOST,
            NOW - 2 * MINUTE,
        ),
        (  # a recording whose publish was killed
            SourceBeat(newest=NOW - 4000 * DAY, ended=True, lost=True, lost_at=NOW - MINUTE),
            1,
            SourceState.LOST,
            NOW - MINUTE,
        ),
        (  # replaced under another name
            SourceBeat(frame=NOW - 2 * DAY, ended=True, lost=True, lost_at=NOW - 2 * DAY),
            1,
            SourceState.ENDED,
            None,
        ),
        (SourceBeat(frame=NOW - MINUTE, ended=True), 60, SourceState.ENDED, None),
        (SourceBeat(newest=NOW), 1, SourceState.RECORDING, None),
    ],
)
def test_nothing_to_report_is_told_from_dead(
    source: SourceBeat, age: float, state: str, since: int | None
) -> None:
    told = sources_of({"decoder:0": beat(age, NOW / SECOND, sources={"roof": source})}, NOW, 10 * MINUTE)
    (found,) = told.sources
    assert found.state == state
    assert found.since == (None if since is None else to_text(since))
    assert found.down is (state not in ("heard", "ended", "recording"))
