"""Where vessels were between their ticks: as one looks it up by hand, one after the other."""

import numpy as np

from geofences.distance import haversine_m
from models.report import Rows
from models.tick import TICK
from models.time import MINUTE, Millis
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.whereabouts import between, places
from streams.detection.ticks.packed import SEGMENTS, tracks
from streams.tracking.track import KNOT

STEP: Millis = 5 * MINUTE
S = EncounterSettings()
NOON = 1_600_000_000_000 // STEP * STEP


def test_places_are_those_looked_up_one_by_one() -> None:
    random = np.random.default_rng(5)
    grid: dict[Millis, list[Rows]] = {}
    lone: dict[Millis, list[Rows]] = {}
    times = NOON + random.integers(0, 50, 400) * STEP // 2  # on the grid, and between its instants
    for time in times.tolist():
        row = np.zeros(1, TICK)
        row["time"], row["mmsi"], row["segment"] = time, random.integers(1, 12), random.integers(0, 2)
        row["lon"], row["lat"] = random.uniform(-0.02, 0.02, 2)
        row["sog"] = random.choice([0.5, 9.0, np.nan], p=[0.8, 0.1, 0.1])
        end = -(-time // STEP) * STEP
        if time == end and random.random() < 0.7:
            grid.setdefault(time, []).append(row)
        if time != end or random.random() < 0.5:
            lone.setdefault(end, []).append(row)
    ticks = np.concatenate([row for each in (grid, lone) for rows in each.values() for row in rows])
    ticks = ticks[np.lexsort([ticks["time"], tracks(ticks)])]
    asked = random.integers(1, 12, 3000) * SEGMENTS + random.integers(0, 2, 3000)
    when = NOON - STEP + random.integers(0, 54, 3000) * STEP // 2
    rows, known = places(asked, when, ticks, STEP, S)
    found = [_place(track, time, ticks) for track, time in zip(asked.tolist(), when.tolist(), strict=True)]
    assert known.tolist() == [each is not None for each in found]
    assert 0.1 < known.mean() < 0.9
    expected = np.concatenate([each for each in found if each is not None])
    assert rows[known].tobytes() == expected.tobytes()


def test_a_step_that_ends_later_than_a_silence_from_then_tells_nothing() -> None:
    ticks = np.zeros(2, TICK)
    ticks["time"], ticks["mmsi"], ticks["sog"] = NOON + np.array([3, 112]) * MINUTE, 1, 0.5
    when = NOON + np.array([3, 4, 5, 6, 112]) * MINUTE
    assert places(np.full(5, SEGMENTS), when, ticks, STEP, S)[1].tolist() == [True, False, True, True, True]


def test_nobody_is_anywhere_where_there_are_no_ticks() -> None:
    rows, known = places(np.array([1]), np.array([NOON]), np.empty(0, TICK), STEP, S)
    assert len(rows) == 1
    assert not known.any()


def _place(track: int, time: Millis, ticks: Rows) -> Rows | None:
    own = [ticks[i : i + 1] for i in np.flatnonzero(tracks(ticks) == track).tolist()]
    exact = [row for row in own if row["time"] == time]
    if exact:
        return exact[0]
    before, after = ([row for row in own if (row["time"] < time) == earlier] for earlier in (True, False))
    if not before or not after:
        return None
    one, other = (
        max(before, key=lambda row: int(row["time"][0])),
        min(after, key=lambda row: int(row["time"][0])),
    )
    took = int(other["time"][0] - one["time"][0])
    if -(-int(other["time"][0]) // STEP) * STEP > time + S.silence:
        return None
    if took > STEP:
        knots = float(other["sog"][0]) if other["sog"][0] > one["sog"][0] else float(one["sog"][0])
        metres = haversine_m(one["lon"], one["lat"], other["lon"], other["lat"])[0]
        if took > S.silence or not knots < S.drift_knots or metres > S.drift_knots * KNOT * took:
            return None
    return between(one, other, np.array([time]))
