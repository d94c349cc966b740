"""Drawn fences of a recording: they count from its beginning, and their events are computed at once.

What a vessel does at one fence tells nothing of another, so only the fence that changes is computed. The
instants of the recording are kept for that, up to a number of positions.
"""

import asyncio
from collections.abc import Sequence
from copy import copy
from typing import Final

import msgspec

from geofences.drawn import fence_of
from geofences.fence import Fence
from models.drawn_fence import FenceVersion
from models.errors import TankerwatchError
from models.event import Event, EventType
from models.tick import Instant
from models.time import END, Millis, to_text
from streams.feed.recording.memory_log import MemoryLog
from streams.feed.recording.progress import Progress
from streams.stages.fence_stage import FenceStage
from streams.stages.rules import Rules

MOST_POSITIONS: Final = 5_000_000
"""Positions of a recording that are kept, about 300 MB."""
NOTE: Final = (
    "A fence counts from the beginning of the recording: its entries and exits are computed at once, on this "
    "page only. To keep the fences, download them and run: tankerwatch replay --fence drawn.geojson RECORDING"
)


class FencesNotReady(TankerwatchError):
    """The recording is still being read, or is too large."""


class RecordedFences:
    """The fences drawn on the page of a recording: a `FenceBook`, and where their versions go."""

    def __init__(self, log: MemoryLog, progress: Progress, rules: Rules) -> None:
        self._log, self._progress, self._rules = log, progress, rules
        self._instants: list[Instant] = []
        self._positions = 0
        self._versions: dict[str, FenceVersion] = {}  # the last of each fence
        self._claimed: dict[str, int] = {}  # the number of that of each fence, whether computed or not
        self._found: dict[str, list[Event]] = {}  # by drawn fence
        self._of_files: list[Event] | None = None  # of the fences that files give, once somebody draws
        self._lock = asyncio.Lock()

    def keep(self, instant: Instant) -> None:
        """Keep an instant of the recording. Called in the thread that reads it."""
        self._positions += len(instant.ticks)
        if self._positions > MOST_POSITIONS:
            self._instants.clear()
        else:
            self._instants.append(
                Instant(instant.time, instant.ticks, instant.identities, stations=instant.stations)
            )

    async def versions(self) -> list[FenceVersion]:
        standing = (version for version in self._versions.values() if not version.deleted)
        return sorted(standing, key=lambda version: version.key)

    async def claim(self, version: FenceVersion) -> bool:
        if version.version <= self._claimed.get(version.id, 0):
            return False
        self._claimed[version.id] = version.version
        return True

    async def release(self, version: FenceVersion) -> None:
        self._claimed[version.id] = version.version - 1

    async def newest(self) -> Millis | None:
        """The beginning of the recording, from which on fences count."""
        return self._log.first

    async def publish(self, version: FenceVersion) -> None:
        """Compute the events of this fence, and put them in the place of those that it had. Raises
        FencesNotReady."""
        if not self._progress.ended:
            raise FencesNotReady("the recording is still being read; draw again once it is")
        if self._positions > MOST_POSITIONS:
            raise FencesNotReady(
                f"this recording has {self._positions:,} positions, more than the page computes fences for "
                f"({MOST_POSITIONS:,}); give the fence as a file to `tankerwatch serve --fence`"
            )
        async with self._lock:
            first = self._log.first
            counted = msgspec.structs.replace(version, valid_from=None if first is None else to_text(first))
            if self._of_files is None:
                self._of_files = await asyncio.to_thread(self._computed, self._rules.drawn)
            fence = fence_of(counted, counted.begins if counted.valid_from else None)
            events = await asyncio.to_thread(self._computed, () if version.deleted else (fence,))
            self._versions[version.id], self._found[version.id] = counted, events
            every = [*self._of_files, *(event for found in self._found.values() for event in found)]
            self._log.exchange({EventType.FENCE_ENTRY, EventType.FENCE_EXIT}, every)

    def _computed(self, fences: Sequence[Fence]) -> list[Event]:
        if not fences:
            return []
        rules = copy(self._rules)
        rules.drawn = tuple(fences)
        stage = FenceStage(rules)
        events: list[Event] = []
        for instant in self._instants:
            stage.feed(instant)
            events += stage.advance(instant.time + 1).events
        return [*events, *stage.advance(END).events]
