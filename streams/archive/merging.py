"""Merging: the raw files of a source of a past day become one, since a commit a minute makes 1,440 a day.

The one file is the others, one after the other: zstd allows that, and so the SHA-256 that hashes.jsonl has of
each of them still proves its part of it. A commit puts the one in the place of the others, so a reader sees
either, and a crash leaves the others.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from models.time import DAY, HOUR, Millis, to_text
from streams.archive.compaction import EVERY_SECONDS, MANY, RESTED_SECONDS
from streams.archive.folder import REMOVED_AFTER, ArchiveError, archived
from streams.archive.hashes import HASHES, Row, read
from streams.archive.raw_names import (
    END,
    RAW,
    Commits,
    Series,
    commits_of,
    digest_of_source,
    end_of,
    partition_of,
    place_in_time,
    series_of,
)
from streams.archive.writer import Writer
from streams.runtime.logs import get_logger

log = get_logger(__name__)

LARGEST: Final = 1 << 30
"""Bytes of a file that is made; what is beyond becomes another one."""
_LATER: Final = 24 * HOUR - REMOVED_AFTER
"""How much longer than other files merged ones stay for whoever reads them: a replay of all takes hours."""
_CHUNK: Final = 1 << 20


class Merging:
    """Makes one raw file of several, those of one source, partition and day with each commit."""

    def __init__(self, writer: Writer, worked_off: Callable[[], int | None]) -> None:
        """`worked_off` tells the commit up to which nobody here reads raw files any more; None: nobody
        does."""
        self._writer, self._folder, self._worked_off = writer, writer.folder, worked_off
        self._looked = float("-inf")
        self._left_out: set[Series] = set()  # what can't be merged, until the next start
        self._stopped = False  # the same for all of it

    def apply_now_and_then(self, now: Millis) -> None:
        """`apply`, but looks only every few minutes when there was nothing to do."""
        if time.monotonic() - self._looked >= EVERY_SECONDS and not self.apply(now):
            self._looked = time.monotonic()

    def apply(self, now: Millis) -> bool:
        """Make one file of those of a day before today. Whether there were any.

        Where one was changed all stay as they are, and where hashes.jsonl was, those of every day, which is
        logged. So is a disk without room for it: what comes needs the rest.
        """
        if self._stopped:
            return False
        for series, files in self._runs(to_text(now // DAY * DAY)[:10]):
            rested = now / 1000 - max(path.stat().st_mtime for path in files) >= RESTED_SECONDS
            if len(files) < MANY and not rested:
                continue
            names = frozenset(map(self._name, files))
            rows, faults = read(self._folder.path / HASHES, self._folder.manifest.chain, names)
            if faults:
                self._stopped = True
                log.error("nothing_merged", reason=f"{faults[0]}; restore it from a copy")
                return False
            try:
                self._merge(files, rows)
            except ArchiveError as error:
                self._left_out.add(series)
                log.error("not_merged", source=series.digest, day=_day(series.folder), reason=str(error))
                continue
            except OSError as error:
                reason = f"{error.strerror}; make room"
                log.error("not_merged", source=series.digest, day=_day(series.folder), reason=reason)
                return False
            return True
        return False

    def _runs(self, today: str) -> Iterator[tuple[Series, list[Path]]]:
        """Files that follow each other, as many as may become one."""
        found: dict[Series, list[Path]] = {}
        last, leaving = self._worked_off(), self._writer.leaving
        for path in archived(self._folder.path, self._folder.manifest, RAW, END):
            series = series_of(path)
            if series is not None and _day(series.folder) < today:
                found.setdefault(series, []).append(path)
        for series, files in found.items():
            if series in self._left_out or any(self._name(path) in leaving for path in files):
                continue
            files.sort(key=place_in_time)
            run: list[Path] = []
            size = 0
            for path in files:
                if last is not None and commits_of(path).last > last:
                    break
                more = path.stat().st_size
                if size + more > LARGEST:
                    if len(run) > 1:
                        break
                    run, size = [], 0
                run.append(path)
                size += more
            if len(run) > 1:
                yield series, run

    def _merge(self, files: list[Path], rows: Iterable[Row]) -> None:
        """`rows` are those of the files. Raises ArchiveError for a file that is not as it was archived."""
        names = [self._name(path) for path in files]
        sums = {row.file: (row.bytes, row.sha256) for row in rows}
        commits = Commits(commits_of(files[0]).first, commits_of(files[-1]).last)
        begin = f"{RAW}/{files[0].parent.name}/{self._writer.number}-{digest_of_source(files[0])}"
        name = begin + end_of(partition_of(files[0]), commits)
        part = self._folder.part(name)
        whole, size = hashlib.sha256(), 0
        try:
            with part.open("wb") as out:
                for path, told in zip(files, names, strict=True):
                    own, bytes = hashlib.sha256(), 0
                    for chunk in _chunks(path):
                        out.write(chunk)
                        whole.update(chunk)
                        own.update(chunk)
                        bytes += len(chunk)
                    if sums.get(told) != (bytes, own.hexdigest()):
                        raise ArchiveError(f"{path}: is not as {HASHES} says; restore it from a copy")
                    size += bytes
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        self._writer.written(name, RAW, size, whole)
        self._writer.supersede(names, later=_LATER)
        log.info("merged", day=_day(files[0].parent.name), files=len(files), bytes=size, file=name)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._folder.path))


def _day(folder: str) -> str:
    return folder.removeprefix("date=")


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read ({error.strerror}); restore it from a copy") from None
