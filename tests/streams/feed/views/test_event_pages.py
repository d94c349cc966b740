"""Pages of events: newest first, stable while new events come; and what is refused."""

import random
from typing import Any

import httpx
import pytest

from models.event import Status
from models.event_filter import EventFilter
from tests.streams.factories import event
from tests.streams.feed.event_logs import filled, in_redis
from tests.streams.feed.feed_servers import revisions, served, streaming

pytestmark = pytest.mark.services


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_pages_have_every_event_once_even_if_some_are_revised(kind: str, redis_server: str) -> None:
    chance = random.Random(3)
    async with filled(kind, redis_server) as log:
        await log.add([event(number, 1, number // 10) for number in range(100)])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/v1/events?limit=100")).json()["next"] is None
            first = await client.get("/v1/events?limit=7")
            position = first.headers["X-Log-Position"]
            listed = [(one["id"], one["revision"]) for one in first.json()["events"]]
            page: Any = first.json()
            revised: dict[int, int] = {}
            while page["next"]:
                number = chance.randrange(100)
                revised[number] = revised.get(number, 1) + 1
                await log.add([event(number, revised[number], 100 + len(listed))])
                page = (await client.get(f"/v1/events?limit=7&cursor={page['next']}")).json()
                listed += [(one["id"], one["revision"]) for one in page["events"]]
            ids = [name for name, _ in listed]
            assert len(ids) == len(set(ids))
            async with streaming(url, f"?since={position}") as messages:
                streamed = await revisions(messages, sum(revised.values()) - len(revised))
            latest = dict(sorted([*listed, *(one.revision for one in streamed)]))
            assert latest == {event(number).id: revised.get(number, 1) for number in range(100)}


async def test_a_rare_match_is_found_after_empty_pages(redis_server: str) -> None:
    async with in_redis(redis_server) as log:
        rare = event(0, status=Status.RETRACTED)
        await log.add([rare])
        for at in range(1, 4_501, 500):
            await log.add([event(number, 1, number) for number in range(at, at + 500)])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            pages, query = 0, ""
            found: list[str] = []
            while True:
                page = (await client.get(f"/v1/events?status=retracted{query}")).json()
                found += [one["id"] for one in page["events"]]
                pages += 1
                if page["next"] is None:
                    break
                query = f"&cursor={page['next']}"
            assert found == [rare.id]
            assert pages > 1


async def test_a_list_has_the_events_that_match(redis_server: str) -> None:
    query = "?type=port_visit&min_score=0.5&bbox=170,0,-170,80&flag=ru,kp"
    async with in_redis(redis_server) as log:
        made = [
            event(
                number,
                score=number % 3 / 2,
                position=type(event().position)(lat=42.0, lon=[175.0, -175.0, 160.0][number % 5 % 3]),
            )
            for number in range(60)
        ]
        await log.add(made)
        wanted = EventFilter.parse(
            {"type": ["port_visit"], "min_score": ["0.5"], "bbox": ["170,0,-170,80"], "flag": ["RU,KP"]}
        )
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            listed = (await client.get(f"/v1/events{query}&limit=1000")).json()["events"]
        expected = {one.id for one in made if wanted.matches(one)}
        assert {one["id"] for one in listed} == expected
        assert 0 < len(expected) < 60


async def test_one_event_with_all_its_revisions(redis_server: str) -> None:
    async with in_redis(redis_server) as log:
        await log.add([event(0, number, number) for number in (1, 2, 3)])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            told = (await client.get(f"/v1/events/{event().id}")).json()
            missing = await client.get("/v1/events/none")
        assert told["event"]["revision"] == 3
        assert [one["revision"] for one in told["revisions"]] == [1, 2, 3]
        assert told["reviews"] == []
        assert missing.status_code == 404
        assert missing.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("type=encountr", "encounter, loitering, port_visit"),
        ("limit=0", "from 1 to 1000"),
        ("limit=1&limit=2", "give it once"),
        ("cursor=x", "`next` of the page before"),
        ("start=yesterday", "2026-03-01T12:00:00Z"),
        ("levle=possible", "type, level, status"),
    ],
)
async def test_invalid_parameters_are_refused_with_what_is_valid(
    query: str, told: str, redis_server: str
) -> None:
    async with (
        in_redis(redis_server) as log,
        served(log.log) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        answer = await client.get(f"/v1/events?{query}")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["status"] == 422
    assert problem["detail"].startswith(query.partition("=")[0])
    assert told in problem["detail"]
