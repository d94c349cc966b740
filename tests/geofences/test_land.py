import json

import pytest
import shapely

from geofences.land import land, land_clip, land_share


@pytest.mark.parametrize(
    ("lon", "lat", "wanted"),
    [
        (125.75, 39.02, True),  # Pyongyang
        (33.2, 68.9, True),  # the Kola peninsula
        (-178.0, 67.0, True),  # Chukotka, east of 180°
        (133.0, 41.8, False),  # Japan Sea
        (37.0, 43.5, False),  # Black Sea
        (51.0, 42.0, False),  # Caspian Sea
        (20.0, 58.0, False),  # Baltic
        (-30.0, 68.99, True),  # Greenland, north of which a badly cut Asia would have left a band of land
        (-10.0, 68.99, False),
        (0.0, -16.5, False),  # and Fiji another
    ],
)
def test_land_is_land_and_water_is_water(lon: float, lat: float, wanted: bool) -> None:
    assert any(shapely.intersects_xy(polygon, lon, lat) for polygon in land()) is wanted


def test_the_polygons_are_valid_and_within_the_map() -> None:
    assert all(polygon.geom_type == "Polygon" and polygon.is_valid for polygon in land())
    west, south, east, north = shapely.total_bounds(land())
    assert (west, east) == (-180, 180)
    assert south < -89.9
    assert 83 < north < 84


@pytest.mark.parametrize("box", [(170, 60, -170, 72), (170, 60, 190, 72)])
def test_a_clip_across_180_comes_in_one_piece(box: tuple[float, float, float, float]) -> None:
    clip = land_clip(*box)
    shape = shapely.geometry.shape(json.loads(json.dumps(clip)))
    assert shape.is_valid
    assert shape.bounds[0] == 170
    assert shape.bounds[2] == 190
    assert shape.contains(shapely.Point(180, 67))  # Chukotka, with no seam


def test_a_clip_holds_the_land_of_the_box_and_no_more() -> None:
    box = shapely.box(124, 38, 126, 39.5)
    shape = shapely.geometry.shape(land_clip(*box.bounds))
    wanted = shapely.union_all([polygon.intersection(box) for polygon in land()])
    assert shape.symmetric_difference(wanted).area == pytest.approx(0, abs=1e-3)
    assert land_clip(170, 30, 171, 31) == {"type": "MultiPolygon", "coordinates": []}


def test_how_much_of_a_way_lies_over_land() -> None:
    assert land_share(133.1, 41.9, 134.0, 41.0) == 0
    assert land_share(133.1, 41.9, 133.1, 41.9) == 0
    across_korea = land_share(124.5, 39.0, 128.5, 39.0)
    assert 0.5 < across_korea < 0.9
    assert land_share(128.5, 39.0, 124.5, 39.0) == pytest.approx(across_korea)
    chukotka = land_share(179.0, 67.5, -179.0, 67.5)  # across 180°
    assert chukotka == pytest.approx(1)
