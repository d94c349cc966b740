"""Heard: the vessels that were heard in an hour, and in which cell of 0.25° each was last."""

from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.runtime.compiled import compiled

_CELL: Final = 0.25
"""Degrees. Side of a cell: 28 km from south to north, the way of a tanker in an hour."""
_COLUMNS: Final = round(360 / _CELL)
_ROWS: Final = round(180 / _CELL)

Cells = npt.NDArray[np.int64]
"""Numbers of cells: row from the south times the number of columns, plus the column from 180° W."""
Flags = npt.NDArray[np.bool_]
Vessels = npt.NDArray[np.uint32]
"""MMSIs, ascending."""


class Area(NamedTuple):
    """The cells no farther than `reach` cells from one in each direction."""

    row: int
    column: int
    reach: int

    @property
    def cells(self) -> Cells:
        """Ascending."""
        return _around(*self)


class Heard:
    """The vessels of one hour, ascending, each with the cell where it was last, and whether it was heard more
    than once. It is never changed."""

    def __init__(self, mmsi: Vessels, cell: Cells, again: Flags) -> None:
        self.mmsi = mmsi
        self.cell = cell
        self.again = again

    def only(self, which: Flags) -> "Heard":
        """Those of them for which this holds."""
        return self if which.all() else Heard(self.mmsi[which], self.cell[which], self.again[which])

    @cached_property
    def _by_cell(self) -> tuple[Vessels, Cells]:
        """The vessels in the order of their cells, and those cells."""
        order = np.argsort(self.cell, kind="stable")
        return self.mmsi[order], self.cell[order]

    def within(self, area: Area | None) -> Vessels:
        """The vessels that were last in an area, in the order of its cells; or all of them."""
        return self.mmsi if area is None else _in_cells(*self._by_cell, area.cells)


NOBODY: Final = Heard(np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0, bool))


def cells_of(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> Cells:
    """The cells of positions in degrees."""
    row = np.clip(np.floor((lat + 90) / _CELL), 0, _ROWS - 1).astype(np.int64)
    column = np.floor((lon + 180) / _CELL).astype(np.int64) % _COLUMNS
    return row * _COLUMNS + column


@lru_cache(maxsize=4096)
def _around(row: int, column: int, reach: int) -> Cells:
    rows = np.arange(max(row - reach, 0), min(row + reach, _ROWS - 1) + 1)
    columns = np.arange(column - reach, column + reach + 1) % _COLUMNS
    return np.sort((rows[:, None] * _COLUMNS + columns[None, :]).ravel())


@lru_cache(maxsize=8192)
def area(lon: float, lat: float, reach: int = 1) -> Area:
    """The cells within so many cells of a position in degrees: with 1, some 80 km from south to north."""
    cell = int(cells_of(np.array([lon]), np.array([lat]))[0])
    return Area(*divmod(cell, _COLUMNS), reach)


@compiled
def with_more(
    known: Vessels, known_cell: Cells, known_again: Flags, mmsi: npt.NDArray[np.uint32], cell: Cells
) -> tuple[Vessels, Cells, Flags]:
    """The vessels of an hour with others, in any order and more than once: each one's last cell, and whether
    it came more than once."""
    order = np.argsort(mmsi, kind="mergesort")
    size = len(known) + len(mmsi)
    everyone, last, again = np.empty(size, np.uint32), np.empty(size, np.int64), np.empty(size, np.bool_)
    i = k = n = 0
    while i < len(mmsi) or k < len(known):
        if i == len(mmsi) or (k < len(known) and known[k] < mmsi[order[i]]):
            everyone[n], last[n], again[n] = known[k], known_cell[k], known_again[k]
            k += 1
        else:
            everyone[n], first = mmsi[order[i]], i
            while i < len(mmsi) and mmsi[order[i]] == everyone[n]:
                i += 1
            last[n], again[n] = cell[order[i - 1]], i - first > 1
            if k < len(known) and known[k] == everyone[n]:
                again[n] = True
                k += 1
        n += 1
    return everyone[:n].copy(), last[:n].copy(), again[:n].copy()


@compiled
def mark(again: Flags, mmsi: Vessels, others: Vessels) -> bool:
    """Mark those of the vessels that are among others. Whether all are marked now."""
    k, all_of_them = 0, True
    for i in range(len(mmsi)):
        if not again[i]:
            k += np.searchsorted(others[k:], mmsi[i])
            again[i] = k < len(others) and others[k] == mmsi[i]
            all_of_them &= again[i]
    return all_of_them


@compiled
def _in_cells(mmsi: Vessels, cell: Cells, cells: Cells) -> Vessels:
    """The vessels in some cells; they are sorted by their cells."""
    found = np.empty(len(mmsi), np.uint32)
    count = 0
    for each in cells:
        k = np.searchsorted(cell, each)
        while k < len(cell) and cell[k] == each:
            found[count] = mmsi[k]
            count += 1
            k += 1
    return found[:count].copy()


@compiled
def count_others(own: int, there: Vessels, since: Vessels) -> tuple[int, int]:
    """How many there are beside one of them, and how many of these are among those heard since."""
    count = heard = k = 0
    for mmsi in there:
        if mmsi != own:
            k += np.searchsorted(since[k:], mmsi)
            count += 1
            heard += k < len(since) and since[k] == mmsi
    return count, heard
