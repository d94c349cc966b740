"""Waiting: the instants that were fed to a stage and are not worked off yet."""

from collections.abc import Iterable, Iterator

import msgspec

from models.tick import Instant, PackedInstant
from models.time import Millis


class Waiting:
    """State: the instants of each time, one for each partition of vessels, in the order in which they came.

    The names of the pieces that change are added to `changed`.
    """

    def __init__(self, changed: set[str]) -> None:
        self._changed = changed
        self._instants: dict[Millis, list[Instant]] = {}

    def __iter__(self) -> Iterator[Millis]:
        """The times for which there is something."""
        return iter(self._instants)

    def put(self, batch: Instant) -> None:
        self._instants.setdefault(batch.time, []).append(batch)
        self._changed.add(f"fed/{batch.time}")

    def of(self, time: Millis) -> list[Instant]:
        """The instants of a time, which go on waiting."""
        return self._instants.get(time, [])

    def take(self, time: Millis) -> list[Instant]:
        """Hand out the instants of a time; they do not wait any more."""
        self._changed.add(f"fed/{time}")
        return self._instants.pop(time, [])

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"fed/{time}" for time in self._instants}

    def piece(self, time: Millis) -> object | None:
        """What one piece holds; None where it is gone."""
        instants = self._instants.get(time)
        return instants and [PackedInstant.of(each) for each in instants]

    def load(self, pieces: Iterable[tuple[Millis, bytes]]) -> None:
        """Replace the state by these pieces: the time, and what it holds."""
        self._instants = {
            time: [kept.instant() for kept in msgspec.msgpack.decode(data, type=list[PackedInstant])]
            for time, data in pieces
        }
