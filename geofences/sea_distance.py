"""Distances by sea to the ports of the catalogue, looked up for whole columns of positions.

They were computed once on a raster and are shipped: geofences/data/SOURCES.md says how. They are right to
some 15 km near a port and along coasts, and to a tenth of a long way.
"""

import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final, NamedTuple

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


class Fields(NamedTuple):
    """The distances to all ports of a region, kilometres: ports × rows × columns, NOWHERE where unknown."""

    region: Region
    ports: list[str]
    distances: npt.NDArray[np.int16]


@cache
def _regions() -> list[Fields]:
    """Read once."""
    data = resources.files("geofences").joinpath("data", "sea_distance.npz.gz").read_bytes()
    with np.load(io.BytesIO(gzip.decompress(data))) as file:
        names = [name.split("/", 1) for name in file.files if "/" in name]
        regions = []
        for number, (west, south, east, north) in enumerate(file["regions"].tolist()):
            ports = [port for region, port in names if int(region) == number]
            fields = [unpacked(file[f"{number}/{port}"]) for port in ports]
            regions.append(Fields(Region(west, south, east, north, 0.05), ports, np.stack(fields)))
        return regions


@cache
def _places() -> dict[str, tuple[int, int]]:
    """Of each port: the number of its region, and its own number in that."""
    return {
        port: (number, own)
        for number, fields in enumerate(_regions())
        for own, port in enumerate(fields.ports)
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
    return sorted(_places())


def sea_distance_km(port: str, lon: Floats, lat: Floats) -> Floats:
    """Kilometres by sea from positions in degrees to a port of the catalogue; NaN where it is not known.

    It is not known beyond 4,000 km, outside the port's part of the world, and for ports that are not shipped.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if port not in _places():
        return np.full(lon.shape, np.nan)
    number, own = _places()[port]
    region, _, distances = _regions()[number]
    return np.asarray(_interpolated(region, distances[own : own + 1], lon, lat)[0], np.float64)


@lru_cache(maxsize=1024)
def sea_distances_km(lon: float, lat: float) -> Mapping[str, float]:
    """Kilometres by sea from one position in degrees to each port; those that are not known are left out."""
    at = np.array([lon], np.float64), np.array([lat], np.float64)
    return {
        port: km
        for region, ports, distances in _regions()
        if region.holds(lon, lat)
        for port, km in zip(ports, _interpolated(region, distances, *at)[:, 0].tolist(), strict=True)
        if km == km
    }


def _interpolated(region: Region, distances: npt.NDArray[np.int16], lon: Floats, lat: Floats) -> Floats:
    """Distances between the kept cells' middles, ports × positions, kilometres; NaN where unknown."""
    row, column = region.place(lon, lat)
    row, column = (row - KEPT // 2) / KEPT, (column - KEPT // 2) / KEPT
    _, rows, columns = distances.shape
    inside = (row >= 0) & (row <= rows - 1) & (column >= 0) & (column <= columns - 1)
    row, column = np.where(inside, row, 0.0), np.where(inside, column, 0.0)
    south = np.minimum(row.astype(np.intp), rows - 2)
    west = np.minimum(column.astype(np.intp), columns - 2)
    up, right = row - south, column - west
    total = np.zeros((len(distances), *lon.shape))
    weight = np.zeros(total.shape)
    for above, beside, share in (
        (0, 0, (1 - up) * (1 - right)),
        (0, 1, (1 - up) * right),
        (1, 0, up * (1 - right)),
        (1, 1, up * right),
    ):
        value = distances[:, south + above, west + beside].astype(np.float64)
        share = np.where(value >= 0, share, 0.0)
        total, weight = total + share * value, weight + share
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(inside & (weight > 0.25), total / weight, np.nan))
