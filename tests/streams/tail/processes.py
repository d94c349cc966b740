"""`tankerwatch events` as a process, and a log to read."""

import json
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import redis.asyncio as redis

from models.event import Event, to_json
from streams.deployment.config import Deployment
from streams.store.event_log import EventLog
from streams.store.event_log_writer import Batch, LogWriter, revision
from tests.processes import Process, run
from tests.streams.deployments import COMMAND, environment
from tests.streams.factories import event
from tests.waiting import PATIENCE, eventually


class Output:
    """What a process writes, line by line as it comes."""

    def __init__(self, stream: Any) -> None:
        self.lines: list[str] = []
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            self.lines.append(line.rstrip("\n"))

    async def wait_for(self, count: int) -> list[str]:
        """All lines, once there are at least so many."""
        await eventually(lambda: len(self.lines) >= count, f"{count} lines of output")
        return self.lines

    def rest(self) -> list[str]:
        self._thread.join(PATIENCE)
        return self.lines


class Running:
    def __init__(self, deployment: Deployment, *arguments: str, **variables: str) -> None:
        self.process = Process(
            [sys.executable, "-c", COMMAND, "events", *arguments],
            env=environment(deployment, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out, self.err = Output(self.process.stdout), Output(self.process.stderr)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def events(deployment: Deployment, *arguments: str, **variables: str) -> Iterator[Running]:
    running = Running(deployment, *arguments, **variables)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()
        running.out.rest()
        running.err.rest()
        for stream in (running.process.stdout, running.process.stderr):
            assert stream is not None
            stream.close()


def call(deployment: Deployment, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run(
        [sys.executable, "-c", COMMAND, "events", *arguments],
        env=environment(deployment, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def shown(lines: list[str]) -> list[tuple[str, int]]:
    return [(one["id"], one["revision"]) for one in map(json.loads, lines)]


def revisions_of(*revisions: tuple[int, int]) -> list[tuple[str, int]]:
    return [(event(number).id, revision) for number, revision in revisions]


class TailEnvironment:
    def __init__(self, client: Any, url: str, prefix: str) -> None:
        self.deployment = Deployment(redis=url, prefix=prefix)
        self.client, self.log = client, EventLog(client, prefix)
        self._writer = LogWriter(client, prefix)

    async def write(self, *events: Event) -> None:
        await self._writer.take_over()
        await self._writer.write(Batch({}, revisions=[revision(to_json(one)) for one in events]))


@asynccontextmanager
async def tail_environment(url: str) -> AsyncIterator[TailEnvironment]:
    client = redis.from_url(url, socket_timeout=30)
    try:
        yield TailEnvironment(client, url, f"t{uuid.uuid4().hex[:8]}.")
    finally:
        await client.aclose()
