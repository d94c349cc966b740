"""Held messages: kept back until all their duplicates are known, then released in order of time."""

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.report import Rows, joined
from models.time import Millis
from streams.decoding.lines.byte_spans import ByteSpans, Int64Array
from streams.decoding.repeats import in_order, originals

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
    ],
    align=True,
)
_NONE: Final = np.empty(0, np.int64)


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
    any more. Then they are sorted and compared with what was kept in the `window` before them, and wait
    among the kept until nothing can be a duplicate of them either.
    """

    def __init__(self, window: Millis) -> None:
        self._window = window
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
        if np.any(rows["time"][1:] < rows["time"][:-1]):
            order = np.argsort(rows["time"], kind="stable")
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
        order = in_order(rows, payloads)
        return self._keep(rows.take(order), payloads.take(order))

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

    def _keep(self, rows: Rows, payloads: ByteSpans) -> int:
        """Keep what is no duplicate; the stations of the others go to what they repeat."""
        recent = self._recent(int(rows["time"][0]) - self._window)
        before = sum(len(chunk.rows) for chunk in recent)
        everything = joined([*(chunk.rows for chunk in recent), rows], HELD)
        texts = ByteSpans.join([*(chunk.payloads for chunk in recent), payloads])
        original = originals(everything, texts, self._window)
        index = np.arange(len(everything))
        is_new = (original == index) & (index >= before)
        repeated = np.flatnonzero((original != index) & (index >= before))
        if len(repeated):
            numbers = self._following - before + np.arange(before)
            numbers = np.concatenate((numbers, self._following + np.cumsum(is_new[before:]) - 1))
            stations = everything["station"]
            other = repeated[stations[repeated] != stations[original[repeated]]]
            self._heard = np.concatenate((self._heard, numbers[original[other]]))
            self._by = np.concatenate((self._by, stations[other]))
            kept = np.flatnonzero(is_new[before:])
            repeats = int(everything["lines"][repeated].sum())
            rows, payloads = rows.take(kept), payloads.take(kept)
        else:
            repeats = 0
        if len(rows):
            self._kept.append(_Chunk(int(rows["time"][0]), 0, rows, payloads))
            self._following += len(rows)
        return repeats

    def _recent(self, since: Millis) -> list[_Chunk]:
        """The kept messages from a time on."""
        recent: list[_Chunk] = []
        for chunk in reversed(self._kept):
            first = int(np.searchsorted(chunk.rows["time"], since))
            if first < len(chunk.rows):
                recent.append(chunk.part(first))
            if first:
                break
        return recent[::-1]


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
