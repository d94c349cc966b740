"""The times to sort the lines of a recording by, from the times that they tell."""

from collections import Counter
from typing import Final

import numpy as np

from models.time import BEGINNING, DAY, Millis
from streams.decoding.lines.byte_spans import Flags, Int64Array
from streams.decoding.lines.source_times import UNTOLD

_AGREEING: Final = 3
"""A time is believed if as many lines of the recording tell a time within a day or two of it."""
_DENSE: Final = 0.9
"""The share of lines that are believed, below which all are: a vessel may be heard once a week."""
_OLDEST_DAYS: Final = 120
"""A lone message may be so many days older than all others: satellites deliver some of them late. After this
time no event depends on it."""


class Days:
    """How many lines tell a time on which day.

    A day is *lone* if only one or two lines tell a time on it or on the days beside it. Its times are *wild*
    if they are later than all others, which no receiver can hear, or more than 120 days older.
    """

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

    def lone(self) -> Int64Array:
        """The lone days, sorted; none where they are no exception."""
        counts = self._counts
        lone = [day for day in counts if sum(counts[near] for near in (day - 1, day, day + 1)) < _AGREEING]
        if sum(counts[day] for day in lone) > (1 - _DENSE) * counts.total():
            return np.empty(0, np.int64)
        return np.array(sorted(lone), np.int64)

    def wild(self) -> Int64Array:
        """The days, sorted, whose times are not to be believed."""
        lone = self.lone()
        if not len(lone):
            return lone
        others = self._counts.keys() - set(lone.tolist())
        return lone[(lone > max(others)) | (lone < min(others) - _OLDEST_DAYS)]


class LineKeys:
    """Gives a key to every line.

    A context line has the time of the line it speaks of; a line without a time, or with a wild one, has that
    of the line before it. So these stay where they are, and the Decoder judges them.

    With `moving`, only lines with a time on one of these days are moved: all others have the latest time up
    to their place.
    """

    def __init__(self, moving: Int64Array | None = None) -> None:
        self._moving = moving
        self._last: Millis = BEGINNING
        self._latest: Millis = BEGINNING  # of lines that are not moved

    def of(self, time: Int64Array, leads: Flags, wild: Int64Array) -> tuple[Int64Array, Flags]:
        """Keys of lines that follow those of the last call, and which of the lines tell it themselves.

        `wild` are the days not to be believed. The last line must not be one that leads.
        """
        told = (time != UNTOLD) & ~leads
        if len(wild):
            told &= ~np.isin(time // DAY, wild)
        if self._moving is not None and len(time):
            stays = told & ~np.isin(time // DAY, self._moving)
            latest = np.maximum.accumulate(np.concatenate(([self._latest], np.where(stays, time, BEGINNING))))
            time = np.where(stays, latest[1:], time)
            self._latest = int(latest[-1])
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
