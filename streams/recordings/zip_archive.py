"""zip archives: the files in one that lies in a file, and in one that can be read only from its start."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from streams.recordings.byte_reader import ByteReader
from streams.recordings.compression import PACKINGS, Packing, unpacked, unpacked_once
from streams.recordings.content import Access, Member, PartOfFile, Unreadable, Wanted, open_file
from streams.recordings.errors import AGAIN, SourceError
from streams.recordings.temporary import copied_members

_MAGIC: Final = re.compile(rb"PK(?:\x03\x04|\x05\x06)")
_DEFLATE: Final = Packing("deflate", re.compile(rb""), lambda: zlib.decompressobj(wbits=-15), 1 << 14)
_WORKBOOK: Final = "xl/workbook.xml"
_METHODS: Final[dict[int, Packing | None]] = {
    zipfile.ZIP_STORED: None,
    zipfile.ZIP_DEFLATED: _DEFLATE,
    zipfile.ZIP_BZIP2: next(each for each in PACKINGS if each.name == "bzip2"),
    93: next(each for each in PACKINGS if each.name == "zstd"),  # APPNOTE 6.3.8, 4.4.5
}
_HEADER: Final = struct.Struct("<4xHHH4xIIIHH")
"""Before a file (APPNOTE 4.3.7): version, flags, method, CRC-32, packed and unpacked size, lengths of its
name and of its extra field."""
_FILE: Final = b"PK\x03\x04"
_DIRECTORY: Final = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08")
_DESCRIPTOR: Final = b"PK\x07\x08"
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 1, 1 << 3, 1 << 11
_ZIP64: Final = 1  # of an extra field (APPNOTE 4.5.3)
_IN_ZIP64: Final = (1 << 32) - 1

_IS_ENCRYPTED: Final = "is encrypted; unpack the archive with its password"
_CORRUPT: Final = (
    "the checksum in the zip archive says that this file is corrupt; it was processed all the same, fetch "
    "the file again"
)
_BREAKS_OFF: Final = f"the zip archive is broken or breaks off; {AGAIN}"


def is_zip(head: bytes) -> bool:
    return _MAGIC.match(head) is not None


def zip_members(path: str, wanted: Wanted, access: Access) -> Iterator[Member]:
    """The files in a zip archive. One that can't be read says so when it is read.

    If the directory at the end is missing, the files are copied from the start on, up to a SourceError.
    """
    with open_file(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError):
            size = file.seek(0, 2)
            yield from copied_members(zip_stream(PartOfFile(path, 0, size).chunks(access)), wanted)
            raise SourceError(_BREAKS_OFF) from None
    if _WORKBOOK in (entry.filename for entry in entries):
        raise SourceError("is an Excel workbook, which is not read; save its sheet as CSV")
    for entry in entries:
        if entry.is_dir() or not wanted(entry.filename):
            continue
        if entry.flag_bits & _ENCRYPTED:
            yield Member(entry.filename, Unreadable(_IS_ENCRYPTED))
        elif entry.compress_type not in _METHODS:
            yield Member(entry.filename, Unreadable(_not_read(entry.compress_type)))
        else:
            yield Member(entry.filename, _ZipContent(path, entry))


@dataclass(frozen=True, slots=True)
class _ZipContent:
    path: str
    entry: zipfile.ZipInfo

    rereadable = True

    def chunks(self, access: Access) -> Iterator[bytes]:
        entry, packing = self.entry, _METHODS[self.entry.compress_type]
        with open_file(self.path) as file:
            last = file.seek(0, 2) - _HEADER.size
            if not 0 <= entry.header_offset <= last:  # the directory may tell anything
                raise SourceError("is missing from the zip archive; fetch the file again")
            file.seek(entry.header_offset)
            header = file.read(_HEADER.size)
        offset = entry.header_offset + _HEADER.size + sum(_HEADER.unpack(header)[-2:])
        data = PartOfFile(self.path, offset, entry.compress_size).chunks(access)
        found = 0
        for chunk in unpacked(data, packing) if packing else data:
            found = zlib.crc32(chunk, found)
            yield chunk
        if found != entry.CRC:
            raise SourceError(_CORRUPT)


def zip_stream(chunks: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files in a zip archive, each to be read to its end before the next one. Raises SourceError."""
    reader = ByteReader(chunks)
    while (signature := reader.peek(4)) == _FILE:
        header = reader.read(_HEADER.size)
        if len(header) < _HEADER.size:
            break
        _, flags, method, crc, size, full, name_size, extra_size = _HEADER.unpack(header)
        name = reader.read(name_size).decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        size = _packed_size(reader.read(extra_size), size, full)
        if name.endswith("/"):
            continue
        if flags & _ENCRYPTED:
            raise SourceError(f"{name} {_IS_ENCRYPTED}")
        if method not in _METHODS or (_METHODS[method] is None and flags & _SIZES_FOLLOW):
            raise SourceError(f"{name} {_not_read(method)}")
        yield name, _file_chunks(reader, _METHODS[method], None if flags & _SIZES_FOLLOW else (size, crc))
    if signature not in _DIRECTORY:
        raise SourceError(_BREAKS_OFF)


def _file_chunks(
    reader: ByteReader, packing: Packing | None, told: tuple[int, int] | None
) -> Iterator[bytes]:
    """One file. `told` has its packed size and CRC-32, if these stand before it."""
    found = 0
    if told is not None:
        size, crc = told
        data = reader.chunks(size)
        source = unpacked(data, packing) if packing and size else data
    else:
        assert packing is not None
        source = unpacked_once(reader, packing)
    for chunk in source:
        found = zlib.crc32(chunk, found)
        yield chunk
    if told is None:
        crc = _descriptor(reader)
    if found != crc:
        raise SourceError(_CORRUPT)


def _descriptor(reader: ByteReader) -> int:
    """Take what follows a file whose size was not known before it (APPNOTE 4.3.9). Returns the CRC-32."""
    if reader.peek(4) == _DESCRIPTOR:
        reader.read(4)
    crc = int.from_bytes(reader.read(4), "little")
    sizes = 16 if reader.peek(18)[16:] == b"PK" and reader.peek(10)[8:] != b"PK" else 8
    reader.read(sizes)
    return crc


def _packed_size(extra: bytes, size: int, full: int) -> int:
    """The packed size of a file: that of its header, or of its extra field where it is too large for that."""
    while size == _IN_ZIP64 and len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == _ZIP64:
            sizes = extra[4 : 4 + length]
            return int.from_bytes(sizes[8:16] if full == _IN_ZIP64 else sizes[:8], "little")
        extra = extra[4 + length :]
    return size


def _not_read(method: int) -> str:
    return f"is packed in a way that can't be read here (method {method}); unpack the archive"
