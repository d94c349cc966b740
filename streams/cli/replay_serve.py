"""`tankerwatch replay --serve`: recordings on a page in the browser, with a time machine."""

import asyncio
import socket

from rich.console import Console

from models.event import Event, from_json
from streams.cli.errors import UsageError, complain, reason
from streams.cli.files import source_names
from streams.cli.replay_inputs import Options, read_inputs
from streams.deployment.config import DeploymentError
from streams.feed.http import access, server
from streams.feed.http.context import FeedContext
from streams.feed.recording.memory_log import MemoryLog
from streams.feed.recording.player import Player
from streams.feed.recording.reader import Recording
from streams.feed.settings import from_environment
from streams.feed.stream.hub import Hub
from streams.ingest import run as ingest
from streams.ingest.publish import MAX
from streams.output.console import show_events, show_summary
from streams.recordings.files import open_source
from streams.recordings.replay import Source
from streams.recordings.summary import Summary

HOST = "127.0.0.1"


def serve(options: Options, port: int, rate: str) -> None:
    """Until Ctrl-C, also when the recordings have ended. Raises UsageError."""
    if options.out or options.report or options.rejects:
        raise UsageError("--serve: --out, --report and --rejects don't go with it; run the replay twice")
    try:
        speed = ingest.rate(rate)
        settings = from_environment()
    except DeploymentError as error:
        raise UsageError(str(error)) from None
    except ValueError as error:
        raise UsageError(f"--rate: {error}") from None
    names = source_names(options.files)
    inputs = read_inputs(options)
    listening = open_port(HOST, port)
    console = Console(stderr=True)
    latest: dict[str, Event] = {}

    async def work() -> None:
        log = MemoryLog()
        player = Player(log, None if speed == MAX else speed)
        tokens, _ = access.tokens(settings, HOST)
        feed = FeedContext(log, Hub(log, settings), settings, inputs.places.fences, player, tokens)

        def ended(summary: Summary) -> None:
            for entry in log.all_latest():
                latest[entry.id] = from_json(entry.json)
            if summary.lines:
                show_events(console, latest.values())
                console.print()
                show_summary(console, summary)
            complain(*summary.problems)
            say(f"All has been read; still at {server.url(listening)} (Ctrl-C ends it)")

        def say(sentence: str) -> None:
            console.print(sentence, markup=False, highlight=False, soft_wrap=True)

        recording = Recording(inputs.core(names), log, player, options.mmsis, ended)
        sources = [
            Source(name, open_source(path, name=name))
            for name, path in zip(names, options.files, strict=True)
        ]
        await server.serve(
            feed,
            listening,
            [recording.run(sources)],
            lambda _: say(f"Watch it at {server.url(listening)} (Ctrl-C ends it)"),
        )

    asyncio.run(work())


def open_port(host: str, port: int) -> socket.socket:
    try:
        return server.listen(host, port)
    except OSError as error:
        raise UsageError(f"port {port} of {host}: {reason(error)}; choose another one with --port") from None
