"""Requests for events: lists, one with all its revisions, the stream."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from streams.event_log import BEFORE_ALL
from streams.feed import answers, listing
from streams.feed.feed import Feed
from streams.feed.following import Follower
from streams.feed.problems import invalid, unknown
from streams.feed.queries import Query, entry_id
from streams.feed.streaming import EventStream


def routes(feed: Feed) -> APIRouter:
    router = APIRouter(prefix="/v1/events", tags=["events"])

    @router.get("")
    async def events(request: Request) -> Response:
        query = Query(request.query_params)
        selection = query.selection()
        start, end, limit = query.time("start"), query.time("end"), query.number("limit", 100)
        after = _cursor(query.text("cursor"))
        query.done()
        ends = await feed.log.ends()
        page = await listing.page(feed.log, selection, start, end, after, limit)
        content = {
            "events": [msgspec.Raw(one) for one in page.json],
            "next": listing.to_cursor(page.next) if page.next else None,
            "reviews": await feed.log.latest_reviews([event.id for event in page.events]),
        }
        return answers.json(content, headers={"X-Log-Position": ends.last if ends else BEFORE_ALL})

    @router.get("/stream")
    async def stream(request: Request) -> Response:
        query = Query(request.query_params)
        selection, since = query.selection(), query.entry("since")
        query.done()
        if (last := request.headers.get("last-event-id")) is not None:
            since = entry_id("Last-Event-ID", last)
        return EventStream(feed.hub, Follower(feed.hub, selection, since))

    @router.get("/{id}")
    async def event(id: str, request: Request) -> Response:
        Query(request.query_params).done()
        (latest,) = await feed.log.latest_of([id])
        if latest is None:
            raise unknown(f"there is no event {id!r}, or it is no longer kept")
        revisions = await feed.log.revisions(id)
        content: dict[str, Any] = {
            "event": msgspec.Raw(latest),
            "revisions": [msgspec.Raw(one.json) for one in revisions] or [msgspec.Raw(latest)],
            "reviews": await feed.log.reviews(id),
        }
        return answers.json(content)

    return router


def _cursor(text: str | None) -> listing.Place | None:
    try:
        return None if text is None else listing.from_cursor(text)
    except ValueError:
        raise invalid(
            f"cursor: {text!r} is none; give what `next` of the page before says, or leave it out"
        ) from None
