"""Standing: whether vessels may take part in an encounter, and how far their hulls reach, by what is known of
each, for whole columns."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from models.vessel import Identity, Role
from streams.detection.encounters.encounter import is_partner

_PARTNER: Final = 1
_WANTED: Final = 2
_SPARE: Final = 1 << 16
"""Vessels that are remembered beside twice as many as were asked of at once."""
Mmsis = npt.NDArray[np.integer]
Bools = npt.NDArray[np.bool_]


def is_wanted(identity: Identity) -> bool:
    """Whether an encounter may be raised for a vessel, whoever the other is."""
    return identity.of_interest or identity.role is Role.UNKNOWN


class Standing:
    """Has no state but what it may forget: what was looked up since more was learnt of a vessel."""

    def __init__(self, identity_of: Callable[[int], Identity]) -> None:
        self._identity_of = identity_of
        self._mmsis = np.empty(0, np.uint32)  # ascending
        self._flags = np.empty(0, np.uint8)
        self._reach = np.empty(0, np.float32)
        self._learnt: set[int] = set()
        self._most = 0

    def partners(self, mmsis: Mmsis) -> Bools:
        """Which of these can be part of an encounter."""
        rows = self._rows(mmsis)
        return (self._flags[rows] & _PARTNER) > 0

    def wanted(self, mmsis: Mmsis) -> Bools:
        """For which of these an encounter may be raised, whoever the other is."""
        rows = self._rows(mmsis)
        return (self._flags[rows] & _WANTED) > 0

    def reach(self, mmsis: Mmsis) -> npt.NDArray[np.float32]:
        """Metres within which all of the hull lies, round the antenna; 0 where the size is not known."""
        rows = self._rows(mmsis)
        return self._reach[rows]

    def learn(self, mmsi: int) -> None:
        """Something else is known of this vessel, or will be before it is next asked of."""
        self._learnt.add(mmsi)

    def clear(self) -> None:
        """Something else may be known of all of them."""
        self._keep(np.zeros(len(self._mmsis), bool))
        self._learnt.clear()

    def _rows(self, mmsis: Mmsis) -> npt.NDArray[np.intp]:
        """Where these vessels stand in the columns, once all of them do."""
        asked = mmsis.astype(np.uint32)
        self._most = max(self._most, len(asked))
        if self._learnt:
            self._keep(~np.isin(self._mmsis, np.fromiter(self._learnt, np.uint32, len(self._learnt))))
            self._learnt.clear()
        at = self._mmsis.searchsorted(asked)
        is_there = np.zeros(len(asked), bool)
        (inside,) = np.nonzero(at < len(self._mmsis))
        is_there[inside] = self._mmsis[at[inside]] == asked[inside]
        if is_there.all():
            return at
        missing = asked[~is_there]
        if len(self._mmsis) > 2 * self._most + _SPARE:
            self.clear()
            missing = asked
        self._look_up(np.unique(missing))
        return self._mmsis.searchsorted(asked)

    def _keep(self, which: Bools) -> None:
        self._mmsis, self._flags = self._mmsis[which], self._flags[which]
        self._reach = self._reach[which]

    def _look_up(self, mmsis: npt.NDArray[np.uint32]) -> None:
        identities = [self._identity_of(mmsi) for mmsi in mmsis.tolist()]
        flags = [_PARTNER * is_partner(each) + _WANTED * is_wanted(each) for each in identities]
        sizes = [each.dimensions for each in identities]
        at = self._mmsis.searchsorted(mmsis)
        self._mmsis = np.insert(self._mmsis, at, mmsis)
        self._flags = np.insert(self._flags, at, np.array(flags, np.uint8))
        self._reach = np.insert(
            self._reach, at, [0 if size is None else size.length + size.beam for size in sizes]
        )
