"""Names of raw files: the source, partition and commits of the frames in them.

raw/date=2026-03-01/00000007-3f1c….0.zst                       of commit 7 and partition 0
raw/date=2026-03-01/00001502-3f1c….0.00000007-00001440.zst     merged by commit 1502: those of 7 to 1440
raw/date=2026-03-01/00000007-3f1c….zst                         of recordings, which have no partition
"""

from pathlib import PurePath
from typing import Final, NamedTuple

RAW: Final = "raw"
END: Final = ".zst"
UNKNOWN_DAY: Final = "unknown"


class Commits(NamedTuple):
    """The first and the last commit of which a file has frames."""

    first: int
    last: int


class Series(NamedTuple):
    """Files that may become one: those of a source and partition of one day."""

    folder: str
    digest: str
    partition: int


def end_of(partition: int | None, commits: Commits | None = None) -> str:
    """How the name of a file with frames of this partition ends; None: of recordings, which have none.

    `commits` are those of a merged file.
    """
    told = "" if partition is None else f".{partition}"
    return told + (f".{commits.first:08d}-{commits.last:08d}" if commits else "") + END


def partition_of(path: PurePath) -> int | None:
    """The partition that the name of a file tells."""
    told = path.name.partition(".")[2].partition(".")[0]
    return int(told) if told.removeprefix("-").isdecimal() else None


def digest_of_source(path: PurePath) -> str:
    """What the name of a file tells of its source."""
    return path.name.partition("-")[2].partition(".")[0]


def is_merged(path: PurePath) -> bool:
    return _range(path) is not None


def commits_of(path: PurePath) -> Commits:
    """The commits that the name of a file tells; 0 where it tells none."""
    if found := _range(path):
        return found
    number = path.name.partition("-")[0]
    commit = int(number) if number.isdecimal() else 0
    return Commits(commit, commit)


def _range(path: PurePath) -> Commits | None:
    parts = path.name.split(".")
    first, _, last = parts[2].partition("-") if len(parts) > 3 else ("", "", "")
    return Commits(int(first), int(last)) if first.isdecimal() and last.isdecimal() else None


def series_of(path: PurePath) -> Series | None:
    """None for files of recordings, and of names of another kind."""
    partition = partition_of(path)
    return None if partition is None else Series(path.parent.name, digest_of_source(path), partition)


def place_in_time(path: PurePath) -> tuple[Commits, bool, str]:
    """A key that sorts the files of a source in the order in which its frames came.

    A commit at midnight has two files of a source; where the day is not known, it is so at the beginning.
    """
    day = path.parent.name.removeprefix("date=")
    return commits_of(path), day != UNKNOWN_DAY, day
