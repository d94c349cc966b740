"""Sources: recorded files, plain or gzip, and standard input, cut into frames of whole lines."""

import hashlib
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BufferedReader
from pathlib import Path
from typing import Final, Protocol, cast

from models.errors import TankerwatchError
from models.frame import Cut, Frame

FRAME_BYTES: Final = 1 << 18
FRAME_LINES: Final = 50_000
STDIN: Final = "-"

_GZIP_MAGIC: Final = b"\x1f\x8b"
_READ: Final = 1 << 16
_UNPACK: Final = 1 << 20
_BINARY_PROBE: Final = 1 << 13
_ARCHIVES: Final = {
    b"PK\x03\x04": "a zip archive",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
}
"""First bytes of what has to be unpacked first."""


class SourceError(TankerwatchError):
    """An input could not be read, or not to its end. Its text is one sentence: what, where, what to do."""


class Interrupted(TankerwatchError):
    """Raised by the `waiting` of `open_source` to end a source in which nothing may come for long."""


class ByteStream(Protocol):
    """What a source reads: `read1` waits for bytes, but not for as many as it could take."""

    def read1(self, size: int, /) -> bytes: ...


def open_source(
    path: str,
    *,
    name: str | None = None,
    frame_bytes: int = FRAME_BYTES,
    frame_lines: int = FRAME_LINES,
    stdin: ByteStream | None = None,
    waiting: AbstractContextManager[object] | None = None,
    on_read: Callable[[int], object] | None = None,
) -> Iterator[Frame]:
    """Read a file, or standard input for `-`, as frames of whole lines; the source is named `name`.

    `waiting` is entered around whatever may block, such as a pipe that stays open, and may raise Interrupted
    there: then the source ends, without an error, with the lines that had come. `on_read` is told of bytes
    read, before unpacking.

    A frame has at most `frame_lines` lines and about `frame_bytes` bytes. Of a line longer than that only the
    head is kept, with its length and SHA-256 in the frame's cuts, so memory stays bounded.

    Raises SourceError at once for what cannot be opened, is empty or is no text, and after the last frame
    that could be read for what breaks off on the way. Nothing is opened before the first frame is asked for.
    """
    name = name or path
    cutter = _Cutter(name, frame_bytes, frame_lines)
    name = "standard input" if path == STDIN else name
    waiting = waiting or nullcontext()
    offset = 0
    try:
        for chunk in _plain(name, _raw(path, name, stdin, waiting, on_read)):
            if not offset:
                _refuse_archive(name, chunk)
            if offset < _BINARY_PROBE and b"\0" in chunk[: _BINARY_PROBE - offset]:
                raise SourceError(
                    f"{name}: holds binary data (a NUL at byte {offset + chunk.index(0)}), not lines of "
                    "text; give a recording of NMEA sentences, plain or gzip"
                )
            offset += len(chunk)
            yield from cutter.feed(chunk)
    except Interrupted:
        yield from cutter.finish(cut_off=True)
        return
    except SourceError:
        yield from cutter.finish()
        raise
    if not offset:
        raise SourceError(f"{name}: is empty; give a recording with at least one line")
    yield from cutter.finish()


def _raw(
    path: str,
    name: str,
    stdin: ByteStream | None,
    waiting: AbstractContextManager[object],
    on_read: Callable[[int], object] | None,
) -> Iterator[bytes]:
    """The bytes of a file as they lie there."""
    if path == STDIN:
        if stdin is None and sys.stdin is None:
            raise SourceError(f"{name}: is closed; send a recording into it")
        yield from _chunks(name, stdin or cast(BufferedReader, sys.stdin.buffer), waiting, on_read)
        return
    try:
        with waiting:  # a named pipe opens when somebody writes to it
            file = Path(path).open("rb")  # noqa: SIM115 - closed below, its errors told apart here
    except FileNotFoundError:
        raise SourceError(f"{name}: there is no such file; check the name") from None
    except IsADirectoryError:
        raise SourceError(f"{name}: is a directory; name the files in it") from None
    except OSError as error:
        raise SourceError(f"{name}: cannot be opened ({error.strerror}); check its permissions") from error
    with file:
        yield from _chunks(name, file, waiting, on_read)


def _chunks(
    name: str,
    file: ByteStream,
    waiting: AbstractContextManager[object],
    on_read: Callable[[int], object] | None,
) -> Iterator[bytes]:
    done = 0
    while True:
        try:
            with waiting:
                chunk = file.read1(_READ)
        except OSError as error:
            raise SourceError(
                f"{name}: cannot be read beyond byte {done} ({error.strerror}); the rest is missing from "
                "the result, copy the file anew and read it again"
            ) from error
        if not chunk:
            return
        done += len(chunk)
        if on_read:
            on_read(len(chunk))
        yield chunk


