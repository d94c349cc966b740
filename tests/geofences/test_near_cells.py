"""Near cells: no more are remembered than may be, whatever is asked at once."""

import numpy as np
import pytest

from geofences import near_cells
from geofences.layer import Floats, Indices
from geofences.near_cells import NearCells


def test_a_column_of_more_cells_than_are_remembered_is_answered_and_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(near_cells, "_KEPT", 4)
    asked: list[int] = []

    def within(points: Floats, _: float) -> tuple[Indices, Indices]:
        asked.append(points.shape[1])
        each = np.arange(points.shape[1])
        return each, each * 0 + 7

    cells = NearCells(within)
    for count, remembered in ((3, 3), (40, 0), (4, 4), (4, 4)):
        row, thing = cells.near(np.arange(float(count)), np.zeros(count))
        assert (row.tolist(), thing.tolist()) == ([*range(count)], [7] * count)
        assert len(cells._known) == remembered
    assert sum(asked) == 3 + 40 + 4
