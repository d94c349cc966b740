"""`tankerwatch worker`: the pipeline's stages, as many of their partitions as fall to this process."""

from typing import Annotated

import typer

from streams.cli.errors import UsageError


def worker(
    restart: Annotated[
        bool,
        typer.Option(
            "--restart/--no-restart",
            help="Start the worker again when it ends itself; --no-restart leaves that to your supervisor.",
        ),
    ] = True,
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
    where Kafka and Redis are. A worker ends itself where going on would lose or double something (exit codes
    3 lost frames, 4 partition taken over, 5 failure), and goes on from its checkpoint when started again.
    SIGTERM and Ctrl-C end it in order.
    """
    from streams.deployment import config
    from streams.pipeline import processes

    config.from_environment().load_settings()  # say what is wrong before Faust starts
    if rebuild_from is not None:
        _rebuild(rebuild_from, yes)
        if not yes:
            return
    elif yes:
        raise UsageError("--yes goes with --rebuild-from TIME")
    if code := processes.run_worker(restart):
        raise typer.Exit(code)


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
