"""Identities: what is known of each vessel, in some ninety bytes a vessel; there may be a million."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.time import Millis
from models.vessel import ONE_PLACE, Dimensions, Identity, Places, Role, WatchlistHit

_ROLES: Final = tuple(Role)
_OBJECTS: Final = 1 << 13
"""So many that were put, and so many others that were asked of, are objects."""
_AT_ONCE: Final = 1 << 14
"""Identities that are taken from a checkpoint in one go."""


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
_decode_map: Final = msgspec.msgpack.Decoder(Identity).decode
_ARRAY: Final = 9
"""The four bits that an array of up to 15 values begins with in msgpack."""
_decode: Final = msgspec.msgpack.Decoder(_Kept).decode


class Identities:
    """By MMSI. What is put is an object until `settle` finds too many; then it is packed."""

    def __init__(self) -> None:
        self._fresh: dict[int, Identity] = {}
        self._mmsis = np.empty(0, np.uint32)  # of those that are packed, ascending
        self._starts = np.empty(0, np.int64)  # of each among the bytes
        self._ends = np.empty(0, np.int64)  # the same as its start where it is gone
        self._bytes = bytearray()
        self._rows: dict[int, int] = {}  # of vessels that are about to be asked of; -1 for none
        self._unpacked: dict[int, Identity] = {}  # some of those that are packed, as objects

    def __iter__(self) -> Iterator[int]:
        yield from self._fresh
        yield from self._mmsis[self._ends > self._starts].tolist()

    def names(self) -> Iterator[tuple[int, int | None, str | None]]:
        """MMSI, IMO number and call sign of all of them, one by one: there may be hundreds of thousands."""
        yield from ((each.mmsi, each.imo, each.callsign) for each in self._fresh.values())
        (here,) = np.nonzero(self._ends > self._starts)
        columns = (column[here].tolist() for column in (self._mmsis, self._starts, self._ends))
        for mmsi, start, end in zip(*columns, strict=True):
            kept = _decode(self._bytes[start:end])
            yield mmsi, kept.imo, kept.callsign

    def get(self, mmsi: int) -> Identity | None:
        known = self._fresh.get(mmsi) or self._unpacked.get(mmsi)
        if known is None and (at := self._at(mmsi)) is not None:
            if len(self._unpacked) >= _OBJECTS:
                self._unpacked.clear()
            known = _unpacked(mmsi, self._bytes[self._starts[at] : self._ends[at]])
            self._unpacked[mmsi] = known
        return known

    def piece(self, mmsi: int) -> msgspec.Raw | None:
        """What a checkpoint keeps of one; None if it is not here."""
        if (fresh := self._fresh.get(mmsi)) is not None:
            return msgspec.Raw(_packed(fresh))
        at = self._at(mmsi)
        return None if at is None else msgspec.Raw(self._bytes[self._starts[at] : self._ends[at]])

    def expect(self, mmsis: Iterable[int]) -> None:
        """These are about to be asked of, put and dropped, one by one, until all is settled."""
        if not len(self._mmsis):
            return
        asked = np.unique(np.fromiter(mmsis, np.uint32))
        at, there = self._find(asked)
        self._rows = dict(zip(asked.tolist(), np.where(there, at, -1).tolist(), strict=True))

    def put(self, identity: Identity) -> None:
        if identity.mmsi not in self._fresh:
            self.drop(identity.mmsi)
        self._fresh[identity.mmsi] = identity

    def drop(self, mmsi: int) -> None:
        if self._fresh.pop(mmsi, None) is not None:
            return
        self._unpacked.pop(mmsi, None)
        if (at := self._at(mmsi)) is not None:
            self._ends[at] = self._starts[at]

    def settle(self) -> None:
        """Pack what was put, if it is too much to be kept as objects."""
        self._rows = {}
        if len(self._fresh) <= _OBJECTS:  # what was put last is asked of next
            return
        fresh, self._fresh = self._fresh, {}
        self._take(sorted((mmsi, _packed(identity)) for mmsi, identity in fresh.items()))

    def load(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Take in what `piece` gave, or an identity as msgpack, by MMSI; nothing is here yet."""
        each = list(pieces)
        # sorted by number alone, which is far faster than to sort pairs
        ordered = np.argsort(np.fromiter((mmsi for mmsi, _ in each), np.uint32, len(each))).tolist()
        for at in range(0, len(each), _AT_ONCE):
            some = [each[i] for i in ordered[at : at + _AT_ONCE]]
            self._take([(mmsi, _as_packed(piece)) for mmsi, piece in some])

    def _take(self, each: list[tuple[int, bytes]]) -> None:
        """Keep these, packed, by MMSI; ascending."""
        mmsis, packed = np.array([mmsi for mmsi, _ in each], np.uint32), [data for _, data in each]
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
        if 4 * (self._ends - self._starts).sum() < 3 * len(self._bytes):
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
        if not len(self._mmsis):
            return None
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


def _as_packed(piece: bytes) -> bytes:
    """An identity from a checkpoint; those of versions before are maps."""
    return piece if piece[0] >> 4 == _ARRAY else _packed(_decode_map(piece))


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
