"""The response that is a stream: what follows from the log, a heartbeat, the end when the client is gone."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from streams.feed.following import Follower
from streams.feed.hub import Hub

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(Response):
    media_type = "text/event-stream"

    def __init__(self, hub: Hub, follower: Follower) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._hub, self._follower = hub, follower

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

        async def write(body: bytes) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": True})

        async def follow() -> None:
            async for chunk in self._follower.chunks():
                await write(chunk)

        async def beat() -> None:
            while True:
                await self._hub.beat.wait()
                await write(self._hub.heartbeat)

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        await _first(follow, beat, gone)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _first(*parts: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Until one of them ends, which ends the others."""
    tasks = [asyncio.create_task(part()) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
