"""Sorts the lines of a recording by time, in bounded memory.

Lines of the same time stay in the order in which they stand in the recording, and all keep their numbers.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec
import numpy as np

from models.frame import Cut, Frame
from models.time import Millis
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.byte_spans import Int64Array
from streams.recordings.errors import SourceError
from streams.recordings.keyed_lines import KeyedLines, Lines, joined, keyed_lines
from streams.recordings.order import QuickCheck, StationCheck
from streams.recordings.temporary import Block, TemporaryFile

CHUNK_BYTES: Final = 1 << 25
"""Bytes of lines that are sorted at once in memory. Of more, sorted chunks go to disk and are merged."""
WINDOW_BYTES: Final = 1 << 24
"""Bytes of lines that are held of a pipe, so that a line which comes that much too late is put in its
place."""
BLOCK_BYTES: Final = 1 << 16
"""Bytes of lines that are read back from disk at once, of each chunk."""


class FrameMaker:
    """Makes frames of lines in any order."""

    def __init__(self, source: str, frame_bytes: int, frame_lines: int) -> None:
        self._source = source
        self._bytes, self._lines = frame_bytes, frame_lines
        self._cuts: dict[int, Cut] = {}  # by number, of lines that have not come yet

    def cut(self, cuts: dict[int, Cut]) -> None:
        """These lines, by number, are only heads."""
        self._cuts |= cuts

    def frames(self, lines: Iterable[Lines]) -> Iterator[Frame]:
        texts: list[bytes] = []
        numbers: list[int] = []
        size = 0
        for some in lines:
            for text, number in zip(some.texts, some.numbers.tolist(), strict=True):
                texts.append(text)
                numbers.append(number)
                size += len(text) + 1
                if size >= self._bytes or len(texts) >= self._lines:
                    yield self._frame(texts, numbers)
                    texts, numbers, size = [], [], 0
        if texts:
            yield self._frame(texts, numbers)

    def _frame(self, texts: list[bytes], numbers: list[int]) -> Frame:
        cuts = []
        if self._cuts:
            heads = [index for index, number in enumerate(numbers) if number in self._cuts]
            cuts = [(index, self._cuts.pop(numbers[index])) for index in heads]
        found = np.array(numbers, np.int64)
        return Frame(
            self._source,
            b"\n".join(texts) + b"\n",
            numbers[0],
            cuts=tuple(Cut(index, cut.length, cut.sha256) for index, cut in cuts),
            numbers=None if (np.diff(found) == 1).all() else found,
        )


def sorted_frames(
    frames: Iterable[Frame],
    times: LineTimes,
    maker: FrameMaker,
    wild: Int64Array,
    moving: Int64Array | None = None,
) -> Iterator[Frame]:
    """All lines of frames by time. A SourceError that these raise comes after the last line.

    Times on the days `wild` are not believed. With `moving`, only lines of these days are moved.
    """
    chunks = _SortedChunks()
    fault: SourceError | None = None
    try:
        for keyed in keyed_lines(frames, times, lambda: wild, moving):
            maker.cut(keyed.cuts)
            chunks.add(keyed.lines)
    except SourceError as error:
        fault = error
    yield from maker.frames(chunks.merged())
    if fault:
        raise fault


class _SortedChunks:
    """An external merge sort."""

    def __init__(self) -> None:
        self._parts: list[Lines] = []
        self._size = 0
        self._file: TemporaryFile | None = None
        self._chunks: list[deque[Block]] = []

    def add(self, lines: Lines) -> None:
        self._parts.append(lines)
        self._size += lines.size
        if self._size >= CHUNK_BYTES:
            self._put_aside()

    def merged(self) -> Iterator[Lines]:
        if self._file is None:
            yield joined(self._parts).in_order()
            return
        self._put_aside()
        heads = [self._next(blocks) for blocks in self._chunks]
        while any(map(len, heads)):
            # All up to the end of the head that ends first can be given out: what is still on disk comes
            # later
            first = min((int(head.keys[-1]), index) for index, head in enumerate(heads) if len(head))
            taken = [
                int(np.searchsorted(head.keys, first[0], side="right" if index <= first[1] else "left"))
                for index, head in enumerate(heads)
            ]
            yield joined(head.part(0, count) for head, count in zip(heads, taken, strict=True)).in_order()
            heads = [
                head.part(count, len(head)) if count < len(head) else self._next(blocks)
                for head, count, blocks in zip(heads, taken, self._chunks, strict=True)
            ]

    def _put_aside(self) -> None:
        """Write what is there to disk, sorted."""
        self._file = self._file or TemporaryFile()
        lines = joined(self._parts).in_order()
        count = max(1, len(lines) * BLOCK_BYTES // max(1, self._size))
        self._chunks.append(
            deque(self._file.write(_packed(lines.part(at, at + count))) for at in range(0, len(lines), count))
        )
        self._parts, self._size = [], 0

    def _next(self, blocks: deque[Block]) -> Lines:
        assert self._file is not None
        return _unpacked(self._file.read(blocks.popleft())) if blocks else joined(())


def _packed(lines: Lines) -> bytes:
    return msgspec.msgpack.encode((lines.keys.tobytes(), lines.numbers.tobytes(), lines.texts))


def _unpacked(data: bytes) -> Lines:
    keys, numbers, texts = msgspec.msgpack.decode(data, type=tuple[bytes, bytes, list[bytes]])
    return Lines(np.frombuffer(keys, np.int64), np.frombuffer(numbers, np.int64), texts)


def window_sorted_frames(
    frames: Iterable[Frame], times: Callable[[], LineTimes], lateness: Millis, maker: FrameMaker
) -> Iterator[Frame]:
    """The lines of frames that can be had only once: by time, as far as WINDOW_BYTES reach.

    Frames in order pass as they are. A SourceError comes after the last line.
    """
    held: deque[Frame] = deque()
    size = 0
    quick = QuickCheck(lateness, times())
    coming = _Looked(frames, quick)
    for frame in coming:
        held.append(frame)
        size += len(frame.data)
        if not quick.in_order:
            break
        while size > WINDOW_BYTES:
            size -= len(held[0].data)
            yield held.popleft()
    if quick.in_order:
        yield from held
    else:
        keyed = keyed_lines(chain(held, coming), times(), quick.days.wild)
        yield from maker.frames(_in_window(keyed, StationCheck(lateness), maker))
    coming.raise_fault()


def _in_window(coming: Iterable[KeyedLines], check: StationCheck, maker: FrameMaker) -> Iterator[Lines]:
    window: list[Lines] = []
    size = 0
    for keyed in coming:
        maker.cut(keyed.cuts)
        check.feed(keyed)
        window.append(keyed.lines)
        size += keyed.lines.size
        if size > WINDOW_BYTES:
            lines = joined(window) if check.in_order else joined(window).in_order()
            half = len(lines) // 2
            yield lines.part(0, half)
            window = [lines.part(half, len(lines))]
            size = window[0].size
    yield joined(window) if check.in_order else joined(window).in_order()


class _Looked:
    """Frames that a quick look is taken at, up to a SourceError, which is kept for later."""

    def __init__(self, frames: Iterable[Frame], quick: QuickCheck) -> None:
        self._frames = iter(frames)
        self._quick = quick
        self._fault: SourceError | None = None

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        try:
            frame = next(self._frames)
        except SourceError as error:
            self._fault = error
            raise StopIteration from None
        self._quick.feed(frame)
        return frame

    def raise_fault(self) -> None:
        if self._fault:
            raise self._fault
