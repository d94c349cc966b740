"""FenceStage: entries into drawn fences, and exits, of the vessels that count.

It reads the same instants as MeetingStage, beside it. A fence that somebody draws comes in an instant, and
counts from that instant on: so a replay that is given the fence with this time finds the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
from streams.stages.waiting import Waiting
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
        self._changed: set[str] = set()  # names of the pieces that changed since the last checkpoint
        self._waiting = Waiting(self._changed)
        self._crossings = FenceCrossings(self._s, rules.drawn, self._changed)
        self._counting: dict[int, Identity] = {}  # of the vessels that count
        self._unsure: list[Crossing] = []  # of vessels that do not count yet, by when they were found

    def feed(self, batch: Instant) -> None:
        batch = replace(batch, events=(), sightings=())
        if batch.time <= self._done:  # its source was registered too late; what was drawn is not lost
            if not batch.drawn:
                return
            batch = replace(batch, time=self._done + self._step, ticks=no_ticks(), identities=())
        self._waiting.put(batch)

    def advance(self, watermark: Millis) -> FenceOutput:
        """Work off every instant before the watermark; at END up to the last one fed."""
        limit = END if watermark == END else before(watermark, self._step)
        out = FenceOutput([], [])
        for time in sorted(time for time in self._waiting if time <= limit):
            self._work_off(time, self._waiting.take(time), out)
            self._done = max(self._done, time)
        if watermark != END:
            self._done = max(self._done, limit)
        return out

    def _work_off(self, instant: Millis, parts: list[Instant], out: FenceOutput) -> None:
        """One instant of the grid, from the parts that all partitions of vessels give."""
        versions = (version for part in parts for version in part.drawn)
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
        identities = (identity for part in parts for identity in part.identities)
        for identity in sorted(identities, key=lambda identity: (identity.mmsi, identity.gone)):
            known = self._counting.pop(identity.mmsi, None)
            if identity.of_interest and not identity.gone:
                self._counting[identity.mmsi] = identity
                learnt.add(identity.mmsi)
            if known is not None or identity.of_interest:
                self._changed.add(f"identity/{identity.mmsi}")
        due = [found for found in self._unsure if found.mmsi in learnt]
        if due:
            self._unsure = [found for found in self._unsure if found.mmsi not in learnt]
            self._changed.add("unsure/all")
        return [event for found in due for event in self._told(found, instant)]

    def _told(self, found: Crossing, instant: Millis) -> list[Event]:
        """The event of a crossing; none, and it waits, while its vessel does not count."""
        identity = self._counting.get(found.mmsi)
        if identity is None:
            self._unsure.append(found)
            self._changed.add("unsure/all")
            return []
        kind = EventType.FENCE_ENTRY if found.side == "entry" else EventType.FENCE_EXIT
        return [build_event(found, identity, instant, self._surroundings, self._detectors[kind], self._s)]

    def _forget(self, instant: Millis) -> None:
        """Crossings whose vessel has not turned out to be one that counts."""
        oldest = instant - self._s.candidate_hours * HOUR
        kept = [found for found in self._unsure if found.after.time >= oldest][-_MOST_WAITING:]
        if len(kept) < len(self._unsure):
            self._unsure = kept
            self._changed.add("unsure/all")

    # --- checkpoints

    def changes(self) -> Pieces:
        """The pieces of the state that changed since the last call, by name; None for those that are gone."""
        pieces: Pieces = {"meta": msgspec.msgpack.encode(self._done)}
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
        self._done = msgspec.msgpack.decode(pieces["meta"], type=int)
        split = [(*name.partition("/")[::2], data) for name, data in sorted(pieces.items())]
        known = [msgspec.msgpack.decode(data, type=Identity) for kind, _, data in split if kind == "identity"]
        self._counting = {identity.mmsi: identity for identity in known}
        self._waiting.load((int(rest), data) for kind, rest, data in split if kind == "fed")
        self._crossings.load(split)
        unsure = [data for kind, _, data in split if kind == "unsure"]
        self._unsure = msgspec.msgpack.decode(unsure[0], type=list[Crossing]) if unsure else []
        self._changed.clear()

    def snapshot(self) -> bytes:
        self._changed.clear()
        self._changed |= {"unsure/all"} | {f"identity/{mmsi}" for mmsi in self._counting}
        self._changed |= self._waiting.pieces() | self._crossings.pieces()
        return msgspec.msgpack.encode(self.changes())

    def restore(self, state: bytes) -> None:
        pieces = msgspec.msgpack.decode(state, type=dict[str, bytes | None])
        self.load({name: data for name, data in pieces.items() if data is not None})

    def _piece(self, kind: str, rest: str) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind == "fed":
            return self._waiting.piece(int(rest))
        if kind == "identity":
            return self._counting.get(int(rest))
        if kind == "unsure":
            return self._unsure or None
        return self._crossings.piece(kind, rest)
