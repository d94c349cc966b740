"""The ids of the event log: they show a reader whether entries are missing."""

import pytest

from streams.store.event_log import (
    BEFORE_ALL,
    entry_key,
    lost,
    moment,
)
from tests.streams.factories import event
from tests.streams.feed.event_logs import Filled, filled, in_redis

pytestmark = pytest.mark.services


async def follows(log: Filled, entry: str) -> bool:
    return not await lost(log.log, entry, await log.log.since(entry))


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_a_reader_that_reads_on_misses_nothing(kind: str, redis_server: str) -> None:
    async with filled(kind, redis_server) as log:
        assert await log.log.last() == BEFORE_ALL
        assert await follows(log, BEFORE_ALL)
        for start in (0, 3, 4):  # several in one write, and one alone
            await log.add([event(number) for number in range(start, start + 3)])
        entries = await log.log.since()
        assert [entry_key(one.entry)[1] for one in entries] == list(range(1, len(entries) + 1))
        assert await log.log.last() == entries[-1].entry
        for one in entries:
            assert await follows(log, one.entry)
            assert await log.log.at(one.entry) == one
        time, number = entry_key(entries[-1].entry)
        assert not await follows(log, f"{time}-{number + 1}")
        assert not await follows(log, f"{time + 1}-{number + 1}")


async def test_a_reader_notices_that_unread_entries_were_trimmed(redis_server: str) -> None:
    async with in_redis(redis_server) as log:
        await log.add([event(number) for number in range(10)])
        entries = [one.entry for one in await log.log.since()]
        before = moment(entry_key(entries[0])[0])
        assert await follows(log, before)
        assert len(await log.log.since(before)) == 10
        await log.trim(entries[4])
        assert [await follows(log, entry) for entry in entries] == [False] * 3 + [True] * 7
        assert await follows(log, BEFORE_ALL)
        assert not await follows(log, before)


async def test_a_log_emptied_by_age_is_no_loss_after_reading_all(redis_server: str) -> None:
    async with in_redis(redis_server) as log:
        await log.add([event(number) for number in range(3)])
        entries = [one.entry for one in await log.log.since()]
        before = moment(entry_key(entries[0])[0])
        await log.trim(f"{entry_key(entries[-1])[0] + 1}-0")
        assert await log.log.ends() is None
        for _ in range(2):
            assert await follows(log, entries[2])
            assert not await follows(log, entries[1])
            assert not await follows(log, before)
            await log.add([event(3)])


@pytest.mark.parametrize("kept", [0, 2])
async def test_a_log_that_was_set_back_is_noticed_even_after_it_has_caught_up(
    kept: int, redis_server: str
) -> None:
    """Redis emptied, or restored from an older copy, and then filled again from Kafka."""
    async with in_redis(redis_server) as log:
        await log.add([event(number) for number in range(kept)])
        copy = await log.copy() if kept else {}
        await log.add([event(number) for number in range(kept, 4)])
        entries = [one.entry for one in await log.log.since()]
        await log.set_back(copy)
        for _ in range(2):  # before and after it is filled again
            assert [await follows(log, entry) for entry in entries[kept:]] == [False] * (4 - kept)
            assert all([await follows(log, entry) for entry in entries[:kept]])
            await log.add([event(number) for number in range(10)])
        assert len(await log.log.since()) == 10
