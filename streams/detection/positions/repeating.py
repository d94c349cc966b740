"""Repeating: positions that come back to the same few places exactly, as a loop or a grid of a spoofer does,
or that lie on the lines of a grid while the ship makes way.

AIS resolves 1/10,000 of a minute, 18 cm. A ship that moves does not come back to within that, not at anchor
and not on a regular run: positions have errors of metres. Positions that are rounded in the data say nothing
(`rounding`). The numbers are judgement.
"""

import math
import struct
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from models.report import Rows
from models.time import HOUR, Millis
from models.vessel import Stay
from streams.detection.positions.lattice import Point, lattice_of, lines_met, may_lie_on_lattice, spacing_of
from streams.detection.positions.rounding import UNITS, is_rounded

_ROUND: Final = 360 * UNITS
_METRES: Final = 111_195.0 / UNITS
_SAMPLE: Final = struct.Struct("<qii")
_COLUMNS: Final = np.dtype([("time", "<i8"), ("lon", "<i4"), ("lat", "<i4")])
"""The same for columns: time, and longitude and latitude in units."""
_STRIDE: Final = 7
"""Any number that has no factor in common with most counts of reports in a step."""
_KEPT: Final = 32
"""Samples, one for each step in which the vessel moved."""
_AGE: Final = 12 * HOUR
"""After this, a sample says nothing of where the vessel is now."""
_LEAST: Final = 24
_PLACES: Final = 6
"""Places that there have to be: two ships at rest under one number make two."""
_MOVED: Final = 50.0
"""Metres from one sample to the next: five errors of a position."""
_WIDE: Final = 500.0
"""Metres that the places span. Ships at anchor swing on less."""
_SHARED: Final = 0.75
_OFF: Final = 2
"""Units by which the places of a grid may be off it, for rounding."""
_GLANCE: Final = 10
"""The last samples; those of nearly all ships that make way are seen to lie on no grid by these alone."""


class Repeating(msgspec.Struct, array_like=True, gc=False):
    """The last samples, and what they come to."""

    samples: bytes = b""
    found: Stay | None = None


class RepeatingVessel(Protocol):
    """What is read and changed of a vessel's state."""

    mmsi: int
    repeating: Repeating | None


def sample(
    rows: Rows,
    starts: npt.NDArray[np.intp],
    number: int,
    watched: npt.NDArray[np.bool_],
    vessels_of: Callable[[list[int]], Sequence[RepeatingVessel]],
) -> list[int]:
    """Take in one position that each vessel that is `watched` sent in a step; `rows` are POSITION rows by
    MMSI, `starts` where each vessel begins, `number` is the step's. Returns those whose positions repeat.

    Now an early one and now a late one: else a loop that lasts for some steps would show a few of its places.
    """
    if not watched.any():
        return []
    counts = np.append(starts[1:], len(rows)) - starts
    which = starts + (_STRIDE * number) % np.maximum(counts, 1)
    chosen = rows.take(which[watched])
    columns = (chosen[name].tolist() for name in ("time", "lon", "lat"))
    found: list[int] = []
    for vessel, time, lon, lat in zip(vessels_of(chosen["mmsi"].tolist()), *columns, strict=True):
        vessel.repeating = state = take(vessel.repeating, time, lon, lat)
        if state.found is not None:
            found.append(vessel.mmsi)
    return found


def take(state: Repeating | None, time: Millis, lon: float, lat: float) -> Repeating:
    """Take in the last position of a step; degrees."""
    state = state or Repeating()
    x, y = round(lon * UNITS), round(lat * UNITS)
    if state.samples and _SAMPLE.unpack_from(state.samples)[0] < time - _AGE:
        _let_go(state, time - _AGE)
    if state.samples:
        _, last_x, last_y = _SAMPLE.unpack_from(state.samples, len(state.samples) - _SAMPLE.size)
        # half of the way from west to east, as at 60° of latitude: farther north none is counted too early
        if abs(x - last_x) / 2 * _METRES < _MOVED and abs(y - last_y) * _METRES < _MOVED:
            return state
    sample = _SAMPLE.pack(time, x, y)
    again = _holds(state.samples, sample[8:])
    state.samples = (state.samples + sample)[-_KEPT * _SAMPLE.size :]
    if again or state.found is not None or _may_lie_on_grid(state.samples):
        found = _judge(state.samples)
        state.found = found if state.found is None or found is None else state.found
    return state


