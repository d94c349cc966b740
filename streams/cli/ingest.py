"""`tankerwatch ingest`: live feeds and recordings in, frames on Kafka out."""

from typing import Annotated

import typer

from streams.cli.errors import Failed, UsageError

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A recording (plain or gzip; - is stdin), tcp://HOST:PORT, udp://[HOST][:PORT] (listens, "
            "port 10110 by default), serial:/dev/DEVICE?baud=38400, or aisstream: (needs AISSTREAM_API_KEY; "
            "its messages are JSON, not decoded yet: until then they are counted as malformed lines).",
        ),
    ],
    broker: Annotated[str, typer.Option(metavar="HOST:PORT", help="Kafka.", envvar="TANKERWATCH_BROKER")],
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the source, where there is one. Of a recording as it is, so never use it twice; a "
            "live source's gets the time of its start added.",
        ),
    ] = None,
    bbox: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WEST,SOUTH,EAST,NORTH",
            help="What to ask aisstream.io for, in degrees; may be given several times. Default: the world.",
        ),
    ] = None,
    base_time: Annotated[
        str | None, typer.Option(metavar="TIME", help="Time of lines of recordings that tell none (UTC).")
    ] = None,
    buffer: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Where frames wait while Kafka is away; what a killed run left there is sent first. "
            "Default: a folder for this command line among the user's state.",
        ),
    ] = None,
    buffer_limit: Annotated[
        str,
        typer.Option(
            metavar="SIZE", help="Size of the buffer; when full, sources wait and UDP datagrams are dropped."
        ),
    ] = "1GiB",
    partitions: Annotated[
        int | None,
        typer.Option(
            min=1,
            envvar="TANKERWATCH_RAW_PARTITIONS",
            help="Partitions of the topic of frames; an error if it has others. Default: as it is, 4 if new.",
        ),
    ] = None,
    prefix: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            envvar="TANKERWATCH_PREFIX",
            help="What the topics' names begin with, in a second deployment.",
        ),
    ] = "",
) -> None:
    """Bring AIS lines from live feeds and recordings to Kafka, until stopped or all recordings are sent.

    Every source is registered before its first line. Connections that break are made again, after 1 to 60
    seconds. Ctrl-C or SIGTERM sends what has come and ends the sources.
    """
    from streams.deployment.topics import Topics
    from streams.deployment.topics_admin import TopicsError
    from streams.ingest import run
    from streams.ingest.sender import KafkaTarget
    from streams.ingest.session import IngestOptions
    from streams.ingest.sources.address import AddressError
    from streams.ingest.spool import SpoolError

    target = KafkaTarget(broker_address(broker), Topics(prefix), partitions)
    folder = run.default_buffer(target, sources) if buffer is None else run.folder(buffer)
    options = IngestOptions(
        buffer=folder,
        buffer_limit=_size(buffer_limit),
        name=name,
        boxes=[_box(text) for text in bbox or []],
        base_time=None if base_time is None else time_option(base_time),
    )
    try:
        problems = run.ingest(sources, target, options)
    except AddressError as error:
        raise UsageError(str(error)) from None
    except (SpoolError, TopicsError) as error:
        raise Failed(str(error)) from None
    if problems:
        raise Failed(*problems)


def broker_address(text: str) -> str:
    """HOST:PORT, or several with commas between. Raises UsageError."""
    for part in text.split(","):
        host, _, port = part.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise UsageError(f"--broker: {text!r} is not HOST:PORT, such as localhost:9092")
    return text


def _size(text: str) -> int:
    number = text.upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:].isalpha() else ""
    digits = number.removesuffix(unit).strip() if unit else number.strip()
    if not digits.isdecimal() or unit not in _UNITS or int(digits) == 0:
        raise UsageError(f"--buffer-limit: {text!r} is no size; give one such as 500MiB or 1GiB")
    return int(digits) * _UNITS[unit]


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--bbox: {text!r} is not WEST,SOUTH,EAST,NORTH in degrees") from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90):
        raise UsageError(f"--bbox: {text!r} must have longitudes in -180..180 and south < north in -90..90")
    return west, south, east, north


def time_option(text: str) -> int:
    """The time that --base-time says. Raises UsageError."""
    from models.time import from_text

    try:
        return from_text(text)
    except ValueError:
        raise UsageError(f"--base-time: {text!r} is no time; give one such as 2026-03-01T12:00:00Z") from None
