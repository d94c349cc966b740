"""The player: which moment is shown."""

from typing import Any

import pytest

from models.time import MINUTE, SECOND, to_text
from streams.feed.recording.memory_log import MemoryLog
from streams.feed.recording.player import PlaybackCommand, Player
from tests.streams.factories import START, event


def player(rate: float | None, minutes: int = 60) -> tuple[Player, MemoryLog]:
    """The player of a recording that has been read up to a time."""
    log = MemoryLog()
    log.add([], [event(0, 1, 0), event(0, 2, minutes)])
    return Player(log, rate), log


def now(of: Player) -> int | None:
    return of._now


def test_time_passes_at_its_rate_and_no_further_than_has_been_read() -> None:
    machine, log = player(600.0)
    machine.move(0.0)
    assert now(machine) == START
    machine.move(0.1)
    assert now(machine) == START + MINUTE
    machine.move(100.0)
    assert now(machine) == START + 60 * MINUTE
    assert not machine.playback().finished  # more may come
    log.add([], [event(0, 3, 90)])
    machine.move(0.1)
    assert now(machine) == START + 61 * MINUTE
    machine.ended = True
    machine.move(1000.0)
    assert machine.playback().finished
    assert machine.playback().end == to_text(START + 90 * MINUTE)


def test_as_fast_as_it_can_be_read() -> None:
    machine, log = player(None)
    machine.move(0.001)
    assert now(machine) == START + 60 * MINUTE
    log.add([], [event(0, 3, 90)])
    machine.move(0.001)
    assert now(machine) == START + 90 * MINUTE


def test_paused() -> None:
    machine, _ = player(600.0)
    machine.obey(PlaybackCommand(playing=False))
    machine.move(1.0)
    machine.move(10.0)
    assert now(machine) == START
    machine.obey(PlaybackCommand(playing=True, rate=1.0))
    machine.move(10.0)
    assert now(machine) == START + 10 * SECOND


def test_a_seek_beyond_what_has_been_read_arrives_once_it_is_read() -> None:
    machine, log = player(600.0)
    machine.move(0.0)
    machine.obey(PlaybackCommand(seek=to_text(START + 120 * MINUTE), playing=False))
    machine.move(0.1)
    assert now(machine) == START + 60 * MINUTE
    log.add([], [event(0, 3, 150)])
    machine.move(0.1)
    assert now(machine) == START + 120 * MINUTE
    machine.move(10.0)
    assert now(machine) == START + 120 * MINUTE
    machine.ended = True
    machine.obey(PlaybackCommand(seek=to_text(START + 1_000 * MINUTE)))
    machine.move(0.1)
    assert now(machine) == START + 150 * MINUTE


def test_a_seek_before_the_beginning_goes_to_the_beginning() -> None:
    machine, _ = player(None)
    machine.move(0.1)
    machine.obey(PlaybackCommand(seek="1990-01-01T00:00:00Z"))
    assert now(machine) == START


@pytest.mark.parametrize("text", ["yesterday", "", "9" * 30])
def test_an_invalid_time_changes_nothing(text: str) -> None:
    machine, _ = player(600.0)
    machine.move(1.0)
    before = machine.playback()
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the text is
        machine.obey(PlaybackCommand(seek=text, playing=False, rate=1.0))
    assert machine.playback() == before


def test_before_anything_has_been_read_nothing_is_shown() -> None:
    machine = Player(MemoryLog(), 600.0)
    machine.move(1.0)
    told: Any = machine.playback()
    assert (told.start, told.end, told.now, told.finished) == (None, None, None, False)
