"""Payload columns: the message types that nearly all traffic is made of, decoded in columns.

Field layouts after ITU-R M.1371-5; the results equal those of `payload.py` to the last bit, which also reads
the rare types, one message at a time.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.report import POSITION, STATIC, Rows
from streams.decoding.lines.byte_spans import (
    ByteSpans,
    Flags,
    Int64Array,
    Words,
)
from streams.decoding.payload import (
    LENGTHS,
    NOWHERE,
    ONE_SLOT,
    POSITION_TYPES,
    STATIC_TYPES,
    WHOLE_5,
    WHOLE_24A,
    WHOLE_24B,
    decode_payloads,
)

_CHARACTER: Final = 6  # bits that a character of armour stands for
_UNIT: Final = 48  # bits that eight of them do
_NAN: Final = float("nan")

_GATHER: Final = [
    (np.uint64(2), np.uint64(0x0FC00FC00FC00FC0), np.uint64(0x003F003F003F003F)),
    (np.uint64(4), np.uint64(0x00FFF00000FFF000), np.uint64(0x00000FFF00000FFF)),
    (np.uint64(8), np.uint64(0x0000FFFFFF000000), np.uint64(0x0000000000FFFFFF)),
]
"""Three rounds that move values together: two of 6 bits, two of 12, two of 24."""

_BLANK: Final = ord(" ")
_AT: Final = ord("@")

_AUXILIARY: Final = (98_000_0000, 98_999_9999)


class _Layout(NamedTuple):
    """Where a position report has its fields: first bit, and width where that varies. -1: it has none."""

    status: int
    speed: tuple[int, int]
    lon: tuple[int, int]
    lat: tuple[int, int]
    course: tuple[int, int]
    heading: int
    degree: int = 600_000  # units of longitude and latitude in one
    tenths: int = 10  # units of speed and course in one
    fastest: int = 1022  # a speed of this, or more, is none: 102.2 means "or more", and no ship is that fast


_NONE: Final = (-1, 0)
_CLASS_A: Final = _Layout(38, (50, 10), (61, 28), (89, 27), (116, 12), 128)
_LAYOUTS: Final = (
    ((1, 2, 3), _CLASS_A),
    ((18,), _Layout(-1, (46, 10), (57, 28), (85, 27), (112, 12), 124)),
    ((4,), _Layout(-1, _NONE, (79, 28), (107, 27), _NONE, -1)),
    ((27,), _Layout(40, (79, 6), (44, 18), (62, 17), (85, 9), -1, degree=600, tenths=1, fastest=63)),
)
_LAYOUT: Final = np.full(256, len(_LAYOUTS), np.uint8)
for _number, (_types, _) in enumerate(_LAYOUTS):
    _LAYOUT[list(_types)] = _number
_BY_COLUMNS: Final = np.isin(np.arange(256), [1, 2, 3, 4, 5, 18, 24, 27])
_POSITION: Final = np.isin(np.arange(256), list(POSITION_TYPES))
_STATIC: Final = np.isin(np.arange(256), list(STATIC_TYPES))

_MOST_BITS: Final = max(span.stop for spans in LENGTHS.values() for span in spans)
_VALID: Final = np.zeros((64, _MOST_BITS + 1), np.bool_)
for _kind, _spans in LENGTHS.items():
    for _span in _spans:
        _VALID[_kind, _span.start : _span.stop] = True
_VALID[5, :WHOLE_5] = _VALID[24, :WHOLE_24A] = False
_VALID[list(ONE_SLOT), 169:] = False


class Bits:
    """Fields of payloads, one column each. What lies beyond a payload's end is zero."""

    def __init__(self, payloads: ByteSpans) -> None:
        self._payloads = payloads
        self._units: dict[int, Words] = {}

    def unsigned(self, start: int, width: int) -> Int64Array:
        """Up to 48 bits from `start` on."""
        number, offset = divmod(start, _UNIT)
        end = offset + width
        mask = np.uint64((1 << width) - 1)
        if end <= _UNIT:
            return ((self._unit(number) >> np.uint64(_UNIT - end)) & mask).view(np.int64)
        high = self._unit(number) << np.uint64(end - _UNIT)
        return ((high | self._unit(number + 1) >> np.uint64(2 * _UNIT - end)) & mask).view(np.int64)

    def signed(self, start: int, width: int) -> Int64Array:
        value = self.unsigned(start, width)
        return value - ((value >> (width - 1)) << width)

    def text(self, start: int, length: int) -> npt.NDArray[np.bytes_]:
        """Six-bit text up to its first `@`, without the blanks around it."""
        shifts = np.arange(_UNIT - _CHARACTER, -1, -_CHARACTER)
        units = range(start, start + length * _CHARACTER, _UNIT)
        codes = [self.unsigned(first, _UNIT)[:, None] >> shifts & 63 for first in units]
        text = np.concatenate(codes, axis=1)[:, :length].astype(np.uint8)
        text += (text < 32) * np.uint8(64)
        text *= np.logical_and.accumulate(text != _AT, axis=1)
        text *= _until_last((text != _BLANK) & (text != 0))
        result: npt.NDArray[np.bytes_] = np.ascontiguousarray(text).view(f"S{length}")[:, 0]
        for row in np.flatnonzero(text[:, 0] == _BLANK).tolist():
            result[row] = bytes(result[row]).lstrip(b" ")
        return result

    def _unit(self, number: int) -> Words:
        """48 bits from bit 48 × `number` on: eight characters, mapped to values and moved together."""
        known = self._units.get(number)
        if known is not None:
            return known
        value = self._payloads.words(number, beyond=ord("0")) - np.uint64(0x3030303030303030)
        # `0` to `W` are 0 to 39 by now, `` ` `` to `w` 48 to 71: eight too many
        value -= (value + np.uint64(0x5050505050505050)) >> np.uint64(4) & np.uint64(0x0808080808080808)
        for shift, high, low in _GATHER:
            value = value >> shift & high | value & low
        self._units[number] = value
        return value


