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
_unpack: Final = msgspec.msgpack.Decoder(PackedInstant).decode


class _Packed(Sequence[Identity]):
    """Identities that are objects only while somebody goes through them."""

    def __init__(self, identities: Sequence[Identity]) -> None:
        parts = [identities[at : at + _AT_ONCE] for at in range(0, len(identities), _AT_ONCE)]
        self._parts = [_compressed(_encode(part)) for part in parts]
        self._count = len(identities)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Identity]:
        for part in self._parts:
            yield from _decode(_decompressed(part))

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
        parts = self._instants.setdefault(batch.time, [])
        self._changed.add(_name(batch.time, len(parts)))
        parts.append(batch)
        self._last = batch.time

    def of(self, time: Millis) -> list[Instant]:
        """The instants of a time, which go on waiting."""
        return self._instants.get(time, [])

    def take(self, time: Millis) -> list[Instant]:
        """Hand out the instants of a time; they do not wait any more."""
        parts = self._instants.pop(time, [])
        self._changed.update(_name(time, number) for number in range(len(parts)))
        return parts

    # --- checkpoints: each part has a piece, which is written once

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {_name(time, number) for time, parts in self._instants.items() for number in range(len(parts))}

    def piece(self, _: str, rest: str) -> object | None:
        """What one piece holds; None where it is gone."""
        time, _, number = rest.partition(".")
        parts = self._instants.get(int(time), []) if number else []
        at = int(number or 0)
        return _compressed(_encode(PackedInstant.of(parts[at]))) if at < len(parts) else None

    def load(self, pieces: Iterable[tuple[str, str, bytes]]) -> None:
        """Replace the state by these pieces: their kind, the rest of the name, and what each holds. A time
        without a number is of a version before: all its parts, as they are."""
        self._instants = {}
        for rest, data in sorted(((rest, data) for _, rest, data in pieces), key=_place):
            if "." in rest:
                packed = _unpack(_decompressed(msgspec.msgpack.decode(data, type=bytes)))
                self.put(packed.instant())
                continue
            self._changed.add(f"fed/{rest}")
            for packed in msgspec.msgpack.decode(data, type=list[PackedInstant]):
                self.put(packed.instant())


def _name(time: Millis, number: int) -> str:
    return f"fed/{time}.{number}"


def _decompressed(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)


def _place(piece: tuple[str, bytes]) -> tuple[int, int]:
    time, _, number = piece[0].partition(".")
    return int(time), int(number or 0)


def _compressed(data: bytes) -> bytes:
    # a copy: the original holds on to the room for all that it compressed
    return bytes(memoryview(zstandard.ZstdCompressor(level=1).compress(data)))
