"""`tankerwatch archive`: keeps what a deployment takes in and finds, in files by date."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from streams.cli.errors import complain


def archive(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the archive, or a new one.")],
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="Seconds between two commits.")
    ] = 60.0,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Archive nothing: compare raw frames, snapshots and rules with their hashes. What differs "
            "is printed, and the exit code is 1.",
        ),
    ] = False,
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
    say which deployment; for the state of the detectors, give it the settings, fences and lists of the
    workers, too. docs/archive.md describes the files.
    """
    if check:
        _check(folder)
    from streams.archive.follow import FollowSettings, run_archive
    from streams.deployment import config

    settings = FollowSettings(every_seconds=every, once=once, keep_raw_days=keep_raw, snapshots=snapshots)
    run_archive(config.from_environment(), folder, settings)


def _check(folder: Path) -> NoReturn:
    from streams.archive.folder import read_manifest
    from streams.archive.live_evidence import check_hashes

    count, faults = check_hashes(folder)
    complain(*faults)
    if not faults:
        chain = read_manifest(folder).chain
        files = "1 file is as it was" if count == 1 else f"{count:,} files are as they were"
        typer.echo(f"{folder}: {files} archived; the last hash is {chain.head}")
    raise typer.Exit(1 if faults else 0)
