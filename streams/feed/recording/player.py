"""The player of a recording: which moment is shown, and how fast time passes."""

import asyncio
import time
from typing import Annotated, Final

import msgspec

from models.time import BEGINNING, Millis, from_text, to_text
from streams.feed.recording.memory_log import MemoryLog

STEP: Final = 0.05
"""Seconds between two steps."""
FASTEST: Final = 100_000.0

Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class Playback(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The state of the player. Times are null before anything has been read."""

    start: Time | None
    end: Time | None  # null until the recording has been read to its end
    now: Time | None
    rate: float | None  # seconds of the recording for each second; null: as fast as it can be read
    playing: bool
    finished: bool  # whether the recording has been read and shown to its end
    read_to: Time | None


class PlaybackCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change. A field that is left out stays as it is. `rate` null: as fast as it can be read."""

    playing: bool | msgspec.UnsetType = msgspec.UNSET
    rate: Annotated[float, msgspec.Meta(gt=0, le=FASTEST)] | msgspec.UnsetType | None = msgspec.UNSET
    seek: Time | msgspec.UnsetType = msgspec.UNSET


class Player:
    def __init__(self, log: MemoryLog, rate: float | None = None) -> None:
        """`rate` is in seconds of the recording for each second; None: as fast as it can be read."""
        self._log = log
        self._now: Millis | None = None
        self._target: Millis | None = None  # of a seek beyond what has been read
        self.rate = rate
        self.playing = True
        self.ended = False
        """Whether the recording has been read to its end. The reader sets it."""

    async def run(self) -> None:
        """Let time pass until cancelled."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(STEP)
            elapsed, before = time.monotonic() - before, time.monotonic()
            self.move(elapsed)

    def move(self, seconds: float) -> None:
        """Let so many seconds pass."""
        log = self._log
        if log.read_to == BEGINNING or log.first is None:
            return
        if self._now is None:
            self._now = log.first
        if self._target is not None:
            self._now = min(self._target, log.read_to)
            if self._now == self._target or self.ended:
                self._target = None
        elif self.playing:
            ahead = log.read_to if self.rate is None else self._now + int(seconds * self.rate * 1000)
            self._now = max(self._now, min(ahead, log.read_to))
        log.show(self._now)

    def obey(self, command: PlaybackCommand) -> None:
        """Raises ValueError or OverflowError if `seek` is not a time; then nothing is changed."""
        to = None if command.seek is msgspec.UNSET else from_text(command.seek)
        if command.playing is not msgspec.UNSET:
            self.playing = command.playing
        if command.rate is not msgspec.UNSET:
            self.rate = command.rate
        if to is not None:
            self.seek(to)

    def seek(self, to: Millis) -> None:
        """Go to a moment. Beyond what has been read, it gets there as soon as that is read."""
        first = self._log.first
        if first is None or self._now is None:
            self._target = to
            return
        to = max(to, first)
        if to <= self._log.read_to:
            self._now, self._target = to, None
            self._log.show(to)
        else:
            self._target = to

    def playback(self) -> Playback:
        log = self._log

        def text(moment: Millis | None) -> str | None:
            return None if moment is None or moment == BEGINNING else to_text(moment)

        return Playback(
            start=text(log.first),
            end=text(log.read_to) if self.ended else None,
            now=text(self._now),
            rate=self.rate,
            playing=self.playing,
            finished=self.ended and self._now == log.read_to,
            read_to=text(log.read_to),
        )
