"""Distances by sea to the ports of the catalogue, looked up for whole columns of positions.

They were computed once on a raster and are shipped: geofences/data/SOURCES.md says how. They are right to
some 15 km near a port and along coasts, and to a tenth of a long way.
"""

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geofences.layer import Floats

KEPT: Final = 5
"""Every so many cells of the raster are kept."""
NOWHERE: Final = -1
"""Stands for a place that is too far away, or not reached by sea."""


@dataclass(frozen=True)
class Region:
    """A raster in Mercator's projection: its edges and the width of a cell, degrees."""

    west: float
    south: float
    east: float
    north: float
    cell: float

    def axes(self) -> tuple[Floats, Floats]:
        """The longitudes of the columns' middles, and the latitudes of the rows' middles, from the south."""
        columns = round((self.east - self.west) / self.cell)
        rows = int((mercator(self.north) - mercator(self.south)) / self.cell)
        lon = np.asarray(self.west + (np.arange(columns) + 0.5) * self.cell, np.float64)
        return lon, latitude(mercator(self.south) + (np.arange(rows) + 0.5) * self.cell)

    def cells(self, lon: Floats, lat: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Row and column of each position."""
        row, column = self.place(lon, lat)
        return np.floor(row + 0.5).astype(np.intp), np.floor(column + 0.5).astype(np.intp)

    def place(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Row and column of each position as fractions: whole numbers are the middles of cells."""
        row = (mercator(lat) - mercator(self.south)) / self.cell - 0.5
        return np.asarray(row, np.float64), np.asarray((lon - self.west) / self.cell - 0.5, np.float64)

    def holds(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north


def mercator(lat: Any) -> Any:
    """The ordinate of a latitude, degrees of longitude."""
    return np.degrees(np.arcsinh(np.tan(np.radians(lat))))


def latitude(ordinate: Any) -> Any:
    """The latitude of an ordinate, degrees."""
    return np.degrees(np.arctan(np.sinh(np.radians(ordinate))))


@cache
def _fields() -> dict[str, tuple[Region, npt.NDArray[np.int16]]]:
    """Region and distances in kilometres of every port, by its code. Read once."""
    data = resources.files("geofences").joinpath("data", "sea_distance.npz.gz").read_bytes()
    with np.load(io.BytesIO(gzip.decompress(data))) as file:
        regions = [
            Region(west, south, east, north, 0.05) for west, south, east, north in file["regions"].tolist()
        ]
        names = [name for name in file.files if "/" in name]
        return {
            name.split("/", 1)[1]: (regions[int(name.split("/", 1)[0])], unpacked(file[name]))
            for name in names
        }


def packed(field: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The differences between neighbouring cells of both axes, which a compressor makes small."""
    zero = np.int16(0)
    return np.diff(np.diff(field, axis=0, prepend=zero), axis=1, prepend=zero)


def unpacked(differences: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The field that `packed` was given."""
    return np.cumsum(np.cumsum(differences, axis=1, dtype=np.int16), axis=0, dtype=np.int16)


def ports_by_sea() -> Sequence[str]:
    """The codes of the ports that distances are known to, sorted."""
    return sorted(_fields())


def sea_distance_km(port: str, lon: Floats, lat: Floats) -> Floats:
    """Kilometres by sea from positions in degrees to a port of the catalogue; NaN where it is not known.

    It is not known beyond 4,000 km, outside the port's part of the world, and for ports that are not shipped.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if port not in _fields():
        return np.full(lon.shape, np.nan)
    region, field = _fields()[port]
    row, column = region.place(lon, lat)
    # the kept cells' middles
    row, column = (row - KEPT // 2) / KEPT, (column - KEPT // 2) / KEPT
    rows, columns = field.shape
    inside = (row >= 0) & (row <= rows - 1) & (column >= 0) & (column <= columns - 1)
    row, column = np.where(inside, row, 0.0), np.where(inside, column, 0.0)
    south = np.minimum(row.astype(np.intp), rows - 2)
    west = np.minimum(column.astype(np.intp), columns - 2)
    up, right = row - south, column - west
    total, weight = np.zeros(lon.shape), np.zeros(lon.shape)
    for above, beside, share in (
        (0, 0, (1 - up) * (1 - right)),
        (0, 1, (1 - up) * right),
        (1, 0, up * (1 - right)),
        (1, 1, up * right),
    ):
        value = field[south + above, west + beside].astype(np.float64)
        share = np.where(value >= 0, share, 0.0)
        total, weight = total + share * value, weight + share
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(inside & (weight > 0.25), total / weight, np.nan))
