"""Fleet: the vessels that are followed: in columns what is asked of all that are heard, the rest folded.

An ordinary vessel is heard, moves on and does nothing that a detector asks for: all that changes of it is in
columns. A vessel that is looked at by itself is asked for by its MMSI, and is an object from then on. When
there are too many of these, `settle` folds some of them again (`streams.stages.folding`).
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NoReturn

import msgspec
import numpy as np
import numpy.typing as npt

from models.report import Rows, raw
from models.time import Millis
from streams.detection.vessel_state import NOT_WATCHED, VesselState, interest_of, tracks_of
from streams.stages.folding import Folder, encoded
from streams.tracking.ends import END, segment_of
from streams.tracking.repeats import KEPT
from streams.tracking.slots import Slots
from streams.tracking.track import Segment

ROW: Final = np.dtype(
    [
        ("ends", END),
        ("in_columns", "?"),
        ("in_use", "?"),
        ("mmsi", "u4"),
        ("first", "i8"),
        ("last", "i8"),
        ("class_b", "?"),
        ("interest", "u1"),
        ("silent", "?"),
        ("quiet", "?"),
        ("step_east", "i4"),
        ("step_north", "i4"),
        ("on_lines", "?"),
        ("looked", "i8"),
        ("busy", "?"),
        ("changed", "?"),
        ("told", "u8", (KEPT,)),
    ]
)
"""All columns of a vessel."""
_FIRST: Final = 1024
_GROWTH: Final = 1.25
OBJECTS: Final = 8192
"""The most vessels of a process that are objects once its fleets have settled. Judgement: they take 25 MB."""
_FEW: Final = 8
"""One of how many of these are few: to fold and unfold them would cost more than it saves."""


class _Elsewhere(list[Segment]):
    """In place of the segments of a vessel whose track is in columns: who asks it has the wrong object."""

    def _refuse(self, *_: object) -> NoReturn:
        raise RuntimeError("the track is in columns: ask the fleet for the whole vessel")

    __iter__ = __len__ = __getitem__ = __contains__ = __bool__ = __eq__ = append = remove = _refuse


_ELSEWHERE: Final = _Elsewhere()


class Fleet:
    """Vessels by MMSI; each has a slot, which is its place in the columns.

    An object that it gave is the vessel's own until `settle` is called: then it may be folded.
    """

    def __init__(self, share: int = 1) -> None:
        """`share`: one of how many fleets it is in its process."""
        self._most = OBJECTS // share
        self._objects: dict[int, tuple[VesselState, int]] = {}  # with their slots
        self._folded: list[bytes | None] = [None] * _FIRST  # the others, by slot
        self._folder = Folder()
        self._slots = Slots()
        self._free: list[int] = []
        self._top = 0  # slots that were ever used
        self._asked, self._answer = b"", np.zeros(0, np.intp)
        self.changed_elsewhere = array("I")
        """The same as `changed` of vessels that are not here, of which there may be a million: their MMSIs,
        some more than once."""
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
        self.looked = np.zeros(_FIRST, np.int64)
        """Up to when no gap can be proposed, unless it is heard before (`GapWatch.due`)."""
        self.busy = np.zeros(_FIRST, bool)
        """Whether a detector has anything of it in hand or waiting, if it is folded."""
        self.changed = np.zeros(_FIRST, bool)
        """Whether its state has changed since this was last cleared."""
        self.told = np.zeros((_FIRST, KEPT), np.uint64)
        """What it sent that would change nothing if it came again (`streams.tracking.repeats`)."""

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[int]:
        mmsis: list[int] = self.mmsi[self.in_use].tolist()
        return iter(mmsis)

    def whole(self, mmsi: int) -> VesselState:
        """The vessel with its tracks, which are taken out of the columns and its own now. Raises KeyError."""
        vessel, slot = self._heard(mmsi)
        if self.in_columns[slot]:
            vessel.segments = self._segments(slot)
            self.in_columns[slot] = False
        return vessel

    def shown(self, mmsi: int) -> VesselState:
        """The vessel with its tracks, to be looked at and not changed: it stays in the columns. Raises
        KeyError."""
        vessel, slot = self._heard(mmsi)
        if not self.in_columns[slot]:
            return vessel
        return msgspec.structs.replace(vessel, segments=self._segments(slot))

    def add(self, vessels: Sequence[VesselState]) -> None:
        """Take in vessels that are not here yet."""
        if not vessels:
            return
        slots = self._put(vessels)
        self._begin(vessels, slots)
        for vessel in vessels:
            if not vessel.segments:
                vessel.segments = _ELSEWHERE
        self.in_columns[slots] = [vessel.segments is _ELSEWHERE for vessel in vessels]
        self.note(vessels)

    def take_out(self, mmsis: Sequence[int]) -> tuple[Rows, list[bytes]]:
        """Let go of vessels. Returns their columns, ROW, and their states as msgpack, without the tracks that
        are in columns. Raises KeyError."""
        each = [self._heard(mmsi) for mmsi in mmsis]
        slots = np.array([slot for _, slot in each], np.intp)
        rows = self._rows(mmsis, slots)
        self._remove(mmsis, slots)
        return rows, [encoded(vessel) for vessel, _ in each]

    def bring_back(self, rows: Rows, vessels: Sequence[VesselState]) -> None:
        """Take in vessels that `take_out` gave."""
        self._fill(self._put(vessels), rows)
        for vessel, in_columns in zip(vessels, rows["in_columns"].tolist(), strict=True):
            if in_columns:
                vessel.segments = _ELSEWHERE

    def folded(self, mmsis: Sequence[int]) -> tuple[Rows, list[bytes]]:
        """The columns of vessels that are here, ROW, and their folded states; nothing of them changes."""
        slots, fold = self.slots(mmsis), self._folder.fold
        states = [self._folded[slot] for slot in slots.tolist()]
        each = zip(mmsis, states, strict=True)
        return self._rows(mmsis, slots), [state or fold(self._objects[mmsi][0]) for mmsi, state in each]

    def take_in(self, rows: Rows, folded: Sequence[bytes]) -> None:
        """Take in vessels that are not here yet, as `folded` gave them."""
        slots = self._place(rows["mmsi"].tolist())
        self._fill(slots, rows)
        for slot, state in zip(slots.tolist(), folded, strict=True):
            self._folded[slot] = state

    def __delitem__(self, mmsi: int) -> None:
        _, slot = self._object(mmsi)
        self._remove([mmsi], np.array([slot]))

    def state(self, mmsi: int) -> VesselState:
        """A vessel, but for its tracks and when it was last heard: these may be in columns. Raises
        KeyError."""
        return self._object(mmsi)[0]

    def states(self, mmsis: Iterable[int]) -> list[VesselState]:
        """The same of several."""
        known, unfolded = self._objects.get, self._unfolded
        return [(known(mmsi) or unfolded(mmsi))[0] for mmsi in mmsis]

    def heard(self, mmsi: int) -> VesselState:
        """A vessel, but for its tracks. Raises KeyError."""
        return self._heard(mmsi)[0]

    def settle(self, silent_since: Millis | None = None) -> None:
        """Fold objects until no more than its share of OBJECTS is left: those that nobody watches before
        others, of these the last that were made; with `silent_since` all that nobody watches, or that were
        not heard since then, unless all together are few."""
        if len(self._objects) <= (self._most if silent_since is None else self._most // _FEW):
            return
        mmsis, slots = list(self._objects), [slot for _, slot in self._objects.values()]
        idle = self.interest[slots] == NOT_WATCHED
        if silent_since is not None:
            idle |= self.last[slots] < silent_since
        for i in idle.nonzero()[0].tolist():
            self._fold(*self._objects.pop(mmsis[i]))
        while len(self._objects) > self._most:
            _, (vessel, slot) = self._objects.popitem()
            self._fold(vessel, slot)

    def encoded(self, mmsi: int) -> bytes | None:
        """The whole vessel as msgpack; None if it is not here."""
        known = self._objects.get(mmsi)
        slot = known[1] if known else self._slots.get(mmsi)
        if slot < 0:
            return None
        if known is None:
            folded = self._folded[slot]
            assert folded is not None
            segments = self._segments(slot) if self.in_columns[slot] else None
            return self._folder.encoded(folded, self.last.item(slot), segments)
        return encoded(self.shown(mmsi))

    def take_changes(self) -> list[int]:
        """The vessels that have changed since this was called last, here and elsewhere, by MMSI."""
        here, elsewhere = self.mmsi[self.in_use & self.changed], np.array(self.changed_elsewhere, np.uint32)
        self.forget_changes()
        changed: list[int] = np.union1d(here, elsewhere).tolist()
        return changed

    def forget_changes(self) -> None:
        """Nobody asks which vessels have changed so far."""
        self.changed[:] = False
        del self.changed_elsewhere[:]

    def in_hand(self) -> list[int]:
        """The vessels of which a detector has anything in hand or waiting."""
        objects = [mmsi for mmsi, (vessel, _) in self._objects.items() if vessel.detectors_busy]
        folded = self.mmsi[self.in_use & self.busy].tolist()
        return [*objects, *(mmsi for mmsi in folded if mmsi not in self._objects)]

    def slots(self, mmsis: Iterable[int]) -> npt.NDArray[np.intp]:
        """The slots of vessels, -1 for those that are not here."""
        return self._slots.of(np.fromiter(mmsis, np.uint32))

    def slots_of(self, mmsis: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
        """The same for a column. The last answer is remembered: in a step the same ships are asked for by one
        after the other."""
        key = mmsis.tobytes()
        if key != self._asked:
            self._asked, self._answer = key, self._slots.of(mmsis)
        return self._answer

    def note(self, vessels: Sequence[VesselState], quiet: Sequence[bool] | bool = False) -> None:
        """What is asked of these vessels may have changed; `quiet` is of each, or of all."""
        slots = self.slots([vessel.mmsi for vessel in vessels])
        self.class_b[slots] = [vessel.claims.class_b for vessel in vessels]
        self.interest[slots] = [interest_of(vessel.identity) for vessel in vessels]
        self.silent[slots] = [vessel.silence is not None for vessel in vessels]
        self.quiet[slots], self.looked[slots] = quiet, 0

    def hear(self, vessel: VesselState, time: Millis) -> None:
        """It was heard at a time; `vessel` is as `heard` gave it."""
        _, slot = self._objects[vessel.mmsi]
        self.silent[slot] = vessel.silence is not None
        if time > vessel.last:
            vessel.last = self.last[slot] = time

    def tracks(self, mmsi: int) -> set[int]:
        """The numbers of a vessel's tracks."""
        vessel, slot = self._object(mmsi)
        return tracks_of(vessel) if not self.in_columns[slot] else track_in(self.ends, slot)

    def put_in_columns(self, mmsi: int) -> None:
        """Its only track is in `ends` from now on."""
        vessel, slot = self._object(mmsi)
        vessel.segments = _ELSEWHERE
        self.in_columns[slot] = True

    def silent_since(self, before: Millis) -> list[int]:
        """The vessels that were last heard before a time."""
        silent: list[int] = self.mmsi[self.in_use & (self.last < before)].tolist()
        return silent

    def _begin(self, vessels: Sequence[VesselState], slots: npt.NDArray[np.intp]) -> None:
        """What the columns tell of each vessel that was not here."""
        self.mmsi[slots], self.in_use[slots] = [vessel.mmsi for vessel in vessels], True
        self.first[slots] = [vessel.first for vessel in vessels]
        self.last[slots] = [vessel.last for vessel in vessels]
        self.step_east[slots] = self.step_north[slots] = 0
        self.on_lines[slots], self.changed[slots] = False, False
        self.told[slots] = 0
        self.ends["there"][slots] = False

    def _put(self, vessels: Sequence[VesselState]) -> npt.NDArray[np.intp]:
        """Give slots to vessels that are not here yet."""
        mmsis = [vessel.mmsi for vessel in vessels]
        slots = self._place(mmsis)
        self._objects.update(zip(mmsis, zip(vessels, slots.tolist(), strict=True), strict=True))
        return slots

    def _place(self, mmsis: Sequence[int]) -> npt.NDArray[np.intp]:
        """Give slots to MMSIs that have none."""
        count = len(mmsis)
        again = self._free[max(0, len(self._free) - count) :]
        del self._free[len(self._free) - len(again) :]
        slots = np.array([*again, *self._new_slots(count - len(again))], np.intp)
        self._slots.put(mmsis, slots)
        self._asked, self._answer = b"", np.zeros(0, np.intp)
        return slots

    def _rows(self, mmsis: Sequence[int], slots: npt.NDArray[np.intp]) -> Rows:
        rows = np.empty(len(slots), ROW)
        for name in ROW.names or ():
            raw(rows[name])[:] = raw(getattr(self, name)).take(slots, axis=0)
        for at, mmsi in enumerate(mmsis):
            if mmsi in self._objects:
                rows["busy"][at] = self._objects[mmsi][0].detectors_busy
        return rows

    def _fill(self, slots: npt.NDArray[np.intp], rows: Rows) -> None:
        for name in ROW.names or ():
            raw(getattr(self, name))[slots] = raw(rows[name])
        self.changed[slots] = False

    def _remove(self, mmsis: Sequence[int], slots: npt.NDArray[np.intp]) -> None:
        """Of vessels that are objects."""
        for mmsi, changed in zip(mmsis, self.changed[slots].tolist(), strict=True):
            del self._objects[mmsi]
            if changed:
                self.changed_elsewhere.append(mmsi)
        self._slots.drop(mmsis)
        self._asked, self._answer = b"", np.zeros(0, np.intp)
        self._free += slots.tolist()
        for column in (self.in_use, self.in_columns, self.changed, self.busy):
            column[slots] = False

    def _object(self, mmsi: int) -> tuple[VesselState, int]:
        """The vessel and its slot."""
        known = self._objects.get(mmsi)
        return known if known is not None else self._unfolded(mmsi)

    def _heard(self, mmsi: int) -> tuple[VesselState, int]:
        """The same, with the time when it was last heard."""
        vessel, slot = self._object(mmsi)
        vessel.last = self.last.item(slot)
        return vessel, slot

    def _unfolded(self, mmsi: int) -> tuple[VesselState, int]:
        slot = self._slots.get(mmsi)
        folded = self._folded[slot] if slot >= 0 else None
        if folded is None:
            raise KeyError(mmsi)
        vessel = self._folder.unfold(folded)
        if self.in_columns[slot]:
            vessel.segments = _ELSEWHERE
        self._folded[slot] = None
        self._objects[mmsi] = vessel, slot
        return vessel, slot

    def _fold(self, vessel: VesselState, slot: int) -> None:
        self._folded[slot] = self._folder.fold(vessel)
        self.busy[slot] = vessel.detectors_busy

    def _segments(self, slot: int) -> list[Segment]:
        return segments_in(self.ends, slot)

    def _new_slots(self, count: int) -> range:
        first, self._top = self._top, self._top + count
        if self._top > (room := len(self.mmsi)):
            size = max(round(room * _GROWTH), self._top)
            for name in ROW.names or ():
                column = getattr(self, name)
                grown = np.zeros((size, *column.shape[1:]), column.dtype)
                grown[:room] = column
                setattr(self, name, grown)
            self._folded += [None] * (size - room)
        return range(first, self._top)


def segments_in(ends: Rows, at: int) -> list[Segment]:
    """The tracks of a vessel that are in columns, as objects."""
    segment = segment_of(ends, at)
    return [] if segment is None else [segment]


def track_in(ends: Rows, at: int) -> set[int]:
    """Their numbers."""
    return {ends["number"].item(at)} if ends["there"][at] else set()
