"""Waiting: the instants that were fed to a stage and are not worked off yet.

When many vessels say who they are, as in the first minutes of a deployment, their identities wait packed: as
objects those of the world take a quarter of a gigabyte.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import merge
from operator import attrgetter
from typing import Any, Final

import msgspec
import zstandard

from models.tick import Instant, PackedInstant
from models.time import BEGINNING, Millis
from models.vessel import Identity

_MANY: Final = 500
"""So many identities of one instant are packed."""
_AT_ONCE: Final = 64
"""So many of them are objects at the same time."""
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[Identity]).decode


class _Packed(Sequence[Identity]):
    """Identities that are objects only while somebody goes through them."""

    def __init__(self, identities: Sequence[Identity]) -> None:
        packer = zstandard.ZstdCompressor(level=1)
        parts = [identities[at : at + _AT_ONCE] for at in range(0, len(identities), _AT_ONCE)]
        self._parts = [bytes(memoryview(packer.compress(_encode(part)))) for part in parts]
        self._count = len(identities)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Identity]:
        unpacker = zstandard.ZstdDecompressor()
        for part in self._parts:
            yield from _decode(unpacker.decompress(part))

    def __getitem__(self, at: Any) -> Any:
        return list(self)[at]


def _packed(instant: Instant) -> Instant:
    """The same instant, its identities packed if there are many."""
    identities = instant.identities
    if len(identities) < _MANY or isinstance(identities, _Packed):
        return instant
    return replace(instant, identities=_Packed(identities))


def identities_of(parts: Iterable[Instant]) -> Iterator[Identity]:
    """The identities of parts of one instant by MMSI, as those of each part are already; that a vessel is
    gone comes after what else is said of it."""
    each = [part.identities for part in parts if len(part.identities)]
    return iter(each[0]) if len(each) == 1 else merge(*each, key=attrgetter("mmsi", "gone"))


class Waiting:
    """State: the instants of each time, one for each partition of vessels, in the order in which they came.

    The names of the pieces that change are added to `changed`.
    """

    def __init__(self, changed: set[str]) -> None:
        self._changed = changed
        self._instants: dict[Millis, list[Instant]] = {}
        self._last: Millis = BEGINNING
        """Where one was put last: most are taken before the next one comes, and so are never packed."""

    def __iter__(self) -> Iterator[Millis]:
        """The times for which there is something."""
        return iter(self._instants)

    def put(self, batch: Instant) -> None:
        waiting = self._instants.get(self._last, [])  # they were not taken at once
        waiting[:] = map(_packed, waiting)
        self._instants.setdefault(batch.time, []).append(batch)
        self._last = batch.time
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
