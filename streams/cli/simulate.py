"""`tankerwatch simulate`: make a recording of a scenario, and the truth about it."""

import gzip
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from streams.simulator.scenario import UnknownName, scenarios
from streams.simulator.scenario import simulate as run


class NoiseLevel(StrEnum):
    NONE = "none"
    NORMAL = "normal"
    HEAVY = "heavy"


def simulate(
    scenario: Annotated[str | None, typer.Argument(help="Name of the scenario; --list prints them.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Varies places, times, sizes and identities.")] = 0,
    noise: Annotated[NoiseLevel, typer.Option(help="What the radio does to it.")] = NoiseLevel.NORMAL,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The recording: gzipped with .gz, - is stdout."),
    ] = None,
    truth: Annotated[
        str | None, typer.Option(metavar="FILE", help="What really happened, as JSON; - is stdout.")
    ] = None,
    list_names: Annotated[bool, typer.Option("--list", help="Print the scenarios' names.")] = False,
) -> None:
    """Simulate ships, and write what receivers hear of them as NMEA with tag blocks.

    The same scenario, seed and noise give the same files, byte for byte.
    """
    if list_names:
        typer.echo("\n".join(scenarios()))
        return
    if scenario is None:
        raise typer.BadParameter("name a scenario, or ask for --list", param_hint="SCENARIO")
    if out is None and truth is None:
        raise typer.BadParameter("name a file for the recording, for the truth, or both", param_hint="--out")
    try:
        recording = run(scenario, seed, noise.value)
    except UnknownName as error:
        raise typer.BadParameter(str(error), param_hint="SCENARIO") from None
    if out is not None:
        _write(out, "".join(f"{line}\n" for line in recording.lines).encode("ascii"))
    if truth is not None:
        _write(truth, msgspec.json.format(msgspec.json.encode(recording.truth), indent=2) + b"\n")


def _write(name: str, data: bytes) -> None:
    """Write a file. The gzip header holds neither time nor name, so that equal runs give equal files."""
    try:
        if name == "-":
            sys.stdout.buffer.write(data)
        elif name.endswith(".gz"):
            Path(name).write_bytes(gzip.compress(data, mtime=0))
        else:
            Path(name).write_bytes(data)
    except OSError as error:
        typer.echo(f"tankerwatch: cannot write {name}: {error.strerror}", err=True)
        raise typer.Exit(1) from None
