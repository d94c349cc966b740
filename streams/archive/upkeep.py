"""Upkeep: what the archiver makes of past days beside its work, one file in the place of many.

A thread makes it while messages are read and archived; the next commit takes it in. Where the disk is full
nothing is made, the many stay, and it is tried again later.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Final

from models.time import Millis
from streams.archive.compaction import Compaction
from streams.archive.folder import Manifest, copy_of, utc_now
from streams.archive.merging import Merging
from streams.archive.replacement import Ended, Replacement, made_at
from streams.archive.writer import Writer

EVERY_SECONDS: Final = 600.0
"""How long nothing is looked for after there was nothing to do, or no room for it."""


class Upkeep:
    """Makes one replacement at a time."""

    def __init__(self, writer: Writer, worked_off: Callable[[], int | None]) -> None:
        """`worked_off` as for Merging."""
        self._writer = writer
        self._ended = threading.Event()
        ended = self._ended.is_set
        self._makers = (Compaction(writer.folder, ended), Merging(writer.folder, worked_off, ended))
        self._looked = float("-inf")
        self._making: asyncio.Task[Replacement | None] | None = None

    @property
    def made(self) -> bool:
        """Whether there is something to adopt."""
        return self._making is not None and self._making.done()

    def adopt(self) -> None:
        """Give what was made to the next commit. Raises what went wrong in making it."""
        if self._making is None or not self._making.done():
            return
        made, self._making = self._making.result(), None
        if made is None:
            self._looked = time.monotonic()
        else:
            made.adopt(self._writer)

    def begin(self) -> None:
        """Make the next one of what is archived now, if it is time for it. For after a commit."""
        if self._making is None and time.monotonic() - self._looked >= EVERY_SECONDS:
            now, manifest = utc_now(), copy_of(self._writer.folder.manifest)
            self._making = asyncio.create_task(asyncio.to_thread(self._make, now, manifest))

    def drop(self) -> None:
        """Give the room of what was made back; the files that it is made of are there."""
        if self._making is None or not self._making.done():
            return
        made, self._making = self._making.result(), None
        self._looked = time.monotonic()
        if made is not None:
            made_at(self._writer.folder, made.day).unlink()

    async def wait(self) -> None:
        """Wait for what is being made."""
        if self._making is not None:
            await asyncio.wait([self._making])

    async def end(self) -> None:
        """Make nothing more; what was made and not adopted is removed by the next start."""
        self._ended.set()
        await self.wait()

    def _make(self, now: Millis, manifest: Manifest) -> Replacement | None:
        try:
            for maker in self._makers:
                if made := maker.make(now, manifest):
                    return made
        except Ended:
            pass
        return None
