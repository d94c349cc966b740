"""The process of the feed, as the command starts it: logs, Redis, the catalogue of fences, the server."""

import asyncio
import logging
import socket
from collections.abc import Sequence

from geofences.fence import Fence
from streams.deployment.config import Deployment
from streams.feed.http import access, server
from streams.feed.http.context import FeedContext
from streams.feed.settings import FeedSettings
from streams.feed.stream.hub import Hub
from streams.runtime import logs
from streams.runtime.logs import say
from streams.store.event_log import EventLog, connect

log = logging.getLogger(__name__)


def run(
    deployment: Deployment, settings: FeedSettings, fences: Sequence[Fence], listening: socket.socket
) -> None:
    """Until a signal ends it. `fences` are those of the map."""
    logs.configure()
    tokens, made = access.tokens(settings, listening.getsockname()[0])
    if made is not None:
        say(
            log, logging.WARNING, "token_made", token=made,
            remedy="enter it on the page; set TANKERWATCH_FEED_READ_TOKENS, TANKERWATCH_FEED_REVIEW_TOKENS",
        )  # fmt: skip

    async def work() -> None:
        client = connect(deployment.redis)
        try:
            events = EventLog(client, deployment.prefix)
            hub = Hub(events, settings, deployment.redis)
            feed = FeedContext(events, hub, settings, tuple(fences), tokens=tokens)
            say(log, logging.INFO, "feed_started", at=server.url(listening))
            await server.serve(feed, listening)
        finally:
            await client.aclose()
        say(log, logging.INFO, "feed_stopped")

    asyncio.run(work())
