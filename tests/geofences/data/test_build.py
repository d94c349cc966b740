import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely

from geofences.data.build import build


def topology(*rings: list[list[int]]) -> dict[str, Any]:
    """TopoJSON on a grid of whole degrees: one polygon an arc, the arcs delta-coded."""
    arcs = [[ring[0], *([b[0] - a[0], b[1] - a[1]] for a, b in pairwise(ring))] for ring in rings]
    members = [[[number]] for number in range(len(rings))]
    return {
        "transform": {"scale": [1, 1], "translate": [-180, -90]},
        "arcs": arcs,
        "objects": {"land": {"geometries": [{"arcs": members}]}},
    }


def test_a_coast_that_jumps_at_180_is_cut_there_and_the_pole_is_closed(tmp_path: Path) -> None:
    across = [[355, 150], [5, 150], [5, 155], [355, 155], [355, 150]]
    polar = [[0, 10], [120, 10], [240, 10], [360, 10]]
    fine = [[310, 130], [320, 130], [320, 135], [310, 135], [310, 130]]
    (tmp_path / "land-50m.json").write_text(json.dumps(topology(across, polar)))
    (tmp_path / "land-10m.json").write_text(json.dumps(topology(fine)))
    land = shapely.from_geojson(gzip.decompress(build(tmp_path)))
    wanted = [
        shapely.box(175, 60, 180, 65),
        shapely.box(-180, 60, -175, 65),
        shapely.box(-180, -90, 180, -80),
        shapely.box(130, 40, 140, 45),
    ]
    assert land.is_valid
    assert land.symmetric_difference(shapely.union_all(wanted)).area < 1e-6
