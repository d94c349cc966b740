"""A feed as a source for a terminal: its stream of server-sent events, resumed by Last-Event-ID."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from models.event import Event
from models.review import Review
from streams.output.sanitize import sanitize
from streams.store.event_log import BEFORE_ALL, entry_key, moment
from streams.tail.source import Known, Note, Since, Unreachable, Unusable, event_of
from streams.tail.sse_client import Frames

SILENCE: Final = 60.0
"""A stream in which not even a heartbeat came for so many seconds is dead; they come every 15."""
TOKEN: Final = "TANKERWATCH_TOKEN"


class _Answer(msgspec.Struct):
    revisions: tuple[Event, ...]
    reviews: tuple[Review, ...] = ()


class FeedSource:
    def __init__(
        self, url: str, token: str, filters: Mapping[str, list[str]], since: Since | None, once: bool
    ) -> None:
        """Without `since`, what comes from now on; with `once`, no more than there is.

        `filters` are a hint to the feed, so that it sends less.
        """
        self._base = url.rstrip("/")
        self.where = f"the feed at {sanitize(self._base.rpartition('@')[2].rpartition('://')[2])}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(10, read=SILENCE), follow_redirects=False
        )
        self._filters = {} if once else dict(filters)  # with `once`, the last entry tells that all is told
        self._once = once
        self._position = None if since is None else moment(since.time)

    async def follow(self) -> AsyncGenerator[Event | Note]:
        end = None
        if self._once or self._position is None:
            response = await self._get("/v1/events?limit=1")
            end = response.headers.get("X-Log-Position", BEFORE_ALL)
            self._position = self._position or end
        while True:
            reset = False
            async with aclosing(self._stream(end if self._once else None)) as found:
                async for one in found:
                    if one is None:
                        reset = True
                        break
                    yield one
            if not reset:
                return
            yield Note("the feed begins anew: it no longer had what came next, or its time was set back")
            self._position = BEFORE_ALL

    async def _stream(self, end: str | None) -> AsyncGenerator[Event | Note | None]:
        """What comes until `end`; None for a reset."""
        if end is not None and entry_key(end) <= entry_key(self._position or BEFORE_ALL):
            return
        frames = Frames()
        parameters: dict[str, Any] = {**self._filters, "since": self._position}
        try:
            async with self._client.stream(
                "GET",
                f"{self._base}/v1/events/stream",
                params=parameters,
                headers={"Accept": "text/event-stream", "Last-Event-ID": self._position or BEFORE_ALL},
            ) as response:
                await self._check(response)
                async for data in response.aiter_bytes():
                    for frame in frames.feed(data):
                        if frame.kind == "revision":
                            self._position = frame.id
                            yield event_of(frame.data, f"entry {frame.id}")
                            if end is not None and entry_key(frame.id or BEFORE_ALL) >= entry_key(end):
                                return
                        elif frame.kind == "reset":
                            yield None
                            return
        except httpx.ReadTimeout:
            raise Unreachable(f"{self.where}: silent for {SILENCE:g} s, not even a heartbeat") from None
        except httpx.TransportError as error:
            raise self._away(error) from None
        raise Unreachable(f"{self.where}: has ended the stream; it restarts, or we were too slow")

    async def known(self, event: str) -> Known | None:
        try:
            response = await self._get(f"/v1/events/{quote(event, safe='')}")
        except _NotFound:
            return None
        answer = msgspec.json.decode(response.content, type=_Answer)
        return Known(answer.revisions, answer.reviews)

    async def close(self) -> None:
        await self._client.aclose()

    async def _get(self, path: str) -> httpx.Response:
        try:
            response = await self._client.get(self._base + path)
        except httpx.TransportError as error:
            raise self._away(error) from None
        await self._check(response)
        return response

    async def _check(self, response: httpx.Response) -> None:
        code = response.status_code
        if code == HTTPStatus.OK:
            return
        await response.aread()
        said = f"answered {code}{_detail(response)}"
        if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Unusable(f"{self.where}: {said}; set {TOKEN} to a token that may read")
        if code == HTTPStatus.NOT_FOUND:
            raise _NotFound(f"{self.where}: {said}; is this the address of a feed?")
        if code == HTTPStatus.TOO_MANY_REQUESTS or code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unreachable(f"{self.where}: {said}")
        raise Unusable(f"{self.where}: {said}; correct --source")

    def _away(self, error: Exception) -> Unreachable:
        why = sanitize(error) or type(error).__name__
        return Unreachable(f"{self.where}: {why}; start it (`tankerwatch feed`), or correct --source")


class _NotFound(Unusable):
    pass


def _detail(response: httpx.Response) -> str:
    """What a problem (RFC 9457) says, if it is one."""
    try:
        detail = msgspec.json.decode(response.content, type=dict[str, Any]).get("detail")
    except msgspec.DecodeError:
        return ""
    return f" ({sanitize(detail)[:300]})" if detail else ""
