"""Context in columns: times and stations that tag blocks, `$PGHP` lines and suffixes tell of sentences."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import numpy as np

from models.time import DAY, SECOND
from streams.decoding.byte_spans import (
    ByteSpans,
    Flags,
    Int64Array,
    words_at,
)
from streams.decoding.line_columns import (
    Lines,
    Pghps,
    Sentences,
    Tags,
    decimal,
    hexadecimal,
)
from streams.decoding.sentence import pghp_station, station_text, suffix_station
from streams.decoding.source_clock import UNTOLD

_LONGEST: Final = 64  # bytes of a name; a line with a longer one is odd
_COMMA, _HYPHEN = b",-"
_S, _C, _G, _I, _SI = (int.from_bytes(code, "big") for code in (b"s:", b"c:", b"g:", b"i:", b"si:"))
_EPOCH: Final = date(1970, 1, 1).toordinal()
_SECONDS: Final = 10  # digits of an epoch in seconds
_MILLIS: Final = 13


class Names:
    """Names of stations, each once; number 0 is no name."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}

    def number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def column(self, pieces: ByteSpans, read: Callable[[bytes], str] = station_text) -> Int64Array:
        """The number of the name that `read` finds in each piece."""
        if not pieces.size:
            return np.empty(0, np.int64)
        which, distinct = pieces.numbered()
        return np.array([self.number(read(piece)) for piece in distinct], np.int64)[which]

    @property
    def size(self) -> int:
        return len(self._numbers)

    @property
    def all(self) -> list[str]:
        return list(self._numbers)


class ContextRecords(NamedTuple):
    """What lines tell, a row each: `info` is the recorder's own name of the source."""

    lines: Int64Array
    time: Int64Array
    station: Int64Array
    info: Int64Array
    group: ByteSpans


@dataclass(slots=True)
class Context:
    """What is known about each sentence, in order."""

    time: Int64Array
    station: Int64Array
    group: ByteSpans


def read_tags(lines: Lines, tags: Tags, names: Names) -> tuple[Tags, ContextRecords]:
    """The fields of tag blocks, and those blocks whose fields are all of the plain kind."""
    count = len(tags.lines)
    good = np.ones(count, np.bool_)
    time, station, info = np.full(count, UNTOLD), np.zeros(count, np.int64), np.zeros(count, np.int64)
    group = ByteSpans(lines.block, np.zeros(count, np.int64), np.zeros(count, np.int64))
    if count:
        fields = tags.last - 1 - tags.first
        row = np.repeat(np.arange(count), fields)
        mark = np.arange(len(row)) - np.repeat(np.cumsum(fields) - fields - tags.first, fields)
        odd = (lines.marks[mark] != _COMMA) & (mark != tags.first[row])
        good[row[odd]] = False
        start, end = lines.places[mark] + 1, lines.places[mark + 1]
        code = (words_at(lines.block, start) >> np.uint64(40)).astype(np.int64)
        short = code >> 8
        at = np.flatnonzero(short == _C)
        if len(at):
            time[row[at]], fine = _epochs(lines, start[at] + 2, end[at])
            good[row[at[~fine]]] = False
        for is_code, column, skip in (
            (short == _S, station, 2),
            ((short == _I) | (code == _SI), info, 2),
        ):
            at = np.flatnonzero(is_code)
            if not len(at):
                continue
            begin = start[at] + skip + (code[at] == _SI)
            long = end[at] - begin > _LONGEST
            good[row[at[long]]] = False
            at, begin = at[~long], begin[~long]
            column[row[at]] = names.column(ByteSpans(lines.block, begin, end[at] - begin))
        at = np.flatnonzero(short == _G)
        if len(at):
            group.starts[row[at]], group.lengths[row[at]] = start[at] + 2, end[at] - start[at] - 2
            good[row[at[(end[at] - start[at] > _LONGEST) | (lines.block[end[at] - 1] == _HYPHEN)]]] = False
    told = ContextRecords(tags.lines[good], time[good], station[good], info[good], group.take(good))
    return Tags(tags.lines[good], tags.first[good], tags.last[good]), told


def read_pghp(lines: Lines, found: Pghps, names: Names) -> tuple[ContextRecords, Int64Array]:
    """The fields of `$PGHP` lines, of those that hold good ones, and the checksums they speak of."""
    places, mark = lines.places, found.mark
    if not len(mark):
        none = np.empty(0, np.int64)
        return ContextRecords(none, none, none, none, ByteSpans(lines.block, none, none)), none
    good = np.ones(len(mark), np.bool_)
    numbers = []
    for field, (least, most) in enumerate(((4, 4), (1, 2), (1, 2), (1, 2), (1, 2), (1, 2), (1, 3)), 2):
        start, end = places[mark + field] + 1, places[mark + field + 1]
        numbers.append(decimal(lines.block, start, end))
        good &= (end - start >= least) & (end - start <= most) & (numbers[-1] >= 0)
    year, month, day, hour, minute, second, milli = numbers
    good &= (hour <= 23) & (minute <= 59) & (second <= 60)
    start, end = places[mark + 9] + 1, places[mark + 12]
    good &= end - start <= _LONGEST
    of = hexadecimal(lines.block, places[mark + 13] + 1)
    good &= (of >= 0) & (places[mark + 14] - places[mark + 13] == 3)
    days, which = np.unique((year * 100 + month) * 100 + day, return_inverse=True)
    midnight = np.array([_midnight(number) for number in days.tolist()], np.int64)[which]
    good &= midnight != UNTOLD
    time = midnight + ((hour * 60 + minute) * 60 + second) * SECOND + milli
    start, end, none = start[good], end[good], np.zeros(int(good.sum()), np.int64)
    station = names.column(ByteSpans(lines.block, start, end - start), pghp_station)
    told = ContextRecords(found.lines[good], time[good], station, none, ByteSpans(lines.block, none, none))
    return told, of[good]


