"""Near cells: what may be nearest to a position, found once for the cell of a raster that it lies in.

Ships come back to the same waters, and most lie still. So what may be nearest is found once for a whole cell,
and each position has to be compared with that alone.
"""

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from geofences.layer import Floats, Indices, unit_vectors

_SIDE: Final = 0.1
"""Degrees, the side of a cell."""
_ACROSS: Final = round(360 / _SIDE) + 1
_REACH: Final = float(np.radians(np.hypot(_SIDE, _SIDE) / 2)) + 1e-9
"""No position in a cell is farther from its middle, in space and in radii of the Earth; with a hair for
rounding."""
_KEPT: Final = 1 << 14
"""The most cells that are remembered."""
_AT_ONCE: Final = 16
"""Cells looked at together, so that what they need stays in the processor's cache."""


class NearCells:
    """Has no state but what it may forget."""

    def __init__(self, within: Callable[[Floats, float], tuple[Indices, Indices]]) -> None:
        """`within` is told points on the unit sphere (three rows x, y, z), and a distance in radii of the
        Earth. It gives number of the point and number of the thing, sorted by both, for at least all things
        that are at most so much farther from the point than the nearest one."""
        self._within = within
        self._known: dict[int, Indices] = {}

    def near(self, lon: Floats, lat: Floats) -> tuple[Indices, Indices]:
        """Row and number of the thing, sorted by both, for all that may be nearest to these positions in
        degrees, and at least one for each."""
        y, x = np.floor((lat + 90) / _SIDE), np.floor((lon + 180) % 360 / _SIDE)
        cells: list[int] = (y * _ACROSS + x).astype(np.int64).tolist()
        known = self._known
        if missing := [cell for cell in dict.fromkeys(cells) if cell not in known]:
            if len(known) + len(missing) > _KEPT:
                known, missing = {}, list(dict.fromkeys(cells))
                self._known = known if len(missing) <= _KEPT else {}
            for first in range(0, len(missing), _AT_ONCE):
                known.update(self._found(missing[first : first + _AT_ONCE]))
        found = [known[cell] for cell in cells]
        return np.repeat(np.arange(len(cells)), [len(each) for each in found]), np.concatenate(found)

    def _found(self, cells: list[int]) -> Iterable[tuple[int, Indices]]:
        y, x = np.divmod(np.array(cells), _ACROSS)
        middles = unit_vectors((x + 0.5) * _SIDE - 180, (y + 0.5) * _SIDE - 90)
        # what is nearest to a position is nearly so to the middle: at most twice as far off as the two are
        middle, thing = self._within(middles, 2 * _REACH)
        return zip(cells, np.split(thing, np.searchsorted(middle, np.arange(1, len(cells)))), strict=True)


def least(values: Floats, row: Indices) -> Floats:
    """The least value of each row, whose numbers 0, 1, … are sorted and all there."""
    lowest: Floats = np.minimum.reduceat(values, np.flatnonzero(np.diff(row, prepend=-1)))
    return lowest
