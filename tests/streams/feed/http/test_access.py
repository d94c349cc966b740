"""Access: tokens, host names, origins and limits; and that loopback needs no token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from streams.feed.doors.headers import policy
from streams.feed.http.access import (
    Rates,
    Tokens,
    address,
    is_loopback,
    tokens,
)
from streams.feed.settings import FeedSettings, from_environment
from streams.runtime.environment import VariableError
from tests.streams.contracts.validators import ROOT
from tests.streams.factories import event
from tests.streams.feed.event_logs import InMemory
from tests.streams.feed.feed_servers import (
    metric_value,
    next_message,
    served,
    streaming,
)

READ, REVIEW = "reads-only", "may-review"
BOTH = FeedSettings(read_tokens=READ, review_tokens=REVIEW, heartbeat_seconds=0.2)
GIVEN = {"by": "me", "disposition": "watching"}
REVIEWED = f"/v1/events/{event().id}/review"


@asynccontextmanager
async def client_of(settings: FeedSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a feed with these settings, which has one event."""
    log = InMemory()
    await log.add([event()])
    async with served(log.log, settings) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_loopback_needs_no_token() -> None:
    async with client_of(FeedSettings()) as client:
        assert (await client.get("/v1/events")).status_code == 200
        assert (await client.post(REVIEWED, json=GIVEN)).status_code == 201


def test_beyond_loopback_a_token_is_made_if_none_is_set() -> None:
    given, made = tokens(FeedSettings(), "0.0.0.0")
    assert made
    assert given.may_read(made)
    assert given.may_review(made)
    assert tokens(FeedSettings(), "127.0.0.1") == (Tokens(), None)
    assert tokens(FeedSettings(hosts="feed.example.org"), "127.0.0.1")[1]  # a proxy lets others in
    assert tokens(BOTH, "0.0.0.0") == (Tokens(frozenset({READ}), frozenset({REVIEW})), None)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("feed.example.org", False)],
)  # fmt: skip
def test_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


async def test_a_token_allows_what_it_is_for() -> None:
    async with client_of(BOTH) as client:
        for path in ("/", "/v1/config", "/healthz", "/openapi.json"):
            assert (await client.get(path)).status_code in (200, 503)
        for path in ("/v1/events", "/v1/events/stream", "/v1/vessels", "/metrics", "/v1/reviews"):
            refused = await client.get(path)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert (await client.get(path, headers=bearer("wrong"))).status_code == 401
        assert (await client.get("/v1/config")).json()["tokens"] == {"read": True, "review": True}
        assert (await client.get("/v1/events", headers=bearer(READ))).status_code == 200
        assert (await client.get("/v1/events", headers=bearer(REVIEW))).status_code == 200
        assert (await client.post(REVIEWED, json=GIVEN)).status_code == 401
        assert (await client.post(REVIEWED, json=GIVEN, headers=bearer(READ))).status_code == 403
        assert (await client.post(REVIEWED, json=GIVEN, headers=bearer(REVIEW))).status_code == 201


async def test_a_session_keeps_the_token_in_a_cookie_closed_to_scripts_and_other_sites() -> None:
    async with client_of(BOTH) as client:
        assert (await client.post("/v1/session", json={"token": "wrong"})).status_code == 401
        kept = await client.post("/v1/session", json={"token": READ})
        assert kept.status_code == 204
        header = kept.headers["set-cookie"]
        assert "; HttpOnly" in header
        assert "; SameSite=Strict" in header
        assert (await client.get("/v1/events")).status_code == 200  # the client sends the cookie
        url = str(client.base_url).rstrip("/")
        async with streaming(url, Cookie=f"tankerwatch_token={READ}") as messages:
            await next_message(messages, "heartbeat")
        behind = await client.post(
            "/v1/session", json={"token": READ}, headers={"X-Forwarded-Proto": "https"}
        )
        assert "; Secure" in behind.headers["set-cookie"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),  # a stranger's host name that leads here
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 201),
        ({"Host": "[::1]:8080"}, 201),
    ],
)
async def test_pages_of_other_sites_can_do_nothing(headers: dict[str, str], status: int) -> None:
    async with client_of(FeedSettings()) as client:
        assert (await client.post(REVIEWED, json=GIVEN, headers=headers)).status_code == status


async def test_a_host_name_of_the_settings_is_answered() -> None:
    async with client_of(FeedSettings(hosts="feed.example.org", read_tokens=READ)) as client:
        for host, status in (("feed.example.org", 200), ("other.example.org", 421), ("localhost", 200)):
            headers = {"Host": host, **bearer(READ)}
            assert (await client.get("/v1/events", headers=headers)).status_code == status


