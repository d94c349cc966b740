"""`tankerwatch evaluate`: score events against the truth about simulated recordings."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from models.event import Event, from_json
from models.time import from_text
from streams.evaluation import Evaluation, Miss
from streams.evaluation import evaluate as compare
from streams.simulator.truth import TrueEvent, Truth

_TRUTH: Final = msgspec.json.Decoder(Truth)


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"


class Unreadable(Exception):
    """An input that cannot be used; the message is one sentence that names it."""


def evaluate(
    events: Annotated[list[str], typer.Argument(metavar="EVENTS...", help="JSONL of events; - is stdin.")],
    truth: Annotated[
        list[Path], typer.Option(metavar="FILE", help="The truth; once for each EVENTS, in the same order.")
    ],
    form: Annotated[Format, typer.Option("--format", help="How to print the scores.")] = Format.TABLE,
) -> None:
    """Score events against the truth that `simulate` wrote: precision, recall, errors in time.

    Several recordings are counted together.
    """
    if len(events) != len(truth):
        raise typer.BadParameter(
            f"{len(events)} events files need as many truths, not {len(truth)}", param_hint="--truth"
        )
    try:
        result = compare([(_events(name), _truth(path)) for name, path in zip(events, truth, strict=True)])
    except Unreadable as error:
        typer.echo(f"tankerwatch: {error}", err=True)
        raise typer.Exit(1) from None
    if form is Format.JSON:
        typer.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    else:
        _print(result)


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot read {name}: {error.strerror}") from None


def _events(name: str) -> list[Event]:
    events = []
    for number, line in enumerate(_read(name).splitlines(), 1):
        if not line.strip():
            continue
        try:
            event = from_json(line)
            _check_times(event)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            raise Unreadable(f"{name}, line {number}, is no event: {error}") from None
        events.append(event)
    return events


def _truth(path: Path) -> Truth:
    try:
        truth = _TRUTH.decode(_read(str(path)))
        for event in truth.events:
            _check_times(event)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(f"{path} is no truth of a simulation: {error}") from None
    return truth


def _check_times(event: Event | TrueEvent) -> None:
    """Raises ValueError for a time that is none."""
    for text in (event.start, event.end):
        if text is not None:
            from_text(text)


def _print(result: Evaluation) -> None:
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    table = Table("type", title="events against the truth", caption="errors in minutes: median (mean signed)")
    for heading in ("true", "found", "matched", "precision", "recall", "start", "end", "false probable"):
        table.add_column(heading, justify="right")
    for score in result.scores:
        table.add_row(
            score.type,
            *(str(count) for count in (score.true, score.found, score.matched)),
            *("-" if ratio is None else f"{ratio:.3f}" for ratio in (score.precision, score.recall)),
            _error(score.start_error, score.start_bias),
            _error(score.end_error, score.end_bias),
            str(score.false_probable),
        )
    console.print(table)
    for word, misses in (("missed", result.missed), ("false", result.false)):
        for miss in misses:
            console.print(f"{word}: {_describe(miss)}", markup=False, soft_wrap=True)


def _error(absolute: float | None, signed: float | None) -> str:
    return "-" if absolute is None or signed is None else f"{absolute:.1f} ({signed:+.1f})"


def _describe(miss: Miss) -> str:
    mmsis = ", ".join(f"{mmsi:09d}" for mmsi in miss.mmsis)
    level = f"{miss.level} " if miss.level else ""
    return f"{level}{miss.type} of {mmsis}, {miss.start} to {miss.end or 'the end'} ({miss.recording})"
