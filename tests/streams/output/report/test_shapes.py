"""Boxes and land: the short way across 180°, and small enough for a page."""

from typing import Any

import numpy as np
import pytest
import shapely
from shapely import box

from streams.output.report.backdrop import AREA_POINTS, backdrop
from streams.output.report.shapes import Extent, extent_of


@pytest.mark.parametrize(
    ("lons", "west", "east"),
    [
        ((124.0, 133.0), 124.0, 133.0),
        ((-170.0, 175.0), 175.0, 190.0),
        ((-10.0, 20.0, 5.0), -10.0, 20.0),
        ((179.0,), 179.0, 179.0),
        ((-180.0, 180.0), -180.0, -180.0),
    ],
)
def test_extent(lons: tuple[float, ...], west: float, east: float) -> None:
    extent = extent_of([(lon, 40.0) for lon in lons])
    assert (extent.west, extent.east) == pytest.approx((west, east))


def test_land_is_fetched_only_between_180_and_180() -> None:
    asked: list[tuple[float, float, float, float]] = []

    def land(west: float, south: float, east: float, north: float) -> dict[str, Any]:
        asked.append((west, south, east, north))
        return dict(shapely.geometry.mapping(box(west, south, east, north)))

    layers = backdrop(land, Extent(178.0, 50.0, 182.0, 53.0), [(-179.9, 52.0)])
    assert all(
        -180 <= west < east <= 180 and -90 <= south < north <= 90 for west, south, east, north in asked
    )
    # the area comes in two halves that meet at 180, with the eastern one moved by 360
    starts = sorted(ring[0] / 100_000 for ring in layers[1]["rings"])
    assert len(starts) == 2
    assert all(170 < lon < 190 for lon in starts)


def test_rich_land_is_simplified_until_it_fits() -> None:
    heights = np.random.default_rng(1).uniform(0, 0.05, 90_001).tolist()

    def jagged(west: float, south: float, east: float, north: float) -> dict[str, Any]:
        coast = [(west + (east - west) * i / 90_000, south + height) for i, height in enumerate(heights)]
        return dict(shapely.geometry.mapping(shapely.Polygon([*coast, (east, north), (west, north)])))

    layers = backdrop(jagged, Extent(120.0, 30.0, 140.0, 45.0), [(125.0, 38.0)])
    world, area, *cells = layers
    assert sum(len(ring) // 2 for ring in area["rings"]) <= AREA_POINTS
    assert len(cells) == 4
    assert world["box"][2] - world["box"][0] == 360


def test_no_land() -> None:
    layers = backdrop(
        lambda *_: {"type": "MultiPolygon", "coordinates": []}, Extent(0.0, 0.0, 1.0, 1.0), [(0.5, 0.5)]
    )
    assert [layer["rings"] for layer in layers] == [[], []]