def _refuse_archive(name: str, head: bytes) -> None:
    for magic, kind in _ARCHIVES.items():
        if head.startswith(magic):
            raise SourceError(f"{name}: is {kind}, which is not read; unpack it, or pack it with gzip")


def _plain(name: str, raw: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes, unpacked if they are gzip: told by the first two bytes, not by the name."""
    first = next(raw, b"")
    while first and len(first) < len(_GZIP_MAGIC):  # a pipe may give a single byte
        more = next(raw, b"")
        if not more:
            break
        first += more
    if not first.startswith(_GZIP_MAGIC):
        yield first
        yield from raw
        return
    yield from _unpacked(name, first, raw)


def _unpacked(name: str, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip, several members after each other too; what could be unpacked comes before the error."""
    unpacker = zlib.decompressobj(wbits=31)
    place = 0
    member = 0  # where the part being unpacked begins
    unpacked = 0  # bytes that came of it
    chunk: bytes | None = first
    while chunk is not None:
        start = place
        place += len(chunk)
        full = False  # there may be more to come of the same bytes
        while chunk or full:
            if unpacker.eof:  # padding is allowed between and after members
                chunk = chunk.lstrip(b"\0")
                if not chunk:
                    break
                unpacker, member, unpacked = zlib.decompressobj(wbits=31), place - len(chunk), 0
            try:
                data = unpacker.decompress(chunk, _UNPACK)
            except zlib.error:
                if member and not unpacked:
                    raise SourceError(
                        f"{name}: the gzip data ends at byte {member} of the file, and what follows is no "
                        "gzip; all before it was processed, fetch the file again if there should be more"
                    ) from None
                raise SourceError(
                    f"{name}: the gzip data is corrupt near byte {start} of the file; what came before was "
                    "processed, fetch the file again for the rest"
                ) from None
            if data:
                unpacked += len(data)
                yield data
            full = len(data) == _UNPACK and not unpacker.eof
            chunk = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        chunk = next(rest, None)
    if not unpacker.eof:
        raise SourceError(
            f"{name}: the gzip data breaks off at byte {place} of the file; what came before was processed, "
            "fetch the file again for the rest"
        )


class _Cutter:
    """Cuts a stream of bytes into frames at line ends."""

    def __init__(self, source: str, frame_bytes: int, frame_lines: int) -> None:
        self._source = source
        self._bytes = max(1, frame_bytes)
        self._lines = max(1, frame_lines)
        self._line = 1
        self._pending = bytearray()  # whole lines, then the beginning of one
        self._whole = 0  # length of the whole lines among the pending
        self._count = 0
        self._cuts: list[Cut] = []
        self._long = False  # the unfinished line is being cut
        self._length = 0
        self._hash = hashlib.sha256()

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        lines = chunk.count(b"\n")
        if (
            not self._long
            and self._count + lines < self._lines
            and len(self._pending) + len(chunk) < self._bytes
        ):  # nothing to cut in it: the common case, without a look at each line
            self._count += lines
            if lines:
                self._whole = len(self._pending) + chunk.rindex(b"\n") + 1
            self._pending += chunk
            return
        start = 0
        while start < len(chunk):
            end = chunk.find(b"\n", start)
            piece = chunk[start:] if end < 0 else chunk[start : end + 1]
            start += len(piece)
            self._take(piece.removesuffix(b"\n"))
            if end >= 0:
                self._end_line()
                if self._count >= self._lines or len(self._pending) >= self._bytes:
                    yield self._frame()

    def finish(self, *, cut_off: bool = False) -> Iterator[Frame]:
        """The rest, with a last line that no line feed ends; without that line where it was cut off."""
        if cut_off:
            del self._pending[self._whole :]
        elif self._long or len(self._pending) > self._whole:
            self._end_line()
        if self._count:
            yield self._frame()

    def _take(self, piece: bytes) -> None:
        if not self._long and len(self._pending) - self._whole + len(piece) > self._bytes:
            head = bytes(self._pending[self._whole :])
            self._long, self._length, self._hash = True, len(head), hashlib.sha256(head)
        if self._long:
            self._length += len(piece)
            self._hash.update(piece)
            piece = piece[: max(0, self._bytes - (len(self._pending) - self._whole))]
        self._pending += piece

    def _end_line(self) -> None:
        if self._long:
            self._cuts.append(Cut(self._count, self._length, self._hash.hexdigest()))
            self._long = False
        self._pending += b"\n"
        self._whole = len(self._pending)
        self._count += 1

    def _frame(self) -> Frame:
        frame = Frame(self._source, bytes(self._pending), self._line, cuts=tuple(self._cuts))
        self._line += self._count
        self._pending, self._whole, self._count, self._cuts = bytearray(), 0, 0, []
        return frame
