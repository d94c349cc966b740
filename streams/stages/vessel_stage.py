"""VesselStage: from reports to what single vessels do (identity, track, ticks, loitering, port visits, gaps).

Works in whole steps of the time grid: an instant is worked off once the watermark has passed it, with all
reports of its step sorted by (MMSI, time, content). So nothing depends on how the input was cut.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import compress

import msgspec
import numpy as np
import numpy.typing as npt

from models.drawn_fence import FenceVersion
from models.event import Event, sort_key
from models.report import IS_COARSE, POSITION, STATIC, Reports, Rows, joined, run_starts
from models.sighting import Sighting
from models.tick import TICK, Instant
from models.time import BEGINNING, DAY, END, HOUR, Millis
from models.vessel import ONE_PLACE, Identity, Places
from streams.detection.gaps.hearing import longest_silence
from streams.detection.positions import repeating
from streams.detection.vessel_detectors import VesselDetectors
from streams.detection.vessel_state import WATCHED, VesselState
from streams.stages.attendance import Attendance
from streams.stages.dormant import Dormant
from streams.stages.fleet import Fleet
from streams.stages.later import Later
from streams.stages.rounds import Rounds
from streams.stages.row_order import (
    POSITION_KEYS,
    STATIC_KEYS,
    Stations,
    batched,
    by_step,
    folded,
    parted,
    portions,
    without_others,
)
from streams.stages.rules import Rules
from streams.stages.stage import Stage
from streams.stages.stored_vessels import LAYOUT, Layout, stored, stored_asleep, taken
from streams.tracking import resolution
from streams.tracking.assignment import assign_step
from streams.tracking.grid import at_or_after, before
from streams.tracking.places import places_of
from streams.tracking.ticks import ticks
from streams.tracking.track import drop_coarse

Pieces = dict[str, bytes | None]
_VESSEL = "vessel/"
"""How the names of vessels begin."""
_LAYOUT = "layout"


class _Meta(msgspec.Struct, array_like=True):
    """The small rest of the state, beside vessels and waiting reports."""

    done: Millis
    newest: Millis
    overtaken: int
    chunk: int
    stations: list[tuple[str, ...]]


class VesselStage(Stage[Reports, list[Instant]]):
    """Reports of all vessels in, instants of the grid out."""

    def __init__(self, rules: Rules, share: int = 1) -> None:
        """`share`: one of how many stages of its kind it is in its process."""
        self._share = share
        self._settings = rules.settings.vessel
        self._watchlist = rules.watchlist
        self._detectors = VesselDetectors(
            rules.surroundings, rules.detectors, self._settings.detectors, self._settings.track
        )
        self._done = BEGINNING
        self._newest = BEGINNING
        self._fleet = Fleet(share)
        self._dormant = self._sleepers()  # the rest of the fleet
        self._waiting: dict[int, tuple[Rows, Rows]] = {}  # positions and statics not worked off, by chunk
        self._chunk = 0
        self._stations: dict[tuple[str, ...], int] = {(): 0}
        self._pieces: set[str] = set()  # changed since the last checkpoint, beside vessels
        self._sightings = Later("seen", Sighting, self._pieces)  # from when on they are known
        self._drawn = Later("drawn", FenceVersion, self._pieces)
        self._attendance = self._roll()
        self.overtaken = 0
        """Reports older than what was already worked off: they changed nothing."""

    def _sleepers(self) -> Dormant:
        return Dormant(self._fleet, self._detectors.gaps.may_propose)

    def _roll(self) -> Attendance:
        return Attendance(self._fleet, self._detectors.gaps, self._settings.identity)

    @property
    def done(self) -> Millis:
        """The last instant worked off: no output for it or before is to come."""
        return self._done

    @property
    def vessels(self) -> int:
        """How many are followed."""
        return len(self._fleet) + len(self._dormant)

    def feed(self, batch: Reports) -> None:
        table = (self._stations.setdefault(s, len(self._stations)) for s in batch.stations)
        renumber = np.fromiter(table, "i4", len(batch.stations))
        fresh: list[Rows] = []
        for rows in (batch.positions, batch.statics):
            self._newest = max(self._newest, batch.newest, int(rows["time"].max(initial=BEGINNING)))
            taken = rows["time"] > self._done
            self.overtaken += len(rows) - int(taken.sum())
            if rows.dtype == POSITION:
                taken &= ~(np.isnan(rows["lon"]) | np.isnan(rows["lat"]))
            fresh.append(rows.compress(taken))
            fresh[-1]["stations"] = renumber[fresh[-1]["stations"]]
        if len(fresh[0]) or len(fresh[1]):
            self._wait(fresh[0], fresh[1])
        step = self._settings.grid.step
        for sighting in batch.sightings:  # one that comes later than it was received counts from now on
            self._sightings.put(sighting, max(at_or_after(sighting.received, step), self._done + step))
        for version in batch.drawn:
            first = max(at_or_after(version.begins, step), self._done + step)
            self._drawn.put(version, BEGINNING if version.begins == BEGINNING == self._done else first)

    def _wait(self, positions: Rows, statics: Rows) -> None:
        self._chunk += 1
        self._waiting[self._chunk] = positions, statics
        self._pieces.add(f"rows/{self._chunk}")

    def advance(self, watermark: Millis) -> list[Instant]:
        """Every instant that the watermark has passed and that has something to say.

        At END, when all sources have ended, that is up to the last report; and events still open are told
        once more as they stand. Sightings that are known only later are handed on with that, too, and so are
        fences.
        """
        step = self._settings.grid.step
        limit = at_or_after(self._newest, step) if watermark == END else before(watermark, step)
        out = self._work_off(max(limit, self._done)) if limit > self._done else []
        if watermark == END:
            rounds = Rounds(self._fleet, self._dormant, self._detectors, self._settings)
            events = tuple(sorted(rounds.finish(self._done), key=sort_key))
            sightings = self._sightings.take(END) if self._newest > BEGINNING else ()
            if events or sightings:
                out.append(Instant(time=self._done, events=events, sightings=sightings))
            out += self.drawn_at_end()
        return out

    def drawn_at_end(self) -> list[Instant]:
        """What was drawn after all sources had ended, or just before: no instant is to come that takes it. It
        waits where there has been no data at all."""
        drawn = self._drawn.take(END) if self._newest > BEGINNING else ()
        return [Instant(time=self._done, drawn=drawn)] if drawn else []

    def _work_off(self, limit: Millis) -> list[Instant]:
        """Every instant up to `limit`."""
        step = self._settings.grid.step
        chunks = list(self._waiting.values())
        positions, left = parted(joined([chunk[0] for chunk in chunks], POSITION), limit)
        statics, statics_left = parted(joined([chunk[1] for chunk in chunks], STATIC), limit)
        positions, of_instant = by_step(positions, step, POSITION_KEYS)
        statics, static_of_instant = by_step(statics, step, STATIC_KEYS)
        none, stations = slice(0), tuple(self._stations)
        out: list[Instant] = []
        while self._done < limit:
            if not self.vessels:  # nothing can happen before the next report
                drawn = (time for time in self._drawn if time != BEGINNING)  # that counts with the first data
                first = min([*of_instant, *static_of_instant, *self._sightings, *drawn], default=END)
                if first > limit:
                    self._done = limit
                    break
                self._done = max(self._done, first - step)
            instant = self._done + step
            now = positions[of_instant.pop(instant, none)], statics[static_of_instant.pop(instant, none)]
            made = self._step(instant, *now, stations)
            self._done = instant
            if len(made.ticks) or made.identities or made.events or made.sightings or made.drawn:
                out.append(made)
        self._pieces.update(f"rows/{number}" for number in self._waiting)
        self._waiting = {}
        self._stations, (positions, statics) = without_others(self._stations, left, statics_left)
        if len(positions) or len(statics):
            self._wait(positions, statics)
        return out

    def changes(self) -> Pieces:
        """The pieces of the state that changed since the last call, by name; None for those that are gone."""
        return {_LAYOUT: msgspec.msgpack.encode(LAYOUT), **self._changes(self._stored)}

    def _changes(self, of_vessels: Callable[[list[int]], Iterable[bytes | None]]) -> Pieces:
        """The same without the layout; `of_vessels` gives what there is of some of them."""
        meta = _Meta(self._done, self._newest, self.overtaken, self._chunk, list(self._stations))
        pieces: Pieces = {"meta": msgspec.msgpack.encode(meta)}
        for name in sorted(self._pieces):
            kind, number = name.split("/")
            if kind == "rows":
                chunk = self._waiting.get(int(number))
                kept: object = chunk and [rows.tobytes() for rows in chunk]
            else:
                kept = (self._sightings if kind == "seen" else self._drawn).piece(int(number))
            pieces[name] = None if kept is None else msgspec.msgpack.encode(kept)
        for some in batched(sorted(self._fleet.take_changes(), key=str)):
            pieces.update(zip([f"{_VESSEL}{mmsi}" for mmsi in some], of_vessels(some), strict=True))
        self._pieces.clear()
        return pieces

    def _whole(self, mmsis: list[int]) -> Iterable[bytes | None]:
        """The state of each of these vessels as msgpack; None for those that are gone."""
        return [self._fleet.encoded(mmsi) or self._dormant.encoded(mmsi) for mmsi in mmsis]

    def _stored(self, mmsis: list[int]) -> Iterable[bytes | None]:
        """What a checkpoint holds of them."""
        here = (self._fleet.slots(mmsis) >= 0).tolist()
        awake, (rows, states) = list(compress(mmsis, here)), self._dormant.stored(mmsis)
        pieces: dict[int, bytes] = dict(zip(awake, stored(*self._fleet.folded(awake)), strict=True))
        pieces.update(zip(rows["mmsi"].tolist(), stored_asleep(rows, states), strict=True))
        return map(pieces.get, mmsis)

    def forget_changes(self) -> None:
        """Nobody keeps checkpoints: what changed so far need not be remembered."""
        self._pieces.clear()
        self._fleet.forget_changes()

    def load(self, pieces: Mapping[str, bytes]) -> None:
        """Go on from the pieces that `changes` gave so far."""
        meta = msgspec.msgpack.decode(pieces["meta"], type=_Meta)
        self._done, self._newest, self.overtaken = meta.done, meta.newest, meta.overtaken
        self._chunk = meta.chunk
        self._stations = {stations: i for i, stations in enumerate(meta.stations)}
        self._waiting, self._fleet = {}, Fleet(self._share)
        self._dormant, self._attendance = self._sleepers(), self._roll()
        self.forget_changes()
        vessels = sorted(name for name in pieces if name.startswith(_VESSEL))
        layout = msgspec.msgpack.decode(pieces[_LAYOUT], type=Layout) if _LAYOUT in pieces else None
        for some in batched(vessels):
            awake, asleep = taken([pieces[name] for name in some], layout)
            self._fleet.take_in(*awake)
            self._dormant.take_in(*asleep)
            self._settle(awake[0]["mmsi"].tolist())
        if layout not in (None, LAYOUT):  # the next checkpoint has one layout for all of them
            self._fleet.changed[:] = self._fleet.in_use
            self._fleet.changed_elsewhere.extend(self._dormant.mmsis)  # awake when they were stored, maybe
        rest = {name: pieces[name] for name in pieces.keys() - set(vessels)}
        self._sightings.load(rest)
        self._drawn.load(rest)
        for name in sorted(rest):
            kind, _, number = name.partition("/")
            if kind == "rows":
                positions, statics = msgspec.msgpack.decode(rest[name], type=tuple[bytes, bytes])
                self._waiting[int(number)] = (
                    np.frombuffer(positions, POSITION),
                    np.frombuffer(statics, STATIC),
                )

    def snapshot(self) -> bytes:
        self.forget_changes()  # also who is gone
        self._pieces |= {f"rows/{number}" for number in self._waiting}
        self._pieces |= self._sightings.pieces() | self._drawn.pieces()
        self._fleet.changed[:] = self._fleet.in_use
        self._fleet.changed_elsewhere.extend(self._dormant.mmsis)
        return msgspec.msgpack.encode(self._changes(self._whole))

    def restore(self, state: bytes) -> None:
        self.load(msgspec.msgpack.decode(state, type=dict[str, bytes]))

    def _step(self, instant: Millis, positions: Rows, statics: Rows, stations: Stations) -> Instant:
        """One instant: all reports of the step that it closes, sorted by time."""
        s = self._settings
        identities, events, made_ticks = list[Identity](), list[Event](), list[Rows]()
        positions, stations = folded(positions, stations)
        relisted = self._watchlist.turns(self._done, instant)
        asleep = [] if not relisted else self._dormant.mmsis
        for part in portions(positions, statics) if len(positions) or len(statics) else ():
            starts, of_statics = (run_starts(rows["mmsi"]) for rows in part)
            here = part[0]["mmsi"][starts], part[1]["mmsi"][of_statics]
            self._dormant.wake(*here)
            changed = self._attendance.hear(part[1], of_statics) | self._attendance.meet(part[0], starts)
            fine = self._without_coarse(part[0])
            fine_starts = starts if fine is part[0] else run_starts(fine["mmsi"])
            resolution.learn(fine, fine_starts, self._fleet)
            tracks = assign_step(fine, self._fleet, s.track)
            self._sample(fine, fine_starts, instant)
            changed |= self._look_at_places(here[0], instant)
            if relisted:
                changed = set(np.concatenate(here).tolist())
            self._tell_apart(sorted(changed), instant, identities, events)
            events += self._detectors.watch(tracks, self._fleet, instant, stations)
            made_ticks.append(ticks(tracks, instant, s.grid, s.track))
            self._settle(changed if relisted else self._attendance.new)
            self._attendance.new.clear()
        if relisted:
            heard = set(positions["mmsi"].tolist()) | set(statics["mmsi"].tolist())
            for some in batched(sorted({*self._fleet, *asleep} - heard)):
                self._dormant.wake(np.array(some, np.uint32))
                self._tell_apart(some, instant, identities, events)
                self._settle(some)
        rounds = Rounds(self._fleet, self._dormant, self._detectors, s)
        events += rounds.look_for_gaps(instant)
        if instant % s.detectors.loitering.bucket == 0:
            events += rounds.close_buckets(instant)
        if instant % HOUR == 0:
            identities += rounds.let_go(instant, events)
            self._fleet.settle(silent_since=instant - HOUR)
        return Instant(
            time=instant,
            ticks=joined(made_ticks, TICK),
            identities=tuple(sorted(identities, key=lambda identity: identity.mmsi)),
            events=tuple(sorted(events, key=sort_key)),
            stations=stations,
            sightings=self._sightings.take(instant),
            drawn=self._drawn.take(instant),
        )

    def _settle(self, mmsis: Iterable[int]) -> None:
        """Nothing is done with the vessels that are objects for now; these may sleep."""
        self._dormant.put_away(mmsis)
        self._fleet.settle()

    def _tell_apart(
        self, mmsis: list[int], instant: Millis, told: list[Identity], events: list[Event]
    ) -> None:
        """Add who these vessels are, as it is known now, and what follows from that."""
        fleet, slots, identities = self._fleet, self._fleet.slots(mmsis), list[Identity]()
        vessels, turned = fleet.states(mmsis), list[VesselState]()
        columns = fleet.in_columns[slots].tolist(), (fleet.interest[slots] == WATCHED).tolist()
        for vessel, in_columns, of_interest in zip(vessels, *columns, strict=True):
            known = self._places(vessel, instant, in_columns=in_columns), self._watchlist
            silence = longest_silence(vessel.hearing, instant - DAY)
            was, claims, s = vessel.identity, vessel.claims, self._settings.identity
            now = claims.identity(vessel.mmsi, instant, *known, s, silence, vessel.first)
            vessel.identity = now
            identities.append(now)
            if now.role is not was.role or now.of_interest is not of_interest:
                turned.append(vessel)
        told += identities
        events += self._detectors.reconsider(turned, instant)
        fleet.note(vessels, [identity.places is ONE_PLACE for identity in identities])
        fleet.changed[slots] = True

    def _sample(self, rows: Rows, starts: npt.NDArray[np.intp], instant: Millis) -> None:
        """Note some of the positions of those that detectors watch."""
        fleet = self._fleet
        slots = fleet.slots_of(rows["mmsi"][starts])
        watched = self._detectors.are_candidates(fleet.interest[slots], fleet.first[slots], instant)
        number = instant // self._settings.grid.step
        found = repeating.sample(rows, starts, number, watched, fleet.states)
        fleet.quiet[fleet.slots(found)] = False

    def _look_at_places(self, mmsis: npt.NDArray[np.uint32], instant: Millis) -> set[int]:
        """The vessels among those that sent positions, by MMSI, whose number is heard at other places than
        it was told of. An ordinary vessel with nothing in hand is not looked at again until it is."""
        changed, fleet = set[int](), self._fleet
        slots = fleet.slots_of(mmsis)
        (which,) = np.nonzero(~(fleet.in_columns[slots] & fleet.quiet[slots]))
        columns = (column[which].tolist() for column in (mmsis, slots, fleet.in_columns[slots]))
        for mmsi, slot, in_columns in zip(*columns, strict=True):
            vessel = fleet.state(mmsi)
            places = self._places(vessel, instant, in_columns=in_columns)
            if places != vessel.identity.places:
                changed.add(vessel.mmsi)
            else:
                fleet.quiet[slot] = places is ONE_PLACE
        return changed

    def _places(self, vessel: VesselState, instant: Millis, *, in_columns: bool) -> Places:
        """What is known of where the MMSI is heard; `in_columns` says whether its track is there."""
        ordinary = in_columns
        if not ordinary:
            one = vessel.segments[0] if len(vessel.segments) == 1 else None
            ordinary = not vessel.segments or (one is not None and one.still is None and one.leap is None)
        known = vessel.off_track or vessel.circle
        pattern = vessel.repeating.found if vessel.repeating else None
        crossing = vessel.crossing
        if crossing is not None and instant - crossing.to_time > 2 * DAY:
            crossing = vessel.crossing = None
        if ordinary and not (known or pattern or crossing):
            return ONE_PLACE
        circle = vessel.circle.found if vessel.circle else None
        places = places_of(self._fleet.shown(vessel.mmsi), instant, circle, self._settings.track)
        return msgspec.structs.replace(places, pattern=pattern, crossing=crossing)

    def _without_coarse(self, rows: Rows) -> Rows:
        is_coarse = IS_COARSE[rows["type"]]
        if not is_coarse.any():
            return rows
        coarse = np.unique(rows["mmsi"][is_coarse]).tolist()
        last = {
            mmsi: max((g.time for g in self._fleet.whole(mmsi).segments if not g.coarse), default=BEGINNING)
            for mmsi in coarse
        }
        return drop_coarse(rows, last, self._settings.track)
