"""Plain fixes: the loop puts them on tracks as the rules for single fixes do."""

from copy import deepcopy

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.report import Rows
from models.time import MINUTE
from models.vessel import OffTrack
from streams.tracking import places
from streams.tracking.places import place_fixes
from streams.tracking.plain_fixes import go_on_plainly
from streams.tracking.track import Segment, TrackSettings
from tests.streams.track_factories import A, fixes

RULES = TrackSettings()


class Vessel(msgspec.Struct):
    mmsi: int = A
    segments: list[Segment] = []
    off_track: list[OffTrack] = []
    shared_at: int = 0


def heard(seed: int, apart: float, wild: float) -> Rows:
    """Reports of two ships under one MMSI, so many metres apart; some lie far off, and there are silences."""
    random = np.random.default_rng(seed)
    every = random.choice([0.1, 0.5, 1, 4, 16, 40], 300, p=[0.4, 0.3, 0.2, 0.06, 0.02, 0.02])
    minutes = np.cumsum(every)
    knots, other = random.choice([0.0, 4.0, 14.0, 30.0]), random.random(300) < 0.5
    east = minutes * knots * 1852 / 60 + apart * other + random.normal(0, 20, 300)
    east[random.random(300) < wild] += random.choice([2_000, 5_000, 90_000])
    sog = np.where(random.random(300) < 0.1, np.nan, knots)
    return fixes(A, minutes, east, random.normal(0, 20, 300), sog=sog)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([900.0, 4e3, 3e5]), st.sampled_from([0.0, 0.003, 0.05]))
def test_they_go_on_as_one_by_one(seed: int, apart: float, wild: float) -> None:
    quick, one_by_one = Vessel(), Vessel()
    for rows in np.array_split(heard(seed, apart, wild), 25):
        placed = place_fixes(quick, rows, RULES)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(places, "go_on_plainly", lambda *_: 0)
            assert repr(place_fixes(one_by_one, rows, RULES)) == repr(placed)
        assert repr(quick) == repr(one_by_one)


def test_what_is_plain() -> None:
    """Two ships that report in turn; not what comes after a silence, nor what neither can have come to."""
    minutes, vessel = np.arange(0, 100, 0.5), Vessel()
    rows = fixes(A, minutes, 3e5 * (np.arange(200) % 2), sog=0.1)
    place_fixes(vessel, rows[:190], RULES)
    late, wild, numbers = rows[190:].copy(), rows[190:].copy(), np.zeros(10, np.uint16)
    late["time"] += 20 * MINUTE
    wild["lat"][4] += 1
    assert go_on_plainly(deepcopy(vessel), late, numbers, RULES) == 0
    assert go_on_plainly(deepcopy(vessel), wild, numbers, RULES) == 4
    assert go_on_plainly(vessel, rows[190:], numbers, RULES) == 10
    assert numbers.tolist() == [segment.number for segment in vessel.segments] * 5
