"""The retention watch: whether what a client has not read yet will soon be trimmed from the event log.

The sink says in its heartbeat how much it keeps. Entries have running numbers, so the distance between a
client's last entry and the end of the log is known without reading it.
"""

from dataclasses import dataclass
from typing import Final

from models.time import DAY, Millis, to_text
from streams.deployment.heartbeat import Kept
from streams.store.event_log import BEFORE_ALL, Ends, entry_key

WARN: Final = 0.1
"""Share of what the log keeps, by number or by age, below which a client is warned."""


@dataclass(frozen=True, slots=True)
class Margin:
    """How far the first entry that a client has not read is from being trimmed."""

    unread: int
    """As by `unread`."""
    entries_left: int
    """Further entries after which the first unread one may be trimmed."""
    until: Millis
    """Until then its age does not get it trimmed, by the sink's clock. It is younger than the client's last
    entry, nobody knows by how much."""
    share: float
    """What is left of the room, by number or by age, whichever is less: from 1 down to 0."""


def unread(entry: str, ends: Ends | None) -> int | None:
    """The number of entries after this one, in a log with these ends, also those that filters leave out.

    None if it is not known: for an entry without a number, or of another log.
    """
    if ends is None:
        return 0 if entry == BEFORE_ALL else None
    number, first, last = (entry_key(one)[1] for one in (entry, ends.first, ends.last))
    if not (first and last) or number > last or not (number or entry == BEFORE_ALL):
        return None
    return last - max(number, first - 1)


def margin(entry: str, ends: Ends | None, kept: Kept, now: Millis) -> Margin | None:
    """The margin of a client whose last entry is this one.

    None if it has read everything. Nothing is known of one that begins with what is kept, and of entries
    without a number.
    """
    left = unread(entry, ends)
    if ends is None or entry == BEFORE_ALL or not left:
        return None
    (time, number), (_, end) = entry_key(entry), entry_key(ends.last)
    entries_left = max(0, number + 1 + kept.entries - end)
    until = time + int(kept.days * DAY)
    share = min(entries_left / kept.entries, max(0, until - now) / (kept.days * DAY))
    return Margin(left, entries_left, until, share)


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
        f"{found.unread} entries come after your last one, also counting those that your filters leave out; "
        f"the first of them may be trimmed after {found.entries_left} more, and for its age from "
        f"{to_text(found.until)} on: read faster, or keep more of the log "
        "(TANKERWATCH_KEEP_LOG_ENTRIES, TANKERWATCH_KEEP_LOG_DAYS)"
    )
