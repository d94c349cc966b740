"""The ports of the world as points, and how far each position is from the nearest one.

From the World Port Index: geofences/data/SOURCES.md. The catalogue has the outlines of the ports that are
watched; these points stand for all others.
"""

import csv
import hashlib
import io
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

from geofences.distance import EARTH_RADIUS_M
from geofences.layer import Floats, Indices, squared, unit_vectors
from geofences.near_cells import NearCells, least

COUNTRIES: Final = {"RU": "Russia", "KP": "North Korea"}
"""What the index calls the countries of the catalogue, by ISO 3166-1 alpha-2."""


class WorldPorts:
    """Names, countries and positions of ports. Read only."""

    def __init__(self, names: tuple[str, ...], countries: tuple[str, ...], lon: Floats, lat: Floats) -> None:
        """`lon` and `lat` in degrees, one for each name; a country that is not known is empty."""
        self.names, self.countries = names, countries
        self.lon, self.lat = lon, lat
        self._points = unit_vectors(lon, lat)
        self._cells = NearCells(self._within)

    def nearest(self, lon: Floats, lat: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
        """Index of the port nearest to each position in degrees, and kilometres to it; -1, NaN for a NaN."""
        index, km = np.full(lon.shape, -1, np.intp), np.full(lon.shape, np.nan)
        (known,) = np.nonzero(np.isfinite(lon) & np.isfinite(lat))
        if not len(known):
            return index, km
        points = unit_vectors(lon[known], lat[known])
        row, port = self._cells.near(lon[known], lat[known])
        square = squared(self._points.take(port, axis=1) - points.take(row, axis=1))
        shortest = least(square, row)
        index[known] = least(np.where(square == shortest[row], port, len(self.names)), row)
        km[known] = 2 * np.arcsin(np.minimum(np.sqrt(shortest) / 2, 1.0)) * EARTH_RADIUS_M / 1000
        return index, km

    def _within(self, points: Floats, farther: float) -> tuple[Indices, Indices]:
        away = np.sqrt(squared(self._points[:, None, :] - points[:, :, None]))
        point, port = np.nonzero(away <= away.min(axis=1)[:, None] + farther)
        return point, port


@cache
def world_ports() -> WorldPorts:
    """The ports that the package ships. Read once."""
    rows = list(csv.DictReader(io.StringIO(_data().decode("utf-8"), newline="")))
    lon, lat = (np.array([float(row[name]) for row in rows]) for name in ("lon", "lat"))
    names = tuple(f"{row['name']}, {row['country']}".removesuffix(", ") for row in rows)
    return WorldPorts(names, tuple(row["country"] for row in rows), lon, lat)


@cache
def world_ports_digest() -> str:
    """Changes whenever the shipped ports do."""
    return hashlib.blake2b(_data(), digest_size=8).hexdigest()


def _data() -> bytes:
    return resources.files("geofences").joinpath("data", "world_ports.csv").read_bytes()
