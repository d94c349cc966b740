"""Make the catalogue from the tables of zones and two public reference tables.

    python -m geofences.catalogue.build --reference DIR

DIR holds world_port_index_ru_kp.csv (NGA Pub. 150), gfw_anchorages_rus.csv (Global Fishing Watch) and is not
part of the package. The same tables give the same bytes.
"""

import argparse
import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPoint, MultiPolygon, Polygon

from geofences.catalogue.zone import Zone
from geofences.catalogue.zones_korea import NORTH_KOREA, WATCH_AREAS
from geofences.catalogue.zones_russia import RUSSIA_PACIFIC
from geofences.catalogue.zones_russia_west import RUSSIA_WEST
from geofences.distance import expand, haversine_m
from geofences.fence import Fence, dump_fences
from geofences.polygon import polygonal

REGIONS: Final = {
    "north_korea": NORTH_KOREA,
    "russia_pacific": RUSSIA_PACIFIC,
    "russia_west": RUSSIA_WEST,
    "watch_areas": WATCH_AREAS,
}
"""File name and zones."""

TARGET: Final = Path(__file__).parent

POINT_RADIUS_M: Final = 1_000
"""Round each anchorage point: an S2 cell of level 14 is about half as wide."""
CLUSTER_M: Final = 2_000
"""Anchorage points further apart than this get polygons of their own."""
TOLERANCE: Final = 0.0015
"""Degrees by which an outline may be simplified."""
MOAT: Final = 0.0003
"""Degrees (some 30 m) between neighbours, so that rounding never makes them overlap."""
SLIVER: Final = 1e-4
"""Square degrees (about 1 km²) below which what another zone left over is dropped."""
GRID: Final = 1e-4
"""Degrees that coordinates are rounded to, some 10 m."""


def build(reference: Path) -> dict[str, str]:
    """GeoJSON text by file name. Raises OSError for a missing table, KeyError for an unknown port."""
    locodes = {
        int(row["wpi_number"]): row["locode"] for row in _table(reference / "world_port_index_ru_kp.csv")
    }
    anchorages = _table(reference / "gfw_anchorages_rus.csv")
    return {
        f"{name}.geojson": dump_fences(_fences(zones, locodes, anchorages)) for name, zones in REGIONS.items()
    }


def _fences(zones: Iterable[Zone], locodes: dict[int, str], anchorages: list[dict[str, str]]) -> list[Fence]:
    fences: list[Fence] = []
    taken = Polygon()
    for zone in zones:
        outline = [Polygon(zone.outline)] if zone.outline else []
        whole = shapely.union_all([*outline, *_hulls(_points(zone, anchorages))]).simplify(TOLERANCE)
        area = _tidy(whole.difference(taken))
        taken = taken.union(area.buffer(MOAT, join_style="mitre"))
        fences.append(
            Fence(
                id=zone.id,
                name=zone.name,
                kind=zone.kind,
                country=zone.country,
                locode=locodes[zone.wpi].replace(" ", "") or None if zone.wpi else None,
                policy=zone.policy,
                source=zone.source,
                geometry=area,
                port=zone.port,
            )
        )
    return sorted(fences, key=lambda fence: fence.id)


def _points(zone: Zone, anchorages: list[dict[str, str]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    west, south, east, north = zone.window
    chosen = [row for row in anchorages if row["label"] in zone.labels]
    points = {(float(row["longitude"]), float(row["latitude"])) for row in chosen}
    inside = [(lon, lat) for lon, lat in points if west <= lon <= east and south <= lat <= north]
    return np.array(sorted(inside)).reshape(-1, 2)


def _hulls(points: np.ndarray[Any, np.dtype[np.float64]]) -> list[Polygon]:
    """A convex hull round each cluster of points, whichever are joined by steps of CLUSTER_M."""
    hulls = []
    left = points
    while len(left):
        member = np.arange(len(left)) == 0
        while True:
            steps = haversine_m(left[member, 0][:, None], left[member, 1][:, None], left[:, 0], left[:, 1])
            reached = member | (steps <= CLUSTER_M).any(axis=0)
            if (reached == member).all():
                break
            member = reached
        hulls.append(expand(MultiPoint(left[member]), POINT_RADIUS_M).convex_hull)
        left = left[~member]
    return hulls


def _tidy(geometry: Any) -> Polygon | MultiPolygon:
    """On the grid, without slivers, outer rings counterclockwise, in a fixed order."""
    simple = shapely.set_precision(geometry, GRID)
    parts = [part for part in shapely.get_parts(polygonal(simple)) if part.area >= SLIVER]
    rings = [Polygon(np.round(shapely.get_coordinates(part.exterior), 4)) for part in parts]
    return polygonal(MultiPolygon([shapely.geometry.polygon.orient(ring.normalize()) for ring in rings]))


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the catalogue of fences.")
    parser.add_argument("--reference", type=Path, required=True, help="folder of the reference tables")
    for name, text in build(parser.parse_args().reference).items():
        (TARGET / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
