"""Following a source: each revision once, and what is not wanted remembered to compare with."""

from collections.abc import AsyncGenerator

import pytest

from models.event import Event, Level
from models.event_filter import EventFilter
from streams.runtime.backoff import Delays
from streams.tail.follow import Tail
from streams.tail.source import Known, Note, Unreachable
from tests.streams.factories import event


class Script:
    """A source that tells what it is given; an exception is raised, and the rest told after that."""

    where = "the script"

    def __init__(self, *told: Event | Note | Exception, known: Known | None = None) -> None:
        self._told, self._known = list(told), known
        self.asked: list[str] = []

    async def follow(self) -> AsyncGenerator[Event | Note]:
        while self._told:
            one = self._told.pop(0)
            if isinstance(one, Exception):
                raise one
            yield one

    async def known(self, event: str) -> Known | None:
        self.asked.append(event)
        return self._known

    async def close(self) -> None:
        pass


class Shown:
    compares = True

    def __init__(self) -> None:
        self.revisions: list[tuple[int, int | None]] = []

    def print(self, event: Event, before: Event | None) -> None:
        self.revisions.append((event.revision, before.revision if before else None))


async def run(
    source: Script, once: bool = False, **filters: list[str]
) -> tuple[list[tuple[int, int | None]], list[str]]:
    shown, said = Shown(), list[str]()
    tail = Tail(source, EventFilter.parse(filters), shown, said.append, Delays(0.01, 0.01))
    await tail.run(once)
    return shown.revisions, said


async def test_each_revision_is_shown_once_with_the_one_before() -> None:
    source = Script(event(1), event(1, 2), event(1), event(1, 2), event(1, 4))
    assert await run(source) == ([(1, None), (2, 1), (4, 2)], [])
    assert source.asked == []


async def test_what_is_not_wanted_is_compared_with_all_the_same() -> None:
    found, _ = await run(Script(event(1), event(1, 2, level=Level.PROBABLE)), level=["probable"])
    assert found == [(2, 1)]


async def test_a_source_is_asked_for_what_was_not_seen() -> None:
    source = Script(event(1, 5), known=Known((event(1, 2), event(1, 4), event(1, 5), event(1, 6))))
    assert await run(source) == ([(5, 4)], [])
    assert source.asked == [event(1).id]
    assert (await run(Script(event(1, 5))))[0] == [(5, None)]


async def test_a_source_that_is_away_is_said_once_and_its_return_too() -> None:
    away = Unreachable("nobody answers")
    found, said = await run(Script(event(1), away, away, Note("a gap"), event(2), away, event(3)))
    assert found == [(1, None)] * 3
    assert said == [
        "nobody answers; trying again until it answers",
        "the script: back",
        "a gap",
        "nobody answers; trying again until it answers",
        "the script: back",
    ]


async def test_who_wants_it_once_does_not_wait() -> None:
    with pytest.raises(Unreachable):
        await run(Script(Unreachable("nobody answers"), event(1)), once=True)
