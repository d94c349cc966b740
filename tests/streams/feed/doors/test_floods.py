"""One address does its worst: it connects and says nothing, asks much and reads nothing, guesses tokens.
Others are served, and what waits for it in memory is bounded."""

import asyncio
import gzip
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from models.event import Event
from models.event_filter import EventFilter
from models.review import Review
from streams.feed.doors import answers
from streams.feed.http import server
from streams.feed.log import read_event
from streams.feed.settings import FeedSettings
from streams.feed.stream import client
from streams.feed.stream.hub import Hub
from streams.feed.views import event_pages, exports
from streams.output.exports.form import ExportForm
from streams.store.event_log import BEFORE_ALL
from tests.streams.factories import event
from tests.streams.feed.event_logs import InMemory
from tests.streams.feed.feed_servers import metric_value, served
from tests.waiting import PATIENCE, eventually

STRANGER = "127.0.0.66"
NOTE = "x" * 4_000
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connections(url: str, count: int, request: bytes = b"") -> AsyncIterator[list[Connection]]:
    """So many connections of one stranger, who sends this on each and reads nothing."""
    host, _, port = url.rpartition("/")[2].rpartition(":")
    made: list[Connection] = []
    try:
        for _ in range(count):
            one = await asyncio.open_connection(host, int(port), local_addr=(STRANGER, 0), limit=1_000)
            one[1].write(request)
            made.append(one)
        yield made
    finally:
        for _, writer in made:
            writer.transport.abort()


async def drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(1_000_000):
        pass


