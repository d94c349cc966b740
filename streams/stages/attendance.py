"""Attendance: notes which vessels are heard in a step, and takes in what they say of themselves.

Most are heard as they were in the step before, and repeat static data that is known. Of these only the time
is noted, in a column.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.report import Rows, run_starts
from models.time import SECOND, Millis
from models.vessel import Identity
from streams.detection.gaps.watch import GapWatch
from streams.detection.vessel_state import VesselState
from streams.stages.fleet import Fleet
from streams.tracking.identity import IdentitySettings
from streams.tracking.repeats import Repeats, contents

_IS_CLASS_B: Final = np.isin(np.arange(256), (18, 19))
"""Whether a message type comes from class B, by its number."""


class Attendance:
    """Writes into the fleet. `touched` takes the MMSIs of all vessels that it changes."""

    def __init__(self, fleet: Fleet, gaps: GapWatch, settings: IdentitySettings, touched: set[int]) -> None:
        self._fleet = fleet
        self._gaps = gaps
        self._apart = int(settings.apart_seconds * SECOND)
        self._ship_types = settings.ship_types
        self._touched = touched
        self._repeats = Repeats()
        self.new: set[int] = set()
        """Vessels first heard since this was last cleared."""

    def hear(self, rows: Rows) -> set[int]:
        """Take in static data, sorted by MMSI and time; returns the vessels of which something is newly
        confirmed."""
        changed: set[int] = set()
        if not len(rows):
            return changed
        names, starts = rows.dtype.names or (), run_starts(rows["mmsi"])
        slots = self._slots(rows, starts)
        lengths = _lasts(rows, starts) + 1 - starts
        known = np.repeat(self._as_usual(rows, starts, slots), lengths)
        known &= (rows["type"] == 5) | np.repeat(self._fleet.class_b[slots], lengths)
        columns = (rows[name].tolist() for name in ("mmsi", "time", "type"))
        told = zip(*columns, (rows["draught"] > 0).tolist(), contents(rows), known.tolist(), strict=True)
        for i, (mmsi, time, type, draught, content, as_usual) in enumerate(told):
            if (repeats := self._repeats.knows(mmsi, content)) and as_usual:
                continue
            vessel = self._vessel(mmsi, time, changed)
            if type != 5:
                self._mark_class_b(vessel, changed)
            if draught and vessel.silence is not None and vessel.silence.back is not None:
                vessel.silence.draughts_heard += 1
            if repeats:
                continue
            row = dict(zip(names, rows[i].item(), strict=True))
            news = vessel.claims.hear(row, self._apart, self._ship_types)
            self._repeats.note(mmsi, content, changed=news, settled=vessel.claims.settled)
            if news:
                changed.add(mmsi)
        self._note_times(rows, starts, slots)
        return changed

    def meet(self, rows: Rows) -> set[int]:
        """Note who is there, from positions sorted by MMSI and time; returns the vessels that are new, or
        newly known for class B."""
        changed: set[int] = set()
        if not len(rows):
            return changed
        starts = run_starts(rows["mmsi"])
        slots, class_b = self._slots(rows, starts), np.logical_or.reduceat(_IS_CLASS_B[rows["type"]], starts)
        usual = self._as_usual(rows, starts, slots) & (~class_b | self._fleet.class_b[slots])
        (others,) = np.nonzero(~usual)
        first = rows.take(starts[others])
        each = zip(first["mmsi"].tolist(), first["time"].tolist(), class_b[others].tolist(), strict=True)
        for mmsi, time, is_class_b in each:
            vessel = self._vessel(mmsi, time, changed)
            if is_class_b:
                self._mark_class_b(vessel, changed)
        self._note_times(rows, starts, slots)
        return changed

    def forget(self, mmsi: int) -> None:
        """The vessel is not followed any more."""
        self._repeats.forget(mmsi)

    def _slots(self, rows: Rows, starts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        return self._fleet.slots_of(rows["mmsi"][starts])

    def _as_usual(
        self, rows: Rows, starts: npt.NDArray[np.intp], slots: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.bool_]:
        """Which vessels, whose rows by time begin at `starts`, are known, and neither were nor are silent:
        that they are heard changes nothing but when they were last heard."""
        fleet, lasts = self._fleet, _lasts(rows, starts)
        soon = rows["time"][lasts] - fleet.last[slots] <= self._gaps.rhythm
        return np.asarray((slots >= 0) & ~fleet.silent[slots] & soon)

    def _vessel(self, mmsi: int, time: Millis, changed: set[int]) -> VesselState:
        """A vessel that is heard, new or not."""
        if mmsi in self._fleet:
            vessel = self._fleet.heard(mmsi)
        else:
            identity = Identity(mmsi=mmsi, time=time, first=time)
            vessel = self._fleet[mmsi] = VesselState(mmsi, time, time, identity)
            changed.add(mmsi)
            self.new.add(mmsi)
        self._gaps.hear(vessel, time)
        self._fleet.hear(vessel, time)
        return vessel

    def _note_times(self, rows: Rows, starts: npt.NDArray[np.intp], slots: npt.NDArray[np.intp]) -> None:
        """When the vessels, which all are known by now, were last heard."""
        lasts, last = _lasts(rows, starts), self._fleet.last
        if (slots < 0).any():
            slots = self._slots(rows, starts)
        last[slots] = np.maximum(last[slots], rows["time"][lasts])
        self._touched.update(rows["mmsi"][starts].tolist())

    @staticmethod
    def _mark_class_b(vessel: VesselState, changed: set[int]) -> None:
        if not vessel.claims.class_b:
            vessel.claims.class_b = True
            changed.add(vessel.mmsi)


def _lasts(rows: Rows, starts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The last row of each vessel, whose rows begin at `starts`."""
    lasts = np.empty(len(starts), np.intp)
    lasts[:-1], lasts[-1] = starts[1:], len(rows)
    lasts -= 1
    return lasts
