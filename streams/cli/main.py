"""The `tankerwatch` command: puts the subcommands together."""

import typer

from streams.cli import fences, settings
from streams.cli.evaluate import evaluate
from streams.cli.replay import replay
from streams.cli.simulate import simulate

app = typer.Typer(
    name="tankerwatch",
    help="Watch tankers in AIS data and explain suspected ship-to-ship transfers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(replay)
app.command()(simulate)
app.command()(evaluate)
app.add_typer(fences.app, name="fences")
app.add_typer(settings.app, name="settings")


def main() -> None:
    """Entry point of the command `tankerwatch`."""
    app()
