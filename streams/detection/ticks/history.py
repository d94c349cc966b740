"""History: the ticks of the last instants, the newest as rows and, where they are many, the others packed."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from models.report import Rows, joined
from models.tick import TICK, no_ticks, ticks_from
from models.time import Millis
from streams.detection.ticks.packed import PART, Numbers, Packed, places_of, rows_of, tracks, unpacked

_OPEN: Final = 2
"""Instants that are never packed, the newest: nearly all that is asked is asked of them."""
_ROOM: Final = 1 << 17
"""Ticks of the newest instants that are not packed, either: 8 MB. Of a few thousand vessels these are all."""
_LEAST: Final = 2 * PART
"""Ticks of an instant from which on it is worth packing them."""
_KEYS: Final = 6
"""Every so many instants there is one that is packed by itself, and from which the others differ."""
_PARTS: Final = 48
"""Parts that are remembered unpacked: 5 MB."""
Dumped = bytes | list[bytes]
"""The ticks of an instant in a checkpoint: rows, or where there are many, parts that are packed."""
_Both = tuple[Rows, Numbers]
"""Ticks sorted by track, and the track of each."""
_NOTHING: Final[_Both] = (no_ticks(), np.empty(0, np.int64))


class History:
    """State: ticks by the instant of the grid that they are for, each sorted by track."""

    def __init__(self, step: Millis) -> None:
        """`step` is that of the grid."""
        self._key = _KEYS * step
        self._open: dict[Millis, _Both] = {}
        self._packed: dict[Millis, Packed] = {}
        self._whole: tuple[Millis, _Both] | None = None  # unpacked last, or packed last
        self._parts: dict[tuple[Packed, int], _Both] = {}  # unpacked lately

    @property
    def times(self) -> list[Millis]:
        """The instants that ticks are kept for."""
        return [*self._packed, *self._open]

    def __contains__(self, time: Millis) -> bool:
        return time in self._open or time in self._packed

    def count(self, time: Millis) -> int:
        """How many ticks are kept for an instant."""
        kept = self._packed.get(time)
        return len(self._open.get(time, _NOTHING)[0]) if kept is None else kept.count

    def of(self, time: Millis) -> _Both:
        """The ticks kept for an instant."""
        kept = self._packed.get(time)
        if kept is None:
            return self._open.get(time, _NOTHING)
        if self._whole is None or self._whole[0] != time:
            rows = joined([self._rows(kept, number) for number in range(len(kept.parts))], TICK)
            self._whole = time, (rows, tracks(rows))
        return self._whole[1]

    def has(self, time: Millis, wanted: Numbers) -> npt.NDArray[np.bool_]:
        """Which of these tracks have a tick at an instant."""
        open_ = self._open.get(time)
        return self.find(time, wanted)[1] if open_ is None else rows_of(wanted, open_[1])[1]

    def find(self, time: Millis, wanted: Numbers) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """The ticks of tracks at an instant, row by row, and which there are; the other rows are any."""
        kept = self._packed.get(time)
        if kept is None or (self._whole is not None and self._whole[0] == time):
            return _find(self.of(time), wanted)
        rows, found = np.zeros(len(wanted), TICK), np.zeros(len(wanted), bool)
        if not len(wanted):
            return rows, found
        in_part = kept.firsts.searchsorted(wanted, "right") - 1
        order = np.argsort(in_part, kind="stable")
        numbers, begins = np.unique(in_part[order], return_index=True)
        for number, which in zip(numbers.tolist(), np.split(order, begins[1:]), strict=True):
            rows[which], found[which] = _find(self._part(kept, number), wanted[which])
        return rows, found

    def one(self, time: Millis, track: int) -> Rows | None:
        """The tick of a track at an instant; None where there is none."""
        kept = self._packed.get(time)
        if kept is None or (self._whole is not None and self._whole[0] == time):
            rows, of = self.of(time)
        else:
            rows, of = self._part(kept, int(kept.firsts.searchsorted(track, "right")) - 1)
        at = int(of.searchsorted(track))
        return rows[at] if at < len(of) and of[at] == track else None

    def some(self, time: Millis, wanted: Numbers) -> Rows:
        """Of the ticks of an instant, those of tracks, ascending."""
        if time in self._open:
            rows, track = self._open[time]
            return rows.take(places_of(track, wanted))
        rows, found = self.find(time, wanted)
        return rows.compress(found)

    def put(self, time: Millis, rows: Rows, track: Numbers) -> None:
        """Keep these ticks for an instant, sorted by track, in place of those that there were; and the track
        of each."""
        self._let_go(time)
        self._open[time] = rows, track
        if len(rows) < _LEAST:
            return
        count = 0
        for place, each in enumerate(sorted(self.times, reverse=True)):
            count += self.count(each)
            if place >= _OPEN and count > _ROOM and len(self._open.get(each, _NOTHING)[0]) >= _LEAST:
                self._pack(each)

    def _pack(self, time: Millis) -> None:
        both = self._open.pop(time)
        key = time // self._key * self._key
        base = self._packed.get(key) if key != time else None
        if base is not None and 2 * base.count < len(both[0]):  # its parts would be too large here
            base = None
        self._packed[time] = Packed.of(both[0], base, self._rows)
        self._whole = time, both

    def forget(self, until: Millis) -> list[Millis]:
        """Ticks for this instant and before are needed no more. Returns the instants that had any."""
        gone = [time for time in self.times if time <= until]
        for time in gone:
            self._let_go(time)
        return gone

    def close(self) -> None:
        """Let go of what was unpacked: nothing will be asked for a while."""
        self._whole = None
        self._parts.clear()

    def dump(self, time: Millis) -> Dumped | None:
        """The ticks kept for an instant; None where there are none."""
        if time not in self:
            return None
        if self.count(time) < _LEAST:
            return self.of(time)[0].tobytes()
        kept = self._packed.get(time)
        if kept is None or kept.base is not None:
            kept = Packed.of(self.of(time)[0])
        return list(kept.parts)

    def load(self, dumped: Iterable[tuple[Millis, Dumped]]) -> None:
        """Go on from what `dump` gave for each instant."""
        for time in self.times:
            self._let_go(time)
        for time, data in dumped:
            if isinstance(data, bytes):
                rows = ticks_from(data, time).copy()  # these can't be written to
            else:
                rows = joined([unpacked(part, time, no_ticks()) for part in data], TICK)
            self.put(time, rows, tracks(rows))
        self.close()

    def _rows(self, kept: Packed, number: int) -> Rows:
        return self._part(kept, number)[0]

    def _part(self, kept: Packed, number: int) -> _Both:
        """A part of an instant, and of the one that it differs from: others are about to be asked that do."""
        found = self._parts.pop((kept, number), None)
        if found is None:
            before = no_ticks() if kept.base is None else self._rows(kept.base, number)
            rows = unpacked(kept.parts[number], kept.time, before)
            found = rows, tracks(rows)
            if len(self._parts) >= _PARTS:
                del self._parts[next(iter(self._parts))]
        self._parts[kept, number] = found
        return found

    def _let_go(self, time: Millis) -> None:
        gone = self._packed.pop(time, None)
        if gone is not None:
            self._parts = {key: part for key, part in self._parts.items() if key[0] is not gone}
        self._open.pop(time, None)
        if self._whole is not None and self._whole[0] == time:
            self._whole = None


def _find(there: _Both, wanted: Numbers) -> tuple[Rows, npt.NDArray[np.bool_]]:
    rows, track = there
    if not len(rows):
        return np.zeros(len(wanted), TICK), np.zeros(len(wanted), bool)
    at, found = rows_of(wanted, track)
    return rows.take(at), found
