"""`tankerwatch worker`: runs the stages of the pipeline, for the partitions that fall to this process."""

import os
import sys
from typing import Annotated, Final

import typer

from models.time import Millis
from streams.cli.errors import UsageError
from streams.cli.options import values

FAUST: Final = ("-m", "faust", "--quiet", "-A", "streams.app", "worker", "--without-web", "-l", "debug")
"""Arguments of Python that start a worker. Levels of logs are those of `streams/runtime/logs.py`."""


def worker(
    rebuild_from: Annotated[
        Millis | None,
        typer.Option(
            metavar="TIME",
            parser=values.time,
            help="Drop all checkpoints and process the raw frames again that came at this time (UTC) or "
            "later. Without --yes it only prints what would be done. All workers must be stopped.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do what --rebuild-from prints, and start.")] = False,
) -> None:
    """Read raw frames from Kafka, decode them, follow vessels, find events and publish them to Kafka.

    Start as many workers as you like, on as many machines: they share the partitions. The TANKERWATCH_…
    variables say where Kafka and Redis are. A worker ends with exit code 3 (frames are missing), 4 (another
    worker has taken over a partition) or 5 (any other failure) rather than lose or duplicate anything. Run it
    under something that restarts it, such as Docker Compose or systemd (docs/deployment.md): it resumes from
    its last checkpoint. Exit code 2 means that a restart would fail in the same way. SIGTERM and Ctrl-C end
    it cleanly.
    """
    from streams.deployment import config

    config.from_environment()  # say what is wrong before Faust starts
    if rebuild_from is not None:
        _rebuild(rebuild_from, yes)
        if not yes:
            return
    elif yes:
        raise UsageError("--yes needs --rebuild-from TIME")
    # Faust's own command takes the place of this process: it has the signals, the loop and the exit code
    os.execv(sys.executable, [sys.executable, *FAUST])


def _rebuild(time: Millis, yes: bool) -> None:
    """Print what rebuilding from this time does, and do it with `yes`."""
    import asyncio

    from streams.deployment import config
    from streams.pipeline import rebuild
    from streams.runtime import logs

    logs.configure("WARNING")
    steps = asyncio.run(rebuild.rebuild(config.from_environment(), time, apply=yes))
    for step in steps:
        typer.echo(step, err=True)
    if not yes:
        typer.echo("Nothing has been changed. Add --yes to do it.", err=True)
