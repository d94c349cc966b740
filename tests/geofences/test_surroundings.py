"""Places: what lies around a position."""

import numpy as np
import pytest

from geofences.fence import FenceKind, Policy
from geofences.surroundings import (
    Surroundings,
    bounds,
    middle,
)
from tests.streams.track_factories import (
    NOWHERE,
    SEA,
    fence,
    lon_lat,
)


def test_without_fences_nothing_is_anywhere() -> None:
    lon, lat = np.array([SEA[0]]), np.array([SEA[1]])
    hits = NOWHERE.index.containing(lon, lat)
    assert NOWHERE.port_of(hits, 1)[1].tolist() == [-1]
    assert not NOWHERE.suppressed(hits, 1)[0]
    distances = NOWHERE.distances((SEA[0], SEA[0]), (SEA[1], SEA[1]))
    assert distances.start_distance_from_port_km is not None  # of the World Port Index
    assert distances.start_distance_from_shore_km is not None


def test_port_of_is_the_first_port_fence_by_id() -> None:
    places = Surroundings(
        [
            fence("z", 1000, FenceKind.PORT, locode="RUZZZ"),
            fence("b", 3000, FenceKind.ROADS, locode="RUBBB"),
            fence("a", 9000, FenceKind.WATCH_AREA, Policy.WATCH),
        ]
    )
    lon, lat = lon_lat([0, 2000, 5000, 20_000], [0, 0, 0, 0])
    number, port = places.port_of(places.index.containing(lon, lat), 4)
    assert [places.fences[i].id if i >= 0 else None for i in number] == ["b", "b", None, None]
    assert [places.ports[i] if i >= 0 else None for i in port] == ["RUBBB", "RUBBB", None, None]


def test_relations_say_inside_or_near() -> None:
    places = Surroundings([fence("here", 500), fence("by", 500, east=1400), fence("far", 500, east=9000)])
    relations = places.relations(np.array([SEA[0]]), np.array([SEA[1]]))
    assert [(relation.id, relation.relation) for relation in relations] == [
        ("by", "near"),
        ("here", "inside"),
    ]


def test_relations_are_the_same_whether_they_were_expected_or_not() -> None:
    places = Surroundings([fence("here", 500), fence("by", 500, east=1400), fence("far", 500, east=9000)])
    lon, lat = lon_lat([0, 1400, 4000, 8000], [0, 100, 0, 0], SEA)
    parts = [slice(0, 4), slice(0, 2), slice(1, 3), slice(2, 3), slice(3, 4)]
    direct = [places.relations(lon[part], lat[part]) for part in parts]
    places = Surroundings(places.fences)
    places.expect(zip(lon[:3].tolist(), lat[:3].tolist(), strict=True))
    assert [places.relations(lon[part], lat[part]) for part in parts] == direct
    assert [[each.relation for each in one] for one in direct] == [
        ["inside", "near", "inside"],
        ["inside", "inside"],
        ["inside", "near"],
        [],
        ["near"],
    ]


def test_box_and_middle_across_180_degrees() -> None:
    lon, lat = lon_lat([-2000, 0, 2000], [0, 100, 200], (180.0, 50.0))
    west, south, east, north = bounds(lon, lat)
    assert (west > 179.9, east < -179.9) == (True, True)
    assert south == 50.0
    assert north == pytest.approx(50.0018, abs=1e-4)
    assert abs(middle(lon, lat)[0]) == pytest.approx(180)
