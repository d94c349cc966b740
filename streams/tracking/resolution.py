"""Resolution: how coarsely the positions of a vessel are rounded, learnt from the positions themselves.

Many sources round positions: to a minute, a tenth of it (type 27), a hundredth or a thousandth of a degree,
on one axis or both, and some reports of a ship only. Such a position says no more than in which cell of a
grid the ship is. A ship that makes way then leaps from cell to cell, and one at anchor near a border seems
to be in two places.

AIS resolves 18 cm, so a position lies on a line of such a grid by chance once in hundreds of times, and a
vessel whose positions go from one line to another again and again has rounded positions. Its step is the
largest that explains most of these changes. Where receivers round it in several ways, it has several steps:
each one on whose lines more positions lie than do by chance, being on those of the others. A position counts
as rounded by the largest step whose lines it lies on, one between the lines does not; where fewer than a
quarter lie on lines, what was learnt is forgotten. A vessel
that stays on one line proves nothing, it may lie right there; unless it moves to and fro along that line, as
errors of positions make every ship do, and never off it.
"""

import math
import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from models.report import Rows
from streams.runtime.compiled import compiled
from streams.tracking.track import metres_between

_Flags = npt.NDArray[np.bool_]

UNITS: Final = 600_000
"""Of one degree: the resolution of AIS."""
STEPS: Final = (
    *(600, 1_000, 3_000, 5_000, 6_000, 10_000),
    *(12_000, 15_000, 18_000, 20_000, 24_000, 30_000, 50_000, 60_000),
)
"""Units, ascending, from a thousandth to a tenth of a degree, and parts and multiples of a minute. Finer ones
are within errors of positions."""
Steps = int
"""Some of STEPS: bit n stands for STEPS[n]."""
_MINUTE: Final = 10_000
_EVERY: Final = (600, 1_000)
"""A multiple of any step is one of one of these."""
_SHARE: Final = 4
"""One in so many positions has to lie on lines of a grid: of those of five minutes, and of the last ones.
Judgement: of positions to four decimals of a degree, one in ten lies on a multiple of a thousandth by chance,
and of those to two decimals of a minute one in six."""
_FULL: Final = 60
"""Positions between the lines after which a grid is forgotten, however many lay on them before."""
_FINE: Final = STEPS.index(_MINUTE)
"""So many steps are finer than a minute."""
_ENOUGH: Final = (*[27] * _FINE, *[6] * (len(STEPS) - _FINE))
"""So many of these there have to be left, by step, for it to be believed. Judgement: 9 positions on lines, or
2 where chance seldom puts one on a line."""
_ALONG: Final = 3
"""Positions within five minutes that all have to lie on one line, for turns along it to count. Judgement."""
_DECIMALS: Final = (60, 100)
"""Units: four decimals of a degree, two of a minute. A moored ship whose positions on the other axis are all
so coarse, too, stays on a line by that alone."""
_CHANGES: Final = (6, 6, 6, *[1] * (len(STEPS) - 3))
"""Changes from line to line, by step, from which it is believed. Judgement: by chance, two positions in a row
lie on lines that are 1 km apart once in 25 million times."""
_MOST: Final = 200
"""Changes that are counted; beyond it all counts are halved."""
_METRES: Final = 111_195.0 / UNITS
_TURNS: Final = 20
"""Turns along one line from which it is believed. Judgement: half an hour of reports a minute."""
_CLEARLY: Final = 1.3
"""So many times as many arrivals as by chance have to lie on the lines of a second step. Judgement."""
_SECOND: Final = 3
"""Changes from line to line from which a second step is believed. Judgement."""
_SURELY: Final = 3.0
"""Standard deviations of what is chance, and arrivals, that it takes besides. Judgement."""
_AXIS: Final = struct.Struct(f"<iibB{len(_EVERY)}B{len(STEPS)}B{len(STEPS)}B")
"""Of one axis: the last value on a line; the value on the other axis then, which way that went, and how often
it turned since; after how many positions between the lines each of _EVERY is forgotten; the changes from
line to line, by step; and the arrivals on a line of a step, from whichever line."""
_ROW: Final = np.dtype(
    [
        *(("last", "<i4"), ("beside", "<i4"), ("way", "i1"), ("turns", "u1")),
        *(("left", "u1", (len(_EVERY),)), ("counts", "u1", (len(STEPS),)), ("arrivals", "u1", (len(STEPS),))),
    ]
)
"""The same as a column."""
_NEVER: Final = -(2**31)
_NOTHING: Final = _AXIS.pack(_NEVER, 0, 0, 0, *[0] * len(_EVERY), *[0] * 2 * len(STEPS))
_CHANCE: Final = tuple(tuple(fine / math.lcm(fine, step) for fine in STEPS) for step in STEPS)
"""By step, and by another one: the share of the lines of that one that are lines of the step, too."""


