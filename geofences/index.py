"""An index over fences that answers for whole columns of positions: inside which, near which."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from geofences.distance import expand
from geofences.fence import Fence

Column = npt.NDArray[np.float64]
Hits = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Row numbers and fence numbers, of equal length, sorted by row and then by fence."""

_CELL: Final = 0.25
"""Degrees of the raster that sorts out, before the tree, the positions far from every fence."""


class FenceIndex:
    """Fences by place. `fences` keeps the order they came in; a fence's number is its place there."""

    def __init__(self, fences: Iterable[Fence]) -> None:
        self.fences = tuple(fences)
        self.by_id = {fence.id: fence for fence in self.fences}
        self._layers = {0.0: _Layer([fence.geometry for fence in self.fences])}

    def containing(self, lon: Column, lat: Column) -> Hits:
        """Which positions (degrees, NaN matches nothing) lie in which fence; the outline is inside."""
        return self._layers[0.0].find(lon, lat)

    def near(self, lon: Column, lat: Column, metres: float) -> Hits:
        """Like `containing`, for the fences grown by a distance in metres (kept for the next time)."""
        metres = float(metres)
        if metres not in self._layers:
            self._layers[metres] = _Layer([expand(fence.geometry, metres) for fence in self.fences])
        return self._layers[metres].find(lon, lat)


class _Layer:
    """One set of polygons: a raster over them, a tree of their parts, prepared geometries."""

    def __init__(self, polygons: list[Any]) -> None:
        # a polygon cut at 180° has a bounding box round the world, so the tree holds the parts
        parts, self._number = shapely.get_parts(np.array(polygons, dtype=object), return_index=True)
        self._parts = parts
        shapely.prepare(parts)
        self._tree = shapely.STRtree(parts)
        self._raster = np.zeros((round(180 / _CELL) + 1, round(360 / _CELL) + 1), dtype=bool)
        for west, south, east, north in shapely.bounds(parts):
            rows, columns = _cells(np.array([west, east]), np.array([south, north]))
            self._raster[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = True

    def find(self, lon: Column, lat: Column) -> Hits:
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        (rows,) = np.nonzero((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
        rows = rows[self._raster[_cells(lon[rows], lat[rows])]]
        lon, lat = lon[rows], lat[rows]
        hit, part = self._tree.query(shapely.points(lon, lat))
        inside = shapely.intersects_xy(self._parts[part], lon[hit], lat[hit])
        found, number = rows[hit[inside]], self._number[part[inside]]
        # two parts of one fence can touch at 180°, or nowhere: unique by (row, fence)
        pairs = np.unique(found * np.intp(max(len(self._number), 1)) + number)
        return np.divmod(pairs, np.intp(max(len(self._number), 1)))


def _cells(lon: Column, lat: Column) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Row and column of each position in the raster."""
    return ((lat + 90) / _CELL).astype(np.intp), ((lon + 180) / _CELL).astype(np.intp)
