"""The server: the application on a port until a signal ends it, hub and time machine beside it."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from streams.feed.http.app import create_app
from streams.feed.http.connections import Connection, sweep
from streams.feed.http.context import FeedContext
from streams.feed.http.stream_response import Streams
from streams.feed.stream.hub import Hub
from streams.runtime.tasks import until_done

OTHERS: Final = 500
"""Connections beside the streams; more are told to come back."""
GRACE: Final = 3
"""Seconds that requests have to come to their end."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, port 0 for any. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=1_024)
    # connections have this from it; asyncio sees to it only for sockets that it has made itself
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def url(listening: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


async def serve(
    feed: FeedContext,
    listening: socket.socket,
    beside: Sequence[Coroutine[Any, Any, None]] = (),
    started: Callable[[Callable[[], None]], object] = lambda _: None,
) -> None:
    """Until SIGINT or SIGTERM, or until what `started` is given is called.

    What runs `beside` it ends with it; what fails there ends all.
    """
    streams = Streams(feed.hub, feed.settings)
    config = uvicorn.Config(
        create_app(feed, streams),
        http=Connection,
        limit_concurrency=feed.settings.streams + OTHERS,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config, feed.hub)
    parts = [feed.hub.run(), streams.watch(), sweep(lambda: server.server_state.connections), *beside]
    if feed.player is not None:
        parts.append(feed.player.run())
    started(lambda: server.handle_exit(signal.SIGTERM, None))
    await until_done(server.serve([listening]), parts)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()  # streams have no end of their own
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Without uvicorn's raising the signal again afterwards: the end is an orderly one."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
