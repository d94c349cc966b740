import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.catalogue import load_catalogue
from geofences.distance import (
    EARTH_RADIUS_M,
    expand,
    haversine_m,
    port_distance_km,
    shore_distance_km,
    ways_m,
)
from geofences.fence import Fence, FenceKind, Policy
from geofences.land import land
from geofences.layer import Floats

SPHERE = pyproj.Geod(a=EARTH_RADIUS_M, b=EARTH_RADIUS_M)
ELLIPSOID = pyproj.Geod(ellps="WGS84")

lons, lats = st.floats(-180, 180), st.floats(-90, 90)


def column(*values: float) -> Floats:
    return np.array(values, dtype=float)


@given(lons, lats, lons, lats)
def test_haversine_is_the_geodesic_on_the_sphere(lon1: float, lat1: float, lon2: float, lat2: float) -> None:
    _, _, metres = SPHERE.inv(lon1, lat1, lon2, lat2)
    (got,) = haversine_m(column(lon1), column(lat1), column(lon2), column(lat2))
    # close to the antipode the haversine loses digits, to some metres
    assert got == pytest.approx(metres, rel=1e-9, abs=1e-3 if metres < 1.9e7 else 10)


def test_haversine_of_known_places() -> None:
    """Vostochny to Nampo as the crow flies; a kilometre across 180°; no position, no distance."""
    lon1, lat1 = column(133.08, 179.995, 0, np.nan), column(42.74, 60, 0, 0)
    lon2, lat2 = column(125.05, -179.995, 0, 0), column(38.69, 60, 0, 0)
    got = haversine_m(lon1, lat1, lon2, lat2)
    _, _, wanted = ELLIPSOID.inv(lon1[:2], lat1[:2], lon2[:2], lat2[:2])
    assert got[:2] == pytest.approx(wanted, rel=0.006)
    assert got[2] == 0
    assert np.isnan(got[3])


def test_ways_are_the_distances_from_one_position_to_the_next() -> None:
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(-180, 180, 1_001), rng.uniform(-90, 90, 1_001)
    assert ways_m(lon, lat).tolist() == haversine_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).tolist()


def test_shore_distance_of_known_places() -> None:
    """Zero on land; known straits and seas within two per cent and the coastline's own grain."""
    places = {
        (133.0, 47.0): 0.0,  # inland
        (51.0, 42.0): 70.0,  # the Caspian, off Aktau: a hole in Asia is water
        (-179.5, 67.5): 0.0,  # Chukotka, east of 180°
        (0.0, -89.0): 0.0,  # Antarctica, round the pole
    }
    lon, lat = column(*(place[0] for place in places)), column(*(place[1] for place in places))
    got = shore_distance_km(lon, lat)
    assert got[[0, 2, 3]].tolist() == [0, 0, 0]
    assert 10 < got[1] < 130
    assert np.isnan(shore_distance_km(column(np.nan), column(0))[0])


@settings(max_examples=25, deadline=None)
@given(st.floats(-180, 180), st.floats(-75, 85))
def test_shore_distance_is_the_distance_to_the_nearest_point_of_any_coast(lon: float, lat: float) -> None:
    (got,) = shore_distance_km(column(lon), column(lat))
    if any(shapely.intersects_xy(polygon, lon, lat) for polygon in land()):
        assert got == 0
        return
    corners = shapely.get_coordinates(land())
    near = haversine_m(column(lon), column(lat), *corners.T) / 1000
    assert got <= near.min() + 0.003
    # a point on the coast is no nearer than the nearest corner less half the longest edge there
    edge = shapely.segmentize(np.array(land(), dtype=object), 0.02)
    fine = shapely.get_coordinates(edge)
    assert got >= (haversine_m(column(lon), column(lat), *fine.T) / 1000).min() - 1.2


def test_distances_do_not_depend_on_the_batch() -> None:
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(-180, 180, 200), rng.uniform(-80, 80, 200)
    shore, port = shore_distance_km(lon, lat), port_distance_km(lon, lat, load_catalogue())
    for size in (1, 7, 64):
        for first in range(0, 200, size):
            rows = slice(first, first + size)
            assert shore_distance_km(lon[rows], lat[rows]).tobytes() == shore[rows].tobytes()
            assert port_distance_km(lon[rows], lat[rows], load_catalogue()).tobytes() == port[rows].tobytes()


def test_port_distance_counts_port_kinds_alone_and_reaches_across_180() -> None:
    port = Fence("p", "P", FenceKind.PORT, None, None, Policy.SCORE, "", shapely.box(179, 60, 180, 61))
    area = Fence("w", "W", FenceKind.STS_AREA, None, None, Policy.SCORE, "", shapely.box(-179, 60, -178, 61))
    lon, lat = column(179.5, -179.0, 179.5, np.nan), column(60.5, 60.5, 61.5, 60.5)
    got = port_distance_km(lon, lat, (port, area))
    _, _, east = ELLIPSOID.inv(180, 60.5, -179, 60.5)
    _, _, north = ELLIPSOID.inv(179.5, 61, 179.5, 61.5)
    assert got[:3] == pytest.approx([0, east / 1000, north / 1000], rel=0.006)
    assert np.isnan(got[3])
    assert np.isnan(port_distance_km(lon, lat, (area,))).all()


def test_a_fence_round_the_world_can_be_grown() -> None:
    grown = expand(shapely.box(-180, -80, 180, 80), 1000)
    assert grown.is_valid
    assert shapely.intersects_xy(grown, 12.0, 80.0089)
    assert not shapely.intersects_xy(grown, 12.0, 80.0091)
