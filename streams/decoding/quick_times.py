"""Times of lines that look like nearly all lines do, in a few steps over their bytes.

For a look at whole files, where even the columns of the Decoder cost too much. What is told here is what
LineTimes tells of the same lines, to the second.
"""

from typing import Final

import numpy as np

from models.time import SECOND
from streams.decoding.lines.byte_spans import Bytes, Flags, Int64Array
from streams.decoding.lines.source_times import UNTOLD

_LF, _CR, _COMMA, _STAR, _BACKSLASH, _BANG, _COLON, _C = b"\n\r,*\\!:c"
_SECONDS, _MILLIS = 10, 13
"""Digits of an epoch in seconds, and in milliseconds."""
_LEAST: Final = 16


def quick_times(data: bytes) -> Int64Array | None:
    """The time of each line, UNTOLD where it tells none; None where some line has to be read by LineTimes.

    Understood are sentences with or without a tag block before them, the time in its field `c`, and with an
    epoch or nothing after the checksum.
    """
    block = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(block == _LF)
    if not len(ends) or ends[-1] != len(block) - 1 or int(ends[0]) < _LEAST:
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    ends = ends - (block[ends - 1] == _CR)
    if int((ends - starts).min()) < _LEAST:
        return None
    begin = block[starts]
    if not ((begin == _BACKSLASH) | (begin == _BANG)).all():
        return None
    times = _suffixes(block, ends)
    return None if times is None else _tags(block, starts, times)


def _suffixes(block: Bytes, ends: Int64Array) -> Int64Array | None:
    """Times after the checksum; None where something else stands there."""
    times = np.full(len(ends), UNTOLD)
    left = block[ends - 3] != _STAR
    for digits, unit in ((_SECONDS, SECOND), (_MILLIS, 1)):
        some = np.flatnonzero(left)
        if not len(some):
            break
        some = some[block[ends[some] - digits - 1] == _COMMA]
        value, good = _digits(block, ends[some] - digits, digits)
        times[some[good]] = value[good] * unit
        left[some[good]] = False
    return None if left.any() else times


def _tags(block: Bytes, starts: Int64Array, times: Int64Array) -> Int64Array | None:
    """The same times, with those of tag blocks before them."""
    colons = np.flatnonzero(block[2:] == _COLON) + 2
    colons = colons[block[colons - 1] == _C]
    colons = colons[np.isin(block[colons - 2], (_BACKSLASH, _COMMA))]
    if not len(colons):
        return times
    if int(colons[-1]) + _MILLIS + 1 >= len(block):
        return None
    line = np.searchsorted(starts, colons, side="right") - 1
    for digits, unit in ((_SECONDS, SECOND), (_MILLIS, 1)):
        value, good = _digits(block, colons + 1, digits)
        after = block[colons + 1 + digits]
        good &= (after == _STAR) | (after == _COMMA)
        times[line[good]] = value[good] * unit
        colons, line = colons[~good], line[~good]
        if not len(colons):
            return times
    return None


def _digits(block: Bytes, places: Int64Array, count: int) -> tuple[Int64Array, Flags]:
    value, good = np.zeros(len(places), np.int64), np.ones(len(places), np.bool_)
    for offset in range(count):
        digit = block[places + offset] - np.uint8(48)
        good &= digit < 10
        value = value * 10 + digit
    return value, good
