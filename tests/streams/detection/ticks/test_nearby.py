"""Points near others: the same pairs as all distances give, wherever they lie and however many there are."""

import numpy as np
import pytest

from geofences.distance import Floats, unit_vectors
from streams.detection.ticks.nearby import pairs_within


@pytest.mark.parametrize(
    ("degrees", "reach"),
    [(0.05, 1e-4), (360.0, 1e-3), (360.0, 0.4), (1e-5, 1e-7), (0.0, 0.0)],
    ids=["roads", "world", "far", "finer than cells", "one place"],
)
@pytest.mark.parametrize("pole", [False, True])
def test_pairs_are_those_of_all_distances(degrees: float, reach: float, pole: bool) -> None:
    random = np.random.default_rng(3)
    lon = 180 + random.uniform(-degrees, degrees, 400) / 2  # across 180°
    lat = (89.99 if pole else 38.0) + random.uniform(-degrees, degrees, 400) / 4
    others = unit_vectors(lon, np.clip(lat, -90, 90)).T
    points = others[::2]
    for each in (reach, random.uniform(0, reach, len(points))):
        i, j = pairs_within(points, others, each)
        assert np.array_equal(np.stack([i, j]), _of_all(points, others, each))


def test_pairs_of_groups_are_those_of_each_group_alone() -> None:
    random = np.random.default_rng(4)
    others = unit_vectors(random.uniform(130, 130.1, 60), random.uniform(38, 38.1, 60)).T
    points, begins, ends = others[::2], np.array([0, 10, 10, 30]), np.array([0, 20, 25, 60])
    i, j = pairs_within(points, others, 5e-4, (begins, ends))
    alone = [
        pairs_within(points[a:b], others[c:d], 5e-4) + np.array([[a], [c]])
        for a, b, c, d in zip(begins, begins[1:], ends, ends[1:], strict=False)
    ]
    assert len(i) > 100
    assert np.array_equal(np.stack([i, j]), np.concatenate(alone, axis=1))


def test_no_points_have_no_pairs() -> None:
    nothing, one = np.empty((0, 3)), np.ones((1, 3))
    assert all(
        len(found) == 0 for found in (*pairs_within(nothing, one, 1.0), *pairs_within(one, nothing, 1.0))
    )


def _of_all(points: Floats, others: Floats, reach: Floats | float) -> Floats:
    apart = points[:, None] - others[None]
    square = apart[..., 0] ** 2 + apart[..., 1] ** 2 + apart[..., 2] ** 2
    limit = np.broadcast_to(np.asarray(reach) ** 2, len(points))
    return np.stack(np.nonzero(square <= limit[:, None]))
