"""The bytes of one recording, as they lie in a file, a pipe, standard input or a temporary file."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path, PurePath
from typing import Final, NamedTuple, Protocol, cast

from streams.recordings.errors import AGAIN, SourceError

STDIN: Final = "-"
READ_BYTES: Final = 1 << 16
"""Bytes read at once."""


class ByteStream(Protocol):
    """What standard input has to offer: `read1` waits for some bytes, but not for as many as it could
    take."""

    def read1(self, size: int, /) -> bytes: ...


def _ignore(_: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Access:
    """How bytes are read.

    `waiting` is entered around everything that may block, such as a pipe in which nothing comes, and may
    raise Interrupted there. `on_read` is called with the number of bytes of each read, before unpacking.
    `stdin` takes the place of standard input.
    """

    waiting: AbstractContextManager[object] = field(default_factory=nullcontext)
    on_read: Callable[[int], object] = _ignore
    stdin: ByteStream | None = None


class Content(Protocol):
    """Bytes that can be read from the start, several times if `rereadable`."""

    @property
    def rereadable(self) -> bool: ...

    def chunks(self, access: Access) -> Iterator[bytes]:
        """The bytes in pieces of any size. Raises SourceError, without the name of the source in its text."""
        ...


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file, a named pipe or a device, or standard input for `-`. Opened when it is read."""

    path: str

    @property
    def rereadable(self) -> bool:
        """Whether it is a regular file: the rest gives its bytes once."""
        try:
            status = os.fstat(sys.stdin.fileno()) if self.path == STDIN else os.stat(self.path)
        except (OSError, ValueError, AttributeError):
            return self.path != STDIN  # what can't be opened says so every time
        return stat.S_ISREG(status.st_mode) and self.path != STDIN

    def chunks(self, access: Access) -> Iterator[bytes]:
        if self.path == STDIN:
            if access.stdin is None and sys.stdin is None:
                raise SourceError("is closed; send a recording into it")
            yield from _read(access.stdin or cast(BufferedReader, sys.stdin.buffer), access)
            return
        with access.waiting:  # a named pipe opens when somebody writes to it
            file = open_file(self.path)
        with file:
            yield from _read(file, access)


@dataclass(frozen=True, slots=True)
class PartOfFile:
    """Some bytes of a file: a member of a tar archive that is not packed."""

    path: str
    offset: int
    size: int

    rereadable = True

    def chunks(self, access: Access) -> Iterator[bytes]:
        left = self.size
        with open_file(self.path) as file:
            file.seek(self.offset)
            for chunk in _read(file, access):
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return
        if left:
            raise SourceError(f"breaks off, {left} of {self.size} bytes are missing; {AGAIN}")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In place of bytes: why there are none."""

    reason: str

    rereadable = True

    def chunks(self, access: Access) -> Iterator[bytes]:
        raise SourceError(self.reason)
        yield b""


class Member(NamedTuple):
    """A file in an archive: its name there, and its bytes."""

    name: str
    content: Content


def is_hidden(name: str) -> bool:
    """Whether a path is that of a hidden file, or of what macOS adds to archives."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePath(name).parts)


Wanted = Callable[[str], bool]
"""Whether a file of this name in an archive is to be read."""


def open_file(path: str) -> BufferedReader:
    """Open a file for reading. Raises SourceError."""
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise SourceError("there is no such file; check the name") from None
    except IsADirectoryError:
        raise SourceError("is a directory; name the files in it") from None
    except OSError as error:
        raise SourceError(f"cannot be opened ({error.strerror}); check its permissions") from error


def _read(file: ByteStream, access: Access) -> Iterator[bytes]:
    done = 0
    while True:
        try:
            with access.waiting:
                chunk = file.read1(READ_BYTES)
        except OSError as error:
            raise SourceError(f"cannot be read beyond byte {done} ({error.strerror}); {AGAIN}") from error
        if not chunk:
            return
        done += len(chunk)
        access.on_read(len(chunk))
        yield chunk
