"""A recording on its way to Kafka: when it starts, its frames moved in time, and when each is due."""

from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from models.frame import Cut, Frame
from models.source_hints import NO_HINTS, SourceHints
from models.time import DAY, Millis
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.source_times import UNTOLD
from streams.deployment.topics import FRAME_LINES
from streams.ingest.shift import LineShifter
from streams.ingest.sources.files import AHEAD, FrameReader
from streams.recordings.errors import SourceError
from streams.recordings.inputs import Input
from streams.recordings.recording import Reading

LOOK_AHEAD_LINES: Final = 10_000
"""Lines in which a recording must have a time, if its start matters."""


class Recording:
    """The frames of one recording. Its start can be looked at, and its times moved, before they are taken."""

    def __init__(self, source: Input, name: str, reading: Reading, ahead: int = AHEAD) -> None:
        """`name` is that of its frames; errors name the input. At most `ahead` frames are read ahead."""
        self.input = source
        self._hints = reading.hints
        self._reader = FrameReader(source, name, reading, ahead)
        self._ahead: deque[Frame] = deque()
        self._error: SourceError | None = None
        self._shifter: LineShifter | None = None

    async def start(self) -> Millis | None:
        """The time at which it starts: the first one that the next timed line agrees with, within a day.

        None if the first lines have no time.
        """
        lines, clock, times = 0, _Clock(), LineTimes(hints=self._hints)
        while lines < LOOK_AHEAD_LINES and not clock.agreed:
            try:
                frame = await anext(self._reader)
            except StopAsyncIteration:
                break
            except SourceError as error:
                self._error = error
                break
            self._ahead.append(frame)
            told = times.read(frame).time.tolist()
            lines += len(told)
            for time in told:
                clock.read(time)
        return clock.start

    def shift(self, by: Millis) -> None:
        """Move the times of all frames by whole minutes. Raises ShiftError; so does taking a frame later."""
        self._shifter = LineShifter(self.input.name, by)
        self._ahead = deque(self._shifter.frame(frame) for frame in self._ahead)

    @property
    def empty(self) -> bool:
        """Whether no line that was read so far may tell of a vessel."""
        return self._reader.empty

    def stop(self) -> None:
        self._reader.stop()

    def __aiter__(self) -> "Recording":
        return self

    async def __anext__(self) -> Frame:
        if self._ahead:
            return self._ahead.popleft()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        frame = await anext(self._reader)
        return frame if self._shifter is None else self._shifter.frame(frame)


async def timed_frames(
    frames: AsyncIterator[Frame], window: Millis, hints: SourceHints = NO_HINTS
) -> AsyncIterator[tuple[Millis | None, Frame]]:
    """Frames cut so that each spans at most `window` of event time, each with the time that it has reached.

    The time is None until a line has one. Raises SourceError after the frames before it.
    """
    clock, times = _Clock(), LineTimes(hints=hints)
    async for frame in frames:
        lines, told = _split(frame.data), times.read(frame).time.tolist()
        cuts = {cut.index: cut for cut in frame.cuts}
        first, opened = 0, None
        for index, time in enumerate(told):
            reached = clock.now
            now = clock.read(time)
            if opened is None:
                opened = now
            elif now is not None and now - opened >= window and index > first:
                yield reached, _part(frame, lines, first, index, cuts)
                first, opened = index, now
        if first < len(lines):
            yield clock.now, _part(frame, lines, first, len(lines), cuts)


def _split(data: bytes) -> list[bytes]:
    """Split at line feeds only, as the Decoder does."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _part(frame: Frame, lines: list[bytes], start: int, end: int, cuts: dict[int, Cut]) -> Frame:
    assert end - start <= FRAME_LINES
    own = tuple(Cut(i - start, c.length, c.sha256) for i, c in cuts.items() if start <= i < end)
    numbers = None if frame.numbers is None else frame.numbers[start:end]
    return Frame(frame.source, b"".join(lines[start:end]), frame.number(start), cuts=own, numbers=numbers)


class _Clock:
    """How far a recording's times have come, and where they started.

    A leap of more than a day counts once the next timed line agrees with it. So does the first time.
    """

    def __init__(self) -> None:
        self.now: Millis | None = None
        self.start: Millis | None = None
        self.agreed = False
        """Whether two lines agree on where the recording starts."""
        self._leap: Millis | None = None

    def read(self, time: Millis) -> Millis | None:
        """Take a line's time, or UNTOLD. Returns how far the times have come, None until a line has one."""
        if time == UNTOLD:
            return self.now
        if self.now is None or (not self.agreed and abs(time - self.now) > DAY):
            self.now = self.start = time
        elif time <= self.now + DAY:
            if not self.agreed:
                self.agreed, self.start = True, min(self.now, time)
            self.now, self._leap = max(self.now, time), None
        elif self._leap is not None and abs(time - self._leap) <= DAY:
            self.now, self._leap = time, None
        else:
            self._leap = time
        return self.now
