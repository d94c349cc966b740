"""Requests that nobody sensible sends: random bytes, headers, parameters and bodies."""

# ruff: noqa: E501 (rows of values)
import asyncio
import random
import re
from contextlib import suppress
from typing import Final

from tests.streams.feed.hostile_names import TEXTS
from tests.waiting import PATIENCE

PATHS: Final = (
    "/", "/v1/events", "/v1/events.csv", "/v1/events.geojson", "/v1/events.atom", "/v1/events/stream",
    "/v1/events/{id}", "/v1/events/{id}/track", "/v1/events/{id}/review", "/v1/reviews", "/v1/vessels",
    "/v1/vessels/{mmsi}", "/v1/ledger", "/v1/facilitators", "/v1/fences.geojson", "/v1/config", "/v1/session",
    "/v1/replay", "/v1/replay/marks", "/v1/events.kml", "/v1/events.parquet", "/v1/vessels/{mmsi}/track", "/v1/coverage",
    "/v1/search", "/v1/sources", "/v1/silences", "/v1/silences/{id}/end", "/v1/audit", "/v1/fences", "/v1/fences/{fence}",
    "/v1/fences/drawn.geojson", "/healthz", "/metrics", "/openapi.json", "/static/main.js", "/static/land.geojson", "/static/{id}",
)  # fmt: skip
METHODS: Final = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "X",
    "",
)
NAMES: Final = (
    "limit", "cursor", "start", "end", "since", "after", "bbox", "mmsi", "type", "level", "status", "fence",
    "country", "imo", "flag", "watchlist", "min_score", "tankers", "listed", "format", "year", "at", "q", "hours", "flat",
    "version", "by", "not_type", "not_mmsi", "x",
)  # fmt: skip
HEADERS: Final = (
    "Host", "Origin", "Authorization", "Cookie", "Accept", "Accept-Encoding", "Content-Type", "Content-Length",
    "Transfer-Encoding", "Connection", "Upgrade", "Expect", "Range", "If-None-Match", "If-Modified-Since",
    "Last-Event-ID", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto",
    "Referer", "TE", "Trailer", "Via", "X", "",
)  # fmt: skip
VALUES: Final = (
    "", "0", "-1", "1", "50000", "9" * 40, "1e400", "nan", "null", "true", "2026-03-01T12:00:00Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59+14:00", "1,2,3,4", "-180,-90,180,90", "273000001", "RU", "http://[", "http://localhost",
    "localhost", "[::1]:8080", "same-origin", "cross-site", "gzip", "chunked", "close", "100-continue", "bytes=0-,5-1,-",
    "*", "application/json", "multipart/form-data; boundary=x", "text/plain; charset=utf-16", "Bearer x", "Basic ====",
    "tankerwatch_token=x; a=b;;=", "for=1.2.3.4", "for=\"[\";proto=x", "1-1", "1-", "-1-99999999999999999999", "%ff%00", "../../etc/passwd",
    "a" * 3_000, "\x00", "\xff\xfe", "\t", "{", "}", "[]", '{"by": "me", "disposition": "watching"}', '{"by": 1}',
    '{"token": "\ud83d"}', '{"playing": true, "rate": 1e999, "seek": "x"}', '{"rate": -1}', '{"seek": "9999-12-31T23:59:59Z"}',
    '{"by": "me", "until": "2099-01-01T00:00:00Z"}', '{"by": "me", "until": "9999-12-31T23:59:59.999999999Z", "bbox": "1,2,3,4", "mmsi": 1}',
    '{"name": "a", "by": "b", "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [1, 4], [1, 2]]]}}',
    '{"name": "a", "by": "b", "geometry": {"type": "Polygon", "coordinates": [[[1e308, 2], [3, null]]]}, "version": 1}',
    "[" * 3_000, '{"a":' * 500, "9" * 5_000, "INF", "\u202e",
)  # fmt: skip


class Requests:
    def __init__(self, seed: int, events: list[str], vessel: str = "273000001", token: str = "") -> None:
        self._chance, self._events, self._vessel = random.Random(seed), events, vessel
        self._token = token

    def _value(self) -> str:
        chance = self._chance
        if chance.random() < 0.1:
            return str(chance.choice(TEXTS))
        if chance.random() < 0.1:
            return "".join(chr(chance.randrange(1, 256)) for _ in range(chance.randrange(30)))
        return chance.choice(VALUES)

    def one(self) -> bytes:
        chance = self._chance
        path = chance.choice(PATHS).format(
            id=chance.choice([*self._events, self._quoted()]),
            mmsi=chance.choice((self._vessel, self._quoted())),
            fence=chance.choice(("drawn-0123456789ab", self._quoted())),
        )
        query = "&".join(
            f"{chance.choice(NAMES)}={self._quoted()}" for _ in range(chance.choice((0, 0, 1, 2, 5)))
        )
        target = f"{path}?{query}" if query else path
        body = self._value() if chance.random() < 0.4 else ""
        lines = [
            f"{chance.choice(METHODS)} {target} HTTP/{chance.choice(('1.1', '1.1', '1.1', '1.0', '2', 'x'))}"
        ]
        if chance.random() < 0.9:
            lines.append("Host: localhost")
        if self._token and chance.random() < 0.9:
            lines.append(f"Authorization: Bearer {self._token}")
        if body and chance.random() < 0.9:
            lines.append(f"Content-Length: {len(body.encode('utf-8', 'replace'))}")
        lines += [f"{chance.choice(HEADERS)}: {self._value()}" for _ in range(chance.choice((0, 1, 1, 2, 6)))]
        data = "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body.encode("utf-8", "replace")
        if chance.random() < 0.05:
            at = chance.randrange(len(data))
            data = data[:at] + chance.randbytes(chance.randrange(20)) + data[at:]
        return data

    def _quoted(self) -> str:
        text = self._value()
        if self._chance.random() < 0.2:
            return text
        return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))


async def answered(url: str, request: bytes) -> int:
    """The status of the answer; 0 for none. The request ends there, however much it promises."""
    return (await _exchanged(url, request, 0, True))[0]


async def exchanged(url: str, request: bytes, most: int, seconds: float) -> tuple[int, bytes]:
    """The status of the answer, 0 for none, and its body, empty if packed: at most about so many bytes, and
    what comes within so many seconds after the headers. The request asks for the connection to be closed."""
    return await _exchanged(url, request, most, False, seconds)


async def _exchanged(
    url: str, request: bytes, most: int, ends: bool, seconds: float = PATIENCE
) -> tuple[int, bytes]:
    host, _, port = url.rpartition("/")[2].rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except ConnectionError:  # a port of ours that comes round again, before the other side has let go of it
        return 0, b""
    try:
        with suppress(OSError):
            writer.write(request)
            if ends:
                writer.write_eof()
            first = await asyncio.wait_for(reader.readline(), PATIENCE)
            if found := re.match(rb"HTTP/1\.1 (\d+)", first):
                return int(found[1]), await _body(reader, most, seconds) if most else b""
        return 0, b""
    finally:
        writer.transport.abort()


async def _body(reader: asyncio.StreamReader, most: int, seconds: float) -> bytes:
    packed, parts = False, list[bytes]()
    while (line := await asyncio.wait_for(reader.readline(), PATIENCE)).strip():
        packed |= line.lower().startswith(b"content-encoding:")
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while sum(map(len, parts)) < most and (part := await reader.read(1 << 16)):
                parts.append(part)
    return b"" if packed else b"".join(parts)
