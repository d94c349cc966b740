"""The application: its routes, how it refuses, and the headers that protect the page."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.feed import metrics
from streams.feed.http import (
    event_routes,
    feed_routes,
    openapi,
    page_routes,
    problems,
    replay_routes,
    review_routes,
    vessel_routes,
)
from streams.feed.http.access import Guard
from streams.feed.http.context import FeedContext
from streams.feed.http.problems import Problem
from streams.feed.http.stream_response import Streams
from streams.feed.settings import FeedSettings
from streams.runtime.retry import REDIS_AWAY

COMPRESSED: Final = 2_000
"""Answers of so many bytes are compressed."""


def create_app(feed: FeedContext, streams: Streams) -> FastAPI:
    app = FastAPI(title="tankerwatch feed", version=feed_routes.VERSION, docs_url=None, redoc_url=None)
    app.add_exception_handler(Problem, problems.answer)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(Exception, _failed)
    for away in REDIS_AWAY:
        app.add_exception_handler(away, _away)
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED, compresslevel=5)
    app.add_middleware(Guard, tokens=feed.tokens, settings=feed.settings)
    app.add_middleware(_Headers, policy=policy(feed.settings))
    app.include_router(event_routes.routes(feed, streams))
    app.include_router(review_routes.routes(feed))
    app.include_router(vessel_routes.routes(feed))
    app.include_router(feed_routes.routes(feed))
    if feed.player is not None:
        app.include_router(replay_routes.routes(feed.player))
    page_routes.add(app)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi.document(app, feed.tokens.demanded)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
    return app


def policy(settings: FeedSettings) -> str:
    """The content security policy: nothing from elsewhere but map tiles, and nothing inline."""
    images = "'self' data:"
    if settings.tiles_url:
        parts = urlsplit(settings.tiles_url.replace("{s}", "*"))
        images += f" {parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src {images}; connect-src 'self'; font-src 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    )


class _Headers:
    """Adds to every response what keeps browsers from doing more with it than show it; and counts it."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._more = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._more]
                route = getattr(scope.get("route"), "path", "none")
                metrics.REQUESTS.labels(route, message["status"]).inc()
            await send(message)

        await self._app(scope, receive, with_headers)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = "there is nothing here; see /openapi.json"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request)
        detail = f"{request.method} is not for this; {headers['Allow']} is"
    return problems.response(error.status_code, detail, headers)


def _allowed(request: Request) -> str:
    """The methods of all routes to this path; each has a route of its own."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in routes for method in getattr(route, "methods", None) or ()}))


async def _unreadable(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return problems.response(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


async def _failed(_: Request, error: Exception) -> Response:
    """The error itself goes to the log."""
    return problems.response(HTTPStatus.INTERNAL_SERVER_ERROR, "the feed failed; its log says how")


async def _away(_: Request, error: Exception) -> Response:
    return problems.response(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "the event log can't be reached; come back later",
        {"Retry-After": "5"},
    )
