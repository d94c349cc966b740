"""Tracks of a recording: what is known of coverage at any moment."""

import numpy as np

from models.tick import TICK
from models.time import HOUR, MINUTE
from streams.feed.recording import tracks as module
from streams.feed.recording.tracks import Tracks
from streams.store.coverage import cells_heard

STEP = 5 * MINUTE


def test_coverage_at_every_moment_is_that_of_the_ticks_known_then() -> None:
    random = np.random.default_rng(1)
    tracks, added = Tracks(), []
    for number in range(60):
        ticks = np.zeros(20, TICK)
        ticks["mmsi"] = random.permutation(200)[:20]
        late = random.integers(0, 3, 20) * STEP  # some are filled in afterwards
        ticks["time"] = (1_000 + number) * STEP - late
        ticks["lon"], ticks["lat"] = (
            random.uniform(-180, 180, 20).round(6),
            random.uniform(-80, 80, 20).round(6),
        )
        tracks.add((1_000 + number) * STEP, ticks)
        added.append(ticks)
    for asked in (59, 3, 17, 3, *range(40), 59):
        now = (1_000 + asked) * STEP
        for since in (0, now - HOUR):
            known = np.concatenate(added[: asked + 1])
            assert tracks.coverage(since, now) == cells_heard(known[known["time"] >= since])
    assert len(tracks._past) == module._MOMENTS
