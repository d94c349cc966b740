"""What the commands call: a session or a publication in an event loop, with signals and logs."""

import asyncio
import hashlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.time import Millis
from streams.ingest import publish as publishing
from streams.ingest.counters import Counters
from streams.ingest.sender import KafkaTarget, hush_client
from streams.ingest.session import IngestOptions, Session
from streams.runtime import logs
from streams.runtime.ingest_log import LOG


def ingest(sources: Sequence[str], target: KafkaTarget, options: IngestOptions) -> list[str]:
    """Run a session until it ends or a signal ends it; a sentence for each recording not read whole.

    Raises AddressError, SpoolError and TopicsError.
    """

    async def run(stop: asyncio.Event) -> list[str]:
        session = Session(sources, target, options)
        await session.run(stop)
        return session.problems

    return _run(run)


def publish(
    files: Sequence[str],
    broker: str,
    rate: float = publishing.MAX,
    *,
    target: KafkaTarget | None = None,
    base_time: Millis | None = None,
    counters: Counters | None = None,
) -> list[str]:
    """Publish recordings at this multiple of real time until all is sent or a signal ends it.

    Raises AddressError and TopicsError.
    """

    async def run(stop: asyncio.Event) -> list[str]:
        return await publishing.publish(
            files, target or KafkaTarget(broker), rate, base_time=base_time, counters=counters, stop=stop
        )

    return _run(run)


def default_buffer(target: KafkaTarget, sources: Sequence[str]) -> Path:
    """A folder of the same command line every time, so that it finds what it left; of no other one."""
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    key = "\n".join([target.broker, target.topics.raw, *sorted(sources)])
    return folder(home) / "tankerwatch" / "ingest" / hashlib.sha256(key.encode()).hexdigest()[:16]


def folder(text: str) -> Path:
    return Path(text).expanduser()


def _run(main: Callable[[asyncio.Event], Coroutine[Any, Any, list[str]]]) -> list[str]:
    async def until_signal() -> list[str]:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        def end(number: int) -> None:
            loop.remove_signal_handler(number)  # a second one ends at once
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end, number)
        return await main(stop)

    with _logging():
        return asyncio.run(until_signal())


@contextmanager
def _logging() -> Iterator[None]:
    """Log to standard error, unless whoever calls has logging of its own."""
    hush_client()
    if LOG.hasHandlers():
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logs.formatter())
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
