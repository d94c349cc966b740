"""gzip, zstd, bzip2 and xz: told by their first bytes, not by a name, and unpacked piece by piece."""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, Protocol

import zstandard

from models.errors import TankerwatchError
from streams.recordings.byte_reader import ByteReader
from streams.recordings.errors import AGAIN, SourceError

HEAD: Final = 10
"""Bytes that tell how something is packed."""
_UNPACKED: Final = 1 << 13
"""Bytes taken from an unpacker at once, where it can be told so: a call that fails loses what came of it."""
_WINDOW: Final = 1 << 31  # of zstd: the largest there is


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class Packing(NamedTuple):
    """A way to pack bytes: its name, its first bytes, what unpacks one stream of it, and the number of packed
    bytes to give to that at once."""

    name: str
    magic: re.Pattern[bytes]
    unpacker: Callable[[], Any]
    piece: int


PACKINGS: Final = (
    Packing("gzip", re.compile(rb"\x1f\x8b\x08"), lambda: zlib.decompressobj(wbits=31), 1 << 14),
    Packing(
        "zstd",
        re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # a frame, or one to be skipped
        lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj(),
        1 << 12,
    ),
    Packing("bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), bz2.BZ2Decompressor, 1 << 14),
    Packing("xz", re.compile(rb"\xfd7zXZ\0"), lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), 1 << 14),
)

_FAULTS: Final = (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError)


def packing_of(head: bytes) -> Packing | None:
    """How something that begins like this is packed; None if it is not."""
    return next((each for each in PACKINGS if each.magic.match(head)), None)


def unpacked(chunks: Iterator[bytes], packing: Packing) -> Iterator[bytes]:
    """Unpack streams that follow each other.

    What could be unpacked comes before the SourceError, up to the last byte before a fault in gzip, and up
    to a block before it in the others.
    """
    unpacker = packing.unpacker()
    place = 0  # of the next byte in the file
    begin = 0  # of the stream that is being unpacked
    found = False  # whether anything came of it
    for chunk in chunks:
        while chunk:
            if unpacker.eof:  # padding is allowed between and after streams
                padding = len(chunk) - len(chunk.lstrip(b"\0"))
                chunk, place = chunk[padding:], place + padding
                if not chunk:
                    break
                unpacker, begin, found = packing.unpacker(), place, False
            piece, rest = chunk[: packing.piece], chunk[packing.piece :]
            try:
                for data in _take(unpacker, piece):
                    found = True
                    yield data
            except _Fault as fault:
                yield from fault.before
                raise _error(packing, begin, found or any(fault.before), place + fault.offset) from None
            unused = unpacker.unused_data if unpacker.eof else b""
            place += len(piece) - len(unused)
            chunk = unused + rest
    if not unpacker.eof:
        raise SourceError(f"the {packing.name} data breaks off at byte {place} of the file; {AGAIN}")


def unpacked_once(reader: ByteReader, packing: Packing) -> Iterator[bytes]:
    """Unpack one stream, and leave what follows it in the reader. Raises SourceError as `unpacked` does."""
    unpacker = packing.unpacker()
    while not unpacker.eof:
        piece = reader.some(packing.piece)
        try:
            if not piece:
                raise SourceError(f"the {packing.name} data breaks off; {AGAIN}")
            yield from _take(unpacker, piece)
        except _Fault as fault:
            yield from fault.before
            raise SourceError(f"the {packing.name} data is corrupt; {AGAIN}") from None
    reader.put_back(unpacker.unused_data)


class _Fault(TankerwatchError):
    """Packed data is corrupt `offset` bytes into a piece; `before` is what that piece held before it."""

    def __init__(self, offset: int, before: list[bytes]) -> None:
        super().__init__(f"corrupt at byte {offset}")
        self.offset, self.before = offset, before


def _take(unpacker: Any, piece: bytes) -> Iterator[bytes]:
    """All that comes of a piece. Raises _Fault."""
    if isinstance(unpacker, bz2.BZ2Decompressor | lzma.LZMADecompressor):
        yield from _take_bounded(unpacker, piece)
        return
    kept = unpacker.copy() if hasattr(unpacker, "copy") else None
    try:
        data = unpacker.decompress(piece)
    except _FAULTS:
        raise _bytewise(kept, piece) if kept else _Fault(0, []) from None
    if data:
        yield data


def _take_bounded(unpacker: Any, piece: bytes) -> Iterator[bytes]:
    """Little by little, since one block of bzip2 may come of a single byte."""
    data = piece
    while True:
        try:
            got = unpacker.decompress(data, _UNPACKED)
        except _FAULTS:
            raise _Fault(0, []) from None
        if got:
            yield got
        data = b""
        if unpacker.eof or unpacker.needs_input:
            return


def _bytewise(unpacker: _Unpacker, piece: bytes) -> _Fault:
    """Where in a piece the fault is, and what comes before it: byte by byte from how it was before the
    piece."""
    before: list[bytes] = []
    for offset in range(len(piece)):
        try:
            before.append(unpacker.decompress(piece[offset : offset + 1]))
        except _FAULTS:
            return _Fault(offset, before)
    return _Fault(len(piece), before)


def _error(packing: Packing, begin: int, found: bool, place: int) -> SourceError:
    if begin and not found:
        return SourceError(
            f"the {packing.name} data ends at byte {begin} of the file, and what follows is no "
            f"{packing.name}; all before it was processed, fetch the file again if there should be more"
        )
    return SourceError(f"the {packing.name} data is corrupt near byte {place} of the file; {AGAIN}")
