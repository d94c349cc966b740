"""Over water: whether a ship can have come from one place at sea to another without crossing land.

A bound, not a route: all that lies within 15 km of a coast counts as water, because the land data are coarse,
and so do the great canals and rivers that lead from sea to sea. What is out of reach even so is out of reach.
"""

import gzip
import math
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from geofences.layer import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CELL: Final = 0.1
"""Degrees."""
CELLS: Final = (1800, 3600)
"""Rows from the south pole on, columns from 180° W on."""
EARTH_RADIUS_KM: Final = 6371.0088
_DEGREE: Final = math.radians(1.0) * EARTH_RADIUS_KM
_LONGER: Final = 1.09
"""Steps to 8 neighbours make a way up to 8.3 % longer than it is."""
_SLACK_KM: Final = 50.0
"""That cells may be off at both ends."""
_WIDEST: Final = 60.0
"""Degrees of a window beyond which nothing is said."""

Flags = npt.NDArray[np.bool_]


def crosses_deep_land(lon: float, lat: float, to_lon: float, to_lat: float) -> bool:
    """Whether the straight way between two positions in degrees leads over land far from any coast."""
    east = (to_lon - lon + 180) % 360 - 180
    steps = np.linspace(0.0, 1.0, 2 + int(max(abs(east), abs(to_lat - lat)) / (CELL / 2)))
    rows, columns = cells_of(lon + steps * east, lat + steps * (to_lat - lat))
    return bool(_deep_land()[rows, columns].any())


@lru_cache(maxsize=256)
def is_reachable(lon: float, lat: float, to_lon: float, to_lat: float, km: float) -> bool:
    """Whether a way over water of at most so many kilometres may join two positions in degrees.

    True where nothing can be said, too: where one of them lies on deep land, or the way is very long.
    """
    east = (to_lon - lon + 180) % 360 - 180
    south, north = min(lat, to_lat) - km / 2 / _DEGREE, max(lat, to_lat) + km / 2 / _DEGREE
    if south < -75 or north > 80:
        return True
    slim = math.cos(math.radians(max(abs(south), abs(north))))
    west, right = (
        min(lon, lon + east) - km / 2 / _DEGREE / slim,
        max(lon, lon + east) + km / 2 / _DEGREE / slim,
    )
    if max(right - west, north - south) > _WIDEST:
        return True
    bottom, top = int((south + 90) / CELL), int((north + 90) / CELL)
    first, last = math.floor((west + 180) / CELL), math.floor((right + 180) / CELL)
    columns = np.arange(first, last + 1) % CELLS[1]
    water = ~_deep_land()[bottom : top + 1][:, columns]
    (row, to_row), (column, to_column) = cells_of(np.array([lon, to_lon]), np.array([lat, to_lat]))
    start = int(row - bottom), int((column - first) % CELLS[1])
    goal = int(to_row - bottom), int((to_column - first) % CELLS[1])
    if not (water[start] and water[goal]):
        return True
    from scipy.sparse.csgraph import dijkstra  # takes as long to load as a small recording to read

    length = _steps(water, cell_middles()[1][bottom : top + 1])
    width = water.shape[1]
    limit = km * _LONGER + _SLACK_KM
    found = dijkstra(length, directed=False, indices=start[0] * width + start[1], limit=limit)
    return bool(np.isfinite(found[goal[0] * width + goal[1]]))


def cells_of(lon: Floats, lat: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Row and column of the cell that each position in degrees lies in."""
    rows = np.clip(np.floor((lat + 90) / CELL), 0, CELLS[0] - 1).astype(np.intp)
    return rows, (np.floor((lon + 180) / CELL) % CELLS[1]).astype(np.intp)


def cell_middles() -> tuple[Floats, Floats]:
    """The longitudes of the columns' middles and the latitudes of the rows' middles, degrees."""
    lat, lon = (np.asarray((np.arange(count) + 0.5) * CELL, np.float64) for count in CELLS)
    return lon - 180, lat - 90


def _steps(water: Flags, lat: Floats) -> "csr_array":
    """The kilometres from each cell of water to its neighbours, each pair once."""
    from scipy.sparse import csr_array

    height, width = water.shape
    number = np.arange(height * width).reshape(height, width)
    across = (CELL * _DEGREE * np.cos(np.radians(lat)))[:, None] * np.ones((1, width))
    up, slant = np.full_like(across, CELL * _DEGREE), np.hypot(across, CELL * _DEGREE)
    edges = []
    for one, other, km in (
        (np.s_[:, :-1], np.s_[:, 1:], across),
        (np.s_[:-1, :], np.s_[1:, :], up),
        (np.s_[:-1, :-1], np.s_[1:, 1:], slant),
        (np.s_[:-1, 1:], np.s_[1:, :-1], slant),
    ):
        both = water[one] & water[other]
        edges.append((number[one][both], number[other][both], km[one][both]))
    begins, ends, lengths = (np.concatenate(column) for column in zip(*edges, strict=True))
    return csr_array((lengths, (begins, ends)), shape=(number.size, number.size))


@cache
def _deep_land() -> Flags:
    """Read once."""
    data = gzip.decompress(resources.files("geofences").joinpath("data", "deep_land.gz").read_bytes())
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=CELLS[0] * CELLS[1])
    return np.asarray(bits.reshape(CELLS), bool)
