import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from geofences.distance import EARTH_RADIUS_M, expand
from geofences.fence import Fence, FenceKind, Policy
from geofences.index import FenceIndex
from geofences.layer import Layer

SPHERE = pyproj.Geod(a=EARTH_RADIUS_M, b=EARTH_RADIUS_M)


def fence(id: str, geometry: Polygon | MultiPolygon) -> Fence:
    return Fence(id, id, FenceKind.PORT, None, None, Policy.SCORE, "", geometry)


# whole numbers make corners, edges and points coincide, where mistakes live
whole = st.integers(-12, 12)
corner = st.tuples(whole, whole)
boxes = st.builds(
    lambda low, size: shapely.box(low[0], low[1], low[0] + size[0], low[1] + size[1]),
    corner,
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
)
triangles = st.tuples(corner, corner, corner).map(Polygon).filter(lambda triangle: triangle.area > 0)
polygons = boxes | triangles | st.builds(lambda a, b: shapely.union_all([a, b]), boxes, boxes)
points = st.lists(st.tuples(whole, whole) | st.tuples(st.floats(-13, 13), st.floats(-13, 13)), max_size=30)


@given(st.lists(polygons, max_size=8), points)
def test_containing_is_what_shapely_says_of_every_pair(
    shapes: list[Polygon], places: list[tuple[float, float]]
) -> None:
    index = FenceIndex(fence(str(number), shape) for number, shape in enumerate(shapes))
    lon, lat = np.array(places, dtype=float).reshape(-1, 2).T
    rows, numbers = index.containing(lon, lat)
    wanted = [
        (row, number)
        for row, place in enumerate(places)
        for number, shape in enumerate(shapes)
        if shapely.intersects_xy(shape, *place)
    ]
    assert list(zip(rows.tolist(), numbers.tolist(), strict=True)) == wanted


def test_a_position_that_is_none_matches_nothing() -> None:
    index = FenceIndex([fence("world", shapely.box(-180, -90, 180, 90))])
    lon = np.array([np.nan, 0.0, np.inf, 181.0, 180.0, -180.0])
    lat = np.array([0.0, np.nan, 0.0, 0.0, 90.0, -90.0])
    assert index.containing(lon, lat)[0].tolist() == [4, 5]


def test_fences_are_found_by_number_and_by_id() -> None:
    index = FenceIndex([fence("b", shapely.box(0, 0, 1, 1)), fence("a", shapely.box(2, 0, 3, 1))])
    rows, numbers = index.containing(np.array([2.5]), np.array([0.5]))
    assert [index.fences[number].id for number in numbers] == ["a"]
    assert index.by_id["b"] is index.fences[0]
    assert len(rows) == 1


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (133.0, 42.7), (-60.0, -70.0), (180.0, 65.0)])
@pytest.mark.parametrize("metres", [100.0, 1_000.0, 20_000.0])
def test_near_reaches_as_far_as_it_says_on_every_side(lon: float, lat: float, metres: float) -> None:
    west, east = (179.99, -179.99) if lon == 180 else (lon - 0.01, lon + 0.01)
    parts = [shapely.box(lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01)]
    if lon == 180:
        parts = [
            shapely.box(179.99, lat - 0.01, 180, lat + 0.01),
            shapely.box(-180, lat - 0.01, -179.99, lat + 0.01),
        ]
    index = FenceIndex([fence("a", shapely.union_all(parts))])
    # off the four corners, straight away from the fence
    for corner_lon, corner_lat, azimuth in [
        (west, lat - 0.01, 225),
        (east, lat - 0.01, 135),
        (east, lat + 0.01, 45),
        (west, lat + 0.01, 315),
    ]:
        for share, wanted in [(0.995, 1), (1.005, 0)]:
            x, y, _ = SPHERE.fwd(corner_lon, corner_lat, azimuth, metres * share)
            assert len(index.near(np.array([x]), np.array([y]), metres)[0]) == wanted


def test_near_of_nothing_is_containing_and_a_negative_distance_an_error() -> None:
    index = FenceIndex([fence("a", shapely.box(0, 0, 1, 1))])
    lon, lat = np.array([0.0, 0.5, 1.001]), np.array([0.0, 0.5, 0.5])
    assert index.near(lon, lat, 0)[0].tolist() == [0, 1]
    with pytest.raises(ValueError, match="not negative"):
        index.near(lon, lat, -1)


def test_near_keeps_the_edges_of_a_wide_fence() -> None:
    """An edge of 300 km along a parallel is no great circle: its middle must not move."""
    index = FenceIndex([fence("a", shapely.box(123, 28, 126.5, 32))])
    lon = np.array([124.75, 124.75])
    lat = 32 + np.array([0.99, 1.01]) * np.degrees(1_000 / EARTH_RADIUS_M)
    assert index.near(lon, lat, 1_000)[0].tolist() == [0]


@pytest.mark.parametrize("metres", [500.0, 60_000.0])
def test_near_is_the_same_whatever_was_asked_before(metres: float) -> None:
    """Fences at the border of longitudes, near a pole, wide, small and in two parts."""
    two = MultiPolygon([shapely.box(178, 51, 180, 52), shapely.box(-180, 51, -179, 52)])
    shapes = [
        shapely.box(179.5, 0, 179.9, 1),
        two,
        shapely.box(10, 83, 12, 84),
        shapely.box(-80, -60, -20, 60),
    ]
    index = FenceIndex(
        fence(str(i), shape) for i, shape in enumerate([*shapes, shapely.box(5, 5, 5.01, 5.01)])
    )
    rng = np.random.default_rng(3)
    away = np.degrees(metres / EARTH_RADIUS_M)
    spots = np.concatenate([shapely.get_coordinates(each.geometry) for each in index.fences])
    around = np.concatenate([spots + rng.normal(0, away, spots.shape) * [4, 1] for _ in range(20)])
    lon, lat = (around[:, 0] + 180) % 360 - 180, around[:, 1].clip(-90, 90)
    every = Layer([expand(each.geometry, metres) for each in index.fences]).find(lon, lat)
    one_by_one = [index.near(lon[i : i + 1], lat[i : i + 1], metres)[1].tolist() for i in range(len(lon))]
    assert one_by_one == [every[1][every[0] == i].tolist() for i in range(len(lon))]
    assert set(every[1].tolist()) == set(range(len(index.fences)))
