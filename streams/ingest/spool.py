"""The spool: records on disk, in the order in which they were appended, until Kafka has them.

It is a folder of append-only segments, each named by the number of its first record, and a small file with
the position: what has been sent. Records survive the end of the process, even kill -9. They are not synced to
the disk one by one, so a power cut may cost the last seconds.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import BufferedReader
from itertools import islice, pairwise
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from models.errors import UNDECODABLE, TankerwatchError

SEGMENT_BYTES: Final = 1 << 24
_HEADER: Final = struct.Struct("<IIQ")  # length, CRC-32 of number and data, number
_SUFFIX: Final = ".seg"
_POSITION: Final = "position"


class SpoolFull(TankerwatchError):
    """No more records are taken: the limit is reached, or the disk is full."""


class SpoolError(TankerwatchError):
    """The folder can't be used. The text says why and what to do."""


class Position(msgspec.Struct):
    """How far the records have been sent, and what is needed to go on from there."""

    number: int = 0
    """The first record not known to have been sent."""
    registry: int = -1
    """The highest offset in the topic of sources among our registrations."""
    open: list[str] = []
    """Sources whose registration was sent, but not their end."""
    offsets: dict[int, int] = {}
    """By partition of raw frames, the offset below which all frames of ours are known."""


class Record(NamedTuple):
    number: int
    data: bytes


