"""Raw lines: the frames of one source, kept as text and numbers, and read back as the same frames.

`lines/N.txt` has the lines as they were read, each ended by a line feed. `lines/N.numbers.jsonl` has an
object for each frame: its bytes, and the numbers of its lines in the source, as runs of `[first, count]`.
Where an ingest noted when it received the lines, that is there too, as runs of `[time, count]`.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import numpy as np

from models.errors import UNDECODABLE
from models.frame import Cut, Frame
from models.report import run_starts
from streams.decoding.lines.byte_spans import Int64Array
from streams.evidence.errors import EvidenceError
from streams.recordings.errors import SourceError
from streams.recordings.temporary import Block, TemporaryFile

_LARGEST_FRAME: Final = 1 << 28
"""Bytes of one frame: no frame is near that."""
_LARGEST_NUMBER: Final = 1 << 62
_LONGEST_INDEX: Final = 1 << 26


class _Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    bytes: int
    numbers: list[tuple[int, int]]
    cuts: list[tuple[int, int, str]] = []
    """Lines of which only the head is here: index, length of the whole in bytes, its SHA-256."""
    received: list[tuple[int, int]] | None = None
    """Milliseconds since 1970, UTC, and for how many lines in a row."""


class RawLines:
    """Frames of one source on disk, in a temporary file that several share."""

    def __init__(self, source: str, file: TemporaryFile) -> None:
        self.source = source
        self.lines = 0
        self.bytes = self.index_bytes = 0
        self._file = file
        self._texts: list[Block] = []
        self._indices: list[Block] = []

    def add(self, frame: Frame) -> None:
        """Keep a frame. Raises EvidenceError where there is no room."""
        data = frame.data if frame.data.endswith(b"\n") else frame.data + b"\n"
        count = data.count(b"\n")
        cuts = [(cut.index, cut.length, cut.sha256) for cut in frame.cuts]
        index = msgspec.json.encode(_Index(len(data), _runs(frame, count), cuts, _received(frame))) + b"\n"
        try:
            self._texts.append(self._file.write(data))
            self._indices.append(self._file.write(index))
        except SourceError as error:
            raise EvidenceError(f"the bundle {error}") from None
        self.lines += count
        self.bytes += len(data)
        self.index_bytes += len(index)

    def text(self) -> Iterator[bytes]:
        return map(self._file.read, self._texts)

    def numbers(self) -> Iterator[bytes]:
        return map(self._file.read, self._indices)

    def frames(self) -> Iterator[Frame]:
        return frames_of(self.source, self.text(), self.numbers())


def parts_of(frame: Frame, lines: int) -> Iterator[Frame]:
    """A frame in pieces of so many lines."""
    texts = frame.data.removesuffix(b"\n").split(b"\n")
    for at in range(0, len(texts), lines):
        part = slice(at, at + lines)
        yield Frame(
            frame.source,
            b"\n".join(texts[part]) + b"\n",
            frame.number(at),
            None if frame.received is None else frame.received[part],
            tuple(Cut(c.index - at, c.length, c.sha256) for c in frame.cuts if at <= c.index < at + lines),
            None if frame.numbers is None else frame.numbers[part],
        )


def frames_of(source: str, text: Iterable[bytes], numbers: Iterable[bytes]) -> Iterator[Frame]:
    """The frames in these members. Raises EvidenceError where the two don't fit together."""
    lines = _Bytes(text)
    decoder = msgspec.json.Decoder(_Index)
    for row in _rows(numbers, source):
        try:
            index = decoder.decode(row)
        except UNDECODABLE as error:
            raise _unfit(source, str(error)) from None
        data = lines.take(index.bytes) if 0 < index.bytes <= _LARGEST_FRAME else b""
        count = data.count(b"\n")
        good = all(0 < first < _LARGEST_NUMBER and 0 < run <= count for first, run in index.numbers)
        if not data.endswith(b"\n") or not good or count != sum(run for _, run in index.numbers):
            raise _unfit(source, "other lines than numbers")
        received = None if index.received is None else _times(index.received, count, source)
        runs = [np.arange(first, first + run) for first, run in index.numbers]
        found = np.concatenate(runs).astype(np.int64)
        yield Frame(
            source,
            data,
            index.numbers[0][0],
            received,
            cuts=tuple(Cut(*cut) for cut in index.cuts),
            numbers=None if len(runs) == 1 else found,
        )
    if lines.take(1):
        raise _unfit(source, "more lines than numbers")


def _runs(frame: Frame, count: int) -> list[tuple[int, int]]:
    if frame.numbers is None:
        return [(frame.first_line, count)]
    starts = np.flatnonzero(np.append(True, np.diff(frame.numbers) != 1))
    counts = np.diff(np.append(starts, len(frame.numbers)))
    return list(zip(frame.numbers[starts].tolist(), counts.tolist(), strict=True))


def _received(frame: Frame) -> list[tuple[int, int]] | None:
    times = frame.received
    if times is None or not len(times):
        return None
    starts = run_starts(times)
    counts = np.diff(np.append(starts, len(times)))
    return list(zip(times[starts].tolist(), counts.tolist(), strict=True))


def _times(runs: list[tuple[int, int]], count: int, source: str) -> Int64Array:
    if any(not 0 < run <= count or abs(time) > _LARGEST_NUMBER for time, run in runs) or count != sum(
        run for _, run in runs
    ):
        raise _unfit(source, "other lines than times of receipt")
    return np.repeat(np.array([time for time, _ in runs], np.int64), [run for _, run in runs])


def _rows(pieces: Iterable[bytes], source: str) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *rows, rest = (rest + piece).split(b"\n")
        yield from rows
        if len(rest) > _LONGEST_INDEX:
            raise _unfit(source, "a row without end")
    if rest:
        raise _unfit(source, "its last row breaks off")


def _unfit(source: str, why: str) -> EvidenceError:
    return EvidenceError(f"{source}: its lines and their numbers don't fit ({why}); the bundle was changed")


class _Bytes:
    """Bytes that come in pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = bytearray()

    def take(self, size: int) -> bytes:
        """So many of them, or what is left."""
        while len(self._rest) < size and (piece := next(self._pieces, None)) is not None:
            self._rest += piece
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken
