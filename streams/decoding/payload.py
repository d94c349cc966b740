"""Payload: one six-bit armoured AIS message: whether its length fits, and its fields as pyais reads them.

Field layouts after ITU-R M.1371-5. `payload_columns.py` reads the frequent types in columns; its results are
those of this module.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.report import POSITION, STATIC, Rows
from streams.decoding.lines.outcome import Outcome

_NAN: Final = float("nan")

POSITION_TYPES: Final = frozenset({1, 2, 3, 4, 9, 18, 19, 27})
STATIC_TYPES: Final = frozenset({5, 19, 24})
_SHIP_TYPE: Final = {5: 232, 19: 263}  # first bit of the type of ship

LENGTHS: Final[dict[int, tuple[range, ...]]] = {
    1: (range(168, 1065),),
    2: (range(168, 1065),),
    3: (range(168, 1065),),
    4: (range(168, 1065),),
    5: (range(420, 427),),  # 424; encoders pad to the character or cut the spare bits and more
    6: (range(88, 1009),),
    7: (range(72, 169),),
    8: (range(56, 1009),),
    9: (range(168, 1065),),
    10: (range(72, 73),),
    11: (range(168, 1065),),
    12: (range(72, 1009),),
    13: (range(72, 169),),
    14: (range(40, 1009),),
    15: (range(88, 163),),  # 88, 110, 112, 160: padded differently
    16: (range(92, 97), range(144, 145)),
    17: (range(80, 817),),
    18: (range(168, 1065),),
    19: (range(312, 313),),
    20: (range(70, 163),),  # 72, 104, 136, 160
    21: (range(268, 369),),  # 272 and more; some leave out the spare bits
    22: (range(168, 169),),
    23: (range(160, 163),),
    24: (range(158, 169),),  # A is 160, B is 168; many pad A or cut it within the last letter
    25: (range(40, 169),),
    26: (range(60, 1065),),
    27: (range(96, 97), range(168, 169)),  # 168 by encoders that fill the slot
}
"""Payload lengths in bits that a type may have (ITU-R M.1371-5 annex 8), with what encoders really send.

