"""A live source that sends us UDP datagrams, each of one or more lines."""

import asyncio
import socket
from collections import deque
from typing import Final

from models.time import Millis
from streams.ingest.counters import Counters
from streams.ingest.intake import Intake, utc_now
from streams.ingest.sources.address import AddressError, UdpAddress
from streams.runtime.logs import RateLimit, get_logger
from streams.runtime.tasks import finish

log = get_logger(__name__)

QUEUE_BYTES: Final = 1 << 22
"""Datagrams that wait for room in the outbox. Nobody can be told to wait, so more than that is dropped."""
_SOCKET_BUFFER: Final = 1 << 22
_OVERHEAD: Final = 100  # of a datagram in the queue, so that empty ones count too


class UdpFeed:
    """Binds at once: raises AddressError where the port can't be had."""

    def __init__(self, address: UdpAddress, counters: Counters) -> None:
        self._counters = counters
        self._socket = _bind(address)
        self._queue: deque[tuple[bytes, Millis]] = deque()
        self._queued = 0
        self._arrived = asyncio.Event()
        self._complain = RateLimit()
        self._dropped = 0  # datagrams since the last complaint
        self._source = address.text

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    async def run(self, intake: Intake) -> None:
        """Take datagrams in until cancelled. Those that have arrived by then are taken in, too."""
        self._source = intake.source
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._receive)
        log.info("listening", source=intake.source, port=self.port)
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                await self._hand_over(intake)
        finally:
            loop.remove_reader(self._socket)
            self._receive()
            self._socket.close()
            await finish(self._hand_over(intake))

    async def _hand_over(self, intake: Intake) -> None:
        while self._queue:
            data, received = self._queue.popleft()
            self._queued -= len(data) + _OVERHEAD
            await intake.feed(data, received, ends_line=True)

    def _receive(self) -> None:
        """Empty the socket as long as there is something, but for so many that others have their turn."""
        for _ in range(1_000):
            try:
                data = self._socket.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP error of an earlier datagram, for one
                log.warning("receive_failed", source=self._source, error=error.strerror)
                return
            self._counters.datagrams += 1
            if not data:
                continue
            if self._queued + len(data) + _OVERHEAD > QUEUE_BYTES:
                self._drop(data)
                continue
            self._queue.append((data, utc_now()))
            self._queued += len(data) + _OVERHEAD
            self._arrived.set()

    def _drop(self, data: bytes) -> None:
        self._dropped += 1
        self._counters.dropped_datagrams += 1
        self._counters.dropped_lines += data.count(b"\n") + (not data.endswith(b"\n"))
        if self._complain():
            log.error("datagrams_dropped", source=self._source, datagrams=self._dropped,
                total=self._counters.dropped_datagrams, reason="the buffer is full")  # fmt: skip
            self._dropped = 0


def _bind(address: UdpAddress) -> socket.socket:
    host = address.host or "0.0.0.0"  # noqa: S104 (`udp://:10110` means every interface)
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, address.port, type=socket.SOCK_DGRAM)[0]
    except OSError:
        raise AddressError(
            f"{address.text}: the host {host} is unknown; give an address of this host"
        ) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER)
        listener.setblocking(False)
        listener.bind(place)
    except OSError as error:
        listener.close()
        reason = error.strerror or "not possible"
        raise AddressError(
            f"{address.text}: can't listen on port {address.port} ({reason}); choose another"
        ) from None
    return listener
