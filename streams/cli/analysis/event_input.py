"""Where commands that work on existing events take them from: files, a feed, or the deployment's Redis."""

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli.errors import UsageError, notify
from streams.cli.files import read_events

if TYPE_CHECKING:
    from models.event import Event
    from streams.stages.settings import Settings as RunSettings
    from streams.tail.feed_source import FeedSource
    from streams.tail.redis_source import RedisSource

Events = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="EVENTS",
        help="Events as JSON Lines, as `replay` writes them; - is standard input. Or the folder of an "
        "archive. Or the URL of a feed like http://127.0.0.1:8080/, of a deployment or of `tankerwatch "
        "serve` (its token is taken from TANKERWATCH_TOKEN).",
    ),
]
WHERE_IDS_ARE: Final = (
    "`tankerwatch replay` prints the id of each event, `tankerwatch events tail` too, and `tankerwatch "
    "export EVENTS --format csv` lists them"
)
Redis = Annotated[
    bool,
    typer.Option("--redis", help="The events of the deployment, from Redis (TANKERWATCH_REDIS)."),
]

Settings = Annotated[
    str | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="TOML with settings that differ from the defaults. Default: with --redis, TANKERWATCH_SETTINGS.",
    ),
]


def settings_of(file: str | None, redis: bool) -> "RunSettings":
    """The settings of this file, or else of the deployment if events come from its Redis.

    Raises SettingsError.
    """
    from streams.deployment import config
    from streams.stages.settings import load

    return load(file or (config.from_environment().settings if redis else "") or None)


def gather(events: Sequence[str] | None, redis: bool, whole: str | None = None) -> "list[Event]":
    """The events of all these places, as `one_by_one` gives them."""
    return list(one_by_one(events, redis, whole))


def one_by_one(events: Sequence[str] | None, redis: bool, whole: str | None = None) -> "Iterator[Event]":
    """The events of all these places: all revisions in files and archives, the highest of each elsewhere.

    Files and archives are read as far as events are asked for. Of the event `whole` (an id) all revisions
    that are kept are among them. Raises UsageError without any place, Failed for a file that can't be read,
    ArchiveError for such a folder, and Unreachable or Unusable for a feed or Redis.
    """
    import asyncio
    import os
    from pathlib import Path

    if not events and not redis:
        raise UsageError("no events: name files or the URL of a feed, or give --redis")
    for place in events or ():
        if place.startswith(("http://", "https://")):
            yield from asyncio.run(_from_feed(place, whole))
        elif os.path.isdir(place):
            from streams.archive.events import archived_events

            yield from archived_events(Path(place))
        else:
            yield from read_events(place)
    if redis:
        yield from asyncio.run(_from_redis(whole))


async def _from_feed(url: str, whole: str | None) -> "list[Event]":

    from streams.runtime.environment import variable
    from streams.tail.feed_source import TOKEN, FeedSource

    return await _all(FeedSource(url, variable(TOKEN) or "", {}, None, True), whole)


async def _from_redis(whole: str | None) -> "list[Event]":
    from streams.deployment import config
    from streams.tail.redis_source import RedisSource

    deployment = config.from_environment()
    return await _all(RedisSource(deployment.redis, deployment.prefix, None, True), whole)


async def _all(source: "FeedSource | RedisSource", whole: str | None) -> "list[Event]":
    from streams.tail.source import Note

    found: list[Event] = []
    try:
        async with aclosing(source.latest()) as some:
            async for one in some:
                if isinstance(one, Note):
                    notify(f"{source.where}: {one.text}")
                else:
                    found.append(one)
        if whole is not None and (known := await source.known(whole)) is not None:
            found += known.revisions
    finally:
        await source.close()
    return found
