"""`tankerwatch replay`: recordings in, explained events out."""

from enum import StrEnum
from typing import Annotated

import typer

from streams.output.format import Format


class Target(StrEnum):
    KAFKA = "kafka"


_BOX = "WEST,SOUTH,EAST,NORTH"


def replay(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="AIS recordings, plain or gzip, in any order: they are merged by time. - is stdin.",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the events here; - is stdout. Default: stdout unless that is a terminal.",
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="Format of the events.")] = Format.JSONL,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a self-contained HTML page here.")
    ] = None,
    rejects: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the lines that became no message here, with the reason."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Leave out reports before this time, such as 2026-03-01T12:00:00Z (UTC)."
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="TIME", help="Leave out reports from this time on.")
    ] = None,
    mmsi: Annotated[
        list[int] | None,
        typer.Option(
            metavar="MMSI",
            min=1,
            max=999_999_999,
            help="Only events that this vessel takes part in; may be given several times.",
        ),
    ] = None,
    bbox: Annotated[
        str | None,
        typer.Option(
            metavar=_BOX, help="Leave out positions outside, in degrees; west > east crosses 180 degrees."
        ),
    ] = None,
    fence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="GeoJSON of further fences, beside the catalogue; several times too."
        ),
    ] = None,
    watchlist: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="CSV of watched vessels (imo,mmsi,name,list,entry), beside our own; several times too.",
        ),
    ] = None,
    settings: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="TOML of settings that differ from `tankerwatch settings show`."),
    ] = None,
    base_time: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Time of all lines, in recordings that tell no time."),
    ] = None,
    to: Annotated[
        Target | None,
        typer.Option(
            help="Instead of replaying here, publish the recordings to Kafka with their own times, for "
            "workers to follow. Only --broker, --rate and --base-time go with it."
        ),
    ] = None,
    broker: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Kafka, with --to.", envvar="TANKERWATCH_BROKER")
    ] = None,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Show the recordings on a page in the browser, with a time slider, until Ctrl-C."
        ),
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="With --serve: port to listen on; 0 for any.")
    ] = 8080,
    rate: Annotated[
        str,
        typer.Option(metavar="N|max", help="With --to and --serve: so many times as fast as it happened."),
    ] = "max",
) -> None:
    """Find suspected transfers, loitering and port visits of tankers in recorded AIS files.

    Every line is accounted for in the summary at the end. Ctrl-C ends the run cleanly: what was read so far
    is worked off, told and written, and the exit code is 130; a second Ctrl-C ends it at once.
    """
    if to is not None:
        from streams.cli.replay_publish import publish

        others = (out, report, rejects, start, end, mmsi, bbox, fence, watchlist, settings, serve)
        publish(files, broker, rate, base_time, alone=not any(others))
        return
    from streams.cli.replay_inputs import Options

    options = Options(
        files=files,
        out=out,
        form=form,
        report=report,
        rejects=rejects,
        start=start,
        end=end,
        mmsis=frozenset(mmsi or ()),
        bbox=bbox,
        fences=fence or [],
        watchlists=watchlist or [],
        settings=settings,
        base_time=base_time,
    )
    if serve:
        from streams.cli.replay_serve import serve as show

        show(options, port, rate)
        return
    from streams.cli.replay_run import run

    raise typer.Exit(run(options))
