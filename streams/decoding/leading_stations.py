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
from streams.runtime.compiled import compiled

UTC_GROUP: Final = -1
"""The label of the stations whose offset from universal time is known."""


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
        result = np.ones(len(station), np.bool_)
        if not self._state.leader:
            named = (station > 0) & (time != UNTOLD)
            if not named.any():
                return result
            self._state.leader = int(station[named.argmax()])
        leader = int(_labels(np.array([self._state.leader]), groups)[0])
        size = max([station.max(initial=0), groups.max(initial=0), *self._state.since]) + 2
        since, turn = np.zeros(size, np.int64), np.zeros(size, np.int64)
        for label, when in self._state.since.items():
            since[label + 1], turn[label + 1] = when, 1
        following, last = _follow(station, time, groups, leader, self._silence, since, turn, result)
        if following >= 0:
            self._state.leader = int(station[following])
        going_on = np.flatnonzero(turn == last)
        self._state.since = dict(zip((going_on - 1).tolist(), since[going_on].tolist(), strict=True))
        return result

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._state)

    def load(self, data: bytes) -> None:
        """Raises msgspec.DecodeError."""
        self._state = msgspec.msgpack.decode(data, type=_State)


def _labels(station: Int64Array, groups: Int64Array) -> Int64Array:
    if not len(groups):
        return station
    known = groups[np.minimum(station, len(groups) - 1)]
    return np.asarray(np.where(station < len(groups), known, station))


@compiled
def _follow(
    station: Int64Array,
    times: Int64Array,
    groups: Int64Array,
    leader: int,
    silence: Millis,
    since: Int64Array,
    turn: Int64Array,
    moves: Flags,
) -> tuple[int, int]:
    """Returns the last sentence whose group took the lead, -1 for none, and the number of the turn.

    `since` has the earliest time of a group, by its label plus 1, of late: where its `turn` is that of now. A
    turn ends whenever the group that leads is heard.
    """
    following, now = -1, 1
    for row in range(len(station)):
        label, time = station[row], times[row]
        if label == 0 or time == UNTOLD:
            continue
        if label < len(groups):
            label = groups[label]
        if label == leader:
            now += 1
            continue
        at = label + 1
        since[at] = min(since[at], time) if turn[at] == now else time
        turn[at] = now
        moves[row] = time - since[at] >= silence
        if moves[row]:
            following, leader = row, label
            now += 1
    return following, now
