"""Station clocks: how far the clock of each station of a source is ahead, and times corrected by that.

Two stations that hear the same transmission hear it at the same time. What their times differ by is the
difference of their clocks, or of how long they take to tell it. A difference is sure once enough
transmissions agree about it. The reference for stations that such differences connect is, in this order,

- the full UTC in reports of base stations, and of ships that were asked for it (types 4 and 11),
- where an ingest noted times of receipt, the station whose times come closest to them,
- the station with most lines at that moment; it stays the reference.

Each other station has an offset from the reference. All of this is a function of the lines so far: it changes
at one line, and that line and those after it are corrected by it. A station without evidence is left alone.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.station_clock import Clocks, StationClock
from models.time import SECOND, Millis
from streams.decoding.clock_links import UTC, ClockLinks, Group, Link, labels
from streams.decoding.hearings import KEPT, Hearings
from streams.decoding.leading_stations import LeadingStations
from streams.decoding.lines.byte_spans import ByteSpans, Flags, Int64Array, Table
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.payload_columns import NO_SECOND
from streams.runtime.compiled import compiled

_SAMPLES: Final = 9  # times of receipt by which a station is compared with the clock of the ingest
_RESOLUTION: Final = 500  # milliseconds: half of what most recorders write
_CIRCLE: Final = 2 * np.pi * np.arange(60) / 60
_WAVES: Final = np.rint([1e6 * np.cos(_CIRCLE), 1e6 * np.sin(_CIRCLE), np.ones(60)]).astype(np.int64).T.copy()
"""Whole numbers, so that a sum is the same in any order."""
_DOUBTFUL: Final = SECOND  # an offset that is less certain is refined by the UTC seconds in payloads
_NOBODY: Final = -1
_LEAST_SECONDS: Final = 50  # messages of a station that can refine it


class ClockSettings(NamedTuple):
    """Durations in milliseconds."""

    agreeing: int
    """Transmissions in common that make a difference sure."""
    of: int
    """They have to be among so many of the last ones."""
    tolerance: Millis
    """Differences that lie within this agree."""
    least: Millis
    """Offsets below this are not corrected."""
    silence: Millis
    """How far a station goes on before it takes the lead of those that are silent."""


class Told(NamedTuple):
    """Sentences in order of arrival, as their stations told them."""

    station: Int64Array
    time: Int64Array
    """UNTOLD where the line tells none."""
    received: Int64Array | None
    payload: ByteSpans
    second: Int64Array
    """The UTC second in the payload: 60 or more in messages that stations can't have in common."""
    utc: Int64Array
    """The full UTC of types 4 and 11; 0 where a message has none."""


class Corrected(NamedTuple):
    """Sentences in order of arrival."""

    time: Int64Array
    """Corrected where the offset of its station is sure."""
    moves: Flags | None
    """Whether it moves the event time of the source on; None for all."""


class _Offset(msgspec.Struct, array_like=True, frozen=True):
    offset: Millis
    uncertainty: Millis


class _State(msgspec.Struct, array_like=True):
    hearings: bytes
    links: list[Link]
    lines: list[int]
    waves: list[list[int]]
    samples: dict[int, list[Millis]]
    references: list[int]
    offsets: dict[int, _Offset]
    live: bool
    leading: bytes


class _Solved(NamedTuple):
    """What was found for a group of stations."""

    group: Group
    reference: int
    offsets: dict[int, _Offset]
    sure: bool
    """No offset hangs on the lines that come."""

    def holds(self, group: Group) -> bool:
        """Whether it still holds for a group, as nothing has changed there."""
        return self.sure and self.group is group


_Sums = tuple[Int64Array, Int64Array]
"""Lines of each station so far, and sums of waves."""


