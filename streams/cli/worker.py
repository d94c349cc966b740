"""`tankerwatch worker`: the pipeline's stages, as many of their partitions as fall to this process."""

import os
import sys
from typing import Annotated, Final

import typer

from streams.cli.errors import UsageError

FAUST: Final = ("-m", "faust", "--quiet", "-A", "streams.app", "worker", "--without-web", "-l", "debug")
"""Arguments of Python that start a worker. Levels of logs are those of `streams/runtime/logs.py`."""


def worker(
    rebuild_from: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Give up all checkpoints, and read the raw frames again that came at this time (UTC) or "
            "later. Shows what would be done; does it with --yes. All workers must have been stopped.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do what --rebuild-from shows, and start.")] = False,
) -> None:
    """Decode, follow vessels, find meetings and publish events, from Kafka to Kafka.

    Start as many as you like, on as many machines: they share the partitions. The TANKERWATCH_… variables say
    where Kafka and Redis are. A worker ends with exit code 3 (frames are missing), 4 (another worker has
    taken a partition over) or 5 (any other failure) rather than lose or double anything. Run it under
    something that restarts it, such as Docker Compose or systemd (docs/deployment.md): it goes on from its
    last checkpoint. Exit code 2 means that a restart would fail in the same way. SIGTERM and Ctrl-C end it in
    order.
    """
    from streams.deployment import config

    config.from_environment()  # say what is wrong before Faust starts
    if rebuild_from is not None:
        _rebuild(rebuild_from, yes)
        if not yes:
            return
    elif yes:
        raise UsageError("--yes goes with --rebuild-from TIME")
    # Faust's own command takes the place of this process: it has the signals, the loop and the exit code
    os.execv(sys.executable, [sys.executable, *FAUST])


def _rebuild(text: str, yes: bool) -> None:
    import asyncio

    from models.time import from_text
    from streams.deployment import config
    from streams.pipeline import rebuild
    from streams.runtime import logs

    try:
        time = from_text(text)
    except ValueError:
        raise UsageError(
            f"--rebuild-from: {text!r} is no time; give one such as 2026-03-01T12:00:00Z"
        ) from None
    logs.configure("WARNING")
    steps = asyncio.run(rebuild.rebuild(config.from_environment(), time, apply=yes))
    for step in steps:
        typer.echo(step, err=True)
    if not yes:
        typer.echo("Nothing has been changed; add --yes to do it.", err=True)
