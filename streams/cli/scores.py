"""The scores that `tankerwatch evaluate` prints."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from models.event import Event, from_json
from models.time import from_text
from models.truth import TrueEvent, Truth
from streams.cli.errors import Failed, reason
from streams.cli.files import STANDARD
from streams.output.sanitize import plain
from streams.simulator.evaluation import Evaluation, Miss
from streams.simulator.evaluation import evaluate as compare

_TRUTH: Final = msgspec.json.Decoder(Truth)


def show(events: Sequence[str], truths: Sequence[str], *, as_json: bool) -> None:
    """Compare files of events with their truths, pair by pair. Raises Failed for what cannot be read."""
    result = compare([(_events(name), _truth(path)) for name, path in zip(events, truths, strict=True)])
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    else:
        _print(result)


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == STANDARD else Path(name).read_bytes()
    except OSError as error:
        raise Failed(f"{name}: cannot be read ({reason(error)}); check its name and permissions") from None


def _events(name: str) -> list[Event]:
    events = []
    for number, line in enumerate(_read(name).splitlines(), 1):
        if not line.strip():
            continue
        try:
            event = from_json(line)
            _check_times(event)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            raise Failed(
                f"{name}: line {number} is no event ({error}); give JSON Lines as `replay` writes them"
            ) from None
        events.append(event)
    return events


def _truth(name: str) -> Truth:
    data = _read(name)
    try:
        truth = _TRUTH.decode(data)
        for event in truth.events:
            _check_times(event)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Failed(
            f"{name}: is no truth of a simulation ({error}); give what `simulate --truth` wrote"
        ) from None
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
            console.print(f"{word}: {plain(_describe(miss))}", markup=False, soft_wrap=True)


def _error(absolute: float | None, signed: float | None) -> str:
    return "-" if absolute is None or signed is None else f"{absolute:.1f} ({signed:+.1f})"


def _describe(miss: Miss) -> str:
    mmsis = ", ".join(f"{mmsi:09d}" for mmsi in miss.mmsis)
    level = f"{miss.level} " if miss.level else ""
    return f"{level}{miss.type} of {mmsis}, {miss.start} to {miss.end or 'the end'} ({miss.recording})"
