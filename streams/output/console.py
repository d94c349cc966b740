"""What a person sees on the console: progress while a replay runs, the events, and the lines by outcome.

Text is wrapped on a terminal. When the output is piped, every sentence stays on one line.
"""

from collections.abc import Iterable

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from models.event import Event, EventType, Level, Status
from models.time import to_text
from streams.decoding.lines.outcome import Outcome
from streams.output.event_text import period
from streams.output.sanitize import sanitize
from streams.recordings.summary import Summary

SHOWN = 20
"""The most events listed; the rest is only counted."""


class Headline(msgspec.Struct, frozen=True, gc=False):
    """What is shown of an event: a run that finds thousands keeps no more of them."""

    id: str
    type: EventType
    status: Status
    level: Level
    start: str
    end: str | None
    score: float
    summary: str


def headline(event: Event) -> Headline:
    told = (event.id, event.type, event.status, event.level, event.start, event.end)
    return Headline(*told, event.score, event.summary)


def _order(event: Headline) -> tuple[bool, bool, float, str, str]:
    is_single = event.type is not EventType.CHAIN
    return event.status is Status.RETRACTED, is_single, -event.score, event.start, event.id


def show_progress(summary: Summary) -> str:
    """One line of progress: lines read so far, lines a second, event time reached."""
    reached = summary.last if summary.reached is None else summary.reached
    moment = "no time yet" if reached is None else f"event time {_short(to_text(reached))}"
    return f"{summary.lines:,} lines, {summary.rate:,.0f} a second, {moment}"


def show_events(console: Console, events: Iterable[Headline]) -> None:
    """Print each event in its highest revision, as a sentence with its id: chains, which tie others
    together, first; then by score, highest first."""
    ordered = sorted(events, key=_order)
    if not ordered:
        _show(console, Text("No events."))
    for event in ordered[:SHOWN]:
        heading = Text.assemble(
            (event.type.replace("_", " "), "bold"),
            f" {event.level}, score {event.score:.2f}, {period(event)}",
            (" (retracted)" if event.status is Status.RETRACTED else "", "dim"),
        )
        _show(console, heading)
        _show(console, Text(sanitize(event.summary)), indent=2)
        _show(console, Text(f"id {sanitize(event.id)}", "dim"), indent=2)
    if len(ordered) > SHOWN:
        _show(console, Text(f"... and {len(ordered) - SHOWN:,} more"))


def show_summary(console: Console, summary: Summary) -> None:
    """Print lines by outcome, events by type and level, vessels, and the rate."""
    counts = {str(outcome): sum(c[outcome] for c in summary.outcomes.values()) for outcome in Outcome}
    rows = [(name.replace("_", " "), count) for name, count in counts.items() if count]
    _table(console, "Lines by outcome", [*rows, ("lines read", summary.lines)])
    events = [
        (f"{type_.replace('_', ' ')} {level}, {status}", count)
        for (type_, level, status), count in sorted(summary.events.items())
    ]
    _table(console, "Events" if events else "Events: none", events)
    messages = f"{summary.messages.total():,} messages, {summary.vessels:,} vessels"
    _show(console, Text(f"{messages}, {summary.tankers:,} tankers"))
    if summary.overtaken:
        text = f"{summary.overtaken:,} reports came too late and changed nothing"
        _show(console, Text(text))
    if summary.first is not None and summary.last is not None:
        _show(console, Text(f"Event time {to_text(summary.first)} to {to_text(summary.last)}"))
    for name, notes in summary.notes.items():
        for note in notes:
            _show(console, Text(f"{sanitize(name)}: {note}"))
    once = f", and {summary.compiling:.0f} s for compiling, once" if summary.compiling >= 1 else ""
    _show(console, Text(f"{summary.rate:,.0f} lines a second ({summary.seconds:.1f} s{once})"))


def _table(console: Console, title: str, rows: list[tuple[str, int]]) -> None:
    _show(console, Text(title, "bold"))
    width = max((len(name) for name, _ in rows), default=0)
    digits = max((len(f"{count:,}") for _, count in rows), default=0)
    for name, count in rows:
        _show(console, Text(f"  {name:{width}}  {count:{digits},}"))


def _show(console: Console, text: Text, indent: int = 0) -> None:
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent)), highlight=False)
    else:
        console.print(Text(" " * indent) + text, soft_wrap=True, highlight=False)


def _short(time: str) -> str:
    return time[:16].replace("T", " ")
