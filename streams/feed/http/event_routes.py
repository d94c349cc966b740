"""Operations on events: lists in several formats, one event with all its revisions, its track, the stream."""

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from models.event import Event
from models.event_filter import EventFilter
from streams.feed.http import responses
from streams.feed.http.access import address
from streams.feed.http.context import Feed, FeedContext
from streams.feed.http.openapi import Msgspec, problems, schema_of
from streams.feed.http.parameters import (
    ONCE,
    AtomQuery,
    EntryId,
    EventId,
    EventPageQuery,
    ExportQuery,
    GeoJsonQuery,
    MomentQuery,
    StreamQuery,
)
from streams.feed.http.problems import not_found
from streams.feed.http.response_models import EventDetail, EventPage, FeatureCollection, StreamMessage
from streams.feed.http.responses import Atom, Csv, EventStream, GeoJson, GeoParquet, Json, Kml
from streams.feed.log import FeedLog, read_event
from streams.feed.views import case_members, event_pages, exports, hints, vessels
from streams.output.exports.form import ExportForm
from streams.output.format import Format

router: Final = APIRouter(prefix="/v1", tags=["events"], dependencies=ONCE)

_LOG_POSITION: Final = {
    "description": "The last entry of the log when the list was begun. A stream opened with `since` this "
    "entry continues the list without a gap.",
    "schema": {"type": "string"},
}


@router.get(
    "/events",
    summary="Events, newest first.",
    response_model=Annotated[EventPage, Msgspec()],
    responses={200: {"headers": {"X-Log-Position": _LOG_POSITION}}},
)
async def get_events(query: EventPageQuery, feed: Feed) -> Response:
    """Each event is its highest revision. A page can be shorter than `limit` and still have a `next`."""
    selection, position = query.selection(), await feed.log.last()
    after = None if query.cursor is None else event_pages.from_cursor(query.cursor)
    view = await feed.view(query.at)
    log = view.log
    page = await event_pages.page(log, selection, query.start, query.end, after, query.limit)
    if query.at is None:
        await feed.hub.reach(await log.last())
    shown = zip(page.events, page.json, strict=True)
    content = {
        "events": [msgspec.Raw(view.cases.add_to(json, event.id)) for event, json in shown],
        "next": event_pages.to_cursor(page.next) if page.next else None,
        "reviews": await log.latest_reviews([event.id for event in page.events]),
        "landed": {
            event.id: found
            for event in page.events
            if event.chain and (found := await case_members.landed(log, event, feed.analysis.ledger))
        },
        "hints": await _hints(feed, selection),
    }
    return Json(content, headers={"X-Log-Position": position})


@router.get(
    "/events.geojson",
    summary="All events that match, as GeoJSON.",
    response_class=GeoJson,
    response_model=Annotated[FeatureCollection, Msgspec()],
)
async def get_events_geojson(query: GeoJsonQuery, feed: Feed) -> Response:
    if query.flat:
        return await _flat_export(query, feed, ExportForm.GEOJSON, GeoJson)
    return await _export(query, feed, Format.GEOJSON, GeoJson)


@router.get("/events.csv", summary="All events that match, as a table.", response_class=Csv)
async def get_events_csv(query: ExportQuery, feed: Feed) -> Response:
    return await _export(query, feed, Format.CSV, Csv)


@router.get(
    "/events.parquet",
    summary="All events that match, as GeoParquet, with tracks as lines.",
    response_class=GeoParquet,
)
async def get_events_parquet(query: ExportQuery, feed: Feed) -> Response:
    return await _flat_export(query, feed, ExportForm.GEOPARQUET, GeoParquet)


@router.get("/events.kml", summary="All events that match, as KML, with tracks as lines.", response_class=Kml)
async def get_events_kml(query: ExportQuery, feed: Feed) -> Response:
    return await _flat_export(query, feed, ExportForm.KML, Kml)


