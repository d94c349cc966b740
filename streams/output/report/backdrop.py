"""Land behind the map: the world roughly, the area of the run finer, the places of the events in full.

Painted one over the other, each layer inside its own box, so that the page stays small and is still right
where it matters.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import shapely
from shapely import Polygon
from shapely.affinity import translate

from streams.output.report.shapes import Extent, encode_polygons

Land = Callable[[float, float, float, float], Mapping[str, Any]]
"""West, south, east, north (between -180 and 180) to the land inside, a GeoJSON geometry."""

WORLD_TOLERANCE: Final = 0.04
AREA_POINTS: Final = 40_000
CELLS: Final = 40
"""So many cells of one degree are drawn in full at most."""

OVERLAP: Final = 0.05
"""Degrees by which land is fetched beyond its box, so that the cut edge is never seen."""


def backdrop(land: Land, extent: Extent, events: Sequence[tuple[float, float]]) -> list[dict[str, Any]]:
    """The layers of land in the order in which to paint them."""
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
    """Land in a box that may lie across 180°."""
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
    """Whole degrees round the events."""
    found: dict[tuple[int, int], None] = {}
    for lon, lat in events:
        lon = (lon - centre + 180) % 360 - 180 + centre
        for dx in (-0.4, 0.4):
            for dy in (-0.4, 0.4):
                found[math.floor(lon + dx), math.floor(lat + dy)] = None
    return [Extent(float(x), float(y), x + 1.0, y + 1.0) for x, y in list(found)[:CELLS]]
