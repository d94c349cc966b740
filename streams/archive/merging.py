"""Merging: the raw files of a source of a past day become one, since a commit a minute makes 1,440 a day.

The one file is the others, one after the other: zstd allows that, and so the SHA-256 that hashes.jsonl has of
each of them still proves its part of it. A commit puts the one in the place of the others, so a reader sees
either, and a crash leaves the others.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from models.time import DAY, HOUR, Millis, to_text
from streams.archive.compaction import MANY, RESTED_SECONDS
from streams.archive.folder import REMOVED_AFTER, ArchiveError, Folder, Manifest, archived
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
from streams.archive.replacement import Replacement, check_room, go_on, made_at
from streams.runtime.logs import get_logger

log = get_logger(__name__)

LARGEST: Final = 1 << 30
"""Bytes of a file that is made; what is beyond becomes another one."""
_LATER: Final = 24 * HOUR - REMOVED_AFTER
"""How much longer than other files merged ones stay for whoever reads them: a replay of all takes hours."""
_CHUNK: Final = 1 << 20


class Merging:
    """Makes one raw file of several, those of one source, partition and day at a time."""

    def __init__(
        self,
        folder: Folder,
        worked_off: Callable[[], int | None],
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        """`worked_off` tells the commit up to which nobody here reads raw files any more; None: nobody
        does. `ended` tells that what is being made is no longer needed."""
        self._folder, self._worked_off, self._ended = folder, worked_off, ended
        self._left_out: set[Series] = set()  # what can't be merged, until the next start
        self._stopped = False  # the same for all of it

    def make(self, now: Millis, manifest: Manifest) -> Replacement | None:
        """Make one file of those of a day before today; None: there are none.

        Where one was changed all stay as they are, and where hashes.jsonl was, those of every day, which is
        logged. So is a disk without room for it: what comes needs the rest. Raises Ended.
        """
        if self._stopped:
            return None
        for series, files in self._runs(to_text(now // DAY * DAY)[:10], manifest):
            rested = now / 1000 - max(path.stat().st_mtime for path in files) >= RESTED_SECONDS
            if len(files) < MANY and not rested:
                continue
            names = frozenset(map(self._name, files))
            rows, faults = read(self._folder.path / HASHES, manifest.chain, names)
            if faults:
                self._stopped = True
                log.error("nothing_merged", reason=f"{faults[0]}; restore it from a copy")
                return None
            try:
                return self._merged(files, rows)
            except ArchiveError as error:
                self._left_out.add(series)
                log.error("not_merged", source=series.digest, day=_day(series.folder), reason=str(error))
            except OSError as error:
                reason = f"{error.strerror}; make room"
                log.error("not_merged", source=series.digest, day=_day(series.folder), reason=reason)
                return None
        return None

    def _runs(self, today: str, manifest: Manifest) -> Iterator[tuple[Series, list[Path]]]:
        """Files that follow each other, as many as may become one."""
        found: dict[Series, list[Path]] = {}
        last = self._worked_off()
        for path in archived(self._folder.path, manifest, RAW, END):
            series = series_of(path)
            if series is not None and _day(series.folder) < today:
                found.setdefault(series, []).append(path)
        for series, files in found.items():
            if series in self._left_out:
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

    def _merged(self, files: list[Path], rows: Iterable[Row]) -> Replacement:
        """`rows` are those of the files.

        Raises ArchiveError for a file that is not as it was archived, OSError where there is no room.
        """
        names = [self._name(path) for path in files]
        sums = {row.file: (row.bytes, row.sha256) for row in rows}
        commits = Commits(commits_of(files[0]).first, commits_of(files[-1]).last)
        day = f"{RAW}/{files[0].parent.name}"
        end = digest_of_source(files[0]) + end_of(partition_of(files[0]), commits)
        part = made_at(self._folder, day)
        whole, size = hashlib.sha256(), 0
        check_room(self._folder.path, sum(path.stat().st_size for path in files))
        try:
            with part.open("wb") as out:
                for path, told in zip(files, names, strict=True):
                    own, bytes = hashlib.sha256(), 0
                    for chunk in _chunks(path):
                        go_on(self._ended)
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
        log.info("merged", day=_day(files[0].parent.name), source=digest_of_source(files[0]),
            files=len(files), bytes=size)  # fmt: skip
        return Replacement(day=day, end=end, files=names, raw=(size, whole), later=_LATER)

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
