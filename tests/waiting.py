"""Waiting until a condition holds, for as long as a loaded machine may need."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

PATIENCE: Final = 240.0
"""Seconds after which a condition that has to come true is given up."""
SOONEST: Final = 0.02
LATEST: Final = 0.3
"""Seconds between two looks at a condition, at least and at most: four times as long as a look takes, because
what is waited for needs the processor, too."""


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], what: str = "a condition", seconds: float = PATIENCE
) -> None:
    """Return once the condition, a function or a coroutine function, holds.

    Raises:
        AssertionError: It did not hold within so many seconds; the message names `what`.
    """
    end = time.monotonic() + seconds
    while True:
        begin = time.monotonic()
        holds = condition()
        if holds if isinstance(holds, bool) else await holds:
            return
        _check(end, what, seconds)
        await asyncio.sleep(_pause(begin))


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return once the condition holds, where there is no event loop.

    Raises:
        AssertionError: It did not hold within so many seconds; the message names `what`.
    """
    end = time.monotonic() + seconds
    while True:
        begin = time.monotonic()
        if condition():
            return
        _check(end, what, seconds)
        time.sleep(_pause(begin))


def _pause(begin: float) -> float:
    return min(max(SOONEST, 4 * (time.monotonic() - begin)), LATEST)


def _check(end: float, what: str, seconds: float) -> None:
    if time.monotonic() > end:
        raise AssertionError(f"waited {seconds:g} s in vain for {what}")