Receivers append bits to messages of one slot. Of these types the first 168 bits count.
"""
ONE_SLOT: Final = frozenset({1, 2, 3, 4, 9, 11, 18})
_SLOT_BITS: Final = 168
_LEAST_24B: Final = 162  # up to the end of the dimensions
WHOLE_5: Final = 424
WHOLE_24A: Final = 160
WHOLE_24B: Final = 168
"""Bits up to which a message whose end was cut off is filled up with zeros."""

_VALID: Final = frozenset((kind, bits) for kind, spans in LENGTHS.items() for span in spans for bits in span)

NOWHERE: Final = 0.01
"""Degrees around latitude 0, longitude 0 that are no position: what a receiver without a fix reports."""

_LETTERS: Final = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
_VALUES: Final = tuple(max(_LETTERS.find(code), 0) for code in range(256))
"""Value of each character of six-bit armour (IEC 61162-1)."""


class Content(NamedTuple):
    """A message whose length fits its type, cut or filled up to the length that its fields need."""

    kind: int
    payload: bytes
    fill: int


def read_content(payload: bytes, fill: int) -> Content | Outcome:
    """The message in a payload of six-bit armour, or why it is none."""
    if not payload:
        return Outcome.BAD_PAYLOAD
    kind = _VALUES[payload[0]]
    bits = len(payload) * 6 - fill
    if (kind, bits) not in _VALID:
        return Outcome.BAD_LENGTH if kind in LENGTHS else Outcome.UNKNOWN_TYPE
    whole = WHOLE_5 if kind == 5 else 0
    if kind == 24:
        part = _VALUES[payload[6]] >> 2 & 3
        if part > 1:
            return Outcome.UNDECODABLE
        if part == 1 and bits < _LEAST_24B:
            return Outcome.BAD_LENGTH
        whole = WHOLE_24B if part else WHOLE_24A
    if mmsi_of(payload) == 0:
        return Outcome.NO_MMSI
    if kind in ONE_SLOT and bits > _SLOT_BITS:
        return Content(kind, payload[: _SLOT_BITS // 6], 0)
    if bits < whole:
        return Content(kind, _filled_up(payload, bits, whole), -whole % 6)
    return Content(kind, payload, fill)


def mmsi_of(payload: bytes) -> int:
    """Bits 8 to 37. Every payload of a valid length has at least seven characters."""
    value = 0
    for code in payload[:7]:
        value = value << 6 | _VALUES[code]
    return value >> 4 & 0x3FFFFFFF


def _filled_up(payload: bytes, bits: int, whole: int) -> bytes:
    """A payload with zeros after its last bit, in armour of `whole` bits."""
    full, rest = divmod(bits, 6)
    head = payload[:full]
    if rest:
        head += bytes([_LETTERS[_VALUES[payload[full]] >> 6 - rest << 6 - rest]])
    return head.ljust(-(-whole // 6), b"0")


def decode_payloads(
    rows: Rows, payloads: list[bytes], stations: npt.NDArray[np.int32]
) -> tuple[Rows, Rows, list[int]]:
    """Decode messages in order: rows of `POSITION`, rows of `STATIC`, indices of those pyais could not read.

    `rows` needs columns `time`, `type` and `fill`; `stations` goes into the column of that name. Types that
    carry neither a position nor static data make no row. Type 19 makes one of each.
    """
    from pyais.bit_vector import bit_vector  # imported late: the columns do without it
    from pyais.messages import MSG_CLASS

    positions: list[tuple[Any, ...]] = []
    statics: list[tuple[Any, ...]] = []
    failed: list[int] = []
    columns = (rows["time"].tolist(), rows["type"].tolist(), rows["fill"].tolist(), stations.tolist())
    for index, (payload, time, kind, fill, station) in enumerate(zip(payloads, *columns, strict=True)):
        if kind not in POSITION_TYPES and kind not in STATIC_TYPES:
            continue
        try:
            vector = bit_vector(payload, fill)
            message: Any = MSG_CLASS[kind].from_vector(vector)
            if kind in POSITION_TYPES:
                positions.append(_position(message, time, kind, station))
            if kind in STATIC_TYPES:
                code = vector.get_num(_SHIP_TYPE[kind], 8) if kind in _SHIP_TYPE else 0
                statics.append(_static(message, time, kind, station, code))
        except Exception:  # whatever bits a stranger sends must not stop the stream
            failed.append(index)
    return np.array(positions, POSITION), np.array(statics, STATIC), failed


def _position(message: Any, time: int, kind: int, station: int) -> tuple[Any, ...]:
    lon, lat = message.lon, message.lat
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0) or (
        abs(lon) <= NOWHERE and abs(lat) <= NOWHERE
    ):  # 181 and 91: not available
        lon = lat = _NAN
    mmsi = int(message.mmsi)
    if kind == 4:
        return (time, mmsi, kind, lon, lat, _NAN, _NAN, _NAN, 15, station)
    speed = message.speed
    if kind == 9:
        speed = speed if speed < 1022 else _NAN  # 1023: not available, 1022: or more
    elif kind == 27:
        speed = speed if speed < 63 else _NAN
    else:
        speed = speed if speed < 102.15 else _NAN  # 102.3: not available; 102.2, or more: no ship's
    course = message.course
    course = course if course < 360 else _NAN  # 360, in type 27 511: not available
    heading = _NAN
    if kind not in (9, 27) and message.heading < 360:  # 511: not available
        heading = message.heading
    status = int(message.status) if kind in (1, 2, 3, 27) else 15
    return (time, mmsi, kind, lon, lat, speed, course, heading, status, station)


def _static(message: Any, time: int, kind: int, station: int, ship_type: int) -> tuple[Any, ...]:
    """`ship_type` is the number that was sent: pyais has only a general name for those that are reserved."""
    part = 0
    imo, draught, eta = 0, _NAN, (0, 0, 24, 60)
    name = callsign = destination = b""
    dimensions = (0, 0, 0, 0)
    if kind == 24:
        part = int(message.partno) + 1
    if part != 2:
        name = _bytes(message.shipname)
    if part != 1:
        ship_type = ship_type if kind in _SHIP_TYPE else int(message.ship_type or 0)
        if hasattr(message, "to_bow"):  # an auxiliary craft's part B names its mother ship there
            dimensions = (message.to_bow, message.to_stern, message.to_port, message.to_starboard)
    if part == 2:
        callsign = _bytes(message.callsign)
    if kind == 5:
        imo, callsign, destination = message.imo, _bytes(message.callsign), _bytes(message.destination)
        draught = message.draught or _NAN  # 0: not available
        eta = (message.month, message.day, message.hour, message.minute)
    return (
        time, int(message.mmsi), kind, part, imo, ship_type, *dimensions, draught, eta, name, callsign,
        destination, station,
    )  # fmt: skip


def _bytes(text: str | None) -> bytes:
    """Six-bit text up to its first `@`, which ends it."""
    return (text or "").partition("@")[0].strip().encode("ascii")
