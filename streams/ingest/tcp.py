"""A live source behind a TCP port, as receivers and forwarders offer it."""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from streams.ingest.address import TcpAddress
from streams.ingest.backoff import Delays
from streams.ingest.counters import Counters
from streams.ingest.intake import Intake
from streams.ingest.log import say
from streams.ingest.reconnect import keep_connected

_READ: Final = 1 << 16
_CONNECT_SECONDS: Final = 10.0


class TcpFeed:
    def __init__(self, address: TcpAddress, counters: Counters, delays: Delays) -> None:
        self._address, self._counters, self._delays = address, counters, delays

    async def run(self, intake: Intake) -> None:
        """Read until cancelled; what had arrived by then is taken in."""

        async def attempt(connected: Callable[[], None]) -> None:
            await self._read(intake, connected)

        await keep_connected(attempt, intake, self._counters, self._delays)

    async def _read(self, intake: Intake, connected: Callable[[], None]) -> None:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(self._address.host, self._address.port)
        try:
            _notice_dead_peer(writer.get_extra_info("socket"))
            say(logging.INFO, "connected", source=intake.source)
            try:
                while data := await reader.read(_READ):
                    connected()
                    await intake.feed(data)
            except asyncio.CancelledError:
                with suppress(OSError, RuntimeError):
                    writer.transport.pause_reading()  # type: ignore[attr-defined]
                reader.feed_eof()  # what has arrived so far is all
                with suppress(OSError):
                    await intake.feed(await reader.read())
                raise
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _notice_dead_peer(connection: socket.socket) -> None:
    """A peer that vanished without a word is found out within about a minute, though we never send."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
