"""The times to sort the lines of a recording by, from the times that they tell."""

from collections import Counter
from typing import Final

import numpy as np

from models.time import BEGINNING, DAY, Millis
from streams.decoding.byte_spans import Flags, Int64Array
from streams.decoding.source_times import UNTOLD

_AGREEING: Final = 3
"""A time is believed if as many lines of the recording tell a time within a day or two of it."""
_DENSE: Final = 0.9
"""The share of lines that are believed, below which all are: a vessel may be heard once a week."""


class Days:
    """How many lines tell a time on which day: a time far from those of all other lines is wild."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, times: Int64Array) -> None:
        if not len(times):
            return
        days = times // DAY
        first, last = int(days.min()), int(days.max())
        if first == last:
            self._counts[first] += len(days)
        else:
            found, counts = np.unique(days, return_counts=True)
            self._counts.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))

    def wild(self) -> Int64Array:
        """The days, sorted, whose times are not to be believed."""
        counts = self._counts
        wild = [day for day in counts if sum(counts[near] for near in (day - 1, day, day + 1)) < _AGREEING]
        if sum(counts[day] for day in wild) > (1 - _DENSE) * counts.total():
            return np.empty(0, np.int64)
        return np.array(sorted(wild), np.int64)


class LineKeys:
    """Gives a key to every line.

    A context line has the time of the line it speaks of; a line without a time, or with a wild one, has that
    of the line before it. So these stay where they are, and the Decoder judges them.
    """

    def __init__(self) -> None:
        self._last: Millis = BEGINNING

    def of(self, time: Int64Array, leads: Flags, wild: Int64Array) -> tuple[Int64Array, Flags]:
        """Keys of lines that follow those of the last call, and which of the lines tell it themselves.

        `wild` are the days not to be believed. The last line must not be one that leads.
        """
        told = (time != UNTOLD) & ~leads
        if len(wild):
            told &= ~np.isin(time // DAY, wild)
        keys = time.copy()
        following = np.flatnonzero(~leads)
        keys[leads] = np.append(np.where(told, time, UNTOLD)[following], UNTOLD)[
            np.searchsorted(following, np.flatnonzero(leads))
        ]
        known = told | (leads & (keys != UNTOLD))
        last = np.maximum.accumulate(np.where(known, np.arange(len(keys)), -1))
        keys = np.where(last >= 0, keys[last], self._last)
        self._last = int(keys[-1]) if len(keys) else self._last
        return keys, told
