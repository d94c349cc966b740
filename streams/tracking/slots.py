"""Slots: which row of a fleet's columns an MMSI has. A dict would take eight times the memory.

A table with open addressing: an MMSI is looked for from the place that its hash gives, up to the first that
is free.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from streams.runtime.compiled import compiled

_FREE: Final = 0xFFFFFFFF
"""No MMSI: they have thirty bits."""
_FIRST: Final = 2048
"""Places at first; a power of two, as always."""
_FULL: Final = 0.7
"""With more of the places taken, the table grows."""
_HASH: Final = 2_654_435_769
"""2^32 times the golden ratio (Knuth): neighbours lie far apart."""

_Mmsis = npt.NDArray[np.uint32]
_Numbers = npt.NDArray[np.int32]


class Slots:
    """Slots by MMSI."""

    def __init__(self) -> None:
        self._mmsis: _Mmsis = np.full(_FIRST, _FREE, np.uint32)
        self._slots: _Numbers = np.zeros(_FIRST, np.int32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def get(self, mmsi: int) -> int:
        """The slot of one, -1 where it has none."""
        at, last = (mmsi * _HASH & 0xFFFFFFFF) * len(self._mmsis) >> 32, len(self._mmsis) - 1
        while (here := self._mmsis.item(at)) != mmsi:
            if here == _FREE:
                return -1
            at = (at + 1) & last
        return self._slots.item(at)

    def of(self, mmsis: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
        """The slots of a column, -1 where one has none."""
        found = np.empty(len(mmsis), np.intp)
        _find(self._mmsis, self._slots, np.ascontiguousarray(mmsis, np.uint32), found)
        return found

    def put(self, mmsis: Iterable[int], slots: npt.NDArray[np.intp]) -> None:
        """Give slots to MMSIs that have none."""
        self._count += len(slots)
        size = len(self._mmsis)
        while self._count > _FULL * size:
            size *= 2
        if size > len(self._mmsis):
            there = self._mmsis != _FREE
            old = self._mmsis[there], self._slots[there]
            self._mmsis, self._slots = np.full(size, _FREE, np.uint32), np.zeros(size, np.int32)
            _put(self._mmsis, self._slots, *old)
        _put(self._mmsis, self._slots, np.fromiter(mmsis, np.uint32, len(slots)), slots.astype(np.int32))

    def drop(self, mmsis: Iterable[int]) -> None:
        """They have no slots any more; they had."""
        gone = np.fromiter(mmsis, np.uint32)
        self._count -= len(gone)
        _drop(self._mmsis, self._slots, gone)


@compiled
def _place(mmsi: int | np.signedinteger[Any], size: int) -> int:
    """Where to look first."""
    return int(((mmsi * _HASH) & 0xFFFFFFFF) * size >> 32)


@compiled
def _find(mmsis: _Mmsis, slots: _Numbers, asked: _Mmsis, found: npt.NDArray[np.intp]) -> None:
    last = len(mmsis) - 1
    for i in range(len(asked)):
        at = _place(np.int64(asked[i]), len(mmsis))
        while mmsis[at] != asked[i] and mmsis[at] != _FREE:
            at = (at + 1) & last
        found[i] = slots[at] if mmsis[at] == asked[i] else -1


@compiled
def _put(mmsis: _Mmsis, slots: _Numbers, new: _Mmsis, theirs: _Numbers) -> None:
    last = len(mmsis) - 1
    for i in range(len(new)):
        at = _place(np.int64(new[i]), len(mmsis))
        while mmsis[at] != _FREE:
            at = (at + 1) & last
        mmsis[at], slots[at] = new[i], theirs[i]


@compiled
def _drop(mmsis: _Mmsis, slots: _Numbers, gone: _Mmsis) -> None:
    """Those after one that goes move up, if they are looked for from its place or before it."""
    last = len(mmsis) - 1
    for mmsi in gone:
        free = _place(np.int64(mmsi), len(mmsis))
        while mmsis[free] != mmsi:
            free = (free + 1) & last
        at = (free + 1) & last
        while mmsis[at] != _FREE:
            first = _place(np.int64(mmsis[at]), len(mmsis))
            if (at - first) & last >= (at - free) & last:
                mmsis[free], slots[free] = mmsis[at], slots[at]
                free = at
            at = (at + 1) & last
        mmsis[free] = _FREE
