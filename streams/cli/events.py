"""`tankerwatch events`: shows events on a terminal as they come, or one event in full."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.errors import Failed, UsageError, help_unless_command, notify

if TYPE_CHECKING:
    from streams.tail.source import Since, Source

app = typer.Typer()
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="redis|kafka|URL",
        help="Where to read events: redis or kafka for those of the deployment (TANKERWATCH_… variables), "
        "redis://…, kafka://HOST:PORT, or the URL of a feed like http://127.0.0.1:8080/ (its token is taken "
        "from TANKERWATCH_TOKEN).",
    ),
]


@app.callback(invoke_without_command=True)
def _events(context: typer.Context) -> None:
    """Show events on the terminal: as they come, or one in full."""
    help_unless_command(context)


def _filter(name: str) -> Any:
    """The option for a filter, with the description that the API and the rules of alerts use too."""
    from models.event_filter import FILTERS

    offered = next(one for one in FILTERS if one.name == name)
    return typer.Option(f"--{name.replace('_', '-')}", metavar=offered.metavar, help=offered.help)


Several = list[str] | None


@app.command()
def tail(
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME|AGE|all",
            help="Begin with events published at this time (2026-03-01T12:00:00Z, UTC), this long ago (90m, "
            "12h, 7d), or with all that are kept. Default: only new events.",
        ),
    ] = None,
    type: Annotated[Several, _filter("type")] = None,
    level: Annotated[Several, _filter("level")] = None,
    status: Annotated[Several, _filter("status")] = None,
    fence: Annotated[Several, _filter("fence")] = None,
    country: Annotated[Several, _filter("country")] = None,
    mmsi: Annotated[Several, _filter("mmsi")] = None,
    imo: Annotated[Several, _filter("imo")] = None,
    flag: Annotated[Several, _filter("flag")] = None,
    watchlist: Annotated[Several, _filter("watchlist")] = None,
    bbox: Annotated[str | None, _filter("bbox")] = None,
    min_score: Annotated[str | None, _filter("min_score")] = None,
    not_type: Annotated[Several, _filter("not_type")] = None,
    not_fence: Annotated[Several, _filter("not_fence")] = None,
    not_country: Annotated[Several, _filter("not_country")] = None,
    not_mmsi: Annotated[Several, _filter("not_mmsi")] = None,
    not_imo: Annotated[Several, _filter("not_imo")] = None,
    not_flag: Annotated[Several, _filter("not_flag")] = None,
    not_watchlist: Annotated[Several, _filter("not_watchlist")] = None,
    source: SourceOption = "redis",
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print JSON Lines. This is the default if the output is not a terminal."),
    ] = False,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Show the events that exist (since --since, by default all) and end. Also end if the source "
            "can't be reached.",
        ),
    ] = False,
) -> None:
    """Show events as they come, in two lines each. For a later revision it shows what has changed.

    An event is shown if it meets every filter. A filter with several values (separated by commas, or given
    several times) is met by any of them. A source that is away is waited for. Ctrl-C ends it.
    """
    import asyncio
    import sys

    from rich.console import Console

    from models.event_filter import EventFilter, EventFilterError
    from streams.tail.follow import Tail
    from streams.tail.printer import JsonLines, Lines

    given = {
        "type": type, "level": level, "status": status, "fence": fence, "country": country, "mmsi": mmsi,
        "imo": imo, "flag": flag, "watchlist": watchlist, "bbox": bbox and [bbox],
        "min_score": min_score and [min_score], "not_type": not_type, "not_fence": not_fence,
        "not_country": not_country, "not_mmsi": not_mmsi, "not_imo": not_imo, "not_flag": not_flag,
        "not_watchlist": not_watchlist,
    }  # fmt: skip
    try:
        selection = EventFilter.parse({name: values for name, values in given.items() if values})
    except EventFilterError as error:
        raise UsageError(
            f"--{error.filter.replace('_', '-')}{str(error).removeprefix(error.filter)}"
        ) from None
    begin = _since(since or ("all" if once else None))
    printer = JsonLines() if as_json or not sys.stdout.isatty() else Lines(Console())

    async def follow() -> None:
        chosen = _source(source, begin, once, selection.values())
        try:
            await Tail(chosen, selection, printer, notify).run(once)
        finally:
            await chosen.close()

    asyncio.run(follow())


@app.command(short_help="Show everything about one event.")
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="The event's id.")],
    source: SourceOption = "redis",
    as_json: Annotated[bool, typer.Option("--json", help="Print the revisions as JSON Lines.")] = False,
) -> None:
    """Show everything about an event: summary, reasons for and against, vessels, revisions, reviews."""
    import asyncio
    import sys

    from rich.console import Console

    from streams.tail import event_sheet
    from streams.tail.printer import JsonLines
    from streams.tail.source import Known

    async def look() -> "tuple[str, Known | None]":
        chosen = _source(source, None, True, {})
        try:
            return chosen.where, await chosen.known(id)
        finally:
            await chosen.close()

    where, known = asyncio.run(look())
    if known is None:
        raise Failed(f"{where} has no event {id!r}; `tankerwatch events tail` shows ids")
    if as_json:
        lines = JsonLines(sys.stdout)
        for event in known.revisions:
            lines.print(event, None)
    else:
        event_sheet.show(Console(), known)


def _source(place: str, since: "Since | None", once: bool, filters: dict[str, list[str]]) -> "Source":
    """Raises UsageError."""
    from streams.deployment import config
    from streams.runtime.environment import variable
    from streams.tail.feed_source import TOKEN, FeedSource
    from streams.tail.kafka_source import KafkaSource
    from streams.tail.redis_source import RedisSource

    wanted = config.from_environment()
    scheme, _, rest = place.partition("://")
    if place == "redis" or (scheme in ("redis", "rediss", "unix") and rest):
        return RedisSource(wanted.redis if place == "redis" else place, wanted.prefix, since, once)
    if place == "kafka" or (scheme == "kafka" and rest):
        return KafkaSource(wanted.broker if place == "kafka" else rest, wanted.topics.events, since, once)
    if scheme in ("http", "https") and rest:
        return FeedSource(place, variable(TOKEN) or "", filters, since, once)
    raise UsageError(
        f"--source: {place!r} is not a source; give redis, kafka, or a URL like http://127.0.0.1:8080/. "
        "Events in a file: `tankerwatch explain ID FILE`"
    )


def _since(text: str | None) -> "Since | None":
    """Raises UsageError."""
    import re
    import time

    from models.time import DAY, HOUR, MINUTE, SECOND, from_text
    from streams.tail.source import Since

    if text is None:
        return None
    if text == "all":
        return Since()
    if age := re.fullmatch(r"([0-9]{1,9})([smhd])", text):
        unit = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}[age[2]]
        return Since(max(0, int(time.time() * 1000) - int(age[1]) * unit))
    try:
        return Since(max(0, from_text(text)))
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since: {text!r} is not a time; give one like 2026-03-01T12:00:00Z, an age like 90m or 7d, or "
            "all"
        ) from None
