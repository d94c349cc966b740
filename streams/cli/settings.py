"""`tankerwatch settings`: prints every setting, as a file that `--settings` reads."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.errors import help_unless_command

app = typer.Typer()


@app.callback(invoke_without_command=True)
def _settings(context: typer.Context) -> None:
    """Show the settings of all detectors."""
    help_unless_command(context)


@app.command()
def show(
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file of settings that differ from the defaults.")
    ] = None,
) -> None:
    """Print all settings as TOML, ready to edit. docs/reference/settings.md explains them."""
    from streams.stages import settings as settings_file

    values = settings_file.load(settings)
    typer.echo(settings_file.show(values), nl=False)
