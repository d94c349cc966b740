"""Positions that are frozen though speed is reported, and those that only look like it."""

import numpy as np
import pytest

from tests.streams.track_factories import A, fixes, identities_of, run_stage, vessel_stage


def test_a_vessel_notes_where_it_lies_still_while_that_lasts() -> None:
    minutes = np.arange(0, 240, 1.0)
    east = np.where(minutes < 60, 300 * minutes, np.where(minutes < 150, 18_000, 300 * (minutes - 90)))
    found = [
        identities_of(run_stage(vessel_stage(), fixes(A, minutes[:end], east[:end], sog=9.7)))[
            A
        ].places.frozen
        for end in (55, 140, 240)
    ]
    assert [stay is not None for stay in found] == [False, True, False]
    assert found[1] is not None
    assert found[1].knots == pytest.approx(9.7, abs=0.2)


@pytest.mark.parametrize("every", [1.0, 12.0, 18.0])
def test_a_frozen_position_is_one_however_rarely_it_is_heard(every: float) -> None:
    minutes = np.arange(0, 400, every) + np.random.default_rng(2).uniform(
        -3, 3, len(np.arange(0, 400, every))
    )
    told = run_stage(vessel_stage(), fixes(A, np.sort(minutes), sog=9.7))
    stays = [one.places.frozen for instant in told for one in instant.identities]
    assert len({stay for stay in stays if stay is not None}) == 1
    assert stays[-1] is not None


@pytest.mark.parametrize("knots", [0.25, 0.5, 1.2])
def test_a_ship_that_drifts_with_a_stuck_sensor_does_not_stay_at_one_place(knots: float) -> None:
    minutes = np.arange(0, 300, 1.0)
    noise = np.random.default_rng(2).normal(0, 6, (2, len(minutes)))
    east = knots * 1852 / 60 * minutes + noise[0]
    told = run_stage(vessel_stage(), fixes(A, minutes, east, noise[1], sog=8.0))
    assert identities_of(told)[A].places.frozen is None
