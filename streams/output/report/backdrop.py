"""Land behind the map: coarse for the world, finer for the area of the run, in full detail around the events.

The layers are painted one over the other, each inside its own box. So the page stays small and is exact where
it matters.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import shapely
from shapely import Polygon
from shapely.affinity import translate

from streams.output.report.shapes import Extent, encode_polygons

Land = Callable[[float, float, float, float], Mapping[str, Any]]
"""From west, south, east, north (degrees from -180 to 180) to the land inside, a GeoJSON geometry."""

WORLD_TOLERANCE: Final = 0.04
"""Degrees by which the coast of the world layer may differ from the true one."""
AREA_POINTS: Final = 40_000
"""The most points of the layer of the area."""
CELLS: Final = 40
"""The most cells of one degree that are drawn in full detail."""

OVERLAP: Final = 0.05
"""Degrees by which land is fetched beyond its box, so that its cut edge is not visible."""


def backdrop(land: Land, extent: Extent, events: Sequence[tuple[float, float]]) -> list[dict[str, Any]]:
    """The layers of land, in the order in which to paint them."""
    world = Extent(extent.centre - 180, -85.0, extent.centre + 180, 85.0)
    layers = [_layer(world, _simplified(_land_in(land, world), WORLD_TOLERANCE))]
    area = extent.grown(0.75, 2.0)
    polygons, tolerance = _land_in(land, area), 0.001
    while True:
        simple = _simplified(polygons, tolerance)
        if sum(shapely.count_coordinates(polygon) for polygon in simple) <= AREA_POINTS:
            break
        tolerance *= 2
    layers.append(_layer(area, simple))
    if tolerance > 0.001:
        layers += [_layer(cell, _land_in(land, cell)) for cell in _cells(events, extent.centre)]
    return layers


def _layer(box: Extent, polygons: Sequence[Polygon]) -> dict[str, Any]:
    return {"box": box.bounds, "rings": encode_polygons(polygons)}


def _simplified(polygons: Sequence[Polygon], tolerance: float) -> list[Polygon]:
    simple = (polygon.simplify(tolerance) for polygon in polygons)
    return [part for part in simple if part.area > tolerance * tolerance]


def _land_in(land: Land, box: Extent) -> list[Polygon]:
    """The land in a box, which may cross 180°."""
    found: list[Polygon] = []
    west, east = box.west - OVERLAP, box.east + OVERLAP
    south, north = max(-90.0, box.south - OVERLAP), min(90.0, box.north + OVERLAP)
    for turn in range(math.floor((west + 180) / 360), math.floor((east + 180) / 360) + 1):
        left, right = max(-180.0, west - 360 * turn), min(180.0, east - 360 * turn)
        if left < right:
            geometry = shapely.geometry.shape(land(left, south, right, north))
            found += _polygons(translate(geometry, xoff=360 * turn))
    return found


def _polygons(geometry: Any) -> Iterator[Polygon]:
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            yield part
        elif part.geom_type == "MultiPolygon":
            yield from part.geoms


def _cells(events: Sequence[tuple[float, float]], centre: float) -> list[Extent]:
    """The cells of one degree around the events."""
    found: dict[tuple[int, int], None] = {}
    for lon, lat in events:
        lon = (lon - centre + 180) % 360 - 180 + centre
        for dx in (-0.4, 0.4):
            for dy in (-0.4, 0.4):
                found[math.floor(lon + dx), math.floor(lat + dy)] = None
    return [Extent(float(x), float(y), x + 1.0, y + 1.0) for x, y in list(found)[:CELLS]]
