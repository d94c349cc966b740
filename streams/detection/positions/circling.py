"""Circling: positions of one vessel that go round one circle again and again, as some spoofed positions do.

Ships turn, but seldom two and a half times on one circle for half an hour. What a ship cannot do is circle
with a bow that keeps its direction: the heading comes from the gyrocompass, which satellite signals do not
reach. Source: positions that circle off Point Reyes and in other places while the ships were elsewhere,
Bergman, "Systematic data analysis reveals false vessel tracks", 2021; the numbers are judgement.
"""

import math
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, unwrap
from models.report import Rows
from models.time import MINUTE, SECOND, Millis
from models.vessel import Stay
from streams.runtime.compiled import compiled
from streams.tracking.track import KNOT, wrapped

_METRES_PER_DEGREE: Final = 111_195.0
_LEG: Final = 50.0
"""Metres from one fix to a later one from which its direction says something: five errors of a position."""
_TURN: Final = 15.0
"""Degrees that a vessel turns in five minutes on a circle of two hours."""
_SPACING: Final = 45 * SECOND
_KEPT: Final = 80
_LEAST: Final = 12
"""Points from which a circle is fitted."""
_LASTING: Final = 30 * MINUTE
_RADIUS: Final = (100.0, 20_000.0)
"""Metres. Ships at anchor swing on smaller ones."""
_SCATTER: Final = 0.1
"""Share of the radius by which points lie off the circle, root of the mean square."""
_TURNS: Final = 2.5
_STEADY: Final = 30.0
"""Degrees that the heading may be off its mean, root of the mean square, to be called steady."""


class Point(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One position. Degrees; heading NaN where it is not known."""

    time: Millis
    lon: float
    lat: float
    heading: float


class Circling(msgspec.Struct, array_like=True, gc=False):
    """What may be a circle, and the circle once it is one."""

    points: list[Point] = []
    found: Stay | None = None
    straight: int = 0  # steps in which it did not turn


def turning(rows: Rows, starts: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Which of the tracks of one step turn. `rows` are POSITION rows of one track after the other, `starts`
    where each begins."""
    begins = np.empty(len(rows), np.int64)
    _find_legs(rows, starts, np.cos(np.radians(rows["lat"])), begins)
    (legs,) = (begins >= 0).nonzero()
    if len(legs) < 2:
        return np.zeros(len(starts), bool)
    lon, lat, before = rows["lon"], rows["lat"], begins[legs]
    east = unwrap(lon[legs] - lon[before]) * np.cos(np.radians(lat[legs]))
    course = np.degrees(np.arctan2(east, lat[legs] - lat[before]))
    owner = starts.searchsorted(legs, "right") - 1
    turns = unwrap(course[1:] - course[:-1]) * (owner[1:] == owner[:-1])
    total = np.bincount(owner[1:], turns, len(starts))
    return np.asarray(np.abs(total) >= _TURN)


@compiled
def _find_legs(
    rows: Rows, starts: npt.NDArray[np.intp], cosine: Floats, begins: npt.NDArray[np.int64]
) -> None:
    """Write where the leg begins that ends at each row, -1 for none. A leg goes on until it is long enough:
    a ship that is heard every ten seconds has no long way between two fixes. `cosine` is that of latitudes.
    """
    for i in range(len(starts)):
        begin = starts[i]
        begins[begin] = -1
        for k in range(begin + 1, starts[i + 1] if i + 1 < len(starts) else len(rows)):
            north = rows[k].lat - rows[begin].lat
            east = wrapped(rows[k].lon - rows[begin].lon) * cosine[k]
            begins[k] = -1
            if (north * north + east * east) * _METRES_PER_DEGREE**2 >= _LEG**2:
                begins[k], begin = begin, k


def observe(circling: Circling | None, rows: Rows, *, turns: bool) -> Circling | None:
    """Take in the new fixes of one step, POSITION rows; returns what may be a circle now, or None."""
    if circling is None:
        if not turns:
            return None
        circling = Circling()
    circling.straight = 0 if turns else circling.straight + 1
    if circling.straight > 1:
        return None
    columns = (rows[name].tolist() for name in ("time", "lon", "lat", "heading"))
    for point in map(Point, *columns):
        if not circling.points or point.time - circling.points[-1].time >= _spacing(circling.points):
            circling.points = [*circling.points, point]
    if len(circling.points) > _KEPT:
        # a circle that is known goes on or not by what came lately; thinned again and again, the points would
        # be too far apart to tell which way round it goes
        circling.points = circling.points[_KEPT // 2 :] if circling.found else circling.points[::2]
    points = circling.points
    if len(points) < _LEAST or points[-1].time - points[0].time < _LASTING:
        return circling
    circle, turns_round = circle_of(points)
    if circle is None:
        circling.found = None
        circling.points = points[len(points) // 4 :]
    elif circling.found is None and turns_round >= _TURNS:
        circling.found = circle
    return circling


def _spacing(points: list[Point]) -> float:
    """Milliseconds from one point to the next at least: about as before, where some were let go."""
    return max(float(_SPACING), 0.75 * (points[-1].time - points[0].time) / max(len(points) - 1, 1))


def circle_of(points: list[Point]) -> tuple[Stay | None, float]:
    """The circle that these positions go round, all in one direction, and how often; None if on none."""
    lon, lat = (np.array([getattr(point, name) for point in points]) for name in ("lon", "lat"))
    time = np.array([point.time for point in points], "f8")
    scale = _METRES_PER_DEGREE * math.cos(math.radians(lat[0]))
    x, y = unwrap(lon - lon[0]) * scale, (lat - lat[0]) * _METRES_PER_DEGREE
    # least squares of x² + y² = 2 a x + 2 b y + c (Kåsa)
    known = np.column_stack([2 * x, 2 * y, np.ones(len(x))])
    (a, b, c), *_ = np.linalg.lstsq(known, x * x + y * y, rcond=None)
    square = c + a * a + b * b
    radius = math.sqrt(square) if square > 0 else 0.0
    if not _RADIUS[0] <= radius <= _RADIUS[1]:
        return None, 0.0
    off = np.hypot(x - a, y - b) - radius
    if math.sqrt(float((off * off).mean())) > _SCATTER * radius:
        return None, 0.0
    steps = unwrap(np.diff(np.degrees(np.arctan2(y - b, x - a))))
    turned = float(steps.sum())
    if (np.sign(steps) != np.sign(turned)).mean() > _SCATTER:
        return None, 0.0
    knots = abs(math.radians(turned)) * radius / float(time[-1] - time[0]) / KNOT
    found = Stay(
        points[0].time,
        round(float(unwrap(lon[0] + a / scale)), 5),
        round(float(lat[0] + b / _METRES_PER_DEGREE), 5),
        round(knots, 1),
        float(round(radius)),
        _is_steady(np.array([point.heading for point in points])),
    )
    return found, abs(turned) / 360


def _is_steady(heading: Floats) -> bool:
    """Whether headings, nearly all of them known, keep one direction."""
    known = heading[~np.isnan(heading)]
    if len(known) < 0.8 * len(heading):
        return False
    mean = math.degrees(np.angle(np.exp(1j * np.radians(known)).mean()))
    off = unwrap(known - mean)
    return math.sqrt(float((off * off).mean())) <= _STEADY
