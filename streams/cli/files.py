"""The files that a command reads and writes: no input is given twice, and no input is overwritten.

Also how events are read from a file.
"""

import os
import stat
import sys
import zlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar, cast

from models.errors import unwritten
from streams.cli.errors import Failed, UsageError, reason
from streams.output.sanitize import sanitize

if TYPE_CHECKING:
    from models.event import Event
    from models.truth import TrueEvent
    from streams.recordings.inputs import Input

E = TypeVar("E")
STANDARD = "-"
"""Stands for standard input or standard output in place of a file."""
GZ: Final = ".gz"
_MAGIC: Final = b"\x1f\x8b"
_OTHER_PACKING: Final = (".zst", ".bz2", ".xz", ".zip")
_EXPORTS: Final = frozenset({"geoparquet", "kml", "parquet"})
_EXPORTED: Final = "; `tankerwatch export` makes such files of events"
_OTHER_FORMATS: Final = _EXPORTS | {
    *("avro", "db", "doc", "docx", "duckdb", "feather", "gpkg", "gpx", "htm", "html", "jsonl", "kmz", "ods"),
    *("pdf", "shp", "sqlite", "tsv", "xls", "xlsx", "xml"),
}
"""Ends of names of files that some program opens by that name alone."""
_OTHER_FILES: Final = 256
"""Files that a process has open besides recordings: outputs, sockets, libraries."""


def source_names(inputs: "Sequence[Input]") -> list[str]:
    """The printable name of each input. Raises UsageError if one is given twice."""
    from streams.recordings.inputs import given_twice

    if twice := given_twice(inputs):
        raise UsageError(sanitize(twice))
    names: list[str] = []
    for each in inputs:
        name = sanitize(each.name)
        if name in names:
            raise UsageError(f"{name}: two files whose names look the same; rename one of them")
        names.append(name)
    return names


def allow_open_files(count: int) -> None:
    """Let this process open so many files more than usual, as far as the system lets it."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def check_outputs(outputs: Mapping[str, str | None], inputs: Sequence[str]) -> None:
    """Check outputs, by option. Raises UsageError if one would overwrite an input or another output."""
    read = {_identity(path, 0) for path in inputs} - {None}
    written: dict[Hashable, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        key = STANDARD if path == STANDARD else _identity(path, 1)
        name = _shown(path)
        if _identity(path, 1) in read:
            raise UsageError(
                f"{option}: {name} is also an input and would be overwritten; choose another file"
            )
        if key in written:
            raise UsageError(f"{option}: {name} is also written by {written[key]}; choose another file")
        if key is not None:
            written[key] = option


def _identity(path: str, standard: int) -> Hashable:
    """The identity of a regular file; None for pipes and devices. `standard` is the descriptor for `-`."""
    try:
        status = os.fstat(standard) if path == STANDARD else os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _shown(path: str) -> str:
    return "standard output" if path == STANDARD else path


def form_for(path: str | None, asked: E | None, forms: Mapping[str, E], default: E) -> E:
    """The format that is asked for, else the one that the name of the file ends in, else the default.

    `forms` are the formats by the ends of names, in small letters and without the dot. A `.gz` after it is
    the packing. Raises UsageError where the name ends in another format, which the file would not be in.
    """
    end = PurePath((path or "").lower().removesuffix(GZ)).suffix[1:]
    if not asked and end in _OTHER_FORMATS and end not in forms:
        ends = " or ".join(f".{each}" for each in forms)
        more = _EXPORTED if end in _EXPORTS else ""
        raise UsageError(
            f"--out: {path} would not be a .{end} file; end its name in {ends}, or name the format with "
            f"--format{more}"
        )
    return asked or forms.get(end, default)


class Output:
    """A file that is being written as UTF-8, or standard output for `-`. Errors name the file.

    One whose name ends in `.gz` is compressed, without a time: equal content gives equal files. Raises
    UsageError if it can't be opened, and Failed if it can't be written to its end.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        if path == STANDARD:
            self._stream: BinaryIO = sys.stdout.buffer
            return
        if path.lower().endswith(_OTHER_PACKING):
            end = path[path.rindex(".") :]
            raise UsageError(f"{path}: nothing is packed as {end}; end the name in .gz, or without {end}")
        try:
            file: BinaryIO = open(path, "wb")  # noqa: SIM115 - closed on leaving
        except OSError as error:
            raise UsageError(f"{path}: can't be written ({reason(error)}); choose another place") from None
        self._file = file
        packed = path.lower().endswith(GZ)
        self._stream = cast("BinaryIO", GzipFile("", "wb", 9, file, mtime=0)) if packed else file

    def write(self, text: str) -> None:
        self.write_bytes(text.encode("utf-8", "backslashreplace"))

    def write_bytes(self, data: bytes) -> None:
        with self._named_errors():
            self._stream.write(data)

    def flush(self) -> None:
        with self._named_errors():
            self._stream.flush()

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, *_: object) -> None:
        with self._named_errors():
            if self._path == STANDARD:
                self._stream.flush()
            else:
                with self._file:  # that of a GzipFile stays open
                    self._stream.close()

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:  # the reader has closed the pipe: not an error, see `main`
            raise
        except OSError as error:
            raise Failed(unwritten(_shown(self._path), reason(error))) from None


@contextmanager
def open_input(name: str) -> "Iterator[BinaryIO]":
    """A file, unpacked if it is gzipped, or standard input for `-`, to read line by line. Raises Failed."""
    try:
        if name == STANDARD:
            yield sys.stdin.buffer
            return
        with open(name, "rb") as file:
            if file.peek(2)[:2] == _MAGIC:
                yield cast("BinaryIO", GzipFile(fileobj=file))
            else:
                yield file
    except (EOFError, zlib.error, BadGzipFile) as error:
        raise Failed(
            f"{name}: the gzip data breaks off or is corrupt ({error}); fetch the file again"
        ) from None
    except OSError as error:
        raise Failed(f"{name}: cannot be read ({reason(error)}); check its name and permissions") from None


def read_input(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises Failed."""
    with open_input(name) as file:
        return file.read()


def read_events(name: str) -> "Iterator[Event]":
    """The events of a file, one by one. Raises Failed, with the number of the line."""
    with open_input(name) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield read_event(line, name, number)


def read_event(line: bytes, name: str, number: int) -> "Event":
    """The event on one line of a file. Raises Failed."""
    from models.event import from_json

    try:
        event = from_json(line)
        check_times(event)
    except ValueError as error:
        raise Failed(
            f"{name}: line {number} is not an event ({error}); give JSON Lines as `tankerwatch replay "
            "RECORDING --out events.jsonl` writes them"
        ) from None
    return event


def check_times(event: "Event | TrueEvent") -> None:
    """Raises ValueError where start or end is not a time."""
    from models.time import from_text

    for text in (event.start, event.end):
        if text is not None:
            from_text(text)
