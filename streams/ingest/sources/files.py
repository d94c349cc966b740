"""Recordings as sources: files and standard input, read in a thread of their own."""

import asyncio
import os
import select
import sys
import threading
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import Final, Protocol

from models.frame import Frame
from streams.deployment.topics import FRAME_BYTES, FRAME_LINES
from streams.ingest.intake import Intake
from streams.recordings.content import STDIN, Access
from streams.recordings.diagnosis import is_record
from streams.recordings.errors import Interrupted, SourceError
from streams.recordings.inputs import Input
from streams.recordings.recording import Reading, Recording
from streams.runtime.tasks import finish

AHEAD: Final = 8
"""Frames of a recording that are read ahead of those taken in."""
_PIPED_LINES: Final = 500
"""Lines of a frame from a pipe. They wait until there are so many."""


class FileFeed:
    """Reads a recording as fast as it is taken in."""

    def __init__(
        self, source: Input, reading: Reading, turn: AbstractAsyncContextManager[object] | None = None
    ) -> None:
        """Nothing is read before `turn` is entered, and it is left at the end."""
        self.input = source
        self._reading = reading
        self._turn = turn or nullcontext()

        self.empty = False
        """Whether it was read to its end and holds no record."""

    async def run(self, intake: Intake) -> None:
        """Read to the end. Raises SourceError for what could not be read, after the frames before it."""
        async with self._turn:
            reader = FrameReader(self.input, intake.source, self._reading)
            await feed_frames(reader, intake, standard_input=self.input.file == STDIN)
            self.empty = reader.empty


class Frames(Protocol):
    """The frames of a recording, one after the other."""

    def stop(self) -> None:
        """Stop reading. What was read of standard input can still be taken."""
        ...

    def __aiter__(self) -> "Frames": ...
    async def __anext__(self) -> Frame: ...


async def feed_frames(frames: Frames, intake: Intake, *, standard_input: bool) -> None:
    """Take in all frames. When cancelled, lines of standard input that were read are still taken in."""
    try:
        await _feed(frames, intake)
    except asyncio.CancelledError:
        if standard_input:  # these lines can't be read again
            frames.stop()
            await finish(_feed(frames, intake))
        raise
    finally:
        frames.stop()


async def _feed(frames: Frames, intake: Intake) -> None:
    async for frame in frames:
        await intake.feed_frame(frame)


class FrameReader:
    """The frames of a recording without blocking the loop; the thread ends with the process if need be.

    Frames are cut as an ingest cuts them, whatever `reading` says. Standard input and pipes are read as their
    lines come, without sorting and in smaller frames: the program that writes to them may be live.
    """

    def __init__(self, source: Input, name: str, reading: Reading, ahead: int = AHEAD) -> None:
        """At most `ahead` frames are read before they are taken."""
        self._loop = asyncio.get_running_loop()
        self._frames: asyncio.Queue[Frame | SourceError | None] = asyncio.Queue()
        self.empty = True
        """Whether no line so far may tell of a vessel."""
        self._room = threading.Semaphore(ahead)
        self._stopped = threading.Event()
        self._ended = False
        self._standard_input = source.file == STDIN
        stdin = _Input(sys.stdin.fileno(), self._stopped) if self._standard_input and sys.stdin else None
        piped = not source.content.rereadable
        reading = replace(
            reading,
            access=Access(Until(self._stopped), stdin=stdin),
            frame_bytes=FRAME_BYTES,
            frame_lines=_PIPED_LINES if piped else FRAME_LINES,
            keep_order=reading.keep_order or piped,
        )
        self._recording = Recording(name, source.content, reading)
        threading.Thread(target=self._read, name=f"read {name}", daemon=True).start()

    def stop(self) -> None:
        """Stop reading. What was read of standard input can still be taken."""
        self._stopped.set()
        self._room.release()

    def __aiter__(self) -> "FrameReader":
        return self

    async def __anext__(self) -> Frame:
        if self._ended:
            raise StopAsyncIteration
        frame = await self._frames.get()
        self._room.release()
        if isinstance(frame, Frame):
            return frame
        self._ended = True
        if frame is None:
            raise StopAsyncIteration
        raise frame

    def _read(self) -> None:
        end: SourceError | None = None
        try:
            for frame in self._recording.frames():
                self.empty = self.empty and not any(map(is_record, frame.data.split(b"\n")))
                self._give(frame)
                if self._stopped.is_set() and not self._standard_input:
                    return  # nobody takes what was read of a file
        except SourceError as error:
            end = error
        self._give(end)

    def _give(self, item: Frame | SourceError | None) -> None:
        self._room.acquire()
        with suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(self._frames.put_nowait, item)


class Until(AbstractContextManager[None]):
    """Raises Interrupted at the next read once `stopped` is set."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped

    def __enter__(self) -> None:
        if self._stopped.is_set():
            raise Interrupted

    def __exit__(self, *_: object) -> None:
        pass


class _Input:
    """Standard input that can be interrupted: its lines are those that have come until then."""

    def __init__(self, descriptor: int, stopped: threading.Event) -> None:
        self._descriptor, self._stopped = descriptor, stopped

    def read1(self, size: int, /) -> bytes:
        while not select.select([self._descriptor], [], [], 0.1)[0]:
            if self._stopped.is_set():
                raise Interrupted
        return os.read(self._descriptor, size)
