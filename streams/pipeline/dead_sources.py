"""Silence: which sources must have lost their ingest, since not even word of being idle comes from them.

An ingest sends a frame at least every few seconds, or `end`. Where none comes for a minute, it has died, and
the source would hold all others back for ever: the worker that decodes it ends it with a frame of its own.
So the clock decides once, and what it decided is data, the same in every replay. A source that was only cut
off goes on when it speaks again (`streams/pipeline/operators.py`).
"""

from collections.abc import Mapping
from typing import Final

from streams.deployment import wire
from streams.deployment.wire import RawFrame

LOOK: Final = 5.0
"""Seconds between two looks."""


class SourceTimeout:
    """Looks at partitions of `ais.raw`: how far each is read, and which of its sources are open."""

    def __init__(self, seconds: float) -> None:
        """`seconds` of silence are believed."""
        self._seconds = seconds
        self._quiet: dict[str, tuple[int, float]] = {}
        self._ends: dict[int, int] = {}
        self._looked: float | None = None

    def look(
        self, now: float, ends: Mapping[int, int], read: Mapping[int, tuple[int, Mapping[str, int]]]
    ) -> list[tuple[int, str]]:
        """The sources that have been silent for so long, each with its partition.

        `now` in seconds; `ends` where the partitions end now; `read` by partition the last offset read, and
        the offset of the last frame of each source that is open. What was there at the look before has to
        have been read: a busy partition is hardly ever read to where it ends just now, and in one that is
        behind the source's frames may be among those to come. Between two looks at most the time of two
        counts: where the whole machine stood still, the ingest had no time to speak either.
        """
        step = 0.0 if self._looked is None else min(now - self._looked, 2 * LOOK)
        self._looked = now
        before, self._quiet = self._quiet, {}
        there, self._ends = self._ends, dict(ends)
        silent: list[tuple[int, str]] = []
        for partition, (last, sources) in read.items():
            if partition not in there or last + 1 < there[partition]:
                continue
            for source, offset in sources.items():
                known, quiet = before.get(source, (-2, 0.0))
                quiet = quiet + step if known == offset else 0.0
                self._quiet[source] = offset, quiet
                if quiet >= self._seconds:
                    silent.append((partition, source))
        return silent

    def forget(self) -> None:
        """Kafka did not answer: perhaps it could not be told anything either."""
        self._quiet, self._ends, self._looked = {}, {}, None


def end_of(source: str, registry: int) -> bytes:
    """The frame that ends a source, by one who knows the registrations up to this offset."""
    return wire.encode(RawFrame(wire.VERSION, source, "end", registry))
