"""Hashes: what an archive holds as evidence, in rows of which each has the SHA-256 of the one before.

    {"row":1,"previous":"000…","time":…,"what":"raw","file":"raw/date=…/…","bytes":…,"sha256":"…"}

A row that is changed, taken out or put in changes the hash of every row after it, and so that of the last one
(the head), which is in the manifest and in the log of the archiver. Whoever noted a head elsewhere can tell
that nothing before it was changed since. Files that are deleted have a row that says so.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from models.time import Millis

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


def read(path: Path, chain: Chain) -> tuple[list[Row], list[str]]:
    """The rows, and what is wrong with them, a sentence each."""
    rows: list[Row] = []
    faults: list[str] = []
    head = NOTHING
    for number, line in enumerate(_lines(path, chain), 1):
        try:
            row = msgspec.json.decode(line, type=Row)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            faults.append(f"{path}: row {number} can't be read ({error}): it was changed")
            break
        if row.row != number or row.previous != head:
            faults.append(f"{path}: row {number} does not follow the one before: one of the two was changed")
            break
        rows.append(row)
        head = hashlib.sha256(line).hexdigest()
    if not faults and (len(rows), head) != (chain.rows, chain.head):
        faults.append(f"{path}: does not end as the manifest says: rows were changed or taken out")
    return rows, faults


def _lines(path: Path, chain: Chain) -> Iterator[bytes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        yield from file.read(chain.bytes).splitlines()


def digest_of(path: Path) -> tuple[int, str]:
    """The bytes and the SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), found


def held(rows: Sequence[Row]) -> dict[str, Row]:
    """What should be there, by file: all that was not deleted."""
    found: dict[str, Row] = {}
    for row in rows:
        if row.what == "deleted":
            found.pop(row.file, None)
        else:
            found[row.file] = row
    return found
