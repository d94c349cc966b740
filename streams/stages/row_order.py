"""Rows of reports in the order in which they are worked off: by vessel, time and content, each once."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from models.report import Rows

POSITION_KEYS: Final = ("mmsi", "time", "type", "lon", "lat", "sog", "cog", "heading", "status")
STATIC_KEYS: Final = (
    *("mmsi", "time", "type", "part", "imo", "ship_type", "to_bow", "to_stern", "to_port", "to_starboard"),
    *("draught", "name", "callsign", "destination"),
)
"""Most significant first. Rows that agree in all of them are the same message, through two sources."""
PORTION: Final = 20_000
"""About so many fixes are put on tracks at once."""
Stations = tuple[tuple[str, ...], ...]


def by_time(rows: Rows) -> Rows:
    """Rows by time, then by MMSI, then by all they hold. `numpy.sort`, which is slow, gets only the ties."""
    rows = rows[np.lexsort([rows["mmsi"], rows["time"]])]
    same = (rows["time"][1:] == rows["time"][:-1]) & (rows["mmsi"][1:] == rows["mmsi"][:-1])
    tied = np.append(False, same) | np.append(same, False) if len(rows) else np.zeros(0, bool)
    rows[tied] = np.sort(rows[tied], order="time")
    return rows


def order(rows: Rows, keys: tuple[str, ...]) -> npt.NDArray[np.intp]:
    return np.lexsort([rows[key] for key in reversed(keys)])


def portions(rows: Rows) -> list[Rows]:
    """Rows by MMSI in portions that end with a vessel: the world at once would take its memory twice."""
    if not len(rows):
        return []
    starts = np.flatnonzero(np.concatenate([[True], rows["mmsi"][1:] != rows["mmsi"][:-1]]))
    cuts = starts[np.searchsorted(starts, np.arange(PORTION, len(rows), PORTION), "right") - 1]
    return [part for part in np.split(rows, np.unique(cuts)) if len(part)]


def folded(rows: Rows, stations: Stations) -> tuple[Rows, Stations]:
    """Positions in order, each once: what came through two sources is one fix heard by all their stations."""
    rows = rows[order(rows, POSITION_KEYS)]
    again = np.zeros(len(rows), bool)
    if len(rows) > 1:
        bits = [rows[key] for key in POSITION_KEYS]
        again[1:] = np.logical_and.reduce(
            [(part[1:] == part[:-1]) | ((part[1:] != part[1:]) & (part[:-1] != part[:-1])) for part in bits]
        )
    if not again.any():
        return rows, stations
    number = {names: i for i, names in enumerate(stations)}
    for start, end in _runs(again):
        names = tuple(
            sorted({name for i in set(rows["stations"][start:end].tolist()) for name in stations[i]})
        )
        rows["stations"][start] = number.setdefault(names, len(number))
    return rows[~again], tuple(number)


def _runs(again: npt.NDArray[np.bool_]) -> Iterable[tuple[int, int]]:
    """Start and end of every row that is followed by repetitions, with these."""
    starts = np.flatnonzero(~again)
    ends = np.append(starts[1:], len(again))
    several = ends - starts > 1
    return zip(starts[several].tolist(), ends[several].tolist(), strict=True)
