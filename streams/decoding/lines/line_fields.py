"""Line fields: times, stations and groups in tag blocks, `$PGHP` lines and suffixes of regular lines."""

from datetime import date
from typing import Final

import numpy as np

from models.time import DAY, SECOND
from streams.decoding.lines.byte_spans import ByteSpans, Flags, Int64Array, words_at
from streams.decoding.lines.clock_sentence import pghp_station
from streams.decoding.lines.context_columns import Names, PghpRecords, TagRecords
from streams.decoding.lines.line_columns import Lines, Pghps, Sentences, Tags, decimal, hexadecimal
from streams.decoding.lines.line_reader import suffix_station
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.lines.tag_block import group_text, name_text

_LONGEST: Final = 64  # bytes of a name; a line with a longer one is irregular
_COMMA: Final = ord(",")
_S, _C, _G, _I, _SI = (int.from_bytes(code, "big") for code in (b"s:", b"c:", b"g:", b"i:", b"si:"))
_EPOCH: Final = date(1970, 1, 1).toordinal()
_SECONDS: Final = 10  # digits of a time in seconds
_MILLIS: Final = 13
_PGHP_WIDTHS: Final = ((4, 4), (1, 2), (1, 2), (1, 2), (1, 2), (1, 2), (1, 3))
"""Least and most digits of year, month, day, hour, minute, second and millisecond."""


def read_tags(lines: Lines, tags: Tags, names: Names, groups: Names) -> tuple[Tags, TagRecords]:
    """The tag blocks that hold only fields of the usual form, and what these tell."""
    count = len(tags.lines)
    good = np.ones(count, np.bool_)
    time = np.full(count, UNTOLD)
    station, group, info = (np.zeros(count, np.int64) for _ in range(3))
    if count:
        row, start, end, regular = _fields(lines, tags)
        good[row[~regular]] = False
        code = (words_at(lines.block, start) >> np.uint64(40)).astype(np.int64)
        short = code >> 8
        at = np.flatnonzero(short == _C)
        if len(at):
            time[row[at]], fine = _epochs(lines, start[at] + 2, end[at])
            good[row[at[~fine]]] = False
        for is_code, column, table, read in (
            (short == _S, station, names, name_text),
            (short == _G, group, groups, group_text),
            ((short == _I) | (code == _SI), info, names, name_text),
        ):
            at = np.flatnonzero(is_code)
            if not len(at):
                continue
            begin = start[at] + 2 + (code[at] == _SI)
            long = end[at] - begin > _LONGEST
            good[row[at[long]]] = False
            at, begin = at[~long], begin[~long]
            column[row[at]] = table.column(ByteSpans(lines.block, begin, end[at] - begin), read)
    told = TagRecords(tags.lines[good], time[good], station[good], group[good], info[good])
    return Tags(tags.lines[good], tags.first[good], tags.last[good]), told


def read_pghp(lines: Lines, found: Pghps, names: Names) -> PghpRecords:
    """The fields of those `$PGHP` lines that hold good ones."""
    places, mark = lines.places, found.mark
    if not len(mark):
        return PghpRecords.empty()
    good = np.ones(len(mark), np.bool_)
    numbers = []
    for field, (least, most) in enumerate(_PGHP_WIDTHS, 2):
        start, end = places[mark + field] + 1, places[mark + field + 1]
        numbers.append(decimal(lines.block, start, end))
        good &= (end - start >= least) & (end - start <= most) & (numbers[-1] >= 0)
    year, month, day, hour, minute, second, milli = numbers
    good &= (hour <= 23) & (minute <= 59) & (second <= 60)
    start, end = places[mark + 9] + 1, places[mark + 12]
    good &= end - start <= _LONGEST
    checksum = hexadecimal(lines.block, places[mark + 13] + 1)
    good &= (checksum >= 0) & (places[mark + 14] - places[mark + 13] == 3)
    days, which = np.unique((year * 100 + month) * 100 + day, return_inverse=True)
    midnight = np.array([_midnight(number) for number in days.tolist()], np.int64)[which]
    good &= midnight != UNTOLD
    time = midnight + ((hour * 60 + minute) * 60 + second) * SECOND + milli
    start, end = start[good], end[good]
    station = names.column(ByteSpans(lines.block, start, end - start), pghp_station)
    return PghpRecords(found.lines[good], time[good], station, checksum[good])


def read_suffixes(lines: Lines, sentences: Sentences, names: Names) -> tuple[Int64Array, Int64Array, Flags]:
    """Time and station after the checksum, and whether nothing else is there."""
    suffix, end = sentences.suffix, lines.ends[sentences.line]
    last = lines.last[sentences.line]
    after = lines.places[suffix - 1] + 3
    none = after == end
    # From here on also for sentences without a suffix, where it has no meaning
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


def _fields(lines: Lines, tags: Tags) -> tuple[Int64Array, Int64Array, Int64Array, Flags]:
    """The fields of tag blocks: row of the block, start and end, and whether a comma is before each."""
    fields = tags.last - 1 - tags.first
    row = np.repeat(np.arange(len(fields)), fields)
    mark = np.arange(len(row)) - np.repeat(np.cumsum(fields) - fields - tags.first, fields)
    regular = (lines.marks[mark] == _COMMA) | (mark == tags.first[row])
    return row, lines.places[mark] + 1, lines.places[mark + 1], regular


def _epochs(lines: Lines, start: Int64Array, end: Int64Array) -> tuple[Int64Array, Flags]:
    """Seconds (10 digits) or milliseconds (13 digits) since 1970."""
    value, length = decimal(lines.block, start, end), end - start
    seconds = length == _SECONDS
    good = (value >= 0) & (seconds | (length == _MILLIS))
    return np.where(good, np.where(seconds, value * SECOND, value), UNTOLD), good


def _midnight(day: int) -> int:
    try:
        return (date(day // 10_000, day // 100 % 100, day % 100).toordinal() - _EPOCH) * DAY
    except (ValueError, OverflowError):
        return UNTOLD
