"""Positions that repeat: what is a pattern, and what only looks like one."""

import math
from collections.abc import Iterable

import numpy as np

from models.vessel import Stay
from streams.detection.positions import repeating
from tests.streams.track_factories import at


def sampled(places: Iterable[tuple[float, float]]) -> Stay | None:
    """What positions in degrees come to, a step of five minutes apart."""
    state = None
    for number, place in enumerate(places):
        state = repeating.take(state, at(5 * number), *place)
    return state.found if state else None


def test_ships_that_swing_shuttle_or_are_rounded_repeat_nothing() -> None:
    rng = np.random.default_rng(1)
    swing = rng.normal([135.0, 40.0], 0.001, (400, 2))
    assert sampled(map(tuple, swing.tolist())) is None
    shuttle = [(135 + 0.01 * abs(k % 20 - 10), 40.0) for k in range(400)]
    assert sampled(shuttle) is None  # at whole hundredths of a degree: the data are rounded
    exact = [(135.00007 + 0.01 * abs(k % 20 - 10), 40.00003) for k in range(400)]
    noisy = [(lon + rng.normal(0, 5e-5), lat + rng.normal(0, 5e-5)) for lon, lat in exact]
    assert sampled(noisy) is None
    assert (found := sampled(exact)) is not None
    assert (found.places, found.spacing_metres) == (10, 0)  # a line is no grid
    there = sampled(((lon + 45 + 179.95 - 135) % 360 - 180, lat) for lon, lat in exact)
    assert there is not None
    assert (there.places, there.radius_metres) == (found.places, found.radius_metres)  # also across 180°
    assert sampled([*exact, *[(135.0, 40.0)] * 200]) is None  # long over


def _course(knots: float, heading: float, every: float = 5.0, count: int = 60) -> list[tuple[float, float]]:
    """Where a ship is every so many minutes that sails straight on from 135.0123 E 40.0456 N; degrees."""
    way = np.arange(count) * knots * 1852 / 60 * every / 111_195
    lat = 40.0456 + way * math.cos(math.radians(heading))
    return list(zip(135.0123 + way * math.sin(math.radians(heading)) / math.cos(0.7), lat, strict=True))


def _snapped(places: list[tuple[float, float]], step: float, base: float) -> list[tuple[float, float]]:
    return [
        (base + step * round((lon - base) / step), base + step * round((lat - base) / step))
        for lon, lat in places
    ]


def test_a_grid_that_a_ship_makes_way_along() -> None:
    for heading, knots in ((35, 11), (100, 9.5), (250, 12), (5, 10)):
        for step, base in ((0.0031, 0.00013), (0.007, 0.0004321)):
            found = sampled(_snapped(_course(knots, heading), step, base))
            assert found is not None, (heading, step)
            assert found.repeats == 0
            assert abs(found.spacing_metres - step * 111_195) < 2, (heading, step)
            assert found.lines >= 12
    # line after line, to and fro, and never back
    rows = [
        (135.00007 + 0.004 * (k % 5 if k // 5 % 2 else 4 - k % 5), 40.00003 + 0.004 * (k // 5))
        for k in range(60)
    ]
    assert (found := sampled(rows)) is not None
    assert found.lines >= 12
    assert found.spacing_metres > 300


def test_a_ship_that_makes_way_lies_on_no_grid() -> None:
    rng = np.random.default_rng(2)
    for heading in (0, 35, 90, 250):
        even = _course(11, heading)
        assert sampled(even) is None  # exactly even motion, as in made-up data
        assert sampled([(lon + rng.normal(0, 5e-5), lat + rng.normal(0, 5e-5)) for lon, lat in even]) is None
        for step in (0.001, 0.01, 1 / 600, 1 / 60):  # rounded to decimals of degrees and minutes
            assert sampled(_snapped(even, step, 0.0)) is None, (heading, step)
    zigzag = [place for turn in range(6) for place in _course(11, 60 + 60 * (turn % 2), count=10)]
    assert sampled(zigzag) is None
