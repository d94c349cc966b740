"""Circling: what a circle is, how long it is one, and which tracks turn."""

from typing import Any

import numpy as np
import pytest

from models.vessel import Stay
from streams.detection.positions.circling import Circling, observe, turning
from tests.streams.track_factories import A, B, fixes, lon_lat


def circle(minutes: np.ndarray[Any, Any], period: float, radius: float, noise: float = 0.0) -> Any:
    random = np.random.default_rng(1)
    angle = 2 * np.pi * minutes / period
    x, y = radius * np.sin(angle), radius * np.cos(angle)
    return x + random.normal(0, noise, len(x)), y + random.normal(0, noise, len(x))


def seen_circling(
    period: float, radius: float, noise: float, lasts: float, every: float
) -> list[Stay | None]:
    """The circle that is known after each step."""
    minutes = np.arange(0, lasts, every)
    lon, lat = lon_lat(*circle(minutes, period, radius, noise))
    circling: Circling | None = None
    known = list[Stay | None]()
    for step in np.array_split(np.arange(len(minutes)), round(lasts / 5)):
        rows = fixes(A, minutes[step])
        rows["lon"], rows["lat"], rows["heading"] = lon[step], lat[step], 90.0
        circling = observe(circling, rows, turns=True)
        known.append(circling.found if circling else None)
    return known


@pytest.mark.parametrize(
    ("period", "radius", "noise", "lasts", "every", "found"),
    [
        (15, 1000, 15, 75, 1.0, True),
        (25, 3000, 0, 75, 1.0, True),
        (34, 1500, 10, 100, 0.25, True),
        (40, 1500, 10, 120, 2.0, True),
        (15, 60, 5, 75, 1.0, False),
        (90, 3000, 0, 75, 1.0, False),
        (15, 1000, 400, 75, 1.0, False),
    ],
    ids=["circle", "wide", "slow", "slow, heard rarely", "at anchor", "one turn", "scattered"],
)
def test_what_a_circle_is(
    period: float, radius: float, noise: float, lasts: float, every: float, found: bool
) -> None:
    stay = seen_circling(period, radius, noise, lasts, every)[-1]
    assert (stay is not None) is found
    if stay is not None:
        assert stay.radius_metres == pytest.approx(radius, rel=0.05)
        assert stay.knots == pytest.approx(2 * np.pi * radius / (period * 60) / 0.5144, rel=0.05)
        assert stay.steady_heading


@pytest.mark.parametrize("period", [8, 15, 25])
def test_a_circle_that_goes_on_is_one_circle(period: float) -> None:
    known = [stay for stay in seen_circling(period, 1000, 10, 960, 1.0) if stay is not None]
    assert len(known) > 170
    assert len({stay.since for stay in known}) == 1


@pytest.mark.parametrize("every", [1.0, 1 / 6])
def test_which_tracks_turn(every: float) -> None:
    minutes = np.arange(0, 6, every)
    round_it = fixes(A, minutes, *circle(minutes, 20, 500))
    rows = np.concatenate([round_it, fixes(B, minutes, 300 * minutes), round_it[:2], fixes(B, minutes)])
    starts = np.array([0, 1, 2, 2]) * len(minutes) + [0, 0, 0, 2]
    assert turning(rows, starts).tolist() == [True, False, False, False]
