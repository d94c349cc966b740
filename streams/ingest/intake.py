"""The intake of one source: makes frames of what arrives, and puts them into the outbox in order."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from models.frame import Frame
from models.source_hints import NO_HINTS, SourceHints
from models.time import SECOND, Millis
from streams.deployment import wire
from streams.deployment.topics import FRAME_MILLIS
from streams.deployment.wire import RawFrame, Registration
from streams.ingest.counters import Counters
from streams.ingest.framing import Block, LineCutter
from streams.ingest.outbox import Outbox
from streams.runtime.logs import get_logger

log = get_logger(__name__)

IDLE_SECONDS: Final = 5.0
"""Time without a line after which a live source sends an idle frame, and then again and again."""


def utc_now() -> Millis:
    return time.time_ns() // 1_000_000


class Intake:
    """Takes bytes of a live source, or frames of a recording, and keeps them until the outbox has them."""

    def __init__(
        self,
        source: str,
        outbox: Outbox,
        counters: Counters,
        *,
        hints: SourceHints = NO_HINTS,
        now: Callable[[], Millis] = utc_now,
    ) -> None:
        self.source = source
        self._outbox, self._counters = outbox, counters
        self._hints = hints
        self._now = now
        self._cutter = LineCutter()
        self._ready: deque[RawFrame] = deque()
        self._putting = asyncio.Lock()
        self._arrived = asyncio.Event()  # there are lines that no frame has yet
        self._last_frame = time.monotonic()
        self._ended = False
        self.loses = False
        """Whether a frame was lost: the process is about to end, and nothing more can be kept."""
        self._next_sighting = 1  # its number in the source

    async def register(self, origin: str) -> None:
        await self._outbox.put(Registration(wire.VERSION, self.source, origin))

    async def greet(self) -> None:
        """Send a first idle frame, once all sources are registered.

        A source that has never sent a frame would not be missed (streams/pipeline/dead_sources.py).
        """
        self._ready.append(self._frame("idle", self._cutter.next_line, b"", None, []))
        await self._put(patient=True)

    async def feed(self, data: bytes, received: Millis | None = None, *, ends_line: bool = False) -> None:
        """Take bytes in; returns when there is room for more. They are taken in even if it is cancelled."""
        received = self._now() if received is None else received
        blocks = self._cutter.feed(data, received)
        if ends_line:
            blocks += self._cutter.end_line(received)
        self._ready.extend(map(self._lines, blocks))
        if self._cutter.lines:
            self._arrived.set()
        if self._ready:
            await self._put()

    async def feed_frame(self, frame: Frame) -> None:
        """Take lines of a recording in; waits while memory is full, because a file can be read later."""
        cuts = [(cut.index, cut.length, cut.sha256) for cut in frame.cuts]
        lines = frame.data.count(b"\n") + (not frame.data.endswith(b"\n"))
        numbers = None if frame.numbers is None else frame.numbers.tolist()
        self._ready.append(self._frame("lines", frame.number(0), frame.data, None, cuts, numbers))
        self._count(lines, len(frame.data), len(cuts))
        await self._put(patient=True)

    async def feed_sightings(self, lines: list[bytes], *, live: bool = True) -> None:
        """Take in what others saw, a JSON object a line. Live ones are known from now on."""
        received = [self._now()] * len(lines) if live else None
        first = self._next_sighting
        self._next_sighting += len(lines)
        data = b"".join(line + b"\n" for line in lines)
        self._ready.append(self._frame("sightings", first, data, received, []))
        self._count(len(lines), len(data), 0)
        await self._put(patient=True)

    async def end_line(self) -> None:
        """The connection has ended: what has arrived of a line counts as a line."""
        self._ready.extend(map(self._lines, self._cutter.end_line(self._now())))
        if self._cutter.lines:
            self._arrived.set()
        await self._put()

    async def tick(self) -> None:
        """Send frames in time although they are not full, and idle frames. Runs beside a live source."""
        while True:
            quiet = time.monotonic() - self._last_frame
            try:
                async with asyncio.timeout(max(0.0, IDLE_SECONDS - quiet)):
                    await self._arrived.wait()
            except TimeoutError:
                if time.monotonic() - self._last_frame >= IDLE_SECONDS and not self._ready:
                    self._ready.append(self._frame("idle", self._cutter.next_line, b"", [self._now()], []))
                    await self._put()
                continue
            await asyncio.sleep(FRAME_MILLIS / SECOND)
            await self.flush()

    async def beat(self) -> None:
        """Send idle frames while a recording is read slowly or waits for its turn. Runs beside it.

        They have no time. Without them the worker would take the source for one whose ingest has died
        (streams/pipeline/dead_sources.py).
        """
        while not self._ended:
            quiet = time.monotonic() - self._last_frame
            await asyncio.sleep(max(0.1, IDLE_SECONDS - quiet))
            quiet = time.monotonic() - self._last_frame
            if quiet >= IDLE_SECONDS and not self._ready and not self._ended:
                self._ready.append(self._frame("idle", self._cutter.next_line, b"", None, []))
                await self._put(patient=True)

    async def flush(self) -> None:
        """Put what has arrived so far, except a line that has not ended."""
        self._arrived.clear()
        block = self._cutter.take()
        if block is not None:
            self._ready.append(self._lines(block))
        await self._put()

    async def end(self) -> None:
        """The source has ended: put its last lines and its `end` frame. Only the first call does."""
        await self.end_line()
        await self.flush()
        if self._ended:
            return
        self._ended = True
        self._ready.append(self._frame("end", self._cutter.next_line, b"", None, []))
        await self._put()

    async def _put(self, *, patient: bool = False) -> None:
        async with self._putting:
            while self._ready:
                frame = self._ready[0]
                if not await self._outbox.put(frame, patient=patient):
                    lines = len(frame.received or ())
                    self._counters.dropped_lines += lines
                    self.loses = True
                    log.error("frame_lost", source=self.source, kind=frame.kind, lines=lines,
                        first_line=frame.first_line, reason="the buffer is full")  # fmt: skip
                self._ready.popleft()
                self._last_frame = time.monotonic()

    def _lines(self, block: Block) -> RawFrame:
        self._count(len(block), len(block.data), len(block.cuts))
        return self._frame("lines", block.first_line, bytes(block.data), block.received, block.cuts)

    def _count(self, lines: int, size: int, cuts: int) -> None:
        self._counters.lines += lines
        self._counters.bytes += size
        self._counters.cut_lines += cuts

    def _frame(
        self,
        kind: str,
        first_line: int,
        data: bytes,
        received: list[Millis] | None,
        cuts: list[tuple[int, int, str]],
        numbers: list[int] | None = None,
    ) -> RawFrame:
        """A frame without the offset of the registrations: the sender fills it in."""
        return RawFrame(
            wire.VERSION,
            self.source,
            kind,
            -1,
            first_line,
            data,
            received,
            self._hints.base_time,
            cuts,
            numbers,
            self._hints.timezone,
            self._hints.date_order,
            self._hints.not_after,
        )
