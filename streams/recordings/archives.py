"""zip and tar: told by their content, their members listed, and read as files."""

import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple, cast

from streams.recordings.compression import PACKINGS, Packing, unpacked
from streams.recordings.content import READ_BYTES, Access, Content, PartOfFile, open_file
from streams.recordings.errors import SourceError
from streams.recordings.temporary import TemporaryFile, copied

TAR_HEAD: Final = 512
"""Bytes that tell a tar archive: its first header."""
_ZIP: Final = re.compile(rb"PK(?:\x03\x04|\x05\x06)")
_OTHERS: Final = (
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "a 7z archive"),
    (re.compile(rb"Rar!\x1a\x07"), "a rar archive"),
    (re.compile(rb"\x1f[\x9d\xa0]"), "packed with compress (.Z)"),
    (re.compile(rb"\x04\x22\x4d\x18"), "packed with lz4"),
    (re.compile(rb"\x89LZO"), "packed with lzop"),
)

_DEFLATE: Final = Packing("deflate", re.compile(rb""), lambda: zlib.decompressobj(wbits=-15), 1 << 14)
_ZIP_METHODS: Final[dict[int, Packing | None]] = {
    zipfile.ZIP_STORED: None,
    zipfile.ZIP_DEFLATED: _DEFLATE,
    zipfile.ZIP_BZIP2: next(each for each in PACKINGS if each.name == "bzip2"),
    93: next(each for each in PACKINGS if each.name == "zstd"),  # APPNOTE 6.3.8, 4.4.5
}
_LOCAL_HEADER: Final = struct.Struct("<26xHH")
"""Of a member, before its data: the lengths of its name and of its extra field (APPNOTE 4.3.7)."""


class Member(NamedTuple):
    """A file in an archive: its name there, and its bytes."""

    name: str
    content: Content


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In place of bytes: why there are none."""

    reason: str

    rereadable = True

    def chunks(self, access: Access) -> Iterator[bytes]:
        raise SourceError(self.reason)
        yield b""


def other_archive(head: bytes) -> str | None:
    """What something is that has to be unpacked by another tool; None if it is not of that kind."""
    return next((kind for magic, kind in _OTHERS if magic.match(head)), None)


def is_zip(head: bytes) -> bool:
    return _ZIP.match(head) is not None


def is_tar(head: bytes) -> bool:
    if len(head) < TAR_HEAD or not head[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:TAR_HEAD], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


Wanted = Callable[[str], bool]
"""Whether a member of this name is."""


def zip_members(path: str, wanted: Wanted) -> Iterator[Member]:
    """The files in a zip archive. What can't be read says so when it is. Raises SourceError."""
    with open_file(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise SourceError(f"the zip archive is broken ({error}); fetch the file again") from None
    for entry in entries:
        if entry.is_dir() or not wanted(entry.filename):
            continue
        if entry.flag_bits & 1:
            yield Member(entry.filename, Unreadable("is encrypted; unpack the archive with its password"))
        elif entry.compress_type not in _ZIP_METHODS:
            yield Member(
                entry.filename,
                Unreadable(
                    f"is packed in a way that is not read ({entry.compress_type}); unpack the archive"
                ),
            )
        else:
            yield Member(entry.filename, _ZipContent(path, entry))


@dataclass(frozen=True, slots=True)
class _ZipContent:
    path: str
    entry: zipfile.ZipInfo

    rereadable = True

    def chunks(self, access: Access) -> Iterator[bytes]:
        entry, packing = self.entry, _ZIP_METHODS[self.entry.compress_type]
        with open_file(self.path) as file:
            file.seek(entry.header_offset)
            header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size:
            raise SourceError("is missing from the zip archive; fetch the file again")
        offset = entry.header_offset + _LOCAL_HEADER.size + sum(_LOCAL_HEADER.unpack(header))
        data = PartOfFile(self.path, offset, entry.compress_size).chunks(access)
        found = 0
        for chunk in unpacked(data, packing) if packing else data:
            found = zlib.crc32(chunk, found)
            yield chunk
        if found != entry.CRC:
            raise SourceError(
                "the checksum in the zip archive says that this file is corrupt; it was processed all the "
                "same, fetch the archive again"
            )


def tar_members(path: str, wanted: Wanted) -> Iterator[Member]:
    """The files in a tar archive that is not packed: nothing is copied. Raises SourceError."""
    with open_file(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        for entry in _entries(archive):
            if wanted(entry.name):
                yield Member(entry.name, PartOfFile(path, entry.offset_data, entry.size))


def copied_tar_members(chunks: Iterator[bytes], wanted: Wanted) -> Iterator[Member]:
    """The files in a tar archive that can be read only from its start, copied. Raises SourceError."""
    file = TemporaryFile()
    for name, content in tar_stream(chunks):
        if wanted(name):
            yield Member(name, copied(content, file))


def tar_stream(chunks: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files in a tar archive, each to be read before the next one. Raises SourceError."""
    try:
        archive = tarfile.open(fileobj=cast(BinaryIO, _Reader(chunks)), mode="r|")  # noqa: SIM115 - closed below
    except tarfile.TarError as error:
        raise _torn(error) from None
    with archive:
        for entry in _entries(archive):
            yield entry.name, _member_chunks(archive, entry)


def _entries(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    entries = iter(archive)
    while True:
        try:
            entry = next(entries, None)
        except tarfile.TarError as error:
            raise _torn(error) from None
        if entry is None:
            return
        if entry.isreg() and not entry.issparse():
            yield entry


def _member_chunks(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[bytes]:
    file = archive.extractfile(entry)
    assert file is not None
    with file:
        try:
            while chunk := file.read(READ_BYTES):
                yield chunk
        except tarfile.TarError as error:
            raise _torn(error) from None


def _torn(error: tarfile.TarError) -> SourceError:
    return SourceError(
        f"the tar archive is broken or breaks off ({error}); what came before was processed, fetch the file "
        "again for the rest"
    )


class _Reader:
    """A file that tarfile can read, made of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._rest += chunk
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken
