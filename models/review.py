"""Reviews: what a person made of an event. A review is added to those before it and deletes nothing."""

from enum import StrEnum

import msgspec


class Disposition(StrEnum):
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    WATCHING = "watching"


class Review(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    event: str
    revision: int  # the highest one when it was reviewed
    by: str
    disposition: Disposition
    note: str = ""
    time: str  # RFC 3339 UTC, by the clock of the feed
