"""Position counts: how many positions of a recording lie where, in a bounded number of square cells."""

from collections import Counter
from typing import Final

import numpy as np

from models.report import Rows

CELLS: Final = 8_000
"""Most cells. Where there are more, cells of twice the size take the place of all."""
FINEST: Final = 8
"""Cells begin with a size of 1/2**FINEST degrees, some 430 m of latitude."""


class PositionCounts:
    """Counts by cell. The result does not depend on how positions are cut into batches."""

    def __init__(self) -> None:
        self._level = FINEST
        self._cells: Counter[tuple[int, int]] = Counter()

    @property
    def degrees(self) -> float:
        """The size of a cell in longitude and latitude."""
        return float(2.0**-self._level)

    def add(self, rows: Rows) -> None:
        """Count positions; those without a place are passed over."""
        lon, lat = rows["lon"].astype(np.float64), rows["lat"].astype(np.float64)
        known = ~(np.isnan(lon) | np.isnan(lat))
        columns = np.floor(np.stack([lon[known], lat[known]], axis=1) / self.degrees).astype(np.int64)
        places, counts = np.unique(columns, axis=0, return_counts=True)
        for (x, y), count in zip(places.tolist(), counts.tolist(), strict=True):
            self._cells[x, y] += count
        while len(self._cells) > CELLS:
            self._coarsen()

    def coarsen_to(self, degrees: float) -> None:
        """Make cells of at least this size."""
        while self.degrees < degrees:
            self._coarsen()

    def _coarsen(self) -> None:
        self._level -= 1
        coarser: Counter[tuple[int, int]] = Counter()
        for (x, y), count in self._cells.items():
            coarser[x >> 1, y >> 1] += count
        self._cells = coarser

    def cells(self) -> list[tuple[float, float, int]]:
        """West and south of each cell in degrees, and its number of positions, from the south-west on."""
        return [
            (x * self.degrees, y * self.degrees, count)
            for (x, y), count in sorted(self._cells.items(), key=lambda item: (item[0][1], item[0][0]))
        ]