async def _flat_export(
    query: ExportQuery, feed: FeedContext, form: ExportForm, kind: type[Response]
) -> Response:
    view = await feed.view(query.at)
    pages = event_pages.every(view.log, query.selection(), query.start, query.end)
    name = "parquet" if form is ExportForm.GEOPARQUET else form
    told = await _hints(feed, query.selection())
    return responses.download(exports.flat(pages, form), kind, f"tankerwatch-events.{name}", told)


async def _export(query: ExportQuery, feed: FeedContext, form: Format, kind: type[Response]) -> Response:
    view = await feed.view(query.at)
    pages = event_pages.every(view.log, query.selection(), query.start, query.end)
    written = exports.written(pages, form, view.cases)
    told = await _hints(feed, query.selection())
    return responses.download(written, kind, f"tankerwatch-events.{form}", told)


@router.get(
    "/events.atom", summary="Events, newest first, as an Atom feed with GeoRSS points.", response_class=Atom
)
async def get_events_atom(query: AtomQuery, feed: Feed, request: Request) -> Response:
    view = await feed.view(query.at)
    page = await event_pages.page(view.log, query.selection(), limit=query.limit)
    return Atom(exports.atom(page.events, str(request.base_url), str(request.url)))


@router.get(
    "/events/stream",
    summary="Revisions as they come, as server-sent events.",
    response_class=EventStream,
    responses={200: {"content": {"text/event-stream": {"schema": schema_of(StreamMessage)}}}},
)
async def stream_events(
    query: StreamQuery,
    feed: Feed,
    request: Request,
    last_event_id: Annotated[
        EntryId,
        Header(
            alias="Last-Event-ID",
            description="Continue after this entry. Browsers send it when they reconnect.",
        ),
    ] = None,
) -> Response:
    """Events `hello` (the first one), `revision` (with an id), `review`, `warning`, `sources`, `silences`,
    `fences`, `reset`, `heartbeat`, `goodbye`."""
    entry, selection = query.since if last_event_id is None else last_event_id, query.selection()
    told = await _hints(feed, selection)
    return feed.streams.response(address(request.scope), selection, entry, told)


@router.get(
    "/events/{id}",
    summary="One event with its revisions and reviews.",
    response_model=Annotated[EventDetail, Msgspec()],
    responses=problems(404),
)
async def get_event(id: EventId, query: MomentQuery, feed: Feed) -> Response:
    view = await feed.view(query.at)
    log, cases = view.log, view.cases
    event, json = await _latest(log, id)
    revisions = [one.json for one in await log.revisions(id)] or [json]
    content: dict[str, Any] = {
        "event": msgspec.Raw(cases.add_to(json, id)),
        "revisions": [msgspec.Raw(cases.add_to(one, id)) for one in revisions],
        "reviews": await log.reviews(id),
        "dimensions": vessels.dimensions(event, [await log.vessel(int(v.ssvid)) for v in event.vessels]),
        "members": await case_members.members(log, event),
        "landed": await case_members.landed(log, event, feed.analysis.ledger) if event.chain else [],
    }
    return Json(content)


@router.get(
    "/events/{id}/track",
    summary="The vessels' tracks around an event as OGC MF-JSON, one moving point for each vessel.",
    response_model=Annotated[FeatureCollection, Msgspec()],
    responses=problems(404),
)
async def get_event_track(id: EventId, query: MomentQuery, feed: Feed) -> Response:
    view = await feed.view(query.at)
    event, _json = await _latest(view.log, id)
    return Json(await exports.tracks(view.log, event))


async def _hints(feed: FeedContext, selection: EventFilter) -> list[str]:
    return await hints.hints(selection, feed.all_fences, feed.vessels, feed.log)


async def _latest(log: FeedLog, id: str) -> tuple[Event, bytes]:
    """The event's highest revision, and the same as JSON. Raises Problem."""
    (json,) = await log.latest_of([id])
    event = None if json is None else read_event(json)
    if json is None or event is None:
        raise not_found(f"there is no event {id!r}, or it is no longer kept")
    return event, json
