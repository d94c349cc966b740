"""Container: the zip file of a bundle, written so that the same members give the same bytes, and sealed.

Members follow each other without gaps, with one date and one set of permissions. The comment at the end is
the seal: the SHA-256 of all bytes before the end record. So a byte that is changed anywhere is found, also
where it changes no member. The seal keeps nobody from making another bundle; it only tells that this is not
the file that was made.
"""

import hashlib
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from streams.evidence import members
from streams.evidence.errors import EvidenceError

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = (stat.S_IFREG | 0o644) << 16
_END: Final = 22
"""Bytes of the end record without its comment (APPNOTE 4.3.16)."""
_LARGE_END: Final = 56 + 20
"""Bytes of what stands before it in a large file (APPNOTE 4.3.14, 4.3.15)."""
_SEAL: Final = re.compile(rb"tankerwatch evidence, SHA-256 ([0-9a-f]{64})")
_SEAL_BYTES: Final = len(b"tankerwatch evidence, SHA-256 ") + 64
_PIECE: Final = 1 << 18
_LARGEST_DIRECTORY: Final = 1 << 22
"""Bytes: enough for 20,000 recordings."""
_FREE: Final = 1 << 26
"""A member of more bytes may not unpack to more than `_RATIO` times its packed size: such is a bomb, not
text."""
_RATIO: Final = 400
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class ContainerWriter:
    """Writes members one after the other, then the manifest, then the seal."""

    def __init__(self, file: BinaryIO) -> None:
        """`file` is open for writing and reading, and empty."""
        self._file = file
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._sums: list[tuple[str, str]] = []

    def add(self, name: str, pieces: Iterable[bytes], size: int) -> None:
        """Add a member of this `size` in bytes. Raises EvidenceError for one that a check would refuse."""
        if size > members.LARGEST.get(name, size):
            raise EvidenceError(f"{name} would have {size:,} bytes, which is too much; name fewer events")
        info = zipfile.ZipInfo(name, _DATE)
        info.create_system, info.external_attr = _UNIX, _MODE
        info.compress_type = zipfile.ZIP_DEFLATED
        found = hashlib.sha256()
        info.file_size = size
        with self._zip.open(info, "w") as member:
            for piece in pieces:
                found.update(piece)
                member.write(piece)
        self._sums.append((name, found.hexdigest()))

    @property
    def sums(self) -> bytes:
        """The manifest, as `sha256sum --check` reads it."""
        return "".join(f"{found}  {name}\n" for name, found in self._sums).encode()

    def close(self) -> None:
        """End the zip file and seal it."""
        self._zip.close()
        end = self._file.seek(-_END, os.SEEK_END)
        self._file.seek(0)
        seal = b"tankerwatch evidence, SHA-256 " + _digest(self._file, end).encode()
        self._file.seek(end + _END - 2)
        self._file.write(len(seal).to_bytes(2, "little") + seal)


