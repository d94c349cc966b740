"""`$PGHP` loop: reads a regular `$PGHP` line from the block at an address, for compiled loops."""

from typing import Any, Final

import numpy as np

from models.time import DAY, HOUR, MINUTE, SECOND
from streams.decoding.lines.field_loops import IS_MARK, LONGEST, checksum, decimal, field_end, hexadecimal
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.lines.words import byte_at
from streams.runtime.compiled import compiled

_COMMA, _STAR = b",*"
_PGHP: Final = np.frombuffer(b"$PGHP,1,", np.uint8).copy()
_PGHP_FIELDS: Final = (
    *((4, 4, 9999, 0), (1, 2, 99, 0), (1, 2, 99, 0)),  # year, month, day
    *((1, 2, 23, HOUR), (1, 2, 59, MINUTE), (1, 2, 60, SECOND), (1, 3, 999, 1)),
)
"""Least and most digits, the highest value, and milliseconds of one."""
_MONTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@compiled
def read_pghp(text: int, start: int, end: int, pghp: Any) -> bool:
    """Read a `$PGHP` line with as many fields as it should have and a good checksum."""
    if end - start < len(_PGHP):
        return False
    for at in range(len(_PGHP)):
        if byte_at(text, start + at) != _PGHP[at]:
            return False
    at = start + len(_PGHP)
    date = time = 0
    for field in range(len(_PGHP_FIELDS)):
        least, most, highest, unit = _PGHP_FIELDS[field]
        stop = field_end(text, at, end)
        value = decimal(text, at, stop)
        if not 0 <= value <= highest or not least <= stop - at <= most or byte_at(text, stop) != _COMMA:
            return False
        date = date if unit else date * 100 + value
        time += value * unit
        at = stop + 1
    days = _days(date // 10_000, date // 100 % 100, date % 100)
    if days == UNTOLD:
        return False
    station = at
    for _ in range(4):
        length = at - 1 - station  # of the first three fields, by the end of the fourth
        at = field_end(text, at, end)
        if at == end or byte_at(text, at) != _COMMA:
            return False
        at += 1
    given = hexadecimal(text, at, end)
    if given < 0 or length > LONGEST or at + 5 > end or byte_at(text, at + 2) != _STAR:
        return False
    if hexadecimal(text, at + 3, end) != checksum(text, start + 1, at + 2):
        return False
    for after in range(at + 5, end):
        if IS_MARK[byte_at(text, after)]:
            return False
    pghp.time, pghp.checksum = days * DAY + time, given
    pghp.station, pghp.length = station, length
    return True


@compiled
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970 in the Gregorian calendar; UNTOLD where there is no such day."""
    if year < 1 or month < 1 or month > 12 or day < 1:
        return UNTOLD
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > _MONTHS[month - 1] + (leap and month == 2):
        return UNTOLD
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400 - 719_162 + day - 1
    for earlier in range(month - 1):
        days += _MONTHS[earlier] + (leap and earlier == 1)
    return days
