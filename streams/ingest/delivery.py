"""Runs what fills the outbox and the sender that empties it, until the end or a stop."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from streams.ingest.counters import Counters
from streams.ingest.outbox import Outbox
from streams.ingest.sender import KafkaTarget, Sender
from streams.runtime.logs import get_logger
from streams.runtime.tasks import end

log = get_logger(__name__)

GRACE_SECONDS: Final = 10.0
"""How long a stop waits for Kafka to acknowledge the last frames."""
_TOLD_SECONDS: Final = 60.0


async def deliver(
    feeding: Coroutine[Any, Any, None],
    target: KafkaTarget,
    outbox: Outbox,
    counters: Counters,
    stop: asyncio.Event,
    *,
    grace: float = GRACE_SECONDS,
) -> None:
    """Run until Kafka has everything. After `stop`, wait for that for `grace` seconds at most.

    `stop` cancels `feeding`, which then still puts its last frames. Raises what it or the sender raises.
    """
    feed = asyncio.create_task(feeding)
    send = asyncio.create_task(Sender(target, outbox, counters).run())
    halt = asyncio.create_task(stop.wait())
    tell = asyncio.create_task(_tell(counters))
    drain: asyncio.Task[None] | None = None
    try:
        await asyncio.wait([feed, send, halt], return_when=asyncio.FIRST_COMPLETED)
        if not feed.done():
            outbox.closing = True
            await _end(feed)
        if send.done():
            send.result()
        if not feed.cancelled():
            feed.result()
        drain = asyncio.create_task(outbox.drained())
        await asyncio.wait([drain, send, halt], return_when=asyncio.FIRST_COMPLETED)
        if not drain.done() and halt.done():
            await asyncio.wait([drain, send], timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        if send.done():
            send.result()
    finally:
        outbox.closing = True
        for task in (feed, halt, tell, send, drain):
            if task is not None:
                await _end(task)
        outbox.close()
        log.info("ended", **counters.as_dict())


async def _end(task: asyncio.Task[Any]) -> None:
    await end(task)
    with suppress(asyncio.CancelledError, Exception):  # its error is raised where its result is used
        task.result()


async def _tell(counters: Counters) -> None:
    while True:
        await asyncio.sleep(_TOLD_SECONDS)
        log.info("counters", **counters.as_dict())
