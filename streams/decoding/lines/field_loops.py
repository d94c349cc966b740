"""Field loops: ends of lines and fields, numbers and checksums, in the block at an address."""

from typing import Final

import numpy as np

from models.time import SECOND
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.lines.words import byte_at, last_word, word_at
from streams.runtime.compiled import compiled

LONGEST: Final = 64  # bytes of a name; a line with a longer one is irregular
_LINE_FEED, _COMMA, _ZERO = b"\n,0"
_ONES: Final = np.uint64(0x0101010101010101)
"""Times a byte: a word full of it."""
_TOPS: Final = np.uint64(0x80) * _ONES
_LINE_FEEDS: Final = np.uint64(_LINE_FEED) * _ONES
_HEX: Final = np.full(256, 255, np.uint8)
_HEX[np.frombuffer(b"0123456789ABCDEFabcdef", np.uint8)] = [*range(16), *range(10, 16)]
IS_MARK: Final = np.isin(np.arange(256), list(b"*!$\\"))
"""Marks besides the comma."""
_FOLDS: Final = (np.uint64(32), np.uint64(16), np.uint64(8))
_BYTE: Final = np.uint64(0xFF)
_SECONDS: Final = 10  # digits of a time in seconds
_MILLIS: Final = 13
_LEAST_MILLIS: Final = 10**11  # a smaller number is one of seconds


@compiled
def line_end(text: int, start: int, size: int) -> int:
    """The place of the next line feed, or the end."""
    at = start
    while at + 8 <= size:
        word = word_at(text, at) ^ _LINE_FEEDS
        if (word - _ONES) & ~word & _TOPS:
            break
        at += 8
    while at < size and byte_at(text, at) != _LINE_FEED:
        at += 1
    return at


@compiled
def field_end(text: int, start: int, end: int) -> int:
    """The place of the next comma, or of another mark, or the end."""
    at = start
    while at < end and byte_at(text, at) != _COMMA and not IS_MARK[byte_at(text, at)]:
        at += 1
    return at


@compiled
def epoch(text: int, start: int, end: int) -> int:
    """Seconds (10 digits) or milliseconds (13 digits) since 1970 as milliseconds; UNTOLD for all else."""
    value = decimal(text, start, end)
    if value >= 0 and end - start == _SECONDS:
        return value * SECOND
    return value if value >= _LEAST_MILLIS and end - start == _MILLIS else UNTOLD


@compiled
def decimal(text: int, start: int, end: int) -> int:
    """A number of at most 16 digits; -1 where there is none, or something else."""
    if start == end or end - start > 16:
        return -1
    value = 0
    for at in range(start, end):
        digit = byte_at(text, at) - _ZERO
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@compiled
def hexadecimal(text: int, at: int, end: int) -> int:
    """Two digits; -1 where there are none before the end."""
    if at + 2 > end:
        return -1
    high, low = _HEX[byte_at(text, at)], _HEX[byte_at(text, at + 1)]
    return int(high) << 4 | low if (high | low) < 16 else -1


@compiled
def checksum(text: int, start: int, end: int) -> int:
    """XOR of the bytes (IEC 61162-1)."""
    result = np.uint64(0)
    while start + 8 <= end:
        result ^= word_at(text, start)
        start += 8
    result ^= last_word(text, start, end - start)
    for shift in _FOLDS:
        result ^= result >> shift
    return int(result & _BYTE)
