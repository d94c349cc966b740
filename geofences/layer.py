"""A layer of polygons, asked for whole columns which positions lie in which polygon."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

Column = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

_CELL: Final = 0.25
"""Degrees of the raster that sorts out, before the tree, the positions far from every polygon."""


class Layer:
    """Polygons in degrees within ±180, held as a raster over them, a tree of their parts, and prepared."""

    def __init__(self, polygons: Sequence[Polygon | MultiPolygon]) -> None:
        # a polygon cut at 180° has a bounding box round the world, so the tree holds the parts
        parts, self._number = shapely.get_parts(np.array(polygons, dtype=object), return_index=True)
        shapely.prepare(parts)
        self._parts = parts
        self._stride = np.intp(max(len(polygons), 1))
        self._tree = shapely.STRtree(parts)
        self._raster = np.zeros((round(180 / _CELL) + 1, round(360 / _CELL) + 1), dtype=bool)
        for west, south, east, north in shapely.bounds(parts):
            rows, columns = _cells(np.array([west, east]), np.array([south, north]))
            self._raster[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = True

    def find(self, lon: Column, lat: Column) -> tuple[Rows, Rows]:
        """Row and polygon numbers, sorted by row, then polygon. The outline is inside, NaN nowhere."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        (rows,) = np.nonzero((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
        rows = rows[self._raster[_cells(lon[rows], lat[rows])]]
        lon, lat = lon[rows], lat[rows]
        hit, part = self._tree.query(shapely.points(lon, lat))
        inside = shapely.intersects_xy(self._parts[part], lon[hit], lat[hit])
        # parts of one polygon can share a corner, so a pair may come twice
        pairs = np.unique(rows[hit[inside]] * self._stride + self._number[part[inside]])
        return np.divmod(pairs, self._stride)


def _cells(lon: Column, lat: Column) -> tuple[Rows, Rows]:
    """Row and column of each position in the raster."""
    return ((lat + 90) / _CELL).astype(np.intp), ((lon + 180) / _CELL).astype(np.intp)
