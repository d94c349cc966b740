"""Requests for vessels: all of them for the map, and one with its identities and track."""

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from models.time import to_text
from streams.feed import answers, listing, queries, vessels
from streams.feed.document import Mmsi, operation
from streams.feed.feed import Feed
from streams.feed.fleet import Fleet, Wanted
from streams.feed.problems import unknown
from streams.feed.queries import Query
from streams.feed.selection import Selection

MOST: Final = 50_000
"""Vessels in one answer."""
_WHETHER: Final = {"type": "boolean"}


def routes(feed: Feed) -> APIRouter:
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
                queries.box("bbox", "Only vessels in this box; west > east crosses 180 degrees."),
                queries.parameter("tankers", "Only tankers.", _WHETHER, True),
                queries.parameter("listed", "Only vessels of a watchlist.", _WHETHER, True),
                queries.time("since", "Only vessels whose latest tick is after this time."),
                queries.parameter("after", "`next` of the answer before.", {"type": "string"}, None),
                queries.several("mmsi", "Only vessels with these MMSIs.", "^[0-9]{1,9}$", "273316240"),
                queries.limit(MOST, MOST),
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
        return await answers.packed(request, content)

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
        page = await listing.page(log, Selection.parse({"mmsi": [mmsi]}))
        return answers.json(vessels.told(record, [event.id for event in page.events]))

    return router
