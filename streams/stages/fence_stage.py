"""FenceStage: entries into drawn fences, and exits, of the vessels that count.

It reads the same instants as MeetingStage, beside it. A fence that somebody draws comes in an instant, and
counts from that instant on: so a replay that is given the fence with this time finds the same. While there is
no fence, no positions wait for the slower partitions of vessels: one that is drawn then counts from after the
last instant that was passed over so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from geofences.polygon import PolygonError
from models.drawn_fence import FenceVersion
from models.event import Event, EventType, sort_key
from models.tick import Instant, no_ticks
from models.time import BEGINNING, END, HOUR, Millis, to_text
from models.vessel import Identity
from streams.detection.fence_crossing import Crossing, FenceCrossings
from streams.detection.fence_crossing_event import build_event
from streams.stages.rules import Rules
from streams.stages.stage import Stage
from streams.stages.waiting import Waiting, identities_of
from streams.tracking.grid import before

Pieces = dict[str, bytes | None]
_MOST_WAITING = 20_000
"""Crossings that wait for their vessel to be known as one that counts; beyond it the oldest go first."""


@dataclass(frozen=True, slots=True)
class FenceOutput:
    """What came of some instants."""

    events: list[Event]
    taken: list[FenceVersion]
    """Versions of drawn fences that count now, with the time from which they do."""


class FenceStage(Stage[Instant, FenceOutput]):
    """Instants of all vessels in; events out, and the fences that were drawn."""

    def __init__(self, rules: Rules) -> None:
        self._s = rules.settings.fence_crossing
        self._step = rules.settings.vessel.grid.step
        self._surroundings, self._detectors = rules.surroundings, rules.detectors
        self._done = BEGINNING
        self._passed = BEGINNING  # the last instant of which no positions were kept
        self._changed: set[str] = set()  # names of the pieces that changed since the last checkpoint
        self._waiting = Waiting(self._changed)
        self._crossings = FenceCrossings(self._s, rules.drawn, self._is_shared, self._changed)
        self._awaited = False  # whether a drawn fence waits for its instant
        self._known: dict[int, Identity] = {}  # of vessels that count, and of numbers that two ships share
        self._unsure: dict[int, list[Crossing]] = {}  # of vessels that do not count yet, by MMSI

    def feed(self, batch: Instant) -> None:
        if batch.drawn:
            first = max(batch.time, self._done + self._step, self._passed + self._step)
            self._waiting.put(Instant(first, drawn=batch.drawn))
            self._awaited = True
        if batch.time <= self._done:  # its source was registered too late
            return
        ticks = batch.ticks
        if len(ticks) and self._crossings.idle and not self._awaited:
            self._passed, ticks = max(self._passed, batch.time), no_ticks()
        if len(ticks) or batch.identities:
            self._waiting.put(Instant(batch.time, ticks, batch.identities, stations=batch.stations))

    def advance(self, watermark: Millis) -> FenceOutput:
        """Work off every instant before the watermark; at END up to the last one fed."""
        limit = END if watermark == END else before(watermark, self._step)
        out = FenceOutput([], [])
        for time in sorted(time for time in self._waiting if time <= limit):
            parts = self._waiting.take(time)
            self._work_off(time, parts, out)
            if any(len(part.ticks) or part.identities for part in parts):  # not of a fence after the last end
                self._done = max(self._done, time)
        if watermark != END:
            self._done = max(self._done, limit)
        return out

    def _work_off(self, instant: Millis, parts: list[Instant], out: FenceOutput) -> None:
        """One instant of the grid, from the parts that all partitions of vessels give."""
        versions = [version for part in parts for version in part.drawn]
        if versions:
            self._awaited = self._is_awaited()
        for version in sorted(versions, key=lambda version: (version.key, version.drawn, version.by)):
            counted = msgspec.structs.replace(version, valid_from=to_text(instant))
            try:
                if self._crossings.take(counted):
                    out.taken.append(counted)
            except PolygonError:  # the feed and the decoder refuse it before
                continue
        events = self._learn(parts, instant)
        for part in parts:
            for found in self._crossings.watch(part.ticks, part.stations):
                events += self._told(found, instant)
        self._crossings.prune(instant)
        self._forget(instant)
        out.events.extend(sorted(events, key=sort_key))

    def _learn(self, parts: list[Instant], instant: Millis) -> list[Event]:
        """Take in what is newly confirmed of vessels. Returns the crossings of those that count by now."""
        learnt: set[int] = set()
        for identity in identities_of(parts):
            known = self._known.pop(identity.mmsi, None)
            if identity.gone:
                pass
            elif identity.of_interest:
                self._known[identity.mmsi] = identity
                learnt.add(identity.mmsi)
            elif identity.shared:
                self._known[identity.mmsi] = identity
            if known is not None or identity.mmsi in self._known:
                self._changed.add(f"identity/{identity.mmsi}")
        due = [found for mmsi in learnt & self._unsure.keys() for found in self._unsure.pop(mmsi)]
        self._changed.update(f"unsure/{found.mmsi}" for found in due)
        return [event for found in due for event in self._told(found, instant)]

    def _is_awaited(self) -> bool:
        return any(part.drawn for time in self._waiting for part in self._waiting.of(time))

    def _is_shared(self, mmsi: int) -> bool:
        known = self._known.get(mmsi)
        return known is not None and known.shared

    def _told(self, found: Crossing, instant: Millis) -> list[Event]:
        """The event of a crossing; none, and it waits, while its vessel does not count."""
        identity = self._known.get(found.mmsi)
        if identity is None or not identity.of_interest:
            self._unsure.setdefault(found.mmsi, []).append(found)
            self._changed.add(f"unsure/{found.mmsi}")
            return []
        kind = EventType.FENCE_ENTRY if found.side == "entry" else EventType.FENCE_EXIT
        return [build_event(found, identity, instant, self._surroundings, self._detectors[kind], self._s)]

    def _forget(self, instant: Millis) -> None:
        """Crossings whose vessel has not turned out to be one that counts."""
        oldest = instant - self._s.candidate_hours * HOUR
        waiting = [found for each in self._unsure.values() for found in each]
        kept = [found for found in waiting if found.after.time >= oldest]
        if len(kept) > _MOST_WAITING:  # which ones go depends on nothing but the crossings
            kept.sort(key=lambda found: (found.after.time, found.mmsi, found.fence, found.side))
            kept = kept[-_MOST_WAITING:]
        if len(kept) < len(waiting):
            before, self._unsure = self._unsure, {}
            for found in kept:
                self._unsure.setdefault(found.mmsi, []).append(found)
            self._changed.update(
                f"unsure/{mmsi}"
                for mmsi, each in before.items()
                if len(each) != len(self._unsure.get(mmsi, ()))
            )

    # --- checkpoints

    def changes(self) -> Pieces:
        """The pieces of the state that changed since the last call, by name; None for those that are gone."""
        pieces: Pieces = {"meta": msgspec.msgpack.encode((self._done, self._passed))}
        for name in sorted(self._changed):
            kept = self._piece(*name.partition("/")[::2])
            pieces[name] = None if kept is None else msgspec.msgpack.encode(kept)
        self._changed.clear()
        return pieces

    def forget_changes(self) -> None:
        """Nobody keeps checkpoints: what changed so far need not be remembered."""
        self._changed.clear()

    def load(self, pieces: Mapping[str, bytes]) -> None:
        """Go on from the pieces that `changes` gave so far."""
        self._done, self._passed = msgspec.msgpack.decode(pieces["meta"], type=tuple[int, int])
        split = [(*name.partition("/")[::2], data) for name, data in sorted(pieces.items())]
        known = [msgspec.msgpack.decode(data, type=Identity) for kind, _, data in split if kind == "identity"]
        self._known = {identity.mmsi: identity for identity in known}
        self._changed.clear()
        self._waiting.load(each for each in split if each[0] == "fed")
        self._crossings.load(split)
        self._unsure = {
            int(rest): msgspec.msgpack.decode(data, type=list[Crossing])
            for kind, rest, data in split
            if kind == "unsure"
        }
        self._awaited = self._is_awaited()

    def snapshot(self) -> bytes:
        self._changed.clear()
        self._changed |= {f"unsure/{mmsi}" for mmsi in self._unsure}
        self._changed |= {f"identity/{mmsi}" for mmsi in self._known}
        self._changed |= self._waiting.pieces() | self._crossings.pieces()
        return msgspec.msgpack.encode(self.changes())

    def restore(self, state: bytes) -> None:
        pieces = msgspec.msgpack.decode(state, type=dict[str, bytes | None])
        self.load({name: data for name, data in pieces.items() if data is not None})

    def _piece(self, kind: str, rest: str) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind == "fed":
            return self._waiting.piece(kind, rest)
        if kind == "identity":
            return self._known.get(int(rest))
        if kind == "unsure":
            return self._unsure.get(int(rest))
        return self._crossings.piece(kind, rest)
