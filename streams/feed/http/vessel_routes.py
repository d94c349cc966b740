"""Requests for vessels: all of them for the map, and one with its identities and track."""

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from models.event_filter import EventFilter
from models.time import to_text
from streams.feed.http import query, responses
from streams.feed.http.context import FeedContext
from streams.feed.http.openapi import Mmsi, operation
from streams.feed.http.problems import unknown
from streams.feed.http.query import Query
from streams.feed.views import event_pages, vessels
from streams.feed.views.fleet import Fleet, Wanted

MOST: Final = 50_000
"""Vessels in one answer."""
_WHETHER: Final = {"type": "boolean"}


def routes(feed: FeedContext) -> APIRouter:
    router = APIRouter(prefix="/v1/vessels", tags=["vessels"])
    log, fleet = feed.log, Fleet(feed.log)

    @router.get(
        "",
        **operation(
            "getVessels",
            "Vessels at their latest ticks, for a map.",
            "VesselPage",
            description="Ask again with `after` as the `next` before: only what has changed since comes.",
            parameters=[
                query.box("bbox", "Only vessels in this box; west > east crosses 180 degrees."),
                query.parameter("tankers", "Only tankers.", _WHETHER, True),
                query.parameter("listed", "Only vessels of a watchlist.", _WHETHER, True),
                query.time("since", "Only vessels whose latest tick is after this time."),
                query.parameter("after", "`next` of the answer before.", {"type": "string"}, None),
                query.several("mmsi", "Only vessels with these MMSIs.", "^[0-9]{1,9}$", "273316240"),
                query.limit(MOST, MOST),
            ],
        ),
    )
    async def all_vessels(request: Request) -> Response:
        query = Query(request.query_params)
        box = query.box("bbox")
        tankers, listed = query.flag("tankers"), query.flag("listed")
        since, mmsis = query.time("since"), query.mmsis("mmsi")
        position = query.text("after")
        limit = query.number("limit", MOST, MOST)
        query.done()
        await fleet.refresh()
        after = None if position is None else fleet.after(position)
        found, position = fleet.select(Wanted(box, tankers, listed, mmsis, since, after or 0), limit)
        newest = await log.newest()
        content: dict[str, Any] = {
            "time": to_text(newest) if newest is not None else None,
            "next": position,
            "whole": after is None and since is None,
            "vessels": [msgspec.Raw(one) for one in found],
        }
        return await responses.packed(request, content)

    @router.get(
        "/{mmsi}",
        **operation("getVessel", "All that is kept of one vessel.", "Told", problems=(404,)),
    )
    async def vessel(mmsi: Mmsi, request: Request) -> Response:
        Query(request.query_params).done()
        number = int(mmsi) if mmsi.isascii() and mmsi.isdigit() and len(mmsi) <= 9 else None
        record = None if number is None else await log.vessel(number)
        if record is None:
            raise unknown(f"no vessel with MMSI {mmsi!r} is known, or it has not been heard for long")
        page = await event_pages.page(log, EventFilter.parse({"mmsi": [mmsi]}))
        return responses.json(vessels.told(record, [event.id for event in page.events]))

    return router
