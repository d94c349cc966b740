"""The application: its operations, and the doors before them."""

import json
from functools import cache
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from streams.feed.doors.answers import Answers
from streams.feed.doors.headers import Headers, fields
from streams.feed.doors.proxies import ProxiedRequests
from streams.feed.http import (
    analysis_routes,
    event_routes,
    feed_routes,
    fence_routes,
    openapi,
    page_routes,
    problems,
    replay_routes,
    review_routes,
    search_routes,
    silence_routes,
    vessel_routes,
)
from streams.feed.http.access import Guard
from streams.feed.http.context import FeedContext
from streams.feed.trusted_proxies import TrustedProxies

COMPRESSED: Final = 2_000
"""Responses of at least this many bytes are compressed."""
IN_THREAD: Final = 16_000
"""Bytes from which that happens in another thread, so that nobody else waits for it."""
ALWAYS: Final = openapi.problems(401, 403, 421, 422, 429, 503)
"""What any operation can answer."""


def create_app(feed: FeedContext) -> ASGIApp:
    app = FastAPI(
        title="tankerwatch feed",
        version=feed_routes.VERSION,
        openapi_url=None,  # made once, below
        docs_url=None,
        redoc_url=None,
        responses=ALWAYS,
        generate_unique_id_function=_operation_id,
        strict_content_type=False,
    )
    app.state.feed = feed
    problems.add_handlers(app)
    app.add_middleware(
        GZipMiddleware, minimum_size=COMPRESSED, compresslevel=5, thread_minimum_size=IN_THREAD
    )
    for routes in (
        event_routes, review_routes, silence_routes, vessel_routes, search_routes, analysis_routes,
        feed_routes,
    ):  # fmt: skip
        app.include_router(routes.router)
    if feed.desk is not None:
        app.include_router(fence_routes.router)
    if feed.progress is not None:
        app.include_router(replay_routes.router)
    page_routes.add(app)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi.document(app, feed.tokens.needed, feed.progress is not None)
        return app.openapi_schema

    @cache
    def written() -> bytes:
        return json.dumps(document(), separators=(",", ":")).encode()

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_json() -> Response:
        return Response(written(), media_type="application/json")

    app.openapi = document  # type: ignore[method-assign]
    return behind_doors(app, feed)


def behind_doors(app: ASGIApp, feed: FeedContext) -> ASGIApp:
    """The application with what stands before it; the last one here is the first that a request meets."""
    app = Answers(app)
    app = Guard(app, feed.tokens, feed.settings)
    app = ProxiedRequests(app, TrustedProxies(feed.settings.trusted_proxies))
    return Headers(app, fields(feed.settings))


def _operation_id(route: APIRoute) -> str:
    """The name of the function, as JSON spells names: `getEvents`."""
    return to_camel(route.name)
