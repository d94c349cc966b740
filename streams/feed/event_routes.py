"""Requests for events: lists in several formats, one with all its revisions, its track, the stream."""

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from models.event import Event
from streams.feed import answers, exports, listing, queries, vessels
from streams.feed.access import address
from streams.feed.document import EventId, operation
from streams.feed.feed import Feed
from streams.feed.log import read_event
from streams.feed.problems import invalid, unknown
from streams.feed.queries import Query, entry_id
from streams.feed.streaming import Streams
from streams.format import Format

SPAN: Final = [
    queries.time("start", "Only events whose highest revision was detected then or later."),
    queries.time("end", "Only events whose highest revision was detected then or earlier."),
]
CURSOR: Final = queries.parameter(
    "cursor", "`next` of the page before.", {"type": "string", "pattern": listing.CURSOR}, None
)
POSITION: Final = {
    "X-Log-Position": {
        "description": "The last entry of the log when the list was begun: `since` of a stream that misses "
        "nothing.",
        "schema": {"type": "string"},
    }
}
ENTRY: Final = {"type": "string", "pattern": "^[0-9]{1,15}(-[0-9]{1,15})?$"}
SINCE: Final = queries.parameter(
    "since", "Begin after this entry of the log; 0 for all that is kept.", ENTRY, "0"
)
LAST: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "Go on after this entry: what browsers send when they connect again.",
    "schema": ENTRY,
}


def routes(feed: Feed, streams: Streams) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["events"])
    log = feed.log

    @router.get(
        "/events",
        **operation(
            "getEvents",
            "Events, newest first.",
            "EventPage",
            description="Each as its highest revision. A page shorter than `limit` may yet have a `next`.",
            parameters=[*queries.filters(), *SPAN, queries.limit(100), CURSOR],
            headers=POSITION,
        ),
    )
    async def events(request: Request) -> Response:
        query = Query(request.query_params)
        selection, start, end = query.selection(), query.time("start"), query.time("end")
        limit, after = query.number("limit", 100), _cursor(query.text("cursor"))
        query.done()
        last = await log.last()
        page = await listing.page(log, selection, start, end, after, limit)
        content = {
            "events": [msgspec.Raw(one) for one in page.json],
            "next": listing.to_cursor(page.next) if page.next else None,
            "reviews": await log.latest_reviews([event.id for event in page.events]),
        }
        return answers.json(content, headers={"X-Log-Position": last})

    def export(form: Format, media: str, name: str, shape: str | None, what: str) -> None:
        @router.get(
            f"/events.{form}",
            name=name,
            **operation(name, what, shape, media=media, parameters=[*queries.filters(), *SPAN]),
        )
        async def exported(request: Request) -> Response:
            query = Query(request.query_params)
            selection, start, end = query.selection(), query.time("start"), query.time("end")
            query.done()
            pages = listing.every(log, selection, start, end)
            return answers.file(exports.written(pages, form), media, f"tankerwatch-events.{form}")

    export(
        Format.GEOJSON, "application/geo+json", "getEventsGeojson", "Collection",
        "All events that match, as points with the rest as properties.",
    )  # fmt: skip
    export(Format.CSV, "text/csv; charset=utf-8", "getEventsCsv", None, "All events that match, as a table.")

    @router.get(
        "/events.atom",
        **operation(
            "getEventsAtom",
            "Events, newest first, as an Atom feed with GeoRSS points.",
            None,
            media="application/atom+xml",
            parameters=[*queries.filters(), queries.limit(100)],
        ),
    )
    async def atom(request: Request) -> Response:
        query = Query(request.query_params)
        selection, limit = query.selection(), query.number("limit", 100)
        query.done()
        page = await listing.page(log, selection, limit=limit)
        data = exports.atom(page.events, str(request.base_url), str(request.url))
        return Response(data, media_type="application/atom+xml")

    @router.get(
        "/events/stream",
        **operation(
            "streamEvents",
            "Revisions as they come, as server-sent events.",
            "StreamMessage",
            media="text/event-stream",
            description="Events `revision` (with an id), `review`, `reset`, `heartbeat`, `goodbye`.",
            parameters=[*queries.filters(), SINCE, LAST],
        ),
    )
    async def stream(request: Request) -> Response:
        query = Query(request.query_params)
        selection, since = query.selection(), query.entry("since")
        query.done()
        if (last := request.headers.get("last-event-id")) is not None:
            since = entry_id("Last-Event-ID", last)
        return streams.response(address(request.scope), selection, since)

    async def latest(id: str) -> tuple[Event, bytes]:
        (found,) = await log.latest_of([id])
        event = None if found is None else read_event(found)
        if found is None or event is None:
            raise unknown(f"there is no event {id!r}, or it is no longer kept")
        return event, found

    @router.get(
        "/events/{id}",
        **operation("getEvent", "One event with its revisions and reviews.", "EventDetail", problems=(404,)),
    )
    async def event(id: EventId, request: Request) -> Response:
        Query(request.query_params).done()
        found, json = await latest(id)
        revisions = await log.revisions(id)
        content: dict[str, Any] = {
            "event": msgspec.Raw(json),
            "revisions": [msgspec.Raw(one.json) for one in revisions] or [msgspec.Raw(json)],
            "reviews": await log.reviews(id),
            "dimensions": vessels.dimensions(found, [await log.vessel(int(v.ssvid)) for v in found.vessels]),
        }
        return answers.json(content)

    @router.get(
        "/events/{id}/track",
        **operation(
            "getEventTrack",
            "The vessels' tracks around an event as OGC MF-JSON, a moving point each.",
            "Collection",
            problems=(404,),
        ),
    )
    async def track(id: EventId, request: Request) -> Response:
        Query(request.query_params).done()
        found, _ = await latest(id)
        return answers.json(await exports.tracks(log, found))

    return router


def _cursor(text: str | None) -> listing.Place | None:
    try:
        return None if text is None else listing.from_cursor(text)
    except ValueError:
        raise invalid(
            f"cursor: {text!r} is none; give what `next` of the page before says, or leave it out"
        ) from None
