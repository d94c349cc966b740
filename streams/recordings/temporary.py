"""Bytes kept on disk for the length of a run, in a file that vanishes with the process however it ends."""

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import zstandard

from streams.recordings.content import Access, Member, Wanted
from streams.recordings.errors import SourceError

_LEVEL: Final = 1
"""Of zstd: as fast as disks are, and NMEA takes a fifth of the room."""
_BLOCK: Final = 1 << 18


class TemporaryFile:
    """Blocks of bytes that are written once and read in any order.

    The file has no name (it is unlinked as soon as it is open), so that the system frees it at every kind of
    exit. It lies in the folder that TMPDIR names, else in the system's own. Raises SourceError where there is
    no room.
    """

    def __init__(self) -> None:
        try:
            self._file, name = tempfile.mkstemp(prefix="tankerwatch-")
            os.unlink(name)
        except OSError as error:
            raise no_room(error) from error
        weakref.finalize(self, os.close, self._file)
        self._size = 0
        self._packer = zstandard.ZstdCompressor(level=_LEVEL)
        self._unpacker = zstandard.ZstdDecompressor()

    def write(self, block: bytes) -> "Block":
        packed = self._packer.compress(block)
        place = Block(self._size, len(packed))
        try:
            written = 0
            while written < len(packed):
                written += os.pwrite(self._file, packed[written:], self._size + written)
        except OSError as error:
            raise no_room(error) from error
        self._size += len(packed)
        return place

    def read(self, place: "Block") -> bytes:
        return self._unpacker.decompress(os.pread(self._file, place.size, place.offset))


def no_room(error: OSError) -> SourceError:
    """What a recording can't be read for where the folder of temporary files is full or closed."""
    return SourceError(
        f"needs room in {tempfile.gettempdir()} ({error.strerror}); make room there, or name another folder "
        "with the environment variable TMPDIR"
    )


@dataclass(frozen=True, slots=True)
class Block:
    """Where a block lies in a temporary file, packed."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class TemporaryContent:
    """A copy of what could be read only once."""

    file: TemporaryFile
    blocks: tuple[Block, ...]
    fault: SourceError | None = None
    """Raised after the last byte: how the original ended."""

    rereadable = True

    def chunks(self, access: Access) -> Iterator[bytes]:
        for block in self.blocks:
            with access.waiting:
                data = self.file.read(block)
            access.on_read(len(data))
            yield data
        if self.fault:
            raise self.fault


def copied_members(files: Iterable[tuple[str, Iterator[bytes]]], wanted: Wanted) -> Iterator[Member]:
    """The wanted ones of files that can be read only one after the other, copied. Raises what they raise."""
    file = TemporaryFile()
    for name, content in files:
        if wanted(name):
            yield Member(name, copied(content, file))
        else:
            for _ in content:
                pass


def copied(chunks: Iterable[bytes], file: TemporaryFile) -> TemporaryContent:
    """Copy bytes into a temporary file, up to their end or a SourceError."""
    blocks: list[Block] = []
    pending = bytearray()
    fault: SourceError | None = None
    try:
        for chunk in chunks:
            pending += chunk
            if len(pending) >= _BLOCK:
                blocks.append(file.write(bytes(pending)))
                pending.clear()
    except SourceError as error:
        fault = error
    if pending:
        blocks.append(file.write(bytes(pending)))
    return TemporaryContent(file, tuple(blocks), fault)
