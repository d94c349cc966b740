"""The events of an archive, as they were published."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from models.event import Event, from_json
from streams.archive.folder import ArchiveError, archived, read_manifest


def archived_events(folder: Path) -> Iterator[Event]:
    """All archived revisions, by day of detection. Raises ArchiveError."""
    for path in archived(folder, read_manifest(folder), "events", ".parquet"):
        try:
            for batch in pq.ParquetFile(path).iter_batches(columns=["json"]):
                yield from map(from_json, batch.column(0).to_pylist())
        except (OSError, pa.ArrowException, ValueError) as error:
            raise ArchiveError(f"{path}: can't be read ({error}); restore it from a copy") from None
