"""Operations about the feed itself: configuration of the page, sessions, fences, health, metrics."""

from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request
from prometheus_client import generate_latest
from starlette.responses import Response

from models.event import EventType
from models.time import HOUR, MINUTE, to_text
from streams.feed import metrics
from streams.feed.http import access, responses
from streams.feed.http.context import Feed
from streams.feed.http.openapi import Msgspec, problems
from streams.feed.http.parameters import ONCE, CoverageQuery, NoQuery
from streams.feed.http.problems import Problem
from streams.feed.http.response_models import (
    Config,
    Coverage,
    FeatureCollection,
    Health,
    Session,
    Tiles,
    TokensNeeded,
)
from streams.feed.http.responses import GeoJson, Json, Metrics
from streams.feed.views.sources import Sources
from streams.store.coverage import DEGREES, corner

VERSION: Final = version("tankerwatch")
LAND: Final = "Land: Natural Earth (public domain)"
OPEN: Final[dict[str, Any]] = {"security": []}
"""For `openapi_extra` of an operation that never needs a token; `access.OPEN` has the same addresses."""

router: Final = APIRouter(tags=["feed"], dependencies=ONCE)


@router.get(
    "/v1/config",
    summary="What the page needs to know about this feed.",
    response_model=Annotated[Config, Msgspec()],
    openapi_extra=OPEN,
)
async def get_config(_: NoQuery, feed: Feed) -> Response:
    settings, needed = feed.settings, feed.tokens.needed
    config = Config(
        version=VERSION,
        mode="recording" if feed.progress else "live",
        tiles=Tiles(settings.tiles_url, settings.tiles_attribution) if settings.tiles_url else None,
        tokens=TokensNeeded(read=needed, review=needed),
        heartbeat_seconds=settings.heartbeat_seconds,
        attribution=LAND,
        types=list(EventType),
    )
    return Json(config)


@router.get(
    "/v1/fences.geojson",
    summary="The fences that events refer to.",
    response_class=GeoJson,
    response_model=Annotated[FeatureCollection, Msgspec()],
)
async def get_fences(_: NoQuery, feed: Feed) -> Response:
    """Drawn ones are there as they stand now, also before they count; those of files and of the package are
    those of the feed's start. While Redis is away, there are only the latter."""
    return GeoJson(await feed.fences_now())


@router.get(
    "/v1/coverage",
    summary="Where anything was heard in the last hours.",
    response_model=Annotated[Coverage, Msgspec()],
)
async def get_coverage(query: CoverageQuery, feed: Feed, request: Request) -> Response:
    """By the ticks of all vessels, which lie between positions at most an hour apart. Where there is no cell,
    nobody was there, or nobody listens there."""
    log = (await feed.view(query.at)).log
    newest = await log.newest()
    found = {} if newest is None else await log.coverage(newest - query.hours * HOUR)
    content = Coverage(
        time=None if newest is None else to_text(newest),
        degrees=DEGREES,
        cells=[
            [*corner(cell), max(0, (newest or time) - time) // MINUTE] for cell, time in sorted(found.items())
        ],
    )
    return await responses.compressed(request, content)


@router.post(
    "/v1/session",
    summary="Keep a token as a cookie, for the page and its stream.",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(413),
    openapi_extra=OPEN,
)
async def post_session(
    session: Annotated[Session, Msgspec(), Body()], _: NoQuery, feed: Feed, request: Request
) -> Response:
    if not feed.tokens.may_read(session.token):
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "this is not a token of this feed; ask the person who runs the feed"
        )
    secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    cookie = access.cookie(session.token, secure)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Set-Cookie": cookie})


@router.get(
    "/healthz",
    summary="Whether the feed is healthy.",
    response_model=Annotated[Health, Msgspec()],
    openapi_extra=OPEN,
)
async def get_health(_: NoQuery, feed: Feed) -> Response:
    hub = feed.hub
    watermark = None if hub.watermark is None else to_text(hub.watermark)
    health = Health(hub.log_up, hub.log_up, watermark, hub.streams)
    return Json(health, HTTPStatus.OK if hub.log_up else HTTPStatus.SERVICE_UNAVAILABLE)


@router.get(
    "/v1/sources",
    summary="Which sources and processes are alive, and since when one is not.",
    response_model=Annotated[Sources, Msgspec()],
)
async def get_sources(_: NoQuery, feed: Feed) -> Response:
    """As they were two seconds ago at most. A recording has none."""
    await feed.hub.checked.wait()
    return Json(feed.hub.sources)


@router.get("/metrics", summary="Metrics for Prometheus.", response_class=Metrics)
async def get_metrics(_: NoQuery) -> Response:
    return Metrics(generate_latest(metrics.REGISTRY))
