"""Make the packaged distances by sea to every Russian and North Korean port of the catalogue.

    python -m geofences.data.build_sea_distance

Needs scikit-image, a tool of developers. Takes some minutes. The same fences and land give the same bytes.

The sea is a raster in Mercator's projection, whose cells are as tall as they are wide, 0.05° of longitude.
A cell is water if its middle is not on land, nor, on the Pacific coasts, nearer to it than ships keep. Fences
of ports, the way from them to the sea, and a few straits that would be closed are water too. The cost of a
cell is its width in kilometres. Steps lead to the 8 cells around, which makes a straight way up to 8 %
longer, by its direction; distances are corrected by the middle of that, to some 4 %. Every fifth cell is
kept, in whole kilometres.
"""

import argparse
import gzip
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.ndimage import binary_dilation, distance_transform_edt
from skimage.graph import MCP_Geometric

from geofences.catalogue import load_catalogue
from geofences.distance import EARTH_RADIUS_M
from geofences.fence import PORT_KINDS, Fence
from geofences.land import land
from geofences.layer import Layer
from geofences.sea_distance import KEPT, NOWHERE, Region, packed

TARGET: Final = Path(__file__).parent / "sea_distance.npz.gz"
CELL: Final = 0.05
"""Degrees of longitude."""
REACH_KM: Final = 4000.0
"""Farther places are not kept: nine days at 10 knots."""
REGIONS: Final = ((105.0, 5.0, 175.0, 62.0), (-12.0, 34.0, 45.0, 73.0))
"""The Pacific coasts, and Europe: west, south, east, north."""
OFFING: Final = (3, 0)
"""Cells of some 4 km that ships keep off the land: off Korea they do not sail between the islands. In Europe
that would close the straits."""
COUNTRIES: Final = ("KP", "RU")
STRAITS: Final = (
    ((29.17, 41.30), (29.05, 41.08), (28.97, 40.95)),  # Bosporus
    ((26.80, 40.45), (26.40, 40.15), (26.10, 40.00)),  # Dardanelles
    ((36.65, 45.55), (36.55, 45.30), (36.50, 44.95)),  # Kerch Strait
    ((141.7, 41.65), (140.9, 41.40), (140.3, 41.30), (139.6, 41.2)),  # Tsugaru Strait
)
"""Lines of water that the land data close, degrees."""
SHORTER: Final = 0.97
"""Steps to 8 neighbours make ways longer by 0 to 8 %, depending on their direction."""

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def build() -> bytes:
    """A compressed file of numpy: for each port its region and its distances."""
    ports = {
        fence.call for fence in load_catalogue() if fence.country in COUNTRIES and fence.kind in PORT_KINDS
    }
    layers: dict[str, npt.NDArray[Any]] = {}
    for number, box in enumerate(REGIONS):
        region = Region(*box, CELL)
        lon, lat = region.axes()
        grid_lon, grid_lat = np.meshgrid(lon, lat)
        dry = _on_land(grid_lon.ravel(), grid_lat.ravel()).reshape(grid_lon.shape)
        water = ~binary_dilation(dry, np.ones((3, 3)), OFFING[number]) if OFFING[number] else ~dry
        inside = sorted(call for call in ports if region.holds(*_middle(call)))
        for line in (line for line in STRAITS if region.holds(*line[0])):
            _open(water, region, np.array(line))
        for call in inside:
            _open_port(water, region, _fences(call))
        width = np.radians(CELL) * EARTH_RADIUS_M / 1000 * np.cos(np.radians(lat))
        costs = np.where(water, width[:, None], -1.0)
        nearest = distance_transform_edt(~water, return_distances=False, return_indices=True)
        for call in inside:
            print(call, flush=True)
            layers[f"{number}/{call}"] = _field(costs, water, nearest, region, _fences(call))
    file = io.BytesIO()
    np.savez(file, regions=np.array(REGIONS), **layers)  # type: ignore[arg-type]
    return gzip.compress(file.getvalue(), compresslevel=9, mtime=0)


def _field(
    costs: Floats, water: Flags, nearest: npt.NDArray[np.intp], region: Region, fences: Iterable[Fence]
) -> npt.NDArray[np.int16]:
    """Kilometres to one port, in the cells that are kept, packed."""
    starts = np.unique(np.concatenate([_cells(region, fence.geometry) for fence in fences]), axis=0)
    field, _ = MCP_Geometric(costs).find_costs(
        [tuple(start) for start in starts.tolist()], max_cumulative_cost=REACH_KM / SHORTER
    )
    field = SHORTER * field[tuple(nearest)]  # land is as far as the water next to it
    kept = field[KEPT // 2 :: KEPT, KEPT // 2 :: KEPT]
    known = np.isfinite(kept) & (kept <= REACH_KM)
    return packed(np.where(known, np.rint(kept), NOWHERE).astype(np.int16))


def _on_land(lon: Floats, lat: Floats) -> Flags:
    out = np.zeros(len(lon), bool)
    out[Layer(land()).find(lon, lat)[0]] = True
    return out


def _fences(call: str) -> list[Fence]:
    return [fence for fence in load_catalogue() if fence.call == call and fence.kind in PORT_KINDS]


def _middle(call: str) -> tuple[float, float]:
    point = shapely.union_all([fence.geometry for fence in _fences(call)]).centroid
    return float(point.x), float(point.y)


def _cells(region: Region, geometry: Any) -> npt.NDArray[np.intp]:
    """Row and column of the cells that a geometry touches with its outline or its middle."""
    outline = shapely.get_coordinates(shapely.segmentize(geometry, CELL / 4))
    points = np.vstack([outline, shapely.get_coordinates(geometry.representative_point())])
    return np.unique(np.column_stack(region.cells(points[:, 0], points[:, 1])), axis=0)


def _open(water: Flags, region: Region, line: Floats) -> None:
    points = shapely.get_coordinates(shapely.segmentize(shapely.LineString(line), CELL / 4))
    water[region.cells(points[:, 0], points[:, 1])] = True


def _open_port(water: Flags, region: Region, fences: Iterable[Fence]) -> None:
    """Make the fences of a port water, and the straight way from each to the nearest sea."""
    sea = water.copy()
    _, (rows, columns) = distance_transform_edt(~sea, return_indices=True)
    for fence in fences:
        cells = _cells(region, fence.geometry)
        water[cells[:, 0], cells[:, 1]] = True
        row, column = cells[0]
        to = rows[row, column], columns[row, column]
        steps = 4 * int(max(abs(to[0] - row), abs(to[1] - column), 1))
        way = np.rint(np.linspace((row, column), to, steps)).astype(np.intp)
        water[way[:, 0], way[:, 1]] = True


def main() -> None:
    argparse.ArgumentParser(description="Make the packaged distances by sea.").parse_args()
    TARGET.write_bytes(build())


if __name__ == "__main__":
    main()
