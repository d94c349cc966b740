"""The server: the application on a port until a signal ends it, with the hub beside it."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from streams.feed.doors import headers
from streams.feed.http.app import create_app
from streams.feed.http.connections import Lobby, class_of, sweep
from streams.feed.http.context import FeedContext
from streams.feed.stream.hub import Hub
from streams.feed.trusted_proxies import TrustedProxies
from streams.runtime.tasks import until_done

OTHERS: Final = 500
"""Connections allowed besides the streams."""
OTHERS_OF_ADDRESS: Final = 50
"""The same for one address."""
GRACE: Final = 3
"""Seconds that requests get to finish when the server ends."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at this address; port 0 takes any free port. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=1_024)
    # Accepted connections inherit this. asyncio sets it only on sockets that it has opened itself.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def url(listening: socket.socket) -> str:
    """The address under which a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not bound)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


async def serve(
    feed: FeedContext,
    listening: socket.socket,
    beside: Sequence[Coroutine[Any, Any, None]] = (),
    started: Callable[[Callable[[], None]], object] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    `beside` runs as long as the server does. If any of it fails, the server ends with that error. `started`
    is called once with a function that ends the server as a signal would.
    """
    settings = feed.settings
    lobby = Lobby(
        settings.streams + OTHERS,
        settings.streams_per_address + OTHERS_OF_ADDRESS,
        TrustedProxies(settings.trusted_proxies),
        list(headers.fields(settings)),
    )
    lobby.limit_to_files()
    config = uvicorn.Config(
        create_app(feed),
        http=class_of(lobby),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config, feed.hub)
    parts = [feed.hub.run(), feed.streams.watch(), sweep(lambda: server.server_state.connections)]
    parts += [feed.watch_fences()] if feed.desk is not None else []
    parts += beside
    started(lambda: server.handle_exit(signal.SIGTERM, None))
    await until_done(server.serve([listening]), parts)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()  # streams do not end by themselves
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but the signal is not raised again afterwards: it has done what it was sent for."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
