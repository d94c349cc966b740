"""Silences: that no alert is sent about a vessel, a place or anything until a date; and the audit of it."""

from collections.abc import Collection
from enum import StrEnum

import msgspec

from models.box import Box
from models.time import Millis, from_text


class Silence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """While it lasts, by the clock, alerts about what it names are withheld; all, if it names nothing."""

    id: str
    by: str
    note: str = ""
    time: str  # RFC 3339 UTC, as are the others; when it was made
    start: str
    until: str
    mmsi: int | None = None
    bbox: str | None = None
    """WEST,SOUTH,EAST,NORTH, in degrees; west > east crosses 180°."""

    def lasts(self, now: Millis) -> bool:
        return from_text(self.start) <= now < from_text(self.until)

    def covers(self, vessels: Collection[int], place: tuple[float, float] | None) -> bool:
        """Whether it is about one of these MMSIs, if it names one, and this place (longitude, latitude), if
        it names one."""
        if self.mmsi is not None and self.mmsi not in vessels:
            return False
        if self.bbox is None:
            return True
        return place is not None and Box(*map(float, self.bbox.split(","))).contains(*place)

    @property
    def what(self) -> str:
        """What it names, in words."""
        parts = [] if self.mmsi is None else [f"vessel {self.mmsi:09d}"]
        if self.bbox is not None:
            parts.append(f"the place {self.bbox}")
        return " in ".join(parts) or "everything"


class Act(StrEnum):
    SILENCE = "silence"
    END_SILENCE = "end_silence"
    DISMISS = "dismiss"
    WITHHELD = "withheld"  # an alert, because of one of those


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what that keeps alerts from being sent, or which alert was not sent for that reason."""

    time: str
    by: str
    act: Act
    about: str  # a silence, an event, or an alert
    text: str
