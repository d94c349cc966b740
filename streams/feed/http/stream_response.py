"""Stream responses: how many there may be, what each client is sent, and the end of one that does not
read."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.event_filter import EventFilter
from streams.feed import metrics
from streams.feed.http.connections import abort
from streams.feed.http.problems import Problem
from streams.feed.http.responses import EventStream
from streams.feed.settings import FeedSettings
from streams.feed.stream.client import StreamClient
from streams.feed.stream.hub import Hub
from streams.runtime.tasks import first_of

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
LOOK: Final = 1.0
"""Seconds between two checks for clients that do not read."""
STALLED: Final = 60.0
"""Seconds that a client has to take what it was sent."""
CATCHING_UP: Final = 2
"""Streams of one address that read from the log at a time."""


class Streams:
    """All open streams."""

    def __init__(self, hub: Hub, settings: FeedSettings) -> None:
        self._hub, self._settings = hub, settings
        self._open: set[_Stream] = set()
        self._by_address: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}  # of the addresses that have streams

    def response(
        self, address: str, selection: EventFilter, entry: str | None, hints: Sequence[str] = ()
    ) -> Response:
        """A stream to this address from after this entry of the log; None: from now on. It begins with
        `hints`.

        Raises Problem if there are too many streams already.
        """
        limits = self._settings
        if len(self._open) >= limits.streams or self._by_address[address] >= limits.streams_per_address:
            metrics.REFUSED.labels("streams").inc()
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"your address has {self._by_address[address]} streams open and may have "
                f"{limits.streams_per_address}; all addresses have {len(self._open)} and may have "
                f"{limits.streams}; close one, or try again later",
                {"Retry-After": "10"},
            )
        return _Stream(self, self._hub, StreamClient(self._hub, selection, entry, hints), address)

    async def watch(self) -> None:
        """Break off the connections of clients that do not read, until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            for stream in list(self._open):
                if stream.too_slow:
                    stream.break_off()

    def opened(self, stream: "_Stream") -> None:
        self._open.add(stream)
        self._by_address[stream.address] += 1
        stream.client.turn = self._turns.setdefault(stream.address, asyncio.Semaphore(CATCHING_UP))
        self._count()

    def ended(self, stream: "_Stream") -> None:
        self._open.discard(stream)
        self._by_address[stream.address] -= 1
        if not self._by_address[stream.address]:
            del self._by_address[stream.address], self._turns[stream.address]
        self._count()

    def _count(self) -> None:
        self._hub.streams = len(self._open)
        metrics.STREAMS.set(len(self._open))


class _Stream(EventStream):
    def __init__(self, streams: Streams, hub: Hub, client: StreamClient, address: str) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._streams, self._hub = streams, hub
        self.client, self.address = client, address
        self._scope: Scope = {}
        self._reason = "client"
        self._writing_since: float | None = None

    @property
    def too_slow(self) -> bool:
        """Whether it is writing to a client that has fallen too far behind, or has not read for too long."""
        if self._writing_since is None:
            return False
        return self.client.too_slow or time.monotonic() - self._writing_since > STALLED

    def break_off(self) -> None:
        """Close the connection. Nothing more can be written to it, not even a reason."""
        self._reason = "slow"
        abort(self._scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

        async def write(body: bytes) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": True})

        greeted = asyncio.Event()

        async def write_messages() -> None:
            async for chunk in self.client.chunks():
                self._writing_since = time.monotonic()
                await write(chunk.data)
                self._writing_since = None
                greeted.set()  # nothing goes before the first message, which is `hello`
                metrics.SENT.inc(chunk.count)
            self._reason = "slow" if self.client.too_slow else "closing"

        async def write_heartbeats() -> None:
            await self._hub.checked.wait()
            told = dict(self._hub.news)  # `hello` has it
            await greeted.wait()
            while True:
                if told == self._hub.news:
                    await self._hub.beat.wait()
                await write(self._hub.heartbeat)
                for kind, one in list(self._hub.news.items()):
                    if told.get(kind) != one:
                        told[kind] = one
                        await write(one[1])

        async def disconnected() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        self._streams.opened(self)
        try:
            await first_of(write_messages(), write_heartbeats(), disconnected())
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.ended(self)
            metrics.ENDED.labels(self._reason).inc()
