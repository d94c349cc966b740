"""Make the packaged raster of deep land: what lies so far from every coast that no ship passes there.

    python -m geofences.data.build_deep_land

The same land gives the same bytes; takes some minutes.

A cell of 0.1° is deep if its middle is on land and farther than 15 km from the coast. So straits and fjords
that the land data close are open, and necks of land that canals cut. The waterways that lead through deep
land from sea to sea are opened by lines.
"""

import argparse
import gzip
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geofences.land import land
from geofences.layer import Floats, Layer
from geofences.outline import Outline
from geofences.over_water import CELLS, EARTH_RADIUS_KM, cell_middles, cells_of

TARGET: Final = Path(__file__).parent / "deep_land.gz"
DEEP_KM: Final = 15.0
WATERWAYS: Final = (
    ((8.8, 53.9), (9.3, 54.1), (9.8, 54.35), (10.2, 54.4)),  # Kiel Canal
    ((32.3, 31.4), (32.35, 30.6), (32.6, 29.8)),  # Suez Canal
    ((-80.0, 9.5), (-79.7, 9.1), (-79.5, 8.8)),  # Panama Canal
    (  # Saint Lawrence Seaway and Great Lakes
        *((-68.5, 48.4), (-71.2, 46.8), (-73.6, 45.5), (-76.3, 44.2), (-79.2, 43.4), (-79.0, 42.8)),
        *((-81.0, 42.2), (-83.1, 42.0), (-82.4, 43.1), (-82.8, 45.0), (-84.7, 45.8), (-87.0, 43.5)),
        *((-84.7, 45.8), (-84.4, 46.5), (-88.0, 47.6), (-92.0, 46.7)),
    ),
    (  # Sea of Azov, Don, Volga, Neva to the Baltic
        *((39.2, 47.1), (42.1, 47.6), (43.8, 48.5), (44.6, 48.7), (46.0, 51.5), (49.3, 53.3), (49.0, 55.8)),
        *((44.0, 56.4), (39.0, 57.9), (38.0, 58.9), (37.7, 60.2), (35.5, 61.3), (33.0, 60.8), (31.0, 60.0)),
        (29.9, 59.9),
    ),
    ((44.6, 48.7), (46.0, 47.4), (48.0, 46.2), (48.5, 45.4)),  # Volga to the Caspian Sea
    ((35.5, 61.3), (34.9, 62.8), (34.6, 63.7), (34.8, 64.6)),  # White Sea-Baltic Canal
)
"""Lines of waterways that ships of the sea pass from sea to sea, degrees."""


def build() -> bytes:
    """The raster from the south-west, a bit for each cell, packed and compressed."""
    lon, lat = cell_middles()
    rows = np.repeat(np.arange(CELLS[0]), CELLS[1])
    deep = np.zeros(CELLS, bool)
    for first in range(0, CELLS[0], 20):
        part = np.flatnonzero((rows >= first) & (rows < first + 20))
        deep.reshape(-1)[part] = _deep(lon[part % CELLS[1]], lat[rows[part]])
    for line in WATERWAYS:
        points = shapely.get_coordinates(shapely.segmentize(shapely.LineString(line), 0.02))
        row, column = cells_of(points[:, 0], points[:, 1])
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                deep[row + down, (column + across) % CELLS[1]] = False
    return gzip.compress(np.packbits(deep).tobytes(), compresslevel=9, mtime=0)


_LAND: Final = Layer(land())
_COAST: Final = Outline(shapely.get_rings(np.array(land(), dtype=object)))


def _deep(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
    out = np.zeros(len(lon), bool)
    on_land = np.unique(_LAND.find(lon, lat)[0])
    if len(on_land):
        out[on_land] = _COAST.nearest(lon[on_land], lat[on_land]) * EARTH_RADIUS_KM > DEEP_KM
    return out


def main() -> None:
    argparse.ArgumentParser(description="Make the packaged raster of deep land.").parse_args()
    TARGET.write_bytes(build())


if __name__ == "__main__":
    main()
