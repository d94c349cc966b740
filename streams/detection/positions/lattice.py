"""Lattice: whether positions that do not come back to the same places all lie on the lines of one grid.

A spoofer or a faulty device may step along a grid, or move each position onto the nearest place of one, while
the ship makes way. A ship's positions have errors of metres, so they lie on no grid that is coarser than the
resolution of AIS (18 cm). One that moves evenly in a straight line, without any error and heard at even
intervals, as in made-up data, would; its positions follow the time, and those of a grid do not. Positions
that are rounded lie on a grid, too, whose lines are multiples of an ordinary step, and say nothing
(`rounding`). The numbers are judgement where no source is named.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.time import Millis
from streams.detection.positions.rounding import is_rounded
from streams.runtime.compiled import compiled

_LINES: Final = 3
"""Lines in each direction that a grid needs at least."""
_LINES_IN_ALL: Final = 12
"""Lines of both directions together, at least. Source: with the spacing given, chance puts one position in
about fifty on a line of a grid of 50 m, which is 270 units, to within 2 units."""
_FINER: Final = 12
"""The lines that were met lie at most so many times as far apart as the grid's own, at the closest."""
_ASTRAY: Final = 0.25
"""Of the way between two lines, by which a line may seem off before the grid's spacing is known well.
Judgement: half of what leaves it open which line it is."""
_UNEVEN: Final = 0.15
"""Of the way between two lines, by which a position has to be off even motion between its neighbours.
Judgement: positions that were moved to the nearest line are off by 0.35 (standard deviation of three such
moves), those of even motion by what AIS rounds."""
_UNEVEN_SHARE: Final = 0.25
"""Share of the positions that have to be. Judgement: half of what such moves make, or less."""

Units = npt.NDArray[np.int64]
"""Values on one axis, in the resolution of AIS."""
Few = npt.NDArray[np.int32]
"""A few values on one axis, as they are kept."""
Point = tuple[Millis, int, int]
"""Time, and longitude and latitude in units."""


class Lattice(NamedTuple):
    """A grid: units from line to line, to the east and to the north, and how many lines were met in all."""

    east: float
    north: float
    lines: int


def lattice_of(points: Sequence[Point], least: tuple[float, float], off: int) -> Lattice | None:
    """The grid that these positions lie on, to within `off` units; None if on none. In the order of time.

    `least` is how far its lines have to be from each other, units to the east and to the north.
    """
    columns, rows = _lines_of(points)
    if min(len(columns), len(rows)) < _LINES:
        return None
    east = spacing_of(columns, least[0], off, _FINER)
    north = spacing_of(rows, least[1], off, _FINER) if east else 0.0
    if not east or not north:
        return None
    spans = ((columns, east), (rows, north))
    lines = [1 + round(int(values[-1] - values[0]) / each) for values, each in spans]
    met = [lines_met(columns, off), lines_met(rows, off)]
    if min(met) < _LINES or sum(met) < _LINES_IN_ALL or min(lines) < _LINES:
        return None
    if is_rounded(columns.tolist(), off) or is_rounded(rows.tolist(), off):
        return None
    return Lattice(east, north, sum(met)) if _is_uneven(points, east, north) else None


@compiled
def may_lie_on_lattice(
    lon: Few, lat: Few, least_east: float, least_north: float, off: int, turn: int
) -> bool:
    """Whether a few positions do not rule out that all lie on a grid. Quick: of nearly all ships, they do.

    Longitudes and latitudes in units, `turn` of which go round the world.
    """
    values = _ascending(lon, turn)
    if lines_met(values, off) > 1 and spacing_of(values, least_east, off, _FINER) == 0:
        return False
    values = _ascending(lat, turn)
    return lines_met(values, off) <= 1 or spacing_of(values, least_north, off, _FINER) > 0


@compiled
def _ascending(values: Few, turn: int) -> Units:
    """A few values, each once, those that are more than half a turn from the first one taken round."""
    placed, count = np.empty(len(values), np.int64), 0
    for each in values:
        value = each + turn * round((values[0] - each) / turn)
        at = count
        while at > 0 and placed[at - 1] > value:
            at -= 1
        if at == 0 or placed[at - 1] != value:
            for i in range(count, at, -1):
                placed[i] = placed[i - 1]
            placed[at] = value
            count += 1
    return placed[:count]


def _lines_of(points: Sequence[Point]) -> tuple[Units, Units]:
    """Where positions lie on each axis, ascending, each once."""
    columns, rows = (np.array(sorted({point[i] for point in points}), np.int64) for i in (1, 2))
    return columns, rows


@compiled
def spacing_of(values: Units, least: float, off: int, finer: int) -> float:
    """How far apart the lines are that these ascending values lie on, to within `off`; 0 if on none.

    Not all lines have to be met: the closest two may be up to `finer` lines apart.
    """
    closest = 0
    for i in range(1, len(values)):
        gap = values[i] - values[i - 1]
        if gap > 2 * off and (closest == 0 or gap < closest):
            closest = gap
    for parts in range(1, finer + 1):
        if closest / parts < least or closest == 0:
            return 0.0
        spacing = _fitted(values, closest / parts, off)
        if spacing > 0:
            return spacing
    return 0.0


@compiled
def _fitted(values: Units, guess: float, off: int) -> float:
    """The spacing near a guess on whose lines all values lie, or 0; it gets better with every line."""
    spacing, number, numbers = guess, 0, np.zeros(len(values), np.int64)
    for i in range(1, len(values)):
        lines = (values[i] - values[i - 1]) / spacing
        number += round(lines)
        if abs(lines - round(lines)) > _ASTRAY:
            return 0.0
        numbers[i] = number
        if number:
            spacing = (values[i] - values[0]) / number
    for i in range(len(values)):
        if abs(values[i] - values[0] - numbers[i] * spacing) > off:
            return 0.0
    return spacing


@compiled
def lines_met(values: Units, off: int) -> int:
    """How many lines these ascending values lie on."""
    count = 1
    for i in range(1, len(values)):
        count += values[i] - values[i - 1] > 2 * off
    return count


def _is_uneven(points: Sequence[Point], east: float, north: float) -> bool:
    """Whether positions do not lie where even motion from the one before to the one after takes them."""
    uneven = 0
    for (t0, x0, y0), (t, x, y), (t1, x1, y1) in zip(points, points[1:], points[2:], strict=False):
        part = (t - t0) / max(t1 - t0, 1)
        off = abs(x - x0 - part * (x1 - x0)) / east, abs(y - y0 - part * (y1 - y0)) / north
        uneven += max(off) >= _UNEVEN
    return uneven >= _UNEVEN_SHARE * (len(points) - 2)