class StationClocks:
    """Corrects the times of one source. Stations are numbers among its names, 0 stands for none."""

    def __init__(self, settings: ClockSettings) -> None:
        self._settings = settings
        self._hearings = Hearings()
        self._links = ClockLinks(settings.agreeing, settings.of, settings.tolerance)
        self._lines = np.zeros(1, np.int64)
        self._waves = np.zeros((1, 3), np.int64)  # of times less UTC second: sums of cosine and sine, count
        self._samples: dict[int, list[Millis]] = {}
        self._references: list[int] = []
        self._offsets: dict[int, _Offset] = {}
        self._solved: dict[int, _Solved] = {}  # by the first station of the group
        self._live = False
        self._correction = np.zeros(1, np.int64)
        self._groups = np.zeros(0, np.int64)  # of each station; one by itself has its number
        self._leading = LeadingStations(settings.silence)

    def correct(self, told: Told) -> Corrected:
        """Take sentences in; an offset corrects the sentence at which it is sure and those after it."""
        moves = np.ones(len(told.time), np.bool_) if told.received is None else None
        if not len(told.time):
            return Corrected(told.time, moves)
        time, result, done = _timed(told), told.time.copy(), 0

        def settle(end: int) -> None:
            nonlocal done
            self._apply(result, time, told.station, done, end)
            if moves is not None:
                moves[done:end] = self._leading.moves(told.station[done:end], result[done:end], self._groups)
            done = end

        for row in self._evidence(told, time):
            settle(row)
            self._solve(cache(partial(self._sums, told, time, row + 1)))
            self._leading.prove(self._groups)
        settle(len(time))
        self._lines, self._waves = self._sums(told, time, len(time))
        return Corrected(result, moves)

    def begin(self, tolds: list[Told]) -> list[Corrected]:
        """The same for the first sentences of a recording, which were held back.

        An offset that they make sure corrects all of them, and a reference is the station with most of them.
        """
        changed = False
        for told in tolds:
            changed |= sum(1 for _ in self._evidence(told, told.time)) > 0
            if len(told.time):
                self._lines, self._waves = self._sums(told, told.time, len(told.time))
        if changed:
            self._solve(lambda: (self._lines, self._waves))
        times = [told.time.copy() for told in tolds]
        for time, told in zip(times, tolds, strict=True):
            self._apply(time, told.time, told.station, 0, len(time))
        if tolds:
            stations = [told.station for told in tolds]
            self._leading.begin(np.concatenate(stations), np.concatenate(times), self._groups)
        return [
            Corrected(time, self._leading.moves(told.station, time, self._groups))
            for told, time in zip(tolds, times, strict=True)
        ]

    def report(self, names: list[str]) -> Clocks:
        """The clocks of all stations with a name."""
        common = self._links.common()
        found = []
        for number in np.flatnonzero(self._lines[1 : len(names)]).tolist():
            number += 1
            clock = StationClock(names[number], int(self._lines[number]))
            known = self._offsets.get(number)
            if known is not None:
                corrected = number < len(self._correction) and bool(self._correction[number])
                clock = StationClock(
                    clock.station, clock.lines, known.offset, known.uncertainty, common[number], corrected
                )
            found.append(clock)
        if not self._offsets:
            return Clocks(stations=tuple(found))
        proved = UTC in self._offsets
        main = max(self._references, key=lambda number: (int(self._lines[number]), -number), default=UTC)
        return Clocks("UTC" if proved else names[main], proved, self._live and not proved, tuple(found))

    def dump(self) -> bytes:
        state = _State(
            self._hearings.dump(),
            self._links.dump(),
            self._lines.tolist(),
            self._waves.tolist(),
            dict(self._samples),
            self._references,
            self._offsets,
            self._live,
            self._leading.dump(),
        )
        return msgspec.msgpack.encode(state)

    def load(self, data: bytes) -> None:
        """Raises msgspec.DecodeError."""
        state = msgspec.msgpack.decode(data, type=_State)
        self._hearings.load(state.hearings)
        self._links.load(state.links)
        self._lines = np.array(state.lines, np.int64)
        self._waves = np.array(state.waves, np.int64).reshape(-1, 3)
        self._samples, self._references, self._offsets = state.samples, state.references, state.offsets
        self._live = state.live
        self._leading.load(state.leading)
        self._solved = {}
        self._correction, self._groups = self._corrections(), labels(self._links.groups())

    # Evidence

    def _evidence(self, told: Told, time: Int64Array) -> Iterator[int]:
        """Yields each sentence at which a difference becomes sure, or another one, as it does."""
        begin = self._second_station(told.station)
        heard, which = self._hearings.sample(told.payload, told.station, time, told.second, begin)
        utc = np.flatnonzero(told.utc)
        utc = utc[(told.station[utc] > 0) & (time[utc] != UNTOLD)]
        utc = utc[np.abs(time[utc] - told.utc[utc]) <= KEPT]
        rows, stations, times = heard, told.station[heard], time[heard]
        common = self._hearings.hear(which, stations, times)
        first, difference = np.full(len(rows), _NOBODY), np.zeros(len(rows), np.int64)
        first[common.row], difference[common.row] = common.first, common.difference
        if len(utc):
            rows = np.concatenate((rows, utc))
            order = np.argsort(rows)
            first = np.concatenate((first, np.full(len(utc), UTC)))[order]
            difference = np.concatenate((difference, time[utc] - told.utc[utc]))[order]
            rows = rows[order]
            stations, times = told.station[rows], time[rows]
        some = np.flatnonzero(self._is_sampled(told, stations) | (first != _NOBODY))
        received = None if told.received is None else (times - told.received[rows])[some].tolist()
        columns = (rows[some], first[some], stations[some], difference[some])
        told_by = zip(*(column.tolist() for column in columns), strict=True)
        for at_row, (row, one, station, apart) in enumerate(told_by):
            if received is not None:
                samples = self._samples.setdefault(station, [])
                if len(samples) < _SAMPLES:
                    samples.append(received[at_row])
            if one != _NOBODY and self._links.learn(one, station, apart):
                yield row

    def _is_sampled(self, told: Told, stations: Int64Array) -> Flags:
        """Whether hearings may be samples of how far their station is from the clock of the ingest."""
        if told.received is None:
            return np.zeros(len(stations), np.bool_)
        done = [number for number, samples in self._samples.items() if len(samples) >= _SAMPLES]
        return ~np.isin(stations, done)

    def _second_station(self, station: Int64Array) -> int:
        """The first sentence at which more than one station is known: before it nothing can be in common."""
        if np.count_nonzero(self._lines[1:]) > 1:
            return 0
        known = np.flatnonzero(self._lines[1:]) + 1
        named = station[station > 0]
        first = known[0] if len(known) else named[0] if len(named) else 0
        others = np.flatnonzero((station > 0) & (station != first))
        return int(others[0]) if len(others) else len(station)

    def _sums(self, told: Told, time: Int64Array, end: int) -> _Sums:
        """Lines of each station up to a sentence, and of their times less UTC second the sums of waves."""
        size = max(len(self._lines), int(told.station[:end].max(initial=0)) + 1)
        lines, waves = np.zeros(size, np.int64), np.zeros((size, _WAVES.shape[1]), np.int64)
        lines[: len(self._lines)], waves[: len(self._waves)] = self._lines, self._waves
        _add_up(told.station, time, told.second, end, _WAVES, lines, waves)
        return lines, waves

    # Offsets from a reference

    def _solve(self, sums: Callable[[], _Sums]) -> None:
        """Offsets of all stations that are connected with another; `sums` are those of the lines so far."""
        groups = self._links.groups()
        solved = {group: self._solved.get(group[0]) for group in groups}
        self._solved = {
            group[0]: known if known is not None and known.holds(group) else self._solve_group(group, sums)
            for group, known in solved.items()
        }
        found = self._solved.values()
        self._references = [one.reference for one in found if one.reference != UTC]
        self._offsets = {number: offset for one in found for number, offset in one.offsets.items()}
        self._correction, self._groups = self._corrections(), labels(groups)

    def _solve_group(self, group: Group, sums: Callable[[], _Sums]) -> "_Solved":
        reference = self._reference(group, sums)
        offsets, sure = {reference: _Offset(0, 0)}, True
        front = [reference]
        while front:
            following = []
            for number in front:
                for other, link in sorted(self._links.near(number), key=lambda pair: pair[0]):
                    if other in offsets or link.difference is None:
                        continue
                    step = link.difference if other == link.second else -link.difference
                    doubt = offsets[number].uncertainty + max(link.spread, _RESOLUTION)
                    offset = _Offset(offsets[number].offset + step, doubt)
                    if doubt > _DOUBTFUL and reference != UTC:
                        sure, offset = False, _refined(offset, sums()[1], reference, other)
                    offsets[other] = offset
                    following.append(other)
            front = following
        return _Solved(group, reference, offsets, sure)

    def _reference(self, group: Group, sums: Callable[[], _Sums]) -> int:
        if group[0] == UTC:
            return UTC
        inside = set(group)
        before = [number for number in self._references if number in inside]
        if len(before) == 1:
            return before[0]
        lines = sums()[0]
        if before:
            return max(before, key=lambda number: (int(lines[number]), -number))
        samples = {number: self._samples.get(number, []) for number in group}
        if all(samples.values()):
            self._live = True
            return min(group, key=lambda number: (abs(_median(samples[number])), number))
        return max(group, key=lambda number: (int(lines[number]), -number))

    def _corrections(self) -> Int64Array:
        """What the times of stations have to be lessened by; the last one is for all stations beyond."""
        least = self._settings.least
        sure = {number: each.offset for number, each in self._offsets.items() if abs(each.offset) >= least}
        result = np.zeros(max(sure, default=-1) + 2, np.int64)
        for number, offset in sure.items():
            result[number] = offset
        return result

    def _apply(self, result: Int64Array, time: Int64Array, station: Int64Array, start: int, end: int) -> None:
        """Correct some of the times: those told, or of receipt."""
        if len(self._correction) == 1 or start == end:
            return
        less = self._correction[np.minimum(station[start:end], len(self._correction) - 1)]
        move = np.flatnonzero((less != 0) & (time[start:end] != UNTOLD))
        result[start + move] = time[start + move] - less[move]


