"""Polygons asked for whole columns of positions: in which one each lies, and how far the nearest edge is."""

from collections.abc import Sequence
from typing import Any, Final

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
_PIECE: Final = 0.1
"""Degrees. Longer edges are cut into such pieces, because an edge is straight in degrees and a chord straight
in space: over this length the two differ by a metre or two."""
_BLOCK: Final = 32
"""Edges that share one bounding sphere."""
_ROWS: Final = 16
"""Positions worked on at once, so that what they need stays in the processor's cache."""


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

    def find(self, lon: Floats, lat: Floats) -> tuple[Indices, Indices]:
        """Row and polygon numbers, sorted by row, then polygon. The outline is inside, NaN nowhere."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        (rows,) = np.nonzero((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
        rows = rows[self._raster[_cells(lon[rows], lat[rows])]]
        if not len(rows):
            return rows, rows
        lon, lat = lon[rows], lat[rows]
        hit, part = self._tree.query(shapely.points(lon, lat))
        inside = shapely.intersects_xy(self._parts[part], lon[hit], lat[hit])
        # parts of one polygon can share a corner, so a pair may come twice
        pairs = np.unique(rows[hit[inside]] * self._stride + self._number[part[inside]])
        return np.divmod(pairs, self._stride)


def _cells(lon: Floats, lat: Floats) -> tuple[Indices, Indices]:
    """Row and column of each position in the raster."""
    return ((lat + 90) / _CELL).astype(np.intp), ((lon + 180) / _CELL).astype(np.intp)


class Outline:
    """Edges of polygons as straight pieces in space between points on the unit sphere.

    Straight lines in space know neither 180° nor the poles. Blocks of edges in bounding spheres leave a few
    dozen edges to look at for each position; what is found is the same as if all were looked at.
    """

    def __init__(self, rings: npt.NDArray[Any]) -> None:
        """Rings in degrees, as an array of geometries."""
        pieces = shapely.segmentize(rings, _PIECE)
        coordinates, line = shapely.get_coordinates(pieces, return_index=True)
        edge = np.nonzero(line[1:] == line[:-1])[0]
        # neighbours on the map into the same block, whatever ring they are of: many islands are small
        edge = edge[np.argsort(_morton(*coordinates[edge].T), kind="stable")]
        # the last block is filled up with its last edge again
        edge = np.append(edge, np.repeat(edge[-1:], -len(edge) % _BLOCK))
        points = unit_vectors(*coordinates.T)
        self._start = points[:, edge].reshape(3, -1, _BLOCK)
        self._along = points[:, edge + 1].reshape(3, -1, _BLOCK) - self._start
        self._square = np.maximum(_dot(self._along, self._along), 1e-30)
        self._middle = self._start.mean(axis=2)
        self._radius = np.sqrt(
            np.maximum(
                _squared(self._start - self._middle[:, :, None]).max(axis=1),
                _squared(self._start + self._along - self._middle[:, :, None]).max(axis=1),
            )
        )

    def nearest(self, lon: Floats, lat: Floats) -> Floats:
        """The angle in radians from each position (degrees) to the nearest edge; NaN for a NaN or no edge."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        result = np.full(lon.shape, np.nan)
        (known,) = np.nonzero(np.isfinite(lon) & np.isfinite(lat))
        if self._radius.size:
            for first in range(0, len(known), _ROWS):
                rows = known[first : first + _ROWS]
                result[rows] = self._nearest(unit_vectors(lon[rows], lat[rows]))
        return result

    def _nearest(self, points: Floats) -> Floats:
        away = np.sqrt(_squared(points[:, :, None] - self._middle[:, None, :]))
        reach = (away + self._radius).min(axis=1)
        # a hair of slack: rounding must not lose the block that has the nearest edge
        row, block = np.nonzero(away - self._radius <= reach[:, None] + 1e-12)
        offset = points[:, row, None] - self._start[:, block]
        along = self._along[:, block]
        share = np.clip(_dot(offset, along) / self._square[block], 0.0, 1.0)
        square = _squared(offset - share * along).min(axis=1)
        chord = np.sqrt(np.minimum.reduceat(square, np.searchsorted(row, np.arange(points.shape[1]))))
        angle: Floats = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
        return angle


def unit_vectors(lon: Floats, lat: Floats) -> Floats:
    """Positions in degrees as points on the unit sphere: an array of three rows x, y, z."""
    lam, phi = np.radians(lon), np.radians(lat)
    return np.stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))


def _morton(lon: Floats, lat: Floats) -> npt.NDArray[np.int64]:
    """Place on the Z-order curve: the bits of longitude and latitude in turn, so that near stays near."""
    x, y = ((lon + 180) * (4095 / 360)).astype(np.int64), ((lat + 90) * (4095 / 180)).astype(np.int64)
    code = np.zeros_like(x)
    for bit in range(12):
        code |= ((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1)
    return code


def _dot(a: Floats, b: Floats) -> Floats:
    # written out: a matrix product would round differently from one batch size to the next
    product: Floats = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product


def _squared(a: Floats) -> Floats:
    return _dot(a, a)
