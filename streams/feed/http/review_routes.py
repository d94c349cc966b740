"""Operations on reviews: adding one, and all of them as labels."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body
from starlette.responses import Response, StreamingResponse

from models.review import Review
from streams.feed import metrics
from streams.feed.http import responses
from streams.feed.http.context import Feed
from streams.feed.http.openapi import Msgspec, problems
from streams.feed.http.parameters import ONCE, EventId, MomentQuery, ReviewQuery
from streams.feed.http.problems import not_found
from streams.feed.http.response_models import Labels
from streams.feed.http.responses import Csv, Json
from streams.feed.log import read_event
from streams.feed.views import reviews, silences

router: Final = APIRouter(prefix="/v1", tags=["reviews"], dependencies=ONCE)


@router.post(
    "/events/{id}/review",
    summary="Say what you make of an event.",
    status_code=HTTPStatus.CREATED,
    response_model=Annotated[Review, Msgspec()],
    responses=problems(404, 413),
)
async def post_review(
    id: EventId, given: Annotated[reviews.ReviewRequest, Msgspec(), Body()], query: MomentQuery, feed: Feed
) -> Response:
    """Everybody sees the review. It deletes nothing. One that dismisses stops alerts about the event
    and the legs of a chain. Where tokens are needed, it needs one for reviews."""
    (latest,) = await (await feed.view(query.at)).log.latest_of([id])
    event = None if latest is None else read_event(latest)
    if event is None:
        raise not_found(f"there is no event {id!r}, or it is no longer kept")
    review = reviews.review(given, event)
    await feed.log.add_review(review, silences.dismissed(review, event))
    metrics.REVIEWS.labels(review.disposition).inc()
    return Json(review, HTTPStatus.CREATED)


@router.get(
    "/reviews",
    summary="All reviews, as labels for `tankerwatch evaluate` or as a table.",
    response_model=Annotated[Labels, Msgspec()],
    responses={200: {"content": {str(Csv.media_type): {"schema": {"type": "string"}}}}},
)
async def get_reviews(query: ReviewQuery, feed: Feed) -> Response:
    """The latest review of each event counts. `events` holds the confirmed ones."""
    if query.format == "csv":
        return responses.download(reviews.written_table(feed.log), Csv, "tankerwatch-reviews.csv")
    return StreamingResponse(reviews.written_labels(feed.log), media_type=Json.media_type)
