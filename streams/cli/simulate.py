"""`tankerwatch simulate`: make a recording of a scenario, and the truth about it."""

from enum import StrEnum
from typing import Annotated

import typer

from streams.cli.errors import UsageError
from streams.cli.files import Output, check_outputs


class NoiseLevel(StrEnum):
    NONE = "none"
    NORMAL = "normal"
    HEAVY = "heavy"


def simulate(
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Name of the scenario; --list prints them.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Varies places, times, sizes and identities.")
    ] = 0,
    noise: Annotated[NoiseLevel, typer.Option(help="What the radio does to it.")] = NoiseLevel.NORMAL,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the recording here; gzipped with .gz, - is stdout."),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write here what really happened, as JSON; - is stdout."),
    ] = None,
    list_names: Annotated[bool, typer.Option("--list", help="Print the scenarios' names and exit.")] = False,
) -> None:
    """Simulate ships, and write what receivers hear of them as NMEA with tag blocks.

    The same scenario, seed and noise give the same files, byte for byte.
    """
    import gzip

    import msgspec

    from streams.simulator.scenario import scenarios
    from streams.simulator.scenario import simulate as run

    if list_names:
        typer.echo("\n".join(scenarios()))
        return
    if scenario is None:
        raise UsageError("name a scenario, `tankerwatch simulate --list` prints them")
    if out is None and truth is None:
        raise UsageError("name a file for the recording with --out, for the truth with --truth, or both")
    check_outputs({"--out": out, "--truth": truth}, [])
    recording = run(scenario, seed, noise.value)
    if out is not None:
        data = "".join(f"{line}\n" for line in recording.lines).encode("ascii")
        with Output(out) as file:
            # neither time nor name in the header of gzip, so that equal runs give equal files
            file.write_bytes(gzip.compress(data, mtime=0) if out.endswith(".gz") else data)
    if truth is not None:
        with Output(truth) as file:
            file.write_bytes(msgspec.json.format(msgspec.json.encode(recording.truth), indent=2) + b"\n")
