"""Connections of clients: how many there may be, how to break one off, and a time limit for idle ones.

Connections cost memory and file descriptors before anything is known of who makes them. So each address may
have some, and all together some more. Where there is no room, a new connection takes the place of one that is
idle: of its own address, or of the address with the most. So connections that send nothing shut nobody out.
"""

import asyncio
import resource
import socket
import struct
from collections.abc import Callable, Collection
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from streams.feed import metrics
from streams.feed.http import problems
from streams.feed.trusted_proxies import TrustedProxies

_TRANSPORT: Final = "tankerwatch.transport"
_SURPLUS: Final = "tankerwatch.surplus"
_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""For SO_LINGER: the system drops unsent data at once, instead of offering it to the client for minutes."""
SWEEP: Final = 5.0
"""Seconds between two sweeps."""
IDLE: Final = 4
"""A connection without a whole request at this many sweeps in a row is broken off: after twenty seconds."""
SURPLUS: Final = 50
"""Connections taken although there are too many, for whoever asks whether the feed is healthy."""
FILES: Final = 200
"""File descriptors kept free of connections."""


class Lobby:
    """Everyone who is connected, by address."""

    def __init__(
        self, most: int, of_address: int, proxies: TrustedProxies, headers: list[tuple[bytes, bytes]]
    ) -> None:
        """`headers` are sent with the answer to what is no HTTP request."""
        self._most, self._of_address, self._proxies = most, of_address, proxies
        self.headers = headers
        self._here: dict[str, dict[Connection, None]] = {}  # by address; oldest first
        self._count = 0

    def limit_to_files(self) -> None:
        """Let the process open as many files as the system allows, and have no more connections than that."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self._most + SURPLUS + FILES
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < allowed:
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
                soft = allowed
        if soft != resource.RLIM_INFINITY:
            self._most = min(self._most, max(soft - SURPLUS - FILES, soft // 2))

    def enter(self, connection: "Connection") -> bool:
        """Take a connection in. Returns False if there is no place for it, not even another's."""
        own = self._here.setdefault(connection.address, {})
        if len(own) >= self._of_address and not self._proxies.trust(connection.address):
            if not _evict(own):
                metrics.REFUSED.labels("connections").inc()
                return False
        elif self._count >= self._most:
            largest = max(self._here.values(), key=len)
            if not _evict(largest):
                if self._count >= self._most + SURPLUS:
                    metrics.REFUSED.labels("connections").inc()
                    return False
                connection.surplus = True
        # evicting the last one of an address has dropped the address
        self._here.setdefault(connection.address, {})[connection] = None
        self._count += 1
        return True

    def leave(self, connection: "Connection") -> None:
        own = self._here.get(connection.address, {})
        if connection in own:
            del own[connection]
            self._count -= 1
        if not own:
            self._here.pop(connection.address, None)


def _evict(connections: Collection["Connection"]) -> bool:
    """Break off the oldest idle one, rather one without any request so far. Returns whether there was one."""
    idle = [connection for connection in connections if not connection.at_work]
    if not idle:
        return False
    chosen = next((connection for connection in idle if connection.cycle is None), idle[0])
    metrics.REFUSED.labels("connections").inc()
    chosen.break_off()
    return True


class Connection(H11Protocol):
    """A connection whose transport the application can reach by way of the scope."""

    lobby: Lobby
    """Of the server; set in a class of its own, because the server makes the connections."""
    idle = 0
    address = ""
    surplus = False
    """Whether there was no place for it: it is answered about the health of the feed only."""
    _last: Any = None  # the request at the last sweep

    def connection_made(  # type: ignore[override]
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if not self.lobby.enter(self):
            self.break_off()
            return
        application: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_TRANSPORT] = transport
            scope[_SURPLUS] = self.surplus
            await application(scope, receive, send)

        self.app = with_transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.lobby.leave(self)
        super().connection_lost(exc)

    @property
    def at_work(self) -> bool:
        """Whether it has a whole request that is not answered yet."""
        cycle = self.cycle
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def break_off(self) -> None:
        self.lobby.leave(self)
        _abort(self.transport)

    def sweep(self) -> None:
        """Break the connection off if it has been waiting for a request, or the rest of one, for too long."""
        self.idle = 0 if self.at_work or self.cycle is not self._last else self.idle + 1
        self._last = self.cycle
        if self.idle >= IDLE:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP request as every other error, unless an answer has begun already."""
        if self.cycle is not None:
            self.cycle.disconnected = True  # whoever works on a request before it has nothing to add
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = problems.response(HTTPStatus.BAD_REQUEST, "this is no valid HTTP request")
            headers = [*answer.raw_headers, (b"connection", b"close"), *self.lobby.headers]
            response = h11.Response(status_code=answer.status_code, headers=headers, reason=b"Bad Request")
            for event in (response, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def class_of(lobby: Lobby) -> type[Connection]:
    """The class of connections that enter this lobby."""
    return type("Connection", (Connection,), {"lobby": lobby})


def abort(scope: Scope) -> None:
    """Break off the connection of a request, whatever is still to be written."""
    if (transport := scope.get(_TRANSPORT)) is not None:
        _abort(transport)


def _abort(transport: asyncio.Transport) -> None:
    with suppress(OSError):  # the client was faster
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()


def closing(scope: Scope) -> bool:
    """Whether the connection of a request is closed, or being closed."""
    transport = scope.get(_TRANSPORT)
    return transport is not None and transport.is_closing()


def is_surplus(scope: Scope) -> bool:
    """Whether there were too many connections when that of this request was made."""
    return bool(scope.get(_SURPLUS))


async def sweep(connections: Callable[[], Collection[Any]]) -> None:
    """Sweep all connections every few seconds, until cancelled."""
    while True:
        await asyncio.sleep(SWEEP)
        for connection in list(connections()):
            connection.sweep()
