"""Alerts: what a rule has to report, and why: a revision of an event, or a limit that was passed."""

from enum import StrEnum

import msgspec

from models.event import Event, Level
from models.time import Millis
from streams.ledger.delivery import Barrels


class Revision(StrEnum):
    """What is new about a revision for the receiver."""

    NEW = "new"  # the first that the rule reports
    RAISED = "raised"  # above the highest level so far
    CLOSED = "closed"
    RETRACTED = "retracted"  # taken back
    UPDATED = "updated"  # any other


class Kind(StrEnum):
    """What a message is about."""

    NEW = "new"
    RAISED = "raised"
    CLOSED = "closed"
    RETRACTED = "retracted"
    UPDATED = "updated"
    TIME_LEFT = "time_left"  # the time left of an open chain fell below a limit
    CAP_SHARE = "cap_share"  # the deliveries of a year passed a share of the cap


class Held(StrEnum):
    """Why an alert has to wait for a digest."""

    QUIET = "quiet"
    LIMIT = "limit"


class TimeLeft(msgspec.Struct, frozen=True, rename="camel"):
    """That the oil of a chain may arrive soon, as of an instant of the data."""

    below_hours: float  # the limit of the rule
    hours_left: float  # until the earliest arrival; 0 if that has passed
    as_of: str  # event time: the newest of the data
    behind_hours: float  # by which that lay behind the clock of the alerts process
    port: str
    port_name: str
    ssvid: str
    earliest_arrival: str


class CapShare(msgspec.Struct, frozen=True, rename="camel"):
    """That the deliveries of a year passed a share of the cap, as of an instant of the data."""

    year: int
    share: float
    counted: str  # "seen" or "with_possible": the total whose middle estimate passed it
    cap_barrels: float
    as_of: str  # event time: the newest of the data
    seen: int  # deliveries
    possible: int
    dark: int  # of the possible ones: the vessel was silent meanwhile
    without_size: int  # deliveries without barrels
    barrels_seen: Barrels
    barrels_with_possible: Barrels


class Followed(msgspec.Struct, frozen=True, array_like=True):
    """An event that a rule has seen."""

    revision: int
    highest: Level
    closed: bool
    time: Millis  # of the last entry about it
    told: bool = True  # False if all that there was to tell of it was withheld
    sent: bool = False  # whether a receiver has confirmed a message about it
    unsure: bool = False  # whether a receiver may have one that it has not confirmed, and that was dropped


class Alert(msgspec.Struct, frozen=True):
    """What a digest says about it, and the entry of the log that has the event."""

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
    time_left: TimeLeft | None = None
    cap_share: CapShare | None = None  # then `event` names the share
    vessels: tuple[int, ...] = ()  # MMSIs
    place: tuple[float, float] | None = None  # longitude and latitude
    before: Followed | None = None  # as the event was followed before this revision
    first: bool = True  # nothing had been told of the event before

    @property
    def id(self) -> str:
        """The same over retries, restarts and rules, so a receiver can recognise a repeat."""
        if self.cap_share is not None:
            return self.event
        limit = f":time-left-{self.time_left.below_hours:g}" if self.time_left else ""
        return f"{self.event}:{self.revision}{limit}"

    @property
    def repeats(self) -> bool:
        """Whether it says nothing beyond an earlier alert that was withheld."""
        before = self.before
        return before is not None and not before.told and _rank(self.level) <= _rank(before.highest)


def follow(before: Followed | None, event: Event, time: Millis) -> Followed:
    """What the receiver knows of the event with this revision."""
    told = before is not None and before.told
    highest = before.highest if before is not None and told else event.level
    return Followed(
        event.revision,
        max(event.level, highest, key=_rank),
        event.status == "closed",
        time,
        sent=before is not None and told and before.sent,
        unsure=before is not None and before.unsure,
    )


def take_back(now: Followed, before: Followed | None, tried: bool) -> Followed:
    """What the receiver knows, if what was told since `before` was withheld. The revision stays read.

    If that was `tried`, the receiver may have it: then it counts as not told, and a retraction is due all the
    same. Better told twice than never.
    """
    now = msgspec.structs.replace(now, unsure=now.unsure or tried)
    if before is not None and before.told:
        return msgspec.structs.replace(now, highest=before.highest, closed=before.closed)
    if now.sent:  # of a later revision
        return now
    highest = now.highest if before is None else max(now.highest, before.highest, key=_rank)
    return msgspec.structs.replace(now, highest=highest, closed=False, told=False)


def subject(event: Event) -> tuple[tuple[int, ...], tuple[float, float]]:
    """What silences go by: the MMSIs that an event is about, and its longitude and latitude."""
    return tuple(int(vessel.ssvid) for vessel in event.vessels), (event.position.lon, event.position.lat)


def revisions(before: Followed | None, event: Event, warned: bool = False) -> tuple[Revision, ...]:
    """What this revision is to a receiver who knows the event as it was `before`, or was only warned of its
    time left; the most important kind first."""
    if event.status == "retracted":
        return () if before is None and not warned else (Revision.RETRACTED, Revision.UPDATED)
    closes = event.status == "closed" and not (before and before.closed)
    raises = before is not None and _rank(event.level) > _rank(before.highest)
    found = {
        Revision.NEW: before is None,
        Revision.RAISED: raises,
        Revision.CLOSED: closes,
        Revision.UPDATED: True,
    }
    return tuple(kind for kind, holds in found.items() if holds)


def _rank(level: Level) -> int:
    return list(Level).index(level)
