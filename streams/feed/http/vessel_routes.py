"""Operations on vessels: all of them for the map, and one with its identities and its track."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from models.event_filter import EventFilter
from models.time import to_text
from streams.feed.http import responses
from streams.feed.http.context import Feed
from streams.feed.http.openapi import Msgspec, problems
from streams.feed.http.parameters import ONCE, Mmsi, MomentQuery, TrackQuery, VesselQuery
from streams.feed.http.problems import not_found
from streams.feed.http.response_models import FeatureCollection, VesselPage
from streams.feed.http.responses import Json
from streams.feed.log import FeedLog
from streams.feed.views import event_pages, exports, vessels
from streams.feed.views.fleet import Fleet, Wanted
from streams.feed.views.vessels import VesselDetail
from streams.store.event_log import VesselRecord

router: Final = APIRouter(prefix="/v1/vessels", tags=["vessels"], dependencies=ONCE)


@router.get(
    "", summary="Vessels at their latest ticks, for a map.", response_model=Annotated[VesselPage, Msgspec()]
)
async def get_vessels(query: VesselQuery, feed: Feed, request: Request) -> Response:
    """Ask again with `after` set to the `next` of the answer before to get only what has changed since.

    With `at`, ask again with `since` instead: a `next` holds for all that was read only.
    """
    selection, view = query.selection(), await feed.view(query.at)
    fleet = feed.fleet if query.at is None else Fleet(view.log)
    await fleet.refresh()
    after = None if query.after is None else fleet.after(query.after)
    wanted = Wanted(
        box=selection.box,
        tankers=query.tankers,
        listed=query.listed,
        mmsis=frozenset(map(int, selection.mmsis)),
        since=query.since,
        after=after or 0,
    )
    found, position = fleet.select(wanted, query.limit)
    newest = await view.log.newest()
    content = {
        "time": None if newest is None else to_text(newest),
        "next": position,
        "whole": after is None and query.since is None,
        "vessels": [msgspec.Raw(one) for one in found],
    }
    return await responses.compressed(request, content)


@router.get(
    "/{mmsi}",
    summary="Everything that is kept of one vessel.",
    response_model=Annotated[VesselDetail, Msgspec()],
    responses=problems(404),
)
async def get_vessel(mmsi: Mmsi, query: MomentQuery, feed: Feed) -> Response:
    log = (await feed.view(query.at)).log
    record = await _record(log, mmsi)
    page = await event_pages.page(log, EventFilter.parse({"mmsi": [mmsi]}))
    return Json(vessels.detail(record, [event.id for event in page.events]))


@router.get(
    "/{mmsi}/track",
    summary="The track of one vessel as OGC MF-JSON, as far as it is kept.",
    response_model=Annotated[FeatureCollection, Msgspec()],
    responses=problems(404),
)
async def get_vessel_track(mmsi: Mmsi, query: TrackQuery, feed: Feed) -> Response:
    """One moving point; several where ships use the same MMSI at the same time."""
    record = await _record((await feed.view(query.at)).log, mmsi)
    return Json(exports.vessel_track(record, query.start, query.end))


async def _record(log: FeedLog, mmsi: str) -> VesselRecord:
    """Raises Problem if there is no such vessel."""
    number = int(mmsi) if mmsi.isascii() and mmsi.isdigit() and len(mmsi) <= 9 else None
    if number is None:
        raise not_found(f"{mmsi!r} is no MMSI; give up to nine digits")
    record = await log.vessel(number)
    if record is None:
        raise not_found(f"no vessel with the MMSI {mmsi!r} is known, or it has been silent for too long")
    return record
