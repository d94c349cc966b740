"""Neighbours: which pairs have ticks at the same instants."""

import numpy as np

from models.tick import TICK
from streams.detection.ticks.neighbours import Fresh
from streams.detection.ticks.packed import SEGMENTS


def test_pairs_are_together_where_both_have_a_tick_and_one_is_new() -> None:
    mmsis = [1, 2, 3, 1, 2, 4, 2, 3]  # of three instants
    is_new = [True, False, False, False, False, True, False, True]
    tracks = np.array(mmsis, np.int64) * SEGMENTS
    tracks[4] += 1  # another segment
    fresh = Fresh([0, 5, 10], [0, 3, 6, 8], np.zeros(8, TICK), tracks, np.array(is_new))
    pairs = [(1, 2, 0, 0), (2, 3, 0, 0), (1, 2, 0, 1), (1, 4, 0, 0), (3, 9, 0, 0)]
    first, second = fresh.together(pairs)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 1), (3, 5), (6, 7)]
    none, _ = fresh.together([])
    assert not len(none)
