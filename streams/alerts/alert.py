"""Alerts: a revision of an event that a rule has to report, and why."""

from enum import StrEnum

import msgspec

from models.event import Event, Level
from models.time import Millis


class Kind(StrEnum):
    """What is new about a revision for the receiver."""

    NEW = "new"  # the first that the rule reports
    RAISED = "raised"  # above the highest level so far
    CLOSED = "closed"
    RETRACTED = "retracted"  # taken back
    UPDATED = "updated"  # any other


class Held(StrEnum):
    """Why an alert has to wait for a digest."""

    QUIET = "quiet"
    LIMIT = "limit"


class Alert(msgspec.Struct, frozen=True):
    """What a digest says about a revision, and the entry of the log that has all of it."""

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
    since: Millis  # when the rule read it, by the clock of the alerts process
    held: Held | None = None

    @property
    def id(self) -> str:
        """The same over retries, restarts and rules, so a receiver can recognise a repeat."""
        return f"{self.event}:{self.revision}"


class Followed(msgspec.Struct, frozen=True, array_like=True):
    """An event that a rule has seen."""

    revision: int
    highest: Level
    closed: bool
    time: Millis  # of the last entry about it


def follow(before: Followed | None, event: Event, time: Millis) -> Followed:
    """What is known of the event with this revision."""
    levels = [event.level] if before is None else [event.level, before.highest]
    return Followed(event.revision, max(levels, key=_rank), event.status == "closed", time)


def kinds(before: Followed | None, event: Event) -> tuple[Kind, ...]:
    """What this revision is to a receiver who knows the event as it was `before`; the most important kind."""
    if event.status == "retracted":
        return () if before is None else (Kind.RETRACTED, Kind.UPDATED)
    closes = event.status == "closed" and not (before and before.closed)
    raises = before is not None and _rank(event.level) > _rank(before.highest)
    found = {Kind.NEW: before is None, Kind.RAISED: raises, Kind.CLOSED: closes, Kind.UPDATED: True}
    return tuple(kind for kind, holds in found.items() if holds)


def _rank(level: Level) -> int:
    return list(Level).index(level)
