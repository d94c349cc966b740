"""Rounding: whether values of one axis are all multiples of a step that positions are rounded to.

Each axis is asked by itself: longitudes are often rounded more coarsely than latitudes, or in another unit.
"""

from collections.abc import Sequence
from typing import Final

UNITS: Final = 600_000
"""Of one degree: the resolution of AIS."""
_FINEST: Final = 60
"""Units, 11 m. Finer steps say nothing: too many values lie on them by chance."""
_MINUTE: Final = UNITS / 60
_SECOND: Final = UNITS / 3600


def _steps() -> tuple[float, ...]:
    """Units of the steps that are ordinary: round numbers of degrees, minutes and seconds, and binary
    fractions of a degree, a minute and a circle; half of each, because cells of a grid are also told by their
    middles (as geohashes are)."""
    decimal = [
        unit * part * 10.0**k for unit in (UNITS, _MINUTE) for part in (1, 2, 2.5, 5) for k in range(-4, 2)
    ]
    whole = [unit * n for unit in (_MINUTE, _SECOND) for n in range(1, 31) if 60 % n == 0]
    binary = [unit / 2**k for unit in (360 * UNITS, UNITS, _MINUTE) for k in range(25)]
    found = {each / part for each in (*decimal, *whole, *binary) for part in (1, 2)}
    return tuple(sorted(each for each in found if _FINEST <= each <= UNITS))


STEPS: Final = _steps()
"""Units, ascending, from 11 m to a degree."""


def is_rounded(values: Sequence[int], off: int) -> bool:
    """Whether all these values, in units, are multiples of one ordinary step, to within `off` units."""
    return any(all(abs(value - step * round(value / step)) <= off for value in values) for step in STEPS)
