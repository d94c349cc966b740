"""Payloads: six-bit armoured AIS messages into rows of positions and static data.

Field layouts after ITU-R M.1371-5, read by pyais. This is the one place that knows how a payload is decoded.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyais.bit_vector import bit_vector
from pyais.messages import MSG_CLASS

from models.report import POSITION, STATIC, Rows
from streams.decoding.outcome import Outcome

_NAN: Final = float("nan")

POSITION_TYPES: Final = frozenset({1, 2, 3, 4, 9, 18, 19, 27})
STATIC_TYPES: Final = frozenset({5, 19, 24})

LENGTHS: Final[dict[int, tuple[range, ...]]] = {
    1: (range(168, 169),),
    2: (range(168, 169),),
    3: (range(168, 169),),
    4: (range(168, 169),),
    5: (range(422, 427),),  # 424; encoders pad to the character or cut the spare bits
    6: (range(88, 1009),),
    7: (range(72, 169),),
    8: (range(56, 1009),),
    9: (range(168, 169),),
    10: (range(72, 73),),
    11: (range(168, 169),),
    12: (range(72, 1009),),
    13: (range(72, 169),),
    14: (range(40, 1009),),
    15: (range(88, 163),),  # 88, 110, 112, 160: padded differently
    16: (range(92, 97), range(144, 145)),
    17: (range(80, 817),),
    18: (range(168, 169),),
    19: (range(312, 313),),
    20: (range(70, 163),),  # 72, 104, 136, 160
    21: (range(272, 369),),
    22: (range(168, 169),),
    23: (range(160, 163),),
    24: (range(160, 169),),  # A is 160, B is 168; many pad A
    25: (range(40, 169),),
    26: (range(60, 1065),),
    27: (range(96, 97), range(168, 169)),  # 168 by encoders that fill the slot
}
"""Payload lengths in bits that a type may have (ITU-R M.1371-5 annex 8), with what encoders really send."""

_VALID: Final = frozenset((kind, bits) for kind, spans in LENGTHS.items() for span in spans for bits in span)

ARMOUR: Final = np.zeros(256, np.uint8)
ARMOUR[np.frombuffer(b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", np.uint8)] = (
    np.arange(64)
)
"""Value of each character of six-bit armour (IEC 61162-1)."""
_VALUES: Final[list[int]] = ARMOUR.tolist()


def content_outcome(payload: bytes, fill: int) -> tuple[int, Outcome | None]:
    """Message type, and why the message is no good, or None. `payload` is not empty."""
    kind = _VALUES[payload[0]]
    bits = len(payload) * 6 - fill
    if (kind, bits) not in _VALID:
        return kind, Outcome.BAD_LENGTH if kind in LENGTHS else Outcome.UNKNOWN_TYPE
    if kind == 24:
        part = _VALUES[payload[6]] >> 2 & 3
        if part > 1:
            return kind, Outcome.UNDECODABLE
        if part == 1 and bits < 168:
            return kind, Outcome.BAD_LENGTH
    return kind, None


def mmsis(payloads: list[bytes]) -> npt.NDArray[np.uint32]:
    """Bits 8 to 37 of each payload. Every valid payload has at least seven characters."""
    heads = np.frombuffer(b"".join(payload[:7] for payload in payloads), np.uint8).reshape(-1, 7)
    parts = ARMOUR[heads].astype(np.uint32)
    shifts = np.array([26, 20, 14, 8, 2], np.uint32)
    high = ((parts[:, 1:6] & np.array([15, 63, 63, 63, 63], np.uint32)) << shifts).sum(
        axis=1, dtype=np.uint32
    )
    return np.asarray(high | parts[:, 6] >> 4, np.uint32)


def decode_payloads(
    rows: Rows, payloads: list[bytes], stations: npt.NDArray[np.int32]
) -> tuple[Rows, Rows, list[int]]:
    """Decode messages in order: rows of `POSITION`, rows of `STATIC`, indices of those pyais could not read.

    `rows` needs columns `time`, `type` and `fill`; `stations` goes into the column of that name. Types that
    carry neither a position nor static data make no row. Type 19 makes one of each.
    """
    positions: list[tuple[Any, ...]] = []
    statics: list[tuple[Any, ...]] = []
    failed: list[int] = []
    columns = (rows["time"].tolist(), rows["type"].tolist(), rows["fill"].tolist(), stations.tolist())
    for index, (payload, time, kind, fill, station) in enumerate(zip(payloads, *columns, strict=True)):
        if kind not in POSITION_TYPES and kind not in STATIC_TYPES:
            continue
        try:
            message: Any = MSG_CLASS[kind].from_vector(bit_vector(payload, fill))
            if kind in POSITION_TYPES:
                positions.append(_position(message, time, kind, station))
            if kind in STATIC_TYPES:
                statics.append(_static(message, time, kind, station))
        except Exception:  # whatever a stranger's bits provoke must not stop the stream
            failed.append(index)
    return np.array(positions, POSITION), np.array(statics, STATIC), failed


def _position(message: Any, time: int, kind: int, station: int) -> tuple[Any, ...]:
    lon, lat = message.lon, message.lat
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):  # 181 and 91: not available
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


def _static(message: Any, time: int, kind: int, station: int) -> tuple[Any, ...]:
    part = 0
    imo, ship_type, draught, eta = 0, 0, _NAN, (0, 0, 24, 60)
    name = callsign = destination = b""
    dimensions = (0, 0, 0, 0)
    if kind == 24:
        part = int(message.partno) + 1
    if part != 2:
        name = _bytes(message.shipname)
    if part != 1:
        ship_type = int(message.ship_type or 0)
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
    return (text or "").encode("ascii")
