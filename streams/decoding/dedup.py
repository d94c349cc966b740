"""Deduplication: messages are held back until none can come before them, and each is released once.

A repeat adds its station to the message that it repeats, if that is still held: within the window of seconds.
One that comes later is known for a repeat, and changes nothing.
"""

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.report import Rows, joined
from models.time import END, Millis
from streams.decoding.lines.byte_spans import Bytes, ByteSpans, Int64Array
from streams.decoding.transmissions import Salts, Transmissions
from streams.runtime.compiled import compiled

HELD: Final = np.dtype(
    [
        ("time", "i8"),
        ("line", "i8"),  # number of the line of its first sentence
        ("mmsi", "u4"),
        ("station", "i4"),  # number among the names of the source
        ("lines", "u2"),  # lines that are counted with the message
        ("type", "u1"),
        ("fill", "u1"),  # bits to ignore at the end of the payload
        ("channel", "u1"),  # class: 0 = A or 1, 1 = B or 2, 2 = any other
        ("own", "?"),  # VDO: what the ship or station itself sends
        ("second", "?"),  # has the UTC second of its transmission
    ],
    align=True,
)
_NONE: Final = np.empty(0, np.int64)
_MMSI_BITS: Final = 30
_DIGIT: Final = 10  # bits that are sorted by at once
_SPAN: Final = 1 << 30  # milliseconds that fit beside an MMSI


class Messages(NamedTuple):
    """Rows of `HELD`, their payloads, and who else has heard some of them, by (index of the row, station)."""

    rows: Rows
    payloads: ByteSpans
    heard: Int64Array
    by: Int64Array


class _Chunk(NamedTuple):
    """Messages in order of time, and the number that the chunk has in order of arrival."""

    first: Millis
    arrival: int
    rows: Rows
    payloads: ByteSpans

    def part(self, start: int, end: int | None = None) -> "_Chunk":
        rows = self.rows[start:end]
        first = int(rows["time"][0]) if len(rows) else 0
        return _Chunk(first, self.arrival, rows, self.payloads.take(slice(start, end)))


class _State(msgspec.Struct, array_like=True):
    waiting: bytes
    waiting_payloads: list[bytes]
    kept: bytes
    kept_payloads: list[bytes]
    heard: list[int]
    by: list[int]
    offset: int


