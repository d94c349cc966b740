"""Identities: what is known of each vessel, in some ninety bytes a vessel; there may be a million."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.time import Millis
from models.vessel import ONE_PLACE, Dimensions, Identity, Places, Role, WatchlistHit

_ROLES: Final = tuple(Role)
_UNPACKED: Final = 1 << 14
"""Identities that are remembered as objects."""
_AT_ONCE: Final = 1 << 14
"""Identities that are taken from a checkpoint before they are packed."""


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """An identity as it is packed: its fields without the MMSI, those first that differ most often. What
    comes last and is as in a vessel that has told nothing is left out."""

    time: Millis
    first: Millis = 0
    role: int = 0  # number of a Role
    class_b: bool = False
    counts: bool | None = False
    name: str | None = None
    ship_type: int | None = None
    dimensions: tuple[int, int, int, int] | None = None
    callsign: str | None = None
    imo: int | None = None
    sent_imo: int | None = None
    draught: float | None = None
    away: tuple[Millis, Millis] | None = None
    places: Places | None = None
    watchlists: tuple[WatchlistHit, ...] = ()


_DEFAULTS: Final = [None, *_Kept.__struct_defaults__]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Kept).decode


class Identities:
    """By MMSI. What is put is an object until it is `settled`; then it is packed."""

    def __init__(self, identities: Iterable[Identity] = ()) -> None:
        self._fresh: dict[int, Identity] = {}
        self._mmsis = np.empty(0, np.uint32)  # of those that are packed, ascending
        self._starts = np.empty(0, np.int64)  # of each among the bytes
        self._ends = np.empty(0, np.int64)  # the same as its start where it is gone
        self._bytes = bytearray()
        self._rows: dict[int, int] = {}  # of vessels that are about to be asked of; -1 for none
        self._unpacked: dict[int, Identity] = {}  # some of those that are packed, as objects
        each = iter(identities)
        while some := list(islice(each, _AT_ONCE)):
            for identity in some:
                self.put(identity)
            self.settle()

    def __iter__(self) -> Iterator[int]:
        yield from self._fresh
        yield from self._mmsis[self._ends > self._starts].tolist()

    def get(self, mmsi: int) -> Identity | None:
        known = self._fresh.get(mmsi) or self._unpacked.get(mmsi)
        if known is None and (at := self._at(mmsi)) is not None:
            if len(self._unpacked) >= _UNPACKED:
                self._unpacked.clear()
            known = _unpacked(mmsi, self._bytes[self._starts[at] : self._ends[at]])
            self._unpacked[mmsi] = known
        return known

    def expect(self, mmsis: Iterable[int]) -> None:
        """These are about to be asked of, put and dropped, one by one, until all is settled."""
        asked = np.unique(np.fromiter(mmsis, np.uint32))
        at, there = self._find(asked)
        self._rows = dict(zip(asked.tolist(), np.where(there, at, -1).tolist(), strict=True))

    def put(self, identity: Identity) -> None:
        self.drop(identity.mmsi)
        self._fresh[identity.mmsi] = identity

    def drop(self, mmsi: int) -> None:
        if self._fresh.pop(mmsi, None) is not None:
            return
        self._unpacked.pop(mmsi, None)
        if (at := self._at(mmsi)) is not None:
            self._ends[at] = self._starts[at]

    def settle(self) -> None:
        """Pack what was put."""
        self._rows = {}
        if not self._fresh:
            return
        mmsis = np.array(sorted(self._fresh), np.uint32)
        packed = [_packed(self._fresh[mmsi]) for mmsi in mmsis.tolist()]
        ends = len(self._bytes) + np.cumsum([len(each) for each in packed])
        starts = np.append(len(self._bytes), ends[:-1])
        self._bytes += b"".join(packed)
        at, there = self._find(mmsis)
        self._starts[at[there]], self._ends[at[there]] = starts[there], ends[there]
        if not there.all():
            new = ~there
            self._mmsis = np.insert(self._mmsis, at[new], mmsis[new])
            self._starts = np.insert(self._starts, at[new], starts[new])
            self._ends = np.insert(self._ends, at[new], ends[new])
        if len(self._unpacked) + len(self._fresh) <= _UNPACKED:  # they are asked of next
            self._unpacked.update(self._fresh)
        self._fresh = {}
        if 2 * (self._ends - self._starts).sum() < len(self._bytes):
            self._compact()

    def _compact(self) -> None:
        """Let go of the bytes of those that are gone or have told something else."""
        here = self._ends > self._starts
        self._mmsis, starts, ends = self._mmsis[here], self._starts[here], self._ends[here]
        kept = memoryview(self._bytes)
        self._bytes = bytearray().join(
            kept[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        )
        self._ends = np.cumsum(ends - starts)
        self._starts = self._ends - (ends - starts)

    def _find(self, mmsis: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Where these stand among those that are packed, or would, and which do."""
        at = self._mmsis.searchsorted(mmsis)
        there = at < len(self._mmsis)
        there[there] = self._mmsis[at[there]] == mmsis[there]
        return at, there

    def _at(self, mmsi: int) -> int | None:
        at = self._rows.get(mmsi)
        if at is None:
            at = int(self._mmsis.searchsorted(np.uint32(mmsi)))
            if at == len(self._mmsis) or self._mmsis[at] != mmsi:
                return None
        return None if at < 0 or self._ends[at] == self._starts[at] else at


def _packed(identity: Identity) -> bytes:
    size = identity.dimensions
    values: list[Any] = [
        identity.time,
        identity.first,
        _ROLES.index(identity.role),
        identity.class_b,
        identity.counts,
        identity.name,
        identity.ship_type,
        None if size is None else (size.to_bow, size.to_stern, size.to_port, size.to_starboard),
        identity.callsign,
        identity.imo,
        identity.sent_imo,
        identity.draught,
        identity.away,
        None if identity.places == ONE_PLACE else identity.places,
        identity.watchlists,
    ]
    count = len(values)
    while count > 1 and values[count - 1] == _DEFAULTS[count - 1]:
        count -= 1
    return _encode(values[:count])


def _unpacked(mmsi: int, data: bytes | bytearray) -> Identity:
    kept = _decode(data)
    return Identity(
        mmsi=mmsi,
        time=kept.time,
        role=_ROLES[kept.role],
        name=kept.name,
        callsign=kept.callsign,
        imo=kept.imo,
        ship_type=kept.ship_type,
        dimensions=None if kept.dimensions is None else Dimensions(*kept.dimensions),
        draught=kept.draught,
        sent_imo=kept.sent_imo,
        away=kept.away,
        first=kept.first,
        class_b=kept.class_b,
        places=kept.places or ONE_PLACE,
        counts=kept.counts,
        watchlists=kept.watchlists,
    )
