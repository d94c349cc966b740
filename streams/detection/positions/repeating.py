"""Repeating: positions that come back to the same few places exactly, as a loop or a grid of a spoofer does,
or that lie on the lines of a grid while the ship makes way.

AIS resolves 1/10,000 of a minute, 18 cm. A ship that moves does not come back to within that, not at anchor
and not on a regular run: positions have errors of metres. Positions that are rounded in the data say nothing.
The numbers are judgement.
"""

import math
import struct
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from models.report import Rows
from models.time import HOUR, Millis
from models.vessel import Stay
from streams.detection.positions.lattice import lattice_of, may_lie_on_lattice

_UNITS: Final = 600_000
"""Of one degree: the resolution of AIS."""
_HALF_WAY: Final = 180 * _UNITS
_METRES: Final = 111_195.0 / _UNITS
_SAMPLE: Final = struct.Struct("<qii")
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
_ROUNDED: Final = (60, 100)
"""Units of 0.0001° and of 0.01': positions that are all multiples of one are rounded."""
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
    vessel_of: Callable[[int], RepeatingVessel],
) -> list[int]:
    """Take in one position that each vessel that is `watched` sent in a step; `rows` are POSITION rows by
    MMSI, `starts` where each vessel begins, `number` is the step's. Returns those whose positions repeat.

    Now an early one and now a late one: else a loop that lasts for some steps would show a few of its places.
    """
    counts = np.diff(np.append(starts, len(rows)))
    which = starts + (_STRIDE * number) % np.maximum(counts, 1)
    chosen = rows.take(which[watched])
    columns = (chosen[name].tolist() for name in ("mmsi", "time", "lon", "lat"))
    found: list[int] = []
    for mmsi, time, lon, lat in zip(*columns, strict=True):
        vessel = vessel_of(mmsi)
        vessel.repeating = take(vessel.repeating, time, lon, lat)
        if vessel.repeating.found is not None:
            found.append(mmsi)
    return found


def take(state: Repeating | None, time: Millis, lon: float, lat: float) -> Repeating:
    """Take in the last position of a step; degrees."""
    state = state or Repeating()
    x, y = round(lon * _UNITS), round(lat * _UNITS)
    _let_go(state, time - _AGE)
    if state.samples:
        _, last_x, last_y = _SAMPLE.unpack_from(state.samples, len(state.samples) - _SAMPLE.size)
        # half of the way from west to east, as at 60° of latitude: farther north none is counted too early
        if max(abs(x - last_x) / 2, abs(y - last_y)) * _METRES < _MOVED:
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
    rows = np.frombuffer(samples, np.dtype([("time", "<i8"), ("place", "<i4", 2)])).copy()
    if len(rows) < _LEAST:
        return None
    x = rows["place"][:, 0]
    x += ((x < x[0] - _HALF_WAY).astype(np.int32) - (x > x[0] + _HALF_WAY)) * 2 * _HALF_WAY  # across 180°
    return _repeated(rows) or _on_grid(rows)


def _may_lie_on_grid(samples: bytes) -> bool:
    """Whether the last samples do not rule out that all lie on a grid."""
    if len(samples) < _LEAST * _SAMPLE.size:
        return False
    last = list(_SAMPLE.iter_unpack(samples[-_GLANCE * _SAMPLE.size :]))
    return may_lie_on_lattice(last, _least(last[-1][2] / _UNITS), _OFF)


def _least(lat: float) -> tuple[float, float]:
    """Units to the east and to the north that the lines of a grid lie apart at least."""
    north = _MOVED / _METRES
    return north / max(math.cos(math.radians(lat)), 0.01), north


def _on_grid(rows: npt.NDArray[Any]) -> Stay | None:
    """Where, since when, and how far apart the lines are, if all samples lie on the lines of one grid."""
    x, y = rows["place"][:, 0], rows["place"][:, 1]
    lat = float(y.mean()) / _UNITS
    found = lattice_of(
        list(zip(rows["time"].tolist(), x.tolist(), y.tolist(), strict=True)), _least(lat), _OFF
    )
    if found is None:
        return None
    lon, scale = float(x.mean()) / _UNITS, math.cos(math.radians(lat))
    span = math.hypot(int(np.ptp(x)) * _METRES * scale, int(np.ptp(y)) * _METRES)
    if span < _WIDE:
        return None
    return Stay(
        int(rows["time"][0]),
        round((lon + 180) % 360 - 180, 5),
        round(lat, 5),
        0.0,
        radius_metres=round(span / 2),
        positions=len(rows),
        places=len(np.unique(rows["place"], axis=0)),
        spacing_metres=round(max(found.east * scale, found.north) * _METRES),
        lines=found.lines,
    )


def _repeated(rows: npt.NDArray[Any]) -> Stay | None:
    """Where, since when, how many places, and how far apart on a grid, if the samples repeat."""
    places, which, counts = np.unique(rows["place"], axis=0, return_inverse=True, return_counts=True)
    again, at_these = places[counts > 1], (counts > 1)[which.reshape(-1)]
    repeats = int(at_these.sum()) - len(again)
    if len(again) < _PLACES or 2 * repeats < len(rows):
        return None
    if any((again % unit == 0).all() for unit in _ROUNDED):
        return None
    lon, lat = again.mean(axis=0) / _UNITS
    scale = np.array([_METRES * np.cos(np.radians(lat)), _METRES])
    span = float(np.hypot(*((again.max(axis=0) - again.min(axis=0)) * scale)))
    if span < _WIDE:
        return None
    lines = [np.unique(column) for column in again.T]
    shared = max(map(len, lines)) <= _SHARED * len(again)  # on a grid, places lie on common lines
    apart = [_spacing(values) if shared else 0.0 for values in lines]
    return Stay(
        int(rows["time"][at_these].min()),
        round(float((lon + 180) % 360 - 180), 5),
        round(float(lat), 5),
        0.0,
        radius_metres=round(span / 2),
        positions=len(rows),
        places=len(again),
        repeats=repeats,
        spacing_metres=round(float(max(apart * scale))) if all(apart) else 0,
    )


def _spacing(values: npt.NDArray[np.int32]) -> float:
    """The distance of values that are all as far from each other, or a multiple of it, units; 0 if not."""
    steps = np.diff(values)
    steps = steps[steps > 2 * _OFF]
    if len(steps) < 2:
        return 0.0
    number = np.rint((values - values[0]) / steps.min())
    spacing = float((values[-1] - values[0]) / number[-1])
    regular = np.abs(values - values[0] - number * spacing).max() <= _OFF
    return spacing if regular and spacing * _METRES >= _MOVED else 0.0
