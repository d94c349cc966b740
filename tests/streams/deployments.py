"""A deployment of its own for a test, on the shared Kafka and Redis: topics, messages, processes."""

import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import redis.asyncio as redis
from aiokafka import AIOKafkaProducer

from models.event import Event, to_json
from models.report import Rows
from models.time import Millis
from models.vessel import Identity
from streams.cli.worker import FAUST
from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.topics import specs
from streams.deployment.topics_admin import ensure_topics
from streams.deployment.wire import InstantPart, Origin, RawFrame, Registration, TicksFrame
from streams.pipeline.operator import OutgoingRecord
from streams.store.event_log import EventLog
from tests import unsaid
from tests.processes import Process, run
from tests.scenarios.runs import frames
from tests.streams.factories import START
from tests.waiting import PATIENCE

COMMAND = "from streams.cli import main; main()"


def new_deployment(kafka: str, redis_url: str) -> Deployment:
    return Deployment(
        broker=kafka or "127.0.0.1:1",
        redis=redis_url,
        prefix=f"t{uuid.uuid4().hex[:8]}.",
        raw_partitions=1,
        spread=2,
    )


def published(events: Iterable[Event]) -> list[tuple[bytes, bytes]]:
    return [(one.id.encode(), to_json(one)) for one in events]


def ticks_frame(
    offset: int, rows: list[Rows], identities: Iterable[Identity] = (), done: Millis = START
) -> bytes:
    part = InstantPart(done, np.concatenate(rows).tobytes() if rows else b"", list(identities), [()])
    return wire.encode(TicksFrame(wire.VERSION, Origin(0, offset, 0), done, False, [part]))


async def make_topics(deployment: Deployment) -> None:
    await ensure_topics(
        deployment.broker, specs(deployment.topics, deployment.raw_partitions, deployment.spread)
    )


async def send(deployment: Deployment, topic: str, messages: Iterable[tuple[bytes | None, bytes]]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=deployment.broker, acks="all", enable_idempotence=True
    ) as producer:
        for sent in [await producer.send(topic, value, key, 0) for key, value in messages]:
            await sent


async def register(deployment: Deployment, *names: str) -> None:
    registered = [(name.encode(), wire.encode(Registration(wire.VERSION, name, name))) for name in names]
    await send(deployment, deployment.topics.sources, registered)


async def publish(deployment: Deployment, name: str, lines: Sequence[str], registered: int = 1) -> None:
    """Send the lines of a source and its end. The frames say that so many sources are registered."""
    last = registered - 1
    raw = [
        RawFrame(wire.VERSION, name, "lines", last, frame.first_line, bytes(frame.data))
        for frame in frames(name, tuple(lines), 500)
    ]
    raw.append(RawFrame(wire.VERSION, name, "end", last))
    await send(deployment, deployment.topics.raw, [(name.encode(), wire.encode(frame)) for frame in raw])


async def send_out(deployment: Deployment, outs: Iterable[OutgoingRecord]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=deployment.broker, acks="all") as producer:
        for out in outs:
            await producer.send_and_wait(out.topic, out.value, out.key, out.partition)


@asynccontextmanager
async def reading(deployment: Deployment) -> AsyncIterator[tuple[EventLog, Any]]:
    client = redis.from_url(deployment.redis)
    try:
        yield EventLog(client, deployment.prefix), client
    finally:
        await client.aclose()


def environment(deployment: Deployment, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        **{
            f"TANKERWATCH_{name.upper()}": str(value)
            for name, value in msgspec.structs.asdict(deployment).items()
        },
        **more,
    }


def run_command(deployment: Deployment, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours until it ends; `more` are further environment variables."""
    done = run(
        [sys.executable, "-c", COMMAND, *command],
        env=environment(deployment, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    unsaid.checked(done.stdout, done.stderr)
    return done


@contextmanager
def process(
    deployment: Deployment, log: Path, *command: str, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A command of ours as a process of its own, killed at the end if it still runs.

    A worker as what its command turns into."""
    with log.open("ab") as file:
        running = Process(
            [sys.executable, *(FAUST if command == ("worker",) else ("-c", COMMAND, *command))],
            env=environment(deployment, **more),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()
