"""A real feed on its own port, and clients for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from geofences.catalogue import load_catalogue
from streams.feed.analysis_settings import AnalysisSettings
from streams.feed.http import access, server
from streams.feed.http.context import FeedContext
from streams.feed.log import FeedLog
from streams.feed.recording.progress import Progress
from streams.feed.settings import FeedSettings
from streams.feed.stream.hub import Hub
from streams.feed.views.drawn_fences import FenceDesk
from tests.waiting import PATIENCE, eventually


@asynccontextmanager
async def served(
    log: FeedLog,
    settings: FeedSettings | None = None,
    progress: Progress | None = None,
    host: str = "127.0.0.1",
    redis: str = "",
    analysis: AnalysisSettings | None = None,
    desk: FenceDesk | None = None,
) -> AsyncIterator[str]:
    """The URL of a feed that reads this log. `host` is the address that it believes to listen on."""
    settings = settings or FeedSettings(heartbeat_seconds=0.2)
    tokens, _ = access.tokens(settings, host)
    analysis = analysis or AnalysisSettings()
    feed = FeedContext(
        log, Hub(log, settings, redis), settings, load_catalogue(), progress, tokens, analysis, desk
    )
    listening = server.listen("127.0.0.1", 0)
    url = server.url(listening).rstrip("/")
    stops: list[Callable[[], None]] = []
    task = asyncio.create_task(server.serve(feed, listening, started=stops.append))
    try:
        await eventually(_reachable(url), "the feed to answer")
        yield url
    finally:
        for stop in stops:
            stop()
        await task


def _reachable(url: str) -> Callable[[], Awaitable[bool]]:
    host, _, port = url.rpartition("/")[2].rpartition(":")

    async def reachable() -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            await writer.wait_closed()
            return True
        return False

    return reachable


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream."""

    kind: str
    id: str | None
    data: Any

    @property
    def revision(self) -> tuple[str, int]:
        return self.data["id"], self.data["revision"]


@asynccontextmanager
async def streaming(url: str, query: str = "", **headers: str) -> AsyncIterator[AsyncIterator[Message]]:
    """The messages of a stream, which is closed on leaving the context."""
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as client,
        client.stream("GET", f"{url}/v1/events/stream{query}", headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield _messages(response)


async def _messages(response: httpx.Response) -> AsyncIterator[Message]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield Message(fields["event"], fields.get("id"), json.loads(fields["data"]))
            fields = {}


async def revisions(messages: AsyncIterator[Message], count: int) -> list[Message]:
    """The next revisions. Other messages are skipped, but a reset or a goodbye fails."""
    found: list[Message] = []
    async with asyncio.timeout(PATIENCE):
        async for message in messages:
            assert message.kind not in ("reset", "goodbye"), message
            if message.kind == "revision":
                found.append(message)
                if len(found) == count:
                    break
    return found


async def next_message(messages: AsyncIterator[Message], kind: str) -> Message:
    async with asyncio.timeout(PATIENCE):
        async for message in messages:
            if message.kind == kind:
                return message
    raise AssertionError(f"the stream ended without {kind}")


async def metric_value(url: str, name: str) -> float:
    """The value of a metric."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{url}/metrics")).text
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} "))
