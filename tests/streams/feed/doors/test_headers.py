"""Whatever is asked, and whatever fails: each answer has the security headers, and says what is wrong."""

import asyncio

import httpx
import pytest

from models.errors import TankerwatchError
from streams.feed.doors import headers
from streams.feed.settings import FeedSettings
from tests.streams.factories import event
from tests.streams.feed.event_logs import InMemory
from tests.streams.feed.feed_servers import served

REVIEWED = f"/v1/events/{event().id}/review"
GIVEN = {"by": "me", "disposition": "watching"}
BEARER = {"Authorization": "Bearer token"}
MORE = {name.decode(): value.decode() for name, value in headers.fields(FeedSettings())}


async def raw(url: str, request: bytes) -> httpx.Response:
    """The answer to these bytes."""
    host, _, port = url.rpartition("/")[2].rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = [tuple(line.split(": ", 1)) for line in lines]
    return httpx.Response(int(first.split()[1]), headers=fields, content=body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://[\r\n\r\n", 400),
        (b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nOrigin: a\r\nOrigin: b\r\n\r\n", 400),
        (b"GET /v1/events HTTP/1.1\r\nHost: [\r\n\r\n", 400),
        (b"GET /v1/events.atom HTTP/1.1\r\nHost: [::1]:99999999\r\n\r\n", 400),
        (b"GET /v1/events HTTP/1.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /v1/config HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /v1/session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 200),
        (b"GET http://[/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"GET /v1/events/%ff%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nCookie: \xff=;;=\r\n\r\n", 200),
        (b"GET /v1/events HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (b"TRACE /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ],
)
async def test_raw_requests(request_: bytes, status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with served(InMemory().log) as url:
        answer = await raw(url, request_)
    assert answer.status_code == status
    assert MORE.items() <= dict(answer.headers).items()
    if status >= 400:
        assert answer.json()["detail"]
    assert "Traceback" not in caplog.text


async def test_a_failure_of_ours_ends_behind_the_doors(
    monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    log = InMemory()
    await log.add([event()])

    async def fails(*_: object) -> None:
        raise TankerwatchError("out of order")

    async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
        monkeypatch.setattr(log.log, "newest_first", fails)
        for path in ("/v1/events", "/v1/events.csv"):  # also where a file was to be streamed
            failed = await client.get(path)
            assert failed.status_code == 500
            assert MORE.items() <= dict(failed.headers).items()
            assert failed.json()["detail"] == headers.FAILED
        assert (await client.get("/v1/config")).status_code == 200
    assert logged.text.count("request_failed") == 2
    assert "out of order" in logged.text


@pytest.mark.parametrize(
    ("tokens", "more", "status"),
    [
        ("", {}, 201),  # no browser
        ("", {"Sec-Fetch-Site": "same-origin"}, 201),
        ("", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("", {"Sec-Fetch-Site": "same-site"}, 403),
        ("", {"Sec-Fetch-Site": "none"}, 403),
        ("", {"Sec-Fetch-Mode": "no-cors"}, 403),
        ("", {"Sec-Fetch-Mode": "no-cors", **BEARER}, 403),  # there is no token that could be right
        ("token", BEARER, 201),
        ("token", {"Sec-Fetch-Mode": "no-cors", **BEARER}, 201),
        ("token", {"Sec-Fetch-Mode": "no-cors", "Cookie": "tankerwatch_token=token"}, 403),
        ("token", {"Sec-Fetch-Site": "same-origin", "Cookie": "tankerwatch_token=token"}, 201),
    ],
)
async def test_a_browser_says_where_a_change_comes_from(
    tokens: str, more: dict[str, str], status: int
) -> None:
    log = InMemory()
    await log.add([event()])
    async with (
        served(log.log, FeedSettings(review_tokens=tokens)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        answer = await client.post(REVIEWED, json=GIVEN, headers=more)
    assert answer.status_code == status
    assert MORE.items() <= dict(answer.headers).items()
