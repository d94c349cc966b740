"""Short cut: a record that comes next is processed once; anything else is left to Kafka."""

import asyncio
from collections.abc import Awaitable
from typing import Any, NamedTuple, cast

import pytest

from streams.deployment.topics import Topics
from streams.pipeline.checkpoint import Checkpoint, StoredState
from streams.pipeline.operator import OperatorStats, OutgoingRecord, RegistrationsMissing
from streams.pipeline.partition_runner import PartitionRunner
from streams.pipeline.short_cut import WAITING, ShortCut

UNKNOWN = b"names a source that nobody knows yet"


class Answer(NamedTuple):
    """What aiokafka gives for a record that Kafka has."""

    partition: int
    offset: int
    log_start_offset: int | None = 0


class Noted:
    """An operator that notes what it is given."""

    def __init__(self, seen: list[tuple[int, bytes]]) -> None:
        self._seen = seen

    def process(self, value: bytes, offset: int) -> list[OutgoingRecord]:
        if value == UNKNOWN:
            raise RegistrationsMissing(1)
        self._seen.append((offset, value))
        return []

    def changes(self) -> dict[str, bytes | None]:
        return {}

    def load(self, pieces: dict[str, bytes]) -> None: ...

    def stats(self) -> OperatorStats:
        return OperatorStats(0)


class Nothing:
    """A checkpoint of a partition that begins."""

    async def take_over(self) -> StoredState:
        return StoredState(-1, {})


class Deal:
    """A worker that has partition 0 of "ticks", with a short cut to it."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, bytes]] = []
        self.runner = PartitionRunner(
            "ticks", lambda _: Noted(self.seen), lambda _: cast(Checkpoint, Nothing()), no_send, Topics(), 999
        )
        self.short_cut = ShortCut({"ticks": self.runner}, _await)
        self._task = asyncio.create_task(self.short_cut.run("ticks"))

    async def offer(self, *answers: Answer, value: bytes = b"", topic: str = "ticks") -> None:
        for answer in answers:
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            future.set_result(answer)
            self.short_cut.offer(OutgoingRecord(topic, value or b"%d" % answer.offset), future)
        for _ in range(4 * WAITING):
            await asyncio.sleep(0)

    async def __aenter__(self) -> "Deal":
        await self.runner.load({0: 0})
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._task


async def _await(work: Awaitable[None]) -> None:
    await work


async def no_send(_: OutgoingRecord) -> "asyncio.Future[Any]":
    raise AssertionError


async def test_what_comes_next_is_processed_and_once() -> None:
    async with Deal() as deal:
        await deal.offer(Answer(0, 0), Answer(0, 1))
        assert deal.seen == [(0, b"0"), (1, b"1")]
        await deal.runner.take(0, 1, b"1")  # as Kafka brings it
        await deal.runner.take(0, 2, b"2")
        await deal.offer(Answer(0, 2), Answer(0, 3))
        assert [offset for offset, _ in deal.seen] == [0, 1, 2, 3]


async def test_all_else_is_left_to_kafka() -> None:
    async with Deal() as deal:
        await deal.offer(Answer(0, 1))  # another worker's record comes before it
        await deal.offer(Answer(1, 0))  # of another worker's partition
        await deal.offer(Answer(0, 0), topic="events")
        await deal.offer(Answer(0, 0, -1))  # Kafka had it already, and does not say where
        await deal.offer(Answer(0, 0), value=UNKNOWN)
        lost: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        lost.set_exception(OSError("given up"))
        deal.short_cut.offer(OutgoingRecord("ticks", b""), lost)
        assert deal.seen == []
        await deal.runner.take(0, 0, b"0")
        deal.runner.give_up()
        await deal.offer(Answer(0, 1))
        assert deal.seen == [(0, b"0")]


async def test_what_waits_is_bounded() -> None:
    async with Deal() as deal:
        await deal.offer(*(Answer(0, offset) for offset in range(WAITING + 9)))
        assert [offset for offset, _ in deal.seen] == list(range(WAITING))
