"""Positions that are rounded, as many sources send them: what they are worth, and that one ship stays one."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from models.event import EventType
from models.report import Rows
from models.vessel import Identity
from streams.detection.vessel_state import VesselState
from streams.stages.fleet import Fleet
from streams.stages.folding import encoded
from streams.stages.stored_vessels import taken
from streams.tracking.resolution import NOT_ROUNDED, Resolution, learn, shared_errors, steps_of
from tests.streams.track_factories import (
    A,
    B,
    C,
    at,
    events_of,
    fixes,
    identities_of,
    run_stage,
    statics,
    ticks_of,
    vessel_stage,
)

Numbers = npt.NDArray[np.float64]
MINUTE, TENTH, HUNDREDTH = 1 / 60, 1 / 600, 0.01
"""Of a degree."""
PLACE = (151.3137, 33.2719)


def rounded(rows: Rows, east: float, north: float, share: float = 1.0, cut: bool = False) -> Rows:
    """The same positions to so many degrees on each axis, some or all of them."""
    chosen = np.random.default_rng(3).random(len(rows)) < share
    for name, step in (("lon", east), ("lat", north)):
        if step:
            near = np.floor(rows[name] / step) if cut else np.rint(rows[name] / step)
            rows[name] = np.where(chosen, near * step, rows[name])
    return rows


def sailing(minutes: Numbers) -> tuple[Numbers, Numbers, float]:
    turn = np.radians(30 + 60 * np.sin(minutes / 90))
    step = 12 * 1852 / 60 * np.diff(minutes, prepend=0.0)
    return np.cumsum(step * np.sin(turn)), np.cumsum(step * np.cos(turn)), 12.0


def adrift(minutes: Numbers) -> tuple[Numbers, Numbers, float]:
    return 0.7 * 1852 / 60 * minutes, 0.2 * 1852 / 60 * minutes, 0.7


def at_anchor(minutes: Numbers) -> tuple[Numbers, Numbers, float]:
    angle = minutes / 120 + 0.4 * np.sin(minutes / 9)
    return 250 * np.sin(angle), 250 * np.cos(angle), 0.1


KINDS = [
    (MINUTE, MINUTE, 1.0, False),
    (MINUTE, MINUTE, 1.0, True),
    (MINUTE, MINUTE, 0.4, False),
    (MINUTE, 0.0, 1.0, False),
    (0.0, HUNDREDTH, 1.0, False),
    (HUNDREDTH, HUNDREDTH, 0.3, False),
    (0.1, 0.1, 1.0, False),
    (TENTH, TENTH, 1.0, False),
    (0.03, 0.04, 1.0, False),
]
"""Degrees to the east and to the north, which share of the positions, and whether digits are cut off."""


@pytest.mark.parametrize("moves", [sailing, adrift, at_anchor])
def test_a_ship_with_rounded_positions_is_one_ship_on_one_track(
    moves: Callable[[Numbers], tuple[Numbers, Numbers, float]],
) -> None:
    """Each way of rounding, with and without a speed that is sent."""
    minutes = np.arange(0, 300, 1.0)
    random = np.random.default_rng(5)
    x, y, knots = moves(minutes)
    reports: list[Rows] = []
    for i, (kind, sog) in enumerate(product(KINDS, (knots, math.nan))):
        east, north = x + random.normal(0, 6, len(x)), y + random.normal(0, 6, len(y))
        origin = (PLACE[0] + 2.0037 * i, PLACE[1])
        reports += [rounded(fixes(A + i, minutes, east, north, sog=sog, origin=origin), *kind)]
        reports += [statics(A + i, imo=9000003)]
    told = run_stage(vessel_stage(), *reports)
    ticks = ticks_of(told)
    assert set(ticks["segment"].tolist()) == {0}
    assert not [event for event in events_of(told) if event.type == EventType.POSITION_ANOMALY]
    for mmsi, known in identities_of(told).items():
        places = known.places
        assert (places.shared, places.off_track, places.jump, places.frozen) == (False, (), None, None)
        own = ticks[ticks["mmsi"] == mmsi]
        assert len(own) == 60
        if knots < 2:  # no step from cell to cell makes it fast
            assert float(np.nanmedian(own["sog"])) < 2


def test_a_ship_that_two_receivers_round_differently_is_one_ship() -> None:
    minutes = np.arange(0, 600, 1.0)
    x, y, knots = sailing(minutes)
    rows = fixes(A, minutes, x, y, sog=knots, origin=PLACE)
    one = np.random.default_rng(0).random(len(rows)) < 0.5
    both = rounded(rows[one], MINUTE, MINUTE), rounded(rows[~one], HUNDREDTH, HUNDREDTH)
    reports = [np.sort(np.concatenate(both), order="time"), statics(A)]
    told = run_stage(vessel_stage(), *reports)
    ticks = ticks_of(told)
    assert len(set(ticks["segment"][ticks["time"] > at(60)].tolist())) == 1, "once its steps are learnt"
    assert not any(known.places.shared for known in identities_of(told).values())


def test_a_tick_says_how_far_off_it_may_be() -> None:
    minutes = np.arange(0, 120, 1.0)
    x, y, knots = sailing(minutes)
    fine = ticks_of(run_stage(vessel_stage(), fixes(A, minutes, x, y, sog=knots, origin=PLACE)))
    assert not fine["error"].any()
    rows = rounded(fixes(A, minutes, x, y, sog=knots, origin=PLACE), MINUTE, MINUTE)
    coarse = ticks_of(run_stage(vessel_stage(), rows))["error"]
    cell = 111_195 / 60 * math.hypot(1, math.cos(math.radians(PLACE[1])))
    assert np.median(coarse) == pytest.approx(cell, rel=0.01)


def test_a_ship_that_stays_on_a_line_proves_nothing() -> None:
    rows = fixes(A, np.arange(0, 300, 1.0), sog=0.0, origin=(135.0, 40.0))
    assert not ticks_of(run_stage(vessel_stage(), rows))["error"].any()


def test_a_ship_that_only_moves_along_a_line_is_rounded_to_it() -> None:
    minutes = np.arange(0, 240, 1.0)
    noise = np.random.default_rng(4).normal(0, 6, (2, len(minutes)))
    moored = fixes(A, minutes, noise[0], noise[1], sog=0.0, origin=PLACE)
    found = ticks_of(run_stage(vessel_stage(), rounded(moored, MINUTE, 0.0)))["error"]
    assert np.median(found) == pytest.approx(1853 * math.cos(math.radians(PLACE[1])), rel=0.01)


def test_fine_positions_that_lie_on_lines_by_chance_are_not_rounded() -> None:
    minutes = np.arange(0, 240, 1.0)
    random = np.random.default_rng(4)
    x, y, knots = sailing(minutes)
    sails = rounded(fixes(A, minutes, x, y, sog=knots, origin=PLACE), 1e-4, 1e-4)
    moored = fixes(B, minutes, 0.0, random.normal(0, 1.5, len(minutes)), sog=0.0, origin=(151.3, 34.28))
    moored["lat"] = moored["lat"].round(5)
    moored["lon"] = (moored["lon"] + random.normal(0, 1e-5, len(minutes))).round(5)
    even = fixes(C, minutes, 0.0, 5 * minutes, sog=0.2, origin=(155.0, 40.1234))  # made up, without any error
    found = ticks_of(run_stage(vessel_stage(), sails, moored, even))
    assert (found["error"] > 0).mean() < 0.05


def test_a_day_of_positions_with_few_decimals_does_not_add_up_to_coarser_ones() -> None:
    """To four decimals of a degree, or two of a minute, many lie on coarser lines by chance."""
    random = np.random.default_rng(7)
    reports: list[Rows] = []
    for i, (step, every) in enumerate(product((1e-4, 1 / 6000), (1.5, 5.0))):
        minutes = np.arange(0, 1440, every)
        x, y, knots = sailing(minutes + random.uniform(0, 0.5, len(minutes)))
        reports += [rounded(fixes(A + i, minutes, x, y, sog=knots, origin=PLACE), step, step)]
        east, north = random.normal(0, 1.5, (2, len(minutes)))
        moored = fixes(A + 10 + i, minutes, east, north, sog=0.0, origin=(151.3, 34.28))
        reports += [rounded(moored, step, step)]
    found = ticks_of(run_stage(vessel_stage(), *reports))
    for mmsi in np.unique(found["mmsi"]):
        assert (found["error"][found["mmsi"] == mmsi] > 0).mean() < 0.02


def test_what_a_version_with_other_steps_had_learnt_is_forgotten() -> None:
    fleet, rows = Fleet(), fixes(A, np.arange(0, 5, 1.0), origin=(151.30001, 34.28001))
    vessel = VesselState(A, 0, 0, Identity(mmsi=A, time=0, first=0), rounding=b"x" * 40)
    awake, _ = taken([encoded(vessel)], None)
    fleet.take_in(*awake)
    learn(rows, np.array([0]), fleet)
    assert fleet.state(A).rounding == b""
    assert not fleet.on_lines.any()


def test_what_rounding_explains_is_no_way() -> None:
    minute = Resolution(steps_of(10_000), steps_of(10_000))
    lon, lat = 151 + 18 / 60, 33 + 16 / 60
    metres = 1852.0 * 2
    assert NOT_ROUNDED.beyond(metres, lon, lat, lon, lat) == metres
    assert 1000 < minute.beyond(metres, lon, lat, lon, lat) < metres - 1852
    between = 0.3 / 60  # a position that is not rounded, between two that are
    assert minute.error(lon + between, lat + between) == 0
    assert minute.error(lon, lat + between) == pytest.approx(1853 * math.cos(math.radians(lat)), rel=0.01)


def test_two_ships_on_the_lines_of_one_grid_are_rounded() -> None:
    one, other, off = (151.3, 33.25), (151.3 + 1 / 60, 33.25), (151.30003, 33.25)
    pairs = np.array([[*one, *other], [*one, *off]]).T
    assert (shared_errors(*pairs) > 0).tolist() == [True, False]
