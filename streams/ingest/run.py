"""What the commands call: a session or a publication in an event loop, with signals and logs."""

import asyncio
import hashlib
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from streams.ingest import publish as publishing
from streams.ingest.counters import Counters
from streams.ingest.progress import worked_off
from streams.ingest.sender import KafkaTarget
from streams.ingest.session import IngestOptions, Session
from streams.recordings.inputs import ANY
from streams.recordings.recording import Reading
from streams.runtime import logs
from streams.runtime.refusals import hush_kafka
from streams.sightings.files import SightingFile


def ingest(sources: Sequence[str], target: KafkaTarget, options: IngestOptions) -> list[str]:
    """Run a session until it ends or a signal ends it.

    Returns a sentence for each recording that could not be read to its end.

    Raises AddressError, SpoolError and TopicsError.
    """

    async def run(stop: asyncio.Event) -> list[str]:
        session = Session(sources, target, options)
        await session.run(stop)
        return session.problems

    return _run(run)


def publish(
    files: Sequence[str],
    target: KafkaTarget,
    rate: float = publishing.MAX,
    *,
    redis: str | None = None,
    glob: str = ANY,
    reading: Reading | None = None,
    to_now: bool = False,
    counters: Counters | None = None,
    sightings: Sequence[SightingFile] = (),
) -> list[str]:
    """Publish recordings at this multiple of real time, until all is sent or a signal ends it.

    `redis` is the URL where the deployment says how far it is; without one, that is not checked. With
    `to_now` all times are moved so that the earliest recording starts now. Raises AddressError, BehindError,
    ShiftError and TopicsError.
    """

    async def run(stop: asyncio.Event) -> list[str]:
        done = await worked_off(redis, target.topics.prefix) if redis else None
        return await publishing.publish(
            files,
            target,
            rate,
            glob=glob,
            reading=reading,
            counters=counters,
            stop=stop,
            done=done,
            to_now=to_now,
            sightings=sightings,
        )

    return _run(run)


def default_buffer(target: KafkaTarget, sources: Sequence[str]) -> Path:
    """The folder of this command line: the same every time, and different for every other one."""
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    key = "\n".join([target.broker, target.topics.raw, *sorted(sources)])
    return folder(home) / "tankerwatch" / "ingest" / hashlib.sha256(key.encode()).hexdigest()[:16]


def folder(text: str) -> Path:
    return Path(text).expanduser()


def _run(main: Callable[[asyncio.Event], Coroutine[Any, Any, list[str]]]) -> list[str]:
    async def until_signal() -> list[str]:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        def end(number: int) -> None:
            loop.remove_signal_handler(number)  # a second signal ends the process at once
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end, number)
        return await main(stop)

    if not logging.getLogger().hasHandlers():  # the caller has no logging of its own
        logs.configure()
    hush_kafka()
    return asyncio.run(until_signal())
