"""Layer: polygons asked for whole columns of positions, in which one each lies."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

Floats = npt.NDArray[np.float64]
"""A column of numbers, one for each row."""
Indices = npt.NDArray[np.intp]
"""A column of row numbers."""

_CELL: Final = 0.25
"""Degrees. Side of the cells of the raster that rules out positions far from every polygon."""


class Layer:
    """Polygons in degrees within ±180, held as a raster over them, a tree of their parts, and prepared."""

    def __init__(self, polygons: Sequence[Polygon | MultiPolygon]) -> None:
        # a polygon cut at 180° has a bounding box round the world, so the tree holds the parts
        parts, self._number = shapely.get_parts(np.array(polygons, dtype=object), return_index=True)
        shapely.prepare(parts)
        self._parts = parts
        self._stride = np.intp(max(len(polygons), 1))
        self._tree = shapely.STRtree(parts)
        self._raster = covered(*shapely.bounds(parts).reshape(-1, 4).T)

    def find(self, lon: Floats, lat: Floats) -> tuple[Indices, Indices]:
        """Row and polygon numbers, sorted by row, then polygon. The outline is inside, NaN nowhere."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        return self.find_at(lon, lat, located(lon, lat))

    def find_at(self, lon: Floats, lat: Floats, places: "Located") -> tuple[Indices, Indices]:
        """The same where `located` has told the cells already."""
        rows, *cell = places
        rows = rows[self._raster[tuple(cell)]]
        if not len(rows):
            return rows, rows
        lon, lat = lon[rows], lat[rows]
        hit, part = self._tree.query(shapely.points(lon, lat))
        inside = shapely.intersects_xy(self._parts[part], lon[hit], lat[hit])
        # parts of one polygon can share a corner, so a pair may come twice
        pairs = np.unique(rows[hit[inside]] * self._stride + self._number[part[inside]])
        return np.divmod(pairs, self._stride)


Located = tuple[Indices, Indices, Indices]
"""Numbers of rows, and row and column of each in a raster of the world."""


def located(lon: Floats, lat: Floats) -> Located:
    """Where positions are, degrees; those that are NaN or off the world are left out."""
    known = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    (rows,) = known.nonzero()
    if len(rows) < len(known):
        lon, lat = lon[rows], lat[rows]
    return rows, *cells(lon, lat)


def cells(lon: Floats, lat: Floats) -> tuple[Indices, Indices]:
    """Row and column of each position, degrees, in a raster of the world."""
    return ((lat + 90) / _CELL).astype(np.intp), ((lon + 180) / _CELL).astype(np.intp)


def covered(west: Floats, south: Floats, east: Floats, north: Floats) -> npt.NDArray[np.bool_]:
    """The raster of the world: which cells these boxes touch, degrees."""
    raster = np.zeros((round(180 / _CELL) + 1, round(360 / _CELL) + 1), dtype=bool)
    (bottom, left), (top, right) = cells(west, south), cells(east, north)
    for rows, columns in zip(map(slice, bottom, top + 1), map(slice, left, right + 1), strict=True):
        raster[rows, columns] = True
    return raster


def unit_vectors(lon: Floats, lat: Floats) -> Floats:
    """Positions in degrees as points on the unit sphere: an array of three rows x, y, z."""
    lam, phi = np.radians(lon), np.radians(lat)
    return np.stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))


def squared(a: Floats) -> Floats:
    """The squares of the lengths of vectors: an array of three rows x, y, z, of any further shape."""
    return dot(a, a)


def dot(a: Floats, b: Floats) -> Floats:
    """The dot products of such vectors."""
    # written out: a matrix product would round differently from one batch size to the next
    product: Floats = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product
