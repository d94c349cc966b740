"""The retention watch: whether what a client has not read yet will soon be trimmed from the event log.

The sink says in its heartbeat how much it keeps. Entries have running numbers, so the distance between a
client's last entry and the end of the log is known without reading it.
"""

from dataclasses import dataclass
from typing import Final

from models.time import DAY, Millis, to_text
from streams.deployment.heartbeat import Kept
from streams.store.event_log import BEFORE_ALL, entry_key

WARN: Final = 0.1
"""Share of what the log keeps, by number or by age, below which a client is warned."""


@dataclass(frozen=True, slots=True)
class Margin:
    """How far the first entry that a client has not read is from being trimmed."""

    unread: int
    """Entries after the client's last one, also those that its filters leave out."""
    entries_left: int
    """Further entries after which the first unread one may be trimmed."""
    until: Millis
    """When it is trimmed at the latest, by the sink's clock."""
    share: float
    """What is left of the room, by number or by age, whichever is less: from 1 down to 0."""


def margin(entry: str, last: str, kept: Kept, now: Millis) -> Margin | None:
    """The margin of a client whose last entry is this one, while the log ends with `last`.

    None if it has read everything. Nothing is known of entries without a number.
    """
    (time, number), (_, end) = entry_key(entry), entry_key(last)
    if entry == BEFORE_ALL or not number or end <= number:
        return None
    entries_left = max(0, number + 1 + kept.entries - end)
    until = time + int(kept.days * DAY)
    share = min(entries_left / kept.entries, max(0, until - now) / (kept.days * DAY))
    return Margin(end - number, entries_left, until, share)


class RetentionWatch:
    """Warns one client: when little room is left, and again each time that half of it is gone."""

    def __init__(self, resumed: bool) -> None:
        """`resumed`: the client names its last entry. One that asks for everything that is kept begins at
        the edge of the log by its own wish; it is warned only if it falls back."""
        self._warned = 2 * WARN if resumed else None

    def look(self, found: Margin | None) -> Margin | None:
        """The margin, if the client has to be warned of it now."""
        if found is None:
            return None
        if self._warned is None:
            self._warned = min(2 * WARN, found.share)
        if found.share > min(WARN, self._warned / 2):
            return None
        if found.share == 0 == self._warned:
            return None
        self._warned = found.share
        return found


def words(found: Margin) -> str:
    return (
        f"you have {found.unread} entries still to read; the first of them is trimmed after "
        f"{found.entries_left} more, or at {to_text(found.until)} at the latest: read faster, "
        "or keep more of the log (TANKERWATCH_KEEP_LOG_ENTRIES, TANKERWATCH_KEEP_LOG_DAYS)"
    )
