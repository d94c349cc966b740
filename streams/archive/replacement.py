"""Replacement: one file that is to take the place of others, made while the archiver goes on.

It is made in a thread, under a name that belongs to no commit. The commit that takes it in gives it the name,
so what comes meanwhile is archived as ever, and whatever happens before leaves the others as they are.
"""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.errors import TankerwatchError
from models.time import Millis
from streams.archive.folder import Folder
from streams.archive.writer import Writer

_RESERVE: Final = 256 << 20
"""Bytes that are left on the disk for what comes in, or a twentieth of a disk that is smaller than 5 GiB."""


class Ended(TankerwatchError):
    """The archiver ends, and what was being made is not needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A file that was made where `made_at` says."""

    day: str
    """Its folder, relative to the archive."""
    end: str
    """What follows the number of its commit in its name."""
    files: list[str]
    """Those that it takes the place of, relative to the archive."""
    raw: tuple[int, Any] | None = None
    """Of raw frames, its bytes and their hash."""
    later: Millis = 0
    """How much longer than usual the others stay."""

    def adopt(self, writer: Writer) -> bool:
        """Give it to the next commit. Whether it does: not where one of the others was deleted meanwhile."""
        place = made_at(writer.folder, self.day)
        gone = writer.folder.manifest.superseded
        if any(name in gone or name in writer.leaving for name in self.files):
            place.unlink()
            return False
        name = f"{self.day}/{writer.number}-{self.end}"
        place.replace(writer.folder.part(name))
        if self.raw is None:
            writer.table(name)
        else:
            writer.written(name, Path(self.day).parts[0], *self.raw)
        writer.supersede(self.files, later=self.later)
        return True


def made_at(folder: Folder, day: str) -> Path:
    """Where what takes the place of files of this folder is made. A start removes what it finds there."""
    return folder.part(f"{day}/made")


def check_room(folder: Path, size: int) -> None:
    """Raises OSError where a file of this size would not leave what comes in its room."""
    disk = shutil.disk_usage(folder)
    if disk.free < size + min(_RESERVE, disk.total // 20):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def go_on(ended: Callable[[], bool]) -> None:
    """Raises Ended once it is."""
    if ended():
        raise Ended
