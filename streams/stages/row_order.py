"""Rows of reports in the order in which they are worked off: by vessel, time and content, each once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from models.report import Rows, run_starts
from models.time import Millis

POSITION_KEYS: Final = ("mmsi", "time", "type", "lon", "lat", "sog", "cog", "heading", "status")
STATIC_KEYS: Final = (
    *("mmsi", "time", "type", "part", "imo", "ship_type", "to_bow", "to_stern", "to_port", "to_starboard"),
    *("draught", "name", "callsign", "destination"),
)
"""Most significant first. Rows that agree in all of them are the same message, through two sources."""
PORTION: Final = 100_000
"""About so many reports are worked off at once."""
_VESSEL: Final = 15
"""So many reports are worth a vessel that becomes an object."""
_KEY_BITS: Final = 63
_MMSI_BITS: Final = 32
T = TypeVar("T")
Stations = tuple[tuple[str, ...], ...]


def by_step(rows: Rows, step: Millis, keys: tuple[str, ...]) -> tuple[Rows, dict[Millis, slice]]:
    """Rows by the step of the grid that they lie in, and within it by `keys`, which begin with MMSI and time.

    Also the rows of each step, by the instant that ends it, in order.
    """
    if not len(rows):
        return rows, {}
    ends = -(-rows["time"] // step)
    order = _order(rows, ends - ends.min(), rows["time"] - (ends - 1) * step, keys)
    rows, ends = rows.take(order), ends[order]
    starts = run_starts(ends)
    cuts = [*starts.tolist(), len(rows)]
    return rows, {
        int(end) * step: slice(start, stop)
        for end, start, stop in zip(ends[starts].tolist(), cuts[:-1], cuts[1:], strict=True)
    }


def _order(
    rows: Rows, nth: npt.NDArray[np.int64], within: npt.NDArray[np.int64], keys: tuple[str, ...]
) -> npt.NDArray[np.intp]:
    """The order by the number of the step, MMSI and time `within` it, as one integer; only ties need the
    other keys.

    Where that does not fit into one, as with a step of months, all keys are used as they are.
    """
    time_bits = int(within.max()).bit_length()
    if int(nth.max()).bit_length() + _MMSI_BITS + time_bits > _KEY_BITS:
        return np.lexsort([*(rows[key] for key in reversed(keys)), nth])
    key = ((nth << _MMSI_BITS) | rows["mmsi"]) << time_bits
    key |= within
    order = np.argsort(key)  # of equal rows the order is made sure of below; a stable sort takes longer
    ordered = key[order]
    same = ordered[1:] == ordered[:-1]
    if same.any():
        (tied,) = np.nonzero(np.append(False, same) | np.append(same, False))
        which = np.sort(order[tied])
        among = rows.take(which)
        order[tied] = which[np.lexsort([*(among[each] for each in reversed(keys[2:])), key[which]])]
    return order


def portions(positions: Rows, statics: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Positions and static data by MMSI in portions, each of which has all of its vessels: of the world at
    once, everything that is made of rows and of vessels would take its memory many times."""
    count = len(positions) + len(statics)
    if count * (1 + _VESSEL) < PORTION:
        yield positions, statics
        return
    starts, static_starts = run_starts(positions["mmsi"]), run_starts(statics["mmsi"])
    mmsis = np.concatenate([positions["mmsi"][starts], statics["mmsi"][static_starts]])
    sizes = np.diff(np.concatenate([starts, len(positions) + static_starts, [count]]))
    order = np.argsort(mmsis, kind="stable")
    mmsis, filled = mmsis[order], np.cumsum(sizes[order] + _VESSEL) // PORTION
    (ends,) = np.nonzero(filled[1:] != filled[:-1])
    cuts = np.unique(mmsis[ends])  # the last vessel of each portion but one
    parts = (np.split(rows, np.searchsorted(rows["mmsi"], cuts, "right")) for rows in (positions, statics))
    yield from zip(*parts, strict=True)


def batched(things: Sequence[T], size: int = 2048) -> Iterator[list[T]]:
    """Some at a time."""
    for at in range(0, len(things), size):
        yield list(things[at : at + size])


def folded(rows: Rows, stations: Stations) -> tuple[Rows, Stations]:
    """Ordered positions, each once: what came through two sources is one fix heard by all their stations."""
    again = np.zeros(len(rows), bool)
    if len(rows) > 1:
        again[1:] = (rows["time"][1:] == rows["time"][:-1]) & (rows["mmsi"][1:] == rows["mmsi"][:-1])
    if not again.any():
        return rows, stations
    (tied,) = np.nonzero(again)
    one, other = rows.take(tied), rows.take(tied - 1)
    again[tied] = np.logical_and.reduce(
        [
            (one[key] == other[key]) | ((one[key] != one[key]) & (other[key] != other[key]))
            for key in POSITION_KEYS
        ]
    )
    if not again.any():
        return rows, stations
    number = {names: i for i, names in enumerate(stations)}
    rows = rows.copy()
    for start, end in _runs(again):
        names = tuple(
            sorted({name for i in set(rows["stations"][start:end].tolist()) for name in stations[i]})
        )
        rows["stations"][start] = number.setdefault(names, len(number))
    return rows.compress(~again), tuple(number)


def _runs(again: npt.NDArray[np.bool_]) -> Iterable[tuple[int, int]]:
    """Start and end of every row that is followed by repetitions, with these."""
    starts = np.flatnonzero(~again)
    ends = np.append(starts[1:], len(again))
    several = ends - starts > 1
    return zip(starts[several].tolist(), ends[several].tolist(), strict=True)


def without_others(
    stations: Mapping[tuple[str, ...], int], *parts: Rows
) -> tuple[dict[tuple[str, ...], int], list[Rows]]:
    """Only the station sets that these rows name, and the rows, renumbered."""
    used = np.unique(np.concatenate([rows["stations"] for rows in parts]))
    names = list(stations)
    renumber = np.zeros(len(names), "i4")
    kept: dict[tuple[str, ...], int] = {(): 0}
    for i in used.tolist():
        renumber[i] = kept.setdefault(names[i], len(kept))
    copies = [rows.copy() for rows in parts]
    for rows in copies:
        rows["stations"] = renumber[rows["stations"]]
    return kept, copies


def parted(rows: Rows, limit: Millis) -> tuple[Rows, Rows]:
    """The rows up to `limit`, and those after it."""
    due = rows["time"] <= limit
    return (rows, rows[:0]) if due.all() else (rows.compress(due), rows.compress(~due))