class Spool:
    """Appends records and reads them back in order. One process at a time owns the folder."""

    def __init__(self, folder: Path, limit: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._limit = limit
        self._segment_bytes = max(1, min(segment_bytes, limit // 4))
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _close_to_others(folder)
            self._lock = open(folder / "lock", "wb", opener=_private)  # noqa: SIM115 (until `close`)
        except OSError as error:
            raise SpoolError(
                f"{folder}: can't be used as the buffer ({error.strerror}); name another"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise SpoolError(f"{folder}: is the buffer of another ingest that runs; name another") from None
        try:
            self.position = self._load_position()
        except SpoolError:
            self._lock.close()
            raise
        self._sizes = {
            number: _path(self._folder, number).stat().st_size for number in _segments(self._folder)
        }
        self._total = sum(self._sizes.values())
        self._next = self.position.number
        self._writer: int | None = None
        self._written = 0  # the segment being appended to
        self._cursor: _Cursor | None = None
        for record in self.records(self.position.number):
            self._next = record.number + 1

    @property
    def next_number(self) -> int:
        """The number of the record after the last that was appended before this process."""
        return self._next

    @property
    def size(self) -> int:
        return self._total

    def append(self, record: Record, *, beyond_limit: bool = False) -> None:
        """Append a record. Raises SpoolFull; then nothing of the record is left."""
        number, data = record
        size = _HEADER.size + len(data)
        if self._total + size > self._limit and not beyond_limit:
            raise SpoolFull(f"the limit of {self._limit} bytes is reached")
        try:
            if self._writer is None or self._sizes[self._written] >= self._segment_bytes:
                self._start_segment(number)
            assert self._writer is not None
            before = self._sizes[self._written]
            head = _HEADER.pack(len(data), _checksum(number, data), number)
            written = os.writev(self._writer, [head, data])
            if written < size:  # a full disk may have taken a part
                os.ftruncate(self._writer, before)
                os.lseek(self._writer, before, os.SEEK_SET)
                raise SpoolFull("no space left on the disk")
        except OSError as error:
            raise SpoolFull(error.strerror or str(error)) from error
        self._sizes[self._written] += size
        self._total += size

    def read(self, number: int) -> Record | None:
        """The first record with this number or a higher one; None at the end. Quick if the numbers rise."""
        if self._cursor is not None and self._cursor.passed >= number:
            self._cursor.close()
            self._cursor = None
        if self._cursor is None:
            self._cursor = _Cursor(self._folder)
        return self._cursor.next(number)

    def records(self, number: int) -> Iterator[Record]:
        """All records from this number on. Damaged ones are left out."""
        with closing(_Cursor(self._folder)) as cursor:
            while (record := cursor.next(number)) is not None:
                yield record
                number = record.number + 1

    def save(self, position: Position) -> None:
        """Write the position, and drop segments that lie before it. Raises OSError."""
        self.position = position
        for first, after in pairwise(_segments(self._folder)):
            if after <= position.number:
                self._drop(first)
        temporary = self._folder / f"{_POSITION}.new"
        with open(temporary, "wb", opener=_private) as file:
            file.write(msgspec.msgpack.encode(position))
        temporary.replace(self._folder / _POSITION)

    def close(self) -> None:
        """Release the folder. If everything was sent, nothing is left in it."""
        if self._writer is not None:
            os.close(self._writer)
            self._writer = None
        if not list(islice(self.records(self.position.number), 1)) and not self.position.open:
            for first in _segments(self._folder):
                self._drop(first)
        if self._cursor is not None:
            self._cursor.close()
        self._lock.close()

    def _drop(self, first: int) -> None:
        _path(self._folder, first).unlink(missing_ok=True)
        self._total -= self._sizes.pop(first, 0)

    def _start_segment(self, number: int) -> None:
        if self._writer is not None:
            os.close(self._writer)
            self._writer = None
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._writer = os.open(_path(self._folder, number), flags, 0o600)
        self._total -= self._sizes.get(number, 0)
        self._written, self._sizes[number] = number, 0

    def _load_position(self) -> Position:
        path = self._folder / _POSITION
        if not path.exists():
            return Position()
        try:
            return msgspec.msgpack.decode(path.read_bytes(), type=Position)
        except (OSError, *UNDECODABLE) as error:
            raise SpoolError(
                f"{path}: can't be read ({error}); move the folder away to start anew"
            ) from error


class _Cursor:
    """A place among the records of a folder that only moves forward. At the end it stays for more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first = -1
        self._file: BufferedReader | None = None
        self._offset = 0
        self.passed = -1
        """The highest number given out or left behind."""

    def next(self, number: int) -> Record | None:
        """The next record with this number or a higher one."""
        self.passed = max(self.passed, number - 1)
        while self._file is not None or self._open_next(number):
            record = self._read()
            if record is None:
                if not self._open_next(number):
                    return None
            elif record.number >= number:
                self.passed = record.number
                return record
        return None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open_next(self, number: int) -> bool:
        """Go to the segment that holds the number, or else the next one after this segment."""
        later = [first for first in _segments(self._folder) if first > self._first]
        if not later:
            return False
        first = max((first for first in later if first <= number), default=later[0])
        file = _path(self._folder, first).open("rb")
        self.close()
        self._file, self._first, self._offset = file, first, 0
        return True

    def _read(self) -> Record | None:
        """The next record; None at the end of the segment, or if a record was not written whole."""
        assert self._file is not None
        self._file.seek(self._offset)
        head = self._file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return None
        length, expected, number = _HEADER.unpack(head)
        data = self._file.read(length)
        if len(data) < length or _checksum(number, data) != expected:
            return None
        self._offset += _HEADER.size + length
        return Record(number, data)


def _private(path: str, flags: int) -> int:
    """Opens a file that others can't read. What is received may be under a licence, or nobody's business."""
    return os.open(path, flags, 0o600)


def _close_to_others(folder: Path) -> None:
    """Also a folder of an earlier version. Raises OSError if the folder is somebody else's."""
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    for file in folder.iterdir():
        if file.is_file() and file.stat().st_mode & 0o077:
            file.chmod(0o600)


def _segments(folder: Path) -> list[int]:
    names = (path.stem for path in folder.glob(f"*{_SUFFIX}"))
    return sorted(int(name) for name in names if name.isdecimal())


def _path(folder: Path, first: int) -> Path:
    return folder / f"{first:020d}{_SUFFIX}"


def _checksum(number: int, data: bytes) -> int:
    return zlib.crc32(data, number & 0xFFFF_FFFF)
