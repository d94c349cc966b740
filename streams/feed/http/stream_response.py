"""Streams to clients: how many there may be, what each is sent, what is done with one that does not read."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.event_filter import EventFilter
from streams.feed import metrics
from streams.feed.http.connections import abort
from streams.feed.http.problems import Problem
from streams.feed.settings import FeedSettings
from streams.feed.stream.client import Follower
from streams.feed.stream.hub import Hub
from streams.runtime.tasks import first_of

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
LOOK: Final = 1.0
"""Seconds between two looks for clients that do not read."""
STALLED: Final = 60.0
"""Seconds after which what was sent has to have been taken."""


class Streams:
    """All open streams."""

    def __init__(self, hub: Hub, settings: FeedSettings) -> None:
        self._hub, self._settings = hub, settings
        self._open: set[_Stream] = set()
        self._by_address: Counter[str] = Counter()

    def response(self, address: str, selection: EventFilter, entry: str | None) -> Response:
        """A stream to this address. Raises Problem where there are too many already."""
        limits = self._settings
        if len(self._open) >= limits.streams or self._by_address[address] >= limits.streams_per_address:
            metrics.REFUSED.labels("streams").inc()
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"your address has {self._by_address[address]} streams of {limits.streams_per_address}, all "
                f"have {len(self._open)} of {limits.streams}; close one, or come back later",
                {"Retry-After": "10"},
            )
        return _Stream(self, self._hub, Follower(self._hub, selection, entry), address)

    async def watch(self) -> None:
        """Break off the connections of those who do not take what they are sent; until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            for stream in list(self._open):
                if stream.too_slow:
                    stream.break_off()

    def opened(self, stream: "_Stream") -> None:
        self._open.add(stream)
        self._by_address[stream.address] += 1
        self._count()

    def ended(self, stream: "_Stream") -> None:
        self._open.discard(stream)
        self._by_address[stream.address] -= 1
        self._by_address += Counter()  # without those at zero
        self._count()

    def _count(self) -> None:
        self._hub.streams = len(self._open)
        metrics.STREAMS.set(len(self._open))


class _Stream(Response):
    media_type = "text/event-stream"

    def __init__(self, streams: Streams, hub: Hub, follower: Follower, address: str) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._streams, self._hub = streams, hub
        self.follower, self.address = follower, address
        self._scope: Scope = {}
        self._reason = "client"
        self._writing: float | None = None  # since when

    @property
    def too_slow(self) -> bool:
        """Whether it waits for a client that does not read, and has missed something or waited for long."""
        if self._writing is None:
            return False
        return self.follower.too_slow or time.monotonic() - self._writing > STALLED

    def break_off(self) -> None:
        """The client has had its time: nothing more can be written to it, not even why."""
        self._reason = "slow"
        abort(self._scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

        async def write(body: bytes) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": True})

        async def follow() -> None:
            async for chunk in self.follower.chunks():
                self._writing = time.monotonic()
                await write(chunk.data)
                self._writing = None
                metrics.SENT.inc(chunk.count)
            self._reason = "slow" if self.follower.too_slow else "closing"

        async def beat() -> None:
            while True:
                await self._hub.beat.wait()
                await write(self._hub.heartbeat)

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        self._streams.opened(self)
        try:
            await first_of(follow(), beat(), gone())
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.ended(self)
            metrics.ENDED.labels(self._reason).inc()
