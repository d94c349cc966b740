"""Silence: which sources must have lost their ingest, since not even word of being idle comes from them.

An ingest sends a frame at least every few seconds, or `end`. Where none comes for a minute, it has died, and
the source would hold all others back for ever: the worker that decodes it ends it with a frame of its own.
So the clock decides once, and what it decided is data, the same in every replay. A source that was only cut
off goes on when it speaks again (`streams/pipeline.py`).
"""

from collections.abc import Mapping
from typing import Final

from streams import wire
from streams.wire import RawFrame

LOOK: Final = 5.0
"""Seconds between two looks."""


class Silence:
    """Told at every look which sources of partitions read to their ends are open."""

    def __init__(self, seconds: float) -> None:
        """`seconds` of silence are believed."""
        self._seconds = seconds
        self._quiet: dict[str, tuple[int, float]] = {}
        self._looked: float | None = None

    def look(self, now: float, heard: Mapping[str, int]) -> list[str]:
        """The sources that have been silent for so long.

        `now` in seconds; `heard` has the offset of the last frame of each source that is open, and whose
        partition has nothing more for us to read. Between two looks at most the time of two counts: where
        the whole machine stood still, the ingest had no time to speak either.
        """
        step = 0.0 if self._looked is None else min(now - self._looked, 2 * LOOK)
        self._looked = now
        before, self._quiet = self._quiet, {}
        for source, offset in heard.items():
            known, quiet = before.get(source, (offset, 0.0))
            self._quiet[source] = (offset, quiet + step if source in before and known == offset else 0.0)
        return [source for source, (_, quiet) in self._quiet.items() if quiet >= self._seconds]

    def forget(self) -> None:
        """Kafka did not answer: perhaps it could not be told anything either."""
        self._quiet, self._looked = {}, None


def end_of(source: str, registry: int) -> bytes:
    """The frame that ends a source, by one who knows the registrations up to this offset."""
    return wire.encode(RawFrame(wire.VERSION, source, "end", registry))
