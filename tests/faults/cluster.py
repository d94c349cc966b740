"""A deployment under test: workers as processes, a publisher of raw frames, a reader of all topics.

Nothing here waits by sleeping for a while and hoping: everything waits for a condition, with a generous end.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import redis.asyncio as redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from models.sighting import Sighting
from streams.cli.worker import FAUST
from streams.deployment import wire
from streams.deployment.topics import Topics, specs
from streams.deployment.topics_admin import ensure_topics
from streams.deployment.wire import RawFrame, Registration
from streams.runtime.retry import KAFKA_AWAY, REDIS_AWAY, retry_until_available
from streams.runtime.tasks import end
from streams.sightings.fields import to_line
from streams.store.keys import Keys
from tests.scenarios.runs import frames
from tests.services.server import Server
from tests.streams.deployments import COMMAND
from tests.waiting import PATIENCE, eventually

STAGES = ("decoder", "vessels", "meetings", "cases")


async def eventually_served(
    condition: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE
) -> None:
    """Wait until the condition holds. It does not as long as a service is away."""

    async def holds() -> bool:
        with contextlib.suppress(KafkaError, RedisError, OSError):
            return await condition()
        return False

    await eventually(holds, what, seconds)


WORKER = FAUST
"""What `tankerwatch worker` turns into."""
SINK = ("-c", COMMAND, "sink")


class Worker(Server):
    """A worker or sink process, ended with the tests even where these are killed."""

    def __init__(
        self, folder: Path, name: str, environment: Mapping[str, str], python: Sequence[str] = WORKER
    ) -> None:
        self.name = name
        super().__init__(folder)
        self._environment = environment
        self._python = python
        self.wanted = True

    @property
    def code(self) -> int | None:
        """What the process ended with; negative for a signal, None while it runs."""
        return None if self._process is None else self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def _command(self) -> list[str]:
        return [sys.executable, *self._python]

    def _variables(self) -> Mapping[str, str]:
        return self._environment

    def _ready(self) -> bool:
        return True


@dataclass
class Place:
    """A partition that a stage reads: its topic, and how many there are."""

    stage: str
    topic: str
    partitions: int


@dataclass
class Read:
    """All messages of one partition, in order."""

    values: list[bytes] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    """When each was sent, milliseconds since 1970."""
    headers: list[dict[str, str]] = field(default_factory=list)


SEEN: Final = "seen"
"""The source of sightings."""


class Cluster:
    """One deployment on given services. Ended workers are started again, as a supervisor would."""

    def __init__(
        self, folder: Path, kafka: str, redis_url: str, raw: int = 1, spread: int = 2, silence: float = 3600
    ) -> None:
        self.kafka = kafka
        self.raw, self.spread = raw, spread
        self.prefix = f"t{uuid.uuid4().hex[:8]}."
        self.topics = Topics(self.prefix)
        self.folder = folder / self.prefix.rstrip(".")
        self.workers: list[Worker] = []
        self.sink: Worker | None = None
        self.ends: Counter[str] = Counter()
        """How workers ended that were started again: by which signal or code."""
        self._count = 0
        self._redis = redis.from_url(redis_url, socket_timeout=5)
        self._environment = {
            "TANKERWATCH_BROKER": kafka,
            "TANKERWATCH_REDIS": redis_url,
            "TANKERWATCH_PREFIX": self.prefix,
            "TANKERWATCH_RAW_PARTITIONS": str(raw),
            "TANKERWATCH_SPREAD": str(spread),
            "TANKERWATCH_SILENCE_SECONDS": str(silence),
        }
        self.places = (
            Place("decoder", self.topics.raw, raw),
            Place("vessels", self.topics.reports, spread),
            Place("meetings", self.topics.ticks, 1),
            Place("cases", self.topics.facts, 1),
        )
        self._supervisor: asyncio.Task[None] | None = None
        self.published = 0
        self.registry = -1

    async def __aenter__(self) -> Self:
        topics = specs(self.topics, self.raw, self.spread)
        await retry_until_available(
            "Kafka", self.kafka, lambda: ensure_topics(self.kafka, topics), KAFKA_AWAY
        )
        self._supervisor = asyncio.create_task(self._supervise())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._supervisor is not None:
            await end(self._supervisor)
            with contextlib.suppress(asyncio.CancelledError):
                self._supervisor.result()
        for process in self._processes:
            process.kill()
        with contextlib.suppress(RedisError):
            keys = [key async for key in self._redis.scan_iter(f"{self.prefix}*")]
            if keys:
                await self._redis.delete(*keys)
        await self._redis.aclose()

    # workers

    def add(self, count: int = 1) -> list[Worker]:
        new = []
        for _ in range(count):
            self._count += 1
            new.append(Worker(self.folder, f"worker-{self._count}", self._environment))
            new[-1].start()
        self.workers += new
        return new

    def add_sink(self) -> Worker:
        self.sink = Worker(self.folder, "sink", self._environment, SINK)
        return self.sink.start()

    @property
    def _processes(self) -> list[Worker]:
        return [*self.workers, *([self.sink] if self.sink is not None else [])]

    async def remove(self, worker: Worker) -> None:
        """End a worker in order, for good."""
        worker.wanted = False
        worker.signal(signal.SIGTERM)

        async def ended() -> bool:
            return worker.code is not None

        await eventually_served(ended, f"{worker.name} to end on SIGTERM")
        worker.stop()
        self.workers.remove(worker)

    async def hit(self, worker: Worker, number: signal.Signals) -> None:
        """Send a signal that ends the worker, and see that it is started again."""
        before = worker.pid
        worker.signal(number)

        async def again() -> bool:
            return worker.running and worker.pid != before

        await eventually_served(again, f"{worker.name} to be started again after {number.name}")

    async def _supervise(self) -> None:
        while True:
            for process in self._processes:
                if process.wanted and (code := process.code) is not None:
                    how = signal.Signals(-code).name if code < 0 else f"exit {code}"
                    self.ends[how if process is not self.sink else f"sink {how}"] += 1
                    process.start()
            await asyncio.sleep(0.1)

    async def owner(self, stage: str, partition: int = 0) -> Worker:
        """The worker that has a partition in hand."""
        found: list[Worker] = []

        async def known() -> bool:
            token: Any = await self._redis.hget(
                f"{self.prefix}tankerwatch:{stage}:{partition}:state", "owner"
            )
            pid = int(token.split(b"/")[1]) if token else 0
            found[:] = [worker for worker in self.workers if worker.running and worker.pid == pid]
            return bool(found)

        await eventually_served(known, f"a worker to have {stage} {partition}")
        return found[0]

    # how far it is

    async def kept(self, place: Place) -> list[int]:
        """Offsets in the checkpoints of a stage, -1 for none."""
        offsets = []
        for partition in range(place.partitions):
            key = f"{self.prefix}tankerwatch:{place.stage}:{partition}:state"
            ask = partial(self._redis.hget, key, "offset")
            offsets.append(int(await retry_until_available("Redis", "", ask, REDIS_AWAY) or -1))
        return offsets

    async def progress(self) -> int:
        """Frames in checkpoints, of all stages."""
        return sum([sum(offset + 1 for offset in await self.kept(place)) for place in self.places])

    async def done(self) -> bool:
        """Whether every stage has a checkpoint of all that is there for it, from the first stage on."""
        async with self._consumer() as consumer:
            for place in self.places:
                kept = await self.kept(place)
                places = [TopicPartition(place.topic, number) for number in range(place.partitions)]
                ends = await consumer.end_offsets(places)
                if [ends[tp] for tp in places] != [offset + 1 for offset in kept]:
                    return False
        return True

    async def finish(self, seconds: float = PATIENCE) -> None:
        """Wait until all has been worked off."""
        await eventually_served(
            self.done, f"the pipeline to work off everything; workers ended: {dict(self.ends)}", seconds
        )

    # in and out

    async def register(self, sources: Sequence[str]) -> None:
        async with self._producer() as producer:
            for name in sources:
                value = wire.encode(Registration(wire.VERSION, name, name))
                sent = await producer.send_and_wait(self.topics.sources, value, key=name.encode())
                self.registry = sent.offset

    def frames(
        self, sources: Mapping[str, Sequence[str]], lines: int, sightings: Sequence[Sighting] = ()
    ) -> list[tuple[int, bytes]]:
        """What an ingest sends of sources published one after another: partitions of `ais.raw` and values.

        Sightings come first, from the source SEEN, a few at a time.
        """
        out = []
        seen = [
            RawFrame(wire.VERSION, SEEN, "sightings", self.registry, at + 1, _lines(sightings[at : at + 3]))
            for at in range(0, len(sightings), 3)
        ]
        if sightings:
            seen.append(RawFrame(wire.VERSION, SEEN, "end", self.registry))
        out += [(len(sources) % self.raw, wire.encode(raw)) for raw in seen]
        for at, (name, part) in enumerate(sources.items()):
            for frame in frames(name, part, lines):
                raw = RawFrame(
                    wire.VERSION, name, "lines", self.registry, frame.first_line, bytes(frame.data)
                )
                out.append((at % self.raw, wire.encode(raw)))
            out.append((at % self.raw, wire.encode(RawFrame(wire.VERSION, name, "end", self.registry))))
        return out

    async def publish(self, frames: Sequence[tuple[int, bytes]], every: float = 0.0) -> None:
        """One after another, `every` so many seconds."""
        async with self._producer() as producer:
            begin = time.monotonic()
            for number, (partition, value) in enumerate(frames):
                await asyncio.sleep(begin + number * every - time.monotonic())
                await producer.send_and_wait(self.topics.raw, value, partition=partition)
                self.published += 1

    async def logged(self, count: int, seconds: float = PATIENCE) -> list[tuple[str, int, bytes]]:
        """The event log of the sink, once it has so many entries: id, revision and JSON of each."""
        key = Keys(self.prefix).log

        async def enough_logged() -> bool:
            return bool(await self._redis.xlen(key) >= count)

        await eventually_served(enough_logged, f"{count} entries in the event log", seconds)
        entries: Any = await self._redis.xrange(key)
        return [(each[b"id"].decode(), int(each[b"revision"]), each[b"json"]) for _, each in entries]

    async def read(self, topic: str, partition: int = 0) -> Read:
        """All of a partition from its beginning to where it ends now."""
        out = Read()
        place = TopicPartition(topic, partition)
        async with self._consumer() as consumer:
            consumer.assign([place])
            await consumer.seek_to_beginning(place)
            end = (await consumer.end_offsets([place]))[place]
            while await consumer.position(place) < end:
                for record in (await consumer.getmany(place, timeout_ms=500)).get(place, []):
                    out.values.append(record.value or b"")
                    out.times.append(record.timestamp)
                    out.headers.append({name: value.decode() for name, value in record.headers})
        return out

    @contextlib.asynccontextmanager
    async def _producer(self) -> AsyncIterator[Any]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka, acks="all", enable_idempotence=True, request_timeout_ms=120_000
        )
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    @contextlib.asynccontextmanager
    async def _consumer(self) -> AsyncIterator[Any]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=None)
        try:
            await consumer.start()
            yield consumer
        finally:
            await consumer.stop()


def _lines(sightings: Sequence[Sighting]) -> bytes:
    return b"".join(to_line(each) + b"\n" for each in sightings)
