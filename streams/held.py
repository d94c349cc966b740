"""Held messages: kept back until all their duplicates are known, then released in order of time."""

from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.report import Rows
from models.time import BEGINNING, SECOND, Millis

HELD: Final = np.dtype(
    [
        ("time", "i8"),
        ("mmsi", "u4"),
        ("type", "u1"),
        ("fill", "u1"),  # bits to ignore at the end of the payload
        ("channel", "u1"),  # class: 0 = A or 1, 1 = B or 2, 2 = any other
        ("lines", "u2"),  # sentences that the message came in
        ("line", "i8"),  # number of the first of them
        ("station", "i4"),  # index into the decoder's names
    ]
)


class Messages(NamedTuple):
    """Rows of `HELD`, their payloads, and the stations of those that more than one has heard."""

    rows: Rows
    payloads: list[bytes]
    stations: dict[int, set[int]]  # by index of the row


class _State(msgspec.Struct, array_like=True):
    waiting: bytes
    waiting_payloads: list[bytes]
    kept: bytes
    kept_payloads: list[bytes]
    kept_stations: dict[int, list[int]]
    offset: int


class Held:
    """Two waiting rooms, both in event time.

    Messages wait in buckets of a second until the source's watermark has passed their bucket: none can come
    before them any more. Then they are sorted and compared with what was kept in the `window` before them,
    and wait among the kept until nothing can be a duplicate of them either.
    """

    def __init__(self, window: Millis) -> None:
        self._window = window
        self._buckets: dict[int, tuple[list[Rows], list[bytes]]] = {}
        self._rows: Rows = np.empty(0, HELD)  # kept, by time
        self._payloads: list[bytes] = []
        self._stations: dict[int, set[int]] = {}  # by running number of the kept message
        self._offset = 0  # running number of the first kept message
        self._last: dict[tuple[bytes, int], tuple[Millis, int]] = {}

    def add(self, rows: Rows, payloads: list[bytes]) -> None:
        """Take messages in, in any order; none may be older than what `settle` was called with."""
        order = np.argsort(rows["time"], kind="stable")
        seconds = rows["time"][order] // SECOND
        cuts = np.flatnonzero(np.diff(seconds)) + 1
        for part in np.split(order, cuts) if len(order) else ():
            chunks, texts = self._buckets.setdefault(int(rows["time"][part[0]]) // SECOND, ([], []))
            chunks.append(rows[part])
            texts.extend(payloads[index] for index in part.tolist())

    def settle(self, frontier: Millis) -> int:
        """Find duplicates among messages before `frontier`, a whole second. Returns their lines' number."""
        due = sorted(second for second in self._buckets if second * SECOND < frontier)
        if not due:
            return 0
        buckets = [self._buckets.pop(second) for second in due]
        rows = np.concatenate([chunk for chunks, _ in buckets for chunk in chunks])
        payloads = [payload for _, texts in buckets for payload in texts]
        order = _order(rows, payloads)
        rows, payloads = rows[order], [payloads[index] for index in order.tolist()]
        kept = self._fold(rows, payloads)
        self._rows = np.concatenate((self._rows, rows[kept]))
        self._payloads.extend(payloads[index] for index in kept)
        return int(rows["lines"].sum()) - int(rows["lines"][kept].sum())

    def release(self, watermark: Millis) -> Messages:
        """Take out the kept messages before `watermark`, sorted by (time, mmsi, payload)."""
        count = int(np.searchsorted(self._rows["time"], watermark))
        rows, self._rows = self._rows[:count], self._rows[count:]
        payloads, self._payloads = self._payloads[:count], self._payloads[count:]
        several = {
            number - self._offset: self._stations.pop(number)
            for number in sorted(self._stations)
            if number < self._offset + count
        }
        self._offset += count
        for row_key in zip(payloads, _keys(rows), strict=True):
            if row_key in self._last and self._last[row_key][1] < self._offset:
                del self._last[row_key]
        return Messages(rows, payloads, several)

    def dump(self) -> bytes:
        chunks = [chunk for chunks, _ in self._buckets.values() for chunk in chunks]
        rows = np.concatenate([np.empty(0, HELD), *chunks])
        payloads = [payload for _, texts in self._buckets.values() for payload in texts]
        order = np.argsort(rows["time"], kind="stable")  # so that equal states are equal bytes
        state = _State(
            waiting=rows[order].tobytes(),
            waiting_payloads=[payloads[index] for index in order.tolist()],
            kept=self._rows.tobytes(),
            kept_payloads=self._payloads,
            kept_stations={number: sorted(names) for number, names in sorted(self._stations.items())},
            offset=self._offset,
        )
        return msgspec.msgpack.encode(state)

    def load(self, data: bytes) -> None:
        state = msgspec.msgpack.decode(data, type=_State)
        self._buckets = {}
        self.add(np.frombuffer(state.waiting, HELD), state.waiting_payloads)
        self._rows = np.frombuffer(state.kept, HELD)
        self._payloads = state.kept_payloads
        self._stations = {number: set(names) for number, names in state.kept_stations.items()}
        self._offset = state.offset
        kept = zip(self._payloads, _keys(self._rows), self._rows["time"].tolist(), strict=True)
        self._last = {
            (payload, key): (time, self._offset + index) for index, (payload, key, time) in enumerate(kept)
        }

    def _fold(self, rows: Rows, payloads: list[bytes]) -> list[int]:
        """Indices of rows that are no duplicate; the stations of the others go to what they repeat.

        A duplicate has the same payload, fill bits and channel class as a message kept at most `window`
        before it.
        """
        kept: list[int] = []
        last, window, following = self._last, self._window, self._offset + len(self._rows)
        stations = rows["station"].tolist()
        for index, (payload, key, time) in enumerate(
            zip(payloads, _keys(rows), rows["time"].tolist(), strict=True)
        ):
            before, number = last.get((payload, key), (BEGINNING, -1))
            if number >= 0 and time - before <= window:
                heard = self._stations.get(number)
                if heard is None:
                    at = number - self._offset
                    own = (
                        self._rows["station"][at]
                        if at < len(self._rows)
                        else stations[kept[at - len(self._rows)]]
                    )
                    heard = self._stations[number] = {int(own)}
                heard.add(stations[index])
            else:
                last[payload, key] = (time, following + len(kept))
                kept.append(index)
        return kept


def _keys(rows: Rows) -> list[int]:
    """Fill bits and channel class as one number."""
    keys: list[int] = (rows["fill"] * 3 + rows["channel"]).tolist()
    return keys


def _order(rows: Rows, payloads: list[bytes]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The order by (time, mmsi, payload, fill, channel, lines): columns first, payloads only at ties."""
    order = np.lexsort((rows["lines"], rows["channel"], rows["fill"], rows["mmsi"], rows["time"]))
    same = (np.diff(rows["time"][order]) == 0) & (np.diff(rows["mmsi"][order].astype("i8")) == 0)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype("i1")))
    for first, last in edges.reshape(-1, 2).tolist():
        run = order[first : last + 1].tolist()
        order[first : last + 1] = sorted(run, key=lambda index: payloads[index])
    return order
