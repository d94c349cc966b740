"""Answers: how many are worked on at a time for one address, and how much of them may wait to be sent.

A client that asks much and reads nothing keeps its answers in our memory. So an answer goes out in pieces,
each when the one before has been taken; large ones count towards a bound of their address and one of all; and
a client that takes nothing for a while is disconnected. Requests of one address beyond a few wait for each
other, so that whatever one address asks for, others are served in between.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import TankerwatchError
from streams.feed import metrics
from streams.feed.http import problems
from streams.feed.http.access import address
from streams.feed.http.connections import abort, closing
from streams.feed.notifier import Notifier

AT_WORK: Final = 6
"""Requests of one address that are worked on at a time: as many as a browser makes."""
PIECE: Final = 1 << 16
"""Bytes of a piece. One waits in this process for each client, beside what the system takes."""
UNSENT: Final = 64 << 20
"""Bytes of answers, each larger than a piece, that may wait for all clients together. A quarter of it may
wait for the clients of one address. An answer larger than that is sent when no other waits."""
STALLED: Final = 20.0
"""Seconds that a client has to take a piece, and that an answer waits for the bounds."""
APART: Final = frozenset({"/", "/healthz", "/v1/events/stream"})
"""Paths whose answers are small, or bounded by themselves."""


HEAVY: Final = ("/v1/ledger", "/v1/facilitators")
"""Paths whose answers are worked out from all events that are kept: one at a time, for all addresses."""


class Answers:
    def __init__(self, app: ASGIApp, unsent: int = UNSENT) -> None:
        self._app = app
        self._room = _Room(unsent)
        self._turns: dict[str, _Turns] = {}
        self._heavy = asyncio.Semaphore(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in APART:
            await self._app(scope, receive, send)
            return
        name = address(scope)
        alone = self._alone() if scope["path"].startswith(HEAVY) else nullcontext(lambda: None)
        async with self._turn(name), alone as made:
            if not closing(scope):  # it has given up waiting
                await self._app(scope, receive, _Sender(scope, receive, send, self._room, name, made))

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Callable[[], None]]:
        """Nobody else makes such an answer, until this is called: while it is sent, others may."""
        await self._heavy.acquire()
        held = True

        def let_go() -> None:
            nonlocal held
            if held:
                self._heavy.release()
            held = False

        try:
            yield let_go
        finally:
            let_go()

    @asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        turns = self._turns.setdefault(name, _Turns())
        turns.users += 1
        try:
            async with turns.free:
                yield
        finally:
            turns.users -= 1
            if not turns.users:
                del self._turns[name]


class _Turns:
    def __init__(self) -> None:
        self.free = asyncio.Semaphore(AT_WORK)
        self.users = 0


class _NoRoom(TankerwatchError):
    """Ends a wait for the bounds; it never leaves this module."""


class _Room:
    """Counts the bytes that wait to be sent."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._all = 0
        self._by_address: Counter[str] = Counter()
        self._freed = Notifier()

    @asynccontextmanager
    async def taken(self, name: str, size: int) -> AsyncIterator[None]:
        """Wait until so many bytes may wait, too. Raises _NoRoom if that takes too long."""
        end = asyncio.get_running_loop().time() + STALLED
        while not self._fits(name, size):
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                raise _NoRoom
            await self._freed.wait(left)
        self._add(name, size)
        try:
            yield
        finally:
            self._add(name, -size)
            self._freed.notify()

    def _fits(self, name: str, size: int) -> bool:
        own = self._by_address[name]
        return (not self._all or self._all + size <= self._most) and (
            not own or own + size <= self._most // 4
        )

    def _add(self, name: str, size: int) -> None:
        self._all += size
        self._by_address[name] += size
        if not self._by_address[name]:
            del self._by_address[name]
        metrics.UNSENT.set(self._all)


class _Sender:
    """Sends one answer."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, room: _Room, name: str, made: Callable[[], None]
    ) -> None:
        """`made` is called when the answer begins: it has been worked out then."""
        self._made = made
        self._scope, self._receive, self._send = scope, receive, send
        self._room, self._name = room, name
        self._start: Message | None = None  # held back until it is known that there is room for what follows
        self._refused = False

    async def __call__(self, message: Message) -> None:
        if self._refused:
            return
        if message["type"] == "http.response.start":
            self._start = message
            self._made()
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) <= PIECE:
            await self._pass_on(message)
            return
        try:
            async with self._room.taken(self._name, len(body)):
                for at in range(0, len(body), PIECE):
                    last = at + PIECE >= len(body)
                    piece = {"body": body[at : at + PIECE], "more_body": more or not last}
                    await self._pass_on({"type": "http.response.body", **piece})
                    await asyncio.sleep(
                        0
                    )  # others are served in between, and an end of the connection is seen
        except _NoRoom:
            await self._refuse()

    async def _refuse(self) -> None:
        self._refused = True
        metrics.REFUSED.labels("unsent").inc()
        if self._start is None:  # the beginning has gone out
            abort(self._scope)
            return
        answer = problems.response(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too much is waiting for clients that do not read; try again later",
            {"Retry-After": "10"},
        )
        await answer(self._scope, self._receive, self._send)

    async def _pass_on(self, message: Message) -> None:
        start, self._start = self._start, None
        try:
            async with asyncio.timeout(STALLED):
                if start is not None:
                    await self._send(start)
                await self._send(message)
        except TimeoutError:
            self._refused = True
            metrics.REFUSED.labels("slow").inc()
            abort(self._scope)
