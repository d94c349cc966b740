"""Where vessels were between their ticks: as one looks it up by hand, one after the other."""

from collections.abc import Iterable

import numpy as np

from geofences.distance import haversine_m
from models.report import Rows
from models.tick import TICK
from models.time import MINUTE, Millis
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.whereabouts import between, places
from streams.detection.ticks.neighbours import Steps
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
    on_grid, alone = (_sorted(each) for each in (grid, lone))
    asked = random.integers(1, 12, 3000) * SEGMENTS + random.integers(0, 2, 3000)
    when = NOON - STEP + random.integers(0, 54, 3000) * STEP // 2
    rows, known = places(asked, when, on_grid, alone, STEP, S)
    found = [
        _place(track, time, on_grid, alone) for track, time in zip(asked.tolist(), when.tolist(), strict=True)
    ]
    assert known.tolist() == [each is not None for each in found]
    assert 0.1 < known.mean() < 0.9
    expected = np.concatenate([each for each in found if each is not None])
    assert rows[known].tobytes() == expected.tobytes()


def test_nobody_is_anywhere_where_there_are_no_ticks() -> None:
    rows, known = places(np.array([1]), np.array([NOON]), Steps({}, {}), _sorted({NOON: []}), STEP, S)
    assert len(rows) == 1
    assert not known.any()


def _sorted(steps: dict[Millis, list[Rows]]) -> Steps:
    rows = {}
    for time, parts in steps.items():
        every = np.concatenate([np.empty(0, TICK), *parts])
        every = every[np.lexsort([every["time"], tracks(every)])]
        rows[time] = every
    return Steps(rows, {time: tracks(each) for time, each in rows.items()})


def _place(track: int, time: Millis, grid: Steps, lone: Steps) -> Rows | None:
    exact = [*_of(track, grid, [time]), *(row for row in _of(track, lone, lone.ticks) if row["time"] == time)]
    if exact:
        return exact[0]
    # of two of one time the first is taken: a tick on the grid is looked for a step before a lone one
    dense, others, since = _of(track, grid, grid.ticks), _of(track, lone, lone.ticks), time - S.silence
    before = [row for row in dense if since < row["time"] + STEP and row["time"] < time]
    before += [row for row in others if since < -(-row["time"] // STEP) * STEP and row["time"] < time]
    until = time + S.silence
    after = [row for row in others if row["time"] > time and -(-row["time"] // STEP) * STEP <= until]
    after += [row for row in dense if time < row["time"] <= until]
    if not before or not after:
        return None
    one, other = (
        max(before, key=lambda row: int(row["time"][0])),
        min(after, key=lambda row: int(row["time"][0])),
    )
    took = int(other["time"][0] - one["time"][0])
    if took > STEP:
        knots = float(other["sog"][0]) if other["sog"][0] > one["sog"][0] else float(one["sog"][0])
        metres = haversine_m(one["lon"], one["lat"], other["lon"], other["lat"])[0]
        if took > S.silence or not knots < S.drift_knots or metres > S.drift_knots * KNOT * took:
            return None
    return between(one, other, np.array([time]))


def _of(track: int, steps: Steps, times: Iterable[Millis]) -> list[Rows]:
    """The ticks of a track in these steps, one row each."""
    return [
        steps.ticks[time][i : i + 1]
        for time in times
        if time in steps.ticks
        for i in np.flatnonzero(steps.tracks[time] == track).tolist()
    ]
