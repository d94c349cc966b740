"""Sightings: what is noted of pairs does not depend on how many instants come at once."""

import numpy as np

from geofences.surroundings import Surroundings
from models.report import Rows
from models.tick import TICK
from models.time import MINUTE
from models.vessel import Identity, Role
from streams.detection.encounters.pairs import Pairs
from streams.detection.encounters.receivers import Receivers
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.sightings import Sightings

STEP = 5 * MINUTE
A, B = 200_000_001, 200_000_002


def two(nth: int, metres: float, knots: float) -> Rows:
    """Both vessels at the n-th instant, so far apart on the equator in mid-ocean."""
    rows = np.zeros(2, TICK)
    rows["mmsi"], rows["time"], rows["sog"] = (A, B), nth * STEP, knots
    rows["lon"] = -30.0, -30.0 + metres / 111_195
    return rows


def noted(steps: list[list[Rows]]) -> list[tuple[int, int]]:
    """The samples of the pair: which instant, and tens of metres."""
    settings, changed = EncounterSettings(), set[str]()
    pairs = Pairs(settings.keep_metres, changed)
    sightings = Sightings(
        pairs,
        Surroundings([]),
        settings,
        STEP,
        90 * MINUTE,
        lambda mmsi: Identity(mmsi=mmsi, time=0, first=0, role=Role.TANKER),
        lambda *_: None,
        changed,
    )
    for rows in map(np.concatenate, steps):
        sightings.compare(int(rows["time"].max()), rows, Receivers([]))
    (pair,) = pairs.live.values()
    return [(each.time // STEP, round(each.metres / 10)) for each in pair.samples]


def test_a_pair_that_comes_near_after_long_is_followed_at_the_later_instants_of_the_same_step() -> None:
    before = [[two(1, 100, 0.5)], [two(2, 5_000, 10.0)]]
    after = [two(41, 700, 10.0), two(42, 5_000, 10.0), two(43, 9_000, 10.0)]
    one_by_one = noted([*before, *([each] for each in after)])
    assert one_by_one == [(1, 10), (2, 500), (41, 70), (42, 500), (43, 900)]
    assert noted([*before, after]) == one_by_one
