"""`tankerwatch feed`: the event log in Redis as a page, an API and a stream."""

from typing import Annotated

import typer


def feed(
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Address to listen on. Beyond loopback it takes tokens."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port to listen on; 0 for any free one.")
    ] = 8080,
    redis: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Redis with the event log. Default: TANKERWATCH_REDIS."),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Before every Redis key. Default: TANKERWATCH_PREFIX."),
    ] = None,
) -> None:
    """Show events and vessels on a page, and tell programs of them as they come.

    Reads what the sink keeps in Redis, and nothing else. Waits while Redis is away. docs/feed.md describes
    the API and the TANKERWATCH_FEED_… variables. SIGTERM and Ctrl-C end it.
    """
    import msgspec

    from streams.cli.serve import open_port
    from streams.deployment import config
    from streams.deployment.reference_data import load_all_fences
    from streams.feed import settings
    from streams.feed.http import process

    wanted, demands = config.from_environment(), settings.from_environment()
    fences = load_all_fences(wanted.files)
    changes = {name: value for name, value in (("redis", redis), ("prefix", prefix)) if value is not None}
    process.run(msgspec.structs.replace(wanted, **changes), demands, fences, open_port(host, port))
