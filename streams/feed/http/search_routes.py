"""The search: vessels, places and cases by what people know of them."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from streams.feed.http.context import Feed
from streams.feed.http.openapi import Msgspec
from streams.feed.http.parameters import ONCE, SearchQuery
from streams.feed.http.response_models import Found
from streams.feed.http.responses import Json
from streams.feed.views import search
from streams.feed.views.vessel_index import VesselIndex

router: Final = APIRouter(prefix="/v1", tags=["search"], dependencies=ONCE)


@router.get(
    "/search",
    summary="Vessels, places and cases by name or number.",
    response_model=Annotated[Found, Msgspec()],
)
async def get_search(query: SearchQuery, feed: Feed) -> Response:
    """Vessels by name, MMSI, IMO number, call sign and former names, also those without any event; fences by
    name, kind and country; chains and encounters by their vessels, places and id.

    Capitals do not matter. Every word has to occur; `IMO` and `MMSI` before a number may be left out.
    """
    view = await feed.view(query.at)
    index = feed.vessels if query.at is None else VesselIndex(view.log)
    await index.refresh()
    vessels = index.find(query.q, query.limit)
    return Json(
        Found(
            vessels=vessels,
            places=search.places(feed.fences, query.q, query.limit),
            cases=await search.cases(view.log, query.q, vessels, query.limit),
        )
    )
