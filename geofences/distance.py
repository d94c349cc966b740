"""Distances on the sphere, for whole columns: between positions, to the shore, to the nearest port.

All on a sphere of the Earth's mean radius (IUGG: 6,371,008.8 m), which departs from the ellipsoid by at
most 0.6 %. Every result depends on its own row alone, bit for bit, however rows are put into batches.
"""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Final

import numpy as np
import shapely
from shapely import MultiPoint, MultiPolygon, Polygon

from geofences.fence import Fence
from geofences.land import land
from geofences.layer import Floats as Floats
from geofences.layer import Layer
from geofences.layer import unit_vectors as unit_vectors
from geofences.outline import Outline
from geofences.polygon import cut_at_180, polygonal

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of the Earth, metres (IUGG)."""


def haversine_m(
    lon1: Floats | float, lat1: Floats | float, lon2: Floats | float, lat2: Floats | float
) -> Floats:
    """Metres between positions in degrees, row by row; NaN where one is NaN. 180° is no border."""
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    return _metres(phi2 - phi1, np.radians(np.subtract(lon2, lon1)), np.cos(phi1) * np.cos(phi2))


def ways_m(lon: Floats, lat: Floats) -> Floats:
    """Metres from each position in degrees to the next; as `haversine_m`, with each cosine taken once."""
    phi = np.radians(lat)
    cosine = np.cos(phi)
    return _metres(phi[1:] - phi[:-1], np.radians(lon[1:] - lon[:-1]), cosine[:-1] * cosine[1:])


def _metres(north: Floats, east: Floats, cosines: Floats) -> Floats:
    """Metres from one position to another, from differences in radians and the product of the cosines of
    their latitudes."""
    half_lat, half_lon = np.sin(north / 2), np.sin(east / 2)
    square = half_lat * half_lat + cosines * half_lon * half_lon
    result: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(square, 1.0)))
    return result


def unwrap(lon: Floats) -> Floats:
    """Longitudes, or differences of longitudes, in degrees, brought into -180..180."""
    return (lon + 180.0) % 360.0 - 180.0


def shore_distance_km(lon: Floats, lat: Floats) -> Floats:
    """Kilometres from positions in degrees to the nearest coast, 0 on land; NaN for a NaN.

    As good as the coastline: some 200 m where tankers are watched, some kilometres elsewhere. Natural Earth
    has neither every islet nor every harbour basin.
    """
    return _distance_km(lon, lat, *_land())


def port_distance_km(lon: Floats, lat: Floats, fences: Iterable[Fence]) -> Floats:
    """Kilometres from positions in degrees to the nearest fence of a port kind, 0 inside.

    NaN for a NaN, and everywhere if there is no such fence.
    """
    return ports_of(fences)(lon, lat)


def ports_of(fences: Iterable[Fence]) -> Callable[[Floats, Floats], Floats]:
    """`port_distance_km` of these fences, for many calls: to tell which fences they are takes longer than
    the distance."""
    areas = _areas(tuple(fence.geometry for fence in fences if fence.kind.is_port))
    return lambda lon, lat: _distance_km(lon, lat, *areas)


def area_distance_km(lon: Floats, lat: Floats, fences: Iterable[Fence]) -> Floats:
    """Kilometres from positions in degrees to the nearest of these fences, 0 inside; NaN for a NaN."""
    return _distance_km(lon, lat, *_areas(tuple(fence.geometry for fence in fences)))


def expand(
    polygon: Polygon | MultiPolygon | MultiPoint, metres: float, join_metres: float = 0.0
) -> Polygon | MultiPolygon:
    """The polygon (or points) grown by a distance in metres on every side, cut at 180°.

    Parts that are no further apart than `join_metres` are joined by what lies between them.

    Right to 0.2 % of the distance for fences up to some 1,000 km across that hold no pole: it is grown in
    an azimuthal equidistant projection round its middle. A wider one, which no projection keeps whole, is
    grown in degrees, by at least the distance and at its farthest from the equator by no more; its parts are
    not joined.
    """
    _, south, _, north = polygon.bounds
    if max(abs(south), abs(north)) > 85 or max(_widest(polygon), north - south) > _WIDE:
        return _expand_wide(polygon, metres)
    # an edge is straight in degrees: short pieces keep it where it is when projected
    fine = shapely.segmentize(polygon, 0.05)
    corners = unit_vectors(*shapely.get_coordinates(fine).T)
    x, y, z = corners.mean(axis=1)
    lon, lat = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
    sine, cosine = np.sin(np.radians(lat)), np.cos(np.radians(lat))

    def to_plane(points: Floats) -> Floats:
        x, east, z = unit_vectors(points[:, 0] - lon, points[:, 1])
        up, north = x * cosine + z * sine, z * cosine - x * sine
        stretch = EARTH_RADIUS_M / np.sinc(np.arctan2(np.hypot(east, north), up) / np.pi)
        return np.column_stack((east * stretch, north * stretch))

    def to_degrees(points: Floats) -> Floats:
        angle = np.hypot(*points.T) / EARTH_RADIUS_M
        east, north = points.T * (np.sinc(angle / np.pi) / EARTH_RADIUS_M)
        up = np.cos(angle)
        x, z = up * cosine - north * sine, up * sine + north * cosine
        turned, raised = np.arctan2(east, x), np.arctan2(z, np.hypot(east, x))
        return np.column_stack((np.degrees(turned) + lon, np.degrees(raised)))

    flat = shapely.union_all(shapely.transform(shapely.get_parts(fine), to_plane))
    wide = flat.buffer(metres + join_metres / 2, quad_segs=16)
    joined = wide.buffer(-join_metres / 2, quad_segs=16) if join_metres else wide
    grown = shapely.transform(joined.simplify(metres / 1000), to_degrees)
    return polygonal(shapely.union_all([polygon, cut_at_180(polygonal(grown))]))


_WIDE: Final = 30.0
"""Degrees across beyond which a polygon is not grown in a projection."""


def _widest(polygon: Polygon | MultiPolygon) -> float:
    """Degrees of longitude that the widest part spans."""
    bounds = shapely.bounds(shapely.get_parts(polygon))
    return float((bounds[:, 2] - bounds[:, 0]).max())


def _expand_wide(polygon: Polygon | MultiPolygon, metres: float) -> Polygon | MultiPolygon:
    """Grown in degrees, cut off at 180° and at the poles."""
    _, south, _, north = polygon.bounds
    degrees = np.degrees(metres / EARTH_RADIUS_M)
    # a degree of longitude is shortest where the polygon is farthest from the equator
    stretch = 1 / max(np.cos(np.radians(max(abs(south), abs(north)))), 0.02)
    flat = shapely.transform(polygon, lambda points: points / [stretch, 1.0])
    grown = shapely.transform(flat.buffer(degrees), lambda points: points * [stretch, 1.0])
    return polygonal(shapely.intersection(grown, shapely.box(-180, -90, 180, 90)))


def _distance_km(lon: Floats, lat: Floats, inside: Layer, outline: Outline) -> Floats:
    # edges that run through the middle of an area cut at 180° do no harm: they are inside, at distance 0
    distance: Floats = outline.nearest(lon, lat) * (EARTH_RADIUS_M / 1000)
    rows, _ = inside.find(lon, lat)
    distance[rows] = 0.0
    return distance


@lru_cache(maxsize=8)
def _areas(polygons: tuple[Polygon | MultiPolygon, ...]) -> tuple[Layer, Outline]:
    return Layer(polygons), Outline(shapely.get_rings(np.array(polygons, dtype=object)))


@cache
def _land() -> tuple[Layer, Outline]:
    return _areas(land())


def ahead(lon: float, lat: float, course: float, miles: float) -> tuple[float, float]:
    """A position in degrees, so many nautical miles further on a course."""
    angle, direction, phi = miles * 1852 / EARTH_RADIUS_M, np.radians(course), np.radians(lat)
    to = np.arcsin(np.sin(phi) * np.cos(angle) + np.cos(phi) * np.sin(angle) * np.cos(direction))
    turn = np.arctan2(
        np.sin(direction) * np.sin(angle) * np.cos(phi), np.cos(angle) - np.sin(phi) * np.sin(to)
    )
    return float((lon + np.degrees(turn) + 180) % 360 - 180), float(np.degrees(to))
