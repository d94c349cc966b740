"""Connections: those that send no complete request are closed, those with a request at work are not."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import pytest

from streams.feed.http import connections, server
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


async def test_a_connection_that_is_used_again_and_again_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Callable[[], Collection[Any]]] = []

    async def no_sweeps(open_connections: Callable[[], Collection[Any]]) -> None:
        found.append(open_connections)
        await asyncio.Event().wait()

    monkeypatch.setattr(server, "sweep", no_sweeps)
    async with served(InMemory().log) as url:
        host, _, port = url.rpartition("/")[2].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        async with asyncio.timeout(PATIENCE):
            for _ in range(2 * connections.IDLE):
                writer.write(b"HEAD /v1/config HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b" 405 " in (await reader.readuntil(b"\r\n\r\n")).splitlines()[0]
                for connection in found[0]():  # it has no request at this moment
                    connection.sweep()
        writer.close()
