"""Behind a reverse proxy, each client has its own allowance, and can't pass for another."""

from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from streams.feed.doors.proxies import ProxiedRequests
from streams.feed.settings import FeedSettings
from streams.feed.trusted_proxies import TrustedProxies
from tests.streams.feed.event_logs import InMemory
from tests.streams.feed.feed_servers import served

PROXIES = TrustedProxies("10.0.0.0/8, 2001:db8::1")
FORWARDED, USUAL, SCHEME = "forwarded", "x-forwarded-for", "x-forwarded-proto"


async def seen(peer: str, **headers: str) -> tuple[str, str] | int:
    """The client and scheme that the application sees, or the status of a refusal."""
    found: list[Any] = []

    async def application(scope: MutableMapping[str, Any], *_: Any) -> None:
        found.append((scope["client"][0], scope["scheme"]))

    async def send(message: MutableMapping[str, Any]) -> None:
        found.append(message.get("status"))

    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": fields}
    await ProxiedRequests(application, PROXIES)(scope, None, send)  # type: ignore[arg-type]
    one: tuple[str, str] | int = found[0]
    return one


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (FORWARDED, "for=192.0.2.1", ("192.0.2.1", "http")),
        (FORWARDED, 'for="192.0.2.1:4711";proto=https;by=10.1.1.1', ("192.0.2.1", "https")),
        (FORWARDED, 'For="[2001:db8:cafe::17]:4711"', ("2001:db8:cafe::17", "http")),
        (FORWARDED, "for=192.0.2.1, for=192.0.2.9, for=10.2.2.2", ("192.0.2.9", "http")),
        (FORWARDED, "for=192.0.2.1;proto=https, for=192.0.2.9;proto=http", ("192.0.2.9", "http")),
        (FORWARDED, "for=_hidden", ("_hidden", "http")),
        (FORWARDED, "for=10.3.3.3", ("10.3.3.3", "http")),
        (USUAL, "192.0.2.1", ("192.0.2.1", "http")),
        (USUAL, "1.1.1.1, 192.0.2.1:80, 10.0.0.7", ("192.0.2.1", "http")),
        (USUAL, "2001:db8::2, 2001:db8::1", ("2001:db8::2", "http")),
        (FORWARDED, "for", 400),
        (FORWARDED, 'for="', 400),
        (FORWARDED, "for=192.0.2.999", 400),
        (FORWARDED, "for=a" * 2_000, 400),
        (USUAL, "<script>", 400),
        (USUAL, ",", 400),
    ],
)
async def test_of_a_trusted_proxy(name: str, value: str, expected: Any) -> None:
    assert await seen("10.0.0.1", **{name: value}) == expected
    assert await seen("192.0.2.77", **{name: value}) == ("192.0.2.77", "http")  # anybody else


async def test_headers_that_contradict_each_other_are_refused() -> None:
    """A proxy writes one of them. The other may come from the client."""
    assert await seen("10.0.0.1", **{FORWARDED: "for=1.1.1.1", USUAL: "192.0.2.1"}) == 400
    same = {FORWARDED: "for=192.0.2.1;proto=https", USUAL: "192.0.2.1", SCHEME: "https"}
    assert await seen("10.0.0.1", **same) == ("192.0.2.1", "https")


async def test_clients_of_a_proxy_have_allowances_of_their_own() -> None:
    settings = FeedSettings(trusted_proxies="127.0.0.1", requests_per_minute=5)
    async with served(InMemory().log, settings) as url, httpx.AsyncClient(base_url=url) as client:

        async def ask(host: str) -> int:
            return (await client.get("/v1/config", headers={"X-Forwarded-For": host})).status_code

        assert [await ask("192.0.2.1") for _ in range(7)][-1] == 429
        assert await ask("192.0.2.2") == 200
        assert await ask("192.0.2.3, 192.0.2.1") == 429  # what the client wrote is not believed
        refused = await client.get("/v1/config", headers={"X-Forwarded-For": "?"})
        assert refused.status_code == 400
        assert "content-security-policy" in refused.headers
