"""Console output: wrapped on a terminal, one line for each sentence in a pipe, safe from hostile names."""

import io
from collections import Counter

import msgspec
import pytest
from rich.console import Console

from models.event import EventType, FenceRelation, Level, Status
from streams.decoding.lines.outcome import Outcome
from streams.output import event_text
from streams.output.console import (
    SHOWN,
    headline,
    show_events,
    show_progress,
    show_summary,
)
from streams.recordings.summary import Summary
from tests.streams.output.report.factories import START, loitering

HOSTILE = "The tanker [red]\x1b[31m\u202eX\u2028\nevil[/red] " + "was slow for a long time " * 8
LINES = Summary(
    outcomes={
        "a": Counter({Outcome.MESSAGE: 1_234_000, Outcome.BAD_CHECKSUM: 7}),
        "b": Counter({Outcome.MESSAGE: 567}),
    },
    lines=1_234_574,
    messages=Counter({1: 1_000_000, 5: 5}),
    vessels=1508,
    tankers=173,
    events=Counter({(EventType.LOITERING, Level.PROBABLE, Status.CLOSED): 1012}),
    first=START,
    last=START,
    seconds=2.0,
)


def console(terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, force_terminal=terminal, no_color=True, width=80), file


@pytest.mark.parametrize("terminal", [True, False])
def test_a_hostile_name_is_shown_as_escapes(terminal: bool) -> None:
    screen, file = console(terminal)
    show_events(screen, [headline(loitering(summary=HOSTILE))])
    told = file.getvalue()
    assert r"The tanker [red]\x1b[31m\u202eX\u2028\nevil[/red] was" in told
    assert "\x1b[31m" not in told
    assert not set("\u202e\u2028") & set(told)


def test_sentences_wrap_on_a_terminal_but_not_in_a_pipe() -> None:
    event = loitering(summary="word " * 60)
    screen, file = console(terminal=True)
    show_events(screen, [headline(event)])
    lines = file.getvalue().splitlines()
    assert len(lines) > 4
    assert all(line.startswith("  word") for line in lines[1:-1])
    assert f"id {event.id}" in lines[-1]
    screen, file = console(terminal=False)
    show_events(screen, [headline(event)])
    assert file.getvalue().splitlines()[1].strip() == ("word " * 60).strip()


def test_of_many_events_the_highest_scores_are_shown() -> None:
    screen, file = console(terminal=False)
    events = [loitering(id=f"{i}", score=i / 100, summary=f"number {i}") for i in range(SHOWN + 5)]
    show_events(screen, map(headline, events))
    lines = file.getvalue().splitlines()
    assert lines[1] == f"  number {SHOWN + 4}"
    assert lines[-1] == "... and 5 more"
    assert len(lines) == 3 * SHOWN + 1


def test_chains_come_first() -> None:
    screen, file = console(terminal=False)
    chain = loitering(id="b", type=EventType.CHAIN, score=0.1, summary="A chain.")
    show_events(screen, map(headline, [loitering(id="a"), chain]))
    assert file.getvalue().splitlines()[1] == "  A chain."


def test_the_summary_adds_up() -> None:
    screen, file = console(terminal=False)
    show_summary(screen, LINES)
    assert file.getvalue().splitlines() == [
        "Lines by outcome",
        "  message       1,234,567",
        "  bad checksum          7",
        "  lines read    1,234,574",
        "Events",
        "  loitering probable, closed  1,012",
        "1,000,005 messages, 1,508 vessels, 173 tankers",
        "Event time 2026-03-12T04:10:00Z to 2026-03-12T04:10:00Z",
        "617,287 lines a second (2.0 s)",
    ]


def test_progress_fits_beside_a_bar() -> None:
    text = show_progress(LINES)
    assert text == "1,234,574 lines, 617,287 a second, event time 2026-03-12 04:10"
    assert len(text) < 70
    assert show_progress(Summary()).endswith("no time yet")


def test_a_silence_that_is_over_has_its_fences_at_an_end() -> None:
    fence = FenceRelation(
        id="ru-vostochny-berths", name="Vostochny, berths", kind="port", country="RU", relation="inside"
    )
    gap = msgspec.structs.replace(loitering(), type=EventType.GAP, geofences=(fence,))
    assert event_text.area(gap) == "began or ended inside Vostochny, berths"
    assert event_text.place(gap).endswith(", began or ended inside Vostochny, berths")
    open_ = msgspec.structs.replace(gap, end=None, status=Status.OPEN)
    assert event_text.area(open_) == "inside Vostochny, berths"
