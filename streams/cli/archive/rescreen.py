"""`tankerwatch rescreen`: which past events touch vessels that a new list names."""

from typing import Annotated

import typer

from streams.cli.analysis.event_input import Events, Redis, one_by_one
from streams.cli.archive.answer import AnswerFormat, Form, show
from streams.cli.errors import UsageError, notify


def rescreen(
    events: Events = None,
    redis: Redis = False,
    watchlist: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="List of vessels, or folder of lists, in any layout of docs/watchlists.md. Can be given "
            "several times.",
        ),
    ] = None,
    strong: Annotated[
        bool, typer.Option("--strong", help="Leave out weak matches: by name, or where the IMO differs.")
    ] = False,
    form: Form = AnswerFormat.TABLE,
) -> None:
    """Tell which past events touch vessels that a new list names.

    Vessels match by IMO number, else by MMSI, else by name, which is weak. Each match says how the entry
    stood when the event began: listed, listed later, or delisted before. The latest revision of each event
    counts; events that were retracted do not.
    """
    from streams.archive.rescreening import COLUMNS
    from streams.archive.rescreening import rescreen as compare
    from streams.output.exports.choice import choose
    from streams.watchlists.files import load_watchlist

    if not watchlist:
        raise UsageError("no list: name one by --watchlist, in a layout of docs/watchlists.md")
    entries = load_watchlist(watchlist)
    chosen = choose(one_by_one(events, redis)).revisions
    rows = [row for row in compare(chosen, entries) if not (strong and row["weak"])]
    show(COLUMNS, rows, form)
    touched = {row["event"] for row in rows}
    sure = {row["event"] for row in rows if not row["weak"]}
    notify(
        f"{len(touched)} of {len(chosen)} events touch vessels of the list, {len(touched) - len(sure)} of "
        "them by weak matches alone"
    )
