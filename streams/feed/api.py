"""The application: its routes, how it refuses, and the headers that protect the page."""

from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geofences.fence import to_geojson
from streams.feed import answers, event_routes, page_routes, problems, replay_routes, vessel_routes
from streams.feed.feed import Feed
from streams.feed.problems import Problem
from streams.feed.queries import Query
from streams.feed.settings import FeedSettings

VERSION: Final = version("tankerwatch")


def create_app(feed: Feed) -> FastAPI:
    app = FastAPI(title="tankerwatch", version=VERSION, docs_url=None, redoc_url=None)
    app.add_exception_handler(Problem, problems.answer)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=5)
    app.add_middleware(_Headers, policy=policy(feed.settings))
    app.include_router(event_routes.routes(feed))
    app.include_router(vessel_routes.routes(feed))
    if feed.player is not None:
        app.include_router(replay_routes.routes(feed.player))
    fences = msgspec.json.encode(to_geojson(feed.fences))

    @app.get("/v1/fences.geojson")
    async def geofences(request: Request) -> Response:
        Query(request.query_params).done()
        return Response(fences, media_type="application/geo+json")

    @app.get("/v1/config")
    async def config(request: Request) -> Response:
        Query(request.query_params).done()
        settings = feed.settings
        tiles = {"url": settings.tiles_url, "attribution": settings.tiles_attribution}
        content: dict[str, Any] = {
            "version": VERSION,
            "mode": "recording" if feed.player else "live",
            "tiles": tiles if settings.tiles_url else None,
            "tokens": {"read": feed.guarded, "review": feed.guarded},
            "heartbeatSeconds": settings.heartbeat_seconds,
            "attribution": "Land: Natural Earth (public domain)",
        }
        return answers.json(content)

    page_routes.add(app)
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
    """Adds to every response what keeps browsers from doing more with it than show it."""

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
            await send(message)

        await self._app(scope, receive, with_headers)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problems.response(error.status_code, str(error.detail), dict(error.headers or {}))


async def _unreadable(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return problems.response(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
