"""Reviews: what a person made of an event. A review is added to those before it and deletes nothing."""

from enum import StrEnum

import msgspec

from models.event import EventType


class Disposition(StrEnum):
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    WATCHING = "watching"


class Review(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Says itself what it is about, so that it stays of use when the event is no longer kept."""

    id: str
    event: str
    revision: int  # the highest one when it was reviewed; as are type, MMSIs and times
    type: EventType
    mmsis: tuple[int, ...]  # sorted
    start: str
    end: str | None
    by: str
    disposition: Disposition
    note: str = ""
    time: str  # RFC 3339 UTC, by the clock of the feed
