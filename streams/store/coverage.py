"""Coverage: in which cells of the world anything was heard, and when last; squares of half a degree."""

from typing import Final

import numpy as np

from models.report import Rows
from models.time import Millis

DEGREES: Final = 0.5
"""The side of a cell: about 30 nautical miles from south to north, the range of a station near the sea."""
_COLUMNS: Final = 720


def cells_heard(ticks: Rows) -> dict[int, Millis]:
    """The time of the latest of these ticks in each cell, milliseconds UTC, by the number of the cell."""
    columns = np.floor(ticks["lon"] / DEGREES).astype("i8") % _COLUMNS
    numbers = (np.floor((ticks["lat"] + 90) / DEGREES).astype("i8")) * _COLUMNS + columns
    cells, places = np.unique(numbers, return_inverse=True)
    times = np.full(len(cells), -1, "i8")
    np.maximum.at(times, places, ticks["time"].astype("i8"))
    return dict(zip(cells.tolist(), times.tolist(), strict=True))


def corner(cell: int) -> tuple[float, float]:
    """The western edge and the southern edge of a cell, in degrees."""
    row, column = divmod(cell, _COLUMNS)
    west = column * DEGREES
    return west - 360 if west >= 180 else west, row * DEGREES - 90
