"""The application: its operations, its middleware, and the headers that protect the page."""

from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.feed import metrics
from streams.feed.http import (
    analysis_routes,
    event_routes,
    feed_routes,
    openapi,
    page_routes,
    problems,
    replay_routes,
    review_routes,
    search_routes,
    vessel_routes,
)
from streams.feed.http.access import Guard
from streams.feed.http.context import FeedContext
from streams.feed.settings import FeedSettings

COMPRESSED: Final = 2_000
"""Responses of at least this many bytes are compressed."""
ALWAYS: Final = openapi.problems(401, 403, 421, 422, 429, 503)
"""What any operation can answer."""


def create_app(feed: FeedContext) -> FastAPI:
    app = FastAPI(
        title="tankerwatch feed",
        version=feed_routes.VERSION,
        docs_url=None,
        redoc_url=None,
        responses=ALWAYS,
        generate_unique_id_function=_operation_id,
        strict_content_type=False,
    )
    app.state.feed = feed
    problems.add_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED, compresslevel=5)
    app.add_middleware(Guard, tokens=feed.tokens, settings=feed.settings)
    app.add_middleware(_Headers, policy=policy(feed.settings))
    for routes in (event_routes, review_routes, vessel_routes, search_routes, analysis_routes, feed_routes):
        app.include_router(routes.router)
    if feed.progress is not None:
        app.include_router(replay_routes.router)
    page_routes.add(app)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi.document(app, feed.tokens.needed, feed.progress is not None)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
    return app


def _operation_id(route: APIRoute) -> str:
    """The name of the function, as JSON spells names: `getEvents`."""
    return to_camel(route.name)


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


class _Headers:
    """Middleware that adds the security headers to every response, and counts the response."""

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
