"""Retention: how long raw frames and snapshots are kept, counted from when they were archived.

Counted by the clock and not by what lines tell: a recording of 2013 that is published today is kept like any
other, and a time of years ahead deletes nothing.
"""

from pathlib import Path
from typing import Final

from models.time import DAY
from streams.archive.folder import Folder, utc_now
from streams.archive.hashes import HASHES, Entry, lineage, read
from streams.archive.writer import Writer
from streams.runtime.logs import get_logger

log = get_logger(__name__)
_KINDS: Final = ("raw", "snapshot")


class Retention:
    """Takes files out of an archive when they are old enough; hashes.jsonl says which, and when."""

    def __init__(self, folder: Folder, days: int) -> None:
        """`days` 0 keeps everything."""
        self._folder, self._days = folder, days
        self._read = -1

    def apply(self, writer: Writer) -> None:
        """Name what is too old to the next commit.

        Where hashes.jsonl was changed nothing is deleted, which is logged once a day.
        """
        today = utc_now() // DAY
        if not self._days or today == self._read:
            return
        self._read = today
        rows, faults = read(self._folder.path / HASHES, self._folder.manifest.chain)
        if faults:
            log.error("nothing_deleted", reason=f"{faults[0]}; restore it from a copy")
            return
        now = utc_now()
        there, parts = lineage(rows)
        due = [
            row
            for name, row in there.items()
            if row.what in _KINDS
            and now - max(each.time for each in parts.get(name) or [row]) >= self._days * DAY
        ]
        if due:
            entries = [Entry(now, "deleted", row.file, row.bytes, row.sha256) for row in due]
            writer.supersede([row.file for row in due], entries)
            days = sorted({Path(row.file).parent.name.removeprefix("date=") for row in due})
            log.warning("deleted", files=len(due), bytes=sum(row.bytes for row in due), first=days[0],
                last=days[-1], reason=f"archived {self._days} days ago or earlier")  # fmt: skip
