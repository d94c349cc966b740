"""Requests for events: lists in several formats, one with all its revisions, its track, the stream."""

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from models.event import Event
from streams.feed.http import query, responses
from streams.feed.http.access import address
from streams.feed.http.context import FeedContext
from streams.feed.http.openapi import EventId, operation
from streams.feed.http.problems import invalid, unknown
from streams.feed.http.query import Query, entry_id
from streams.feed.http.stream_response import Streams
from streams.feed.log import read_event
from streams.feed.views import event_pages, exports, vessels
from streams.output.format import Format

SPAN: Final = [
    query.time("start", "Only events whose highest revision was detected then or later."),
    query.time("end", "Only events whose highest revision was detected then or earlier."),
]
CURSOR: Final = query.parameter(
    "cursor", "`next` of the page before.", {"type": "string", "pattern": event_pages.CURSOR}, None
)
POSITION: Final = {
    "X-Log-Position": {
        "description": "The last entry of the log when the list was begun: `since` of a stream that misses "
        "nothing.",
        "schema": {"type": "string"},
    }
}
ENTRY: Final = {"type": "string", "pattern": "^[0-9]{1,15}(-[0-9]{1,15})?$"}
SINCE: Final = query.parameter(
    "since", "Begin after this entry of the log; 0 for all that is kept.", ENTRY, "0"
)
LAST: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "Go on after this entry: what browsers send when they connect again.",
    "schema": ENTRY,
}


def routes(feed: FeedContext, streams: Streams) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["events"])
    log = feed.log

    @router.get(
        "/events",
        **operation(
            "getEvents",
            "Events, newest first.",
            "EventPage",
            description="Each as its highest revision. A page shorter than `limit` may yet have a `next`.",
            parameters=[*query.filters(), *SPAN, query.limit(100), CURSOR],
            headers=POSITION,
        ),
    )
    async def events(request: Request) -> Response:
        query = Query(request.query_params)
        selection, start, end = query.selection(), query.time("start"), query.time("end")
        limit, after = query.number("limit", 100), _cursor(query.text("cursor"))
        query.done()
        last = await log.last()
        page = await event_pages.page(log, selection, start, end, after, limit)
        content = {
            "events": [msgspec.Raw(one) for one in page.json],
            "next": event_pages.to_cursor(page.next) if page.next else None,
            "reviews": await log.latest_reviews([event.id for event in page.events]),
        }
        return responses.json(content, headers={"X-Log-Position": last})

    def export(form: Format, media: str, name: str, shape: str | None, what: str) -> None:
        @router.get(
            f"/events.{form}",
            name=name,
            **operation(name, what, shape, media=media, parameters=[*query.filters(), *SPAN]),
        )
        async def exported(request: Request) -> Response:
            query = Query(request.query_params)
            selection, start, end = query.selection(), query.time("start"), query.time("end")
            query.done()
            pages = event_pages.every(log, selection, start, end)
            return responses.file(exports.written(pages, form), media, f"tankerwatch-events.{form}")

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
            parameters=[*query.filters(), query.limit(100)],
        ),
    )
    async def atom(request: Request) -> Response:
        query = Query(request.query_params)
        selection, limit = query.selection(), query.number("limit", 100)
        query.done()
        page = await event_pages.page(log, selection, limit=limit)
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
            parameters=[*query.filters(), SINCE, LAST],
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
        return responses.json(content)

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
        return responses.json(await exports.tracks(log, found))

    return router


def _cursor(text: str | None) -> event_pages.Place | None:
    try:
        return None if text is None else event_pages.from_cursor(text)
    except ValueError:
        raise invalid(
            f"cursor: {text!r} is none; give what `next` of the page before says, or leave it out"
        ) from None
