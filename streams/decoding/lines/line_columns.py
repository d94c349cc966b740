"""Line columns: the regular lines of a frame, taken to pieces in one pass without an object for any of them.

Nearly all lines are regular: one sentence from the start of the line or after one tag block, with nothing or
a number of seconds or milliseconds after its checksum; a tag block alone; a `$PGHP` line. All other lines are
irregular and go to the line reader, one by one. Whatever is read here, the line reader reads in the same way.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from models.report import Rows
from streams.decoding.lines.byte_spans import Bytes, ByteSpans, Flags, Int64Array, Table, padded
from streams.decoding.lines.field_loops import IS_MARK, LONGEST, checksum, epoch, hexadecimal, line_end
from streams.decoding.lines.pghp_loop import read_pghp
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.lines.words import byte_at, word_at
from streams.runtime.compiled import compiled

_LF, _CR, _COMMA, _STAR, _BACKSLASH, _BANG, _DOLLAR, _COLON, _DASH = b"\n\r,*\\!$:-"
_ZERO, _NINE, _C, _G, _I, _S, _V, _D, _M, _O = b"09cgisVDMO"
_IS_TAG_MARK: Final = IS_MARK | np.isin(np.arange(256), list(b",:"))
_IS_ARMOUR: Final = np.zeros(256, np.bool_)
_IS_ARMOUR[48:88] = _IS_ARMOUR[96:120] = True
_IS_TALKER: Final = np.isin(np.arange(256), [code for code in range(0x21, 0x7F) if code not in b",*!$\\"])
_ONES: Final = np.uint64(0x0101010101010101)
"""Times a byte: a word full of it."""
_TOPS: Final = np.uint64(0x80) * _ONES
_ALL_BUT_TOPS: Final = np.uint64(0x7F) * _ONES
_TO_48, _TO_120 = (np.uint64(128 - code) * _ONES for code in (48, 120))
"""Added to a word, sets the top of each byte that is as high."""
_MIDDLES, _FROM_88 = np.uint64(0x78) * _ONES, np.uint64(88) * _ONES

_SHORT: Final = 32  # bytes of a line: few are shorter on average
_LEAST: Final = 15  # bytes of a sentence


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
    block, room = padded(data), max(len(data) // _SHORT, *cut, 0) + 1
    scan, count = _scanned(block, len(data), longest, cut, room)
    return scan if count <= room else _scanned(block, len(data), longest, cut, count)[0]


def _scanned(block: Bytes, size: int, longest: int, cut: list[int], room: int) -> tuple[Scan, int]:
    """So many lines, which takes less time than to count them before; and how many there are."""
    starts, ends = np.empty((2, room), np.int64)
    too_long = np.zeros(room, np.bool_)
    too_long[cut] = True
    sentence, tag, pghp = (np.empty(1, row) for row in (_SENTENCE, _TAG, _ABOUT))
    sentences, tags, bare, pghps = (
        np.empty((len(names), room), np.int64)
        for names in (Sentences._fields, TagColumns._fields, TagColumns._fields, Pghps._fields)
    )
    count, found, leading, alone, about = _scan(
        block, starts, ends, too_long, size, longest, sentence, tag, pghp, sentences, tags, bare, pghps
    )
    scan = Scan(
        Lines(block, starts[:count], ends[:count], too_long[:count]),
        Sentences(*sentences[:, :found]),
        TagColumns(*tags[:, :found]),
        leading,
        TagColumns(*bare[:, :alone]),
        Pghps(*pghps[:, :about]),
    )
    return scan, count


@compiled
def _scan(
    block: Bytes,
    starts: Int64Array,
    ends: Int64Array,
    too_long: Flags,
    size: int,
    longest: int,
    sentence_row: Rows,
    tag_row: Rows,
    pghp_row: Rows,
    sentences: Table,
    tags: Table,
    bare: Table,
    pghps: Table,
) -> tuple[int, int, int, int, int]:
    """The rows have room for one: what is read goes on into columns."""
    text, sentence, tag, pghp = block.ctypes.data, sentence_row[0], tag_row[0], pghp_row[0]
    found = leading = alone = about = start = count = 0
    while start < size:
        stop = line_end(text, start, size)
        line = count
        count += 1
        if line >= len(starts):
            start = stop + 1
            continue
        end = stop - (stop > start and byte_at(text, stop - 1) == _CR)
        starts[line], ends[line] = start, end
        too_long[line] |= stop - start > longest
        begin, start = start, stop + 1
        if begin == end or too_long[line]:
            continue
        first, after = byte_at(text, begin), 0
        if first == _BANG:
            _no_tag(tag)
            after = begin
        elif first == _BACKSLASH:
            after = _read_tag(text, begin, end, tag)
            if after == end:
                to = alone
                alone += 1
                bare[0, to], bare[1, to] = line, tag.time
                bare[2, to], bare[3, to] = tag.station, tag.station_length
                bare[4, to], bare[5, to] = tag.group, tag.group_length
                bare[6, to], bare[7, to] = tag.info, tag.info_length
                continue
        elif first == _DOLLAR and read_pghp(text, begin, end, pghp):
            to = about
            about += 1
            pghps[0, to], pghps[1, to] = line, pghp.time
            pghps[2, to], pghps[3, to], pghps[4, to] = pghp.station, pghp.length, pghp.checksum
            continue
        if (first == _BANG or after > 0) and _read_sentence(text, after, end, sentence):
            to = found
            found, leading = found + 1, leading + (after > begin)
            tags[0, to], tags[1, to] = line, tag.time
            tags[2, to], tags[3, to] = tag.station, tag.station_length
            tags[4, to], tags[5, to] = tag.group, tag.group_length
            tags[6, to], tags[7, to] = tag.info, tag.info_length
            sentences[0, to], sentences[1, to], sentences[2, to] = line, sentence.total, sentence.number
            sentences[3, to], sentences[4, to] = sentence.start, sentence.length
            sentences[5, to], sentences[6, to] = sentence.channel, sentence.fill
            sentences[7, to], sentences[8, to], sentences[9, to] = (
                sentence.checksum,
                sentence.own,
                sentence.key,
            )
            sentences[10, to] = sentence.time
            sentences[11, to], sentences[12, to] = sentence.suffix, sentence.suffix_length
    return count, found, leading, alone, about


@compiled
def _no_tag(tag: Any) -> None:
    tag.time = UNTOLD
    tag.station_length = tag.group_length = tag.info_length = tag.station = tag.group = tag.info = 0


@compiled
def _read_tag(text: int, start: int, end: int, tag: Any) -> int:
    """Read a tag block with a good checksum; returns the place after it, 0 where it is irregular."""
    _no_tag(tag)
    begin, at = start + 1, start + 1
    while True:
        field, colon = at, 0
        while at < end:
            code = byte_at(text, at)
            if _IS_TAG_MARK[code]:
                if code in (_COMMA, _STAR):
                    break
                if code != _COLON:
                    return 0
                colon = colon or at
            at += 1
        if at >= end:
            return 0
        value = colon + 1 if colon else at
        length, width = at - value, (colon if colon else at) - field
        code = byte_at(text, field)
        if width == 2 and code == _S and byte_at(text, field + 1) == _I:
            code, width = _I, 1
        if width == 1 and code in (_C, _S, _G, _I):
            if colon == 0 or length > LONGEST:
                return 0
            if code == _S:
                tag.station, tag.station_length = value, length
            elif code == _G:
                tag.group, tag.group_length = value, length
            elif code == _I:
                tag.info, tag.info_length = value, length
            else:
                tag.time = epoch(text, value, at)
                if tag.time == UNTOLD:
                    return 0
        if byte_at(text, at) == _STAR:
            break
        at += 1
    given = hexadecimal(text, at + 1, end)
    if at == begin or at + 3 >= end or byte_at(text, at + 3) != _BACKSLASH or given < 0:
        return 0
    if given != 0 and given != checksum(text, begin, at):  # `*00` is a placeholder
        return 0
    return at + 4


@compiled
def _read_sentence(text: int, start: int, end: int, to: Any) -> bool:
    """Read a well-formed sentence with a good checksum, and what follows it up to the end of its line."""
    if end - start < _LEAST or byte_at(text, start) != _BANG:
        return False
    formatter, total, number = (
        byte_at(text, start + 5),
        byte_at(text, start + 7) - _ZERO,
        byte_at(text, start + 9) - _ZERO,
    )
    if not (_IS_TALKER[byte_at(text, start + 1)] and _IS_TALKER[byte_at(text, start + 2)]):
        return False
    if (
        byte_at(text, start + 3) != _V
        or byte_at(text, start + 4) != _D
        or (formatter != _M and formatter != _O)
    ):
        return False
    if (
        byte_at(text, start + 6) != _COMMA
        or byte_at(text, start + 8) != _COMMA
        or byte_at(text, start + 10) != _COMMA
    ):
        return False
    if total < 1 or total > 9 or number < 1 or number > total:
        return False
    at = start + 11
    sequence = channel = 0
    while byte_at(text, at) != _COMMA:
        if at == start + 13 or byte_at(text, at) < _ZERO or byte_at(text, at) > _NINE:
            return False
        sequence = sequence << 8 | byte_at(text, at)
        at += 1
    at += 1
    begin = at
    while byte_at(text, at) != _COMMA:
        code = byte_at(text, at)
        if at == begin + 2 or IS_MARK[code] or code == _LF or (code == 0 and at == begin):
            return False
        channel = channel << 8 | code
        at += 1
    payload = at + 1
    at = payload
    while True:
        word = word_at(text, at)  # its bytes below 128: those from 48 to 87, and from 96 to 119, are armour
        odd = (word & _MIDDLES ^ _FROM_88) + _ALL_BUT_TOPS
        if (word + _TO_48) & ~(word + _TO_120) & odd & ~word & _TOPS != _TOPS:
            break
        at += 8
    while _IS_ARMOUR[byte_at(text, at)]:
        at += 1
    if at == payload or at + 5 > end or byte_at(text, at) != _COMMA or byte_at(text, at + 2) != _STAR:
        return False
    fill = byte_at(text, at + 1) - _ZERO
    if fill < 0 or fill > 6 or (fill > 0 and number < total):
        return False
    given = hexadecimal(text, at + 3, end)
    if given != checksum(text, start + 1, at + 2):
        return False
    to.total, to.number, to.channel, to.fill = total, number, channel, fill
    to.start, to.length, to.checksum = payload, at - payload, given
    to.own = formatter == _O
    key = (int(byte_at(text, start + 1)) << 8 | byte_at(text, start + 2)) << 8 | formatter
    to.key = ((key << 4 | total) << 16 | sequence) << 16 | channel
    return _read_suffix(text, at + 5, end, to)


@compiled
def _read_suffix(text: int, start: int, end: int, to: Any) -> bool:
    """What follows a checksum: nothing, or fields of which the last one is a time."""
    to.time, to.suffix, to.suffix_length = UNTOLD, start, 0
    if start == end:
        return True
    if byte_at(text, start) != _COMMA:
        return False
    last = start
    for at in range(start, end):
        code = byte_at(text, at)
        if code == _COMMA:
            last = at
        elif IS_MARK[code]:
            return False
    to.time, to.suffix_length = epoch(text, last + 1, end), last - start
    return to.time != UNTOLD and last - start <= LONGEST
