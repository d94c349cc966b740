"""Neighbours: which pairs have ticks at the same instants."""

import numpy as np
import pytest

from geofences.distance import EARTH_RADIUS_M, unit_vectors
from models.tick import TICK
from streams.detection.ticks import neighbours
from streams.detection.ticks.neighbours import Fresh, Neighbours
from streams.detection.ticks.packed import SEGMENTS, tracks


def test_pairs_are_together_where_both_have_a_tick_and_one_is_new() -> None:
    mmsis = [1, 2, 3, 1, 2, 4, 2, 3]  # of three instants
    is_new = [True, False, False, False, False, True, False, True]
    tracks = np.array(mmsis, np.int64) * SEGMENTS
    tracks[4] += 1  # another segment
    fresh = Fresh([0, 5, 10], [0, 3, 6, 8], np.zeros(8, TICK), tracks, np.array(is_new))
    pairs = [(1, 2, 0, 0), (2, 3, 0, 0), (1, 2, 0, 1), (1, 4, 0, 0), (3, 9, 0, 0)]
    first, second = fresh.together(pairs)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 1), (3, 5), (6, 7)]
    none, _ = fresh.together([])
    assert not len(none)


@pytest.mark.parametrize("many", [0, 10_000])
def test_neighbours_are_those_within_reach_of_a_new_one(monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(neighbours, "_MANY", many)  # whether those far from all new ones are left out first
    random, metres = np.random.default_rng(3), 40_000
    rows = np.zeros(600, TICK)
    rows["mmsi"], rows["time"] = np.tile(np.arange(300), 2), np.repeat([0, 5], 300)
    rows["lon"] = random.uniform(170, 190, 600) % 360 - 180
    rows["lat"] = random.choice([-90, -89.8, 89.9, 90, 3], 600) + random.uniform(-0.4, 0.4, 600)
    rows["lat"] = np.clip(rows["lat"], -90, 90)
    is_new = random.random(600) < 0.1
    found = Neighbours(metres, 5).near(
        Fresh([0, 5], [0, 300, 600], rows, tracks(rows), is_new), lambda mmsis: mmsis % 3 == 0
    )
    points = unit_vectors(rows["lon"], rows["lat"]).T
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    near = (apart <= metres / EARTH_RADIUS_M) & (rows["time"][:, None] == rows["time"])
    near &= (is_new[:, None] | is_new) & ((rows["mmsi"] % 3 == 0)[:, None] | (rows["mmsi"] % 3 == 0))
    pairs = list(zip(*(column.tolist() for column in np.nonzero(np.triu(near, 1))), strict=True))
    assert pairs == list(zip(*(column.tolist() for column in found), strict=True))
    assert len(pairs) > 100


def test_a_reach_of_thousands_of_kilometres_is_a_chord(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_MANY", 0)
    rows = np.zeros(2, TICK)
    rows["mmsi"], rows["lat"] = (1, 2), (-35.6, 19.1)  # 54.7 degrees of arc; 6,000 km of chord are 56.2
    found = Neighbours(6_000_000, 5).near(
        Fresh([0], [0, 2], rows, tracks(rows), np.array([True, False])), lambda mmsis: mmsis > 0
    )
    assert [column.tolist() for column in found] == [[0], [1]]
