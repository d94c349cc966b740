"""Operations that work something out from all events that are kept: the ledger, and facilitators."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from models.event import Event, EventType
from models.event_filter import EventFilter
from streams.facilitators.facilitator import facilitators
from streams.feed.http.context import Feed
from streams.feed.http.openapi import Msgspec
from streams.feed.http.parameters import ONCE, LedgerQuery, MomentQuery
from streams.feed.http.response_models import Facilitators, Ledger
from streams.feed.http.responses import Json
from streams.feed.log import FeedLog
from streams.feed.views import event_pages
from streams.ledger.book import deliveries
from streams.ledger.ledger import ledger

router: Final = APIRouter(prefix="/v1", tags=["analysis"], dependencies=ONCE)


@router.get(
    "/ledger",
    summary="Deliveries of oil to North Korea by year, in barrels, beside the cap.",
    response_model=Annotated[Ledger, Msgspec()],
)
async def get_ledger(query: LedgerQuery, feed: Feed) -> Response:
    """Only of events that are kept. The factors are those of the feed's settings."""
    log = (await feed.view(query.at)).log
    calls = await _events(log, EventType.PORT_VISIT, EventType.DARK_PORT_VISIT, EventType.CHAIN)
    s = feed.analysis.ledger
    years = await asyncio.to_thread(lambda: ledger(deliveries(calls, s), s))
    return Json(Ledger([year for year in years if query.year in (None, year.year)]))


@router.get(
    "/facilitators",
    summary="Vessels outside the lists that deal with listed or North Korean ones again and again.",
    response_model=Annotated[Facilitators, Msgspec()],
)
async def get_facilitators(query: MomentQuery, feed: Feed) -> Response:
    """Only of events that are kept. The thresholds are those of the feed's settings."""
    log = (await feed.view(query.at)).log
    events = await _events(log, EventType.ENCOUNTER, EventType.CHAIN)
    return Json(Facilitators(await asyncio.to_thread(facilitators, events, feed.analysis.facilitators)))


async def _events(log: FeedLog, *types: EventType) -> list[Event]:
    selection = EventFilter.parse({"type": [kind.value for kind in types]})
    return [event async for page in event_pages.every(log, selection) for event in page.events]
