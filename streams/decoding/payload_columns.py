"""Payload columns: payloads of six-bit armour into rows of reports, in one pass.

Field layouts after ITU-R M.1371-5; the results equal those of `payload.py` to the last bit, which reads one
message at a time by pyais.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.report import POSITION, STATIC, Rows
from streams.decoding.lines.byte_spans import Bytes, ByteSpans, Flags, Int64Array
from streams.decoding.lines.words import last_word, put_byte, word_at
from streams.decoding.payload import (
    LENGTHS,
    NOWHERE,
    ONE_SLOT,
    STATIC_TYPES,
    WHOLE_5,
    WHOLE_24A,
    WHOLE_24B,
)
from streams.runtime.compiled import compiled

NO_SECOND: Final = 60
"""From here on a UTC second is none."""

_HAS_STATIC: Final = np.isin(np.arange(64), list(STATIC_TYPES))
_MOST_BITS: Final = max(span.stop for spans in LENGTHS.values() for span in spans)
_VALID: Final = np.zeros((64, _MOST_BITS + 1), np.bool_)
for _kind, _spans in LENGTHS.items():
    for _span in _spans:
        _VALID[_kind, _span.start : _span.stop] = True
_VALID[5, :WHOLE_5] = _VALID[24, :WHOLE_24A] = False
_VALID[list(ONE_SLOT), 169:] = False

_LAYOUT: Final = np.zeros(
    64,
    [
        (name, "i8")
        for name in (
            *("lon", "lon_width", "lat", "lat_width", "degree"),  # units of longitude and latitude in one
            *("speed", "speed_width", "knot", "fastest"),  # a speed of this, or more, is none
            *("course", "course_width", "course_unit"),
            *("status", "heading"),
        )
    ],
)
"""Where a type has the fields of a position report: first bit, and width where that varies. 0: it has none.
102.2 knots means "or more", and no ship is that fast."""
_LAYOUT[[1, 2, 3]] = (61, 28, 89, 27, 600_000, 50, 10, 10, 1022, 116, 12, 10, 38, 128)
_LAYOUT[4] = (79, 28, 107, 27, 600_000, 0, 0, 1, 0, 0, 0, 1, 0, 0)
_LAYOUT[9] = (61, 28, 89, 27, 600_000, 50, 10, 1, 1022, 116, 12, 10, 0, 0)
_LAYOUT[[18, 19]] = (57, 28, 85, 27, 600_000, 46, 10, 10, 1022, 112, 12, 10, 0, 124)
_LAYOUT[27] = (44, 18, 62, 17, 600, 79, 6, 1, 63, 85, 9, 1, 40, 0)

_UNDEFINED_STATUS: Final = 15
_ETA, _NAME, _CALLSIGN, _DESTINATION = (
    place
    for name, (_, place, *_) in (STATIC.fields or {}).items()
    if name in ("eta", "name", "callsign", "destination")
)
"""Where the time of arrival and the texts begin among the bytes of a row."""
_BLANK, _AT = b" @"
_ONES: Final = np.uint64(0x0101010101010101)
_ZEROS: Final = np.array([48 * 0x0101010101010101 >> 8 * n << 8 * n for n in range(8)], np.uint64)
"""The character for zero in place of all after so many."""
_BYTES, _TWELVES, _LOW = np.uint64(0x00FF00FF00FF00FF), np.uint64(0xFFF00000FFF), np.uint64(0xFFFFFF)
_THREE, _FIVE, _SIX, _EIGHT, _TWELVE, _SIXTEEN, _TWENTY_FOUR, _HALF = map(
    np.uint64, (3, 5, 6, 8, 12, 16, 24, 32)
)
_AUXILIARY: Final = 98  # the MMSI of a craft that belongs to a mother ship begins with it


class Heads(NamedTuple):
    """What a payload is, whatever its type."""

    kind: Int64Array
    mmsi: Int64Array
    second: Int64Array
    """The UTC second in types 1 to 3, 18 and 19; `NO_SECOND` or more where there is none."""
    whole: Flags
    """Whether the payload by itself is a message that needs no cutting or filling up."""


def read_heads(payloads: ByteSpans, fill: Int64Array) -> Heads:
    """`fill` is the number of bits to ignore at the end of each."""
    size = payloads.size
    kind, mmsi, second = np.empty((3, size), np.int64)
    heads = Heads(kind, mmsi, second, np.empty(size, np.bool_))
    _read_heads(*payloads, fill, _VALID, kind, mmsi, second, heads.whole)
    return heads


def unsigned(payloads: ByteSpans, start: int, width: int) -> Int64Array:
    """The bits of a field of each, of at most 42. What lies beyond the end of a payload is zero."""
    result = np.empty(payloads.size, np.int64)
    _read_field(*payloads, start, width, result)
    return result


def fits(kinds: Int64Array, lengths: Int64Array) -> Flags:
    """Whether the length in bits needs no cutting or filling up. Part B of type 24 has more to check."""
    return _VALID[kinds, np.clip(lengths, 0, _MOST_BITS)]


def decode_columns(rows: Rows, payloads: ByteSpans, stations: npt.NDArray[np.int32]) -> tuple[Rows, Rows]:
    """Rows of `POSITION` and rows of `STATIC`, in order; a message of type 19 makes one of each.

    Payloads are as `read_content` gives them. `rows` needs columns `time`, `mmsi` and `type`; `stations` goes
    into the column of that name. Types that carry neither a position nor static data make no row.
    """
    kinds = rows["type"]
    position = np.empty(np.count_nonzero(_LAYOUT["lon"][kinds]), POSITION)
    static = np.zeros(np.count_nonzero(_HAS_STATIC[kinds]), STATIC)
    texts = static.view(np.uint8).reshape(len(static), STATIC.itemsize)
    _decode(*payloads, rows, stations, _LAYOUT, _HAS_STATIC, position, static, texts)
    return position, static


@compiled
def _bits(text: int, start: int, length: int, first: int, width: int) -> int:
    """Up to 42 bits of a payload from bit `first` on: those of eight characters, of which each has six.

    The characters `0` to `W` stand for 0 to 39, and those from the grave accent on for 40 to 63.
    """
    place, skip = first // 6, first % 6
    left = length - place
    if left <= 0:
        return 0
    word = word_at(text, start + place) if left >= 8 else last_word(text, start + place, left) | _ZEROS[left]
    high = (word >> _FIVE) & (word >> _SIX) & _ONES
    six = word - _ZEROS[0] - (high << _THREE)
    twelve = (six & _BYTES) << _SIX | (six >> _EIGHT) & _BYTES
    twice = (twelve & _TWELVES) << _TWELVE | (twelve >> _SIXTEEN) & _TWELVES
    all_bits = (twice & _LOW) << _TWENTY_FOUR | twice >> _HALF
    return int(np.int64(all_bits) >> (48 - skip - width) & (1 << width) - 1)


@compiled
def _read_field(
    block: Bytes, starts: Int64Array, lengths: Int64Array, first: int, width: int, result: Int64Array
) -> None:
    text = block.ctypes.data
    for row in range(len(starts)):
        result[row] = _bits(text, starts[row], lengths[row], first, width)


@compiled
def _read_heads(
    block: Bytes,
    starts: Int64Array,
    lengths: Int64Array,
    fill: Int64Array,
    valid: npt.NDArray[np.bool_],
    kinds: Int64Array,
    mmsis: Int64Array,
    seconds: Int64Array,
    whole: Flags,
) -> None:
    most, text = valid.shape[1] - 1, block.ctypes.data
    for row in range(len(starts)):
        start, length = starts[row], lengths[row]
        kind, mmsi, second = read_head(text, start, length)
        bits = max(0, min(length * 6 - fill[row], most))
        good = valid[kind, bits] and mmsi != 0
        if kind == 24 and good:
            part = _bits(text, start, length, 38, 2)
            good = part == 0 or (part == 1 and bits >= WHOLE_24B)
        kinds[row], mmsis[row], seconds[row], whole[row] = kind, mmsi, second, good


@compiled
def read_head(text: int, start: int, length: int) -> tuple[int, int, int]:
    """Type, MMSI and UTC second of a payload in the block at an address, as in `Heads`."""
    head, second = _bits(text, start, length, 0, 38), NO_SECOND
    kind = head >> 32
    if 1 <= kind <= 3:
        second = _bits(text, start, length, 137, 6)
    elif kind == 18 or kind == 19:
        second = _bits(text, start, length, 133, 6)
    return kind, head & (1 << 30) - 1, second


@compiled
def _decode(
    block: Bytes,
    starts: Int64Array,
    lengths: Int64Array,
    rows: Rows,
    stations: npt.NDArray[np.int32],
    layouts: Rows,
    has_static: Flags,
    positions: Rows,
    statics: Rows,
    texts: npt.NDArray[np.uint8],
) -> None:
    place = said = 0
    text, bytes_of_row = block.ctypes.data, texts.ctypes.data
    for row in range(len(starts)):
        kind, start, length = rows[row].type, starts[row], lengths[row]
        if layouts[kind].lon > 0:
            position = positions[place]
            position.time, position.mmsi, position.type = rows[row].time, rows[row].mmsi, kind
            position.stations = stations[row]
            _position(text, start, length, layouts[kind], position)
            place += 1
        if has_static[kind]:
            static = statics[said]
            static.time, static.mmsi, static.type = rows[row].time, rows[row].mmsi, kind
            static.stations = stations[row]
            _static(text, start, length, kind, static, bytes_of_row)
            bytes_of_row += texts.shape[1]
            said += 1


@compiled
def _position(text: int, start: int, length: int, layout: Any, position: Any) -> None:
    lon = _degrees(text, start, length, layout.lon, layout.lon_width, layout.degree)
    lat = _degrees(text, start, length, layout.lat, layout.lat_width, layout.degree)
    east, north = abs(lon), abs(lat)
    if east > 180.0 or north > 90.0 or (east <= NOWHERE and north <= NOWHERE):  # 181 and 91: not available
        lon = lat = np.nan
    position.lon, position.lat = lon, lat
    position.sog = position.cog = position.heading = np.nan
    if layout.speed:
        speed = _bits(text, start, length, layout.speed, layout.speed_width)
        if speed < layout.fastest:
            position.sog = speed / layout.knot
    if layout.course:
        course = _bits(text, start, length, layout.course, layout.course_width)
        if course < 360 * layout.course_unit:  # 360, in type 27 511: not available
            position.cog = course / layout.course_unit
    if layout.heading:
        heading = _bits(text, start, length, layout.heading, 9)
        if heading < 360:
            position.heading = heading
    position.status = _bits(text, start, length, layout.status, 4) if layout.status else _UNDEFINED_STATUS


@compiled
def _degrees(text: int, start: int, length: int, first: int, width: int, degree: int) -> float:
    """Rounded to six places as pyais does: to the nearest integer of millionths, which is never a tie."""
    value = _bits(text, start, length, first, width)
    value -= value >> width - 1 << width
    return (value * (3_000_000 // degree) + 1) // 3 / 1e6


@compiled
def _static(text: int, start: int, length: int, kind: int, static: Any, row: int) -> None:
    """`static` is a row of zeros, and `row` its address. Part A of type 24 has the name, part B the rest."""
    static.draught = np.nan
    put_byte(row, _ETA + 2, 24)
    put_byte(row, _ETA + 3, 60)
    if kind == 5:
        static.imo = _bits(text, start, length, 40, 30)
        _text(text, start, length, 70, row + _CALLSIGN, 7)
        _text(text, start, length, 112, row + _NAME, 20)
        static.ship_type = _bits(text, start, length, 232, 8)
        _dimensions(text, start, length, 240, static)
        put_byte(row, _ETA, _bits(text, start, length, 274, 4))
        put_byte(row, _ETA + 1, _bits(text, start, length, 278, 5))
        put_byte(row, _ETA + 2, _bits(text, start, length, 283, 5))
        put_byte(row, _ETA + 3, _bits(text, start, length, 288, 6))
        draught = _bits(text, start, length, 294, 8)
        if draught:
            static.draught = draught / 10
        _text(text, start, length, 302, row + _DESTINATION, 20)
    elif kind == 19:
        _text(text, start, length, 143, row + _NAME, 20)
        static.ship_type = _bits(text, start, length, 263, 8)
        _dimensions(text, start, length, 271, static)
    elif _bits(text, start, length, 38, 2) == 0:
        static.part = 1
        _text(text, start, length, 40, row + _NAME, 20)
    else:
        static.part = 2
        static.ship_type = _bits(text, start, length, 40, 8)
        _text(text, start, length, 90, row + _CALLSIGN, 7)
        if static.mmsi // 10_000_000 != _AUXILIARY:  # it names its mother ship in place of dimensions
            _dimensions(text, start, length, 132, static)


@compiled
def _dimensions(text: int, start: int, length: int, first: int, static: Any) -> None:
    static.to_bow = _bits(text, start, length, first, 9)
    static.to_stern = _bits(text, start, length, first + 9, 9)
    static.to_port = _bits(text, start, length, first + 18, 6)
    static.to_starboard = _bits(text, start, length, first + 24, 6)


@compiled
def _text(text: int, start: int, length: int, first: int, to: int, most: int) -> None:
    """Six-bit text up to its first `@`, without the blanks around it, into bytes of zero."""
    size = end = some = 0
    for at in range(most):
        turn = at % 7
        if turn == 0:
            some = _bits(text, start, length, first + 6 * at, 42)
        code = some >> 36 - 6 * turn & 63
        code = code + 64 if code < 32 else code
        if code == _AT:
            break
        if code != _BLANK or size:
            put_byte(to, size, code)
            size += 1
            end = size if code != _BLANK else end
    for at in range(end, size):
        put_byte(to, at, 0)
