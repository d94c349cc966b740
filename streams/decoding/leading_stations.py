"""Leading stations: which stations of a recording move its event time on.

The clock of a station may be off, and as long as nothing tells by how much, its times must not make the lines
of others late. So one group of stations leads: the times of its members can be compared with each other, or
with universal time. What any other station tells waits until the event time of the leading group has come to
it. A station that is alone leads from its first line on.

The group that is furthest behind in the first lines leads at first. One whose offset from universal time is
known takes its place, and so does one that goes on by a time of the settings while the leading group is
silent. Where an ingest noted times of receipt, these move the event time, and nobody leads.
"""

from typing import Final

import msgspec
import numpy as np

from models.time import Millis
from streams.decoding.lines.byte_spans import Flags, Int64Array
from streams.decoding.lines.source_times import UNTOLD

UTC_GROUP: Final = -1
"""The label of the stations whose offset from universal time is known."""
_NEVER: Final = 1 << 62


class _State(msgspec.Struct, array_like=True):
    leader: int = 0
    since: dict[int, Millis] = {}


class LeadingStations:
    """Stations are numbers; 0 stands for a sentence without one, which moves the event time, too.

    `groups` gives the label of each station's group. Stations beyond its end are groups of their own, with
    their number as label.
    """

    def __init__(self, silence: Millis) -> None:
        """`silence` is how far another group goes on before it takes the lead (milliseconds)."""
        self._silence = silence
        self._state = _State()

    def begin(self, station: Int64Array, time: Int64Array, groups: Int64Array) -> None:
        """Choose by the first sentences of a source who leads: the group whose first time is the earliest."""
        named = (station > 0) & (time != UNTOLD)
        if not named.any():
            return
        labels = _labels(station[named], groups)
        _, first = np.unique(labels, return_index=True)
        proved = np.flatnonzero(labels[first] == UTC_GROUP)
        slowest = first[proved[0]] if len(proved) else first[np.argmin(time[named][first])]
        self._state.leader = int(station[named][slowest])

    def prove(self, groups: Int64Array) -> None:
        """Groups have changed: one whose offset from universal time is known leads."""
        proved = np.flatnonzero(groups == UTC_GROUP)
        if len(proved) and self._state.leader not in proved:
            self._state = _State(int(proved[0]))

    def moves(self, station: Int64Array, time: Int64Array, groups: Int64Array) -> Flags:
        """Whether each of the next sentences moves the event time."""
        named = (station > 0) & (time != UNTOLD)
        result = np.ones(len(station), np.bool_)
        if not self._state.leader:
            if not named.any():
                return result
            self._state.leader = int(station[named.argmax()])
        labels, start = _labels(station, groups), 0
        while True:
            leads = labels == _labels(np.array([self._state.leader]), groups)[0]
            others = np.flatnonzero(named[start:] & ~leads[start:]) + start
            heard = np.flatnonzero(named[start:] & leads[start:]) + start
            following = self._follow(others, heard, labels, time)
            if following is None:
                result[others] = False
                return result
            result[others[others < following]] = False
            self._state = _State(int(station[following]))
            start = following

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._state)

    def load(self, data: bytes) -> None:
        """Raises msgspec.DecodeError."""
        self._state = msgspec.msgpack.decode(data, type=_State)

    def _follow(
        self, others: Int64Array, heard: Int64Array, labels: Int64Array, time: Int64Array
    ) -> int | None:
        """The first sentence of another group at which that takes the lead; None for none.

        `others` are the sentences of other groups, `heard` those of the one that leads.
        """
        far = self._far(labels[others], time[others])
        since, before = self._state.since, 0
        rows = others[far]
        silent_from = np.searchsorted(heard, rows)
        for row, label, when, past in zip(
            rows.tolist(), labels[rows].tolist(), time[rows].tolist(), silent_from.tolist(), strict=True
        ):
            if past != before:
                since, before = {}, past
            first = since[label] = min(since.get(label, when), when)
            if when - first >= self._silence:
                return int(row)
        since = {} if len(heard) else self._state.since
        tail = others[np.searchsorted(others, heard[-1]) :] if len(heard) else others
        known, which = np.unique(labels[tail], return_inverse=True)
        first = np.full(len(known), _NEVER)
        np.minimum.at(first, which, time[tail])
        for label, when in zip(known.tolist(), first.tolist(), strict=True):
            since[label] = min(since.get(label, when), when)
        self._state.since = since
        return None

    def _far(self, labels: Int64Array, time: Int64Array) -> Flags:
        """Sentences of the groups that go on by enough: of the others none can take the lead."""
        since, size = self._state.since, max([labels.max(initial=0), *self._state.since]) + 2
        first, last = np.full(size, _NEVER), np.full(size, -_NEVER)
        for label, when in since.items():
            first[label + 1] = when
        np.minimum.at(first, labels + 1, time)
        np.maximum.at(last, labels + 1, time)
        return np.asarray((last - first >= self._silence)[labels + 1])


def _labels(station: Int64Array, groups: Int64Array) -> Int64Array:
    if not len(groups):
        return station
    known = groups[np.minimum(station, len(groups) - 1)]
    return np.asarray(np.where(station < len(groups), known, station))
