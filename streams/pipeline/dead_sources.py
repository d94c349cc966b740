"""Dead sources: those whose ingest must have died, because not even an idle frame comes from them any more.

An ingest sends a frame for each of its sources every few seconds, or `end`. If none comes for a minute, the
ingest has died, and the source would hold all others back for ever. The worker that decodes it then writes
its `end` frame. So a clock decides once, and its decision is data: the same in every replay. A source that
was only cut off goes on when its frames come again (`streams/pipeline/operators.py`).
"""

from collections.abc import Mapping
from typing import Final

from models.time import Millis
from streams.deployment import wire
from streams.deployment.wire import RawFrame

CHECK_SECONDS: Final = 5.0
"""Seconds between two checks."""


class SourceTimeout:
    """Finds the open sources of partitions of raw frames from which no frame has come for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._silence: dict[str, tuple[int, float]] = {}
        """By source, the offset of its last frame and the seconds since then."""
        self._ends: dict[int, int] = {}
        self._checked: float | None = None

    def check(
        self, now: float, ends: Mapping[int, int], read: Mapping[int, tuple[int, Mapping[str, int]]]
    ) -> list[tuple[int, str]]:
        """The sources that have been silent for so long, each with its partition.

        Args:
            now: A clock in seconds.
            ends: By partition, the offset at which it ends now.
            read: By partition, the last offset read, and the offset of the last frame of each open source.

        Silence counts only in a partition that has been read to where it ended at the previous check. In
        others, frames of the source may be among those not yet read. (A busy partition is hardly ever read to
        where it ends right now.) Between two checks no more than twice the usual time counts: if the whole
        machine stood still, the ingest could not send either.
        """
        step = 0.0 if self._checked is None else min(now - self._checked, 2 * CHECK_SECONDS)
        self._checked = now
        before, self._silence = self._silence, {}
        ended, self._ends = self._ends, dict(ends)
        dead: list[tuple[int, str]] = []
        for partition, (last, sources) in read.items():
            if partition not in ended or last + 1 < ended[partition]:
                continue
            for source, offset in sources.items():
                known, seconds = before.get(source, (-2, 0.0))
                seconds = seconds + step if known == offset else 0.0
                self._silence[source] = offset, seconds
                if seconds >= self._seconds:
                    dead.append((partition, source))
        return dead

    def reset(self) -> None:
        """Count from zero again. Kafka did not answer, so perhaps no ingest could send anything."""
        self._silence, self._ends, self._checked = {}, {}, None


def end_frame(source: str, registry_offset: int, now: Millis) -> bytes:
    """The frame that ends a source, for a sender that has read the registrations up to this offset.

    Its time says that a worker has sent it, and when: the `end` of an ingest has none.
    """
    return wire.encode(RawFrame(wire.VERSION, source, "end", registry_offset, received=[now]))
