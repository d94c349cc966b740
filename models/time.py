"""Event time: integer milliseconds since 1970-01-01T00:00:00Z, and its text.

Integers, because a replay has to reproduce every comparison of a live run exactly.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

Millis = int
"""Milliseconds since the Unix epoch, UTC."""

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

BEGINNING: Final = -(2**63)
"""Watermark of a source that has told no time yet."""
END: Final = 2**63 - 1
"""Watermark of a source that has ended: nothing is waited for any more."""


@lru_cache(maxsize=16_384)  # the same times of the grid stand in many events
def to_text(time: Millis) -> str:
    """RFC 3339 in UTC with a `Z`; milliseconds only where there are some."""
    moment = datetime.fromtimestamp(time // 1000, tz=UTC).isoformat()[:19]  # without the offset
    return f"{moment}.{time % 1000:03d}Z" if time % 1000 else f"{moment}Z"


@lru_cache(maxsize=16_384)
def from_text(text: str) -> Millis:
    """Read RFC 3339 or ISO 8601; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def duration_text(duration: Millis) -> str:
    """A duration in a sentence, rounded to the minute: `5 h 07 min`, `45 min`."""
    minutes = round(duration / MINUTE)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
