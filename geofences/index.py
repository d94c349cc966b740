"""An index over fences that answers for whole columns of positions: inside which, near which."""

from collections.abc import Iterable
from functools import partial

import numpy as np

from geofences.distance import expand
from geofences.fence import Fence
from geofences.grown import Grown
from geofences.layer import Floats, Indices, Layer

Hits = tuple[Indices, Indices]
"""Row numbers and fence numbers, of equal length, sorted by row and then by fence."""


class FenceIndex:
    """Fences by place. `fences` keeps the order they came in; a fence's number is its place there."""

    def __init__(self, fences: Iterable[Fence]) -> None:
        self.fences = tuple(fences)
        self.by_id = {fence.id: fence for fence in self.fences}
        self._layer = Layer([fence.geometry for fence in self.fences])
        self._grown: dict[float, Grown] = {}

    def containing(self, lon: Floats, lat: Floats) -> Hits:
        """Which positions lie in which fence, the outline included.

        Takes degrees; a NaN matches nothing.
        """
        return self._layer.find(lon, lat)

    def near(self, lon: Floats, lat: Floats, metres: float) -> Hits:
        """Like `containing`, for the fences grown by a distance in metres (kept for the next time).

        Right to 0.2 % of the distance. Raises ValueError for a negative distance.
        """
        metres = float(metres)
        if not metres >= 0:
            raise ValueError(f"metres: {metres}; a distance is not negative")
        if not metres:
            return self.containing(lon, lat)
        if metres not in self._grown:
            geometries = [fence.geometry for fence in self.fences]
            self._grown[metres] = Grown(geometries, metres, partial(expand, metres=metres))
        return self._grown[metres].find(lon, lat)

    def near_each(self, lon: Floats, lat: Floats, metres: Floats) -> Hits:
        """Like `near`, with a distance for each row; there should be few different ones."""
        parts = [np.empty((2, 0), np.intp)]
        for each in np.unique(metres).tolist():
            (rows,) = np.nonzero(metres == each)
            row, number = self.near(lon[rows], lat[rows], each)
            parts.append(np.stack([rows[row], number]))
        row, number = np.concatenate(parts, axis=1)
        order = np.lexsort([number, row])
        return row[order], number[order]
