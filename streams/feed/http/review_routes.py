"""Requests for reviews: adding one, and all of them as labels."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from streams.feed import metrics
from streams.feed.http import bodies, query, responses
from streams.feed.http.context import FeedContext
from streams.feed.http.openapi import EventId, operation
from streams.feed.http.problems import invalid, unknown
from streams.feed.http.query import Query
from streams.feed.log import read_event
from streams.feed.views import reviews


def routes(feed: FeedContext) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["reviews"])

    @router.post(
        "/events/{id}/review",
        **operation(
            "postReview",
            "Say what you make of an event.",
            "Review",
            description="Is shown to all, and deletes nothing. Takes a token for reviews, where tokens are.",
            status=201,
            body="Given",
            problems=(404, 413),
        ),
    )
    async def review(id: EventId, request: Request) -> Response:
        Query(request.query_params).done()
        given = await bodies.read(request, reviews.Given)
        (latest,) = await feed.log.latest_of([id])
        event = None if latest is None else read_event(latest)
        if event is None:
            raise unknown(f"there is no event {id!r}, or it is no longer kept")
        made = reviews.review(given, event)
        await feed.log.add_review(made)
        metrics.REVIEWS.labels(made.disposition).inc()
        return responses.json(made, 201)

    @router.get(
        "/reviews",
        **operation(
            "getReviews",
            "All reviews, as labels for `tankerwatch evaluate` or as a table.",
            "Labels",
            other="text/csv; charset=utf-8",
            description="Of each event the latest counts; `events` are those confirmed. With `format=csv` "
            "each review is a row.",
            parameters=[
                query.parameter(
                    "format", "`json` or `csv`.", {"type": "string", "enum": ["json", "csv"]}, "json"
                )
            ],
        ),
    )
    async def labels(request: Request) -> Response:
        query = Query(request.query_params)
        form = query.text("format")
        query.done()
        if form == "csv":
            table = reviews.to_csv(await reviews.every(feed.log))
            return responses.file(table, "text/csv; charset=utf-8", "tankerwatch-reviews.csv")
        if form not in (None, "json"):
            raise invalid(f"format: {form!r} is none; give json or csv")
        return responses.json(await reviews.labels(feed.log))

    return router
