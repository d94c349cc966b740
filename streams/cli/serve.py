"""`tankerwatch serve`: recordings on a page in the browser, with a time slider."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from streams.cli.errors import UsageError, complain, notify, reason
from streams.cli.options import values
from streams.cli.options.detection import DetectionInputs, DetectionOptions
from streams.cli.options.groups import with_option_groups
from streams.cli.options.inputs import InputOptions, Recordings

if TYPE_CHECKING:
    import socket

    from streams.feed.recording.memory_log import MemoryLog
    from streams.feed.settings import FeedSettings
    from streams.recordings.arrivals import Source
    from streams.recordings.summary import Summary

HOST = "127.0.0.1"


@with_option_groups
def serve(
    files: Recordings,
    *,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port to listen on; 0 for any.")
    ] = 8080,
    rate: Annotated[
        float,
        typer.Option(
            metavar="N|max",
            parser=values.rate,
            help="Speed at which pages play at first, as a multiple of real time; with max they begin at the "
            "end.",
        ),
    ] = cast(float, "max"),  # typer parses it like a given value
    inputs: InputOptions,
    detection: DetectionOptions,
) -> None:
    """Show recordings on a page in the browser, with a map and a time slider.

    The page is served to this machine only, until Ctrl-C, also after all has been read. docs/feed.md
    describes the page and its API.
    """
    from streams.cli.archive.drawn import with_drawn_fences
    from streams.cli.options.detection import load_detection
    from streams.cli.options.inputs import find_recordings
    from streams.feed.settings import from_environment

    settings = from_environment()
    recordings = find_recordings(files, inputs, archives=True)
    loaded = with_drawn_fences(load_detection(detection, inputs.hints), recordings)
    sources = recordings.sources(loaded.rules.settings.decoder)
    _run(sources, loaded, settings, open_port(HOST, port), None if rate == values.MAX_RATE else rate)


def _run(
    sources: "list[Source]",
    detection: DetectionInputs,
    settings: "FeedSettings",
    listening: "socket.socket",
    rate: float | None,
) -> None:
    """Read the recordings and serve the page until a signal ends it."""
    import asyncio

    from streams.feed.analysis_settings import AnalysisSettings
    from streams.feed.http import access, server
    from streams.feed.http.context import FeedContext
    from streams.feed.recording.fences import NOTE, RecordedFences
    from streams.feed.recording.memory_log import MemoryLog
    from streams.feed.recording.progress import Progress
    from streams.feed.recording.reader import Recording
    from streams.feed.stream.hub import Hub
    from streams.feed.views.drawn_fences import FenceDesk

    url = server.url(listening)

    async def run() -> None:
        log = MemoryLog()
        progress = Progress(log, rate)
        tokens, _ = access.tokens(settings, HOST)
        hub, rules = Hub(log, settings), detection.rules
        analysis = AnalysisSettings(rules.settings.ledger, rules.settings.facilitators)
        drawn = RecordedFences(log, progress, rules)
        desk = FenceDesk(drawn, drawn.publish, drawn.newest, NOTE)
        fences = (*rules.surroundings.fences, *rules.drawn)
        feed = FeedContext(log, hub, settings, fences, progress, tokens, analysis, desk)

        def ended(summary: "Summary") -> None:
            _show(summary, log)
            for sentence in detection.unheard(summary):
                notify(sentence)
            typer.echo(f"All has been read; still at {url} (Ctrl-C ends it)", err=True)

        core = detection.core(sources)
        recording = Recording(core, log, progress, detection.mmsis, ended, drawn.keep)
        await server.serve(
            feed,
            listening,
            [recording.run(sources)],
            lambda _: typer.echo(f"Watch it at {url} (Ctrl-C ends it)", err=True),
        )

    asyncio.run(run())


def _show(summary: "Summary", log: "MemoryLog") -> None:
    from rich.console import Console

    from models.event import from_json
    from streams.output.console import headline, show_events, show_summary

    if summary.lines:
        console = Console(stderr=True)
        show_events(console, (headline(from_json(entry.json)) for entry in log.all_latest()))
        console.print()
        show_summary(console, summary)
    complain(*summary.problems)


def open_port(host: str, port: int) -> "socket.socket":
    """A socket that listens there. Raises UsageError where the port is taken or not allowed."""
    from streams.feed.http import server

    try:
        return server.listen(host, port)
    except OSError as error:
        raise UsageError(f"port {port} of {host}: {reason(error)}; choose another one with --port") from None
