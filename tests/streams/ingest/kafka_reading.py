"""What the tests of ingest share: what Kafka has, lines to send, and waiting for conditions."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import RawFrame, Registration
from streams.ingest.sender import KafkaTarget
from streams.ingest.session import IngestOptions, Session
from streams.runtime.backoff import Delays
from tests.waiting import PATIENCE

QUICK = Delays(0.05, 0.4)

_number = itertools.count()


def fresh_topics() -> Topics:
    """Topics that no other test uses, in this run or another on the same broker."""
    return Topics(f"ingest-{time.time_ns():x}-{next(_number)}.")


def target(broker: str, topics: Topics, partitions: int = 3) -> KafkaTarget:
    return KafkaTarget(broker, topics, partitions, QUICK)


def options(buffer: Path, **others: Any) -> IngestOptions:
    return IngestOptions(buffer, delays=QUICK, **others)


def lines(start: int, count: int, text: str = "line") -> list[bytes]:
    return [f"{text} {number:06d}".encode() for number in range(start, start + count)]


def joined(some: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in some)


async def read_topic(broker: str, topic: str, partitions: int) -> list[tuple[int, int, bytes, bytes]]:
    """All messages: partition, offset, key, value."""
    every = [TopicPartition(topic, number) for number in range(partitions)]
    found: list[tuple[int, int, bytes, bytes]] = []
    async with AIOKafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest") as consumer:
        consumer.assign(every)
        ends = await consumer.end_offsets(every)
        await consumer.seek_to_beginning(*every)
        for at in every:
            while await consumer.position(at) < ends[at]:
                messages = (await consumer.getmany(at, timeout_ms=500)).get(at, ())
                found += [(at.partition, message.offset, message.key, message.value) for message in messages]
    return found


async def read_frames(broker: str, topics: Topics, partitions: int = 3) -> list[RawFrame]:
    """The frames, those of each source in their order."""
    messages = await read_topic(broker, topics.raw, partitions)
    frames = [wire.decode(value, RawFrame) for _, _, _, value in messages]
    assert [key for _, _, key, _ in messages] == [frame.source.encode() for frame in frames]
    return frames


async def read_registrations(broker: str, topics: Topics) -> dict[int, Registration]:
    messages = await read_topic(broker, topics.sources, 1)
    found = {offset: wire.decode(value, Registration) for _, offset, _, value in messages}
    assert [key for _, _, key, _ in messages] == [r.source.encode() for r in found.values()]
    return found


def lines_of(frames: Iterable[RawFrame], source: str) -> list[bytes]:
    """The lines of a source as they came; their numbers leave no gap and come once."""
    found: list[bytes] = []
    for frame in frames:
        if frame.source == source and frame.kind == "lines":
            assert frame.first_line == len(found) + 1
            new = frame.data.removesuffix(b"\n").split(b"\n")
            assert frame.received is None or len(frame.received) == len(new)
            found += new
    return found


def kinds(frames: Iterable[RawFrame], source: str) -> list[str]:
    return [frame.kind for frame in frames if frame.source == source]


def address_of(server: asyncio.Server) -> str:
    return f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def until_frames(
    broker: str, topics: Topics, condition: Callable[[list[RawFrame]], bool], seconds: float = PATIENCE
) -> list[RawFrame]:
    """Read until the frames are as wanted."""
    async with asyncio.timeout(seconds):
        while True:
            with suppress(KafkaError, OSError):
                frames = await read_frames(broker, topics)
                if condition(frames):
                    return frames
            await asyncio.sleep(0.1)


class Running:
    """A session that runs beside a test, to be stopped as by a signal."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Running":
        self._task = asyncio.create_task(self.session.run(self._stop))
        return self

    async def stop(self) -> None:
        self._stop.set()
        assert self._task is not None
        async with asyncio.timeout(PATIENCE):
            await self._task

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
