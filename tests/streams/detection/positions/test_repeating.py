"""Positions that repeat: what is a pattern, and what only looks like one."""

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
