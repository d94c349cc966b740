"""A drawn fence: an area that an analyst drew on the map, in its versions; and a vessel's crossing of it.

An edit is a new version of the fence, and so is its removal. A version counts from `valid_from` until the
next one does.
"""

from typing import Final, Literal

import msgspec

from models.time import BEGINNING, Millis, from_text

MOST_FENCES: Final = 200
"""Drawn fences that there may be at a time."""
MOST_VERSIONS: Final = 1_000
"""Versions of one fence. Judgement: whoever edits an outline so often should draw a new one."""
MOST_POSITIONS: Final = 500
"""Positions in the outline of one drawn fence."""
LONGEST_NAME: Final = 100
"""Characters of its name, and of that of whoever drew it."""


class Area(msgspec.Struct, frozen=True, tag_field="type", tag="MultiPolygon"):
    """A GeoJSON MultiPolygon: degrees WGS 84, (longitude, latitude), cut at 180°."""

    coordinates: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]


class FenceVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a drawn fence, and who drew it. Times are RFC 3339 UTC."""

    id: str
    version: int  # 1, 2, …
    name: str
    area: Area
    deleted: bool = False  # this version says that the fence is no more; name and area are the last ones
    since: str | None = None  # event time when it was drawn: it counts no earlier; null: no data yet
    valid_from: str | None = None  # event time from which it counts; null while the stages have not taken it
    by: str
    drawn: str  # by the clock of the feed

    @property
    def key(self) -> tuple[str, int]:
        return self.id, self.version

    @property
    def begins(self) -> Millis:
        """Event time from which it counts, as far as that is known; BEGINNING: from the first data on. Raises
        ValueError for what is no time."""
        told = self.valid_from or self.since
        return BEGINNING if told is None else from_text(told)


class FenceCrossing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vessel that came into a drawn fence, or left it."""

    fence: str  # id
    fence_name: str
    version: int  # of the fence
    valid_from: str | None  # when that version began to count; null: from the beginning of the data
    kind: Literal["seen", "silent", "first_heard"]  # heard on both sides; with a silence between; on one side
    before: str | None  # its last position on the other side; null if there is none
    after: str  # its first position on this side
    unheard_hours: float | None  # between the two; null if there is no position before
    speed_knots: float | None  # at the first position on this side
    course: float | None  # degrees, likewise
    inside_since: str | None = None  # of an exit: its first position inside
    inside_hours: float | None = None  # of an exit: from that one to the last position inside
    entry_seen: bool = False  # of an exit: it was heard outside before it was heard inside
