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
    do. The points are taken in the order of their cubes, so that what is beside each is found close to what
    was beside the last one.
    """
    found = np.empty(2 * len(points) + 16, np.int64)
    count = 0
    for group in range(len(begins) - 1):
        cubes, order = _sorted(others, other_begins[group], other_begins[group + 1], size)
        near = others[order]
        middles, points_in_order = _sorted(points, begins[group], begins[group + 1], size)
        at = np.zeros(9, np.int64)
        for n in range(len(middles)):
            i = points_in_order[n]
            x, y, z = points[i, 0], points[i, 1], points[i, 2]
            limit = reach[i] * reach[i]
            for column in range(9):
                beside = middles[n] + ((column // 3 - 1) << 42) + ((column % 3 - 1) << 21)
                k = at[column] = _first(cubes, beside - 1, at[column])
                while k < len(cubes) and cubes[k] <= beside + 1:
                    a, b, c = x - near[k, 0], y - near[k, 1], z - near[k, 2]
                    if a * a + b * b + c * c <= limit:
                        if count == len(found):
                            found = np.concatenate((found, np.empty(count, np.int64)))
                        found[count] = i * len(others) + order[k]
                        count += 1
                    k += 1
    pairs = np.sort(found[:count])
    return pairs // len(others), pairs % len(others)


@compiled
def _sorted(points: Floats, begin: int, end: int, size: float) -> tuple[Numbers, Numbers]:
    """The cubes of these of the points, ascending, and the number of each point."""
    cubes = np.empty(end - begin, np.int64)
    for k in range(len(cubes)):
        cubes[k] = _cube(points[begin + k, 0], points[begin + k, 1], points[begin + k, 2], size)
    order = np.argsort(cubes)
    return cubes[order], order + begin


@compiled
def _cube(x: float, y: float, z: float, size: float) -> int:
    """Number of the cube that a point lies in."""
    a, b, c = int((x + 2) / size), int((y + 2) / size), int((z + 2) / size)
    return (a << 42) + (b << 21) + c


@compiled
def _first(cubes: Numbers, cube: int, low: int) -> int:
    """Place of the first number that is no less; it is `low` or behind that, and looked for near it first."""
    high, step = low, 1
    while high < len(cubes) and cubes[high] < cube:
        low, high, step = high + 1, high + step, 2 * step
    high = min(high, len(cubes))
    while low < high:
        middle = (low + high) >> 1
        if cubes[middle] < cube:
            low = middle + 1
        else:
            high = middle
    return low
