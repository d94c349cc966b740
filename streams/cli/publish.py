"""`tankerwatch publish`: recordings to Kafka, with their own times."""

from typing import Annotated, cast

import typer

from streams.cli.errors import Failed, UsageError
from streams.cli.ingest import Broker
from streams.cli.options import values
from streams.cli.options.groups import with_option_groups
from streams.cli.options.inputs import InputOptions


@with_option_groups
def publish(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="AIS recordings in any order, as for replay. None at all if only sightings are published.",
        ),
    ] = None,
    *,
    broker: Broker,
    rate: Annotated[
        float,
        typer.Option(
            metavar="N|max",
            parser=values.rate,
            help="Speed as a multiple of real time; max is as fast as Kafka takes it.",
        ),
    ] = cast(float, "max"),  # typer parses it like a given value
    shift_to_now: Annotated[
        bool,
        typer.Option(
            "--shift-to-now",
            help="Move the times in all lines so that the earliest recording starts now. For demonstrations.",
        ),
    ] = False,
    sightings: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="File of what others saw (docs/sightings.md), sent before the recordings. Can be given "
            "several times.",
        ),
    ] = None,
    inputs: InputOptions,
) -> None:
    """Publish recordings to Kafka with their own times, for workers to process.

    A deployment reads forward in time. Recordings that start before what it has worked off are refused,
    because it would ignore them (docs/deployment.md). How far it is comes from Redis at TANKERWATCH_REDIS.

    All recordings are registered before the first line is sent. With --rate they are merged by time; with
    max they are sent one after the other. Ctrl-C or SIGTERM sends what has been read and ends it. The
    topics' prefix is taken from TANKERWATCH_PREFIX.
    """
    from streams.archive.folder import is_archive
    from streams.deployment.config import from_environment
    from streams.ingest import run
    from streams.ingest.sender import KafkaTarget
    from streams.sightings.files import load_sightings

    if not files and not sightings:
        raise UsageError("nothing to publish: name recordings, or sightings with --sightings")
    if archives := [path for path in files or () if is_archive(path)]:
        raise UsageError(f"{archives[0]}: an archive, not a recording; `tankerwatch replay` reads it")
    seen = load_sightings(sightings or [])
    deployment = from_environment()
    target = KafkaTarget(broker, deployment.topics)
    problems = run.publish(
        files or [],
        target,
        rate,
        redis=deployment.redis,
        glob=inputs.glob,
        reading=inputs.reading(),
        to_now=shift_to_now,
        sightings=seen,
    )
    if problems:
        raise Failed(*problems)
