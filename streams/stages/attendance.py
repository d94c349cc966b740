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
        starts = run_starts(rows["mmsi"])
        slots = self._slots(rows, starts, changed)
        usual = self._as_usual(rows, starts, slots)
        lengths = _lasts(rows, starts) + 1 - starts
        usual = np.repeat(usual, lengths)
        same_class = (rows["type"] == 5) | np.repeat(self._fleet.class_b[slots], lengths)
        columns = (rows[name].tolist() for name in ("mmsi", "time", "type"))
        draughts, nothing = (rows["draught"] > 0).tolist(), (usual & same_class).tolist()
        told = zip(*columns, draughts, contents(rows), usual.tolist(), nothing, strict=True)
        for mmsi, time, type, draught, content, as_usual, no_news in told:
            if (repeats := self._repeats.knows(mmsi, content)) and no_news:
                continue
            vessel = self._fleet.state(mmsi) if as_usual else self._heard(mmsi, time)
            if type != 5:
                self._mark_class_b(vessel, changed)
            if draught and vessel.silence is not None and vessel.silence.back is not None:
                vessel.silence.draughts_heard += 1
            if repeats:
                continue
            news = vessel.claims.hear(content, type, time, self._apart, self._ship_types)
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
        slots = self._slots(rows, starts, changed)
        usual = self._as_usual(rows, starts, slots)
        first = rows.take(starts[~usual])
        for mmsi, time in zip(first["mmsi"].tolist(), first["time"].tolist(), strict=True):
            self._heard(mmsi, time)
        class_b = np.logical_or.reduceat(_IS_CLASS_B[rows["type"]], starts)
        for mmsi in rows["mmsi"][starts[class_b & ~self._fleet.class_b[slots]]].tolist():
            self._mark_class_b(self._fleet.state(mmsi), changed)
        self._note_times(rows, starts, slots)
        return changed

    def forget(self, mmsi: int) -> None:
        """The vessel is not followed any more."""
        self._repeats.forget(mmsi)

    def _slots(self, rows: Rows, starts: npt.NDArray[np.intp], changed: set[int]) -> npt.NDArray[np.intp]:
        """The slots of the vessels whose rows by time begin at `starts`, of which the new ones are taken
        into the fleet."""
        mmsis = rows["mmsi"][starts]
        slots = self._fleet.slots_of(mmsis)
        if (slots >= 0).all():
            return slots
        first = rows.take(starts[slots < 0])
        each = zip(first["mmsi"].tolist(), first["time"].tolist(), strict=True)
        new = [VesselState(m, time, time, Identity(mmsi=m, time=time, first=time)) for m, time in each]
        self._fleet.add(new)
        self.new.update(first["mmsi"].tolist())
        changed.update(first["mmsi"].tolist())
        return self._fleet.slots_of(mmsis)

    def _as_usual(
        self, rows: Rows, starts: npt.NDArray[np.intp], slots: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.bool_]:
        """Which vessels, whose rows by time begin at `starts`, neither were nor are silent: that they are
        heard changes nothing but when they were last heard."""
        fleet, lasts = self._fleet, _lasts(rows, starts)
        soon = rows["time"][lasts] - fleet.last[slots] <= self._gaps.rhythm
        return np.asarray(~fleet.silent[slots] & soon)

    def _heard(self, mmsi: int, time: Millis) -> VesselState:
        """A vessel that is heard, maybe after a silence."""
        vessel = self._fleet.heard(mmsi)
        self._gaps.hear(vessel, time)
        self._fleet.hear(vessel, time)
        return vessel

    def _note_times(self, rows: Rows, starts: npt.NDArray[np.intp], slots: npt.NDArray[np.intp]) -> None:
        """When the vessels were last heard."""
        last = self._fleet.last
        last[slots] = np.maximum(last[slots], rows["time"][_lasts(rows, starts)])
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
