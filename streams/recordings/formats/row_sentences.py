"""Row sentences: the lines of many positions at once, each with a tag block that tells its time."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from streams.decoding.lines.sentence import checksum
from streams.recordings.formats.batch import Ints

_EARLIEST, _LATEST = 10**12, 10**13  # milliseconds of 13 digits: from 2001 to 2286
_HEX: Final = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_SENTENCE: Final = b"!AIVDM,1,1,,,"


def can_be_told(times: Ints) -> npt.NDArray[np.bool_]:
    """Which times a tag block can tell: from 2001 to 2286."""
    told: npt.NDArray[np.bool_] = (times >= _EARLIEST) & (times < _LATEST)
    return told


def position_lines(
    times: Ints, payload: npt.NDArray[np.uint8], fill: int, stations: Sequence[str]
) -> list[bytes]:
    r"""`\c:1700000000000*5A\!AIVDM,1,1,,,PAYLOAD,0*24` for each row; without a tag block where no time is."""
    rows = len(times)
    told = can_be_told(times)
    digits = np.empty((rows, 13), np.uint8)
    left = np.where(told, times, 0)
    for place in range(12, -1, -1):
        digits[:, place] = left % 10 + 48
        left //= 10
    end = b",%d*" % fill
    body = np.bitwise_xor.reduce(payload, axis=1) ^ np.uint8(checksum(_SENTENCE[1:] + end[:-1]))
    tag = np.bitwise_xor.reduce(digits, axis=1) ^ np.uint8(checksum(b"c:"))
    pieces = [
        b"\\c:", digits, b"*", _hex(tag), b"\\" + _SENTENCE, payload, end, _hex(body),
    ]  # fmt: skip
    whole = np.concatenate(
        [
            np.broadcast_to(np.frombuffer(p, np.uint8), (rows, len(p))) if isinstance(p, bytes) else p
            for p in pieces
        ],
        axis=1,
    )
    width, data = whole.shape[1], whole.tobytes()
    lines = [data[at : at + width] for at in range(0, rows * width, width)]
    for row in np.flatnonzero(~told).tolist():
        lines[row] = lines[row][lines[row].index(b"!") :]
    for row, station in enumerate(stations):
        if station.strip():
            lines[row] = _with_station(lines[row], station)
    return lines


def _hex(column: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.stack([_HEX[column >> 4], _HEX[column & 15]], axis=1)


def _with_station(line: bytes, station: str) -> bytes:
    name = "".join(letter for letter in station if letter.isalnum() or letter in "-._").encode(
        "ascii", "ignore"
    )
    place = line.index(b"!")
    time = line[1:place].partition(b"*")[0]
    body = b"s:" + name[:32] + (b"," + time if time else b"")
    return b"\\%s*%02X\\%s" % (body, checksum(body), line[place:])
