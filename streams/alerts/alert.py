"""Alerts: a revision of an event that a rule has to tell of, and why."""

from enum import StrEnum

import msgspec

from models.event import Event, Level
from models.time import Millis


class Kind(StrEnum):
    """What is new about a revision for who is told of it."""

    NEW = "new"  # the first that the rule wants to know of
    RAISED = "raised"  # above the highest level before
    CLOSED = "closed"
    RETRACTED = "retracted"  # taken back
    UPDATED = "updated"  # any other


class Held(StrEnum):
    """Why an alert has to wait, to be told in a digest."""

    QUIET = "quiet"
    LIMIT = "limit"


class Alert(msgspec.Struct, frozen=True):
    """What a digest says of a revision, and which entry of the log has the whole of it."""

    entry: str
    event: str
    revision: int
    kind: Kind
    type: str
    level: Level
    status: str
    detected: str
    score: float
    heading: str
    summary: str
    since: Millis  # when the rule took it in, by the clock of alerts
    held: Held | None = None

    @property
    def id(self) -> str:
        """Stable over retries, restarts and rules: who gets it twice can tell by this."""
        return f"{self.event}:{self.revision}"


class Followed(msgspec.Struct, frozen=True, array_like=True):
    """An event that a rule knows of."""

    revision: int
    highest: Level
    closed: bool
    time: Millis  # of the last entry about it


def follow(before: Followed | None, event: Event, time: Millis) -> Followed:
    """The event as it is known with this revision."""
    levels = [event.level] if before is None else [event.level, before.highest]
    return Followed(event.revision, max(levels, key=_rank), event.status == "closed", time)


def kinds(before: Followed | None, event: Event) -> tuple[Kind, ...]:
    """What this revision is to who knew the event as it was `before`; what matters most comes first."""
    if event.status == "retracted":
        return () if before is None else (Kind.RETRACTED, Kind.UPDATED)
    closes = event.status == "closed" and not (before and before.closed)
    raises = before is not None and _rank(event.level) > _rank(before.highest)
    found = {Kind.NEW: before is None, Kind.RAISED: raises, Kind.CLOSED: closes, Kind.UPDATED: True}
    return tuple(kind for kind, holds in found.items() if holds)


def _rank(level: Level) -> int:
    return list(Level).index(level)
