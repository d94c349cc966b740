"""The way by sea from a position to one port: by the field of distances, or straight where that is shorter.

The field keeps ships off the land and steps from cell to cell, so near a port its ways are up to a third too
long. Whether a ship can have been somewhere asks for the shortest one: straight, where hardly any land lies
on it.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofences.distance import haversine_m, unwrap
from geofences.fence import Fence
from geofences.land import land_share
from geofences.sea_distance import sea_distances_km

STRAIGHT_KM: Final = 400.0
"""A straight way is looked for up to here. Farther off, what the field adds near the port matters little, and
the straight line on the map is no great circle."""
LAND_KM: Final = 5.0
"""Kilometres of a straight way that may be land: no coastline has every bay and berth as water. Source: the
roads of Vostochny lie 4 km inside the land of Natural Earth."""


_LONGER: Final = 1.1
"""A way by the field is at most so many times as long as a straight one over water, ..."""
_LONGER_KM: Final = 60.0
"""... and so many kilometres. Source: what the two differ by off Russian and North Korean ports."""


class SeaWay:
    """The ways by sea to a port of the catalogue, given its fences. Has no state but a cache."""

    def __init__(self, call: str, fences: Sequence[Fence]) -> None:
        """`call` is the port's code."""
        self._call = call
        self._zones = [fence.geometry for fence in fences if fence.kind.is_port]
        self._known = lru_cache(maxsize=256)(self._measured)

    def km(self, lon: float, lat: float, within: float = math.inf) -> float | None:
        """Kilometres at least from a position in degrees, 0 inside a fence of the port.

        None where no way is known, or none as short as `within` kilometres.
        """
        field = sea_distances_km(lon, lat).get(self._call)
        if field is None or field > _LONGER * within + _LONGER_KM:
            return None
        found = self._known(lon, lat, field)
        return found if found <= within else None

    def _measured(self, lon: float, lat: float, field: float) -> float:
        """By the field, or straight to the nearest zone of the port that is reached over water."""
        straight = sorted(self._straight(lon, lat))
        for direct, to_lon, to_lat in straight:
            if direct >= field or direct > STRAIGHT_KM:
                break
            if land_share(lon, lat, to_lon, to_lat) * direct <= LAND_KM:
                return direct
        return max(field, straight[0][0])  # the field's cells may be a little short

    def _straight(self, lon: float, lat: float) -> Iterator[tuple[float, float, float]]:
        """Kilometres to the nearest point of each zone, and its longitude and latitude."""
        for zone in self._zones:
            if shapely.intersects_xy(zone, lon, lat):
                yield 0.0, lon, lat
            else:
                to_lon, to_lat = nearest_point(zone, lon, lat)
                metres = float(haversine_m(lon, lat, to_lon, to_lat))
                yield metres / 1000, to_lon, to_lat


def nearest_point(area: BaseGeometry, lon: float, lat: float) -> tuple[float, float]:
    """The point of an area that is nearest to a position, in degrees; also across 180°.

    In the plane that touches the Earth at the position: degrees of longitude are shorter than of latitude.
    """
    scale = math.cos(math.radians(lat))
    plane = shapely.transform(
        area, lambda points: np.column_stack((unwrap(points[:, 0] - lon) * scale, points[:, 1] - lat))
    )
    line = shapely.shortest_line(plane, shapely.Point(0.0, 0.0))
    (east, north), *_ = shapely.get_coordinates(line).tolist()
    return (lon + east / scale + 180) % 360 - 180, lat + north
