"""Dormant: vessels that were heard once only, packed away until they are heard again.

Receivers take noise for messages, and transmitters send numbers that nobody sees twice. As objects a million
of these would take gigabytes. Packed, their states are the same, and take some hundred bytes each.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from models.report import Rows, raw
from models.time import Millis
from streams.detection.gaps.watch import HeardVessel
from streams.detection.vessel_state import WATCHED, VesselState, tracks_of
from streams.stages.fleet import ROW, Fleet, segments_in, track_in
from streams.stages.folding import decoded, encoded, hearing_in, with_track

_VESSELS: Final = 256
"""In a block. To unpack one takes a tenth of a millisecond."""
_AWAKE: Final = -1
_LEVEL: Final = 1
_packed: Final = msgspec.msgpack.Decoder(tuple[bytes, list[bytes]]).decode


@dataclass(slots=True)
class _Block:
    mmsis: npt.NDArray[np.uint32]
    packed: bytes
    last: Millis  # when the first of them to fall silent was heard
    busy: bool  # whether a detector has anything of one of them in hand


class Dormant:
    """The part of a fleet that sleeps; the rest is in the fleet that it is given."""

    def __init__(self, fleet: Fleet, may_propose: Callable[[HeardVessel], bool]) -> None:
        """`may_propose` tells whether a gap may be proposed before the vessel is heard again."""
        self._fleet = fleet
        self._may_propose = may_propose
        self._blocks: dict[int, _Block] = {}
        self._count = 0
        self._mmsis = np.empty(0, np.uint32)  # ascending
        self._of = np.empty(0, np.int32)  # the block of each, or _AWAKE
        self._packer = zstandard.ZstdCompressor(level=_LEVEL)
        self._unpacker = zstandard.ZstdDecompressor()
        # the block that `encoded` looked into last
        self._opened: tuple[_Block | None, tuple[Rows, list[bytes]]] = None, (np.empty(0, ROW), [])

    def __len__(self) -> int:
        return int((self._of != _AWAKE).sum())

    @property
    def mmsis(self) -> list[int]:
        """All of them, ascending."""
        every: list[int] = self._mmsis[self._of != _AWAKE].tolist()
        return every

    def put_away(self, mmsis: Iterable[int]) -> None:
        """Pack those of these vessels of the fleet that were heard once only, and with which nothing is to be
        done until they are heard again but for what is done every hour. One that was heard twice will most
        likely be heard in the next step, too."""
        fleet, awake = self._fleet, np.array(sorted(mmsis), np.uint32)
        slots = fleet.slots(awake.tolist())
        once = (fleet.first[slots] == fleet.last[slots]) & (fleet.interest[slots] != WATCHED)
        ordered = [mmsi for mmsi in awake[once].tolist() if not self._may_propose(fleet.heard(mmsi))]
        self._keep(ordered, fleet.take_out)

    def take_in(self, rows: Rows, states: Sequence[bytes]) -> None:
        """Take in vessels that sleep already, as `stored` gave them. Those with which something may have to
        be done by now, as settings may be others, go to the fleet."""
        awake = np.fromiter((self._may_propose(hearing_in(state)) for state in states), bool, len(states))
        (woken,) = np.nonzero(awake)
        self._fleet.bring_back(rows[woken], [decoded(states[i]) for i in woken.tolist()])
        sleeping = np.flatnonzero(~awake)[np.argsort(rows["mmsi"][~awake])]
        place = dict(zip(rows["mmsi"][sleeping].tolist(), sleeping.tolist(), strict=True))

        def taken(some: list[int]) -> tuple[Rows, list[bytes]]:
            which = [place[mmsi] for mmsi in some]
            return rows[which], [states[i] for i in which]

        self._keep(list(place), taken)

    def _keep(self, ordered: list[int], taken: Callable[[list[int]], tuple[Rows, list[bytes]]]) -> None:
        """Pack these vessels, ascending; `taken` gives the columns and the states of some of them."""
        if not ordered:
            return
        blocks = np.empty(len(ordered), np.int32)
        for at in range(0, len(ordered), _VESSELS):
            blocks[at : at + _VESSELS] = self._count
            self._blocks[self._count] = self._block(*taken(ordered[at : at + _VESSELS]))
            self._count += 1
        still = self._of != _AWAKE
        mmsis = np.array(ordered, np.uint32)
        at_rest = self._mmsis[still]
        where = np.searchsorted(at_rest, mmsis)
        self._mmsis = np.insert(at_rest, where, mmsis)
        self._of = np.insert(self._of[still], where, blocks)

    def wake(self, *mmsis: npt.NDArray[Any]) -> None:
        """Put those of these vessels that sleep back into the fleet."""
        if not self._blocks:
            return
        wanted = np.unique(np.concatenate(mmsis))
        if not len(wanted):
            return
        at = self._find(wanted)
        at = at[(self._mmsis[at] == wanted) & (self._of[at] != _AWAKE)]
        of = self._of[at]
        self._of[at] = _AWAKE
        for number in np.unique(of).tolist():
            block = self._blocks[number]
            rows, states = self._unpack(block)
            which = np.searchsorted(block.mmsis, self._mmsis[at[of == number]])
            self._fleet.bring_back(rows[which], [decoded(states[i]) for i in which.tolist()])
            if not self._here(number, block).any():
                del self._blocks[number]

    def idle(self, before: Millis) -> Iterator[VesselState]:
        """The vessels of the whole fleet that were not heard since before a time, awake; those that sleep
        are woken some at a time. One may be let go of before the next is asked for."""
        for mmsi in self._fleet.silent_since(before):
            yield self._fleet.whole(mmsi)
            self._fleet.settle()
        for number in [each for each, block in self._blocks.items() if block.last < before]:
            block = self._blocks[number]
            woken = block.mmsis[self._here(number, block)]
            self.wake(woken)
            yield from (
                vessel for mmsi in woken.tolist() if (vessel := self._fleet.whole(mmsi)).last < before
            )

    def revise(self, change: Callable[[list[tuple[VesselState, set[int]]]], None]) -> None:
        """Have those changed that a detector has in hand, some at a time; each comes with the numbers of its
        tracks."""
        for number, block in self._blocks.items():
            if not block.busy:
                continue
            rows, states = self._unpack(block)
            here = np.flatnonzero(self._here(number, block))
            rows, states = rows[here], [states[i] for i in here.tolist()]
            (which,) = np.nonzero(rows["busy"])
            vessels = [decoded(states[i]) for i in which.tolist()]
            columns = zip(vessels, which.tolist(), rows["in_columns"][which].tolist(), strict=True)
            tracks = [track_in(rows["ends"], i) if there else tracks_of(each) for each, i, there in columns]
            change(list(zip(vessels, tracks, strict=True)))
            for i, vessel in zip(which.tolist(), vessels, strict=True):
                states[i] = encoded(vessel)
            rows["busy"][which] = [vessel.detectors_busy for vessel in vessels]
            self._blocks[number] = self._block(rows, states)
            self._fleet.changed_elsewhere.frombytes(rows["mmsi"][which].tobytes())

    def stored(self, mmsis: Sequence[int]) -> tuple[Rows, list[bytes]]:
        """The columns, ROW, and the states of those of these vessels that are here, by MMSI. The states are
        msgpack, without the tracks that are in columns."""
        wanted = np.unique(np.array(mmsis, np.uint32))
        if not len(self._mmsis):
            return np.empty(0, ROW), []
        at = self._find(wanted)
        at = at[(self._mmsis[at] == wanted) & (self._of[at] != _AWAKE)]
        of, rows, states = self._of[at], np.empty(len(at), ROW), [b""] * len(at)
        for number in np.unique(of).tolist():
            block = self._blocks[number]
            its_rows, its_states = self._unpack(block)
            (places,) = np.nonzero(of == number)
            which = np.searchsorted(block.mmsis, self._mmsis[at[places]])
            raw(rows)[places] = raw(its_rows)[which]
            for place, i in zip(places.tolist(), which.tolist(), strict=True):
                states[place] = its_states[i]
        return rows, states

    def encoded(self, mmsi: int) -> bytes | None:
        """The state of a vessel as msgpack; None if it is not here. Quickest in the order of their MMSIs."""
        at = int(self._mmsis.searchsorted(np.uint32(mmsi)))
        if at == len(self._mmsis) or self._mmsis[at] != mmsi or self._of[at] == _AWAKE:
            return None
        block = self._blocks[int(self._of[at])]
        if block is not self._opened[0]:
            self._opened = block, self._unpack(block)
        rows, states = self._opened[1]
        i = int(np.searchsorted(block.mmsis, mmsi))
        segments = segments_in(rows["ends"], i) if rows["in_columns"][i] else None
        return with_track(states[i], rows["last"].item(i), segments)

    def _block(self, rows: Rows, states: list[bytes]) -> _Block:
        # byte by byte of all rows: what is the same in all of them lies together
        packed = self._packer.compress(encoded((_bytes_of(rows).T.tobytes(), states)))
        packed = bytes(memoryview(packed))  # a copy: the original holds on to the room for all that it packed
        return _Block(rows["mmsi"].copy(), packed, int(rows["last"].min()), bool(rows["busy"].any()))

    def _unpack(self, block: _Block) -> tuple[Rows, list[bytes]]:
        columns, states = _packed(self._unpacker.decompress(block.packed))
        by_byte = np.frombuffer(columns, np.uint8).reshape(ROW.itemsize, -1)
        return np.frombuffer(by_byte.T.tobytes(), ROW), states

    def _here(self, number: int, block: _Block) -> npt.NDArray[np.bool_]:
        """Which vessels of a block have not been woken."""
        at = self._find(block.mmsis)
        here: npt.NDArray[np.bool_] = (self._mmsis[at] == block.mmsis) & (self._of[at] == number)
        return here

    def _find(self, mmsis: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        return np.minimum(np.searchsorted(self._mmsis, mmsis), len(self._mmsis) - 1)


def _bytes_of(rows: Rows) -> npt.NDArray[np.uint8]:
    """One row of bytes for each row."""
    return np.frombuffer(rows.tobytes(), np.uint8).reshape(-1, ROW.itemsize)