async def test_too_many_requests_are_refused_with_a_time_to_wait() -> None:
    async with client_of(FeedSettings(requests_per_minute=10)) as client:
        answers = [await client.get("/v1/config") for _ in range(12)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert answers[0].status_code == 200
        assert int(refused[0].headers["retry-after"]) >= 1
        assert refused[0].json()["detail"].startswith("too many requests")


def test_rates_by_address() -> None:
    now = 0.0
    rates = Rates(60, lambda: now)
    assert [rates.take("a") for _ in range(60)] == [0.0] * 60
    assert rates.take("a") == pytest.approx(1.0)
    assert rates.take("b") == 0.0
    now = 2.0
    assert [rates.take("a") for _ in range(3)] == [0.0, 0.0, pytest.approx(1.0)]
    now = 10_000.0
    assert [rates.take("a") for _ in range(61)][-1] > 0  # at most a minute's worth is saved


def test_addresses_of_one_ipv6_network_are_counted_together() -> None:
    def of(host: str) -> str:
        return address({"client": (host, 1)})

    assert of("2001:db8::1") == of("2001:db8::ffff:1") != of("2001:db8:0:1::1")
    assert of("192.0.2.1") != of("192.0.2.2")


async def test_streams_are_limited_and_free_again_when_closed() -> None:
    settings = FeedSettings(streams=3, streams_per_address=2, heartbeat_seconds=0.2)

    async with client_of(settings) as client:
        url = str(client.base_url).rstrip("/")
        async with streaming(url) as one, streaming(url) as two:
            await next_message(one, "heartbeat")
            await next_message(two, "heartbeat")
            refused = await client.get("/v1/events/stream")
            assert refused.status_code == 429
            assert refused.headers["retry-after"]
        while await metric_value(url, "tankerwatch_feed_streams"):
            await asyncio.sleep(0.02)
        async with streaming(url) as three:
            await next_message(three, "heartbeat")


async def test_long_and_invalid_bodies_are_refused() -> None:
    async def in_parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1_000

    async with client_of(FeedSettings()) as client:
        for content in (b" " * 100_000, in_parts()):
            long = await client.post(REVIEWED, content=content)
            assert long.status_code == 413
            assert long.json()["detail"] == "the body is longer than 64,000 bytes; send less"
        for body in (b"", b"[]", b'{"by":""}', b"\xff", b'{"by":"a","disposition":"maybe"}', b"[" * 10_000):
            answer = await client.post(REVIEWED, content=body)
            assert answer.status_code == 422
            assert answer.json()["detail"].startswith("body: ")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/events", "GET"),
        ("PUT", REVIEWED, "POST"),
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/static/main.js", "GET, HEAD"),
        ("PUT", "/v1/replay", ""),
    ],
)
async def test_a_wrong_method_is_refused_with_the_right_ones(method: str, path: str, allowed: str) -> None:
    async with client_of(FeedSettings()) as client:
        answer = await client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == (405 if allowed else 404)
    assert answer.headers.get("allow", "") == allowed


async def test_every_response_has_the_security_headers() -> None:
    async with client_of(FeedSettings()) as client:
        for path in ("/", "/v1/events", "/v1/none", "/v1/events?x=1", "/static/none"):
            headers = (await client.get(path)).headers
            assert headers["content-security-policy"] == policy(FeedSettings())
            assert headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in headers
            assert "server" not in headers


def test_the_policy_allows_only_the_tiles_of_the_settings() -> None:
    assert "unsafe" not in policy(FeedSettings())
    set_ = FeedSettings(tiles_url="https://{s}.tile.example.org/{z}/{x}/{y}.png")
    assert "img-src 'self' data: https://*.tile.example.org;" in policy(set_)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("STREAMS", "none"), ("STREAMS", "0"), ("READ_TOKENS", "a;b"), ("TILES_URL", "x y")],
)
def test_an_invalid_setting_is_refused_by_the_name_of_its_variable(variable: str, value: str) -> None:
    with pytest.raises(VariableError, match=rf"^TANKERWATCH_FEED_{variable}\b"):
        from_environment({f"TANKERWATCH_FEED_{variable}": value})


def test_the_guide_names_every_setting() -> None:
    guide = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in guide.splitlines() if line.startswith("| `TANKERWATCH_FEED_"))
    for name in FeedSettings.__struct_fields__:
        assert f"_{name.upper()}`" in rows


def test_settings_from_the_environment() -> None:
    found = from_environment({"TANKERWATCH_FEED_STREAMS": "5", "TANKERWATCH_FEED_HOSTS": "a.example"})
    assert found == FeedSettings(streams=5, hosts="a.example")
