import numpy as np
import pytest
import shapely

from geofences.catalogue import load_catalogue
from geofences.distance import port_distance_km
from geofences.sea_distance import sea_distances_km
from geofences.sea_way import nearest_point
from geofences.surroundings import Surroundings

SURROUNDINGS = Surroundings(load_catalogue())


def test_a_straight_way_over_water_is_no_longer_than_it_is() -> None:
    for port, lon, lat, expected in (
        ("RUVYP", 133.0, 42.2, 59),  # to the roads, due north
        ("KPCHO", 130.9, 41.0, 119),
        ("KPNAM", 124.5, 38.0, 83),
    ):
        assert SURROUNDINGS.sea_km(port, lon, lat) == pytest.approx(expected, rel=0.05)


def test_a_way_round_land_is_not_made_straight() -> None:
    assert (SURROUNDINGS.sea_km("KPWON", 125.0, 38.69) or 0) > 1200  # from Nampo, 160 km away
    over_the_peninsula = SURROUNDINGS.sea_km("RUSKA", 132.1, 43.1)
    assert over_the_peninsula == sea_distances_km(132.1, 43.1)["RUSKA"]


def test_no_way_is_shorter_than_the_great_circle_and_a_limit_changes_none() -> None:
    rng = np.random.default_rng(3)
    ports = {call: SURROUNDINGS.port_fences(SURROUNDINGS.ports.index(call)) for call in ("RUVYP", "KPCHO")}
    for lon, lat in zip(rng.uniform(128, 136, 60).tolist(), rng.uniform(37, 43, 60).tolist(), strict=True):
        for call, fences in ports.items():
            km = SURROUNDINGS.sea_km(call, lon, lat)
            direct = port_distance_km(np.array([lon]), np.array([lat]), fences)[0]
            assert km is None or km >= direct - 0.001  # edges are cut into chords
            for within in (50.0, 150.0, 400.0):
                limited = SURROUNDINGS.sea_km(call, lon, lat, within)
                assert limited == (km if km is not None and km <= within else None)


def test_where_no_field_is_known_there_is_no_way() -> None:
    assert SURROUNDINGS.sea_km("RUVYP", 0.0, 0.0) is None


@pytest.mark.parametrize(("lon", "expected"), [(20.0, 20.15), (179.9, -179.95)])
def test_the_nearest_point_is_so_in_kilometres(lon: float, expected: float) -> None:
    """8 km to the east, not 11 km to the north: degrees of longitude are half as long at 60° N."""
    parts = shapely.box(expected, 59.9, expected + 0.05, 60.1), shapely.box(lon - 0.1, 60.1, lon, 60.2)
    assert nearest_point(shapely.union_all(parts), lon, 60.0) == pytest.approx((expected, 60.0))
