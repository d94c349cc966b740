"""Connections: those that send no complete request are closed, those with a request at work are not."""

import asyncio
from contextlib import suppress

import pytest

from streams.feed.http import connections
from tests.streams.feed.event_logs import InMemory
from tests.streams.feed.feed_servers import next_message, served, streaming
from tests.waiting import PATIENCE

HALF_A_BODY = b"POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{"


@pytest.mark.parametrize("sent", [b"", b"GET /v1/config HTT", HALF_A_BODY], ids=["nothing", "line", "body"])
async def test_a_connection_without_a_complete_request_is_closed(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SWEEP", 0.05)
    async with served(InMemory().log) as url, streaming(url) as messages:
        host, _, port = url.rpartition("/")[2].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
        for _ in range(3):  # the stream has been open for longer
            await next_message(messages, "heartbeat")
