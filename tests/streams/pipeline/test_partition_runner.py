"""A runner that is cancelled at any await, whose Redis is away, whose partition goes to another worker.

Its checkpoints hold exactly the frames up to their offset, and the broker has all their records, in order.
"""

import asyncio
import random
from collections.abc import Collection
from typing import Any, cast

import msgspec
import pytest
import stamina
from redis.exceptions import ConnectionError as RedisConnectionError

from streams.deployment.topics import Topics
from streams.deployment.wire import WireError
from streams.pipeline.checkpoint import (
    Checkpoint,
    Pieces,
    StoredState,
)
from streams.pipeline.operator import OperatorStats, OutgoingRecord
from streams.pipeline.partition_runner import FramesMissing, PartitionRunner
from streams.runtime import retry
from streams.runtime.fencing import Fenced
from tests.waiting import PATIENCE

FRAMES = 60
BAD = 13
"""This frame is none."""


class Counts:
    """An operator that counts frames in seven pieces, and sends three messages for each."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._changed: set[str] = set()

    def process(self, value: bytes, offset: int) -> list[OutgoingRecord]:
        assert value == str(offset).encode()
        if offset == BAD:
            raise WireError("no frame")
        piece = str(offset % 7)
        self.counts[piece] = self.counts.get(piece, 0) + 1
        self._changed.add(piece)
        return [OutgoingRecord("out", f"{offset}/{part}".encode()) for part in range(3)]

    def changes(self) -> dict[str, bytes | None]:
        changed, self._changed = self._changed, set()
        return {piece: msgspec.msgpack.encode(self.counts[piece]) for piece in changed}

    def load(self, pieces: dict[str, bytes]) -> None:
        self.counts = {name: msgspec.msgpack.decode(piece, type=int) for name, piece in pieces.items()}

    def stats(self) -> OperatorStats:
        return OperatorStats(0)


def counted(until: int) -> dict[str, int]:
    host = Counts()
    for offset in range(until + 1):
        if offset != BAD:
            host.process(str(offset).encode(), offset)
    return host.counts


def sent(until: int) -> list[bytes]:
    return [f"{n}/{part}".encode() for n in range(until + 1) if n != BAD for part in range(3)]


class Store:
    """A Redis that may be away before a write or after it, and that checks what it is given."""

    def __init__(self, rng: random.Random, broker: "Broker") -> None:
        self.rng, self.broker = rng, broker
        self.owner: Held | None = None
        self.offset = -1
        self.pieces: dict[str, bytes] = {}
        self.trouble = 0.0

    async def maybe_away(self) -> None:
        for _ in range(self.rng.randrange(3)):
            await asyncio.sleep(0)
        if self.rng.random() < self.trouble:
            raise RedisConnectionError("away")

    def checkpoint(self, _: int) -> Checkpoint:
        return cast(Checkpoint, Held(self))


class Held:
    """The checkpoint as one of its owners has it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take_over(self) -> StoredState:
        store = self._store
        await store.maybe_away()
        store.owner = self
        kept = StoredState(store.offset, dict(store.pieces))
        await store.maybe_away()
        return kept

    async def save(self, onto: Collection[int], offset: int, changed: Pieces) -> None:
        store = self._store
        await store.maybe_away()
        await self.verify(onto)
        store.offset = offset
        store.pieces |= {name: piece for name, piece in changed.items() if piece is not None}
        loaded = Counts()
        loaded.load(store.pieces)
        assert loaded.counts == counted(offset), "the state is not that of the offset"
        assert store.broker.first[: len(sent(offset))] == sent(offset), "outputs are missing"
        await store.maybe_away()

    async def verify(self, onto: Collection[int]) -> None:
        if self._store.owner is not self or self._store.offset not in onto:
            raise Fenced


class Broker:
    """Takes messages in order, each some time after it was handed over."""

    def __init__(self, rng: random.Random, pace: float = 0.4) -> None:
        self.rng, self.pace = rng, pace
        self.log: list[bytes] = []
        self._coming: list[tuple[bytes, asyncio.Future[Any]]] = []

    @property
    def first(self) -> list[bytes]:
        return [value for value in dict.fromkeys(self.log) if b"/" in value]

    async def send(self, out: OutgoingRecord) -> "asyncio.Future[Any]":
        await asyncio.sleep(0)
        future = asyncio.get_running_loop().create_future()
        self._coming.append((out.value, future))
        if self.rng.random() < 0.3:
            await asyncio.sleep(0)
        return future

    async def work(self) -> None:
        while True:
            if self._coming and self.rng.random() < self.pace:
                value, future = self._coming.pop(0)
                self.log.append(value)
                if not future.done():
                    future.set_result(None)
            await asyncio.sleep(0)


def partition_runner(store: Store, broker: Broker, every: int = 10) -> PartitionRunner:
    return PartitionRunner("in", lambda _: Counts(), store.checkpoint, broker.send, Topics(), every)


