"""Connections of clients: how to break one off, and a time limit for those that send no whole request."""

import asyncio
import socket
import struct
from collections.abc import Callable, Collection
from typing import Any, Final

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_KEY: Final = "tankerwatch.transport"
_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""For SO_LINGER: the system drops unsent data at once, instead of offering it to the client for minutes."""
SWEEP: Final = 5.0
"""Seconds between two sweeps."""
IDLE: Final = 4
"""A connection without a whole request at this many sweeps in a row is broken off: after twenty seconds."""


class Connection(H11Protocol):
    """A connection whose transport the application can reach by way of the scope."""

    idle = 0
    _last: Any = None  # the request at the last sweep

    def connection_made(  # type: ignore[override]
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        application: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_KEY] = transport
            await application(scope, receive, send)

        self.app = with_transport

    def sweep(self) -> None:
        """Break the connection off if it has been waiting for a request, or the rest of one, for too long."""
        cycle = self.cycle
        at_work = cycle is not None and not cycle.more_body and not cycle.response_complete
        self.idle = 0 if at_work or cycle is not self._last else self.idle + 1
        self._last = cycle
        if self.idle >= IDLE:
            self.transport.abort()


def abort(scope: Scope) -> None:
    """Break off the connection of a request, whatever is still to be written."""
    if (transport := scope.get(_KEY)) is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()


async def sweep(connections: Callable[[], Collection[Any]]) -> None:
    """Sweep all connections every few seconds, until cancelled."""
    while True:
        await asyncio.sleep(SWEEP)
        for connection in list(connections()):
            connection.sweep()
