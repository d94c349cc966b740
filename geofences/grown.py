"""Grown: polygons grown by a distance, each when a position first comes near it.

To grow one takes a millisecond, and most recordings come near few fences.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

from geofences.layer import Floats, Indices, Layer, cells, covered, located

_METRES: Final = 110_000.0
"""Of a degree of latitude, at least."""
_POLAR: Final = 80.0
"""Degrees of latitude from which on all longitudes are near."""


class Grown:
    """Asked as a Layer of the grown polygons would be. Has no state but what it may forget."""

    def __init__(
        self,
        polygons: Sequence[Polygon | MultiPolygon],
        metres: float,
        grow: Callable[[Polygon | MultiPolygon], Polygon | MultiPolygon],
    ) -> None:
        """`grow` makes a polygon larger by at most so many metres on every side."""
        self._polygons, self._grow = polygons, grow
        self._boxes, self._number = boxes(polygons, metres)
        self._waiting = covered(*self._boxes)
        self._there: dict[int, Polygon | MultiPolygon] = {}
        self._found = Layer([]), np.empty(0, np.intp)  # of those, and their numbers

    def find(self, lon: Floats, lat: Floats) -> tuple[Indices, Indices]:
        """Row and polygon numbers, sorted by row, then polygon. The outline is inside, NaN nowhere."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        places = located(lon, lat)
        _, row, column = places
        near = self._waiting[row, column]
        if near.any():
            self._come_near(np.unique(row[near] * self._waiting.shape[1] + column[near]))
        layer, numbers = self._found
        rows, found = layer.find_at(lon, lat, places)
        return rows, numbers[found]

    def _come_near(self, places: Indices) -> None:
        """Grow all that may reach to these cells of the raster."""
        y, x = np.divmod(places[:, None], self._waiting.shape[1])
        (west, east), (south, north) = (self._boxes[::2], self._boxes[1::2])
        (bottom, left), (top, right) = cells(west, south), cells(east, north)
        near = ((left <= x) & (x <= right) & (bottom <= y) & (y <= top)).any(axis=0)
        reached = np.unique(self._number[near])
        rest = ~np.isin(self._number, reached)
        self._there |= {i: self._grow(self._polygons[i]) for i in reached.tolist()}
        numbers = sorted(self._there)
        self._found = Layer([self._there[i] for i in numbers]), np.array(numbers, np.intp)
        self._boxes, self._number = self._boxes[:, rest], self._number[rest]
        self._waiting = covered(*self._boxes)


def boxes(polygons: Sequence[Polygon | MultiPolygon], metres: float) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Boxes round all that the polygons can grow to, as rows west, south, east and north in degrees, and of
    each the number of its polygon."""
    parts, number = shapely.get_parts(np.array(polygons, dtype=object), return_index=True)
    west, south, east, north = shapely.bounds(parts).reshape(-1, 4).T
    tall = metres / _METRES
    farthest = np.maximum(np.abs(south), np.abs(north)) + tall
    broad = np.where(farthest > _POLAR, 360.0, tall / np.cos(np.radians(np.minimum(farthest, _POLAR))))
    # what grows across 180° goes on at the other side
    turned = np.concatenate([(west - broad + turn, east + broad + turn) for turn in (-360, 0, 360)], axis=1)
    seen = (turned[1] >= -180) & (turned[0] <= 180)
    west, east = np.clip(turned, -180, 180)[:, seen]
    south, north = (np.clip(np.tile(each, 3), -90, 90)[seen] for each in (south - tall, north + tall))
    return np.stack([west, south, east, north]), np.tile(number, 3)[seen]
