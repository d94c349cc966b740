"""The folder of an archive: its manifest, and files that appear whole, all of a commit together or none.

    DIR/manifest.json                              what is archived so far, and the files of the last commit
    DIR/raw/date=2026-03-01/00000007-3f1c….zst     raw frames of one source
    DIR/ticks/date=2026-03-01/00000007.parquet     the same for events, visits and identities
    DIR/snapshots/… DIR/rules/…                    of a deployment: the stages once a day, and their rules
    DIR/hashes.jsonl                               the SHA-256 of raw frames, snapshots and rules (hashes.py)

A commit writes files under temporary names, then replaces the manifest, which names them, and then gives them
their own names. A manifest is replaced whole or not at all. So after a crash either all of a commit is there
(`open_folder` finishes the renaming) or nothing of it (`open_folder` removes the files).

A file that another one takes the place of, or that was kept for long enough, is named in the manifest as
superseded by the same commit. Nobody reads it from then on, but who is reading it may finish: it is removed
an hour later.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from models.errors import UNDECODABLE, InputError, TankerwatchError
from models.time import HOUR, Millis
from streams.archive.hashes import HASHES, Chain, Entry, append, cut_back
from streams.deployment.wire import Origin

MANIFEST: Final = "manifest.json"
FORMAT: Final = "tankerwatch archive"
VERSION: Final = 1
PART: Final = ".part"
"""End of the names of files that are not archived yet."""
REMOVED_AFTER: Final = HOUR
"""How long a file stays that nobody is to read any more: longer than a query takes."""


class ArchiveError(InputError):
    """A folder that can't be used as an archive; the text says why and what to do."""


class ArchiveBusy(TankerwatchError):
    """Another process writes to the archive."""


class Run(msgspec.Struct, frozen=True):
    """A replay whose findings are in the archive: which files it read, by digest, and with which settings."""

    files: dict[str, str]
    settings: str


class Gap(msgspec.Struct, frozen=True):
    """Messages that Kafka no longer had when they were to be archived: the first and the last offset."""

    topic: str
    partition: int
    first: int
    last: int


class Manifest(msgspec.Struct, kw_only=True):
    """What is archived so far. `files` are those of the last commit, relative to the folder."""

    format: str = FORMAT
    version: int = VERSION
    number: int = 0
    """Of the last commit."""
    files: list[str] = []
    kind: str = ""
    """"files" or "kafka": where it comes from; empty while there is nothing."""
    runs: list[Run] = []
    offsets: dict[str, int] = {}
    """By "topic/partition", the next offset to archive."""
    origins: dict[str, Origin] = {}
    """By partition of MMSIs, the highest origin of ticks that is archived."""
    gaps: list[Gap] = []
    superseded: dict[str, Millis] = {}
    """Files that are no longer part of the archive, and since when by the clock; for those that
    stay longer than usual, a time that is later by as much."""
    chain: Chain = msgspec.field(default_factory=Chain)
    """The rows of hashes.jsonl that are valid."""
    complete: Millis = 0
    """Every raw frame that was sent before this time, by the clocks of its senders, is archived."""
    rules: str = ""
    """The file of the rules that hold now."""


def is_archive(path: str | Path) -> bool:
    """Whether a path is the folder of an archive."""
    try:
        return FORMAT.encode() in Path(path, MANIFEST).read_bytes()[:200]
    except OSError:
        return False


def read_manifest(folder: Path) -> Manifest:
    """Raises ArchiveError where there is none that can be read."""
    path = folder / MANIFEST
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        made = folder if not folder.is_file() else "DIR"
        raise ArchiveError(
            f"{folder}: no archive; `tankerwatch replay FILE --archive {made}` or `tankerwatch archive "
            f"{made}` writes one"
        ) from None
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read ({error.strerror}); check its permissions") from None
    except UNDECODABLE as error:
        raise ArchiveError(f"{path}: no manifest of an archive ({error}); restore it from a copy") from None
    if found.format != FORMAT or found.version != VERSION:
        raise ArchiveError(f"{path}: version {found.version} of {found.format!r}; understood is {VERSION}")
    return found


