"""A polygon as GeoJSON writes it (RFC 7946), read with errors that name the place and the remedy.

Positions are (longitude, latitude) in degrees, WGS 84. A polygon that crosses 180° may come as RFC 7946
wants it (a MultiPolygon cut there) or with longitudes that run on past 180, which is cut here.
"""

import math
import re
from itertools import pairwise
from typing import Any, Final

import shapely
from shapely import MultiPolygon, Polygon
from shapely.affinity import translate

from models.errors import InputError

Ring = list[tuple[float, float]]

_REASON: Final = re.compile(r"^(?P<what>[^\[]+)\[(?P<place>[^\]]+)\]$")

_INVALID: Final = {
    "Self-intersection": "the outline crosses itself or another ring; put its corners in order",
    "Ring Self-intersection": "the outline touches itself; make two polygons of it",
    "Hole lies outside shell": "a hole lies outside the outer ring; make it a polygon of its own",
    "Holes are nested": "one hole lies within another; remove the inner one or make it a polygon",
    "Interior is disconnected": "the holes cut the area in pieces; make a MultiPolygon of these",
    "Nested shells": "one polygon lies within another; remove the inner one or make it a hole",
    "Duplicate Rings": "the same ring comes twice; remove one",
    "Too few points in geometry component": "a ring needs at least three different positions",
}
"""What shapely's `is_valid_reason` says, and what to do about it."""


class PolygonError(InputError):
    """What is wrong with a GeoJSON geometry, where, and what to do."""


def read_polygon(geometry: Any) -> Polygon | MultiPolygon:
    """The valid polygon that a GeoJSON geometry object describes, cut at 180° where it crosses it.

    Altitudes are dropped. Raises PolygonError.
    """
    if not isinstance(geometry, dict):
        raise PolygonError("geometry: there is none; a fence needs a Polygon or a MultiPolygon")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise PolygonError(f"geometry.type: {kind!r}; a fence needs a Polygon or a MultiPolygon")
    if not isinstance(coordinates, list) or not coordinates:
        raise PolygonError(
            f"geometry.coordinates: empty; give the rings of the {kind}, or leave the fence out"
        )
    members = [coordinates] if kind == "Polygon" else coordinates
    prefix = "coordinates" if kind == "Polygon" else "coordinates[{}]"
    rings = [_read_rings(member, prefix.format(number)) for number, member in enumerate(members)]
    _check_axes([position for member in rings for ring in member for position in ring])
    parts = []
    for number, (shell, *holes) in enumerate(rings):
        part = Polygon(shell, holes)
        _check_valid(part, prefix.format(number))
        parts.append(part)
    whole = parts[0] if kind == "Polygon" else MultiPolygon(parts)
    _check_valid(whole, "coordinates")
    return cut_at_180(whole)


def cut_at_180(polygon: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """The same area with all longitudes within -180 and 180: what lies beyond is cut off and turned round."""
    west, _, east, _ = polygon.bounds
    if west >= -180 and east <= 180:
        return polygon
    parts = []
    for turn in range(math.floor((west + 180) / 360), math.floor((east + 180) / 360) + 1):
        window = shapely.box(-180 + 360 * turn, -90, 180 + 360 * turn, 90)
        parts.append(translate(polygon.intersection(window), xoff=-360 * turn))
    return polygonal(shapely.union_all(parts))


def polygonal(geometry: Any) -> Polygon | MultiPolygon:
    """The polygons of a geometry alone, without the points and lines that cutting leaves over."""
    areas = [part for part in shapely.get_parts(geometry) if part.geom_type in ("Polygon", "MultiPolygon")]
    areas = [area for part in areas for area in shapely.get_parts(part) if area.area > 0]
    return areas[0] if len(areas) == 1 else MultiPolygon(areas)


def place(lon: float, lat: float) -> str:
    """A position as people write it: `42.7300° N 133.0500° E`."""
    return f"{abs(lat):.4f}° {'S' if lat < 0 else 'N'} {abs(lon):.4f}° {'W' if lon < 0 else 'E'}"


def _read_rings(member: Any, where: str) -> list[Ring]:
    if not isinstance(member, list) or not member:
        raise PolygonError(f"{where}: empty; a polygon needs an outer ring")
    return [_read_ring(ring, f"{where}[{number}]") for number, ring in enumerate(member)]


def _read_ring(ring: Any, where: str) -> Ring:
    if not isinstance(ring, list):
        raise PolygonError(f"{where}: a ring is a list of [longitude, latitude]")
    positions = [_read_position(position, f"{where}[{number}]") for number, position in enumerate(ring)]
    if len(positions) < 4:
        said = f"{len(positions)} positions"
        raise PolygonError(f"{where}: {said}; a ring needs at least four, the last = the first")
    if positions[0] != positions[-1]:
        first, last = place(*positions[0]), place(*positions[-1])
        said = f"the ring is open, from {first} to {last}"
        raise PolygonError(f"{where}: {said}; repeat the first position at the end")
    return positions


def _read_position(position: Any, where: str) -> tuple[float, float]:
    ok = isinstance(position, list) and len(position) >= 2
    if not ok or any(isinstance(n, bool) or not isinstance(n, int | float) for n in position[:2]):
        raise PolygonError(f"{where}: {str(position)[:40]!r}; a position is [longitude, latitude] in degrees")
    lon, lat = float(position[0]), float(position[1])
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise PolygonError(f"{where}: {position[:2]}; longitude and latitude have to be finite numbers")
    return lon, lat


def _check_axes(positions: Ring) -> None:
    """Tell projected metres, swapped axes and plain impossible latitudes apart."""
    for lon, lat in positions:
        if abs(lon) > 360 or abs(lat) > 360:
            raise PolygonError(
                f"position [{lon:g}, {lat:g}]: not degrees but the metres of a map projection, it seems; "
                "reproject to WGS 84 longitude and latitude (EPSG:4326)"
            )
    outside = next(((lon, lat) for lon, lat in positions if abs(lat) > 90), None)
    if outside is None:
        return
    where = f"position [{outside[0]:g}, {outside[1]:g}]"
    if all(abs(lon) <= 90 for lon, _ in positions):
        raise PolygonError(
            f"{where}: latitude and longitude are swapped; GeoJSON wants [longitude, latitude]"
        )
    raise PolygonError(f"{where}: a latitude lies within -90 and 90; correct it")


def _check_valid(polygon: Polygon | MultiPolygon, where: str) -> None:
    for ring in shapely.get_rings(polygon):
        xs = shapely.get_coordinates(ring)[:, 0]
        for start, end in pairwise(xs):
            # a band round the whole world has edges of 360°, which is no mistake
            if 180 < abs(end - start) < 360:
                raise PolygonError(
                    f"{where}: an edge runs from longitude {start:g} to {end:g}, the long way round; "
                    "across 180° count on (179, 181) or cut the fence there into a MultiPolygon"
                )
    match = _REASON.match(str(shapely.is_valid_reason(polygon)))
    if match:
        x, y = (float(number) for number in match["place"].split()[:2])
        remedy = _INVALID.get(match["what"], f"{match['what'].lower()}; draw the polygon again")
        raise PolygonError(f"{where}: at {place(x, y)} {remedy}")
    if polygon.area == 0:
        raise PolygonError(f"{where}: the polygon has no area; draw its outline or leave the fence out")