class Container:
    """The zip file of a bundle, opened with distrust: nothing in it is believed before it is checked.

    Raises EvidenceError for what is no zip file, or one that a bundle never is. What was merely changed is
    in `faults`, a sentence each.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        try:
            self._file: BinaryIO = open(path, "rb")  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise EvidenceError(
                f"{self.path}: can't be read ({error.strerror}); check its name and permissions"
            ) from None
        self.faults: list[str] = []
        try:
            self._infos = self._open()
            self._check_layout()
            self._check_seal()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Container":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    @property
    def names(self) -> list[str]:
        return list(self._infos)

    def digest(self) -> str:
        """The SHA-256 of the whole file."""
        self._file.seek(0)
        return _digest(self._file, self._size)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, piece by piece. Raises EvidenceError."""
        try:
            with self._zip.open(self._infos[name]) as member:
                while piece := member.read(_PIECE):
                    yield piece
        except _BROKEN as error:
            raise EvidenceError(f"{self.path}: {name} can't be unpacked ({error}); it was changed") from None

    def read(self, name: str) -> bytes:
        """The bytes of a member that is no larger than its kind may be. Raises EvidenceError."""
        if name not in self._infos:
            raise EvidenceError(f"{self.path}: {name} is missing; it was taken out, or this is no evidence")
        return b"".join(self.pieces(name))

    def _open(self) -> dict[str, zipfile.ZipInfo]:
        self._size = self._file.seek(0, os.SEEK_END)
        if (directory := self._directory_size()) > _LARGEST_DIRECTORY:
            raise self._refused(f"its directory has {directory:,} bytes, which is no evidence but an attack")
        try:
            self._zip = zipfile.ZipFile(self._file)
        except _BROKEN as error:
            raise EvidenceError(
                f"{self.path}: is no whole zip file ({error}); give a file as `tankerwatch evidence` "
                "wrote it, copied whole"
            ) from None
        infos: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            self._judge(info, infos)
            infos[info.filename] = info
        return infos

    def _directory_size(self) -> int:
        """The size that the end record tells, found as zipfile finds it, which reads the whole at once."""
        self._file.seek(max(0, self._size - _END - _LARGE_END - (1 << 16)))
        tail = self._file.read()
        at = len(tail) - _END
        if tail[max(0, at) :][:4] != b"PK\5\6":
            at = tail.rfind(b"PK\5\6")
        size = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
        if at >= _LARGE_END and tail[at - 20 :].startswith(b"PK\6\7"):
            size = int.from_bytes(tail[at - _LARGE_END + 40 :][:8], "little")  # APPNOTE 4.3.14
        return size

    def _judge(self, info: zipfile.ZipInfo, known: dict[str, zipfile.ZipInfo]) -> None:
        """Refuse what would be dangerous to read, or that no bundle has."""
        name, kind = info.filename, stat.S_IFMT(info.external_attr >> 16)
        shown = info.orig_filename[:200]
        if shown.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", shown) or ":" in shown:
            raise self._refused(f"the name {shown!r} leads out of it")
        if name in known:
            raise self._refused(f"{shown!r} is in it twice")
        if kind not in (0, stat.S_IFREG):
            what = "a link" if kind == stat.S_IFLNK else "no regular file"
            raise self._refused(f"{shown!r} is {what}")
        if shown != name or not members.is_known(name):
            raise self._refused(f"it holds {shown!r}, which no evidence has")
        if info.flag_bits & 1:
            raise self._refused(f"{name} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._refused(f"{name} is packed in a way that evidence never is")
        if info.file_size > members.LARGEST.get(name, info.file_size):
            raise self._refused(f"{name} would have {info.file_size:,} bytes, more than it ever has")
        if info.file_size > _FREE and info.file_size > _RATIO * info.compress_size:
            raise self._refused(
                f"{name} would unpack from {info.compress_size:,} to {info.file_size:,} bytes (a zip bomb)"
            )

    def _refused(self, why: str) -> EvidenceError:
        return EvidenceError(f"{self.path}: refused: {why}; get the file anew from who made it")

    def _check_layout(self) -> None:
        """Members one after the other from the first byte on, as they were written."""
        at = 0
        for info in sorted(self._infos.values(), key=lambda info: info.header_offset):
            if info.header_offset < at:
                raise self._refused(f"{info.filename} overlaps another member (a zip bomb)")
            if info.header_offset > at:
                self.faults.append(f"before {info.filename} are bytes that belong to no member")
            self._file.seek(info.header_offset + 26)
            lengths = self._file.read(4)
            named, extra = int.from_bytes(lengths[:2], "little"), int.from_bytes(lengths[2:], "little")
            at = info.header_offset + 30 + named + extra + info.compress_size
            if info.date_time != _DATE or info.comment or info.create_system != _UNIX:
                self.faults.append(f"{info.filename}: its date, comment or system is not as it was written")
            if info.external_attr != _MODE:
                self.faults.append(f"{info.filename}: its permissions are not as they were written")
        if at != self._zip.start_dir:
            self.faults.append("after the last member are bytes that belong to none")

    def _check_seal(self) -> None:
        end = self._size - _END - _SEAL_BYTES
        self._file.seek(max(0, end))
        record = self._file.read()
        seal = _SEAL.fullmatch(record[_END:])
        if end < 0 or not record.startswith(b"PK\5\6") or seal is None:
            self.faults.append("the seal at its end is missing or changed: it is not the file that was made")
            return
        self._file.seek(0)
        if _digest(self._file, end).encode() != seal[1]:
            self.faults.append("the seal at its end does not fit: some byte was changed after it was made")
        elif record[:_END] != self._end_record(end):
            self.faults.append("its end record is not as it was written")

    def _end_record(self, end: int) -> bytes:
        """The end record of a directory that ends there; what is too large for it is in the one before."""
        start, count = self._zip.start_dir, len(self._infos)
        large = start > zipfile.ZIP64_LIMIT or count > zipfile.ZIP_FILECOUNT_LIMIT
        size = end - start - (_LARGE_END if large else 0)
        count, start = min(count, 0xFFFF), min(start, 0xFFFFFFFF)
        return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, start, _SEAL_BYTES)


def _digest(file: BinaryIO, size: int) -> str:
    """The SHA-256 of so many bytes from where the file stands."""
    found = hashlib.sha256()
    while size > 0 and (piece := file.read(min(size, _PIECE))):
        found.update(piece)
        size -= len(piece)
    return found.hexdigest()
