"""Later: what was fed to a stage before the instant from which it counts."""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from models.drawn_fence import FenceVersion
from models.sighting import Sighting
from models.time import Millis

T = TypeVar("T", Sighting, FenceVersion)


class Later(Generic[T]):
    """State: things of one type, by the instant from which they count.

    The names of the pieces that change are added to `changed`.
    """

    def __init__(self, kind: str, type: type[T], changed: set[str]) -> None:
        """`kind` begins the names of the pieces."""
        self.kind, self._changed = kind, changed
        self._decoder = msgspec.msgpack.Decoder(list[type])  # type: ignore[valid-type]
        self._waiting: dict[Millis, list[T]] = {}

    def __iter__(self) -> Iterator[Millis]:
        """The instants from which something counts."""
        return iter(self._waiting)

    def put(self, thing: T, instant: Millis) -> None:
        self._waiting.setdefault(instant, []).append(thing)
        self._changed.add(f"{self.kind}/{instant}")

    def take(self, instant: Millis) -> tuple[T, ...]:
        """Hand out those that count by an instant, by their key; they do not wait any more."""
        due = [time for time in self._waiting if time <= instant]
        self._changed.update(f"{self.kind}/{time}" for time in due)
        return tuple(sorted((each for time in due for each in self._waiting.pop(time)), key=lambda e: e.key))

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"{self.kind}/{instant}" for instant in self._waiting}

    def piece(self, instant: Millis) -> object | None:
        """What one piece holds; None where it is gone."""
        return self._waiting.get(instant)

    def load(self, pieces: Mapping[str, bytes]) -> None:
        """Replace the state by those of these pieces that are of this kind."""
        start = f"{self.kind}/"
        mine = {name: data for name, data in pieces.items() if name.startswith(start)}
        self._waiting = {
            int(name.removeprefix(start)): self._decoder.decode(mine[name]) for name in sorted(mine)
        }
