"""Tasks that run together end for sure, even those that lose a cancellation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from streams.runtime import tasks
from streams.runtime.tasks import end, finish, first_of, until_done
from tests.waiting import PATIENCE


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN", 0.01)


async def deaf(times: int) -> None:
    """Loses so many cancellations, as `asyncio.wait_for` of Python 3.11 may."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not times:
                raise
            times -= 1


async def fails() -> None:
    raise ValueError("broken")


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """The body ends and leaves no task behind."""
    async with asyncio.timeout(PATIENCE):
        yield
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_tasks_that_lose_cancellations_are_ended() -> None:
    async with nothing_left():
        deaf_tasks = [asyncio.create_task(deaf(times)) for times in (0, 1, 5)]
        await asyncio.sleep(0)
        await end(*deaf_tasks)
        assert all(task.cancelled() for task in deaf_tasks)


async def test_clean_up_is_done_to_its_end_and_then_the_task_is_cancelled() -> None:
    done = []

    async def clean_up() -> None:
        for number in range(50):
            await asyncio.sleep(0.001)
            done.append(number)

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await finish(clean_up())

    async with nothing_left():
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        await end(task)
        assert task.cancelled()
        assert done == list(range(50))
        with pytest.raises(ValueError, match="broken"):
            await finish(fails())


async def test_a_task_that_is_cancelled_while_ending_others_ends_them_first() -> None:
    async with nothing_left():
        task = asyncio.create_task(deaf(5))
        await asyncio.sleep(0)
        ending = asyncio.create_task(end(task))
        await asyncio.sleep(0)
        ending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ending
        assert task.cancelled()


async def test_the_first_that_ends_ends_the_others() -> None:
    async with nothing_left():
        await first_of(asyncio.sleep(0), deaf(2))
        with pytest.raises(ValueError, match="broken"):
            await first_of(deaf(2), fails())


async def test_a_group_in_a_group_is_ended_whole() -> None:
    async with nothing_left():
        await first_of(asyncio.sleep(0.01), first_of(deaf(3), deaf(4)))


async def test_tasks_beside_the_main_one_may_end_but_not_fail() -> None:
    async with nothing_left():
        await until_done(asyncio.sleep(0.05), [asyncio.sleep(0), deaf(2)])
        with pytest.raises(ValueError, match="broken"):
            await until_done(deaf(1), [deaf(2), fails()])