def fits(kinds: Int64Array, lengths: Int64Array) -> Flags:
    """Whether the length in bits needs no cutting or filling up. Part B of type 24 has more to check."""
    return _VALID[kinds, np.clip(lengths, 0, _MOST_BITS)]


def valid(kinds: Int64Array, lengths: Int64Array, bits: Bits, mmsis: Int64Array) -> Flags:
    """Where `read_content` gives the payload as it is; lengths in bits."""
    good: Flags = fits(kinds, lengths) & (mmsis != 0)
    at = np.flatnonzero(kinds == 24)
    if len(at):
        part = bits.unsigned(38, 2)[at]
        good[at] &= (part == 0) | (part == 1) & (lengths[at] >= WHOLE_24B)
    return good


def decode_columns(
    rows: Rows, payloads: ByteSpans, stations: npt.NDArray[np.int32]
) -> tuple[Rows, Rows, Int64Array]:
    """The same as `decode_payloads`, for payloads as columns."""
    kinds = rows["type"]
    positions, statics = np.flatnonzero(_POSITION[kinds]), np.flatnonzero(_STATIC[kinds])
    position, static = np.empty(len(positions), POSITION), np.empty(len(statics), STATIC)
    for array, index in ((position, positions), (static, statics)):
        for name in ("time", "mmsi", "type"):
            array[name] = rows[name][index]
        array["stations"] = stations[index]
    layouts = _LAYOUT[kinds[positions]]
    for number, (_, layout) in enumerate(_LAYOUTS):
        at = np.flatnonzero(layouts == number)
        if len(at):
            _positions(position, at, Bits(payloads.take(positions[at])), layout)
    for kind, fill in ((5, _type_5), (24, _type_24)):
        at = np.flatnonzero(kinds[statics] == kind)
        if len(at):
            static[at] = fill(static[at], Bits(payloads.take(statics[at])))
    rare = np.flatnonzero(~_BY_COLUMNS[kinds] & (_POSITION[kinds] | _STATIC[kinds]))
    if not len(rare):
        return position, static, rare
    return _with_rare(rows, payloads, stations, rare, (position, positions), (static, statics))


