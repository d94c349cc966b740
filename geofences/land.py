"""Land, from Natural Earth: the polygons, and a piece of them for a map.

A backdrop and a distance, never a filter: no coastline has every berth as water. What the data are, and where
from: geofences/data/SOURCES.md.
"""

import gzip
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import shapely
from shapely import Polygon
from shapely.affinity import translate

from geofences.polygon import polygonal


@cache
def land() -> tuple[Polygon, ...]:
    """The world's land as polygons in degrees within ±180, cut at 180°. Read once."""
    data = resources.files("geofences").joinpath("data", "land.geojson.gz").read_bytes()
    return tuple(shapely.get_parts(shapely.from_geojson(gzip.decompress(data))))


@cache
def _tree() -> shapely.STRtree:
    return shapely.STRtree(land())


def land_share(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    """The share of the straight way between two near positions in degrees that lies over land."""
    east = (to_lon - lon + 180) % 360 - 180
    way = shapely.LineString([(lon, lat), (lon + east, to_lat)])
    if way.length == 0:
        return 0.0
    over = 0.0
    for turn in (-360, 0, 360):
        line = translate(way, xoff=turn)
        near = _tree().geometries[np.sort(_tree().query(line, predicate="intersects"))]
        over += float(sum(shapely.length(shapely.intersection(piece, line)) for piece in near))
    return over / float(way.length)


def land_clip(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """The land inside a box in degrees, as a GeoJSON MultiPolygon (perhaps empty).

    Across 180°, give a west greater than the east, or an east beyond 180. Longitudes then run on past 180, so
    that a map comes out in one piece.
    """
    if west > east:
        east += 360
    pieces = []
    for turn in (-360, 0, 360):
        window = shapely.box(west - turn, south, east - turn, north)
        near = _tree().geometries[np.sort(_tree().query(window, predicate="intersects"))]
        pieces += [translate(piece, xoff=turn) for piece in shapely.intersection(near, window)]
    parts = shapely.get_parts(polygonal(shapely.union_all(pieces)))
    coordinates = [
        [np.round(shapely.get_coordinates(ring), 4).tolist() for ring in (part.exterior, *part.interiors)]
        for part in parts
    ]
    return {"type": "MultiPolygon", "coordinates": coordinates}