class DuplicateBuffer:
    """Two waiting rooms, both in event time, both of chunks as they came in.

    Messages wait until the source's watermark has passed the second they lie in: none can come before them
    any more. Then they are sorted, repeats are taken out, and the others wait among the kept for `window`, so
    that all stations that have heard them within that time are known.
    """

    def __init__(self, window: Millis, transmissions: Transmissions) -> None:
        self._window = window
        self._transmissions = transmissions
        self._waiting: list[_Chunk] = []  # a heap: the chunk with the earliest message first
        self._arrivals = 0
        self._kept: deque[_Chunk] = deque()
        self._offset = 0  # running number of the first kept message
        self._following = 0  # and of the next to be kept
        self._heard = _NONE  # running numbers of kept messages, and who else has heard them
        self._by = _NONE

    def __len__(self) -> int:
        return sum(len(chunk.rows) for chunk in (*self._waiting, *self._kept))

    def add(self, rows: Rows, payloads: ByteSpans) -> None:
        """Take messages in, in any order; none may be older than what `settle` was called with."""
        if not len(rows):
            return
        times = rows["time"]
        if np.any(times[1:] < times[:-1]):
            order, _ = _arranged(times - times.min())
            rows, payloads = rows.take(order), payloads.take(order)
        heappush(self._waiting, _Chunk(int(rows["time"][0]), self._arrivals, rows, payloads))
        self._arrivals += 1

    def settle(self, frontier: Millis) -> int:
        """Find duplicates among messages before `frontier`, a whole second. Returns their lines' number."""
        due: list[_Chunk] = []
        while self._waiting and self._waiting[0].first < frontier:
            chunk = heappop(self._waiting)
            count = int(np.searchsorted(chunk.rows["time"], frontier))
            due.append(chunk.part(0, count))
            if count < len(chunk.rows):
                heappush(self._waiting, chunk.part(count))
        if not due:
            return 0
        due.sort(key=lambda chunk: chunk.arrival)
        rows = joined([chunk.rows for chunk in due], HELD)
        payloads = ByteSpans.join([chunk.payloads for chunk in due])
        return self._keep(rows, payloads, in_order(rows, payloads))

    def release(self, watermark: Millis) -> Messages:
        """Take out the kept messages before `watermark`, sorted by (time, mmsi, payload)."""
        done: list[_Chunk] = []
        while self._kept and self._kept[0].first < watermark:
            chunk = self._kept.popleft()
            count = int(np.searchsorted(chunk.rows["time"], watermark))
            done.append(chunk.part(0, count))
            if count < len(chunk.rows):
                self._kept.appendleft(chunk.part(count))
                break
        rows = joined([chunk.rows for chunk in done], HELD)
        numbers, by = self._heard - self._offset, self._by
        self._offset += len(rows)
        gone = numbers < len(rows)
        self._heard, self._by = self._heard[~gone], by[~gone]
        payloads = ByteSpans.join([chunk.payloads for chunk in done])
        return Messages(rows, payloads, *_distinct(numbers[gone], by[gone]))

    def dump(self) -> bytes:
        """Equal states are equal bytes: what waits comes by time, and by arrival within the same."""
        waiting = sorted(self._waiting, key=lambda chunk: chunk.arrival)
        rows = joined([chunk.rows for chunk in waiting], HELD)
        payloads = [payload for chunk in waiting for payload in chunk.payloads.pieces()]
        by_time = np.argsort(rows["time"], kind="stable")
        heard, by = _distinct(self._heard, self._by)
        state = _State(
            waiting=_bytes(rows.take(by_time)),
            waiting_payloads=[payloads[index] for index in by_time.tolist()],
            kept=b"".join(_bytes(chunk.rows) for chunk in self._kept),
            kept_payloads=[payload for chunk in self._kept for payload in chunk.payloads.pieces()],
            heard=heard.tolist(),
            by=by.tolist(),
            offset=self._offset,
        )
        return msgspec.msgpack.encode(state)

    def load(self, data: bytes) -> None:
        state = msgspec.msgpack.decode(data, type=_State)
        self._waiting, self._kept, self._arrivals = [], deque(), 0
        self.add(np.frombuffer(state.waiting, HELD), ByteSpans.of(state.waiting_payloads))
        heapify(self._waiting)
        kept = np.frombuffer(state.kept, HELD)
        if len(kept):
            self._kept.append(_Chunk(int(kept["time"][0]), 0, kept, ByteSpans.of(state.kept_payloads)))
        self._offset = state.offset
        self._following = state.offset + len(kept)
        self._heard, self._by = np.array(state.heard, np.int64), np.array(state.by, np.int64)

    def _keep(self, rows: Rows, payloads: ByteSpans, order: Int64Array) -> int:
        """Keep what is no repeat; the stations of the repeats go to what they repeat."""
        payloads, rows = payloads.take(order), rows.take(order)
        salts, times = np.empty(len(rows), np.uint8), np.empty(len(rows), np.int64)
        _read(rows, salts, times)
        found = self._transmissions.settle(payloads, salts, times, self._following)
        repeats = 0
        if found.flag.any():
            repeating, rest = np.flatnonzero(found.flag), np.flatnonzero(~found.flag)
            of, after = found.of[repeating], found.after[repeating]
            add = (after <= self._window) & (of >= self._offset)
            self._heard = np.concatenate((self._heard, of[add]))
            self._by = np.concatenate((self._by, rows["station"][repeating[add]]))
            repeats = int(rows["lines"][repeating].sum())
            rows, payloads = rows.take(rest), payloads.take(rest)
        if len(rows):
            self._kept.append(_Chunk(int(rows["time"][0]), 0, rows, payloads))
            self._following += len(rows)
        return repeats


