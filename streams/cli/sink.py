"""`tankerwatch sink`: writes events and positions from Kafka to Redis, for the feed."""

from typing import Annotated

import typer


def sink(
    metrics_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", help="Port of the metrics; 0 for none. Default: TANKERWATCH_WEB_PORT plus 1."
        ),
    ] = None,
) -> None:
    """Write what the workers publish to Redis: the event log and the latest position of every vessel.

    One sink is enough. A second one takes over, and the first one ends with exit code 4. The TANKERWATCH_…
    variables say where Kafka and Redis are; the sink waits while one of them is away. SIGTERM and Ctrl-C end
    it.
    """
    from streams.deployment import config
    from streams.runtime import exit_codes
    from streams.runtime.fencing import Fenced
    from streams.store import retention
    from streams.store.sink import run_sink

    wanted, kept = config.from_environment(), retention.from_environment()
    port = metrics_port if metrics_port is not None else wanted.web_port and wanted.web_port + 1
    try:
        run_sink(wanted, kept, port)
    except Fenced:
        raise typer.Exit(exit_codes.FENCED) from None
