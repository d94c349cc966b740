"""tar archives: the files in one that lies in a file, and in one that can be read only from its start."""

import tarfile
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from streams.recordings.byte_reader import ByteReader
from streams.recordings.content import READ_BYTES, Member, PartOfFile, Unreadable, Wanted, open_file
from streams.recordings.errors import AGAIN, SourceError

TAR_HEAD: Final = 512
"""Bytes that tell a tar archive: its first header."""
_SPARSE: Final = "is stored as a sparse file; unpack the archive"


def is_tar(head: bytes) -> bool:
    if len(head) < TAR_HEAD or not head[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:TAR_HEAD], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def tar_members(path: str, wanted: Wanted) -> Iterator[Member]:
    """The files in a tar archive that is not packed: nothing is copied. Raises SourceError."""
    with open_file(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        for entry in _entries(archive):
            if wanted(entry.name):
                part = PartOfFile(path, entry.offset_data, entry.size)
                yield Member(entry.name, Unreadable(_SPARSE) if entry.issparse() else part)


def tar_stream(chunks: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files in a tar archive, each to be read before the next one. Raises SourceError."""
    try:
        archive = tarfile.open(fileobj=cast(BinaryIO, ByteReader(chunks)), mode="r|")  # noqa: SIM115 - closed below
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
        if entry.isreg():
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
    return SourceError(f"the tar archive is broken or breaks off ({error}); {AGAIN}")
