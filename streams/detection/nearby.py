"""Nearby: which points on the unit sphere lie near which others, for whole columns."""

from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt

from geofences.distance import Floats

_FEW: Final = 1 << 17
"""Pairs that are compared one by one: no slower than a tree, whose library takes a third of a second to
load."""
_MARGIN: Final = 1 + 1e-9
Numbers = npt.NDArray[np.intp]


def pairs_within(points: Floats, others: Floats, reach: Floats | float) -> tuple[Numbers, Numbers]:
    """Each point with each of the others that is no farther from it than its reach: their numbers, a row a
    pair, in order.

    Points are rows of x, y and z. Distances are straight ones. However the pairs are looked for, the same are
    found.
    """
    reach = np.broadcast_to(np.asarray(reach, np.float64), len(points))
    if len(points) * len(others) <= _FEW:
        i, j = np.nonzero(_squares(points[:, None], others[None]) <= (reach * reach)[:, None])
        return i, j
    from scipy.spatial import cKDTree

    near = cKDTree(others).query_ball_point(points, reach * _MARGIN, return_sorted=True).tolist()
    count = [len(each) for each in near]
    i = np.repeat(np.arange(len(near)), count)
    j = np.fromiter(chain.from_iterable(near), np.intp, sum(count))
    close = _squares(points[i], others[j]) <= (reach * reach)[i]
    return i[close], j[close]


def _squares(one: Floats, other: Floats) -> Floats:
    apart = one - other
    apart *= apart
    squares: Floats = apart[..., 0] + apart[..., 1] + apart[..., 2]
    return squares
