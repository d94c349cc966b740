"""Identities: what is known of each vessel, and of vessels that have told nothing, little more than when."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from models.vessel import Identity, Role

_BARE: Final = np.dtype([("mmsi", "u4"), ("time", "i8"), ("first", "i8"), ("role", "u1"), ("class_b", "?")])
"""What may be told apart of vessels that have sent no static data."""
_ROLES: Final = tuple(Role)
_UNPACKED: Final = 1 << 14


class Identities:
    """By MMSI. Those of vessels that have told nothing are kept in columns: there may be a million."""

    def __init__(self, identities: Iterable[Identity] = ()) -> None:
        self._told = {identity.mmsi: identity for identity in identities}
        self._bare = np.empty(0, _BARE)  # by MMSI, ascending
        self._mmsis = np.empty(0, np.uint32)  # of these, side by side
        self._gone = np.empty(0, bool)
        self._rows: dict[int, int] = {}  # of vessels that are about to be asked of; -1 for none
        self._unpacked: dict[int, Identity] = {}  # some of these, as objects
        self.settle(list(self._told))

    def __iter__(self) -> Iterator[int]:
        yield from self._told
        yield from self._bare["mmsi"][~self._gone].tolist()

    def get(self, mmsi: int) -> Identity | None:
        known = self._told.get(mmsi) or self._unpacked.get(mmsi)
        if known is None and (at := self._at(mmsi)) is not None:
            if len(self._unpacked) >= _UNPACKED:
                self._unpacked.clear()
            known = self._unpacked[mmsi] = _identity(self._bare[at])
        return known

    def expect(self, mmsis: Iterable[int]) -> None:
        """These are about to be asked of, put and dropped, one by one."""
        asked = np.unique(np.fromiter(mmsis, np.uint32))
        at = self._mmsis.searchsorted(asked)
        there = at < len(self._mmsis)
        there[there] = self._mmsis[at[there]] == asked[there]
        self._rows = dict(zip(asked.tolist(), np.where(there, at, -1).tolist(), strict=True))

    def put(self, identity: Identity) -> None:
        self.drop(identity.mmsi)
        self._told[identity.mmsi] = identity

    def drop(self, mmsi: int) -> None:
        if self._told.pop(mmsi, None) is not None:
            return
        self._unpacked.pop(mmsi, None)
        if (at := self._at(mmsi)) is not None:
            self._gone[at] = True

    def settle(self, mmsis: Iterable[int]) -> None:
        """Put those of these vessels into columns that have told nothing."""
        self._rows = {}
        rows = [(i.mmsi, i.time, i.first, _ROLES.index(i.role), i.class_b) for i in self._silent(mmsis)]
        if not rows:
            return
        fresh = np.array(rows, _BARE)
        kept = self._bare[~self._gone]
        self._bare = np.insert(kept, np.searchsorted(kept["mmsi"], fresh["mmsi"]), fresh)
        self._mmsis, self._gone = self._bare["mmsi"].copy(), np.zeros(len(self._bare), bool)
        for mmsi, *_ in rows:
            del self._told[mmsi]

    def _silent(self, mmsis: Iterable[int]) -> Iterator[Identity]:
        for mmsi in sorted(set(mmsis)):
            identity = self._told.get(mmsi)
            if identity is None or identity.counts is not False or identity.callsign or identity.name:
                continue  # as most; saves an object
            if identity == _bare(
                mmsi, identity.time, identity.first, identity.role, class_b=identity.class_b
            ):
                yield identity

    def _at(self, mmsi: int) -> int | None:
        at = self._rows.get(mmsi)
        if at is None:
            at = int(self._mmsis.searchsorted(np.uint32(mmsi)))
            if at == len(self._mmsis) or self._mmsis[at] != mmsi:
                return None
        return None if at < 0 or self._gone[at] else at


def _bare(mmsi: int, time: int, first: int, role: Role, *, class_b: bool) -> Identity:
    return Identity(mmsi=mmsi, time=time, role=role, first=first, class_b=class_b, counts=False)


def _identity(row: np.void) -> Identity:
    mmsi, time, first, role, class_b = row.item()
    return _bare(mmsi, time, first, _ROLES[role], class_b=bool(class_b))
