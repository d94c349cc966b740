"""Headers that protect the page, on every response whatever happens, also where the application fails."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.feed import metrics
from streams.feed.http import problems
from streams.feed.http.connections import abort
from streams.feed.settings import FeedSettings
from streams.runtime.logs import get_logger

log = get_logger(__name__)

Fields = Sequence[tuple[bytes, bytes]]
FAILED: Final = "the feed failed; its log says why"


def policy(settings: FeedSettings) -> str:
    """The content security policy: nothing from other sites except map tiles, and nothing inline."""
    images = "'self' data:"
    if settings.tiles_url:
        parts = urlsplit(settings.tiles_url.replace("{s}", "*"))
        images += f" {parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src {images}; connect-src 'self'; font-src 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    )


def fields(settings: FeedSettings) -> Fields:
    """The security headers of this feed."""
    return [
        (b"content-security-policy", policy(settings).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]


class Headers:
    """The outermost middleware: it adds the headers, counts the response, and answers for a failure of ours.

    A failure is logged with its traceback and ends here: the server behind would answer without headers.
    """

    def __init__(self, app: ASGIApp, more: Fields) -> None:
        self._app, self._more = app, more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = ended = False

        async def with_headers(message: Message) -> None:
            nonlocal started, ended
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *self._more]
                route = getattr(scope.get("route"), "path", "none")
                metrics.REQUESTS.labels(route, message["status"]).inc()
            else:
                ended = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception:
            log.exception("request_failed", method=scope["method"], path=scope["path"])
            if not started:
                answer = problems.response(HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)
                await answer(scope, receive, with_headers)
            elif not ended:
                abort(scope)
