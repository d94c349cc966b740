"""Tasks that run beside each other, and end for sure.

To cancel a task once is not enough. `asyncio.wait_for` of Python 3.11 swallows a cancellation that comes just
as what it waits for is done, and redis-py sends every command through it: in a trial, one cancellation in ten
was lost. So tasks are cancelled again until they have ended, and what a task has to do before its end goes
through `finish`.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final, TypeVar

T = TypeVar("T")

AGAIN: Final = 2.0
"""Seconds after which a task that goes on is cancelled again."""


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks until all have ended, even if the caller is cancelled meanwhile.

    It raises none of their errors: ask for their results to have them.
    """
    cancelled: asyncio.CancelledError | None = None
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        try:
            await asyncio.wait(running, timeout=AGAIN)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end and return its result, even if the caller is cancelled meanwhile.

    For what a task does when it is cancelled. Raises the error of `work`, or else the cancellation.
    """
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result


async def first_of(*parts: Coroutine[Any, Any, Any]) -> None:
    """Run them until the first ends, then end the others. Raises the error of the first."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await _end_all(tasks)


async def until_done(main: Coroutine[Any, Any, Any], beside: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """Run all until `main` ends or one of them fails, then end the others. Raises the first error."""
    first = asyncio.create_task(main)
    tasks = [first, *(asyncio.create_task(part) for part in beside)]
    try:
        running = set(tasks)
        while first in running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await _end_all(tasks)


async def _end_all(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """End them, and look at their errors: asyncio complains about errors that nobody has looked at."""
    tasks = list(tasks)
    await end(*tasks)
    await asyncio.gather(*tasks, return_exceptions=True)
