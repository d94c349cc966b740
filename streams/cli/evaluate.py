"""`tankerwatch evaluate`: score events against the truth about simulated recordings."""

from enum import StrEnum
from typing import Annotated

import typer

from streams.cli.errors import UsageError


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"


def evaluate(
    events: Annotated[
        list[str], typer.Argument(metavar="EVENTS", help="JSON Lines of events, as `replay` writes them.")
    ],
    truth: Annotated[
        list[str],
        typer.Option(
            metavar="FILE",
            help="The truth, from `simulate` or the feed's /v1/reviews; once for each EVENTS, in order.",
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="How to print the scores.")] = Format.TABLE,
) -> None:
    """Score events against the truth that `simulate` wrote: precision, recall, errors in time.

    Several recordings are counted together. - stands for stdin.
    """
    if len(events) != len(truth):
        raise UsageError(
            f"--truth: {len(events)} files of events need as many truths, not {len(truth)}; give --truth "
            "once for each, in the same order"
        )
    from streams.cli import scores

    scores.show(events, truth, as_json=form is Format.JSON)
