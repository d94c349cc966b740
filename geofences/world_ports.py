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
from geofences.layer import Floats, unit_vectors

COUNTRIES: Final = {"RU": "Russia", "KP": "North Korea"}
"""What the index calls the countries of the catalogue, by ISO 3166-1 alpha-2."""


class WorldPorts:
    """Names, countries and positions of ports. Read only."""

    def __init__(self, names: tuple[str, ...], countries: tuple[str, ...], lon: Floats, lat: Floats) -> None:
        """`lon` and `lat` in degrees, one for each name; a country that is not known is empty."""
        self.names, self.countries = names, countries
        self.lon, self.lat = lon, lat
        self._points = unit_vectors(lon, lat)

    def nearest(self, lon: Floats, lat: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
        """Index of the port nearest to each position in degrees, and kilometres to it; -1, NaN for a NaN."""
        index, km = np.full(lon.shape, -1, np.intp), np.full(lon.shape, np.nan)
        for i in np.flatnonzero(np.isfinite(lon) & np.isfinite(lat)).tolist():
            x, y, z = unit_vectors(lon[i], lat[i])
            dx, dy, dz = self._points[0] - x, self._points[1] - y, self._points[2] - z
            square = dx * dx + dy * dy + dz * dz
            index[i] = square.argmin()
            half = min(float(np.sqrt(square[index[i]])) / 2, 1.0)
            km[i] = 2 * np.arcsin(half) * EARTH_RADIUS_M / 1000
        return index, km


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
