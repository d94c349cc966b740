"""Reviews of events: what people send, and the labels for `tankerwatch evaluate` that follow from it."""

import csv
import io
import secrets
import time
from typing import Annotated, Any, Final

import msgspec

from models.event import Event
from models.review import Disposition, Review
from models.time import to_text
from models.truth import TrueEvent, Truth
from streams.feed.log import FeedLog, read_event
from streams.output.event_files import safe_cell
from streams.store.event_log import BEFORE_ALL

COLUMNS: Final = (
    "id", "time", "by", "disposition", "note", "event", "revision", "type", "mmsis", "start", "end",
)  # fmt: skip
_BATCH: Final = 1_000


class ReviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person makes of an event."""

    by: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    disposition: Disposition
    note: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


def review(given: ReviewRequest, event: Event) -> Review:
    """The review as it is kept. It is about the event's highest revision."""
    return Review(
        id=secrets.token_hex(8),
        event=event.id,
        revision=event.revision,
        type=event.type,
        mmsis=event.mmsis,
        start=event.start,
        end=event.end,
        by=given.by,
        disposition=given.disposition,
        note=given.note,
        time=to_text(int(time.time() * 1000)),
    )


async def every(log: FeedLog) -> list[Review]:
    """All reviews, oldest first."""
    found: list[Review] = []
    entry = BEFORE_ALL
    while some := await log.reviews_since(entry, _BATCH):
        entry = some[-1][0]
        found += (review for _, review in some)
    return found


async def labels(log: FeedLog) -> dict[str, Any]:
    """The truth according to the reviews, as JSON.

    The latest review of each event counts. An event under observation (`watching`) is in neither list.
    """
    reviews = await every(log)
    latest = {review.event: review for review in reviews}
    kept: dict[str, Event] = {}
    names = list(latest)
    for at in range(0, len(names), _BATCH):
        for json in await log.latest_of(names[at : at + _BATCH]):
            if json is not None and (event := read_event(json)) is not None:
                kept[event.id] = event

    def of(disposition: Disposition) -> tuple[TrueEvent, ...]:
        return tuple(
            _label(review, kept.get(review.event))
            for review in latest.values()
            if review.disposition is disposition
        )

    truth = Truth("reviews", 0, "", 0, of(Disposition.CONFIRMED), of(Disposition.DISMISSED))
    labels = msgspec.to_builtins(truth)
    del labels["allowed"]  # only simulations have it
    return {**labels, "reviews": reviews}


def _label(review: Review, event: Event | None) -> TrueEvent:
    """A label with the event's present times, or those of the review if the event is no longer kept."""
    start, end = (event.start, event.end) if event else (review.start, review.end)
    return TrueEvent(review.type, review.mmsis, start, end, review.note)


def to_csv(reviews: list[Review]) -> str:
    """A table with a row for each review. No cell starts a formula in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in reviews:
        cells = {**msgspec.structs.asdict(one), "mmsis": " ".join(f"{mmsi:09d}" for mmsi in one.mmsis)}
        writer.writerow([safe_cell(cells[name]) for name in COLUMNS])
    return text.getvalue()
