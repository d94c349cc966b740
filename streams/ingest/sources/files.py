"""Recordings as sources: files and standard input, read in a thread of their own."""

import asyncio
import os
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Protocol

from models.frame import Frame
from streams.deployment.topics import FRAME_LINES
from streams.ingest.framing import LONGEST_LINE
from streams.ingest.intake import Intake
from streams.ingest.sources.address import STDIN
from streams.recordings.files import Interrupted, SourceError, open_source

_AHEAD: Final = 32
"""Frames read ahead of those taken in."""


def read_frames(path: str, name: str, stopped: threading.Event | None = None) -> Iterator[Frame]:
    """The frames of a recording, cut as an ingest cuts them. Raises SourceError."""
    stdin = _Input(sys.stdin.fileno(), stopped) if path == STDIN and sys.stdin and stopped else None
    return open_source(path, name=name, frame_bytes=LONGEST_LINE, frame_lines=FRAME_LINES, stdin=stdin)


class FileFeed:
    """Reads a recording as fast as it is taken in."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def run(self, intake: Intake) -> None:
        """Read to the end. Raises SourceError for what could not be read, after the frames before it."""
        await feed_frames(FrameReader(self._path, intake.source), intake, standard_input=self._path == STDIN)


class Frames(Protocol):
    """The frames of a recording, one after the other."""

    def stop(self) -> None:
        """Read no more. What was read of standard input can still be taken."""
        ...

    def __aiter__(self) -> "Frames": ...
    async def __anext__(self) -> Frame: ...


async def feed_frames(frames: Frames, intake: Intake, *, standard_input: bool) -> None:
    """Take in all frames. When cancelled, lines of standard input that were read are still taken in."""
    try:
        async for frame in frames:
            await intake.feed_frame(frame)
    except asyncio.CancelledError:
        if standard_input:  # nobody can give these lines a second time
            frames.stop()
            async for frame in frames:
                await intake.feed_frame(frame)
        raise
    finally:
        frames.stop()


class FrameReader:
    """The frames of a recording without blocking the loop; the thread ends with the process if need be."""

    def __init__(self, path: str, name: str) -> None:
        self._path, self._name = path, name
        self._loop = asyncio.get_running_loop()
        self._frames: asyncio.Queue[Frame | SourceError | None] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        self._stopped = threading.Event()
        self._ended = False
        threading.Thread(target=self._read, name=f"read {path}", daemon=True).start()

    def stop(self) -> None:
        """Read no more; what was read of standard input can still be taken."""
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
            for frame in read_frames(self._path, self._name, self._stopped):
                self._give(frame)
                if self._stopped.is_set() and self._path != STDIN:
                    return
        except SourceError as error:
            end = error
        self._give(end)

    def _give(self, item: Frame | SourceError | None) -> None:
        self._room.acquire()
        with suppress(RuntimeError):  # the loop has ended, and nobody listens
            self._loop.call_soon_threadsafe(self._frames.put_nowait, item)


class _Input:
    """Standard input that can be interrupted: what has come until then are its lines."""

    def __init__(self, descriptor: int, stopped: threading.Event) -> None:
        self._descriptor, self._stopped = descriptor, stopped

    def read1(self, size: int, /) -> bytes:
        while not select.select([self._descriptor], [], [], 0.1)[0]:
            if self._stopped.is_set():
                raise Interrupted
        if self._stopped.is_set():
            raise Interrupted
        return os.read(self._descriptor, size)
