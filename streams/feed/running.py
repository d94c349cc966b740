"""The process of the feed, as the command starts it: logs, Redis, the catalogue of fences, the server."""

import asyncio
import logging
import socket

import redis.asyncio as redis

from geofences.catalogue import load_catalogue
from streams import logs
from streams.deployment import Deployment
from streams.feed import access, server
from streams.feed.feed import Feed
from streams.feed.hub import Hub
from streams.feed.redis_log import RedisLog
from streams.feed.settings import FeedSettings
from streams.logs import say

log = logging.getLogger(__name__)


def run(deployment: Deployment, settings: FeedSettings, listening: socket.socket) -> None:
    """Until a signal ends it."""
    logs.configure()
    tokens, made = access.tokens(settings, listening.getsockname()[0])
    if made is not None:
        say(
            log, logging.WARNING, "token_made", token=made,
            remedy="enter it on the page; set TANKERWATCH_FEED_READ_TOKENS, TANKERWATCH_FEED_REVIEW_TOKENS",
        )  # fmt: skip

    async def work() -> None:
        client = redis.from_url(
            deployment.redis,
            retry=None,
            socket_connect_timeout=5,
            socket_timeout=30,
            health_check_interval=10,
        )
        try:
            events = RedisLog(client, deployment.prefix)
            hub = Hub(events, settings, deployment.redis)
            feed = Feed(events, hub, settings, load_catalogue(), tokens=tokens)
            at = server.url(listening)
            await server.serve(feed, listening, started=lambda: say(log, logging.INFO, "feed_started", at=at))
        finally:
            await client.aclose()
        say(log, logging.INFO, "feed_stopped")

    asyncio.run(work())
