"""A live source behind a TCP port, as receivers and forwarders offer it."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from streams.ingest.counters import Counters
from streams.ingest.intake import Intake
from streams.ingest.sources.address import TcpAddress
from streams.ingest.sources.reconnect import keep_connected, readable
from streams.runtime.backoff import Delays
from streams.runtime.logs import get_logger
from streams.runtime.tasks import finish

log = get_logger(__name__)

_READ: Final = 1 << 16
_CONNECT_SECONDS: Final = 10.0


class TcpFeed:
    def __init__(self, address: TcpAddress, counters: Counters, delays: Delays) -> None:
        self._address, self._counters, self._delays = address, counters, delays

    async def run(self, intake: Intake) -> None:
        """Read until cancelled. What has arrived by then is taken in, too."""

        async def attempt(connected: Callable[[], None]) -> None:
            await self._read(intake, connected)

        await keep_connected(attempt, intake, self._counters, self._delays)

    async def _read(self, intake: Intake, connected: Callable[[], None]) -> None:
        async with asyncio.timeout(_CONNECT_SECONDS):
            connection = await _connect(self._address.host, self._address.port)
        with connection:
            _notice_dead_peer(connection)
            log.info("connected", source=intake.source)
            try:
                while True:
                    await readable(connection)
                    data = connection.recv(_READ)
                    if not data:
                        return
                    connected()
                    await intake.feed(data)
            except asyncio.CancelledError:
                await finish(_take_rest(connection, intake))
                raise


async def _connect(host: str, port: int) -> socket.socket:
    """Connect to the first address of the host that accepts. Raises OSError."""
    loop = asyncio.get_running_loop()
    failed: OSError = ConnectionError("the host has no address")
    for family, kind, protocol, _, place in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, place)
            return connection
        except OSError as error:
            connection.close()
            failed = error
        except BaseException:
            connection.close()
            raise
    raise failed


async def _take_rest(connection: socket.socket, intake: Intake) -> None:
    """What has arrived by now, up to the size of the system's buffer: the other side may send forever."""
    rest = connection.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    with suppress(OSError):
        while rest > 0 and (data := connection.recv(_READ)):
            rest -= len(data)
            await intake.feed(data)


def _notice_dead_peer(connection: socket.socket) -> None:
    """Notice within about a minute that the peer has vanished, although we never send."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
