"""Lattice: whether positions that do not come back to the same places all lie on the lines of one grid.

A spoofer or a faulty device may step along a grid, or move each position onto the nearest place of one, while
the ship makes way. A ship's positions have errors of metres, so they lie on no grid that is coarser than the
resolution of AIS (18 cm). One that moves evenly in a straight line, without any error and heard at even
intervals, as in made-up data, would; its positions follow the time, and those of a grid do not. Positions
that are rounded lie on a grid, too, whose lines are multiples of an ordinary step, and say nothing
(`rounding`). The numbers are judgement where no source is named.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from models.time import Millis
from streams.detection.positions.rounding import is_rounded

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
    columns, rows = ([*sorted({point[i] for point in points})] for i in (1, 2))
    if min(len(columns), len(rows)) < _LINES:
        return None
    east = spacing_of(columns, least[0], off)
    north = spacing_of(rows, least[1], off) if east else None
    if east is None or north is None:
        return None
    lines = [1 + round((values[-1] - values[0]) / each) for values, each in ((columns, east), (rows, north))]
    met = [lines_met(columns, off), lines_met(rows, off)]
    if min(met) < _LINES or sum(met) < _LINES_IN_ALL or min(lines) < _LINES:
        return None
    if is_rounded(columns, off) or is_rounded(rows, off):
        return None
    return Lattice(east, north, sum(met)) if _is_uneven(points, east, north) else None


def may_lie_on_lattice(points: Sequence[Point], least: tuple[float, float], off: int) -> bool:
    """Whether a few positions do not rule out that all lie on a grid. Quick: of nearly all ships, they do."""
    for values, apart in ((sorted({point[i] for point in points}), least[i - 1]) for i in (1, 2)):
        if lines_met(values, off) > 1 and spacing_of(values, apart, off) is None:
            return False
    return True


def spacing_of(values: Sequence[int], least: float, off: int, finer: int = _FINER) -> float | None:
    """How far apart the lines are that these ascending values lie on, to within `off`; None if on none.

    Not all lines have to be met: the closest two may be up to `finer` lines apart.
    """
    gaps = [after - before for before, after in pairwise(values) if after - before > 2 * off]
    if not gaps:
        return None
    closest = min(gaps)
    for parts in range(1, finer + 1):
        if closest / parts < least:
            return None
        if (spacing := _fitted(values, closest / parts, off)) is not None:
            return spacing
    return None


def _fitted(values: Sequence[int], guess: float, off: int) -> float | None:
    """The spacing near a guess on whose lines all values lie; it gets better with every line."""
    spacing, number, numbers = guess, 0, [0]
    for before, after in pairwise(values):
        lines = (after - before) / spacing
        number += round(lines)
        if abs(lines - round(lines)) > _ASTRAY:
            return None
        numbers.append(number)
        if number:
            spacing = (after - values[0]) / number
    fits = all(abs(value - values[0] - n * spacing) <= off for value, n in zip(values, numbers, strict=True))
    return spacing if fits else None


def lines_met(values: Sequence[int], off: int) -> int:
    """How many lines these ascending values lie on."""
    return 1 + sum(after - before > 2 * off for before, after in pairwise(values))


def _is_uneven(points: Sequence[Point], east: float, north: float) -> bool:
    """Whether positions do not lie where even motion from the one before to the one after takes them."""
    uneven = 0
    for (t0, x0, y0), (t, x, y), (t1, x1, y1) in zip(points, points[1:], points[2:], strict=False):
        part = (t - t0) / max(t1 - t0, 1)
        off = abs(x - x0 - part * (x1 - x0)) / east, abs(y - y0 - part * (y1 - y0)) / north
        uneven += max(off) >= _UNEVEN
    return uneven >= _UNEVEN_SHARE * (len(points) - 2)
