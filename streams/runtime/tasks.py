"""Together: tasks that run beside each other, and end for sure.

To cancel a task once is not enough. `asyncio.wait_for` of Python 3.11 swallows a cancellation that comes just
as what it waits for is done, and redis-py sends every command through it: in a trial one cancellation in ten
was lost. So what is to end here is cancelled until it has.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final

AGAIN: Final = 2.0
"""Seconds after which a task that goes on is cancelled again. What a task clears up should take less."""


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel, until all have ended; also where the caller itself is cancelled meanwhile.

    Whoever wants to know how they ended asks for their results.
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


async def first_of(*parts: Coroutine[Any, Any, Any]) -> None:
    """Until the first of them ends, by its error if it has one; then the others are ended."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await _end_all(tasks)


async def until_done(main: Coroutine[Any, Any, Any], beside: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """Until `main` ends, or anything fails, by its error; then the others are ended."""
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
    """End them. Only the first error is raised; asyncio would complain of others that nobody looks at."""
    tasks = list(tasks)
    await end(*tasks)
    await asyncio.gather(*tasks, return_exceptions=True)
