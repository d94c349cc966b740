"""Steps: work that keeps the event loop busy is done in pieces of some milliseconds, one at a time for all
requests, so that whoever asks for little is served in between."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

EVENTS: Final = 10
"""Events that are read or written in a step."""
T = TypeVar("T")
_TURNS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]] = WeakKeyDictionary()


@asynccontextmanager
async def step() -> AsyncIterator[None]:
    """Within, no other step runs. What is done there must not wait, and should take some milliseconds."""
    async with _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        yield
        await asyncio.sleep(0)  # the next step runs only after all else that has to be done


def pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many of them as are right for a step, then the next ones."""
    return (items[at : at + EVENTS] for at in range(0, len(items), EVENTS))
