"""A live source that sends us UDP datagrams, each of one or more lines."""

import asyncio
import socket
import struct
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
"""Bytes of datagrams that may wait for room in the outbox. Senders can't wait, so more is dropped."""
_SOCKET_BUFFER: Final = 1 << 22
_SO_MEMINFO: Final = 55
"""Option of a Linux socket, of nine 32-bit numbers (SK_MEMINFO_VARS in linux/sock_diag.h)."""
_MEMINFO: Final = struct.Struct("9I")
_DROPS: Final = 8  # SK_MEMINFO_DROPS: datagrams dropped since the socket was made, as SO_RXQ_OVFL tells them
_OVERHEAD: Final = 100  # of a datagram in the queue, so that empty ones count too


class UdpFeed:
    """Binds at once. Raises AddressError if the port can't be used."""

    def __init__(self, address: UdpAddress, counters: Counters) -> None:
        self._counters = counters
        self._socket = _bind(address)
        self._queue: deque[tuple[bytes, Millis]] = deque()
        self._queued = 0
        self._arrived = asyncio.Event()
        self._complain = RateLimit()
        self._dropped = 0  # datagrams since the last complaint
        self._kernel_dropped = 0  # since the socket was made
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
        """Take what has arrived, and count what the kernel dropped meanwhile."""
        self._empty_socket()
        self._count_kernel_drops()

    def _empty_socket(self) -> None:
        """Take datagrams as long as there are any, at most so many that other tasks have their turn."""
        for _ in range(1_000):
            try:
                data = self._socket.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError as error:  # such as an ICMP error of an earlier datagram
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
        self._counters.dropped_datagrams += 1
        self._counters.dropped_lines += data.count(b"\n") + (not data.endswith(b"\n"))
        self._complain_of(1, "the buffer is full")

    def _count_kernel_drops(self) -> None:
        """Count what the kernel dropped since the last call, where it says so (Linux from 4.12 on)."""
        try:
            found = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
            dropped = _MEMINFO.unpack(found)[_DROPS]
        except (OSError, struct.error):
            return
        new, self._kernel_dropped = (dropped - self._kernel_dropped) % (1 << 32), dropped
        if new:
            self._counters.kernel_dropped_datagrams += new
            self._complain_of(new, "the kernel's buffer is full; raise net.core.rmem_max")

    def _complain_of(self, dropped: int, reason: str) -> None:
        self._dropped += dropped
        if self._complain():
            total = self._counters.dropped_datagrams + self._counters.kernel_dropped_datagrams
            log.error("datagrams_dropped", source=self._source, datagrams=self._dropped, total=total,
                reason=reason)  # fmt: skip
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
