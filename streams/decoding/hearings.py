"""Hearings: transmissions that two stations of a source heard, and by how much the times they tell differ.

The evidence is a function of the lines so far, in the order of arrival and by the times that the stations
themselves tell. It does not depend on what becomes of a line: a line that is late tells about a clock, too.

A busy source is sampled: of its transmissions only those count whose hash begins with a number of zero bits.
There are as many zeros as it takes for the transmissions of the last 20 minutes to fit into the table; older
ones stay where there is room.
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from models.report import Rows
from streams.decoding.lines.byte_spans import Bytes, ByteSpans, Int64Array, Words
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.lines.words import byte_at, last_word, swapped, word_at
from streams.decoding.payload_columns import NO_SECOND
from streams.runtime.compiled import compiled

MOST_APART: Final = 14 * 3_600_000
"""Hearings that are further apart (milliseconds) are of two transmissions that are alike. A clock that is set
to local time instead of UTC is off by up to 14 hours."""
KEPT: Final = 20 * 60_000
"""So long (milliseconds) a hearing is kept for sure; beyond it as long as there is room."""
_MOST: Final = 1 << 14  # transmissions in the table
_AT_ONCE: Final = 2_000  # one station that tells a transmission twice within this was fed twice
_SAMPLED: Final = 16  # bytes 16 to 23 of a position: from the latitude to the UTC second
_ROOM: Final = 4 * _MOST
_HEARING: Final = np.dtype(
    [
        ("number", "u8"),
        ("told", "i8"),
        ("station", "i4"),
        ("live", "?"),  # whether it counts still
    ],
    align=True,
)
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_BELOW: Final = np.uint64(20)
_TOP: Final = np.uint64((1 << 64) - (1 << 44))
_STRUCK: Final = -1  # in place of the station: it may be two transmissions that are alike


class Commons(NamedTuple):
    """Transmissions that two stations heard, in order."""

    row: Int64Array
    """Index of the second hearing among those that were taken in."""
    first: Int64Array
    """The station that heard it first."""
    difference: Int64Array
    """Time that the second told less that of the first, in milliseconds."""


class _State(msgspec.Struct, array_like=True):
    zeros: int
    hashes: bytes
    told: bytes
    stations: bytes


class Hearings:
    """The first hearing of each transmission of late."""

    def __init__(self) -> None:
        self._zeros = 0
        self._log, self._slots = _empty_log()
        self._begin = self._end = 0  # rows of the log in use, in order of arrival

    def sample(
        self, payloads: ByteSpans, stations: Int64Array, told: Int64Array, seconds: Int64Array, begin: int
    ) -> tuple[Int64Array, Words]:
        """Which messages from `begin` on count by now, and a number for each that tells it from others.

        They need a station, a time, and a UTC second.
        """
        index, numbers = np.empty(payloads.size, np.int64), np.empty(payloads.size, np.uint64)
        count = _sample(*payloads, stations, told, seconds, begin, self._zeros, index, numbers)
        return index[:count], numbers[:count]

    def hear(self, transmissions: Words, stations: Int64Array, told: Int64Array) -> Commons:
        """Take in the next hearings of sampled transmissions; returns which were heard before by others.

        A transmission that one station tells twice is no evidence from then on: it may be two alike.
        """
        size, at, count = len(told), 0, 0
        commons = Commons(*np.empty((3, size), np.int64))
        while at < size:
            at, count, self._begin, self._end, live = _hear(
                transmissions, stations, told, at, self._zeros,
                self._log, self._begin, self._end, self._slots, commons, count,
            )  # fmt: skip
            if live > _MOST:  # there is no room: from now on half of the transmissions count
                self._zeros += 1
            if at < size or live > _MOST:
                self._rebuild()
        return Commons(*(column[:count] for column in commons))

    def dump(self) -> bytes:
        rows = self._rows()
        hashes, told, stations = (rows[name].copy() for name in ("number", "told", "station"))
        return msgspec.msgpack.encode(
            _State(self._zeros, hashes.tobytes(), told.tobytes(), stations.astype(np.int32).tobytes())
        )

    def load(self, data: bytes) -> None:
        """Raises msgspec.DecodeError."""
        state = msgspec.msgpack.decode(data, type=_State)
        hashes = np.frombuffer(state.hashes, np.uint64)
        rows = np.ones(len(hashes), _HEARING)
        rows["number"], rows["told"] = hashes, np.frombuffer(state.told, np.int64)
        rows["station"] = np.frombuffer(state.stations, np.int32)
        self._zeros = state.zeros
        self._fill(rows)

    def _rows(self) -> Rows:
        rows = self._log[self._begin : self._end]
        return rows.compress(rows["live"])

    def _rebuild(self) -> None:
        """Put away what does not count any more."""
        rows = self._rows()
        self._fill(rows[rows["number"] >> np.uint64(64 - self._zeros) == 0] if self._zeros else rows)

    def _fill(self, rows: Rows) -> None:
        self._log, self._slots = _empty_log()
        self._begin, self._end = 0, len(rows)
        self._log[: len(rows)] = rows
        _enter(self._log, self._end, self._slots)


def _empty_log() -> tuple[Rows, npt.NDArray[np.int32]]:
    """Room for hearings, and slots with the row of one, plus 1."""
    return np.zeros(_ROOM, _HEARING), np.zeros(2 * _ROOM, np.int32)


@compiled
def _sample(
    block: Bytes,
    starts: Int64Array,
    lengths: Int64Array,
    stations: Int64Array,
    told: Int64Array,
    seconds: Int64Array,
    begin: int,
    zeros: int,
    index: Int64Array,
    numbers: Words,
) -> int:
    """A message counts by a hash of one word. Its number is one of the whole that begins with that."""
    count, text = 0, block.ctypes.data
    for row in range(begin, len(starts)):
        if stations[row] <= 0 or told[row] == UNTOLD or seconds[row] >= NO_SECOND:
            continue
        start, end = starts[row], starts[row] + lengths[row]
        word, at = np.uint64(0), start + _SAMPLED
        if at + 8 <= end:
            word = swapped(word_at(text, at))
        elif at < end:
            word = swapped(last_word(text, at, end - at))
        top = word * _FACTOR
        if zeros and top >> np.uint64(64 - zeros):
            continue
        whole = np.uint64(lengths[row])
        for at in range(start, end):
            whole = (whole ^ np.uint64(byte_at(text, at))) * _FACTOR
            whole ^= whole >> np.uint64(32)
        index[count], numbers[count] = row, top & _TOP | whole >> _BELOW
        count += 1
    return count


@compiled
def _slot_of(number: np.uint64, log: Rows, slots: npt.NDArray[np.int32]) -> int:
    """The slot of a hearing with this number that counts, or an empty one; there is always one."""
    mask = len(slots) - 1
    slot = np.int64(number & np.uint64(mask))
    while slots[slot] > 0:
        row = log[slots[slot] - 1]
        if row.live and row.number == number:
            break
        slot = slot + 1 & mask
    return int(slot)


@compiled
def _enter(log: Rows, end: int, slots: npt.NDArray[np.int32]) -> None:
    for row in range(end):
        slots[_slot_of(log[row].number, log, slots)] = row + 1


@compiled
def _hear(
    transmissions: Words,
    stations: Int64Array,
    told: Int64Array,
    at: int,
    zeros: int,
    log: Rows,
    begin: int,
    end: int,
    slots: npt.NDArray[np.int32],
    commons: Commons,
    count: int,
) -> tuple[int, int, int, int, int]:
    """Go on from hearing `at` until all are taken in, or the log has to be made anew.

    Returns the next hearing, the number of commons, the rows of the log in use, and how many of them count.
    """
    live = 0
    for row in range(begin, end):
        live += log[row].live
    while at < len(told) and end < len(log) and live <= _MOST:
        number, station, time = transmissions[at], stations[at], told[at]
        at += 1
        if zeros and number >> np.uint64(64 - zeros):
            continue
        slot = _slot_of(number, log, slots)
        if slots[slot] > 0:
            known = log[slots[slot] - 1]
            if abs(time - known.told) <= MOST_APART:
                if known.station not in (_STRUCK, station):
                    commons.row[count], commons.first[count] = at - 1, known.station
                    commons.difference[count] = time - known.told
                    count += 1
                elif known.station == station and abs(time - known.told) > _AT_ONCE:
                    known.station = _STRUCK
                continue
            known.live = False
            live -= 1
        log[end].number, log[end].told, log[end].station, log[end].live = number, time, station, True
        end += 1
        live += 1
        slots[slot] = end
        while not log[begin].live:
            begin += 1
        if live > _MOST and abs(time - log[begin].told) > KEPT:
            log[begin].live = False
            live -= 1
    return at, count, begin, end, live
