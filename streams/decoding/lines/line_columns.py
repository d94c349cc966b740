"""Line columns: the regular lines of a frame, taken to pieces in one pass without an object for any of them.

Nearly all lines are regular: one sentence from the start of the line or after one tag block, with nothing or
a number of seconds or milliseconds after its checksum; a tag block alone; a `$PGHP` line. All other lines are
irregular and go to the line reader, one by one. Whatever is read here, the line reader reads in the same way.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from models.report import Rows
from models.time import DAY, HOUR, MINUTE, SECOND
from streams.decoding.lines.byte_spans import Bytes, ByteSpans, Flags, Int64Array, padded
from streams.decoding.lines.source_times import UNTOLD
from streams.runtime.compiled import compiled

_LF, _CR, _COMMA, _STAR, _BACKSLASH, _BANG, _DOLLAR, _COLON, _DASH = b"\n\r,*\\!$:-"
_ZERO, _NINE, _C, _G, _I, _S, _V, _D, _M, _O = b"09cgisVDMO"
_HEX: Final = np.full(256, 255, np.uint8)
_HEX[np.frombuffer(b"0123456789ABCDEFabcdef", np.uint8)] = [*range(16), *range(10, 16)]
_IS_MARK: Final = np.isin(np.arange(256), list(b"*!$\\"))
"""Marks besides the comma."""
_IS_ARMOUR: Final = np.zeros(256, np.bool_)
_IS_ARMOUR[48:88] = _IS_ARMOUR[96:120] = True
_IS_TALKER: Final = np.isin(np.arange(256), [code for code in range(0x21, 0x7F) if code not in b",*!$\\"])
_PGHP: Final = np.frombuffer(b"$PGHP,1,", np.uint8).copy()
_PGHP_FIELDS: Final = (
    *((4, 4, 9999, 0), (1, 2, 99, 0), (1, 2, 99, 0)),  # year, month, day
    *((1, 2, 23, HOUR), (1, 2, 59, MINUTE), (1, 2, 60, SECOND), (1, 3, 999, 1)),
)
"""Least and most digits, the highest value, and milliseconds of one."""
_MONTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_LONGEST: Final = 64  # bytes of a name; a line with a longer one is irregular
_LEAST: Final = 15  # bytes of a sentence
_SECONDS: Final = 10  # digits of a time in seconds
_MILLIS: Final = 13
_LEAST_MILLIS: Final = 10**11  # a smaller number is one of seconds


class Lines(NamedTuple):
    """Where the lines of a frame are: `ends` are those of the text, without CR and line feed."""

    block: Bytes
    starts: Int64Array
    ends: Int64Array
    too_long: Flags

    @property
    def size(self) -> int:
        return len(self.starts)

    def line(self, index: int) -> bytes:
        """The bytes of a line without its line end."""
        return self.block[int(self.starts[index]) : int(self.ends[index])].tobytes()


class TagColumns(NamedTuple):
    """What tag blocks tell: a time, UNTOLD for none, and where names begin and how long they are."""

    line: Int64Array  # index of the line
    time: Int64Array
    station: Int64Array
    station_length: Int64Array
    group: Int64Array
    group_length: Int64Array
    info: Int64Array
    info_length: Int64Array


class Sentences(NamedTuple):
    """Sentences of regular lines, in order. The suffix is what stands after the checksum before a time."""

    line: Int64Array  # index of the line
    total: Int64Array
    number: Int64Array
    start: Int64Array  # of the payload
    length: Int64Array
    channel: Int64Array  # its bytes as a number
    fill: Int64Array
    checksum: Int64Array
    own: Int64Array  # 1 for VDO, else 0
    key: Int64Array  # talker, parts, sequence and channel as one number
    time: Int64Array  # after the checksum
    suffix: Int64Array
    suffix_length: Int64Array


class Pghps(NamedTuple):
    """`$PGHP` lines; `station` is where the three fields that name it begin."""

    line: Int64Array  # index of the line
    time: Int64Array
    station: Int64Array
    length: Int64Array
    checksum: Int64Array


_TAG, _SENTENCE, _ABOUT = (
    np.dtype([(name, "i8") for name in columns._fields]) for columns in (TagColumns, Sentences, Pghps)
)


class Scan(NamedTuple):
    """The regular lines: sentences, each with the tag block before it, tag blocks alone, `$PGHP` lines."""

    lines: Lines
    sentences: Sentences
    tags: TagColumns
    leading: int
    """Sentences that have a tag block before them."""
    bare: TagColumns
    pghps: Pghps

    def spans(self, starts: Int64Array, lengths: Int64Array) -> ByteSpans:
        return ByteSpans(self.lines.block, starts, lengths)


def scan_lines(data: bytes, longest: int, cut: list[int]) -> Scan:
    """Lines of more than `longest` bytes, and those with the indices `cut`, are too long and not read."""
    block = padded(data)
    ends = np.flatnonzero(block[: len(data)] == _LF)
    if data and not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate((np.zeros(min(1, len(ends)), np.int64), ends[:-1] + 1))
    too_long = ends - starts > longest
    too_long[cut] = True
    ends = ends - ((block[ends - 1] == _CR) & (ends > starts))
    lines = Lines(block, starts, ends, too_long)
    sentences, tags, bare, pghps = (np.empty(lines.size, row) for row in (_SENTENCE, _TAG, _TAG, _ABOUT))
    found, leading, alone, about = _scan(lines, sentences, tags, bare, pghps)
    return Scan(
        lines,
        Sentences(*_columns(sentences[:found])),
        TagColumns(*_columns(tags[:found])),
        leading,
        TagColumns(*_columns(bare[:alone])),
        Pghps(*_columns(pghps[:about])),
    )


def _columns(rows: Rows) -> Int64Array:
    return rows.view(np.int64).reshape(len(rows), rows.dtype.itemsize // 8).T.copy()


@compiled
def _scan(lines: Lines, sentences: Rows, tags: Rows, bare: Rows, pghps: Rows) -> tuple[int, int, int, int]:
    block, found, leading, alone, about = lines.block, 0, 0, 0, 0
    for line in range(len(lines.starts)):
        start, end = lines.starts[line], lines.ends[line]
        if start == end or lines.too_long[line]:
            continue
        first = block[start]
        if first == _BANG:
            if _read_sentence(block, start, end, sentences[found]):
                _no_tag(tags[found])
                sentences[found].line = tags[found].line = line
                found += 1
        elif first == _BACKSLASH:
            after = _read_tag(block, start, end, tags[found])
            tags[found].line = line
            if after == end:
                bare[alone] = tags[found]
                alone += 1
            elif after > 0 and _read_sentence(block, after, end, sentences[found]):
                sentences[found].line = line
                found += 1
                leading += 1
        elif first == _DOLLAR and _read_pghp(block, start, end, pghps[about]):
            pghps[about].line = line
            about += 1
    return found, leading, alone, about


@compiled
def _no_tag(tag: Any) -> None:
    tag.time = UNTOLD
    tag.station_length = tag.group_length = tag.info_length = tag.station = tag.group = tag.info = 0


@compiled
def _read_tag(block: Bytes, start: int, end: int, tag: Any) -> int:
    """Read a tag block with a good checksum; returns the place after it, 0 where it is irregular."""
    _no_tag(tag)
    begin, at = start + 1, start + 1
    while True:
        field, colon = at, 0
        while at < end and block[at] != _COMMA and block[at] != _STAR:
            if _IS_MARK[block[at]]:
                return 0
            if block[at] == _COLON and colon == 0:
                colon = at
            at += 1
        if at >= end:
            return 0
        value = colon + 1 if colon else at
        length, width = at - value, (colon if colon else at) - field
        code = block[field]
        if width == 2 and code == _S and block[field + 1] == _I:
            code, width = _I, 1
        if width == 1 and code in (_C, _S, _G, _I):
            if colon == 0 or length > _LONGEST:
                return 0
            if code == _S:
                tag.station, tag.station_length = value, length
            elif code == _G:
                tag.group, tag.group_length = value, length
            elif code == _I:
                tag.info, tag.info_length = value, length
            else:
                tag.time = _epoch(block, value, at)
                if tag.time == UNTOLD:
                    return 0
        if block[at] == _STAR:
            break
        at += 1
    given = _hexadecimal(block, at + 1, end)
    if at == begin or at + 3 >= end or block[at + 3] != _BACKSLASH or given < 0:
        return 0
    if given != 0 and given != _checksum(block, begin, at):  # `*00` is a placeholder
        return 0
    return at + 4


@compiled
def _read_sentence(block: Bytes, start: int, end: int, to: Any) -> bool:
    """Read a well-formed sentence with a good checksum, and what follows it up to the end of its line."""
    if end - start < _LEAST or block[start] != _BANG:
        return False
    formatter, total, number = block[start + 5], block[start + 7] - _ZERO, block[start + 9] - _ZERO
    if not (_IS_TALKER[block[start + 1]] and _IS_TALKER[block[start + 2]]):
        return False
    if block[start + 3] != _V or block[start + 4] != _D or (formatter != _M and formatter != _O):
        return False
    if block[start + 6] != _COMMA or block[start + 8] != _COMMA or block[start + 10] != _COMMA:
        return False
    if total < 1 or total > 9 or number < 1 or number > total:
        return False
    at = start + 11
    sequence = channel = 0
    while block[at] != _COMMA:
        if at == start + 13 or block[at] < _ZERO or block[at] > _NINE:
            return False
        sequence = sequence << 8 | block[at]
        at += 1
    at += 1
    begin = at
    while block[at] != _COMMA:
        code = block[at]
        if at == begin + 2 or _IS_MARK[code] or code == _LF or (code == 0 and at == begin):
            return False
        channel = channel << 8 | code
        at += 1
    payload = at + 1
    at = payload
    while _IS_ARMOUR[block[at]]:
        at += 1
    if at == payload or at + 5 > end or block[at] != _COMMA or block[at + 2] != _STAR:
        return False
    fill = block[at + 1] - _ZERO
    if fill < 0 or fill > 6 or (fill > 0 and number < total):
        return False
    given = _hexadecimal(block, at + 3, end)
    if given != _checksum(block, start + 1, at + 2):
        return False
    to.total, to.number, to.channel, to.fill = total, number, channel, fill
    to.start, to.length, to.checksum = payload, at - payload, given
    to.own = formatter == _O
    key = (int(block[start + 1]) << 8 | block[start + 2]) << 8 | formatter
    to.key = ((key << 4 | total) << 16 | sequence) << 16 | channel
    return _read_suffix(block, at + 5, end, to)


@compiled
def _read_suffix(block: Bytes, start: int, end: int, to: Any) -> bool:
    """What follows a checksum: nothing, or fields of which the last one is a time."""
    to.time, to.suffix, to.suffix_length = UNTOLD, start, 0
    if start == end:
        return True
    if block[start] != _COMMA:
        return False
    last = start
    for at in range(start, end):
        code = block[at]
        if code == _COMMA:
            last = at
        elif _IS_MARK[code]:
            return False
    to.time, to.suffix_length = _epoch(block, last + 1, end), last - start
    return to.time != UNTOLD and last - start <= _LONGEST


@compiled
def _read_pghp(block: Bytes, start: int, end: int, pghp: Any) -> bool:
    """Read a `$PGHP` line with as many fields as it should have and a good checksum."""
    if end - start < len(_PGHP):
        return False
    for at in range(len(_PGHP)):
        if block[start + at] != _PGHP[at]:
            return False
    at = start + len(_PGHP)
    date = time = 0
    for field in range(len(_PGHP_FIELDS)):
        least, most, highest, unit = _PGHP_FIELDS[field]
        stop = _field_end(block, at, end)
        value = _decimal(block, at, stop)
        if not 0 <= value <= highest or not least <= stop - at <= most or block[stop] != _COMMA:
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
        at = _field_end(block, at, end)
        if at == end or block[at] != _COMMA:
            return False
        at += 1
    given = _hexadecimal(block, at, end)
    if given < 0 or length > _LONGEST or at + 5 > end or block[at + 2] != _STAR:
        return False
    if _hexadecimal(block, at + 3, end) != _checksum(block, start + 1, at + 2):
        return False
    for after in range(at + 5, end):
        if _IS_MARK[block[after]]:
            return False
    pghp.time, pghp.checksum = days * DAY + time, given
    pghp.station, pghp.length = station, length
    return True


@compiled
def _field_end(block: Bytes, start: int, end: int) -> int:
    """The place of the next comma, or of another mark, or the end."""
    at = start
    while at < end and block[at] != _COMMA and not _IS_MARK[block[at]]:
        at += 1
    return at


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


@compiled
def _epoch(block: Bytes, start: int, end: int) -> int:
    """Seconds (10 digits) or milliseconds (13 digits) since 1970 as milliseconds; UNTOLD for all else."""
    value = _decimal(block, start, end)
    if value >= 0 and end - start == _SECONDS:
        return value * SECOND
    return value if value >= _LEAST_MILLIS and end - start == _MILLIS else UNTOLD


@compiled
def _decimal(block: Bytes, start: int, end: int) -> int:
    """A number of at most 16 digits; -1 where there is none, or something else."""
    if start == end or end - start > 16:
        return -1
    value = 0
    for at in range(start, end):
        digit = block[at] - _ZERO
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@compiled
def _hexadecimal(block: Bytes, at: int, end: int) -> int:
    """Two digits; -1 where there are none before the end."""
    if at + 2 > end:
        return -1
    high, low = _HEX[block[at]], _HEX[block[at + 1]]
    return int(high) << 4 | low if (high | low) < 16 else -1


@compiled
def _checksum(block: Bytes, start: int, end: int) -> int:
    """XOR of the bytes (IEC 61162-1)."""
    result = 0
    for code in block[start:end]:
        result ^= code
    return result
