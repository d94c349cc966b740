"""Hashes: what an archive holds as evidence, in rows of which each has the SHA-256 of the one before.

    {"row":1,"previous":"000…","time":…,"what":"raw","file":"raw/date=…/…","bytes":…,"sha256":"…"}

A row that is changed, taken out or put in changes the hash of every row after it, and so that of the last one
(the head), which is in the manifest and in the log of the archiver. Whoever noted a head elsewhere can tell
that nothing before it was changed since. Files that are deleted have a row that says so.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePath
from typing import Final

import msgspec

from models.errors import UNDECODABLE
from models.time import Millis
from streams.archive.raw_names import RAW, Series, commits_of, is_merged, series_of

HASHES: Final = "hashes.jsonl"
NOTHING: Final = "0" * 64
"""What stands for the row before the first one."""


class Entry(msgspec.Struct, frozen=True):
    """What is told of one file. Bytes and hash are those that it has, or had when it was deleted."""

    time: Millis
    """When, by the clock of the archiver."""
    what: str
    """"raw", "snapshot", "rules", or "deleted"."""
    file: str
    """Relative to the archive."""
    bytes: int
    sha256: str


class Row(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry in its place."""

    row: int
    previous: str


class Chain(msgspec.Struct, frozen=True):
    """How far the rows go: their number, their bytes, and the SHA-256 of the last one."""

    rows: int = 0
    bytes: int = 0
    head: str = NOTHING


def append(path: Path, chain: Chain, entries: Sequence[Entry]) -> Chain:
    """Write rows after those of the chain, and see that they are on disk. Raises OSError."""
    lines = []
    row, head = chain.rows, chain.head
    for entry in entries:
        row += 1
        line = msgspec.json.encode(Row(**msgspec.structs.asdict(entry), row=row, previous=head))
        head = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    data = b"".join(lines)
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.seek(chain.bytes)
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    return Chain(row, chain.bytes + len(data), head)


def cut_back(path: Path, chain: Chain) -> None:
    """Take out rows of a commit that a crash has undone."""
    if path.exists() and path.stat().st_size > chain.bytes:
        os.truncate(path, chain.bytes)


def read(path: Path, chain: Chain, files: AbstractSet[str] | None = None) -> tuple[list[Row], list[str]]:
    """The rows, and what is wrong with them, a sentence each. With `files` only the rows of these."""
    rows: list[Row] = []
    faults: list[str] = []
    head, number = NOTHING, 0
    for number, line in enumerate(_lines(path, chain), 1):
        try:
            row = msgspec.json.decode(line, type=Row)
        except UNDECODABLE as error:
            faults.append(f"{path}: row {number} can't be read ({error}): it was changed")
            break
        if row.row != number or row.previous != head:
            faults.append(f"{path}: row {number} does not follow the one before: one of the two was changed")
            break
        if files is None or row.file in files:
            rows.append(row)
        head = hashlib.sha256(line).hexdigest()
    if not faults and (number, head) != (chain.rows, chain.head):
        faults.append(f"{path}: does not end as the manifest says: rows were changed or taken out")
    return rows, faults


def _lines(path: Path, chain: Chain) -> Iterator[bytes]:
    if not path.exists():
        return
    left = chain.bytes
    with path.open("rb") as file:
        while line := file.readline(left):
            left -= len(line)
            yield line.removesuffix(b"\n")


def digest_of(path: Path) -> tuple[int, str]:
    """The bytes and the SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), found


def digests_of(path: Path, sizes: Sequence[int]) -> list[str]:
    """The SHA-256 of each part of a file, of these bytes one after the other. Raises OSError."""
    found = []
    with path.open("rb") as file:
        for size in sizes:
            own = hashlib.sha256()
            while size and (chunk := file.read(min(size, 1 << 20))):
                own.update(chunk)
                size -= len(chunk)
            found.append(own.hexdigest())
    return found


def held(rows: Sequence[Row]) -> dict[str, Row]:
    """What should be there, by file: all that was neither deleted nor merged into another file."""
    return lineage(rows)[0]


def lineage(rows: Sequence[Row]) -> tuple[dict[str, Row], dict[str, list[Row]]]:
    """What should be there, by file; and of each merged file the rows of those that it is made of, in order.

    The name of a merged file tells of which commits it has the frames.
    """
    found: dict[str, Row] = {}
    parts: dict[str, list[Row]] = {}
    of_series: dict[Series, dict[str, None]] = {}
    for row in rows:
        path = PurePath(row.file)
        series = series_of(path) if row.file.startswith(f"{RAW}/") else None
        known = of_series.setdefault(series, {}) if series else {}
        if row.what == "deleted":
            found.pop(row.file, None)
            known.pop(row.file, None)
            parts.pop(row.file, None)
            continue
        if series and is_merged(path):
            first, last = commits_of(path)
            inside = [name for name in known if first <= commits_of(PurePath(name)).first <= last]
            made: list[Row] = []
            for name in sorted(inside, key=lambda each: commits_of(PurePath(each))):
                made += parts.pop(name, [found[name]])
                del found[name], known[name]
            parts[row.file] = made
        found[row.file] = row
        known[row.file] = None
    return found, parts
