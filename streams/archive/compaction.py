"""Compaction: the small tables of a past day become one, so that questions open few files.

A commit puts the one in the place of the others, so a reader sees either, and a crash leaves the small ones.
Raw frames are merged by merging.py.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from models.time import DAY, Millis, to_text
from streams.archive.folder import ArchiveError, Folder, Manifest, archived
from streams.archive.replacement import Replacement, check_room, go_on, made_at
from streams.archive.tables import SCHEMAS
from streams.runtime.logs import get_logger

log = get_logger(__name__)

MANY: Final = 24
"""Files of a day that are made one at once; fewer wait until the day has rested."""
RESTED_SECONDS: Final = 3_600.0
LARGE: Final = 64 << 20
"""Bytes of a file that is left as it is: it has been made of many, or is large enough."""
_ROWS: Final = 50_000
"""Rows in memory at once."""


class Compaction:
    """Makes one table of many, a day of one table at a time."""

    def __init__(self, folder: Folder, ended: Callable[[], bool] = lambda: False) -> None:
        """`ended` tells that what is being made is no longer needed."""
        self._folder, self._ended = folder, ended
        self._left_out: set[Path] = set()  # days that can't be merged, until the next start

    def make(self, now: Millis, manifest: Manifest) -> Replacement | None:
        """Make one file of those of a day before today; None: there are none.

        A day with a damaged file stays as it is, and where the disk has no room for the one file, all do,
        which is logged: nothing is to keep the archiver from archiving. Raises Ended.
        """
        today = to_text(now // DAY * DAY)[:10]
        for table, files in self._days(today, manifest):
            if len(files) < MANY and not self._has_rested(files, now):
                continue
            try:
                return self._merged(table, files)
            except ArchiveError as error:
                self._left_out.add(files[0].parent)
                log.error("not_compacted", table=table, day=_day(files), reason=str(error))
            except OSError as error:
                reason = f"{error.strerror or error}; make room"
                log.error("not_compacted", table=table, day=_day(files), reason=reason)
                return None
        return None

    def _days(self, today: str, manifest: Manifest) -> Iterator[tuple[str, list[Path]]]:
        for table in SCHEMAS:
            found = archived(self._folder.path, manifest, table, ".parquet")
            for folder, files in groupby(found, key=lambda path: path.parent):
                if folder in self._left_out:
                    continue
                small = [path for path in files if path.stat().st_size < LARGE]
                if len(small) > 1 and folder.name.removeprefix("date=") < today:
                    yield table, small

    @staticmethod
    def _has_rested(files: list[Path], now: Millis) -> bool:
        return now / 1000 - max(path.stat().st_mtime for path in files) >= RESTED_SECONDS

    def _merged(self, table: str, files: list[Path]) -> Replacement:
        """Rows stay in the order of the files.

        Raises ArchiveError for a damaged file, OSError where there is no room.
        """
        day = f"{table}/{files[0].parent.name}"
        part, rows = made_at(self._folder, day), 0
        check_room(self._folder.path, sum(path.stat().st_size for path in files))
        try:
            with pq.ParquetWriter(part, SCHEMAS[table], compression="zstd") as out:
                for path in files:
                    for batch in _batches(path, SCHEMAS[table]):
                        go_on(self._ended)
                        out.write_batch(batch)
                        rows += len(batch)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        log.info("compacted", table=table, day=_day(files), files=len(files), rows=rows)
        names = [str(path.relative_to(self._folder.path)) for path in files]
        return Replacement(day=day, end="merged.parquet", files=names)


def _batches(path: Path, schema: Any) -> Iterator[Any]:
    try:
        file = pq.ParquetFile(path)
        if not file.schema_arrow.equals(schema):
            raise ArchiveError(f"{path}: has other columns than this version writes; it stays as it is")
        yield from file.iter_batches(_ROWS)
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(f"{path}: can't be read ({error}); restore it from a copy") from None


def _day(files: list[Path]) -> str:
    return files[0].parent.name.removeprefix("date=")
