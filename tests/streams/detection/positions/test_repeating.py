"""Positions that repeat: what is a pattern, and what only looks like one."""

import math
from collections.abc import Iterable

import numpy as np
import pytest

from models.vessel import Stay
from streams.detection.positions import repeating, rounding
from streams.detection.positions.event import stay_of
from streams.detection.positions.settings import PositionAnomalySettings
from tests.streams.track_factories import A, at, identity


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
    assert (found.places, found.east_metres, found.north_metres) == (10, 0, 0)  # a line is no grid
    there = sampled(((lon + 45 + 179.95 - 135) % 360 - 180, lat) for lon, lat in exact)
    assert there is not None
    assert (there.places, there.radius_metres) == (found.places, found.radius_metres)  # also across 180°
    assert sampled([*exact, *[(135.0, 40.0)] * 200]) is None  # long over


def _course(knots: float, heading: float, every: float = 5.0, count: int = 60) -> list[tuple[float, float]]:
    """Where a ship is every so many minutes that sails straight on from 135.0123 E 40.0456 N; degrees."""
    way = np.arange(count) * knots * 1852 / 60 * every / 111_195
    lat = 40.0456 + way * math.cos(math.radians(heading))
    return list(zip(135.0123 + way * math.sin(math.radians(heading)) / math.cos(0.7), lat, strict=True))


def _snapped(
    places: Iterable[tuple[float, float]], step: float, base: float, north: float | None = None
) -> list[tuple[float, float]]:
    """Each position on the nearest lines, so many degrees apart; as many to the `north`, unless told."""
    east, north = step, step if north is None else north
    return [
        (base + east * round((lon - base) / east), base + north * round((lat - base) / north))
        for lon, lat in places
    ]


def test_a_grid_that_a_ship_makes_way_along() -> None:
    for heading, knots in ((35, 11), (100, 9.5), (250, 12), (5, 10)):
        for step, base in ((0.0031, 0.00013), (0.007, 0.0004321)):
            found = sampled(_snapped(_course(knots, heading), step, base))
            assert found is not None, (heading, step)
            assert found.repeats == 0
            assert abs(found.north_metres - step * 111_195) < 2, (heading, step)
            assert abs(found.east_metres - step * 111_195 * math.cos(math.radians(40.3))) < 7, (heading, step)
            assert found.lines >= 12
    # line after line, to and fro, and never back
    rows = [
        (135.00007 + 0.004 * (k % 5 if k // 5 % 2 else 4 - k % 5), 40.00003 + 0.004 * (k // 5))
        for k in range(60)
    ]
    assert (found := sampled(rows)) is not None
    assert found.lines >= 12
    assert found.north_metres > found.east_metres > 300


def test_a_grid_across_180_degrees() -> None:
    places = _snapped(_course(11, 80), 0.0031, 0.00013)[:28]
    turned = [((lon - places[22][0] + 360.00013) % 360 - 180, lat) for lon, lat in places]
    here, there = sampled(places), sampled(turned)
    assert here is not None
    assert there is not None
    assert (there.lines, there.east_metres, there.north_metres) == (
        here.lines,
        here.east_metres,
        here.north_metres,
    )


def test_a_ship_that_makes_way_lies_on_no_grid() -> None:
    rng = np.random.default_rng(2)
    for heading in (0, 35, 90, 250):
        even = _course(11, heading)
        assert sampled(even) is None  # exactly even motion, as in made-up data
        assert sampled([(lon + rng.normal(0, 5e-5), lat + rng.normal(0, 5e-5)) for lon, lat in even]) is None
        for units in rounding.STEPS[heading % 2 :: 2]:
            step = units / rounding.UNITS
            assert sampled(_snapped(even, step, 0.0)) is None, (heading, units)
    zigzag = [place for turn in range(6) for place in _course(11, 60 + 60 * (turn % 2), count=10)]
    assert sampled(zigzag) is None


@pytest.mark.parametrize(
    ("east", "north"),
    [
        *((0.01, 0.001), (0.001, 0.01), (0.01, 1 / 120)),
        *((step, step) for step in (0.0005, 0.001, 0.002, 0.0025, 0.005, 0.01, 0.02)),
        *((step / 60, step / 60) for step in (0.1, 0.25, 0.5, 1)),
        *((10 / 3600, 10 / 3600), (1 / 256, 1 / 256), (1 / 1024, 1 / 512), (360 / 2**17, 180 / 2**16)),
    ],
)
def test_rounding_makes_no_grid_whatever_the_step_of_each_axis(east: float, north: float) -> None:
    rng = np.random.default_rng(5)
    for ship in range(6):
        course = np.array(_course(rng.uniform(2, 18), rng.uniform(0, 360)))
        heard = course + rng.normal(0, 5e-5, course.shape) + rng.uniform(0, 1, 2)
        assert sampled(_snapped(map(tuple, heard.tolist()), east, 0.0, north)) is None, ship
        middles = heard - [east / 2, north / 2]  # of cells
        cells = _snapped(map(tuple, middles.tolist()), east, 0.0, north)
        assert sampled((lon + east / 2, lat + north / 2) for lon, lat in cells) is None, ship


def test_a_shuttle_whose_positions_are_rounded_repeats_nothing() -> None:
    rng = np.random.default_rng(6)
    there = [(135.0 + 0.01 * abs(k % 20 - 10), 40.0 + 0.002 * abs(k % 20 - 10)) for k in range(200)]
    heard = [(lon + rng.normal(0, 5e-5), lat + rng.normal(0, 5e-5)) for lon, lat in there]
    for east, north in ((1 / 256, 1 / 256), (10 / 3600, 10 / 3600), (0.01, 0.001), (0.005, 1 / 600)):
        assert sampled(_snapped(heard, east, 0.0, north)) is None, (east, north)


def test_both_spacings_of_a_grid_are_told() -> None:
    """One as wide as it is high is the exception."""
    east, north = 0.0008317, 0.0080911
    found = sampled(_snapped(_course(9, 40), east, 0.0001234, north))
    assert found is not None
    told = stay_of("pattern", identity(A), found, at(300), 50.0, PositionAnomalySettings())
    assert "lines 71 m apart to the east and 900 m to the north" in told.summary
    texts = {reason.code: reason.text for reason in told.reasons}
    assert "71 m apart to the east and 900 m apart to the north" in texts["on_grid"]
