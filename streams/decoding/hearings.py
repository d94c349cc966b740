"""Hearings: transmissions that two stations of a source heard, and by how much the times they tell differ.

The evidence is a function of the lines so far, in the order of arrival and by the times that the stations
themselves tell. It does not depend on what becomes of a line: a line that is late tells about a clock, too.

A busy source is sampled: of its transmissions only those count whose hash begins with a number of zero bits.
There are as many zeros as it takes for the transmissions of the last 20 minutes to fit into the table.
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.time import Millis
from streams.decoding.lines.byte_spans import ByteSpans, Int64Array, Words

MOST_APART: Final = 20 * 60_000
"""Hearings that are further apart (milliseconds) are of two transmissions that are alike."""
_MOST: Final = 1 << 14  # transmissions in the table
_AT_ONCE: Final = 2_000  # one station that tells a transmission twice within this was fed twice
_SAMPLED_WORD: Final = 2  # bytes 16 to 23 of a position: from the latitude to the UTC second
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_BELOW: Final = np.uint64(20)
_TOP: Final = np.uint64((1 << 64) - (1 << 44))
_STRUCK: Final = -1  # in place of the station: it may be two transmissions that are alike


class Common(NamedTuple):
    """One transmission that two stations heard."""

    first: int
    second: int
    difference: Millis
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
        self._first: dict[int, tuple[Millis, int]] = {}  # by hash, in order of arrival

    def sample(self, payloads: ByteSpans) -> tuple[Int64Array, Words]:
        """Which messages count by now, by their indices, and a number for each that tells it from others."""
        if not payloads.size:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        mixed = payloads.words(_SAMPLED_WORD) * _FACTOR
        index = np.arange(payloads.size)
        if self._zeros:
            index = np.flatnonzero(mixed >> np.uint64(64 - self._zeros) == 0)
            payloads, mixed = payloads.take(index), mixed[index]
        return index, mixed & _TOP | payloads.hashes() >> _BELOW

    def hear(self, transmission: int, station: int, told: Millis) -> Common | None:
        """Take in the next hearing of a sampled transmission; returns what it has in common with the first.

        A transmission that one station tells twice is no evidence from then on: it may be two alike.
        """
        if self._zeros and transmission >> 64 - self._zeros:
            return None
        known = self._first.get(transmission)
        if known is not None and abs(told - known[0]) <= MOST_APART:
            time, first = known
            if first == _STRUCK:
                return None
            if first != station:
                return Common(first, station, told - time)
            if abs(told - time) > _AT_ONCE:
                self._first[transmission] = time, _STRUCK
            return None
        self._first.pop(transmission, None)
        self._first[transmission] = told, station
        if len(self._first) > _MOST:
            self._make_room(told)
        return None

    def dump(self) -> bytes:
        count = len(self._first)
        told, stations = (np.fromiter((v[n] for v in self._first.values()), np.int64, count) for n in (0, 1))
        hashes = np.fromiter(self._first, np.uint64, count)
        return msgspec.msgpack.encode(
            _State(self._zeros, hashes.tobytes(), told.tobytes(), stations.astype(np.int32).tobytes())
        )

    def load(self, data: bytes) -> None:
        """Raises msgspec.DecodeError."""
        state = msgspec.msgpack.decode(data, type=_State)
        told = np.frombuffer(state.told, np.int64).tolist()
        stations = np.frombuffer(state.stations, np.int32).tolist()
        hashes = np.frombuffer(state.hashes, np.uint64).tolist()
        self._zeros = state.zeros
        self._first = dict(zip(hashes, zip(told, stations, strict=True), strict=True))

    def _make_room(self, now: Millis) -> None:
        """Forget the oldest; where that is needed still, count half of the transmissions from now on."""
        oldest = next(iter(self._first))
        if abs(now - self._first[oldest][0]) > MOST_APART:
            del self._first[oldest]
            return
        self._zeros += 1
        self._first = {each: first for each, first in self._first.items() if not each >> 64 - self._zeros}
