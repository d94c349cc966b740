"""Fleet: the vessels that are followed, as objects, and in columns what is asked of all that are heard.

An ordinary vessel is heard, moves on and does nothing that a detector asks for: all that changes of it is in
columns, and its object is not touched. A vessel that is looked at by itself is asked for by its MMSI.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NoReturn

import msgspec
import numpy as np
import numpy.typing as npt

from models.time import Millis
from streams.detection.vessel_state import VesselState, interest_of, tracks_of
from streams.tracking.ends import END, segment_of
from streams.tracking.resolution import resolution_of
from streams.tracking.track import Segment

_COLUMNS: Final = (
    "ends",
    "in_columns",
    "in_use",
    "mmsi",
    "first",
    "last",
    "class_b",
    "interest",
    "silent",
    "quiet",
    "step_east",
    "step_north",
    "on_lines",
)
_FIRST: Final = 1024
_GROWTH: Final = 1.25


class _Elsewhere(list[Segment]):
    """In place of the segments of a vessel whose track is in columns: who asks it has the wrong object."""

    def _refuse(self, *_: object) -> NoReturn:
        raise RuntimeError("the track is in columns: ask the fleet for the whole vessel")

    __iter__ = __len__ = __getitem__ = __contains__ = __bool__ = __eq__ = append = remove = _refuse


_ELSEWHERE: Final = _Elsewhere()


class Fleet:
    """Vessels by MMSI; each has a slot, which is its place in the columns."""

    def __init__(self) -> None:
        self._vessels: dict[int, VesselState] = {}
        self._slot: dict[int, int] = {}
        self._free: list[int] = []
        self._top = 0  # slots that were ever used
        self._asked, self._answer = b"", np.zeros(0, np.intp)
        self.ends: npt.NDArray[Any] = np.zeros(_FIRST, END)
        self.in_columns = np.zeros(_FIRST, bool)
        """Whether the row in `ends` is its only track, and the object has none."""
        self.in_use = np.zeros(_FIRST, bool)
        self.mmsi = np.zeros(_FIRST, np.uint32)
        self.first = np.zeros(_FIRST, np.int64)
        self.last = np.zeros(_FIRST, np.int64)
        """When it was last heard. The object's own field is right after it was asked for."""
        self.class_b = np.zeros(_FIRST, bool)
        self.interest = np.zeros(_FIRST, np.uint8)
        self.silent = np.zeros(_FIRST, bool)
        """Whether the object may have a silence in hand."""
        self.quiet = np.zeros(_FIRST, bool)
        """Whether it is known to be at one place, if its track is in columns."""
        self.step_east = np.zeros(_FIRST, np.int32)
        self.step_north = np.zeros(_FIRST, np.int32)
        """What its positions are rounded to (`streams.tracking.resolution`)."""
        self.on_lines = np.zeros(_FIRST, bool)
        """Whether anything is known of that."""

    def __len__(self) -> int:
        return len(self._vessels)

    def __contains__(self, mmsi: int) -> bool:
        return mmsi in self._vessels

    def __iter__(self) -> Iterator[int]:
        return iter(list(self._vessels))

    def whole(self, mmsi: int) -> VesselState:
        """The vessel with its tracks, which are taken out of the columns and its own now. Raises KeyError."""
        vessel, slot = self.heard(mmsi), self._slot[mmsi]
        if self.in_columns[slot]:
            vessel.segments = self._segments(slot)
            self.in_columns[slot] = False
        return vessel

    def add(self, vessels: Sequence[VesselState]) -> None:
        """Take in vessels that are not here yet."""
        if not vessels:
            return
        slots = np.array([self._free.pop() if self._free else self._new_slot() for _ in vessels], np.intp)
        mmsis = [vessel.mmsi for vessel in vessels]
        self._vessels.update(zip(mmsis, vessels, strict=True))
        self._slot.update(zip(mmsis, slots.tolist(), strict=True))
        self._asked, self._answer = b"", np.zeros(0, np.intp)
        self.mmsi[slots], self.in_use[slots] = mmsis, True
        self.first[slots] = [vessel.first for vessel in vessels]
        self.last[slots] = [vessel.last for vessel in vessels]
        self.step_east[slots] = self.step_north[slots] = 0
        self.on_lines[slots], self.in_columns[slots] = False, False
        self.ends["there"][slots] = False
        for vessel, slot in zip(vessels, slots.tolist(), strict=True):
            if vessel.rounding:
                self.step_east[slot], self.step_north[slot] = resolution_of(vessel.rounding)
                self.on_lines[slot] = True
            if not vessel.segments:
                self.put_in_columns(vessel.mmsi)
        self.note(vessels)

    def __delitem__(self, mmsi: int) -> None:
        del self._vessels[mmsi]
        slot = self._slot.pop(mmsi)
        self._asked, self._answer = b"", np.zeros(0, np.intp)
        self._free.append(slot)
        self.in_use[slot] = self.in_columns[slot] = False

    def state(self, mmsi: int) -> VesselState:
        """A vessel, but for its tracks and when it was last heard: these may be in columns."""
        return self._vessels[mmsi]

    def states(self) -> Iterable[VesselState]:
        """The same of all vessels."""
        return self._vessels.values()

    def heard(self, mmsi: int) -> VesselState:
        """A vessel, but for its tracks."""
        vessel = self._vessels[mmsi]
        vessel.last = self.last.item(self._slot[mmsi])
        return vessel

    def copy(self, mmsi: int) -> VesselState | None:
        """The whole vessel as it stands, to be kept; None if it is not here."""
        slot = self._slot.get(mmsi)
        if slot is None:
            return None
        vessel = self.heard(mmsi)
        if self.in_columns[slot]:
            return msgspec.structs.replace(vessel, segments=self._segments(slot))
        return vessel

    def slots(self, mmsis: Iterable[int]) -> npt.NDArray[np.intp]:
        """The slots of vessels, -1 for those that are not here."""
        return np.array([self._slot.get(mmsi, -1) for mmsi in mmsis], np.intp)

    def slots_of(self, mmsis: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
        """The same for a column. The last answer is remembered: in a step the same ships are asked for by one
        after the other."""
        key = mmsis.tobytes()
        if key != self._asked:
            self._asked, self._answer = key, self.slots(mmsis.tolist())
        return self._answer

    def note(self, vessels: Sequence[VesselState], quiet: Sequence[bool] | bool = False) -> None:
        """What is asked of these vessels may have changed; `quiet` is of each, or of all."""
        slots = self.slots([vessel.mmsi for vessel in vessels])
        self.class_b[slots] = [vessel.claims.class_b for vessel in vessels]
        self.interest[slots] = [interest_of(vessel.identity) for vessel in vessels]
        self.silent[slots] = [vessel.silence is not None for vessel in vessels]
        self.quiet[slots] = quiet

    def hear(self, vessel: VesselState, time: Millis) -> None:
        """It was heard at a time; `vessel` is as `heard` gave it."""
        slot = self._slot[vessel.mmsi]
        self.silent[slot] = vessel.silence is not None
        if time > vessel.last:
            vessel.last = self.last[slot] = time

    def tracks(self, mmsi: int) -> set[int]:
        """The numbers of a vessel's tracks."""
        slot = self._slot[mmsi]
        if not self.in_columns[slot]:
            return tracks_of(self._vessels[mmsi])
        return {self.ends["number"].item(slot)} if self.ends["there"][slot] else set()

    def put_in_columns(self, mmsi: int) -> None:
        """Its only track is in `ends` from now on."""
        self._vessels[mmsi].segments = _ELSEWHERE
        self.in_columns[self._slot[mmsi]] = True

    def silent_since(self, before: Millis) -> list[int]:
        """The vessels that were last heard before a time."""
        silent: list[int] = self.mmsi[self.in_use & (self.last < before)].tolist()
        return silent

    def _segments(self, slot: int) -> list[Segment]:
        segment = segment_of(self.ends, slot)
        return [] if segment is None else [segment]

    def _new_slot(self) -> int:
        slot, self._top = self._top, self._top + 1
        if slot == len(self.mmsi):
            size = round(slot * _GROWTH)
            for name in _COLUMNS:
                column = getattr(self, name)
                grown = np.zeros(size, column.dtype)
                grown[:slot] = column
                setattr(self, name, grown)
        return slot
