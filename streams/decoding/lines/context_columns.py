"""Context columns: times, stations and groups of the sentences of a frame, from what stands near them.

A bare tag block speaks of the next sentence. A `$PGHP` line speaks of the sentence with the checksum that it
names, within the lines that follow; right before a part or a VDO, of that one. RMC and ZDA give the time of
all sentences after them that have no other.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple, Self

import msgspec
import numpy as np

from models.time import Millis
from streams.decoding.lines.byte_spans import Flags, Int64Array
from streams.decoding.lines.clock_sentence import Pghp
from streams.decoding.lines.names import Names
from streams.decoding.lines.source_times import UNTOLD, TimeKind, TimeRules
from streams.decoding.lines.tag_block import Tag

_LONG_AGO: Final = -(1 << 40)  # index of a line before all others


@dataclass(frozen=True, slots=True)
class Records:
    """Columns of what lines tell, a row each in the order of the lines; `lines` are their indices."""

    lines: Int64Array

    @classmethod
    def empty(cls) -> Self:
        return cls(*(np.empty(0, np.int64) for _ in cls._names()))

    @classmethod
    def _names(cls) -> list[str]:
        return [field.name for field in fields(cls)]

    def __len__(self) -> int:
        return len(self.lines)

    def row(self, index: int) -> list[int]:
        return [int(getattr(self, name)[index]) for name in self._names()]

    def with_rows(self, rows: Sequence[tuple[int, ...]]) -> Self:
        """These and further rows, in the order of their lines."""
        if not rows:
            return self
        more = np.array(rows, np.int64).T
        columns = [
            np.concatenate((getattr(self, n), new)) for n, new in zip(self._names(), more, strict=True)
        ]
        order = np.argsort(columns[0], kind="stable")
        return type(self)(*(column[order] for column in columns))


@dataclass(frozen=True, slots=True)
class TagRecords(Records):
    """Tag blocks: time, and numbers of names."""

    time: Int64Array
    station: Int64Array
    group: Int64Array
    info: Int64Array


@dataclass(frozen=True, slots=True)
class PghpRecords(Records):
    """`$PGHP` lines; `checksum` is that of the sentence that a line is about."""

    time: Int64Array
    station: Int64Array
    checksum: Int64Array


@dataclass(frozen=True, slots=True)
class GpsRecords(Records):
    """RMC and ZDA sentences with a valid time."""

    time: Int64Array


@dataclass(slots=True)
class Own:
    """What the lines of sentences themselves say about them, a row for each sentence in order."""

    lines: Int64Array  # index of the line
    checksum: Int64Array
    strict: Flags  # a VDM of one part: a `$PGHP` line has to name its checksum
    tag_time: Int64Array
    tag_station: Int64Array
    tag_group: Int64Array
    tag_info: Int64Array
    suffix_time: Int64Array
    suffix_station: Int64Array
    prefix_time: Int64Array
    prefix_station: Int64Array

    @classmethod
    def blank(cls, lines: Int64Array) -> "Own":
        """Sentences about which nothing is said."""
        size = len(lines)
        untold, unnamed = np.full(size, UNTOLD), np.zeros(size, np.int64)
        return cls(
            lines,
            unnamed,
            np.ones(size, np.bool_),
            untold,
            unnamed,
            unnamed,
            unnamed,
            untold,
            unnamed,
            untold,
            unnamed,
        )

    @property
    def size(self) -> int:
        return len(self.lines)

    def with_others(self, other: "Own") -> tuple["Own", Int64Array]:
        """These and others by line, and that order as an index into these and then those."""
        order = np.argsort(np.concatenate((self.lines, other.lines)), kind="stable")
        columns = (np.concatenate((getattr(self, n), getattr(other, n)))[order] for n in self.__slots__)
        return Own(*columns), order


class FrameContext(NamedTuple):
    """All that the lines of a frame say about sentences."""

    own: Own
    bare: TagRecords
    pghp: PghpRecords
    gps: GpsRecords
    boundary: Flags  # for each line: whether it ends what was said about the next sentence
    stations: Names
    groups: Names


@dataclass(slots=True)
class Context:
    """What is known about each sentence, in order."""

    time: Int64Array
    kind: Int64Array  # a `TimeKind`
    station: Int64Array
    group: Int64Array
    unbelieved: int
    """Times that were told, but lie outside those that are believed."""


class _Pending(msgspec.Struct, array_like=True, frozen=True):
    """A `$PGHP` line whose sentence has not come; `line` counts the lines of the source from 0."""

    line: int
    pghp: Pghp


class _State(msgspec.Struct, array_like=True):
    lines: int = 0
    boundary: int = _LONG_AGO
    tag_line: int = _LONG_AGO
    tag: Tag = Tag()
    pghps: list[_Pending] = []
    gps: Millis | None = None


class ContextMemory:
    """What the lines of a source so far say about sentences that are still to come."""

    def __init__(self) -> None:
        self._state = _State()

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._state)

    def load(self, data: bytes) -> None:
        self._state = msgspec.msgpack.decode(data, type=_State)

    @property
    def holds_more(self) -> bool:
        """Whether lines so far say more of the next sentence than its own line does, if that tells a time."""
        return bool(self._state.pghps) or self._state.tag_line > self._state.boundary

    def resolve(self, frame: FrameContext, rules: TimeRules) -> Context:
        """What holds for each sentence of a frame, the most trusted first. The memory moves on."""
        state, (own, bare, pghp, gps, boundary, stations, groups) = self._state, frame
        start = state.lines
        if state.tag_line > state.boundary:
            told, tag = _told(state.tag.time), state.tag
            names_of = stations.number(tag.station), groups.number(tag.group), stations.number(tag.info)
            bare = bare.with_rows([(state.tag_line - start, told, *names_of)])
        pghp = pghp.with_rows(
            [
                (p.line - start, p.pghp.time, stations.number(p.pghp.station), p.pghp.checksum)
                for p in state.pghps
            ]
        )
        if state.gps is not None:
            gps = gps.with_rows([(_LONG_AGO, state.gps)])
        before = _last_before(boundary, state.boundary - start)
        spoken, left = _match_pghps(own, pghp, before, rules.pghp_lines)
        context = _put_together(
            own, _rows(bare.lines, own.lines, before[own.lines]), bare, spoken, pghp, gps, rules
        )
        self._move_on(bare, pghp, gps, before, left, rules.pghp_lines, stations, groups)
        return context

    def _move_on(
        self,
        bare: TagRecords,
        pghp: PghpRecords,
        gps: GpsRecords,
        before: Int64Array,
        left: Int64Array,
        reach: int,
        stations: Names,
        groups: Names,
    ) -> None:
        start, size = self._state.lines, len(before) - 1
        tag, tag_line = Tag(), _LONG_AGO
        if len(bare) and bare.lines[-1] > before[-1]:
            tag_line, time, station, group, info = bare.row(-1)
            tag = Tag(None if time == UNTOLD else time, stations[station], groups[group], stations[info])
        pending = []
        for row in left.tolist():
            line, time, station, checksum = pghp.row(row)
            if size - line <= reach:
                pending.append(_Pending(start + line, Pghp(time, stations[station], checksum)))
        self._state = _State(
            lines=start + size,
            boundary=start + int(before[-1]),
            tag_line=start + tag_line,
            tag=tag,
            pghps=pending,
            gps=int(gps.time[-1]) if len(gps) else None,
        )


def _put_together(
    own: Own,
    near: Int64Array,
    bare: TagRecords,
    spoken: Int64Array,
    pghp: PghpRecords,
    gps: GpsRecords,
    rules: TimeRules,
) -> Context:
    """The best of what is told: `near` and `spoken` are rows of `bare` and `pghp`, -1 for none."""
    size = len(own.lines)
    time, kind, unbelieved = np.full(size, UNTOLD), np.full(size, TimeKind.NONE), 0

    def believe(times: Int64Array, of: TimeKind) -> None:
        nonlocal unbelieved
        if of in rules.ignored:
            return
        told = (times >= rules.earliest) & (times <= rules.latest)
        if told.any():
            time[told], kind[told] = times[told], of
        if not told.all():
            unbelieved += int(np.count_nonzero(~told & (times != UNTOLD)))

    if len(gps):
        believe(_of(gps.time, np.searchsorted(gps.lines, own.lines, side="right") - 1, UNTOLD), TimeKind.GPS)
    believe(own.prefix_time, TimeKind.PREFIX)
    believe(own.suffix_time, TimeKind.SUFFIX)
    station, group = own.prefix_station, own.tag_group
    station = _first(own.suffix_station, station)
    if len(pghp):
        believe(_of(pghp.time, spoken, UNTOLD), TimeKind.PGHP)
    if len(bare):
        believe(_of(bare.time, near, UNTOLD), TimeKind.TAG)
        station, group = _first(_of(bare.station, near, 0), station), _first(group, _of(bare.group, near, 0))
    if len(pghp):
        station = _first(_of(pghp.station, spoken, 0), station)
    believe(own.tag_time, TimeKind.TAG)
    station = _first(_first(own.tag_station, station), own.tag_info)
    if len(bare):
        station = _first(station, _of(bare.info, near, 0))
    return Context(time, kind, station, group, unbelieved)


def _match_pghps(
    own: Own, pghp: PghpRecords, before: Int64Array, reach: int
) -> tuple[Int64Array, Int64Array]:
    """For each sentence the row of the `$PGHP` line about it, -1 for none; and the rows that are left.

    One right before the sentence comes first, else the oldest with its checksum within `reach` lines.
    """
    result = _rows(pghp.lines, own.lines, before[own.lines])
    if not len(pghp):
        return result, np.empty(0, np.int64)
    result[(result >= 0) & own.strict & (pghp.checksum[result] != own.checksum)] = -1
    left = np.ones(len(pghp), np.bool_)
    left[result[result >= 0]] = False
    rows = np.flatnonzero(left)
    open_ = np.flatnonzero((result < 0) & own.strict)
    open_ = open_[np.isin(own.checksum[open_], pghp.checksum[rows])]
    if len(open_) and len(rows):
        waiting: dict[int, deque[int]] = {}
        place = 0
        for sentence in open_.tolist():
            line = int(own.lines[sentence])
            while place < len(rows) and pghp.lines[rows[place]] <= line:
                waiting.setdefault(int(pghp.checksum[rows[place]]), deque()).append(int(rows[place]))
                place += 1
            queue = waiting.get(int(own.checksum[sentence]))
            while queue:
                row = queue.popleft()
                if line - pghp.lines[row] <= reach:
                    result[sentence], left[row] = row, False
                    break
    return result, np.flatnonzero(left)


def _last_before(marked: Flags, earlier: int) -> Int64Array:
    """For each line, and for the one after the last, the last marked line before it."""
    lines = np.where(marked, np.arange(len(marked)), earlier)
    return np.maximum.accumulate(np.concatenate(([earlier], lines)))


def _rows(told: Int64Array, lines: Int64Array, after: Int64Array) -> Int64Array:
    """For each line the row of what was told last, up to it and after another line; -1 where nothing was."""
    if not len(told):
        return np.full(len(lines), -1)
    row = np.searchsorted(told, lines, side="right") - 1
    return np.where((row >= 0) & (told[row] > after), row, -1)


def _told(time: Millis | None) -> int:
    return UNTOLD if time is None else time


def _of(column: Int64Array, rows: Int64Array, other: int) -> Int64Array:
    return np.where(rows >= 0, column[rows], other)


def _first(names: Int64Array, others: Int64Array) -> Int64Array:
    return np.where(names != 0, names, others)