@pytest.mark.parametrize("seed", range(40))
async def test_nothing_is_lost_whatever_is_cancelled(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = stamina.AsyncRetryingCaller(attempts=None, timeout=None, wait_initial=0.0, wait_jitter=0.0)
    monkeypatch.setattr(retry, "ENDLESS", at_once)
    rng = random.Random(seed)

    async def cut_short(work: Any) -> None:
        task = asyncio.ensure_future(work)
        for _ in range(rng.randrange(1, 60)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled() and task.exception() is not None:
            raise cast(BaseException, task.exception())

    async def read(one: PartitionRunner, start: int) -> None:
        for offset in range(start, FRAMES):
            await one.take(0, offset, str(offset).encode())

    broker = Broker(rng)
    store = Store(rng, broker)
    at_work = asyncio.create_task(broker.work())
    one = partition_runner(store, broker)
    start = (await one.load({0: 0}))[0]
    for _ in range(60):
        store.trouble = rng.choice([0.0, 0.0, 0.4])
        match rng.randrange(5):
            case 0 | 1:  # an agent that is cancelled in the middle
                await cut_short(read(one, start))
            case 2:
                await cut_short(one.checkpoint())
            case 3:  # two at once
                await asyncio.gather(cut_short(read(one, start)), cut_short(one.checkpoint()))
            case _:  # a rebalance in the middle, or a crash
                busy = asyncio.gather(cut_short(read(one, start)), cut_short(one.checkpoint()))
                await asyncio.sleep(0)
                if rng.random() < 0.5:
                    one.give_up()
                    await busy
                else:
                    await busy
                    one = partition_runner(store, broker)
                start = (await one.load({0: 0}))[0]
                assert start == store.offset + 1
    store.trouble = 0.0
    await read(one, start)
    await one.checkpoint()
    assert store.offset == FRAMES - 1
    assert broker.first == sent(FRAMES - 1)
    assert str(BAD).encode() in broker.log, "the dead letter"
    at_work.cancel()


async def test_a_gap_raises_and_processed_frames_are_skipped() -> None:
    rng = random.Random(0)
    broker = Broker(rng)
    at_work = asyncio.create_task(broker.work())
    one = partition_runner(Store(rng, broker), broker)
    assert await one.load({0: 0}) == {0: 0}
    for offset in (0, 1, 1, 0):
        await one.take(0, offset, str(offset).encode())
    assert one.processed == 2
    with pytest.raises(FramesMissing, match="offset 3 follows 1"):
        await one.take(0, 3, b"3")
    await one.take(1, 9, b"9")  # another partition, not ours
    assert await one.load({0: 0}) == {0: 2}, "a partition that the worker has stays as it is"
    at_work.cancel()


async def test_it_goes_on_where_retention_has_passed_the_checkpoint() -> None:
    rng = random.Random(0)
    broker = Broker(rng)
    one = partition_runner(Store(rng, broker), broker)
    assert await one.load({0: 5}) == {0: 5}


async def test_another_owner_and_a_redis_set_back_are_noticed() -> None:
    rng = random.Random(0)
    broker = Broker(rng)
    at_work = asyncio.create_task(broker.work())
    store = Store(rng, broker)
    one = partition_runner(store, broker)
    await one.load({0: 0})
    await one.take(0, 0, b"0")
    assert await one.checkpoint() == {0: 0}
    store.offset = -1  # its last second is gone
    with pytest.raises(Fenced):
        await one.checkpoint()
    store.offset = 0
    other = partition_runner(store, broker)
    await other.load({0: 0})
    await one.take(0, 1, b"1")
    with pytest.raises(Fenced):
        await one.checkpoint()
    at_work.cancel()


async def test_records_that_have_arrived_are_forgotten() -> None:
    rng = random.Random(0)
    broker = Broker(rng, 1.0)
    at_work = asyncio.create_task(broker.work())
    one = partition_runner(Store(rng, broker), broker, every=1_000_000)
    await one.load({0: 0})
    for offset in range(2_000):
        await one.take(0, offset, str(offset).encode())
    assert len(one.partitions[0].pending) < 1_100, "of 6,000"
    at_work.cancel()


async def test_the_stage_goes_on_while_a_checkpoint_is_written() -> None:
    rng = random.Random(0)
    broker = Broker(rng)
    store = Store(rng, broker)
    writing, there = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        writing.set()
        await there.wait()

    at_work = asyncio.create_task(broker.work())
    one = partition_runner(store, broker)
    await one.load({0: 0})
    await one.take(0, 0, b"0")
    store.maybe_away = slow  # type: ignore[method-assign]
    saving = asyncio.create_task(one.checkpoint())
    await writing.wait()
    async with asyncio.timeout(PATIENCE):
        await one.take(0, 1, b"1")
    there.set()
    assert await saving == {0: 0}, "of the state as it was"
    assert await one.checkpoint() == {0: 1}
    at_work.cancel()
