"""`tankerwatch ingest`: live feeds and recordings in, frames on Kafka out."""

from typing import Annotated, cast

import typer

from models.box import Box
from streams.cli.errors import Failed
from streams.cli.options import values
from streams.cli.options.groups import with_option_groups
from streams.cli.options.inputs import InputOptions

Broker = Annotated[
    str,
    typer.Option(
        metavar="HOST:PORT",
        parser=values.broker,
        envvar="TANKERWATCH_BROKER",
        help="Address of Kafka. Several addresses are separated by commas.",
    ),
]


@with_option_groups
def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A recording, a folder or archive of recordings, - for standard input, tcp://HOST:PORT to "
            "connect to, udp://[HOST][:PORT] to listen on (port 10110 by default), http://[HOST]:PORT/PATH "
            "to listen on for posted lines and JSON, mqtt://HOST[:PORT]/TOPIC (also mqtts, mqtt+ws and "
            "mqtt+wss; topics are separated by commas), serial:/dev/DEVICE?baud=38400, aisstream: (needs "
            "AISSTREAM_API_KEY), or sightings: for what others write to the topic ais.sightings.",
        ),
    ],
    *,
    broker: Broker,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the source, if only one is given. A live source gets the time of its start "
            "added; a recording doesn't, so never use the name of a recording twice.",
        ),
    ] = None,
    inputs: InputOptions,
    bbox: Annotated[
        list[Box] | None,
        typer.Option(
            metavar="WEST,SOUTH,EAST,NORTH",
            parser=values.box,
            help="The area to ask aisstream.io for, in degrees. Can be given several times. Default: the "
            "whole world.",
        ),
    ] = None,
    buffer: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder in which frames wait while Kafka is away. What a killed run left there is sent "
            "first. Default: a folder of the user's state directory that is the same for the same sources "
            "and broker.",
        ),
    ] = None,
    buffer_limit: Annotated[
        int,
        typer.Option(
            metavar="SIZE",
            parser=values.size,
            help="Size of the buffer. When it is full, sources wait and UDP datagrams are dropped.",
        ),
    ] = cast(int, "1GiB"),  # typer parses it like a given value
    partitions: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            envvar="TANKERWATCH_RAW_PARTITIONS",
            help="Partitions of the topic of raw frames. An existing topic with another number is an error. "
            "Default: what the topic has, 4 for a new one.",
        ),
    ] = None,
    prefix: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            envvar="TANKERWATCH_PREFIX",
            help="Prefix of the names of all topics, for a second deployment on the same Kafka.",
        ),
    ] = "",
) -> None:
    """Send AIS lines from live feeds and recordings to Kafka, until stopped or all recordings are sent.

    Every source is registered before its first line. A broken connection is made again after 1 to 60
    seconds. Ctrl-C or SIGTERM sends what has been received and ends the sources.
    """
    from streams.deployment.topics import Topics
    from streams.ingest import run
    from streams.ingest.sender import KafkaTarget
    from streams.ingest.session import IngestOptions

    target = KafkaTarget(broker, Topics(prefix), partitions)
    folder = run.default_buffer(target, sources) if buffer is None else run.folder(buffer)
    options = IngestOptions(
        buffer=folder,
        buffer_limit=buffer_limit,
        name=name,
        boxes=bbox or [],
        glob=inputs.glob,
        reading=inputs.reading(),
    )
    problems = run.ingest(sources, target, options)
    if problems:
        raise Failed(*problems)
