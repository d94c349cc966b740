"""Commands that work on existing events read them from Redis, from a feed and from files, with one result."""

import asyncio
import sys
from pathlib import Path

import httpx
import msgspec
import pytest

from models.event import Event, EventType, to_json
from streams.deployment.config import Deployment
from tests.processes import run
from tests.services.server import free_port
from tests.streams.deployments import COMMAND, environment, process
from tests.streams.detection.chains.stories import KOREAN, A, Story, direct
from tests.streams.feed.feed_servers import served
from tests.streams.tail.processes import tail_environment
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.services


def call(deployment: Deployment, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    done = run(
        [sys.executable, "-c", COMMAND, *arguments],
        env=environment(deployment),
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


async def test_redis_feed_and_files_give_the_same(redis_server: str, tmp_path: Path) -> None:
    story = direct(Story())
    story.ship(A, name="=SHIP", length_meters=100, beam_meters=16)
    for number in range(2):
        story.meet(A, KOREAN, 40.0 + 5 * number)
    events: list[Event] = [*story.events, *story.revisions()]
    chain = next(event for event in reversed(events) if event.type is EventType.CHAIN)
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(to_json(event) + b"\n" for event in events))
    async with tail_environment(redis_server) as env:
        await env.write(*events)
        async with served(env.log) as url:
            for command in (("ledger",), ("facilitators",), ("explain", chain.id)):
                places = ((str(file),), ("--redis",), (f"{url}/",))
                answers = [
                    await asyncio.to_thread(call, env.deployment, *command, *place) for place in places
                ]
                assert {code for code, _ in answers} == {0}, answers
                assert len({answer for _, answer in answers}) == 1, answers
                piped = await asyncio.to_thread(
                    lambda words: call(env.deployment, *words, "-", stdin=file.read_bytes()), command
                )
                assert piped == answers[0]


async def test_the_settings_of_the_deployment_are_those_of_its_feed_and_its_redis(
    redis_server: str, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("[ledger]\ncap_barrels = 1234.0\n[facilitators]\nleast_times = 1\n")
    story = direct(Story())
    story.ship(A, length_meters=100, beam_meters=16)
    story.meet(A, KOREAN, 40.0)
    port = free_port()
    async with tail_environment(redis_server) as env:
        await env.write(*story.events)
        deployment = msgspec.structs.replace(env.deployment, settings=str(settings))
        for options in ((), ("--settings", str(settings))):
            served_by = env.deployment if options else deployment
            with process(served_by, tmp_path / "feed.log", "feed", "--port", str(port), *options):
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

                    async def answers(client: httpx.AsyncClient = client) -> bool:
                        try:
                            return (await client.get("/healthz")).is_success
                        except httpx.TransportError:
                            return False

                    await eventually(answers, "the feed to answer")
                    years = (await client.get("/v1/ledger")).json()["years"]
                    found = (await client.get("/v1/facilitators")).json()["facilitators"]
            assert [year["cap_barrels"] for year in years] == [1234.0]
            assert len(found) == 1
        code, told = await asyncio.to_thread(call, deployment, "ledger", "--redis", "--format", "json")
        assert (code, msgspec.json.decode(told)[0]["cap_barrels"]) == (0, 1234.0)


def test_a_feed_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, told = call(Deployment(), "ledger", "http://127.0.0.1:9/")
    assert code == 1
    assert "start it (`tankerwatch feed`)" in told