def _with_rare(
    rows: Rows,
    payloads: ByteSpans,
    stations: npt.NDArray[np.int32],
    rare: Int64Array,
    position: tuple[Rows, Int64Array],
    static: tuple[Rows, Int64Array],
) -> tuple[Rows, Rows, Int64Array]:
    """Fill in what pyais reads, and take out what it cannot."""
    *parts, failed = decode_payloads(rows[rare], payloads.take(rare).pieces(), stations[rare])
    bad = rare[failed]
    done = []
    for (array, index), some in zip((position, static), parts, strict=True):
        good = ~np.isin(index, bad)
        array, index = array[good], index[good]
        array[np.isin(index, rare)] = some
        done.append(array)
    return done[0], done[1], bad


def _positions(rows: Rows, at: Int64Array, bits: Bits, layout: _Layout) -> None:
    lon, lat = _degrees(bits.signed(*layout.lon), layout), _degrees(bits.signed(*layout.lat), layout)
    east, north = abs(lon), abs(lat)
    nowhere = (east > 180.0) | (north > 90.0)  # 181 and 91: not available
    nowhere |= (east <= NOWHERE) & (north <= NOWHERE)
    if nowhere.any():
        lon[nowhere] = lat[nowhere] = _NAN
    rows["lon"][at], rows["lat"][at] = lon, lat
    rows["status"][at] = bits.unsigned(layout.status, 4) if layout.status >= 0 else 15
    for name, field, limit in (
        ("sog", layout.speed, layout.fastest),
        ("cog", layout.course, 360 * layout.tenths),  # 360, in type 27 511: not available
    ):
        rows[name][at] = _below(bits.unsigned(*field), limit) / layout.tenths if field[1] else _NAN
    rows["heading"][at] = _below(bits.unsigned(layout.heading, 9), 360) if layout.heading >= 0 else _NAN


def _degrees(value: Int64Array, layout: _Layout) -> npt.NDArray[np.float64]:
    """Rounded to six places as pyais does: to the nearest integer of millionths, which is never a tie."""
    return (value * (3_000_000 // layout.degree) + 1) // 3 / 1e6


def _below(value: Int64Array, limit: int) -> npt.NDArray[np.float64]:
    result = value.astype(np.float64)
    result[value >= limit] = _NAN
    return result


def _type_5(rows: Rows, bits: Bits) -> Rows:
    rows["part"] = 0
    rows["imo"] = bits.unsigned(40, 30)
    rows["callsign"], rows["name"] = bits.text(70, 7), bits.text(112, 20)
    rows["ship_type"] = bits.unsigned(232, 8)
    _dimensions(rows, bits, 240)
    for number, (start, width) in enumerate(((274, 4), (278, 5), (283, 5), (288, 6))):
        rows["eta"][:, number] = bits.unsigned(start, width)
    draught = bits.unsigned(294, 8)
    rows["draught"] = np.where(draught == 0, _NAN, draught / 10)
    rows["destination"] = bits.text(302, 20)
    return rows


def _type_24(rows: Rows, bits: Bits) -> Rows:
    """Part A has the name, part B the rest; an auxiliary craft's names its mother ship for dimensions."""
    second = bits.unsigned(38, 2) == 1
    rows["part"] = second + np.uint8(1)
    rows["imo"], rows["draught"], rows["eta"], rows["destination"] = 0, _NAN, (0, 0, 24, 60), b""
    rows["name"] = np.where(second, b"", bits.text(40, 20))
    rows["callsign"] = np.where(second, bits.text(90, 7), b"")
    rows["ship_type"] = bits.unsigned(40, 8) * second
    _dimensions(rows, bits, 132)
    first, last = _AUXILIARY
    sized = second & ~((rows["mmsi"] >= first) & (rows["mmsi"] <= last))
    for name in ("to_bow", "to_stern", "to_port", "to_starboard"):
        rows[name] *= sized
    return rows


def _dimensions(rows: Rows, bits: Bits, start: int) -> None:
    rows["to_bow"], rows["to_stern"] = bits.unsigned(start, 9), bits.unsigned(start + 9, 9)
    rows["to_port"], rows["to_starboard"] = bits.unsigned(start + 18, 6), bits.unsigned(start + 24, 6)


def _until_last(good: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """True up to the last good one of each row."""
    return np.logical_or.accumulate(good[:, ::-1], axis=1)[:, ::-1]
