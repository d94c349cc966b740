"""Whether the lines of a recording are in order of time.

Lines need not be in order to the second: a Decoder waits for what comes late, by the allowed lateness. A
recording is out of order where lines would come later than that only because of where they stand: files put
behind one another in the wrong order, or lines sorted by something else than time.

A station whose clock is wrong is another matter. Its lines seem late, or those of all others do, but they
were written in the order in which they were received, and the Decoder corrects its clock. So what counts is
that a station goes back behind itself, or that stations that were never recorded at the same time follow
each other.
"""

import numpy as np

from models.frame import Frame
from models.time import BEGINNING, Millis
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.byte_spans import Flags, Int64Array
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.quick_times import quick_times
from streams.recordings.keyed_lines import KeyedLines
from streams.recordings.sort_keys import Days


class QuickCheck:
    """A first look at each frame, which costs next to nothing where all is in order.

    `in_order` turns false where a line is more than `lateness` behind a line before it; a closer look has to
    tell why. `first` is the earliest time told, `days` has the days of all.
    """

    def __init__(self, lateness: Millis, lines: LineTimes) -> None:
        self.in_order = True
        self.first: Millis | None = None
        self.days = Days()
        self._lateness = lateness
        self._lines = lines
        self._latest: Millis = BEGINNING

    def feed(self, frame: Frame) -> None:
        times = quick_times(frame.data)
        if times is None:
            times = self._lines.times(frame)
        self.take(times)

    def take(self, times: Int64Array) -> None:
        """The times of further lines, UNTOLD where one tells none."""
        times = times[times != UNTOLD]
        if not len(times):
            return
        latest = np.maximum.accumulate(np.concatenate(([self._latest], times)))
        self.in_order = self.in_order and not (times + self._lateness < latest[:-1]).any()
        self._latest = int(latest[-1])
        self.days.add(times)
        first = int(times.min())
        self.first = first if self.first is None else min(self.first, first)


class StationCheck:
    """A closer look: whether what seems late is so by its place, or by the clock of its station."""

    def __init__(self, lateness: Millis) -> None:
        self._lateness = lateness
        self._back = False  # a station went back behind itself
        self._latest: Millis = BEGINNING
        self._newest = 0  # the station that told this
        self._own: dict[int, Millis] = {}  # the latest time of each station
        self._span: dict[int, tuple[int, int]] = {}  # numbers of its first and last line
        self._behind: set[tuple[int, int]] = set()  # a station, and one that it is behind

    @property
    def in_order(self) -> bool:
        """Whether all that was fed so far is."""
        return not self._back and not any(self._apart(*pair) for pair in self._behind)

    def feed(self, lines: KeyedLines) -> None:
        keys, station = lines.lines.keys[lines.told], lines.station[lines.told]
        numbers = lines.lines.numbers[lines.told]
        if not len(keys) or self._back:
            return
        latest = np.maximum.accumulate(np.concatenate(([self._latest], keys)))
        behind = keys + self._lateness < latest[:-1]
        ahead = np.maximum.accumulate(np.where(keys > latest[:-1], np.arange(len(keys)), -1))
        newest = np.where(ahead >= 0, station[ahead], self._newest)
        for each in np.unique(station).tolist():
            mine = np.flatnonzero(station == each)
            self._take(each, keys[mine], numbers[mine], behind[mine], newest[mine])
        self._latest, self._newest = int(latest[-1]), int(newest[-1])

    def _take(
        self, station: int, keys: Int64Array, numbers: Int64Array, behind: Flags, newest: Int64Array
    ) -> None:
        own = np.maximum.accumulate(np.concatenate(([self._own.get(station, BEGINNING)], keys)))
        self._own[station] = int(own[-1])
        first, _ = self._span.get(station, (int(numbers[0]), 0))
        self._span[station] = first, int(numbers[-1])
        if behind.any():
            self._back = self._back or bool((keys + self._lateness < own[:-1]).any())
            self._behind.update((station, each) for each in np.unique(newest[behind]).tolist())

    def _apart(self, one: int, other: int) -> bool:
        """Whether two stations were never recorded at the same time."""
        (a, b), (c, d) = self._span[one], self._span[other]
        return b < c or d < a
