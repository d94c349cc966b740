"""Positions and outlines in short form for the page: unwrapped past 180°, rounded, as differences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon
from shapely.affinity import translate

from geofences.fence import Fence
from models.report import Rows

SCALE: Final = 100_000
"""Steps in a degree. Positions are rounded to such steps, which are about a metre."""

Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Extent:
    """A box in degrees. East may be beyond 180, so that it is greater than west even across the
    antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @property
    def centre(self) -> float:
        return (self.west + self.east) / 2

    @property
    def bounds(self) -> list[float]:
        return [round(edge, 5) for edge in (self.west, self.south, self.east, self.north)]

    def grown(self, share: float, least: float) -> "Extent":
        """A box larger on every side by a share of its size, but at least by `least` degrees; at most the
        world."""
        dx = max(least, share * (self.east - self.west))
        dy = max(least, share * (self.north - self.south))
        west, east = self.west - dx, self.east + dx
        if east - west >= 360:
            west, east = self.centre - 180, self.centre + 180
        return Extent(west, max(-90.0, self.south - dy), east, min(90.0, self.north + dy))


def extent_of(points: Sequence[tuple[float, float]]) -> Extent:
    """The smallest box around positions, across 180° if that is shorter; the world if there are none."""
    if not points:
        return Extent(-180.0, -60.0, 180.0, 75.0)
    lon, lat = np.array(points, dtype=np.float64).T
    lon = np.unique(lon % 360)
    gaps = np.diff(lon, append=lon[0] + 360)
    west = float(lon[(np.argmax(gaps) + 1) % len(lon)])
    west -= 360 if west >= 180 else 0
    return Extent(west, float(lat.min()), west + 360 - float(gaps.max()), float(lat.max()))


def span_of(track: Rows) -> Sequence[tuple[float, float]]:
    """Two corners of the box of a track, without one per cent at each end, which may be wild fixes."""
    lon, lat = track["lon"].astype(np.float64), track["lat"].astype(np.float64)
    known = np.isfinite(lon) & np.isfinite(lat)
    if not known.any():
        return ()
    # Not by differences between neighbours: one wild fix would turn all fixes after it by 360.
    lon = turned(lon[known], float(np.median(lon[known])))
    west, east = np.quantile(lon, (0.01, 0.99))
    south, north = np.quantile(lat[known], (0.01, 0.99))
    return ((float(west), float(south)), (float(east), float(north)))


def turned(lon: Column, centre: float) -> Column:
    """The longitudes as values within 180° of the centre."""
    return (lon - centre + 180) % 360 - 180 + centre


def differences(points: npt.NDArray[Any]) -> list[int]:
    """Rows of degrees as differences from the row before, in whole steps, in one flat list."""
    steps = np.rint(np.asarray(points, dtype=np.float64) * SCALE).astype(np.int64)
    return np.diff(steps, axis=0, prepend=np.zeros_like(steps[:1])).ravel().tolist()


def encode_polygons(polygons: Iterable[Polygon]) -> list[list[int]]:
    """The rings of polygons, including holes: the page fills them by the even-odd rule."""
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return [differences(shapely.get_coordinates(ring)) for ring in rings]


def encode_fence(fence: Fence, centre: float) -> dict[str, Any]:
    outline = _joined(fence.geometry)
    middle = outline.representative_point().x
    turn = float(turned(np.array([middle]), centre)[0]) - middle
    polygons = shapely.get_parts(translate(outline, xoff=turn))
    return {
        "name": fence.name,
        "kind": str(fence.kind),
        "country": fence.country,
        "policy": str(fence.policy),
        "source": fence.source,
        "rings": encode_polygons(polygons),
    }


def _joined(outline: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """The outline in one piece, if it was cut at 180°: its western part is moved beyond 180."""
    west, _, east, _ = outline.bounds
    if west > -180 or east < 180:
        return outline
    parts = [translate(part, xoff=360) if part.bounds[0] < 0 else part for part in shapely.get_parts(outline)]
    return shapely.union_all(parts)
