"""Keeps a live source connected: one attempt after the other, with growing waits between them."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from models.errors import TankerwatchError
from streams.ingest.counters import Counters
from streams.ingest.intake import Intake
from streams.runtime.backoff import Backoff, Delays
from streams.runtime.logs import get_logger

log = get_logger(__name__)


class FeedError(TankerwatchError):
    """The other side refuses us, or breaks its own rules. The text says how."""


Attempt = Callable[[Callable[[], None]], Awaitable[None]]
"""Connects and takes data in until the connection ends. Calls its argument once data have come."""


async def keep_connected(attempt: Attempt, intake: Intake, counters: Counters, delays: Delays) -> None:
    """Make attempts until cancelled."""
    backoff = Backoff(delays)
    while True:
        try:
            await attempt(backoff.reset)
            reason = "the other side ended the connection"
        except (OSError, FeedError) as error:  # TimeoutError is an OSError
            reason = explain(error)
        await intake.end_line()
        wait = backoff.next()
        counters.reconnects += 1
        log.warning("disconnected", source=intake.source, error=reason, retry_in_s=wait)
        await asyncio.sleep(wait)


def explain(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return f"the host is unknown ({error.strerror})"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there (connection refused)"
    if isinstance(error, TimeoutError):
        return str(error) or "no answer in time"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


async def readable(descriptor: int | socket.socket) -> None:
    """Wait until there is something to read, without reading it: when cancelled, nothing is lost."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def set_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, set_ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
