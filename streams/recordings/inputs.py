"""Inputs: the recordings that paths name, in files, folders, archives and standard input."""

import os
import stat
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, NamedTuple

from streams.recordings import compression, tar_archive, zip_archive
from streams.recordings.content import STDIN, Access, Content, FileContent, Member, Unreadable, is_hidden
from streams.recordings.errors import Interrupted, SourceError
from streams.recordings.temporary import copied_members
from streams.recordings.text import peek, unpacked

ANY: Final = "*"
"""The pattern that all names fit."""


@dataclass(frozen=True, slots=True)
class Input:
    """One recording to be read.

    `name` is the path as it was given, for a file in a folder the path of that file, and for a member of an
    archive `archive/member`. `file` is the file that holds it, `-` for standard input.
    """

    name: str
    file: str
    content: Content


def find_inputs(paths: Sequence[str], glob: str = ANY, access: Access | None = None) -> list[Input]:
    """The recordings that these paths name: paths in the given order, folders and archives sorted by name.

    A folder is searched at all levels, and archives in it are opened. Of folders and archives only files are
    taken whose name, or whose path from its end, fits `glob`; an archive in a folder that fits it gives all
    its files. Hidden files are left out. A tar archive that is compressed is copied to a temporary file.
    Nothing is raised here for a file that can't be read: that file raises SourceError when it is read. After
    Interrupted, the recordings found by then are returned.
    """
    inputs: list[Input] = []
    with suppress(Interrupted):
        for path in paths:
            for found in _find(path, glob, access or Access()):
                inputs.append(found)  # noqa: PERF402 - one by one, to keep those found before Interrupted
    return inputs


def given_twice(inputs: Sequence[Input]) -> str | None:
    """A sentence about a recording that is named more than once, whatever its path; None if none is."""
    given: dict[Hashable, str] = {}
    for each in inputs:
        key = (file_identity(each.file) or each.file, each.name.removeprefix(each.file))
        if key in given:
            same = "is given twice" if given[key] == each.name else f"and {given[key]} are the same file"
            return f"{each.name} {same}; name each recording once"
        given[key] = each.name
    return None


def file_identity(path: str) -> Hashable:
    """The identity of a regular file, the same for all its names; None for pipes and devices."""
    try:
        status = os.fstat(sys.stdin.fileno()) if path == STDIN else os.stat(path)
    except (OSError, ValueError, AttributeError):
        return os.path.realpath(path)
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _find(path: str, glob: str, access: Access) -> Iterator[Input]:
    if path != STDIN and os.path.isdir(path):
        yield from _in_folder(path, glob, access)
        return
    archive = _open_archive(path, os.path.basename(path), glob, access)
    if archive is None:
        yield Input(path, path, FileContent(path))
        return
    yield from archive.inputs(path)
    if archive.empty:
        yield _unreadable(path, "is an archive without files that fit; name one with recordings")


def _in_folder(folder: str, glob: str, access: Access) -> Iterator[Input]:
    files, closed = _files(folder)
    found = bool(closed)
    for path, error in closed:
        yield _unreadable(path, f"cannot be searched ({error.strerror}); check its permissions")
    for path in files:
        below = os.path.relpath(path, folder)
        fits = _fits(below, glob)
        archive = _open_archive(path, below, ANY if fits else glob, access)
        if archive is not None:
            inputs = archive.inputs(path)
        else:
            inputs = [Input(path, path, FileContent(path))] if fits else []
        found = found or bool(inputs)
        yield from inputs
    if not found:
        what = "holds no files" if glob == ANY else f"holds no files that fit {glob!r}"
        yield _unreadable(folder, f"{what}; name a folder with recordings")


def _unreadable(path: str, reason: str) -> Input:
    return Input(path, path, Unreadable(reason))


def _files(folder: str) -> tuple[list[str], list[tuple[str, OSError]]]:
    """The files at all levels that are not hidden, sorted, and the folders that can't be opened.

    Links are followed, but nothing is given twice. Pipes and devices are left out.
    """
    closed: list[tuple[str, OSError]] = []
    seen: set[Hashable] = set()
    files: list[str] = []
    for parent, folders, names in os.walk(
        folder, onerror=lambda error: closed.append((error.filename, error)), followlinks=True
    ):
        shown = [each for each in folders if not is_hidden(each)]
        folders[:] = [each for each in shown if _first(os.path.join(parent, each), seen)]
        files += [os.path.join(parent, each) for each in names if not is_hidden(each)]
    files.sort(key=lambda path: (os.path.islink(path), path))  # a file has its own name rather than a link's
    files = [path for path in files if file_identity(path) and _first(path, seen)]
    return sorted(files), closed


def _first(path: str, seen: set[Hashable]) -> bool:
    """Whether this file or folder has not been seen yet; it has from now on."""
    try:
        status = os.stat(path)
        key: Hashable = status.st_dev, status.st_ino
    except OSError:
        key = path
    known = key in seen
    seen.add(key)
    return not known


def _fits(name: str, glob: str) -> bool:
    return PurePath(name).match(glob) and not is_hidden(name)


class _Archive(NamedTuple):
    """The files in an archive that fit, sorted by name, and what kept others from being found."""

    members: list[Member]
    fault: SourceError | None

    @property
    def empty(self) -> bool:
        return not self.members and self.fault is None

    def inputs(self, path: str) -> list[Input]:
        inputs = [Input(f"{path}/{member.name}", path, member.content) for member in self.members]
        return [*inputs, _unreadable(path, str(self.fault))] if self.fault else inputs


def _open_archive(path: str, below: str, glob: str, access: Access) -> _Archive | None:
    """A file as an archive; None if it is none. `below` is its name where it was found."""
    if not FileContent(path).rereadable:
        return None

    def wanted(member: str) -> bool:
        return _fits(member, ANY) and (_fits(member, glob) or _fits(os.path.join(below, member), glob))

    members = _members(path, wanted, access)
    if members is None:
        return None
    found: dict[str, Member] = {}
    fault: SourceError | None = None
    try:
        for member in members:
            name = member.name
            while name in found:  # an archive may hold a name twice
                name += "+"
            found[name] = member._replace(name=name)
    except SourceError as error:
        fault = error
    return _Archive([found[name] for name in sorted(found)], fault)


def _members(path: str, wanted: Callable[[str], bool], access: Access) -> Iterator[Member] | None:
    """The members of an archive; None of what is none. Raises SourceError while they are taken."""
    head = _head(FileContent(path).chunks(access))
    if zip_archive.is_zip(head):
        return zip_archive.zip_members(path, wanted, access)
    if tar_archive.is_tar(head):
        return tar_archive.tar_members(path, wanted)
    if compression.packing_of(head) and tar_archive.is_tar(_head(unpacked(FileContent(path).chunks(access)))):
        return copied_members(tar_archive.tar_stream(unpacked(FileContent(path).chunks(access))), wanted)
    return None


def _head(chunks: Iterator[bytes]) -> bytes:
    return peek(chunks, tar_archive.TAR_HEAD)[0]
