"""Nearby: which points on the unit sphere lie near which others, for whole columns."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from streams.runtime.compiled import compiled

_SMALLEST: Final = 2.0**-19
"""Side of the smallest cell: the three numbers of a cell then fit into one of 63 bits."""
_MARGIN: Final = 1 + 1e-9
Numbers = npt.NDArray[np.int64]
Groups = tuple[Numbers, Numbers]


def pairs_within(
    points: Floats, others: Floats, reach: Floats | float, groups: Groups | None = None
) -> tuple[Numbers, Numbers]:
    """Each point with each of the others that is no farther from it than its reach: their numbers, a row a
    pair, in order.

    Points are rows of x, y and z. Distances are straight ones. With `groups`, a point has pairs in its own
    group alone: where each group begins among the points and among the others, and then where they end.
    """
    if not len(points) or not len(others):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    each = np.empty(len(points))
    each[:] = reach
    size = max(float(each.max()) * _MARGIN, _SMALLEST)
    begins, other_begins = groups or (np.array([0, len(points)]), np.array([0, len(others)]))
    columns = np.ascontiguousarray(points), np.ascontiguousarray(others)
    return _pairs(*columns, begins, other_begins, each, size)


@compiled
def _pairs(
    points: Floats, others: Floats, begins: Numbers, other_begins: Numbers, reach: Floats, size: float
) -> tuple[Numbers, Numbers]:
    """The others are sorted into cubes of a side `size`, no less than any reach: those within reach lie in
    the cube of the point, or beside it. Cubes that follow each other from south to north have numbers that
    do."""
    first = np.empty(2 * len(points) + 16, np.int64)
    second = np.empty(len(first), np.int64)
    count = 0
    for group in range(len(begins) - 1):
        low = other_begins[group]
        cubes = np.empty(other_begins[group + 1] - low, np.int64)
        for k in range(len(cubes)):
            cubes[k] = _cube(others[low + k, 0], others[low + k, 1], others[low + k, 2], size)
        order = np.argsort(cubes)
        cubes = cubes[order]
        order += low
        near = others[order]
        for i in range(begins[group], begins[group + 1]):
            x, y, z = points[i, 0], points[i, 1], points[i, 2]
            limit, begin = reach[i] * reach[i], count
            middle = _cube(x, y, z, size)
            for column in range(9):
                beside = middle + ((column // 3 - 1) << 42) + ((column % 3 - 1) << 21)
                k = _first(cubes, beside - 1)
                while k < len(cubes) and cubes[k] <= beside + 1:
                    a, b, c = x - near[k, 0], y - near[k, 1], z - near[k, 2]
                    if a * a + b * b + c * c <= limit:
                        if count == len(first):
                            first = np.concatenate((first, np.empty(count, np.int64)))
                            second = np.concatenate((second, np.empty(count, np.int64)))
                        first[count], second[count] = i, order[k]
                        count += 1
                    k += 1
            second[begin:count].sort()
    return first[:count].copy(), second[:count].copy()


@compiled
def _cube(x: float, y: float, z: float, size: float) -> int:
    """Number of the cube that a point lies in."""
    a, b, c = int((x + 2) / size), int((y + 2) / size), int((z + 2) / size)
    return (a << 42) + (b << 21) + c


@compiled
def _first(cubes: Numbers, cube: int) -> int:
    """Place of the first number that is no less."""
    low, high = 0, len(cubes)
    while low < high:
        middle = (low + high) >> 1
        if cubes[middle] < cube:
            low = middle + 1
        else:
            high = middle
    return low
