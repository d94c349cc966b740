"""How an event names positions: whole tables of numbers are rounded as `round` does it."""

import math

import numpy as np

from streams.detection.explanation import rounded, sample, samples


def test_a_table_is_rounded_as_each_number_is() -> None:
    random = np.random.default_rng(5)
    between_two = np.arange(-500, 500)[:, None] / [1e5, 10, 1] + [5e-6, 0.05, 0.5]
    rows = np.concatenate([random.uniform(-360, 360, (500, 3)), between_two])
    digits = (5, 1, 0)
    assert repr(rounded(rows, digits).tolist()) == repr(
        [list(map(round, row, digits)) for row in rows.tolist()]
    )


def test_what_is_not_known_is_null() -> None:
    row = (129.123456, 38.0, math.nan, 12.34)
    (one,) = samples([1_000], [440_001_234], np.array([row]))
    assert one == sample(1_000, 440_001_234, *row)
    assert (one.lon, one.speed_knots, one.course, one.heading) == (129.12346, None, 12.3, None)
