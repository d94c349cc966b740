"""Two-part messages: put together in columns where nothing about them is doubtful.

What is doubtful is left to the reassembly, one part after another, with the same result.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from models.time import Millis
from streams.decoding.lines.byte_spans import Flags, Int64Array, Words
from streams.decoding.lines.names import Names
from streams.decoding.payload_columns import fits
from streams.decoding.reassembly import Assembly
from streams.decoding.source_clock import Taken

_VARIED: Final = 24  # a type whose length is not all that has to fit
_LEAST: Final = 7  # characters of a first part that hold the MMSI
_WIDE: Final = 1 << 32


class Parts(NamedTuple):
    """Sentences of messages that have more than one, in order."""

    turns: Int64Array  # index among the sentences that were taken
    line: Int64Array
    key: Words
    group: Int64Array
    station: Int64Array
    number: Int64Array
    total: Int64Array
    kind: Int64Array  # by the first character, which has a meaning in the first part only
    mmsi: Int64Array  # likewise
    characters: Int64Array
    fill: Int64Array
    timed: Flags  # has a time of its own

    def take(self, order: Int64Array) -> "Parts":
        return Parts._make([column[order] for column in self])


class PartKeys:
    """Numbers for parts: equal where they can only be of one message, by key and group or station."""

    def __init__(self, parts: Parts) -> None:
        self._codes, key = np.unique(parts.key, return_inverse=True)
        count = np.bincount(key)
        grouped = np.bincount(key, parts.group > 0).astype(np.int64)
        named = np.bincount(key, parts.station > 0).astype(np.int64)
        self._by_group = grouped == count
        self._by_station = (grouped == 0) & (named == count)
        self._clear = self._by_group | self._by_station | (grouped == 0) & (named == 0)
        identity = np.where(
            self._by_group[key], parts.group, np.where(self._by_station[key], parts.station, 0)
        )
        self._pairs, self.of_part = np.unique(key * _WIDE + identity, return_inverse=True)
        self._busy = ~self._clear[self._pairs // _WIDE]

    def mark_busy(self, others: Iterable[Assembly], stations: Names, groups: Names) -> None:
        """Leave the parts to the reassembly that could be of messages which are open already."""
        keys, identities = self._pairs // _WIDE, self._pairs % _WIDE
        for other in others:
            at = int(np.searchsorted(self._codes, np.uint64(other.key)))
            if at == len(self._codes) or int(self._codes[at]) != other.key:
                continue
            mine = keys == at
            if self._by_group[at]:
                mine &= identities == groups.number(other.group)
            elif self._by_station[at] and other.station:
                mine &= identities == stations.number(other.station)
            self._busy |= mine

    @property
    def busy(self) -> Flags:
        return np.asarray(self._busy[self.of_part])


def find_pairs(
    parts: Parts, keys: PartKeys, taken: Taken, timeout: Millis, lines: int | None
) -> tuple[Int64Array, Int64Array]:
    """The turns of first and second parts that make a message.

    They follow each other among those of one message. From the first part on that is missing, too many, late,
    overdue or no good message, all of these are left to be put together one by one. `timeout` is the most
    that may lie between their times, `lines` that between their lines where there are no times; None where
    there are times of receipt.
    """
    order = np.argsort(keys.of_part, kind="stable")
    same, busy, parts = keys.of_part[order], keys.busy[order], parts.take(order)
    begins = np.concatenate(([True], same[1:] != same[:-1]))
    begin = np.flatnonzero(begins)[np.cumsum(begins) - 1]
    place = np.arange(len(begin)) - begin
    sound = (parts.total == 2) & (parts.number == place % 2 + 1) & taken.believed[parts.turns] & ~busy
    first = np.flatnonzero(place % 2 == 0)
    second = np.minimum(first + 1, len(begin) - 1)
    a, b = parts.turns[first], parts.turns[second]
    good = (second > first) & (begin[first] == begin[second]) & sound[first] & sound[second]
    good &= ~taken.late[a] & (taken.watermark[b] <= taken.watermark[a + 1] + timeout)
    near = np.abs(taken.time[b] - taken.time[a]) <= timeout
    good &= ~parts.timed[second] | (parts.timed[first] & near & ~taken.late[b])
    if lines is not None:
        good &= parts.timed[first] | (np.abs(parts.line[second] - parts.line[first]) <= lines)
    one, other = parts.station[first], parts.station[second]
    good &= (one == 0) | (other == 0) | (one == other)
    kind, characters = parts.kind[first], parts.characters[first]
    bits = (characters + parts.characters[second]) * 6 - parts.fill[second]
    good &= fits(kind, bits) & (kind != _VARIED) & (characters >= _LEAST) & (parts.mmsi[first] != 0)
    end = np.full(len(begin), len(begin))  # by message: from where on its parts are left
    np.minimum.at(end, begin[first[~good]], first[~good])
    good &= first < end[begin[first]]
    return a[good], b[good]
