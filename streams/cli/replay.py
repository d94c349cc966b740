"""`tankerwatch replay`: recordings in, explained events out."""

import gc
from typing import Annotated, Final

import typer

from streams.cli.files import form_for
from streams.cli.options.detection import DetectionOptions
from streams.cli.options.groups import with_option_groups
from streams.cli.options.inputs import InputOptions, Recordings
from streams.output.format import ENDS, Format

OBJECTS: Final = 200_000
"""New objects after which Python looks for garbage. Its own number, 700, has it look at all modules again and
again while they are loaded, which is a seventh of the time that a small recording takes."""


@with_option_groups
def replay(
    files: Recordings,
    *,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the events to this file; - is standard output. Default: standard output, unless "
            "that is a terminal.",
        ),
    ] = None,
    asked: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="Format of the events. Default: what the name of --out ends in (.geojson, .csv), else "
            "jsonl.",
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write an HTML page with a map to this file. It works offline."),
    ] = None,
    rejects: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write every line that could not be used to this file as JSON Lines, with the reason.",
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            metavar="1|2|3",
            min=1,
            max=3,
            help="With 2, a second process decodes ahead; with 3, another follows the vessels. Events are "
            "the same. Default: 3 for recordings of more than 4 MiB where two CPUs can be used; 1 with "
            "--archive.",
        ),
    ] = None,
    archive: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Archive the raw lines, positions, identities, events and port visits in this folder "
            "(docs/archive.md). Nothing is archived until the run is complete.",
        ),
    ] = None,
    inputs: InputOptions,
    detection: DetectionOptions,
) -> None:
    """Find suspected transfers, loitering and port visits of tankers in recorded AIS files.

    The summary at the end accounts for every line. Ctrl-C ends the run cleanly: what has been read is
    processed and written, and the exit code is 130. A second Ctrl-C ends it at once.

    FILE may also be the folder of an archive: its raw frames are replayed as they came.
    """
    gc.set_threshold(OBJECTS)
    from streams.cli.replay_run import Outputs, run

    form = form_for(out, asked, ENDS, Format.JSONL)
    outputs = Outputs(events=out, form=form, report=report, rejects=rejects, archive=archive)
    raise typer.Exit(run(files, inputs, detection, outputs, processes))
