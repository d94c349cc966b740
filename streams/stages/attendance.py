"""Attendance: notes which vessels are heard in a step, and takes in what they say of themselves.

Most are heard as they were in the step before, and repeat static data that is known. Of these only the time
is noted, in a column.
"""

from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from models.report import Rows
from models.time import SECOND, Millis
from models.vessel import Identity
from streams.detection.gaps.watch import GapWatch
from streams.detection.vessel_state import VesselState
from streams.stages.fleet import Fleet
from streams.tracking.identity import IdentitySettings
from streams.tracking.repeats import contents, digests, noted
from streams.tracking.said import said

_IS_CLASS_B: Final = np.isin(np.arange(256), (18, 19))
"""Whether a message type comes from class B, by its number."""


class Attendance:
    """Writes into the fleet, and marks the vessels that it changes."""

    def __init__(self, fleet: Fleet, gaps: GapWatch, settings: IdentitySettings) -> None:
        self._fleet = fleet
        self._gaps = gaps
        self._apart = int(settings.apart_seconds * SECOND)
        self._ship_types = settings.ship_types
        self.new: set[int] = set()
        """Vessels first heard since this was last cleared."""

    def hear(self, rows: Rows, starts: npt.NDArray[np.intp]) -> set[int]:
        """Take in static data, sorted by MMSI and time; each vessel begins at one of `starts`. Returns the
        vessels of which something is newly confirmed."""
        changed: set[int] = set()
        if not len(rows):
            return changed
        slots = self._slots(rows, starts, changed)
        usual = self._as_usual(rows, starts, slots)
        lengths = _lasts(rows, starts) + 1 - starts
        fleet = self._fleet
        found, slot_of = digests(contents(rows), rows["type"]), np.repeat(slots, lengths)
        same_class = (rows["type"] == 5) | fleet.class_b[slot_of]
        known = np.logical_or.reduce([column[slot_of] == found for column in fleet.told.T])
        news = ~(usual & np.logical_and.reduceat(known & same_class, starts))
        of_news, which = slots[news], np.repeat(news, lengths)
        part = rows.compress(which)
        columns = part["time"].tolist(), part["type"].tolist(), found.compress(which).tolist()
        each = zip(*columns, said(part), strict=True)
        vessels, kept = fleet.states(fleet.mmsi[of_news].tolist()), fleet.told[of_news].tolist()
        of_vessels = zip(vessels, lengths[news].tolist(), usual[news].tolist(), strict=True)
        for nth, (vessel, count, as_usual) in enumerate(of_vessels):
            repeats, claims = kept[nth], vessel.claims
            for time, type, digest, says in islice(each, count):
                if not as_usual:
                    self._heard(vessel.mmsi, time)
                if type != 5:
                    self._mark_class_b(vessel, changed)
                if (silence := vessel.silence) is not None and silence.back is not None:
                    silence.draughts_heard += says[-1] >= 0  # its draught
                if digest in repeats:
                    continue
                changes = claims.hear(says, time, self._apart, self._ship_types)
                repeats = noted(repeats, digest, changed=changes, settled=claims.settled)
                if changes:
                    changed.add(vessel.mmsi)
            kept[nth] = repeats
        if kept:
            fleet.told[of_news] = kept
        self._note_times(rows, starts, slots)
        return changed

    def meet(self, rows: Rows, starts: npt.NDArray[np.intp]) -> set[int]:
        """Note who is there, from positions in the same order; returns the vessels that are new, or newly
        known for class B."""
        changed: set[int] = set()
        if not len(rows):
            return changed
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
        self._fleet.changed[slots], self._fleet.looked[slots] = True, 0

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
