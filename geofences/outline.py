"""Outline: the edges of polygons, asked for whole columns of positions how far the nearest one is."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from geofences.layer import Floats, Indices, dot, squared, unit_vectors
from geofences.near_cells import NearCells, least

_PIECE: Final = 0.1
"""Degrees. Longer edges are cut into such pieces, because an edge is straight in degrees and a chord straight
in space: over this length the two differ by a metre or two."""
_BLOCK: Final = 32
"""Edges that share one bounding sphere."""
_ROWS: Final = 64
"""Positions worked on at once, so that what they need stays in the processor's cache."""


class Outline:
    """Edges of polygons as straight pieces in space between points on the unit sphere.

    Straight lines in space know neither 180° nor the poles. Few edges are looked at for each position; what
    is found is the same as if all were.
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
        self._start = np.ascontiguousarray(points[:, edge])
        self._along = points.take(edge + 1, axis=1) - self._start
        self._square = np.maximum(dot(self._along, self._along), 1e-30)
        start, along = (each.reshape(3, -1, _BLOCK) for each in (self._start, self._along))
        self._middle = start.mean(axis=2)
        ends = start - self._middle[:, :, None], start + along - self._middle[:, :, None]
        self._radius = np.sqrt(np.maximum(*(squared(each).max(axis=1, initial=0) for each in ends)))
        self._cells = NearCells(self._within)

    def nearest(self, lon: Floats, lat: Floats) -> Floats:
        """The angle in radians from each position (degrees) to the nearest edge; NaN for a NaN or no edge."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        result = np.full(lon.shape, np.nan)
        (known,) = np.nonzero(np.isfinite(lon) & np.isfinite(lat))
        if self._radius.size:
            for first in range(0, len(known), _ROWS):
                rows = known[first : first + _ROWS]
                row, edge = self._cells.near(lon[rows], lat[rows])
                square = self._squares(unit_vectors(lon[rows], lat[rows]), row, edge)
                result[rows] = 2 * np.arcsin(np.minimum(np.sqrt(least(square, row)) / 2, 1.0))
        return result

    def _squares(self, points: Floats, row: Indices, edge: Indices) -> Floats:
        """The squares of the distances in space between points (columns) and edges, in pairs."""
        along = self._along.take(edge, axis=1)
        offset = points.take(row, axis=1) - self._start.take(edge, axis=1)
        share = np.clip(dot(offset, along) / self._square[edge], 0.0, 1.0)
        return squared(offset - share * along)

    def _within(self, points: Floats, farther: float) -> tuple[Indices, Indices]:
        away = np.sqrt(squared(points[:, :, None] - self._middle[:, None, :]))
        reach = (away + self._radius).min(axis=1) + farther
        point, block = np.nonzero(away - self._radius <= reach[:, None])
        point, edge = np.repeat(point, _BLOCK), (block[:, None] * _BLOCK + np.arange(_BLOCK)).ravel()
        distance = np.sqrt(self._squares(points, point, edge))
        is_near = distance <= least(distance, point)[point] + farther
        return point[is_near], edge[is_near]


def _morton(lon: Floats, lat: Floats) -> npt.NDArray[np.int64]:
    """Place on the Z-order curve: the bits of longitude and latitude in turn, so that near stays near."""
    x, y = ((lon + 180) * (4095 / 360)).astype(np.int64), ((lat + 90) * (4095 / 180)).astype(np.int64)
    code = np.zeros_like(x)
    for bit in range(12):
        code |= ((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1)
    return code
