"""What a person sees on the terminal: progress while a replay runs, what was found, where the lines went."""

import unicodedata
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.event import Event, Status
from models.time import to_text
from streams.outcome import Outcome
from streams.summary import Summary

SHOWN = 20
"""So many events are listed on the terminal; the rest is counted."""


def plain(text: str) -> str:
    """Text from strangers, safe to print: control, format and bidirectional characters are replaced."""
    return "".join(c if unicodedata.category(c)[0] != "C" or c == " " else "�" for c in text)


def show_progress(summary: Summary) -> str:
    """One line: lines so far, rate, event time."""
    moment = to_text(summary.last)[:16].replace("T", " ") if summary.last is not None else "no time yet"
    found = f"{summary.lines:,} lines, {summary.rate:,.0f} a second, event time {moment}"
    return found


def show_events(console: Console, events: Iterable[Event]) -> None:
    """The final state of each event as a sentence, the strongest first."""
    ordered = sorted(events, key=lambda e: (e.status is Status.RETRACTED, -e.score, e.start, e.id))
    if not ordered:
        console.print("No events.")
    for event in ordered[:SHOWN]:
        kind, until = event.type.replace("_", " "), _short(event.end) if event.end else "open end"
        mark = " [dim](retracted)[/dim]" if event.status is Status.RETRACTED else ""
        console.print(
            f"[bold]{kind}[/bold] {event.level}, score {event.score:.2f}, "
            f"{_short(event.start)} to {until} UTC{mark}\n"
            f"  {escape(plain(event.summary))}",
            soft_wrap=True,
            highlight=False,
        )
    if len(ordered) > SHOWN:
        console.print(f"... and {len(ordered) - SHOWN} more")


def show_summary(console: Console, summary: Summary) -> None:
    """Lines by outcome, vessels, events by type and level, rate."""
    outcomes = {outcome: sum(c[outcome] for c in summary.outcomes.values()) for outcome in Outcome}
    table = Table(title="Lines by outcome", title_justify="left", box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for outcome, count in outcomes.items():
        if count:
            table.add_row(outcome.replace("_", " "), f"{count:,}")
    table.add_row("[bold]lines read[/bold]", f"[bold]{summary.lines:,}[/bold]")
    console.print(table)
    console.print(
        f"{summary.messages.total():,} messages, {summary.vessels:,} vessels, {summary.tankers:,} tankers",
        highlight=False,
    )
    if summary.first is not None and summary.last is not None:
        console.print(f"{to_text(summary.first)} to {to_text(summary.last)}", highlight=False)
    if summary.overtaken:
        console.print(f"{summary.overtaken:,} reports came too late to be merged and changed nothing")
    kinds = ", ".join(
        f"{count} {type_.replace('_', ' ')} {level} ({status})"
        for (type_, level, status), count in sorted(summary.events.items())
    )
    console.print(f"Events: {kinds or 'none'}", highlight=False)
    console.print(f"{summary.rate:,.0f} lines a second ({summary.seconds:.1f} s)", highlight=False)


def _short(time: str) -> str:
    return time[:16].replace("T", " ")
