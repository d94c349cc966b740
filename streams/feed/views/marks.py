"""Marks: every event of a recording in brief, for a strip beside its time."""

from typing import Final

import msgspec

from models.event import EventType, Level, Status
from streams.feed.log import FeedLog, read_event
from streams.store.event_log import BEFORE_ALL

_BATCH: Final = 1_000


class Mark(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event in brief, by its highest revision."""

    id: str
    type: EventType
    level: Level
    status: Status
    score: float
    start: str
    end: str | None
    known: str  # when its first revision was detected


async def marks(log: FeedLog) -> list[Mark]:
    """All events, in the order of their first revisions."""
    first: dict[str, str] = {}
    entry = BEFORE_ALL
    while some := await log.since(entry, _BATCH):
        entry = some[-1].entry
        for one in some:
            if one.id not in first and (event := read_event(one.json)) is not None:
                first[one.id] = event.detected
    found = zip(first, await log.latest_of(list(first)), strict=True)
    events = [event for _, json in found if json is not None and (event := read_event(json)) is not None]
    return [
        Mark(
            id=event.id,
            type=event.type,
            level=event.level,
            status=event.status,
            score=event.score,
            start=event.start,
            end=event.end,
            known=first[event.id],
        )
        for event in events
    ]
