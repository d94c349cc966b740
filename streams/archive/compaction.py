"""Compaction: the small tables of a past day become one, so that questions open few files.

A commit puts the one in the place of the others, so a reader sees either, and a crash leaves the small ones.
Raw frames stay as they were archived: their files are what hashes.jsonl names.
"""

import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from models.time import DAY, Millis, to_text
from streams.archive.folder import ArchiveError, archived
from streams.archive.tables import SCHEMAS
from streams.archive.writer import Writer
from streams.runtime.logs import get_logger

log = get_logger(__name__)

EVERY_SECONDS: Final = 600.0
MANY: Final = 24
"""Files of a day that are made one at once; fewer wait until the day has rested."""
RESTED_SECONDS: Final = 3_600.0
LARGE: Final = 64 << 20
"""Bytes of a file that is left as it is: it has been made of many, or is large enough."""
_ROWS: Final = 50_000
"""Rows in memory at once."""


class Compaction:
    """Makes one table of many, a day of one table with each commit."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._folder = writer, writer.folder
        self._looked = float("-inf")

    def apply(self, now: Millis) -> bool:
        """Make one file of those of a day before today. Whether there were any."""
        today = to_text(now // DAY * DAY)[:10]
        for table, files in self._days(today):
            if len(files) >= MANY or self._has_rested(files, now):
                self._merge(table, files)
                return True
        return False

    def apply_now_and_then(self, now: Millis) -> None:
        """The same, but looks only every few minutes when there was nothing to do."""
        if time.monotonic() - self._looked >= EVERY_SECONDS and not self.apply(now):
            self._looked = time.monotonic()

    def _days(self, today: str) -> Iterator[tuple[str, list[Path]]]:
        for table in SCHEMAS:
            found = archived(self._folder.path, self._folder.manifest, table, ".parquet")
            for folder, files in groupby(found, key=lambda path: path.parent):
                small = [path for path in files if path.stat().st_size < LARGE]
                if len(small) > 1 and folder.name.removeprefix("date=") < today:
                    yield table, small

    @staticmethod
    def _has_rested(files: list[Path], now: Millis) -> bool:
        return now / 1000 - max(path.stat().st_mtime for path in files) >= RESTED_SECONDS

    def _merge(self, table: str, files: list[Path]) -> None:
        """Rows stay in the order in which they were archived. Raises ArchiveError for a damaged file."""
        name = f"{table}/{files[0].parent.name}/{self._writer.number}-merged.parquet"
        rows = 0
        with pq.ParquetWriter(self._writer.table(name), SCHEMAS[table], compression="zstd") as out:
            for path in files:
                try:
                    for batch in pq.ParquetFile(path).iter_batches(_ROWS):
                        out.write_batch(batch)
                        rows += len(batch)
                except (OSError, pa.ArrowException) as error:
                    raise ArchiveError(f"{path}: can't be read ({error}); restore it from a copy") from None
        self._writer.supersede([str(path.relative_to(self._folder.path)) for path in files])
        log.info("compacted", table=table, day=files[0].parent.name.removeprefix("date="),
            files=len(files), rows=rows)  # fmt: skip
