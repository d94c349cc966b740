"""A feed as a source of events: its stream of server-sent events, resumed with Last-Event-ID."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from models.errors import UNDECODABLE
from models.event import Event
from models.review import Review
from streams.output.sanitize import sanitize
from streams.store.event_log import BEFORE_ALL, entry_key, moment
from streams.tail.source import Known, Note, Since, Unreachable, Unusable, event_of
from streams.tail.sse_client import SseParser

SILENCE: Final = 60.0
"""Seconds without any data, not even a heartbeat, after which a stream counts as dead. The feed sends a
heartbeat every 15 seconds by default."""
TOKEN: Final = "TANKERWATCH_TOKEN"  # noqa: S105 (the name of a variable)
"""The environment variable that holds the token for reading."""


class _Answer(msgspec.Struct):
    revisions: tuple[Event, ...]
    reviews: tuple[Review, ...] = ()


class _Hello(msgspec.Struct):
    hints: tuple[str, ...] = ()


class _Page(msgspec.Struct):
    events: tuple[msgspec.Raw, ...]
    next: str | None


class FeedSource:
    """Reads the stream of a feed; `known` asks its API."""

    def __init__(
        self, url: str, token: str, filters: Mapping[str, list[str]], since: Since | None, once: bool
    ) -> None:
        """Without `since` only new events are read. With `once` reading stops at what exists now.

        `filters` only make the feed send less: the events are filtered again by the reader.
        """
        self._base = url.rstrip("/")
        self.where = f"the feed at {sanitize(self._base.rpartition('@')[2].rpartition('://')[2])}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(10, read=SILENCE), follow_redirects=False
        )
        self._filters = (
            {} if once else dict(filters)
        )  # with `once` the last entry has to come, to know that it was the last
        self._once = once
        self._told: set[str] = set()
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
            yield Note(
                "the feed starts again from its beginning: it no longer has the next events, or its time was "
                "set back"
            )
            self._position = BEFORE_ALL

    async def _stream(self, end: str | None) -> AsyncGenerator[Event | Note | None]:
        """Events until the entry `end`, or without end; None for a reset. Raises Unreachable and Unusable."""
        if end is not None and entry_key(end) <= entry_key(self._position or BEFORE_ALL):
            return
        parser = SseParser()
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
                    for message in parser.feed(data):
                        if message.event == "revision":
                            self._position = message.id
                            yield event_of(message.data, f"entry {message.id}")
                            if end is not None and entry_key(message.id or BEFORE_ALL) >= entry_key(end):
                                return
                        elif message.event == "hello":
                            for hint in self._untold(message.data):
                                yield Note(hint)
                        elif message.event == "warning":
                            yield Note(f"the feed warns: {sanitize(_reason(message.data))}")
                        elif message.event == "reset":
                            yield None
                            return
        except httpx.ReadTimeout:
            raise Unreachable(f"{self.where}: sent nothing for {SILENCE:g} s, not even a heartbeat") from None
        except httpx.TransportError as error:
            raise self._away(error) from None
        raise Unreachable(f"{self.where}: ended the stream: it restarts, or this reader was too slow")

    def _untold(self, hello: str) -> list[str]:
        """What the filters name that the feed does not know, once."""
        hints = [sanitize(hint) for hint in msgspec.json.decode(hello, type=_Hello).hints]
        new = [hint for hint in hints if hint not in self._told]
        self._told.update(new)
        return new

    async def known(self, event: str) -> Known | None:
        try:
            response = await self._get(f"/v1/events/{quote(event, safe='')}")
        except _NotFound:
            return None
        answer = msgspec.json.decode(response.content, type=_Answer)
        return Known(answer.revisions, answer.reviews)

    async def latest(self) -> AsyncGenerator[Event | Note]:
        """The highest revision of every event of the feed, newest first. Raises Unreachable and Unusable."""
        cursor = ""
        while True:
            response = await self._get(f"/v1/events?limit=1000{f'&cursor={quote(cursor)}' if cursor else ''}")
            page = msgspec.json.decode(response.content, type=_Page)
            for json in page.events:
                yield event_of(bytes(json), "an event of the feed")
            if page.next is None:
                return
            cursor = page.next

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
    """The detail of a problem response (RFC 9457), in parentheses; empty if the response is none."""
    try:
        detail = msgspec.json.decode(response.content, type=dict[str, Any]).get("detail")
    except UNDECODABLE:
        return ""
    return f" ({sanitize(detail)[:300]})" if detail else ""


def _reason(data: str) -> str:
    """The reason that a notice of the stream gives; empty if it gives none."""
    try:
        return str(msgspec.json.decode(data, type=dict[str, Any]).get("reason", ""))[:500]
    except UNDECODABLE:
        return ""