def _timed(told: Told) -> Int64Array:
    """The times told, or else of receipt."""
    if told.received is None:
        return told.time
    return np.where(told.time == UNTOLD, told.received, told.time)


def _refined(offset: _Offset, waves: Int64Array, reference: int, station: int) -> _Offset:
    """An uncertain offset, made precise by the UTC seconds in payloads where they agree with it."""
    if max(reference, station) >= len(waves):
        return offset
    phases = []
    for cosine, sine, count in waves[[reference, station]].tolist():
        if count < _LEAST_SECONDS or np.hypot(cosine, sine) < 0.5e6 * count:
            return offset
        phases.append(np.arctan2(sine, cosine) / (2 * np.pi) * 60 * SECOND)
    minute = 60 * SECOND
    move = round(phases[1] - phases[0] - offset.offset + minute / 2) % minute - minute // 2
    if abs(move) > offset.uncertainty:
        return offset
    return _Offset(offset.offset + move, _DOUBTFUL)


@compiled
def _add_up(
    station: Int64Array,
    time: Int64Array,
    second: Int64Array,
    end: int,
    waves: Table,
    lines: Int64Array,
    sums: Table,
) -> None:
    """Add sentences to the lines of their stations, and to sums of waves of their times less UTC second."""
    for row in range(end):
        by = station[row]
        lines[by] += 1
        if second[row] < NO_SECOND and time[row] != UNTOLD:
            off = (time[row] // SECOND - second[row]) % 60
            for wave in range(waves.shape[1]):
                sums[by, wave] += waves[off, wave]


def _median(values: list[Millis]) -> Millis:
    return sorted(values)[len(values) // 2]
