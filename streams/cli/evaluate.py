"""`tankerwatch evaluate`: score events against the truth about simulated recordings."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import UNDECODABLE
from streams.cli.errors import Failed, UsageError
from streams.cli.files import check_times, read_events, read_input
from streams.output.sanitize import sanitize

if TYPE_CHECKING:  # loaded when the command runs, so that its help comes at once
    from models.truth import Truth
    from streams.simulator.evaluation import Evaluation, Miss


class Format(StrEnum):
    """How the scores are printed."""

    TABLE = "table"
    JSON = "json"


def evaluate(
    events: Annotated[
        list[str],
        typer.Argument(
            metavar="EVENTS", help="Events as JSON Lines, as `replay` writes them; - is standard input."
        ),
    ],
    truth: Annotated[
        list[str],
        typer.Option(
            metavar="FILE",
            help="The truth, from `simulate --truth` or the feed (/v1/reviews). Give one for each EVENTS, "
            "in the same order.",
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="How to print the scores.")] = Format.TABLE,
) -> None:
    """Score events against the truth of a simulation: precision, recall and errors in time.

    The scores are those of all recordings together.
    """
    import msgspec

    from streams.simulator.evaluation import evaluate as compare

    if len(events) != len(truth):
        raise UsageError(
            f"--truth: {len(events)} files of events need as many files of truth, not {len(truth)}; give "
            "--truth once for each, in the same order"
        )
    result = compare(
        [(list(read_events(name)), _truth(path)) for name, path in zip(events, truth, strict=True)]
    )
    if form is Format.JSON:
        typer.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    else:
        _print(result)


def _truth(name: str) -> "Truth":
    """Raises Failed."""
    import msgspec

    from models.truth import Truth

    data = read_input(name)
    try:
        truth = msgspec.json.decode(data, type=Truth)
        for event in truth.events:
            check_times(event)
    except (*UNDECODABLE, ValueError) as error:
        raise Failed(
            f"{name}: is not the truth of a simulation ({error}); give what `simulate --truth` wrote"
        ) from None
    return truth


def _print(result: "Evaluation") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    table = Table("type", title="events against the truth", caption="errors in minutes: median (mean signed)")
    for heading in (
        "true",
        "found",
        "matched",
        "allowed",
        "precision",
        "recall",
        "start",
        "end",
        "false probable",
    ):
        table.add_column(heading, justify="right")
    for score in result.scores:
        table.add_row(
            score.type,
            *(str(count) for count in (score.true, score.found, score.matched, score.allowed)),
            *("-" if ratio is None else f"{ratio:.3f}" for ratio in (score.precision, score.recall)),
            _error(score.start_error, score.start_bias),
            _error(score.end_error, score.end_bias),
            str(score.false_probable),
        )
    console.print(table)
    for word, misses in (("missed", result.missed), ("false", result.false)):
        for miss in misses:
            console.print(f"{word}: {sanitize(_describe(miss))}", markup=False, soft_wrap=True)


def _error(absolute: float | None, signed: float | None) -> str:
    return "-" if absolute is None or signed is None else f"{absolute:.1f} ({signed:+.1f})"


def _describe(miss: "Miss") -> str:
    mmsis = ", ".join(f"{mmsi:09d}" for mmsi in miss.mmsis)
    level = f"{miss.level} " if miss.level else ""
    return f"{level}{miss.type} of {mmsis}, {miss.start} to {miss.end or 'the end'} ({miss.recording})"
