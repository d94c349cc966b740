"""`tankerwatch publish`: recordings to Kafka, with their own times."""

from typing import Annotated, cast

import typer

from streams.cli.errors import Failed
from streams.cli.ingest import Broker
from streams.cli.options import values
from streams.cli.options.groups import with_option_groups
from streams.cli.options.inputs import InputOptions, Recordings


@with_option_groups
def publish(
    files: Recordings,
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
    inputs: InputOptions,
) -> None:
    """Publish recordings to Kafka with their own times, for workers to process.

    All recordings are registered before the first line is sent. With --rate they are merged by time; with
    max they are sent one after the other. Ctrl-C or SIGTERM sends what has been read and ends it. The
    topics' prefix is taken from TANKERWATCH_PREFIX.
    """
    from streams.deployment.config import from_environment
    from streams.ingest import run
    from streams.ingest.sender import KafkaTarget

    target = KafkaTarget(broker, from_environment().topics)
    problems = run.publish(files, broker, rate, target=target, base_time=inputs.base_time)
    if problems:
        raise Failed(*problems)
