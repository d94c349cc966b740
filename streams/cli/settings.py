"""`tankerwatch settings show`: every threshold, as a file that `--settings` reads."""

from pathlib import Path
from typing import Annotated

import typer

from streams import settings as settings_file

app = typer.Typer(help="Thresholds of all detectors.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Thresholds of all detectors."""


@app.command()
def show(
    settings: Annotated[Path | None, typer.Option(help="TOML file of thresholds that differ.")] = None,
) -> None:
    """Print the settings in force as TOML, complete and ready to edit."""
    try:
        values = settings_file.load(settings) if settings else settings_file.Settings()
    except settings_file.SettingsError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(settings_file.show(values), nl=False)
