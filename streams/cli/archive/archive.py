"""`tankerwatch archive`: keeps what a deployment takes in and finds, in files by date."""

from pathlib import Path
from typing import Annotated

import typer


def archive(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the archive, or a new one.")],
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="Seconds between two commits.")
    ] = 60.0,
    once: Annotated[
        bool, typer.Option("--once", help="End once all is archived that the topics hold now.")
    ] = False,
    keep_raw: Annotated[
        int,
        typer.Option(
            metavar="DAYS",
            min=0,
            help="Days for which raw frames and snapshots are kept after they were archived; 0 for ever.",
        ),
    ] = 400,
    snapshots: Annotated[
        bool,
        typer.Option(
            "--snapshots/--no-snapshots",
            help="Keep the state of the detectors once a day, from which `tankerwatch evidence` begins.",
        ),
    ] = True,
) -> None:
    """Archive a deployment: raw frames, positions, identities, events and port visits, from its Kafka.

    Runs beside the deployment until SIGTERM or Ctrl-C. After a crash it goes on where it was: nothing is lost
    and nothing is there twice, as long as the topics still have it. TANKERWATCH_BROKER and TANKERWATCH_PREFIX
    say which deployment. docs/archive.md describes the files.
    """
    from streams.archive.follow import FollowSettings, run_archive
    from streams.deployment import config

    settings = FollowSettings(every_seconds=every, once=once, keep_raw_days=keep_raw, snapshots=snapshots)
    run_archive(config.from_environment(), folder, settings)
