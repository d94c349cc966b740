"""The `tankerwatch` command: puts the subcommands together."""

import typer

app = typer.Typer(
    name="tankerwatch",
    help="Watch tankers in AIS data and explain suspected ship-to-ship transfers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point of the command `tankerwatch`."""
    app()
