"""`tankerwatch simulate`: makes a recording of a scenario, and the truth about it."""

from enum import StrEnum
from typing import Annotated

import typer

from streams.cli.errors import UsageError
from streams.cli.files import Output, check_outputs


class NoiseLevel(StrEnum):
    """The levels of `streams.simulator.radio.NOISE`, which is imported only when it is needed."""

    NONE = "none"
    NORMAL = "normal"
    HEAVY = "heavy"
    THIN30 = "thin30"
    THIN60 = "thin60"
    THIN80 = "thin80"
    THIN95 = "thin95"
    PASSES = "passes"
    CLOCKS = "clocks"
    JAMMED = "jammed"


def simulate(
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Name of the scenario. --list prints all.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Varies places, times, sizes and identities of ships.")
    ] = 0,
    noise: Annotated[
        NoiseLevel, typer.Option(help="How much goes wrong between the ships and the recording.")
    ] = NoiseLevel.NORMAL,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the recording to this file, gzipped if it ends in .gz; - is standard output.",
        ),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Write what really happened to this file, as JSON; - is standard output."
        ),
    ] = None,
    sightings: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write what others saw to this file, a JSON object a line; - is standard output. Only some "
            "scenarios have any.",
        ),
    ] = None,
    list_names: Annotated[
        bool, typer.Option("--list", help="Print the names of all scenarios and exit.")
    ] = False,
) -> None:
    """Simulate ships, and write what receivers hear of them as NMEA with tag blocks.

    The same scenario, seed and noise give the same files, byte for byte. docs/simulator.md explains the
    scenarios and how to score events against the truth.
    """
    import msgspec

    from streams.sightings.fields import to_line
    from streams.simulator.scenario import scenarios
    from streams.simulator.scenario import simulate as run

    if list_names:
        typer.echo("\n".join(scenarios()))
        return
    if scenario is None:
        raise UsageError("name a scenario; `tankerwatch simulate --list` prints all")
    if out is None and truth is None and sightings is None:
        raise UsageError("give --out FILE for the recording, --truth FILE for the truth, or both")
    check_outputs({"--out": out, "--truth": truth, "--sightings": sightings}, [])
    recording = run(scenario, seed, noise.value)
    if out is not None:
        data = "".join(f"{line}\n" for line in recording.lines).encode("ascii")
        with Output(out) as file:
            file.write_bytes(data)
    if sightings is not None:
        with Output(sightings) as file:
            file.write_bytes(b"".join(to_line(each) + b"\n" for each in recording.sightings))
    if truth is not None:
        with Output(truth) as file:
            file.write_bytes(msgspec.json.format(msgspec.json.encode(recording.truth), indent=2) + b"\n")
