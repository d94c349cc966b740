"""Waiting: the instants that were fed to a stage and are not worked off yet.

When many vessels say who they are, as in the first minutes of a deployment, their identities wait packed: as
objects those of the world take a quarter of a gigabyte. Those that came last are not packed until others
come: they may not have to wait.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import merge
from operator import attrgetter
from typing import Any, Final

import msgspec
import zstandard

from models.tick import Instant, PackedInstant
from models.time import Millis
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


def identities_of(parts: Iterable[Instant]) -> Iterator[Identity]:
    """The identities of parts of one instant by MMSI, as those of each part are already; that a vessel is
    gone comes after what else is said of it."""
    return merge(*(part.identities for part in parts), key=attrgetter("mmsi", "gone"))


class Waiting:
    """State: the instants of each time, one for each partition of vessels, in the order in which they came.

    The names of the pieces that change are added to `changed`.
    """

    def __init__(self, changed: set[str]) -> None:
        self._changed = changed
        self._instants: dict[Millis, list[Instant]] = {}
        self._newest: list[Instant] = []  # those of one time, if the last that came is still among them

    def __iter__(self) -> Iterator[Millis]:
        """The times for which there is something."""
        return iter(self._instants)

    def put(self, batch: Instant) -> None:
        if self._newest and len(last := self._newest[-1].identities) >= _MANY:
            self._newest[-1] = replace(self._newest[-1], identities=_Packed(last))
        self._newest = self._instants.setdefault(batch.time, [])
        self._newest.append(batch)
        self._changed.add(f"fed/{batch.time}")

    def of(self, time: Millis) -> list[Instant]:
        """The instants of a time, which go on waiting."""
        return self._instants.get(time, [])

    def take(self, time: Millis) -> list[Instant]:
        """Hand out the instants of a time; they do not wait any more."""
        self._changed.add(f"fed/{time}")
        taken = self._instants.pop(time, [])
        if taken is self._newest:
            self._newest = []
        return taken

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
        self._newest = []
        self._instants = {
            time: [kept.instant() for kept in msgspec.msgpack.decode(data, type=list[PackedInstant])]
            for time, data in pieces
        }
