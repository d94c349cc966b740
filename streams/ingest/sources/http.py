"""A live source that posts to us by HTTP: AIS-catcher (`-H URL`), and programs that post lines or JSON.

A request is answered 200 only after its lines are in the buffer, as safe as those of any other source. A
sender that gets another answer, or none, has to send again; what comes twice is recognised as a duplicate.
"""

import asyncio
import base64
import hmac
import socket
import zlib
from binascii import Error as Base64Error
from contextlib import suppress
from typing import Final

from aiohttp import web

from models.errors import TankerwatchError
from streams.ingest.counters import Counters
from streams.ingest.intake import Intake, utc_now
from streams.ingest.sources.address import AddressError, HttpAddress
from streams.ingest.sources.texts import lines_of
from streams.runtime.logs import RateLimit, get_logger
from streams.runtime.tasks import finish

log = get_logger(__name__)

TOKEN: Final = "TANKERWATCH_INGEST_TOKEN"  # noqa: S105 (its name)
"""The environment variable with the token that senders have to give."""
BODY_BYTES: Final = 8 << 20
"""Largest body of a request, as it is sent."""
TEXT_BYTES: Final = 32 << 20
"""Largest text of a request, unpacked."""
AT_ONCE: Final = 16
"""Requests that are taken in at the same time. Further ones are asked to come again."""
_BODY_SECONDS: Final = 30.0
_GRACE_SECONDS: Final = 2.0
_GZIP: Final = 31  # for zlib: gzip, with the largest window
_ENCODINGS: Final = ("", "identity", "gzip", "x-gzip")


class _Refused(TankerwatchError):
    """A request that can't be used: the status of the answer, and what is wrong."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class HttpFeed:
    """Listens at once. Raises AddressError if the port can't be used."""

    def __init__(self, address: HttpAddress, token: str | None, counters: Counters) -> None:
        self._path, self._token, self._counters = address.path, token, counters
        self._socket = _listen(address)
        self._running = 0
        self._complain = RateLimit()

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    async def run(self, intake: Intake) -> None:
        """Take requests in until cancelled. Those that are being read by then get an answer, too."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return await self._handle(request, intake)

        runner = web.ServerRunner(
            web.Server(handle, auto_decompress=False, access_log=None), shutdown_timeout=_GRACE_SECONDS
        )
        await runner.setup()
        try:
            await web.SockSite(runner, self._socket).start()
            host = self._socket.getsockname()[0]
            log.info("listening", source=intake.source, port=self.port, path=self._path)
            if self._token is None and not host.startswith(("127.", "::1")):
                log.warning("anyone_can_send", source=intake.source, remedy=f"set {TOKEN}")
            await asyncio.Event().wait()
        finally:
            await finish(runner.cleanup())
            self._socket.close()

    async def _handle(self, request: web.BaseRequest, intake: Intake) -> web.StreamResponse:
        self._counters.requests += 1
        if self._running >= AT_ONCE:
            return self._refuse(intake, _Refused(503, "busy; send it again"), {"Retry-After": "1"})
        self._running += 1
        try:
            self._check(request)
            body = await _body(request)
            lines = await asyncio.to_thread(_lines, body, _encoding(request))
            if lines:
                await intake.feed(lines, utc_now(), ends_line=True)
                await intake.flush()
                if intake.loses:
                    raise _Refused(503, "nothing more can be kept; send it again later")
        except _Refused as refused:
            more = {"WWW-Authenticate": 'Basic realm="tankerwatch"'} if refused.status == 401 else {}
            return self._refuse(intake, refused, more)
        finally:
            self._running -= 1
        count = lines.count(b"\n")
        return web.Response(text=f"{count} lines\n")

    def _check(self, request: web.BaseRequest) -> None:
        """Raises _Refused for a request that is not for us."""
        if request.path != self._path:
            raise _Refused(404, f"nothing is here; post to {self._path}")
        if self._token is not None and not _gives(request, self._token):
            raise _Refused(401, "give the token, as Bearer or as the password of Basic")
        if request.method not in ("POST", "PUT"):
            raise _Refused(405, "post lines or JSON")
        if _encoding(request) not in _ENCODINGS:
            raise _Refused(415, "the body may be packed with gzip, and nothing else")
        if request.content_type.startswith("multipart/"):
            raise _Refused(415, "forms are not read; post lines or JSON (AIS-catcher: PROTOCOL AISCATCHER)")

    def _refuse(self, intake: Intake, refused: _Refused, more: dict[str, str]) -> web.Response:
        self._counters.refused_requests += 1
        if self._complain():
            log.warning("request_refused", source=intake.source, status=refused.status, reason=str(refused))
        headers = {"Allow": "POST"} | more if refused.status == 405 else more
        return web.Response(status=refused.status, text=f"{refused}\n", headers=headers)


async def _body(request: web.BaseRequest) -> bytes:
    """The body as it was sent. Raises _Refused."""
    too_long = _Refused(413, f"send at most {BODY_BYTES} bytes in a request")
    if (request.content_length or 0) > BODY_BYTES:
        raise too_long
    if request.headers.get("Expect", "").lower() == "100-continue":  # curl asks before large bodies
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > BODY_BYTES:
                    raise too_long
    except TimeoutError:
        raise _Refused(408, "the body did not come to its end in time") from None
    return bytes(body)


def _encoding(request: web.BaseRequest) -> str:
    return request.headers.get("Content-Encoding", "").strip().lower()


def _lines(body: bytes, encoding: str) -> bytes:
    """The lines of a body. Raises _Refused."""
    if "gzip" in encoding:
        unpacker = zlib.decompressobj(_GZIP)
        try:
            text = unpacker.decompress(body, TEXT_BYTES + 1)
        except zlib.error as error:
            raise _Refused(400, f"the body is no gzip data ({error})") from None
        if len(text) > TEXT_BYTES:
            raise _Refused(413, f"send at most {TEXT_BYTES} bytes of text in a request")
        if not unpacker.eof:
            raise _Refused(400, "the gzip data of the body break off")
    else:
        text = body
    return lines_of(text)


def _gives(request: web.BaseRequest, token: str) -> bool:
    """Whether a request gives this token."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        decoded = b""
        with suppress(Base64Error, ValueError):
            decoded = base64.b64decode(given.strip(), validate=True)
        return hmac.compare_digest(decoded.partition(b":")[2], token.encode())
    return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _listen(address: HttpAddress) -> socket.socket:
    host = address.host or "0.0.0.0"  # noqa: S104 (`http://:8100` means every interface)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, address.port), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or "not possible"
        raise AddressError(
            f"{address.text}: can't listen on port {address.port} of {host} ({reason}); choose another"
        ) from None