class Resolution(NamedTuple):
    """The steps that positions of one vessel are rounded to, to the east and to the north; 0 where not."""

    east: Steps = 0
    north: Steps = 0

    def error(self, lon: float, lat: float) -> float:
        """Metres that a position in degrees may be off for being rounded: the diagonal of its cell, because
        some sources cut digits off; 0 where it is not rounded."""
        if not (self.east or self.north):
            return 0.0
        east, north = _largest(lon, self.east), _largest(lat, self.north)
        return _METRES * math.hypot(east * math.cos(math.radians(lat)), north)

    def beyond(self, metres: float, lon1: float, lat1: float, lon2: float, lat2: float) -> float:
        """What is left of the metres between two positions once that is taken off which rounding explains."""
        if not (self.east or self.north):
            return metres
        return max(metres - max(self.error(lon1, lat1), self.error(lon2, lat2)), 0.0)

    def apart(self, lon1: float, lat1: float, lon2: float, lat2: float) -> float:
        """Metres between two positions that rounding does not explain."""
        return self.beyond(metres_between(lon1, lat1, lon2, lat2), lon1, lat1, lon2, lat2)


NOT_ROUNDED: Final = Resolution()


class RoundedVessel(Protocol):
    """What is read and changed of a vessel's state."""

    rounding: bytes


class RoundedFleet(Protocol):
    """The vessels, and in columns by slot what their positions are rounded to, and whether anything is known
    of that."""

    step_east: npt.NDArray[np.int32]
    step_north: npt.NDArray[np.int32]
    on_lines: npt.NDArray[np.bool_]

    def slots_of(self, mmsis: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]: ...
    def state(self, mmsi: int) -> RoundedVessel: ...


def errors(lon: Floats, lat: Floats, east: npt.NDArray[np.int32], north: npt.NDArray[np.int32]) -> Floats:
    """`Resolution.error` for columns: positions in degrees, and the steps of the vessel of each."""
    found = np.zeros(len(lon))
    (rows,) = np.nonzero(east | north)
    if len(rows):
        wide = _on_line(lon[rows], east[rows]) * np.cos(np.radians(lat[rows]))
        found[rows] = _METRES * np.hypot(wide, _on_line(lat[rows], north[rows]))
    return found


