"""An index over fences that answers for whole columns of positions: inside which, near which."""

from collections.abc import Iterable

from geofences.distance import expand
from geofences.fence import Fence
from geofences.layer import Floats, Indices, Layer

Hits = tuple[Indices, Indices]
"""Row numbers and fence numbers, of equal length, sorted by row and then by fence."""


class FenceIndex:
    """Fences by place. `fences` keeps the order they came in; a fence's number is its place there."""

    def __init__(self, fences: Iterable[Fence]) -> None:
        self.fences = tuple(fences)
        self.by_id = {fence.id: fence for fence in self.fences}
        self._layers = {0.0: Layer([fence.geometry for fence in self.fences])}

    def containing(self, lon: Floats, lat: Floats) -> Hits:
        """Which positions lie in which fence, the outline included.

        Takes degrees; a NaN matches nothing.
        """
        return self._layers[0.0].find(lon, lat)

    def near(self, lon: Floats, lat: Floats, metres: float) -> Hits:
        """Like `containing`, for the fences grown by a distance in metres (kept for the next time).

        Right to 0.2 % of the distance. Raises ValueError for a negative distance.
        """
        metres = float(metres)
        if not metres >= 0:
            raise ValueError(f"metres: {metres}; a distance is not negative")
        if metres not in self._layers:
            self._layers[metres] = Layer([expand(fence.geometry, metres) for fence in self.fences])
        return self._layers[metres].find(lon, lat)