def _let_go(state: Repeating, limit: Millis) -> None:
    """Forget the samples from before a time, and what rests on them."""
    old = 0
    while old < len(state.samples) and _SAMPLE.unpack_from(state.samples, old)[0] < limit:
        old += _SAMPLE.size
    if old:
        state.samples = state.samples[old:]
        if state.found is not None and _judge(state.samples) is None:
            state.found = None


def _holds(samples: bytes, place: bytes) -> bool:
    at = samples.find(place)
    while at >= 0 and at % _SAMPLE.size != 8:
        at = samples.find(place, at + 1)
    return at >= 0


def _judge(samples: bytes) -> Stay | None:
    """What the samples come to, if they repeat or lie on a grid."""
    if len(samples) < _LEAST * _SAMPLE.size:
        return None
    points = _points(samples)
    return _repeated(points) or _on_grid(points)


def _may_lie_on_grid(samples: bytes) -> bool:
    """Whether the last samples do not rule out that all lie on a grid."""
    if len(samples) < _LEAST * _SAMPLE.size:
        return False
    last = np.frombuffer(samples, _COLUMNS, _GLANCE, len(samples) - _GLANCE * _SAMPLE.size)
    lon, lat = last["lon"], last["lat"]
    return may_lie_on_lattice(lon, lat, *_least(int(lat[-1]) / UNITS), _OFF, _ROUND)


def _points(samples: bytes) -> list[Point]:
    """The samples, with longitudes that run on across 180° from the first one's."""
    points = list(_SAMPLE.iter_unpack(samples))
    first = points[0][1]
    return [(time, x + _ROUND * round((first - x) / _ROUND), y) for time, x, y in points]


def _least(lat: float) -> tuple[float, float]:
    """Units to the east and to the north that the lines of a grid lie apart at least."""
    north = _MOVED / _METRES
    return north / max(math.cos(math.radians(lat)), 0.01), north


def _on_grid(points: Sequence[Point]) -> Stay | None:
    """Where, since when, and how far apart the lines are, if all samples lie on the lines of one grid."""
    places = np.array([point[1:] for point in points])
    lon, lat = (places.mean(axis=0) / UNITS).tolist()
    found = lattice_of(points, _least(lat), _OFF)
    if found is None:
        return None
    scale = math.cos(math.radians(lat))
    wide, high = np.ptp(places, axis=0).tolist()
    span = math.hypot(wide * _METRES * scale, high * _METRES)
    if span < _WIDE:
        return None
    return Stay(
        points[0][0],
        round((lon + 180) % 360 - 180, 5),
        round(lat, 5),
        0.0,
        radius_metres=float(round(span / 2)),
        positions=len(points),
        places=len(np.unique(places, axis=0)),
        east_metres=float(round(found.east * scale * _METRES)),
        north_metres=float(round(found.north * _METRES)),
        lines=found.lines,
    )


def _repeated(points: Sequence[Point]) -> Stay | None:
    """Where, since when, how many places, and how far apart on a grid, if the samples repeat."""
    every = np.array([point[1:] for point in points])
    places, which, counts = np.unique(every, axis=0, return_inverse=True, return_counts=True)
    again, at_these = places[counts > 1], (counts > 1)[which.reshape(-1)]
    repeats = int(at_these.sum()) - len(again)
    if len(again) < _PLACES or 2 * repeats < len(points):
        return None
    if all(is_rounded(column, _OFF) for column in again.T.tolist()):
        return None
    lon, lat = again.mean(axis=0) / UNITS
    scale = np.array([_METRES * np.cos(np.radians(lat)), _METRES])
    span = float(np.hypot(*((again.max(axis=0) - again.min(axis=0)) * scale)))
    if span < _WIDE:
        return None
    lines = [np.unique(column) for column in again.T]
    shared = max(map(len, lines)) <= _SHARED * len(again)  # on a grid, places lie on common lines
    apart = np.array([_spacing(values) if shared else 0.0 for values in lines])
    east, north = (apart * scale * apart.all()).tolist()
    return Stay(
        min(points[i][0] for i in np.flatnonzero(at_these).tolist()),
        round(float((lon + 180) % 360 - 180), 5),
        round(float(lat), 5),
        0.0,
        radius_metres=float(round(span / 2)),
        positions=len(points),
        places=len(again),
        repeats=repeats,
        east_metres=float(round(east)),
        north_metres=float(round(north)),
    )


def _spacing(values: npt.NDArray[np.int64]) -> float:
    """How far apart the lines are that these ascending values lie on, units; 0 if on none, or for two lines
    alone. The closest lines are neighbours: where others might lie between them, a few places would be on
    lines by chance."""
    few = lines_met(values, _OFF) < 3
    return 0.0 if few else spacing_of(values, _MOVED / _METRES, _OFF, 1)
