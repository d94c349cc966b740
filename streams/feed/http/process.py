"""The process of the live feed: logs, Redis, fences and the server, as `tankerwatch feed` starts them."""

import asyncio
import gc
import socket
from collections.abc import Callable, Sequence
from typing import Final

from geofences.fence import Fence
from streams.deployment.config import Deployment
from streams.feed.analysis_settings import AnalysisSettings
from streams.feed.fence_sender import FenceSender
from streams.feed.http import access, server
from streams.feed.http.context import FeedContext
from streams.feed.settings import FeedSettings
from streams.feed.stream.hub import Hub
from streams.feed.views.drawn_fences import FenceDesk
from streams.runtime import logs
from streams.runtime.logs import get_logger
from streams.runtime.redis_client import connect
from streams.store.drawn_fences import DrawnFences
from streams.store.event_log import EventLog

log = get_logger(__name__)
OBJECTS: Final = 5_000
"""New objects after which the garbage collector looks at them: a page of events makes ten times as many."""
NOTE: Final = (
    "A fence counts from the next five minutes of data on. Entries and exits of the vessels that count then "
    "come as events."
)


def run(
    deployment: Deployment,
    settings: FeedSettings,
    fences: Sequence[Fence],
    listening: socket.socket,
    analysis: AnalysisSettings,
) -> None:
    """Serve the event log of the deployment on this socket until a signal ends it.

    `fences` are shown on the map.
    """
    logs.configure()
    tokens, random = access.tokens(settings, listening.getsockname()[0])
    if random is not None:
        log.warning("token_made", token=random,
            remedy="enter it on the page; or set TANKERWATCH_FEED_READ_TOKENS and "
            "TANKERWATCH_FEED_REVIEW_TOKENS",
        )  # fmt: skip

    async def work() -> None:
        client, sender = connect(deployment.redis), FenceSender(deployment)
        try:
            events = EventLog(client, deployment.prefix)
            hub = Hub(events, settings, deployment.redis)
            book = DrawnFences(client, deployment.prefix)
            desk = FenceDesk(book, sender.send, events.newest, NOTE)
            feed = FeedContext(
                events, hub, settings, tuple(fences), tokens=tokens, analysis=analysis, desk=desk
            )
            log.info("feed_started", at=server.url(listening))
            await server.serve(feed, listening, started=_collect_less)
        finally:
            await sender.stop()
            await client.aclose()
        log.info("feed_stopped")

    asyncio.run(work())


def _collect_less(_: Callable[[], None]) -> None:
    """Let the garbage collector pass over what is there at the start (modules, the application, fences), and
    look less often: going through everything takes 120 to 250 ms of CPU time, and nobody is served meanwhile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS)
