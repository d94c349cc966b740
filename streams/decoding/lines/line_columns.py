"""Line columns: the regular lines of a frame, taken to pieces all at once without an object for any of them.

Nearly all lines are regular: one sentence from the start of the line or after one tag block, with nothing or
a number of seconds or milliseconds after its checksum; a tag block alone; a `$PGHP` line. All other lines are
irregular and go to the line reader, one by one. Whatever is read here, the line reader reads in the same way.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from streams.decoding.lines.byte_spans import (
    PADDING,
    Bytes,
    Flags,
    Int64Array,
    Words,
    words_at,
)

_LF, _CR, _COMMA, _STAR, _BACKSLASH, _BANG, _DOLLAR = b"\n\r,*\\!$"
_AHEAD: Final = 16  # marks that may be looked at beyond the last

_SENTENCE_MARKS: Final = np.uint64(int.from_bytes(b"!,,,,,,*", "big"))
_PGHP_MARKS: Final = (
    np.uint64(int.from_bytes(b"$,,,,,,,", "big")),
    np.uint64(int.from_bytes(b",,,,,,*\0", "big")),
)
_PGHP_BEGIN: Final = np.uint64(int.from_bytes(b"$PGHP,1,", "big"))
_HEAD: Final = np.uint64(int.from_bytes(b"!\0\0VDM,\0", "big"))
_HEAD_MASK: Final = np.uint64(0xFF0000FFFFFDFF00)  # any talker, M or O, any number of parts

_HEX: Final = np.full(256, 255, np.uint8)
_HEX[np.frombuffer(b"0123456789ABCDEFabcdef", np.uint8)] = [*range(16), *range(10, 16)]
_TALKER: Final = np.isin(np.arange(256), [code for code in range(0x21, 0x7F) if code not in b",*!$\\"])

_DIGITS: Final = np.uint64(0x3030303030303030)
_OUTSIDE: Final = np.array([(1 << 64) - (1 << 8 * count) for count in range(9)], np.uint64)
"""For a number of that many digits: what lies before it in the eight bytes that end with it."""
_ROUNDS: Final = [
    (np.uint64(8), np.uint64(10), np.uint64(0x00FF00FF00FF00FF)),
    (np.uint64(16), np.uint64(100), np.uint64(0x0000FFFF0000FFFF)),
    (np.uint64(32), np.uint64(10_000), np.uint64(0x00000000FFFFFFFF)),
]


class Lines(NamedTuple):
    """Where the lines of a frame are, and the marks `!`, `$`, `,`, `*`, backslash and line feed in them."""

    block: Bytes
    starts: Int64Array
    ends: Int64Array  # of the text, without CR and line feed
    places: Int64Array  # of the marks
    marks: Bytes
    first: Int64Array  # index of a line's first mark
    last: Int64Array  # and of its line feed
    strange: Int64Array  # bytes that are neither a mark nor six-bit armour

    @classmethod
    def of(cls, data: bytes) -> "Lines":
        size = len(data) + (0 if data.endswith(b"\n") or not data else 1)
        block = np.zeros(size + 2 * PADDING, np.uint8)
        block[PADDING : PADDING + len(data)] = np.frombuffer(data, np.uint8)
        text = block[PADDING : PADDING + size]
        text[len(data) :] = _LF
        is_mark = text == _LF
        for mark in (_COMMA, _STAR, _BACKSLASH, _BANG, _DOLLAR):
            is_mark |= text == mark
        is_armour = ((text - np.uint8(48)) < 40) | ((text - np.uint8(96)) < 24)
        places = np.flatnonzero(is_mark) + PADDING
        marks = np.zeros(len(places) + _AHEAD, np.uint8)
        marks[: len(places)] = block[places]
        last = np.flatnonzero(marks == _LF)
        first = np.concatenate(([0], last[:-1] + 1)) if len(last) else last
        places = np.concatenate((places, np.full(_AHEAD, size + PADDING)))
        ends = places[last]
        starts = np.concatenate(([PADDING], ends[:-1] + 1)) if len(last) else ends
        strange = np.flatnonzero(~(is_mark | is_armour)) + PADDING
        strange = strange[(block[strange] != _CR) | (block[strange + 1] != _LF)]
        ends = ends - ((block[ends - 1] == _CR) & (ends > starts))
        return cls(block, starts, ends, places, marks, first, last, strange)

    @property
    def size(self) -> int:
        return len(self.starts)

    def line(self, index: int) -> bytes:
        """The bytes of a line without its line end."""
        return self.block[int(self.starts[index]) : int(self.ends[index])].tobytes()


class Tags(NamedTuple):
    """Tag blocks: their lines, and the indices of the marks at which they begin and end."""

    lines: Int64Array
    first: Int64Array
    last: Int64Array


@dataclass(slots=True)
class Sentences:
    """Sentences of regular lines, in order."""

    line: Int64Array  # index of the line
    total: Int64Array
    number: Int64Array
    start: Int64Array  # of the payload
    end: Int64Array
    channel: Int64Array  # its bytes as a number
    fill: Int64Array
    checksum: Int64Array
    sent: Flags  # VDM, not VDO
    suffix: Int64Array  # index of the first mark after the checksum, that of the line feed if there is none
    key: Words  # talker, parts, sequence and channel as one number

    @property
    def size(self) -> int:
        return len(self.line)

    def keep(self, good: Flags) -> None:
        if not good.all():
            for name in self.__slots__:
                setattr(self, name, getattr(self, name)[good])


def checksums(block: Bytes, starts: Int64Array, ends: Int64Array) -> Bytes:
    """XOR of the bytes of each piece. The pieces must not be empty, nor touch, nor go backwards."""
    if not len(starts):
        return np.empty(0, np.uint8)
    edges = np.empty(2 * len(starts), np.int64)
    edges[::2], edges[1::2] = starts, ends
    return np.bitwise_xor.reduceat(block, edges)[::2]


def hexadecimal(block: Bytes, places: Int64Array) -> Int64Array:
    """Two digits at each place; -1 where there are none."""
    high, low = _HEX[block[places]].astype(np.int64), _HEX[block[places + 1]].astype(np.int64)
    return np.where((high | low) < 16, high * 16 + low, -1)


def decimal(block: Bytes, starts: Int64Array, ends: Int64Array) -> Int64Array:
    """Numbers of at most 16 digits; -1 where there is none, or something else."""
    lengths = ends - starts
    result, good = _eight(block, ends, np.minimum(lengths, 8))
    if len(lengths) and lengths.max() > 8:
        high, also = _eight(block, ends - 8, np.clip(lengths - 8, 0, 8))
        result, good = result + high * 100_000_000, good & also
    return np.where(good & (lengths > 0) & (lengths <= 16), result, -1)


def _eight(block: Bytes, ends: Int64Array, lengths: Int64Array) -> tuple[Int64Array, Flags]:
    """Up to eight digits that end at a place: three rounds, each putting two neighbours together."""
    outside = _OUTSIDE[np.maximum(lengths, 0)]
    digits = (words_at(block, ends - 8) ^ _DIGITS) & ~outside
    bad = (digits | digits + np.uint64(0x7676767676767676)) & np.uint64(0x8080808080808080)
    for bits, factor, mask in _ROUNDS:
        digits = (digits >> bits & mask) * factor + (digits & mask)
    return digits.view(np.int64), bad == 0


def find_tags(lines: Lines) -> tuple[Tags, Tags]:
    """Tag blocks with good checksums: those alone on their line, and those right before a sentence."""
    places, marks = lines.places, lines.marks
    begin = np.flatnonzero((marks[lines.first] == _BACKSLASH) & (places[lines.first] == lines.starts))
    if not len(begin):
        empty = Tags(begin, begin, begin)
        return empty, empty
    backslashes = np.append(np.flatnonzero(marks == _BACKSLASH), len(marks) - 1)
    first, end = lines.first[begin], lines.last[begin]
    last = backslashes[np.searchsorted(backslashes, first) + 1]
    star = last - 1
    good = (last < end) & (star > first) & (marks[star] == _STAR) & (places[last] - places[star] == 3)
    good &= places[star] > places[first] + 1
    begin, first, last, end, star = begin[good], first[good], last[good], end[good], star[good]
    given = hexadecimal(lines.block, places[star] + 1)
    real = checksums(lines.block, places[first] + 1, places[star])
    good = (given == real) | (given == 0)
    after = last + 1
    bare = good & (after == end) & (lines.ends[begin] == places[last] + 1)
    leading = good & (marks[after] == _BANG) & (places[after] == places[last] + 1)
    return (
        Tags(begin[bare], first[bare], last[bare]),
        Tags(begin[leading], first[leading], last[leading]),
    )


def find_sentences(lines: Lines, tags: Tags) -> Sentences:
    """Well-formed sentences with good checksums, alone on their line, at its start or after a tag block."""
    block, places, marks = lines.block, lines.places, lines.marks
    mark = np.where((marks[lines.first] == _BANG) & (places[lines.first] == lines.starts), lines.first, -1)
    mark[tags.lines] = tags.last + 1
    line = np.flatnonzero(mark >= 0)
    mark = mark[line]
    good = words_at(marks, mark) == _SENTENCE_MARKS
    if not good.all():
        line, mark = line[good], mark[good]
    begin = places[mark]
    comma = [places[mark + number] for number in range(8)]
    head = words_at(block, begin)
    good = (head & _HEAD_MASK) == _HEAD
    good &= _TALKER[block[begin + 1]] & _TALKER[block[begin + 2]]
    good &= (comma[1] == begin + 6) & (comma[2] == begin + 8) & (comma[3] == begin + 10)
    total, number = block[begin + 7].astype(np.int64) - 48, block[begin + 9].astype(np.int64) - 48
    good &= (total >= 1) & (total <= 9) & (number >= 1) & (number <= total)
    width = comma[4] - comma[3] - 1
    sequence = np.zeros(len(line), np.int64)
    some = np.flatnonzero(width)
    if len(some):  # text as a number: 0 is none
        unused = 64 - 8 * np.clip(width[some], 1, 8)
        sequence[some] = words_at(block, comma[3][some] + 1) >> unused.astype(np.uint64)
        digits = decimal(block, comma[3][some] + 1, comma[4][some])
        good[some] &= (width[some] <= 2) & (digits >= 0)
    width = comma[5] - comma[4] - 1
    channel = block[comma[4] + 1].astype(np.int64)
    if not (width == 1).all():
        channel = np.where(width == 2, channel << 8 | block[comma[4] + 2], np.where(width == 0, 0, channel))
        good &= (width == 0) | (width <= 2) & (block[comma[4] + 1] > 0)
    start, end, star = comma[5] + 1, comma[6], comma[7]
    fill = block[end + 1].astype(np.int64) - 48
    good &= (end > start) & (star == end + 2) & (fill >= 0) & (fill <= 6) & ((fill == 0) | (number == total))
    given = hexadecimal(block, star + 1)
    good &= (given == checksums(block, begin + 1, star)) & (star + 3 <= lines.ends[line])
    good &= _is_last(marks, mark, lines.last[line])
    if len(lines.strange):
        good &= ~_holds(lines.strange, start, end)
    key = head >> np.uint64(40) & np.uint64(0xFFFF)
    key = key << np.uint64(8) | (head >> np.uint64(16) & np.uint64(0xFF))
    key = key << np.uint64(4) | total.astype(np.uint64)
    key = (key << np.uint64(16) | sequence.astype(np.uint64)) << np.uint64(16) | channel.astype(np.uint64)
    found = Sentences(
        line, total, number, start, end, channel, fill, given, head & np.uint64(0x20000) == 0, mark + 8, key
    )
    found.keep(good)
    return found


def _is_last(marks: Bytes, mark: Int64Array, last: Int64Array) -> Flags:
    """Whether no `!`, `$` or backslash follows a mark up to the last one of its line."""
    special = np.flatnonzero((marks == _BANG) | (marks == _DOLLAR) | (marks == _BACKSLASH))
    following = np.append(special, len(marks))[np.searchsorted(special, mark, side="right")]
    return following > last


def _holds(places: Int64Array, starts: Int64Array, ends: Int64Array) -> Flags:
    """Whether one of the places, in order, lies within each piece."""
    at = np.minimum(np.searchsorted(places, starts), len(places) - 1)
    return (places[at] >= starts) & (places[at] < ends)


class Pghps(NamedTuple):
    """`$PGHP` lines: the mark each begins with."""

    lines: Int64Array
    mark: Int64Array


def find_pghp(lines: Lines) -> Pghps:
    """`$PGHP` lines from the start of a line, with as many fields as they should have and a good checksum."""
    block, places, marks = lines.block, lines.places, lines.marks
    line = np.flatnonzero((marks[lines.first] == _DOLLAR) & (places[lines.first] == lines.starts))
    mark = lines.first[line]
    good = words_at(marks, mark) == _PGHP_MARKS[0]
    good &= words_at(marks, mark + 8) & ~np.uint64(0xFF) == _PGHP_MARKS[1]
    good &= words_at(block, places[mark]) == _PGHP_BEGIN
    good &= _is_last(marks, mark, lines.last[line])
    line, mark = line[good], mark[good]
    star = places[mark + 14]
    good = hexadecimal(block, star + 1) == checksums(block, places[mark] + 1, star)
    good &= star + 3 <= lines.ends[line]
    return Pghps(line[good], mark[good])