def in_order(rows: Rows, payloads: ByteSpans) -> Int64Array:
    """The order by (time, mmsi, payload, fill, channel, own, lines)."""
    times, mmsis = rows["time"], rows["mmsi"].astype(np.int64)
    since = times - times.min(initial=END)
    if (since < _SPAN).all():
        order, keys = _arranged(since << _MMSI_BITS | mmsis)
    else:
        order = np.lexsort((mmsis, times))
        keys = np.cumsum(np.diff(times[order], prepend=0) | np.diff(mmsis[order], prepend=0) != 0)
    _untie(*payloads, rows, keys, order)
    return order


def _arranged(values: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The order of numbers that are not negative, equal ones as they come, and the numbers in that order."""
    bits = len(values).bit_length()
    if int(values.max(initial=0)) >> 63 - bits:
        order = np.argsort(values, kind="stable")
        return order, values[order]
    both = values << bits | np.arange(len(values))
    both = _sorted(both, np.empty_like(both), bits)
    return both & (1 << bits) - 1, both >> bits


@compiled
def _sorted(values: Int64Array, other: Int64Array, first: int) -> Int64Array:
    """Numbers in the order of their bits from one on; `other` has room for as many.

    A radix sort: numpy takes three times as long to sort 10,000 numbers.
    """
    high = 0
    for value in values:
        high |= value
    counts = np.empty(1 << _DIGIT, np.int64)
    while first < 63 and high >> first:
        counts[:] = 0
        for value in values:
            counts[value >> first & len(counts) - 1] += 1
        place = 0
        for digit in range(len(counts)):
            counts[digit], place = place, place + counts[digit]
        for value in values:
            digit = value >> first & len(counts) - 1
            other[counts[digit]] = value
            counts[digit] += 1
        values, other, first = other, values, first + _DIGIT
    return values


@compiled
def _untie(
    block: Bytes, starts: Int64Array, lengths: Int64Array, rows: Rows, keys: Int64Array, order: Int64Array
) -> None:
    """Put messages with the same key in order, each into its place among those before it."""
    begin = 0
    for place in range(1, len(order)):
        if keys[place] != keys[begin]:
            begin = place
            continue
        row, low, high = order[place], begin, place
        while low < high:
            middle = (low + high) // 2
            if _before(block, starts, lengths, rows, row, order[middle]):
                high = middle
            else:
                low = middle + 1
        for at in range(place, low, -1):
            order[at] = order[at - 1]
        order[low] = row


@compiled
def _before(block: Bytes, starts: Int64Array, lengths: Int64Array, rows: Rows, one: int, other: int) -> bool:
    """By payload, fill, channel, own and lines."""
    for at in range(min(lengths[one], lengths[other])):
        left, right = block[starts[one] + at], block[starts[other] + at]
        if left != right:
            return bool(left < right)
    a, b = rows[one], rows[other]
    mine = (lengths[one], a.fill, a.channel, a.own, a.lines)
    return mine < (lengths[other], b.fill, b.channel, b.own, b.lines)


@compiled
def _read(rows: Rows, salts: Salts, times: Int64Array) -> None:
    """Times, and salts: fill bits, channel, and whether it is an own report.

    A transmission with its UTC second is the same on whatever channel it is said to be heard.
    """
    for at in range(len(rows)):
        row = rows[at]
        salts[at] = row.own if row.second else row.own + 2 * (row.fill * 4 + row.channel + 1)
        times[at] = row.time


def _distinct(heard: Int64Array, by: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Each pair once, in order."""
    if not len(heard):
        return heard, by
    order = np.lexsort((by, heard))
    heard, by = heard[order], by[order]
    new = np.concatenate(([True], (heard[1:] != heard[:-1]) | (by[1:] != by[:-1])))
    return heard[new], by[new]


def _bytes(rows: Rows) -> bytes:
    """Rows as bytes, the gaps between their fields zero."""
    clean = np.zeros(len(rows), HELD)
    for name in HELD.names or ():
        clean[name] = rows[name]
    return clean.tobytes()
