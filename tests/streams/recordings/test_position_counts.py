"""Position counts: every position is in one cell, however they are cut into batches; cells are bounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.report import POSITION, Rows
from streams.recordings import position_counts
from streams.recordings.position_counts import PositionCounts


def rows(points: list[tuple[float, float]]) -> Rows:
    made = np.zeros(len(points), POSITION)
    made["lon"], made["lat"] = np.array(points, np.float64).reshape(-1, 2).T
    return made


def counted(*batches: list[tuple[float, float]]) -> PositionCounts:
    counts = PositionCounts()
    for batch in batches:
        counts.add(rows(batch))
    return counts


points = st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), max_size=60)


@given(points, st.integers(0, 60))
def test_batches_change_nothing_and_cells_are_bounded(some: list[tuple[float, float]], cut: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(position_counts, "CELLS", 10)
        whole, parts = counted(some), counted(some[:cut], some[cut:])
    assert (whole.cells(), whole.degrees) == (parts.cells(), parts.degrees)
    assert len(whole.cells()) <= 10
    assert sum(count for *_, count in whole.cells()) == len(some)


def test_a_position_lies_in_its_cell_and_one_without_a_place_in_none() -> None:
    counts = counted([(124.7512, -38.5001), (np.nan, 1.0), (1.0, np.nan)])
    ((west, south, count),) = counts.cells()
    assert count == 1
    assert 0 <= 124.7512 - west < counts.degrees
    assert 0 <= -38.5001 - south < counts.degrees
    counts.coarsen_to(0.4)
    assert counts.degrees == 0.5
    assert counts.cells() == [(124.5, -39.0, 1)]
