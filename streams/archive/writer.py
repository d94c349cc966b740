"""The writer: takes frames, ticks, identities and events, and archives them by commits; memory is bounded."""

import hashlib
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
import zstandard

from models.event import Event
from models.frame import Frame
from models.report import Rows
from models.source_hints import NO_HINTS, SourceHints
from models.tick import Instant
from models.time import DAY, Millis, to_text
from streams.archive.folder import Folder, archived, utc_now
from streams.archive.hashes import Entry
from streams.archive.raw import LINES, REGISTERED, Place, RawDays, encode_frame
from streams.archive.raw_names import END, RAW, UNKNOWN_DAY, digest_of_source, end_of
from streams.archive.tables import PARTITIONED_BY, event_row, identity_row, row_table, tick_table, visit_row

ROWS: Final = 100_000
"""Rows of all tables together that are kept in memory before they are written to files."""
RAW_BYTES: Final = 16 << 20
"""The same for raw frames, before compression."""
_LEVEL: Final = 9
"""Of zstd, for raw frames."""


class Writer:
    """Collects what is to be archived. Only `commit` archives it: all of it, or nothing after a crash.

    Where the disk is full, what waits goes on waiting, and can be written later.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._ticks: list[Rows] = []
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._waiting = 0
        self._raw: dict[tuple[str, str, int | None], list[bytes]] = {}  # by day, source and partition
        self._raw_waiting = 0
        self._digests: dict[str, Any] = {}  # of raw files, as far as they are written: bytes, SHA-256
        self._entries: list[Entry] = []
        self._superseded: dict[str, Millis] = {}  # and for how much longer than usual they stay
        self._names: set[str] = set()
        self._pieces = 0
        self._days = RawDays()
        self._known: dict[str, str] = {}  # the last day of sources that are archived, by digest
        for path in archived(folder.path, folder.manifest, RAW, END):
            digest, day = digest_of_source(path), path.parent.name.removeprefix("date=")
            if day != UNKNOWN_DAY:
                self._known[digest] = max(self._known.get(digest, ""), day)

    @property
    def empty(self) -> bool:
        """Whether nothing has come since the last commit."""
        return not (self._waiting or self._raw_waiting or self._names or self._superseded)

    def frame(
        self, frame: Frame, hints: SourceHints = NO_HINTS, kind: str = LINES, at: Place | None = None
    ) -> None:
        """`at` is where it was in the topic of a deployment."""
        digest = source_digest(REGISTERED if kind == REGISTERED else frame.source)
        self._days.last.setdefault(frame.source, self._known.get(digest, ""))
        day = self._days.of(frame, hints)
        data = encode_frame(frame, hints, kind, at)
        self._raw.setdefault((day, digest, at.partition if at else None), []).append(data)
        self._raw_waiting += len(data)

    def instant(self, instant: Instant) -> None:
        if len(instant.ticks):
            self._ticks.append(instant.ticks)
            self._waiting += len(instant.ticks)
        self._add("identities", map(identity_row, instant.identities))

    def event(self, event: Event) -> None:
        self._add("events", [event_row(event)])
        if visit := visit_row(event):
            self._add("visits", [visit])

    def _add(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        kept = self._rows.setdefault(table, [])
        before = len(kept)
        kept.extend(rows)
        self._waiting += len(kept) - before

    def relieve(self) -> None:
        """Write what waits to files if it is much, so that memory is bounded. Raises OSError."""
        if self._raw_waiting >= RAW_BYTES:
            self._write_raw()
        if self._waiting >= ROWS:
            self._write_tables()

    def write(self) -> None:
        """Write all that waits to files, as `commit` does. Raises OSError."""
        self._write_raw()
        self._write_tables()

    def file(self, name: str, what: str, content: bytes) -> None:
        """A file of another kind, whose hash is to be kept. Raises OSError."""
        part = self.folder.part(name)
        try:
            part.write_bytes(content)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        self.written(name, what, len(content), hashlib.sha256(content))

    def written(self, name: str, what: str, size: int, found: Any) -> None:
        """A file of so many bytes and this hash was written where `Folder.part` says."""
        self._names.add(name)
        self._entries.append(_entry(what, name, size, found))

    def supersede(self, names: Iterable[str], entries: Iterable[Entry] = (), later: Millis = 0) -> None:
        """These files belong to the archive no longer, from the next commit on.

        `later` is for how much longer than usual they stay for whoever reads them.
        """
        self._superseded.update(dict.fromkeys(names, later))
        self._entries += entries

    @property
    def leaving(self) -> AbstractSet[str]:
        """The files that the next commit supersedes."""
        return self._superseded.keys()

    def table(self, name: str) -> Path:
        """Where to write a table with this name, which belongs to the next commit."""
        self._names.add(name)
        return self.folder.part(name)

    def commit(self) -> None:
        """Archive what has come since the last commit, with what the manifest says now. Raises OSError."""
        self.write()
        raw = [_entry("raw", name, size, found) for name, (size, found) in sorted(self._digests.items())]
        self.folder.commit(self._names, [*raw, *self._entries], self._superseded)
        self._names, self._pieces = set(), 0
        self._digests, self._entries, self._superseded = {}, [], {}

    def _write_raw(self) -> None:
        """Add what waits to the files of this commit: each gets another frame of zstd."""
        while self._raw:
            (day, digest, partition), parts = next(iter(self._raw.items()))
            name = f"{RAW}/date={day}/{self.number}-{digest}{end_of(partition)}"
            packed = zstandard.compress(b"".join(parts), _LEVEL)
            size, found = self._digests.get(name, (0, hashlib.sha256()))
            with self.folder.part(name).open("r+b" if size else "wb") as file:
                file.truncate(size)  # what a full disk took only in part
                file.seek(size)
                file.write(packed)
            self._names.add(name)
            found.update(packed)
            self._digests[name] = size + len(packed), found
            del self._raw[day, digest, partition]
            self._raw_waiting -= sum(map(len, parts))

    def _write_tables(self) -> None:
        """What is written and failed is written again, under the same names."""
        if self._ticks:
            ticks = np.concatenate(self._ticks)
            for day, rows in _by_day(ticks["time"]):
                self._write("ticks", day, tick_table(ticks[rows]))
        for table, rows in self._rows.items():
            times = np.array([row[PARTITIONED_BY[table]] for row in rows], np.int64)
            for day, chosen in _by_day(times):
                self._write(table, day, row_table(table, [rows[at] for at in chosen.tolist()]))
        self._ticks, self._rows, self._waiting = [], {}, 0
        self._pieces += 1

    def _write(self, table: str, day: str, rows: Any) -> None:
        name = f"{table}/date={day}/{self.number}-{self._pieces:04d}.parquet"
        pq.write_table(rows, self.folder.part(name), compression="zstd")
        self._names.add(name)

    @property
    def number(self) -> str:
        """Of the next commit, as names of files have it."""
        return f"{self.folder.manifest.number + 1:08d}"


def source_digest(source: str) -> str:
    """What stands for a source in names of files: 16 hexadecimal digits."""
    return hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _entry(what: str, name: str, size: int, found: Any) -> Entry:
    return Entry(utc_now(), what, name, size, found.hexdigest())


def _by_day(times: Any) -> Iterable[tuple[str, Any]]:
    """The rows of each day, in their order."""
    days = times // DAY
    for day in np.unique(days).tolist():
        yield _day(day * DAY), np.flatnonzero(days == day)


def _day(time: Millis) -> str:
    return to_text(time)[:10]
