"""Publishes recordings with their own times: as fast as Kafka takes them, or at a multiple of real time."""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final

from models.frame import Cut, Frame
from models.time import DAY, SECOND, Millis
from streams.decoding.line_reader import LineReader
from streams.decoding.sentence import Sentence
from streams.deployment.topics import FRAME_LINES, FRAME_MILLIS
from streams.ingest.counters import Counters
from streams.ingest.delivery import deliver
from streams.ingest.intake import Intake, utc_now
from streams.ingest.outbox import Outbox
from streams.ingest.sender import KafkaTarget
from streams.ingest.sources.address import AddressError, FileAddress, parse_address
from streams.ingest.sources.files import FileFeed, FrameReader
from streams.recordings.files import SourceError
from streams.runtime.tasks import end

MAX: Final = float("inf")
"""The rate without pauses: one recording after the other."""


async def publish(
    files: Sequence[str],
    target: KafkaTarget,
    rate: float = MAX,
    *,
    base_time: Millis | None = None,
    names: Sequence[str] | None = None,
    counters: Counters | None = None,
    stop: asyncio.Event | None = None,
) -> list[str]:
    """Send recordings to Kafka; returns a sentence for each that could not be read whole.

    A finite `rate` is the speed of event time, 1 for real time: frames come when their lines would have,
    those of several recordings merged by time. All are registered before the first frame. While Kafka is away
    reading waits. Raises AddressError and TopicsError.
    """
    for path in files:
        if not isinstance(parse_address(path), FileAddress):
            raise AddressError(f"{path}: is no recording; name files, or - for standard input")
    counters, started = counters or Counters(), utc_now()
    outbox, problems = Outbox(None, counters), list[str]()
    names = names or [f"{path}#{started:x}" for path in files]
    intakes = [Intake(name, outbox, counters, base_time=base_time) for name in names]

    async def feed() -> None:
        for path, intake in zip(files, intakes, strict=True):
            await intake.register(path)
        for intake in intakes:
            await intake.greet()
        beats = [asyncio.create_task(intake.beat()) for intake in intakes]
        try:
            if rate == MAX:
                for path, intake in zip(files, intakes, strict=True):
                    try:
                        await FileFeed(path).run(intake)
                    except SourceError as error:
                        problems.append(str(error))
                    await intake.end()
            else:
                problems.extend(await _paced(files, intakes, rate))
        finally:
            await end(*beats)
            for intake in intakes:
                await intake.end()

    await deliver(feed(), target, outbox, counters, stop or asyncio.Event())
    return problems


async def _paced(files: Sequence[str], intakes: Sequence[Intake], rate: float) -> list[str]:
    window = max(1, round(FRAME_MILLIS * rate))
    problems: list[str] = []
    readers = [FrameReader(path, intake.source) for path, intake in zip(files, intakes, strict=True)]
    streams = [timed_frames(reader, window) for reader in readers]
    heads: list[tuple[Millis, int, Frame]] = []

    async def advance(index: int, last: Millis) -> None:
        try:
            due, frame = await anext(streams[index])
            heapq.heappush(heads, (last if due is None else max(due, last), index, frame))
        except StopAsyncIteration:
            await intakes[index].end()
        except SourceError as error:
            problems.append(str(error))
            await intakes[index].end()

    try:
        for index in range(len(files)):
            await advance(index, 0)
        begin, origin = None, time.monotonic()
        while heads:
            due, index, frame = heapq.heappop(heads)
            if begin is None and due:
                begin, origin = due, time.monotonic()
            if begin is not None:
                await asyncio.sleep(origin + (due - begin) / SECOND / rate - time.monotonic())
            await intakes[index].feed_frame(frame)
            await advance(index, due)
    finally:
        for reader in readers:
            reader.stop()
    return problems


async def timed_frames(
    frames: AsyncIterator[Frame], window: Millis
) -> AsyncIterator[tuple[Millis | None, Frame]]:
    """Frames cut anew so that each spans at most `window` of event time, with the time it has reached.

    The time is None as long as no line told one. Raises SourceError after the frames before it.
    """
    clock = _Clock()
    async for frame in frames:
        lines = _split(frame.data)
        cuts = {cut.index: cut for cut in frame.cuts}
        first, opened = 0, None
        for index, line in enumerate(lines):
            reached = clock.now
            now = clock.read(line.rstrip(b"\r\n"))
            if opened is None:
                opened = now
            elif now is not None and now - opened >= window and index > first:
                yield reached, _part(frame, lines, first, index, cuts)
                first, opened = index, now
        if first < len(lines):
            yield clock.now, _part(frame, lines, first, len(lines), cuts)


def _split(data: bytes) -> list[bytes]:
    """At line feeds alone, as the Decoder does."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _part(frame: Frame, lines: list[bytes], start: int, end: int, cuts: dict[int, Cut]) -> Frame:
    assert end - start <= FRAME_LINES
    own = tuple(Cut(i - start, c.length, c.sha256) for i, c in cuts.items() if start <= i < end)
    return Frame(frame.source, b"".join(lines[start:end]), frame.first_line + start, cuts=own)


class _Clock:
    """How far a recording's times have come. A leap of more than a day counts once a second line agrees."""

    def __init__(self) -> None:
        self.now: Millis | None = None
        self._leap: Millis | None = None
        self._reader = LineReader(0)

    def read(self, line: bytes) -> Millis | None:
        sentence = self._reader.read(line, 0, None)
        time = sentence.time if isinstance(sentence, Sentence) else None
        if time is None:
            return self.now
        if self.now is None or time <= self.now + DAY:
            self.now, self._leap = max(self.now or time, time), None
        elif self._leap is not None and abs(time - self._leap) <= DAY:
            self.now, self._leap = time, None
        else:
            self._leap = time
        return self.now
