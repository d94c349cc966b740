"""`tankerwatch feed`: serves the event log in Redis as a page, an API and a stream."""

from typing import Annotated

import typer


def feed(
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Address to listen on. Beyond loopback, clients need a token."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port to listen on; 0 for any free one.")
    ] = 8080,
    redis: Annotated[
        str | None,
        typer.Option(metavar="URL", help="URL of the Redis with the event log. Default: TANKERWATCH_REDIS."),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Prefix of all Redis keys. Default: TANKERWATCH_PREFIX."),
    ] = None,
    settings: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="TOML file of settings, for the ledger and facilitators. Default: TANKERWATCH_SETTINGS.",
        ),
    ] = None,
) -> None:
    """Serve events and vessels as a page for people, and as an API and a stream for programs.

    It reads only what the sink keeps in Redis, and waits while Redis is away. docs/feed.md describes the API,
    docs/reference/environment.md the TANKERWATCH_FEED_… variables. SIGTERM and Ctrl-C end it.
    """
    import msgspec

    from streams.cli.serve import open_port
    from streams.deployment import config
    from streams.deployment.reference_data import load_all_fences
    from streams.feed.analysis_settings import AnalysisSettings
    from streams.feed.http import process
    from streams.feed.settings import from_environment
    from streams.stages.settings import load

    wanted, demands = config.from_environment(), from_environment()
    every = load(settings or wanted.settings or None)
    analysis = AnalysisSettings(every.ledger, every.facilitators)
    fences = load_all_fences(wanted.files)
    changes = {name: value for name, value in (("redis", redis), ("prefix", prefix)) if value is not None}
    process.run(msgspec.structs.replace(wanted, **changes), demands, fences, open_port(host, port), analysis)
