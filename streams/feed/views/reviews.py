"""Reviews of events: what people send, and the labels for `tankerwatch evaluate` that follow from it."""

import csv
import io
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated, Final

import msgspec

from models.event import Event
from models.review import Disposition, Review
from models.time import to_text
from models.truth import TrueEvent
from streams.feed.log import FeedLog, read_event
from streams.feed.steps import pieces, step
from streams.output.event_files import safe_cell
from streams.store.event_log import BEFORE_ALL, entry_key

COLUMNS: Final = (
    "id", "time", "by", "disposition", "note", "event", "revision", "type", "mmsis", "start", "end",
)  # fmt: skip
_BATCH: Final = 200
"""Reviews read at a time. Each can be some KB long, and its event some ten."""


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


async def _every(log: FeedLog, last: str | None = None) -> AsyncIterator[list[tuple[str, Review]]]:
    """All reviews with their entry ids, oldest first, in batches; up to the entry `last`."""
    entry = BEFORE_ALL
    while some := await log.reviews_since(entry, _BATCH):
        entry = some[-1][0]
        if last is not None and entry_key(entry) >= entry_key(last):
            yield [one for one in some if entry_key(one[0]) <= entry_key(last)]
            return
        yield some


async def written_labels(log: FeedLog) -> AsyncIterator[bytes]:
    """The truth according to the reviews, as JSON piece by piece: there may be more than fits in memory.

    The latest review of each event counts. An event under observation (`watching`) is in neither list. The
    reviews are read once for each list, each time up to the same one.
    """
    latest: dict[str, str] = {}  # by event, the entry of its latest review
    last = BEFORE_ALL
    async for some in _every(log):
        for last, review in some:
            latest[review.event] = last

    async def labels(disposition: Disposition) -> AsyncIterator[Sequence[TrueEvent]]:
        async for some in _every(log, last):
            yield await _labels(
                log,
                [
                    review
                    for entry, review in some
                    if latest[review.event] == entry and review.disposition is disposition
                ],
            )

    async def everything() -> AsyncIterator[Sequence[Review]]:
        async for some in _every(log, last):
            yield [review for _, review in some]

    lists: dict[str, AsyncIterator[Sequence[Review | TrueEvent]]] = {
        "events": labels(Disposition.CONFIRMED),
        "dismissed": labels(Disposition.DISMISSED),
        "reviews": everything(),
    }
    yield msgspec.json.encode({"scenario": "reviews", "seed": 0, "noise": "", "tracks": 0})[:-1]
    for name, rows in lists.items():
        before = f',"{name}":['.encode()
        async for part in rows:
            if part:
                yield before + b",".join(map(msgspec.json.encode, part))
                before = b","
        yield b"]" if before == b"," else before + b"]"
    yield b"}"


async def _labels(log: FeedLog, some: list[Review]) -> list[TrueEvent]:
    kept: dict[str, Event] = {}
    for found in pieces(await log.latest_of([review.event for review in some])):
        async with step():
            for json in found:
                if json is not None and (event := read_event(json)) is not None:
                    kept[event.id] = event
    return [_label(review, kept.get(review.event)) for review in some]


def _label(review: Review, event: Event | None) -> TrueEvent:
    """A label with the event's present times, or those of the review if the event is no longer kept."""
    start, end = (event.start, event.end) if event else (review.start, review.end)
    return TrueEvent(review.type, review.mmsis, start, end, review.note)


async def written_table(log: FeedLog) -> AsyncIterator[bytes]:
    """A table with a row for each review, piece by piece. No cell starts a formula in a spreadsheet."""
    yield _rows([COLUMNS])
    async for some in _every(log):
        rows = []
        for _, one in some:
            cells = {**msgspec.structs.asdict(one), "mmsis": " ".join(f"{mmsi:09d}" for mmsi in one.mmsis)}
            rows.append([safe_cell(cells[name]) for name in COLUMNS])
        yield _rows(rows)


def _rows(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
