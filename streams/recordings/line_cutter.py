"""Cuts bytes into frames of whole lines."""

import hashlib
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from models.frame import Cut, Frame
from streams.decoding.lines.line_breaks import line_breaks
from streams.recordings.errors import Interrupted, SourceError

LONGEST_LINE: Final = 1 << 16
"""Bytes. No decoder reads that much of a line, so a frame is not made longer by more of it."""
_LINE_FEED: Final = ord("\n")


class LineCutter:
    """Makes frames of at most `frame_lines` lines and about `frame_bytes` bytes, lines numbered from 1.

    Of a line longer than that, or than `LONGEST_LINE`, only the head is kept; the cuts of its frame have its
    length and SHA-256. So memory stays bounded, whatever comes.
    """

    def __init__(self, source: str, frame_bytes: int, frame_lines: int) -> None:
        self._source = source
        self._bytes = max(1, frame_bytes)
        self._longest = min(self._bytes, LONGEST_LINE)
        self._lines = max(1, frame_lines)
        self._next_line = 1
        self._whole: list[bytes | memoryview] = []  # pieces of whole lines
        self._size = self._count = 0  # bytes of them, and lines
        self._cuts: list[Cut] = []
        self._open = bytearray()  # the beginning of a line
        self._length = 0  # of all that came of that line
        self._hash = hashlib.sha256()  # of the same, once it is too long

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        count, _ = line_breaks(chunk)
        if not count:
            self._extend(chunk)
        elif len(chunk) <= self._longest and self._has_room(len(chunk), count):
            self._add(chunk, count)  # most chunks: the place of each line need not be known
        else:
            yield from self._cut(chunk, np.flatnonzero(np.frombuffer(chunk, np.uint8) == _LINE_FEED) + 1)

    def _has_room(self, size: int, count: int) -> bool:
        """Whether the frame is not full after so many bytes and lines, and all of the open line."""
        return self._count + count < self._lines and self._size + len(self._open) + size < self._bytes

    def _add(self, chunk: bytes, count: int) -> None:
        """So many lines that end in a chunk, none of those that begin there too long."""
        first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        self._extend(chunk[:first])
        self._close()
        self._put(memoryview(chunk)[first + 1 : last + 1], count - 1)
        self._extend(chunk[last + 1 :])

    def _cut(self, chunk: bytes, ends: npt.NDArray[np.int64]) -> Iterator[Frame]:
        first = int(ends[0])
        self._extend(chunk[: first - 1])
        yield from self._end_line()
        if len(ends) > 1 and int(np.diff(ends).max()) > self._longest:
            for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
                self._extend(chunk[start : end - 1])
                yield from self._end_line()
        else:
            yield from self._take(chunk, ends)
        self._extend(chunk[int(ends[-1]) :])

    def finish(self, *, cut_off: bool = False) -> Iterator[Frame]:
        """The rest, with a last line that no line feed ends; without that line where it was cut off."""
        if self._length and not cut_off:
            yield from self._end_line()
        if self._count:
            yield self._frame()

    def _take(self, chunk: bytes, ends: npt.NDArray[np.int64]) -> Iterator[Frame]:
        """Take the lines between these places, none of them too long."""
        whole = memoryview(chunk)
        done, last = 0, len(ends) - 1  # index of the place before the next line
        while done < last:
            start = int(ends[done])
            full = int(np.searchsorted(ends, start + self._bytes - self._size))
            until = min(max(full, done + 1), done + self._lines - self._count, last)
            self._put(whole[start : int(ends[until])], until - done)
            done = until
            if self._full:
                yield self._frame()

    @property
    def _full(self) -> bool:
        return self._count >= self._lines or self._size >= self._bytes

    def _extend(self, piece: bytes) -> None:
        """More of a line that has not ended."""
        if self._length + len(piece) > self._longest:
            if self._length <= self._longest:
                self._hash = hashlib.sha256(self._open)
            self._hash.update(piece)
            self._open += piece[: max(0, self._longest - self._length)]
        else:
            self._open += piece
        self._length += len(piece)

    def _end_line(self) -> Iterator[Frame]:
        self._close()
        if self._full:
            yield self._frame()

    def _close(self) -> None:
        """The open line ends here."""
        if self._length > self._longest:
            self._cuts.append(Cut(self._count, self._length, self._hash.hexdigest()))
        self._open.append(_LINE_FEED)
        self._put(bytes(self._open), 1)
        self._open.clear()
        self._length = 0

    def _put(self, lines: bytes | memoryview, count: int) -> None:
        """So many whole lines more."""
        self._whole.append(lines)
        self._size += len(lines)
        self._count += count

    def _frame(self) -> Frame:
        frame = Frame(self._source, b"".join(self._whole), self._next_line, cuts=tuple(self._cuts))
        self._next_line += self._count
        self._whole, self._size, self._count, self._cuts = [], 0, 0, []
        return frame


def cut_into_frames(
    source: str, text: Iterator[bytes], frame_bytes: int, frame_lines: int
) -> Iterator[Frame]:
    """Frames of a text. Raises SourceError where that does, after the lines before it, the last one cut
    short.

    At Interrupted it ends with the whole lines that had come.
    """
    cutter = LineCutter(source, frame_bytes, frame_lines)
    try:
        for chunk in text:
            yield from cutter.feed(chunk)
    except Interrupted:
        yield from cutter.finish(cut_off=True)
        return
    except SourceError:
        yield from cutter.finish()
        raise
    yield from cutter.finish()