def shared_errors(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Metres that pairs of positions in degrees may be off, row by row, if both lie on lines of one grid, on
    both axes; 0 where they do not.

    Of one ship that lies still this says nothing, but two do not lie like that by chance (once in billions of
    times). The grid is taken to be no coarser than a minute.
    """
    found = np.zeros(len(lon1))
    units = np.rint(np.stack([lon1, lat1, lon2, lat2]) * UNITS).astype(np.int64)
    on_some = np.logical_or.reduce([units % every == 0 for every in _EVERY])
    (rows,) = on_some.all(axis=0).nonzero()
    if len(rows):
        east, north = (_shared_step(units[axis, rows], units[axis + 2, rows]) for axis in range(2))
        both = (east > 0) & (north > 0)
        metres = _METRES * np.hypot(east * np.cos(np.radians(lat1[rows])), north)
        found[rows] = np.where(both, metres, 0.0)
    return found


def _shared_step(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The largest step, up to a minute, on whose lines both lie, in units; 0 for none."""
    found = np.zeros(len(one), np.int64)
    for step in STEPS[: STEPS.index(_MINUTE) + 1]:
        found[(one % step == 0) & (other % step == 0)] = step
    return found


def steps_of(*units: int) -> Steps:
    """These steps together."""
    return sum(1 << STEPS.index(each) for each in units)


def _largest(degrees: float, steps: Steps) -> int:
    """The largest of these steps on whose lines it lies, in units; 0 for none."""
    value = round(degrees * UNITS)
    for n in reversed(range(steps.bit_length())):
        if steps >> n & 1 and value % STEPS[n] == 0:
            return STEPS[n]
    return 0


def _on_line(degrees: Floats, steps: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """`_largest` for columns."""
    value, found = np.rint(degrees * UNITS).astype(np.int64), np.zeros(len(degrees), np.int64)
    every = int(np.bitwise_or.reduce(steps))
    for n, step in enumerate(STEPS):
        if every >> n & 1:
            found[(steps >> n & 1 > 0) & (value % step == 0)] = step
    return found


def learn(rows: Rows, starts: npt.NDArray[np.intp], fleet: RoundedFleet) -> None:
    """Take in the positions of one step, POSITION rows by MMSI and time; `starts` is where each begins."""
    if not len(rows):
        return
    may = np.empty(len(starts), bool)
    _may_lie_on_lines(rows, starts, may)
    every = fleet.slots_of(rows["mmsi"][starts])
    (which,) = np.nonzero(may | fleet.on_lines[every])
    if not len(which):
        return
    mmsis, slots = rows["mmsi"][starts[which]].tolist(), every[which].tolist()
    vessels, size = [fleet.state(mmsi) for mmsi in mmsis], 2 * _AXIS.size
    before = [v.rounding if len(v.rounding) == size else _NOTHING + _NOTHING for v in vessels]
    axes = np.frombuffer(b"".join(before), _ROW).copy()
    _take_in(rows, starts[which], np.append(starts[1:], len(rows))[which], axes)
    told = axes.tobytes()
    for i, (vessel, slot) in enumerate(zip(vessels, slots, strict=True)):
        now = told[i * size : (i + 1) * size]
        now = b"" if now == _NOTHING + _NOTHING else now
        if now != vessel.rounding:
            vessel.rounding = now
            fleet.on_lines[slot] = bool(vessel.rounding)
            fleet.step_east[slot], fleet.step_north[slot] = resolution_of(vessel.rounding)


@compiled
def _may_lie_on_lines(rows: Rows, starts: npt.NDArray[np.intp], may: _Flags) -> None:
    """Whether so many positions of each vessel lie on lines of a grid that it may be no chance."""
    for i in range(len(starts)):
        stop = starts[i + 1] if i + 1 < len(starts) else len(rows)
        east, north = 0, 0
        for k in range(starts[i], stop):
            x, y = np.int64(np.rint(rows[k].lon * UNITS)), np.int64(np.rint(rows[k].lat * UNITS))
            east += x % _EVERY[0] == 0 or x % _EVERY[1] == 0
            north += y % _EVERY[0] == 0 or y % _EVERY[1] == 0
        may[i] = max(east, north) * _SHARE >= stop - starts[i]


def resolution_of(rounding: bytes) -> Resolution:
    """What is known of a vessel's positions; nothing of what a version with other steps had learnt."""
    if len(rounding) != 2 * _AXIS.size:
        return NOT_ROUNDED
    return Resolution(_steps(rounding[: _AXIS.size]), _steps(rounding[_AXIS.size :]))


@compiled
def _take_in(rows: Rows, starts: npt.NDArray[np.intp], stops: npt.NDArray[np.intp], axes: Rows) -> None:
    """Take the positions of one step in to what is known of both axes of each vessel, _ROW.

    A step of a grid counts only where enough of them lie on its lines for that to be no chance.
    """
    for i in range(len(starts)):
        theirs = rows[starts[i] : stops[i]]
        east, north = np.empty(len(theirs), np.int64), np.empty(len(theirs), np.int64)
        for k in range(len(theirs)):
            east[k], north[k] = np.rint(theirs[k].lon * UNITS), np.rint(theirs[k].lat * UNITS)
        _tell(axes[2 * i], east, north)
        _tell(axes[2 * i + 1], north, east)


@compiled
def _tell(axis: Any, values: npt.NDArray[np.int64], beside: npt.NDArray[np.int64]) -> None:
    """The same for one axis; `beside` are the values on the other one."""
    size, left, most = len(values), 0, 0
    for n in range(len(_EVERY)):
        on = int(np.sum(values % _EVERY[n] == 0))
        axis.left[n] = min(max(axis.left[n] + _SHARE * on - size, 0), _FULL)
        left, most = max(left, int(axis.left[n])), max(most, on)
    if not left:
        axis.last, axis.beside, axis.way, axis.turns = _NEVER, 0, 0, 0
        axis.counts[:] = 0
        axis.arrivals[:] = 0
    if not left or _SHARE * most < size:
        return
    counts, arrivals = axis.counts.astype(np.int64), axis.arrivals.astype(np.int64)
    last, was_beside, way, turns = int(axis.last), int(axis.beside), int(axis.way), int(axis.turns)
    along = size >= _ALONG and bool(np.all(values == values[0]))
    along = along and bool(np.any((beside % _DECIMALS[0] != 0) & (beside % _DECIMALS[1] != 0)))
    for k in range(size):
        value, other = int(values[k]), int(beside[k])
        if value % _EVERY[0] and value % _EVERY[1]:
            turns = 0
        elif last == value:
            now = int(other > was_beside) - int(other < was_beside)
            turns = min(turns + int(along and now == -way and way != 0), _MOST)
            was_beside, way = other, now if now else way
        else:
            if last != _NEVER:
                more = max(_CHANGES) if turns >= _TURNS else 1
                for n in range(len(STEPS)):
                    if value % STEPS[n] == 0:
                        arrivals[n] += 1
                        if last % STEPS[n] == 0 and _SHARE * np.sum(values % STEPS[n] == 0) >= size:
                            counts[n] += more
            last, was_beside, way, turns = value, other, 0, 0
    axis.last, axis.beside, axis.way, axis.turns = last, was_beside, way, turns
    half_counts, half_arrivals = 1 + (max(counts) > _MOST), 1 + (max(arrivals) > _MOST)
    for n in range(len(STEPS)):
        axis.counts[n] = min(counts[n] // half_counts, 255)
        axis.arrivals[n] = min(arrivals[n] // half_arrivals, 255)


def _parts(rest: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """The columns of _AXIS."""
    begin, middle = len(_EVERY), len(_EVERY) + len(STEPS)
    return list(rest[:begin]), list(rest[begin:middle]), list(rest[middle:])


def _steps(axis: bytes) -> Steps:
    """The steps that are believed; 0 for none.

    The largest one that explains most changes, those beneath it that explain as many, and each one that
    positions come to clearly more often than they do by chance, from lines of those beneath it.
    """
    last, _, _, turns, *rest = _AXIS.unpack(axis)
    left, counts, arrivals = _parts(rest)
    most, found, along = max(counts), 0, 0
    if not most and turns < _TURNS:  # a step takes changes, or turns
        return 0
    for n, (step, changes, least, enough) in enumerate(zip(STEPS, counts, _CHANGES, _ENOUGH, strict=True)):
        if max(more for more, every in zip(left, _EVERY, strict=True) if step % every == 0) < enough:
            continue
        beneath = (arrivals[m] * _CHANCE[n][m] for m in range(n) if found >> m & 1)
        by_chance = max(beneath, default=math.inf)
        clearly = _CLEARLY * by_chance + _SURELY * (1 + math.sqrt(by_chance))
        if (changes >= least and 2 * changes >= most) or (
            changes >= max(least, _SECOND) and arrivals[n] >= clearly
        ):
            found |= 1 << n
        if step <= _MINUTE and last % step == 0:
            along = 1 << n
    return found or (along if turns >= _TURNS else 0)
