"""Requests about the feed itself: what the page has to know, sessions, fences, health, metrics."""

from http import HTTPStatus
from importlib.metadata import version
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from geofences.fence import to_geojson
from models.event import EventType
from models.time import to_text
from streams.feed import metrics
from streams.feed.http import (
    access,
    bodies,
    response_models,
    responses,
)
from streams.feed.http.context import FeedContext
from streams.feed.http.openapi import operation
from streams.feed.http.problems import Problem
from streams.feed.http.query import Query

VERSION: Final = version("tankerwatch")
LAND: Final = "Land: Natural Earth (public domain)"


def routes(feed: FeedContext) -> APIRouter:
    router = APIRouter(tags=["feed"])
    fences = msgspec.json.encode(to_geojson(feed.fences))

    @router.get("/v1/config", **operation("getConfig", "What the page has to know.", "Config", open=True))
    async def config(request: Request) -> Response:
        Query(request.query_params).done()
        settings, demanded = feed.settings, feed.tokens.demanded
        tiles = (
            response_models.Tiles(settings.tiles_url, settings.tiles_attribution)
            if settings.tiles_url
            else None
        )
        return responses.json(
            response_models.Config(
                version=VERSION,
                mode="recording" if feed.player else "live",
                tiles=tiles,
                tokens=response_models.Demanded(demanded, demanded),
                heartbeat_seconds=settings.heartbeat_seconds,
                attribution=LAND,
                types=list(EventType),
            )
        )

    @router.get(
        "/v1/fences.geojson",
        **operation("getFences", "The fences that events name.", "Collection", media="application/geo+json"),
    )
    async def geofences(request: Request) -> Response:
        Query(request.query_params).done()
        return Response(fences, media_type="application/geo+json")

    @router.post(
        "/v1/session",
        **operation(
            "postSession",
            "Keep a token as a cookie, for the page and its stream.",
            None,
            status=204,
            body="Session",
            open=True,
            problems=(413,),
        ),
    )
    async def session(request: Request) -> Response:
        Query(request.query_params).done()
        token = (await bodies.read(request, response_models.Session)).token
        if not feed.tokens.may_read(token):
            raise Problem(HTTPStatus.UNAUTHORIZED, "this is no token of this feed; ask whoever runs it")
        secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
        return Response(status_code=204, headers={"Set-Cookie": access.cookie(token, secure)})

    @router.get("/healthz", **operation("getHealth", "Whether the feed is well.", "Health", open=True))
    async def health(request: Request) -> Response:
        Query(request.query_params).done()
        hub = feed.hub
        watermark = to_text(hub.watermark) if hub.watermark is not None else None
        content = response_models.Health(hub.log_up, hub.log_up, watermark, hub.streams)
        return responses.json(content, 200 if hub.log_up else 503)

    @router.get(
        "/metrics",
        **operation("getMetrics", "Metrics for Prometheus.", None, media="text/plain"),
    )
    async def told(request: Request) -> Response:
        Query(request.query_params).done()
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return router
