"""How far a recording has been read, and how fast the page plays it at first.

Which moment is shown is each viewer's own affair: requests name it by `at`, and nothing of it is kept here.
"""

from typing import Annotated

import msgspec

from models.time import BEGINNING, Millis, to_text
from streams.feed.recording.memory_log import MemoryLog

Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class Playback(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What there is to play. Times are null before anything has been read."""

    start: Time | None
    end: Time | None  # null until the recording has been read to its end
    read_to: Time | None
    rate: float | None  # seconds of the recording for each second, at first; null: the page begins at the end


class Progress:
    def __init__(self, log: MemoryLog, rate: float | None = None) -> None:
        """`rate` is in seconds of the recording for each second; None: pages begin at the end."""
        self._log = log
        self.rate = rate
        self.ended = False
        """Whether the recording has been read to its end. The reader sets it."""

    def playback(self) -> Playback:
        log = self._log

        def text(moment: Millis | None) -> str | None:
            return None if moment is None or moment == BEGINNING else to_text(moment)

        return Playback(
            start=text(log.first),
            end=text(log.read_to) if self.ended else None,
            read_to=text(log.read_to),
            rate=self.rate,
        )