async def reviewed(count: int) -> InMemory:
    """A log with so many reviews of one event, each 4 KB long."""
    log = InMemory()
    one = event()
    await log.add([one])
    for number in range(count):
        await log.log.add_review(
            Review(
                id=str(number), event=one.id, revision=1, type=one.type, mmsis=one.mmsis, start=one.start,
                end=one.end, by="me", disposition="watching", note=NOTE, time=one.start,  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return log


async def test_silent_connections_shut_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither others, nor whoever shares the address: a new connection takes the place of a silent one."""
    monkeypatch.setattr(server, "OTHERS_OF_ADDRESS", 20)
    monkeypatch.setattr(server, "OTHERS", 30)
    settings = FeedSettings(streams=1, streams_per_address=1)
    async with served(InMemory().log, settings) as url, connections(url, 200):
        for address in ("127.0.0.2", STRANGER):
            transport = httpx.AsyncHTTPTransport(local_address=address)
            async with httpx.AsyncClient(base_url=url, transport=transport, timeout=PATIENCE) as client:
                for path in ("/healthz", "/v1/events", "/"):
                    assert (await client.get(path)).status_code in (200, 503 if path == "/healthz" else 200)
        assert await metric_value(url, 'tankerwatch_feed_refused_total{reason="connections"}') >= 150


async def test_with_every_place_at_work_health_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OTHERS", 3)
    ask = b"GET /v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with served(InMemory().log, FeedSettings(streams=5)) as url, connections(url, 5, ask) as streams:
        for reader, _ in streams:
            assert b"200" in await reader.readline()
        async with connections(url, 3, ask) as more, httpx.AsyncClient(base_url=url) as client:
            for reader, _ in more:  # refused as streams; these connections are idle now, and give way
                assert b"429" in await reader.readline()
            assert (await client.get("/healthz")).headers["content-type"] == "application/json"


async def test_answers_that_nobody_reads_are_bounded_and_stop_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_pages, "PAGE_BYTES", 300_000)
    log = await reviewed(2_000)  # 8 MB
    await log.add([event(number) for number in range(1, 400)])
    plain = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with (
        served(log.log) as url,
        connections(url, 40, plain % b"/v1/reviews"),
        connections(url, 40, plain % b"/v1/events?limit=1000"),
        httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client,
    ):

        async def waiting() -> bool:
            return await metric_value(url, "tankerwatch_feed_unsent_bytes") > 0

        await eventually(waiting, "answers to wait for the stranger")
        told = (await client.get("/v1/reviews")).json()
        assert len(told["reviews"]) == 2_000
        assert {one["note"] for one in told["reviews"]} == {NOTE}
        most = await metric_value(url, "tankerwatch_feed_unsent_bytes")
    # as many pieces of reviews, or pages of events, as one address may wait for
    assert 0 < most <= answers.AT_WORK * 200 * 4_500


async def test_a_client_that_takes_nothing_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "STALLED", 0.2)
    log = await reviewed(5_000)  # more than the system's buffers take
    request = b"GET /v1/reviews HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with served(log.log) as url, connections(url, 1, request) as ((reader, _),):

        async def gone() -> bool:
            return await metric_value(url, 'tankerwatch_feed_refused_total{reason="slow"}') > 0

        await eventually(gone, "the feed to disconnect it")
        with pytest.raises(ConnectionError):
            await drain(reader)


async def test_files_of_the_page_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(InMemory().log) as url, httpx.AsyncClient(base_url=url) as client:
        land = await client.get("/static/land.geojson", headers={"Accept-Encoding": "identity"})
        monkeypatch.setattr(gzip, "decompress", None)
        monkeypatch.setattr(gzip, "compress", None)
        for _ in range(2):
            again = await client.get("/static/land.geojson", headers={"Accept-Encoding": "identity"})
            packed = await client.get("/static/land.geojson")
            assert again.content == packed.content == land.content
            assert packed.headers["content-encoding"] == "gzip"
        known = {"If-None-Match": land.headers["etag"]}
        assert (await client.get("/static/land.geojson", headers=known)).status_code == 304
        assert (await client.get("/static/..%2f..%2fsettings.py")).status_code == 404


async def test_wrong_tokens_do_not_spend_the_allowance_of_right_ones() -> None:
    settings = FeedSettings(review_tokens="right", requests_per_minute=50, refusals_per_minute=10)
    right = {"Authorization": "Bearer right"}
    async with (
        served(InMemory().log, settings, host="0.0.0.0") as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        wrong = [
            await client.get("/v1/events", headers={"Authorization": f"Bearer {number}"})
            for number in range(100)
        ]
        assert {answer.status_code for answer in wrong[:10]} == {401}
        assert {answer.status_code for answer in wrong[12:]} == {429}
        session = await client.post("/v1/session", json={"token": "guess"})
        assert session.status_code == 429
        assert (await client.get("/v1/events", headers=right)).status_code == 200
        assert (await client.get("/")).status_code == 200
        assert (await client.post("/v1/session", json={"token": "right"})).status_code == 204


async def test_whoever_asks_for_much_lets_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask at a time, the loop reads few events before everyone else has had a turn."""
    log, read = InMemory(), Counter[int]()
    await log.add([event(number) for number in range(200)])
    turn = 0

    def reading(json: bytes) -> Event | None:
        read[turn] += 1
        return read_event(json)

    for module in (event_pages, client):
        monkeypatch.setattr(module, "read_event", reading)
    hub = Hub(log.log, FeedSettings())
    hub.start = hub.last = await log.log.last()  # it does not run; its clients find all in the log
    hub.checked.set()
    hub.ready.set()

    async def caught_up(stream: client.StreamClient) -> None:
        count = 0
        async for chunk in stream.chunks():
            if (count := count + chunk.count) == 200:
                return

    pages = event_pages.every(log.log, EventFilter())
    work = asyncio.gather(
        *(event_pages.page(log.log, EventFilter()) for _ in range(3)),
        *(caught_up(client.StreamClient(hub, EventFilter(), BEFORE_ALL)) for _ in range(3)),
        anext(aiter(exports.flat(pages, ExportForm.KML))),
    )
    while not work.done():
        await asyncio.sleep(0)
        turn += 1
    await work
    assert sum(read.values()) == 3 * 100 + 3 * 200 + 200
    assert max(read.values()) <= client.BATCH