def read_suffixes(lines: Lines, sentences: Sentences, names: Names) -> tuple[Int64Array, Int64Array, Flags]:
    """Epoch and station after the checksum, and whether that is all that is there."""
    suffix, end = sentences.suffix, lines.ends[sentences.line]
    last = lines.last[sentences.line]
    after = lines.places[suffix - 1] + 3
    none = after == end
    # From here on also for those without one, and then meaningless
    commas = (lines.marks[suffix] == _COMMA) & (lines.marks[last - 1] == _COMMA)
    time, fine = _epochs(lines, lines.places[last - 1] + 1, end)
    good = none | commas & fine & (lines.places[suffix] == after)
    if none.any():
        time[none] = UNTOLD
    station = np.zeros(sentences.size, np.int64)
    several = np.flatnonzero(good & (last - suffix > 1))
    if len(several):
        start = lines.places[suffix[several]]
        length = lines.places[last[several] - 1] - start
        good[several[length > _LONGEST]] = False
        several, start, length = (column[length <= _LONGEST] for column in (several, start, length))
        station[several] = names.column(ByteSpans(lines.block, start, length), suffix_station)
    return time, station, good


def resolve(
    lines: Lines,
    sentences: Sentences,
    suffix: tuple[Int64Array, Int64Array],
    leading: ContextRecords,
    bare: ContextRecords,
    pghp: tuple[ContextRecords, Int64Array],
    boundary: Flags,
) -> Context:
    """What holds for each sentence, the best source first.

    A context line speaks of the next sentence: it counts if no line of `boundary`, which are all but context
    lines, lies in between.
    """
    line = sentences.line
    count = len(line)
    none = np.zeros(count, np.int64)
    before = _latest(lines.size, np.flatnonzero(boundary))[line - 1]
    before[line == 0] = -1
    own = _rows(lines.size, leading.lines, line, line - 1)
    near = _rows(lines.size, bare.lines, line, before)
    spoken = _rows(lines.size, pghp[0].lines, line, before)
    about = spoken >= 0
    if about.any():
        strict = (sentences.total == 1) & sentences.sent
        about &= ~strict | (pghp[1][spoken] == sentences.checksum)

    time, station = suffix
    info = none
    starts, lengths = none.copy(), none.copy()
    if len(bare.lines):
        info = np.where(near >= 0, bare.info[near], 0)
    if len(leading.lines):
        info = _first(np.where(own >= 0, leading.info[own], 0), info)
    if len(bare.lines):
        station = _first(np.where(near >= 0, bare.station[near], 0), station)
    if about.any():
        station = _first(np.where(about, pghp[0].station[spoken], 0), station)
        time = np.where(about, pghp[0].time[spoken], time)
    for told, row in ((bare, near), (leading, own)):
        if not len(told.lines):
            continue
        there = row >= 0
        moment = np.where(there, told.time[row], UNTOLD)
        time = np.where(moment != UNTOLD, moment, time)
        grouped = there & (told.group.lengths[row] > 0)
        starts[grouped], lengths[grouped] = (
            told.group.starts[row[grouped]],
            told.group.lengths[row[grouped]],
        )
    if len(leading.lines):
        station = _first(np.where(own >= 0, leading.station[own], 0), station)
    return Context(time, _first(station, info), ByteSpans(lines.block, starts, lengths))


def _latest(size: int, lines: Int64Array) -> Int64Array:
    """For each line the last of `lines` up to it, -1 where there is none."""
    marked = np.full(size, -1)
    marked[lines] = lines
    return np.maximum.accumulate(marked)


def _rows(size: int, told: Int64Array, lines: Int64Array, after: Int64Array) -> Int64Array:
    """For each line the row of what was told last, up to it and after another line; -1 where nothing was."""
    if not len(told):
        return np.full(len(lines), -1)
    row = np.searchsorted(told, lines, side="right") - 1
    return np.where((row >= 0) & (told[row] > after), row, -1)


def _first(names: Int64Array, others: Int64Array) -> Int64Array:
    return np.where(names != 0, names, others)


def _epochs(lines: Lines, start: Int64Array, end: Int64Array) -> tuple[Int64Array, Flags]:
    """Seconds or milliseconds since 1970: told by their size."""
    value, length = decimal(lines.block, start, end), end - start
    seconds = length == _SECONDS
    good = (value >= 0) & (seconds | (length == _MILLIS))
    return np.where(good, np.where(seconds, value * SECOND, value), UNTOLD), good


def _midnight(day: int) -> int:
    try:
        return (date(day // 10_000, day // 100 % 100, day % 100).toordinal() - _EPOCH) * DAY
    except (ValueError, OverflowError):
        return UNTOLD
