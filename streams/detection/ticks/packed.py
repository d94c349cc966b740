"""Packed: the ticks of one instant in few bytes, from which they are read again bit by bit.

They are kept as differences from those of the same vessels at another instant, not long before. A vessel
that lies still is the same at both. Of one under way the last five or six of the eight bytes of a coordinate
differ. So the first bytes of all rows follow each other, then the second ones, and so on, and these are
compressed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import zstandard

from models.report import Rows, joined
from models.tick import TICK, no_ticks
from models.time import Millis
from streams.runtime.compiled import compiled

SEGMENTS: Final = 65_536
"""More than there are segment numbers: MMSI and segment in one integer."""
PART: Final = 2000
"""Ticks in a part, about. To unpack one takes a tenth of a millisecond."""
Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_VALUES: Final = TICK.fields["lon"][1] if TICK.fields else 0
"""Where in a row its values begin; time, MMSI and segment go before them."""
_LEVEL: Final = 1
"""Of zstandard. Higher ones take longer and save next to nothing: the last bytes of positions are noise."""
_HEAD: Final = np.dtype([("rows", "u4"), ("others", "u4")])
_packer: Final = zstandard.ZstdCompressor(level=_LEVEL)
_unpacker: Final = zstandard.ZstdDecompressor()


def tracks(rows: Rows) -> Numbers:
    """MMSI and segment of each row in one number."""
    numbers: Numbers = rows["mmsi"].astype(np.int64) * SEGMENTS + rows["segment"]
    return numbers


def rows_of(wanted: Numbers, there: Numbers) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """The rows of these tracks among those `there`, ascending, and which are; the other rows are any."""
    if not len(there):
        return np.zeros(wanted.shape, np.intp), np.zeros(wanted.shape, bool)
    at = np.minimum(there.searchsorted(wanted), len(there) - 1)
    return at, there[at] == wanted


@compiled
def places_of(there: Numbers, wanted: Numbers) -> Numbers:
    """Where the wanted tracks, or other numbers, stand among those there, maybe more than once; both are
    ascending."""
    found = np.empty(len(there), np.int64)
    count = k = 0
    for number in wanted:
        k += np.searchsorted(there[k:], number)
        while k < len(there) and there[k] == number:
            found[count] = k
            count += 1
            k += 1
    return found[:count].copy()


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """The ticks of an instant, sorted by track, in parts. Each can be read without the others."""

    time: Millis
    base: "Packed | None"
    """An instant to which the differences are, part by part."""
    firsts: Numbers
    """The least track of each part; of the first it is 0."""
    parts: tuple[bytes, ...]
    count: int

    @classmethod
    def of(
        cls,
        rows: Rows,
        base: "Packed | None" = None,
        part_of: "Callable[[Packed, int], Rows] | None" = None,
    ) -> "Packed":
        """Pack the ticks of an instant, at least one, sorted by track. `part_of` may know parts of the base
        without unpacking them."""
        part_of = part_of or cls.part
        track = tracks(rows)
        firsts = track[::PART].copy() if base is None else base.firsts
        firsts[:1] = 0
        ends = [*track.searchsorted(firsts[1:]).tolist(), len(rows)]
        parts, begin = list[bytes](), 0
        for part, end in enumerate(ends):
            before = no_ticks() if base is None else part_of(base, part)
            parts.append(packed(rows[begin:end], before))
            begin = end
        return cls(int(rows["time"][0]), base, firsts, tuple(parts), len(rows))

    def part(self, number: int) -> Rows:
        before = no_ticks() if self.base is None else self.base.part(number)
        return unpacked(self.parts[number], self.time, before)

    def rows(self) -> Rows:
        """All of them."""
        return joined([self.part(number) for number in range(len(self.parts))], TICK)


def packed(rows: Rows, before: Rows) -> bytes:
    """Ticks of one time as bytes, as differences from others `before`; both are sorted by track."""
    stays, others, values = _differences(tracks(rows), _bytes(rows), tracks(before), _bytes(before), _VALUES)
    head = np.array([(len(rows), len(others))], _HEAD)
    pieces = head, np.packbits(stays), np.diff(others, prepend=0), values
    small = _packer.compress(np.concatenate([piece.reshape(-1).view(np.uint8) for piece in pieces]).data)
    return bytes(memoryview(small))  # a copy: the original holds on to the room for all that it packed


def unpacked(data: bytes, time: Millis, before: Rows) -> Rows:
    """The ticks that were packed, from the same ticks before."""
    plain = np.frombuffer(_unpacker.decompress(data), np.uint8)
    count, new = plain[: _HEAD.itemsize].view(_HEAD)[0].tolist()
    at = _HEAD.itemsize + -(-len(before) // 8)
    stays = np.unpackbits(plain[_HEAD.itemsize : at], count=len(before))
    others = np.frombuffer(plain[at : at + 8 * new].tobytes(), np.int64)
    values = plain[at + 8 * new :].reshape(TICK.itemsize - _VALUES, count)
    rows = np.empty(count, TICK)
    track = _put_together(_bytes(rows), stays, np.cumsum(others), values, tracks(before), _bytes(before))
    rows["time"], rows["mmsi"], rows["segment"] = time, track // SEGMENTS, track % SEGMENTS
    return rows


def _bytes(rows: Rows) -> Bytes:
    """The bytes of each row."""
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), TICK.itemsize)


@compiled
def _differences(
    track: Numbers, rows: Bytes, known: Numbers, before: Bytes, first: int
) -> tuple[Bytes, Numbers, Bytes]:
    """Which of the rows before have a row of the same track now; the tracks of the other rows now; and of
    each byte from the `first` on, a line: in which bits each row differs from the one before, or from 0."""
    stays = np.zeros(len(known), np.uint8)
    others = np.empty(len(track), np.int64)
    at = np.empty(len(track), np.int64)
    k = new = 0
    for i in range(len(track)):
        while k < len(known) and known[k] < track[i]:
            k += 1
        if k < len(known) and known[k] == track[i]:
            stays[k] = 1
            at[i] = k
            k += 1
        else:
            at[i] = len(known)
            others[new] = track[i]
            new += 1
    values = np.empty((rows.shape[1] - first, len(track)), np.uint8)
    for byte in range(len(values)):
        line, now, then = values[byte], rows[:, first + byte], _or_nothing(before, first + byte)
        for i in range(len(line)):
            line[i] = now[i] ^ then[at[i]]
    return stays, others[:new].copy(), values


@compiled
def _put_together(
    rows: Bytes, stays: Bytes, others: Numbers, values: Bytes, known: Numbers, before: Bytes
) -> Numbers:
    """Fill in the values of all rows, and return the tracks of these: the inverse of `_differences`."""
    track = np.empty(len(rows), np.int64)
    at = np.empty(len(rows), np.int64)
    k = new = 0
    for i in range(len(rows)):
        while k < len(known) and stays[k] == 0:
            k += 1
        if k < len(known) and (new == len(others) or known[k] <= others[new]):
            track[i], at[i] = known[k], k
            k += 1
        else:
            track[i], at[i] = others[new], len(known)
            new += 1
    first = rows.shape[1] - len(values)
    for byte in range(len(values)):
        line, now, then = values[byte], rows[:, first + byte], _or_nothing(before, first + byte)
        for i in range(len(line)):
            now[i] = line[i] ^ then[at[i]]
    return track


@compiled
def _or_nothing(before: Bytes, byte: int) -> Bytes:
    """A byte of all rows before, and a 0 for those that were not there."""
    column = np.zeros(len(before) + 1, np.uint8)
    for k in range(len(before)):
        column[k] = before[k, byte]
    return column