def copy_of(manifest: Manifest) -> Manifest:
    """What it says now, for a thread that reads files while commits go on."""
    return msgspec.structs.replace(manifest, files=list(manifest.files), superseded=dict(manifest.superseded))


def archived(folder: Path, manifest: Manifest, table: str, end: str) -> list[Path]:
    """The files of a table whose names have this end, sorted; also those not yet renamed.

    Those of a later commit than the manifest's are left out: they may take the place of others.
    """
    found = {
        path
        for path in (folder / table).glob(f"date=*/*{end}")
        if commit_of(path) <= manifest.number and str(path.relative_to(folder)) not in manifest.superseded
    }
    for name in manifest.files:
        path = folder / name
        if Path(name).parts[0] == table and name.endswith(end) and not path.exists():
            found.add(path.with_name(path.name + PART))
    return sorted(found)


def commit_of(path: Path) -> int:
    """The number of the commit that a file came with."""
    number = path.name.partition("-")[0].partition(".")[0]
    return int(number) if number.isdecimal() else 0


def utc_now() -> Millis:
    return time.time_ns() // 1_000_000


class Folder:
    """An archive that this process alone writes to. See `open_folder`."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path, self.manifest = path, manifest

    def part(self, name: str) -> Path:
        """Where to write a file that is to have this name after the next commit."""
        path = self.path / (name + PART)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def commit(
        self,
        names: Iterable[str],
        entries: Iterable[Entry] = (),
        superseded: Mapping[str, Millis] = MappingProxyType({}),
    ) -> None:
        """Archive these files, and all that the manifest says. Raises OSError; nothing is archived then, and
        it can be tried again, unless its `errno` is EIO: what the disk did not take may be lost then.

        `entries` are rows for hashes.jsonl; `superseded` are files that no longer belong to it, with how much
        longer than REMOVED_AFTER they stay.
        """
        files, now = sorted(names), utc_now()
        try:
            for name in files:
                _sync(self.path / (name + PART))
            for folder in {(self.path / name).parent for name in files}:
                _sync(folder)
        except OSError as error:  # a second fsync says nothing of what the first one could not write
            raise OSError(errno.EIO, error.strerror, error.filename) from error
        before = self.manifest.superseded
        over = [name for name, since in before.items() if now - since >= REMOVED_AFTER]
        for name in over:
            (self.path / name).unlink(missing_ok=True)
        left = {name: since for name, since in before.items() if name not in over}
        rows, chain = list(entries), self.manifest.chain
        new = msgspec.structs.replace(
            self.manifest,
            number=self.manifest.number + 1,
            files=files,
            superseded=left | {name: now + later for name, later in superseded.items()},
            chain=append(self.path / HASHES, chain, rows) if rows else chain,
        )
        self._write(new)
        self.manifest = new
        _finish(self.path, new)

    def replace_manifest(self) -> None:
        """Write the manifest as it is now: all of it, or nothing after a crash."""
        self._write(self.manifest)

    def _write(self, manifest: Manifest) -> None:
        new = self.path / (MANIFEST + PART)
        new.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        _sync(new)
        new.replace(self.path / MANIFEST)
        _sync(self.path)


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Open an archive for writing, or begin one in an empty or new folder.

    What a crash has left behind is finished or removed. Raises ArchiveError, ArchiveBusy and OSError.
    """
    path.mkdir(parents=True, exist_ok=True)
    fresh = not is_archive(path)
    if fresh and any(not each.name.startswith((MANIFEST, ".lock")) for each in path.iterdir()):
        raise ArchiveError(f"{path}: not empty, and no archive; give another folder")
    with (path / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveBusy(f"{path}: another process writes to this archive; wait, or end it") from None
        folder = Folder(path, Manifest() if fresh else read_manifest(path))
        if fresh:
            folder.replace_manifest()  # so that what a crash leaves behind is known for what it is
        else:
            _finish(path, folder.manifest)
            cut_back(path / HASHES, folder.manifest.chain)
        for left in path.rglob(f"*{PART}"):
            left.unlink()
        yield folder


def _finish(path: Path, manifest: Manifest) -> None:
    for name in manifest.files:
        part = path / (name + PART)
        if part.exists():
            part.replace(path / name)
    for folder in {(path / name).parent for name in manifest.files}:
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
