"""The gap between two hulls: what two antennas 200 metres apart really say about ships 150 metres long.

A hull is the rectangle that the antenna's distances to bow, stern and sides span (ITU-R M.1371, dimension
and reference for position), turned to the heading.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely import Polygon

from geofences.distance import Floats
from models.vessel import Dimensions

AHEAD: Final = 0.8
"""Of half of both lengths: hulls whose middles are so far ahead of each other lie end to end. A pusher's bow
lies in a notch of the stern that it pushes."""
METRES_PER_DEGREE = 6_371_008.8 * math.pi / 180
"""Of latitude, on the sphere with the earth's mean radius."""


def offset(lon: float, lat: float, lon0: float, lat0: float) -> tuple[float, float]:
    """East and north of (lon0, lat0) in metres; for the few kilometres that matter here."""
    east = ((lon - lon0 + 180) % 360 - 180) * METRES_PER_DEGREE * math.cos(math.radians((lat + lat0) / 2))
    return east, (lat - lat0) * METRES_PER_DEGREE


def outline(east: float, north: float, heading: float, size: Dimensions) -> Polygon:
    """The hull as a rectangle in metres, its antenna at (east, north), heading in degrees from north.

    Where the antenna's place is not known it is taken to be amidships.
    """
    return Polygon(_corners([(east, north, heading, *_box(size))])[0])


def _box(size: Dimensions) -> tuple[float, float, float, float]:
    """Metres from the antenna to the bow, the stern, the port side and the starboard side."""
    if size.antenna_known:
        return size.to_bow, size.to_stern, size.to_port, size.to_starboard
    return size.length / 2, size.length / 2, size.beam / 2, size.beam / 2


def _corners(hulls: Sequence[tuple[float, ...]]) -> Floats:
    """The four corners of each hull, metres east and north, from the place of its antenna, its heading and
    its box."""
    east, north, heading, ahead, astern, port, starboard = np.array(hulls, np.float64).T[:, :, None]
    x = np.hstack([-port, starboard, starboard, -port])
    y = np.hstack([ahead, ahead, -astern, -astern])
    turned = list(map(math.radians, heading[:, 0].tolist()))
    sin = np.array(list(map(math.sin, turned)))[:, None]  # numpy's depends on the processor
    cos = np.array(list(map(math.cos, turned)))[:, None]
    return np.stack([east + x * cos + y * sin, north - x * sin + y * cos], axis=-1)


def middle(size: Dimensions) -> tuple[float, float]:
    """Metres from the antenna to the middle of the hull: to starboard, and ahead."""
    if not size.antenna_known:
        return 0.0, 0.0
    return (size.to_starboard - size.to_port) / 2, (size.to_bow - size.to_stern) / 2


def between_middles(
    abeam: float, ahead: float, turn: float, size_a: Dimensions, size_b: Dimensions
) -> tuple[float, float]:
    """Metres from the middle of the first hull to that of the second: to starboard of the first, and ahead.

    The second antenna is so many metres to starboard of the first and ahead of it, and the second hull is
    turned by so many degrees.
    """
    (x, y), (u, v) = middle(size_a), middle(size_b)
    sin, cos = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    return abeam + u * cos + v * sin - x, ahead - u * sin + v * cos - y


def overlap(abeam: float, ahead: float, turn: float, size_a: Dimensions, size_b: Dimensions) -> float:
    """The share of the smaller hull that the other one covers, 0 to 1.

    The second antenna is so many metres to starboard of the first and ahead of it, and the second hull is
    turned by so many degrees.
    """
    one, other = outline(0, 0, 0, size_a), outline(abeam, ahead, turn, size_b)
    return float(one.intersection(other).area / min(one.area, other.area))


class Lie(NamedTuple):
    """How a vessel lies: its antenna in degrees, its bow in degrees from north, and its size."""

    lon: float
    lat: float
    bow: float  # NaN where it is not known
    size: Dimensions | None


def gaps(pairs: Sequence[tuple[Lie, Lie]]) -> list[float | None]:
    """Metres between the two hulls of each pair, 0 where they touch or overlap.

    None where a size or a heading is not known: then the distance of the antennas is all there is.
    """
    found: list[float | None] = [None] * len(pairs)
    known: list[int] = []
    hulls: list[tuple[float, ...]] = []
    for i, (a, b) in enumerate(pairs):
        if a.size is None or b.size is None or math.isnan(a.bow) or math.isnan(b.bow):
            continue
        known.append(i)
        hulls.append((0.0, 0.0, a.bow, *_box(a.size)))
        hulls.append((*offset(b.lon, b.lat, a.lon, a.lat), b.bow, *_box(b.size)))
    if known:  # all at once: for a single pair, shapely takes longer to begin than to measure
        polygons = shapely.polygons(_corners(hulls))
        for i, metres in zip(known, shapely.distance(polygons[::2], polygons[1::2]).tolist(), strict=True):
            found[i] = metres
    return found
