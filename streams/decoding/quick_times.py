"""Times of lines that look like nearly all lines do, in one loop over their bytes.

For a look at whole files, where even the columns of the Decoder cost too much. What is told here is what
LineTimes tells of the same lines, to the second.
"""

from typing import Final

import numpy as np

from streams.decoding.lines.byte_spans import Int64Array
from streams.decoding.lines.field_loops import epoch, line_end
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.lines.words import byte_at
from streams.runtime.compiled import compiled

_CR, _COMMA, _STAR, _BACKSLASH, _BANG, _COLON, _C = b"\r,*\\!:c"
_SECONDS, _MILLIS = 10, 13
"""Digits of an epoch in seconds, and in milliseconds."""
_LEAST: Final = 16
"""Bytes of a line: all that is looked for at its end lies within it."""


def quick_times(data: bytes) -> Int64Array | None:
    """The time of each line, UNTOLD where it tells none; None where some line has to be read by LineTimes.

    Understood are sentences with or without a tag block before them, the time in its field `c`, and with an
    epoch or nothing after the checksum.
    """
    times = np.empty(len(data) // _LEAST, np.int64)
    count = _read(np.frombuffer(data, np.uint8).ctypes.data, len(data), times)
    return times[:count] if count > 0 else None


@compiled
def _read(text: int, size: int, times: Int64Array) -> int:
    """Write the times; returns how many there are, or 0 where some line is another."""
    count = start = 0
    while start < size:
        end = line_end(text, start, size)
        stop = end - 1 if end > start and byte_at(text, end - 1) == _CR else end
        if end == size or stop - start < _LEAST:
            return 0
        begin, time, good = start, UNTOLD, True
        if byte_at(text, start) == _BACKSLASH:
            begin, time, good = _tag(text, start + 1, stop)
        if not good or byte_at(text, begin) != _BANG:
            return 0
        if byte_at(text, stop - 3) != _STAR:
            digits = _SECONDS if byte_at(text, stop - _SECONDS - 1) == _COMMA else _MILLIS
            after = epoch(text, stop - digits, stop)
            if byte_at(text, stop - digits - 1) != _COMMA or after == UNTOLD:
                return 0
            time = after if time == UNTOLD else time
        times[count] = time
        count, start = count + 1, end + 1
    return count


@compiled
def _tag(text: int, start: int, stop: int) -> tuple[int, int, bool]:
    """Of a tag block: where it ends, its time, and whether it is one, with at most one time."""
    at, time = start, UNTOLD
    while at < stop and byte_at(text, at) != _BACKSLASH:
        field = at
        while at < stop and byte_at(text, at) not in (_COMMA, _STAR, _BACKSLASH):
            at += 1
        if at > field + 1 and byte_at(text, field) == _C and byte_at(text, field + 1) == _COLON:
            told = epoch(text, field + 2, at)
            if told == UNTOLD or time != UNTOLD:
                return at, UNTOLD, False
            time = told
        if at < stop and byte_at(text, at) != _BACKSLASH:
            at += 1
    return at + 1, time, at < stop
