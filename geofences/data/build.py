"""Make the packaged land from Natural Earth, by way of the npm package world-atlas (TopoJSON).

    npm install world-atlas
    python -m geofences.data.build --atlas node_modules/world-atlas

Fine (1:10m) where tankers are watched, coarse (1:50m) elsewhere. The same input gives the same bytes.
"""

import argparse
import gzip
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from geofences.polygon import cut_at_180, polygonal

Coordinates = npt.NDArray[np.float64]

TARGET: Final = Path(__file__).parent / "land.geojson.gz"

FINE: Final = (
    (115, 25, 165, 62),  # Yellow Sea, East China Sea, Japan Sea, Sea of Okhotsk, Kamchatka
    (27, 40, 42, 48),  # Black Sea, Sea of Azov
    (9, 53, 31, 66),  # Baltic
    (20, 63, 60, 72),  # White Sea, Barents Sea
)
"""Boxes of fine coast: west, south, east, north."""

DIGITS: Final = 4
"""Decimals of a degree that are kept: some 10 m, where the source has 200 m."""


def build(atlas: Path) -> bytes:
    """Gzipped GeoJSON, one MultiPolygon. Raises OSError for a missing file."""
    fine = shapely.union_all([shapely.box(*box) for box in FINE])
    inside = shapely.union_all(_land(atlas / "land-10m.json")).intersection(fine)
    outside = shapely.union_all(_land(atlas / "land-50m.json")).difference(fine)
    whole = shapely.set_precision(inside.union(outside), 10.0**-DIGITS)
    parts = sorted(shapely.get_parts(polygonal(whole)), key=lambda part: part.bounds)
    geometry = {"type": "MultiPolygon", "coordinates": [_rings(part) for part in parts]}
    text = json.dumps(geometry, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def _rings(part: Polygon) -> list[list[list[float]]]:
    return [
        np.round(shapely.get_coordinates(ring), DIGITS).tolist() for ring in (part.exterior, *part.interiors)
    ]


def _land(path: Path) -> list[Any]:
    """The valid polygons of the object `land` in a quantised TopoJSON file (its specification, 2.1)."""
    topology = json.loads(path.read_bytes())
    scale, offset = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [np.cumsum(arc, axis=0) * scale + offset for arc in topology["arcs"]]

    def ring(numbers: list[int]) -> Coordinates:
        # ~n is arc n backwards; each arc begins where the one before ends
        pieces = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers]
        return _unrolled(np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])]))

    polygons = []
    for member in topology["objects"]["land"]["geometries"]:
        for shell, *holes in member["arcs"]:
            outer = ring(shell)
            polygon = Polygon(outer, [_beside(ring(hole), outer) for hole in holes])
            # the grid makes some coasts cross themselves, and the smallest islands collapse
            valid = polygonal(shapely.make_valid(polygon, method="structure"))
            if not valid.is_empty:
                polygons.append(cut_at_180(valid))
    return polygons


def _unrolled(ring: Coordinates) -> Coordinates:
    """The ring with longitudes that run on past 180: the file jumps to -180 in the middle of a coast."""
    ring = np.column_stack((np.unwrap(ring[:, 0], period=360), ring[:, 1]))
    if abs(ring[-1, 0] - ring[0, 0]) < 180:
        return ring
    # once round the world: Antarctica, to be closed by way of the pole
    return np.vstack((ring, [[ring[-1, 0], -90], [ring[0, 0], -90]], ring[:1]))


def _beside(hole: Coordinates, outer: Coordinates) -> Coordinates:
    """The hole turned by whole circles to where the outer ring came to lie."""
    apart = np.ptp(outer[:, 0]) / 2 + outer[:, 0].min() - hole[:, 0].mean()
    return np.column_stack((hole[:, 0] + 360 * np.round(apart / 360), hole[:, 1]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the packaged land.")
    parser.add_argument("--atlas", type=Path, required=True, help="folder of the npm package world-atlas")
    TARGET.write_bytes(build(parser.parse_args().atlas))


if __name__ == "__main__":
    main()
