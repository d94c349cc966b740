"""VesselStage: from reports to what single vessels do (identity, track, ticks, loitering, port visits).

Works in whole steps of the time grid: an instant is worked off once the watermark has passed it, with all
reports of its step sorted by (time, MMSI, content). So nothing depends on how the input was cut.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import haversine_m
from models.event import Event, EventType, Reason, Status, event_id, sort_key
from models.report import COARSE_TYPES, POSITION, STATIC, Reports, Rows
from models.tick import Instant
from models.time import BEGINNING, DAY, END, HOUR, Millis
from models.vessel import Identity, Role
from models.watchlist import Watchlist
from streams import loitering, port_visit
from streams.grid import GridSettings, at_or_after, before
from streams.identity import Claims, IdentitySettings
from streams.loitering import Fixes, LoiteringSettings, Spell
from streams.place import Places
from streams.port_visit import Calls, PortVisitSettings, Visit
from streams.telling import merge_receivers
from streams.track import KNOT, Segment, TrackSettings, assign, begin, drop_coarse, move, reachable, ticks

SORT_KEYS = ("status", "heading", "cog", "sog", "lat", "lon", "type", "time", "mmsi")
"""Least significant first: rows that agree in all of them are the same message and interchangeable."""
WAITING = 8
"""So many ended events of one vessel wait for its type to be confirmed."""
Stations = tuple[tuple[str, ...], ...]


class VesselSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grid: GridSettings = GridSettings()
    track: TrackSettings = TrackSettings()
    identity: IdentitySettings = IdentitySettings()
    loitering: LoiteringSettings = LoiteringSettings()
    port_visit: PortVisitSettings = PortVisitSettings()
    candidate_hours: float = 24.0
    """A vessel of unconfirmed type is watched like a tanker for so long."""
    idle_days: float = 7.0
    """A vessel not heard for so long, by event time, is forgotten."""

    def __post_init__(self) -> None:
        if self.loitering.bucket % self.grid.step:
            raise ValueError("loitering.bucket_minutes must be a multiple of grid.step_minutes")
        if self.idle_days * 24 <= self.loitering.max_silence_hours:
            raise ValueError("idle_days must be longer than loitering.max_silence_hours")


class VesselState(msgspec.Struct):
    """All that is kept of one MMSI. Small and bounded: what grows has a limit in a setting."""

    mmsi: int
    first: Millis
    last: Millis
    identity: Identity
    claims: Claims = msgspec.field(default_factory=Claims)
    segments: list[Segment] = []
    spells: dict[int, Spell] = {}  # by segment
    visits: dict[int, Visit] = {}
    ended: list[Spell] = []  # over, waiting for the type to be confirmed
    left: list[Visit] = []
    alternations: int = 0
    alternated: Millis = BEGINNING


class _Snapshot(msgspec.Struct):
    done: Millis
    overtaken: int
    positions: bytes
    statics: bytes
    stations: list[tuple[str, ...]]
    vessels: list[VesselState]


class VesselStage:
    """A `Stage` from Reports to Instants."""

    def __init__(self, places: Places, watchlist: Watchlist, settings: VesselSettings) -> None:
        self._places = places
        self._watchlist = watchlist
        self._settings = settings
        self._done = BEGINNING
        self._vessels: dict[int, VesselState] = {}
        self._positions: list[Rows] = []
        self._statics: list[Rows] = []
        self._stations: dict[tuple[str, ...], int] = {(): 0}
        self.overtaken = 0
        """Reports older than what was already worked off: they changed nothing."""

    @property
    def done(self) -> Millis:
        """The last instant worked off: no output for it or before is to come."""
        return self._done

    @property
    def vessels(self) -> Iterable[Identity]:
        """The vessels now alive, as identified."""
        return (vessel.identity for vessel in self._vessels.values())

    def feed(self, batch: Reports) -> None:
        renumber = np.array([self._stations.setdefault(s, len(self._stations)) for s in batch.stations], "i4")
        for rows, buffer in ((batch.positions, self._positions), (batch.statics, self._statics)):
            fresh = rows["time"] > self._done
            self.overtaken += len(rows) - int(fresh.sum())
            if "lon" in (rows.dtype.names or ()):
                fresh &= ~(np.isnan(rows["lon"]) | np.isnan(rows["lat"]))
            if fresh.any():
                rows = rows[fresh]
                rows["stations"] = renumber[rows["stations"]]
                buffer.append(rows)

    def advance(self, watermark: Millis) -> list[Instant]:
        """Every instant that the watermark has passed and that has something to say.

        At END, when all sources have ended, that is up to the last report; and events still open are told
        once more as they stand.
        """
        step = self._settings.grid.step
        positions = np.concatenate([np.empty(0, POSITION), *self._positions])
        statics = np.concatenate([np.empty(0, STATIC), *self._statics])
        times = np.concatenate([positions["time"], statics["time"]])
        last = at_or_after(int(times.max()), step) if len(times) else self._done
        limit = last if watermark == END else before(watermark, step)
        self._positions, self._statics = [positions], [statics]
        if limit <= self._done:
            return self._flush() if watermark == END else []
        out: list[Instant] = []
        positions, statics = np.sort(positions, order="time"), np.sort(statics, order="time")
        ready = [int((rows["time"] <= limit).sum()) for rows in (positions, statics)]
        self._positions, self._statics = [positions[ready[0] :]], [statics[ready[1] :]]
        at = [0, 0]
        stations = tuple(self._stations)
        while self._done < limit:
            waiting = [
                rows["time"][i] for rows, i in zip((positions, statics), at, strict=True) if i < len(rows)
            ]
            if not self._vessels:  # nothing can happen before the next report
                if not waiting or min(waiting) > limit:
                    self._done = limit
                    break
                self._done = max(self._done, at_or_after(int(min(waiting)), step) - step)
            instant = self._done + step
            cut = [int(np.searchsorted(rows["time"], instant, side="right")) for rows in (positions, statics)]
            made = self._step(instant, positions[at[0] : cut[0]], statics[at[1] : cut[1]], stations)
            at, self._done = cut, instant
            if len(made.ticks) or made.identities or made.events:
                out.append(made)
        self._forget_stations()
        return out + self._flush() if watermark == END else out

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(
            _Snapshot(
                done=self._done,
                overtaken=self.overtaken,
                positions=np.concatenate([np.empty(0, POSITION), *self._positions]).tobytes(),
                statics=np.concatenate([np.empty(0, STATIC), *self._statics]).tobytes(),
                stations=list(self._stations),
                vessels=list(self._vessels.values()),
            )
        )

    def restore(self, state: bytes) -> None:
        kept = msgspec.msgpack.decode(state, type=_Snapshot)
        self._done, self.overtaken = kept.done, kept.overtaken
        self._positions = [np.frombuffer(kept.positions, POSITION).copy()]
        self._statics = [np.frombuffer(kept.statics, STATIC).copy()]
        self._stations = {stations: i for i, stations in enumerate(kept.stations)}
        self._vessels = {vessel.mmsi: vessel for vessel in kept.vessels}

    def _step(self, instant: Millis, positions: Rows, statics: Rows, stations: Stations) -> Instant:
        """One instant: all reports of the step that it closes."""
        changed = self._hear_statics(instant, statics)
        positions = self._meet(instant, positions, changed)
        tracks = self._follow(instant, positions, changed)
        identities = self._identify(instant, changed)
        events: list[Event] = []
        for identity, was in identities:
            if identity.role is not was.role or identity.listed is not was.listed:
                events += self._reconsider(self._vessels[identity.mmsi], instant)
        events += self._detect(instant, tracks, stations)
        if instant % self._settings.loitering.bucket == 0:
            events += self._close_buckets(instant)
        gone, over = self._evict(instant) if instant % HOUR == 0 else ([], [])
        events += over
        return Instant(
            time=instant,
            ticks=ticks(tracks.rows, tracks.numbers, instant, self._settings.grid),
            identities=tuple(sorted([i for i, _ in identities] + gone, key=lambda i: (i.mmsi, i.gone))),
            events=tuple(sorted(events, key=sort_key)),
            stations=stations,
        )

    # --- identity

    def _vessel(self, mmsi: int, time: Millis, changed: set[int]) -> VesselState:
        vessel = self._vessels.get(mmsi)
        if vessel is None:
            vessel = VesselState(mmsi=mmsi, first=time, last=time, identity=Identity(mmsi=mmsi, time=time))
            self._vessels[mmsi] = vessel
            changed.add(mmsi)
        vessel.last = max(vessel.last, time)
        return vessel

    def _hear_statics(self, instant: Millis, rows: Rows) -> set[int]:
        changed: set[int] = set()
        apart = int(self._settings.identity.apart_seconds * 1000)
        order = np.lexsort([rows[name] for name in ("name", "imo", "part", "time", "mmsi")])
        for row in rows[order]:
            vessel = self._vessel(int(row["mmsi"]), int(row["time"]), changed)
            if row["type"] != 5 and not vessel.claims.class_b:
                vessel.claims.class_b = True
                changed.add(vessel.mmsi)
            if vessel.claims.hear(row, apart):
                changed.add(vessel.mmsi)
        return changed

    def _meet(self, instant: Millis, rows: Rows, changed: set[int]) -> Rows:
        """Sort the step's positions, create the vessels heard for the first time."""
        rows = rows[np.lexsort([rows[name] for name in SORT_KEYS])]
        heard, first, counts = np.unique(rows["mmsi"], return_index=True, return_counts=True)
        ends = rows["time"][first + counts - 1]
        for mmsi, start, end in zip(heard.tolist(), rows["time"][first].tolist(), ends.tolist(), strict=True):
            self._vessel(mmsi, start, changed).last = end
        for mmsi in np.unique(rows["mmsi"][np.isin(rows["type"], (18, 19))]).tolist():
            if not self._vessels[mmsi].claims.class_b:
                self._vessels[mmsi].claims.class_b = True
                changed.add(mmsi)
        fine = {
            m: max((g.time for g in self._vessels[m].segments), default=BEGINNING)
            for m in np.unique(rows["mmsi"][np.isin(rows["type"], COARSE_TYPES)]).tolist()
        }
        return drop_coarse(rows, fine, self._settings.track)

    def _identify(self, instant: Millis, changed: set[int]) -> list[tuple[Identity, Identity]]:
        """New identities of the vessels that changed, each with the one before."""
        out = []
        for mmsi in sorted(changed):
            vessel = self._vessels[mmsi]
            before_ = vessel.identity
            shared = vessel.alternations >= self._settings.track.shared_alternations
            vessel.identity = vessel.claims.identity(mmsi, instant, shared, self._watchlist)
            out.append((vessel.identity, before_))
        return out

    # --- tracks

    def _follow(self, instant: Millis, rows: Rows, changed: set[int]) -> "Tracks":
        """Put the step's fixes (by MMSI and time) on tracks, and the vessels' states behind them."""
        if not len(rows):
            return Tracks(rows, np.empty(0, "u2"), np.empty(0, np.intp), np.empty(0, np.intp))
        starts = np.flatnonzero(np.concatenate([[True], rows["mmsi"][1:] != rows["mmsi"][:-1]]))
        ends = np.append(starts[1:], len(rows))
        vessels = [self._vessels[mmsi] for mmsi in rows["mmsi"][starts].tolist()]
        leads, lead_numbers = _leads(vessels)
        numbers = np.zeros(len(rows), np.uint16)
        calm = self._calm(rows, starts, vessels)
        for vessel, start, end, easy in zip(vessels, starts.tolist(), ends.tolist(), calm, strict=True):
            if not easy:
                self._sort_out(vessel, rows[start:end], numbers[start:end], instant, changed)
                continue
            if not vessel.segments:
                vessel.segments.append(begin(0, rows[start]))
            segment = vessel.segments[0]
            numbers[start:end] = segment.number
            segment.fixes += end - start
            move(segment, rows[end - 1])
        return _tracks(rows, numbers, leads, lead_numbers)

    def _calm(self, rows: Rows, starts: Rows, vessels: list[VesselState]) -> list[bool]:
        """Which vessels moved as one ship can: one track, every fix within reach of the one before."""
        earlier = np.concatenate([rows[:1], rows[:-1]])
        for start, vessel in zip(starts.tolist(), vessels, strict=True):
            earlier[start] = _lead(vessel.mmsi, vessel.segments[0]) if vessel.segments else rows[start]
        fits = reachable(
            (rows["time"] - earlier["time"]).astype("f8"),
            haversine_m(earlier["lon"], earlier["lat"], rows["lon"], rows["lat"]),
            np.fmax(rows["sog"], earlier["sog"]).astype("f8"),
            np.isin(rows["type"], COARSE_TYPES),
            self._settings.track,
        )
        fit = np.logical_and.reduceat(fits, starts).tolist()
        return [ok and len(vessel.segments) < 2 for ok, vessel in zip(fit, vessels, strict=True)]

    def _sort_out(
        self, vessel: VesselState, rows: Rows, numbers: Rows, instant: Millis, changed: set[int]
    ) -> None:
        """The slow way, for a vessel that leapt or is in several places: fix by fix."""
        s = self._settings.track
        numbers[:], alternations = assign(vessel.segments, rows, s)
        shared = vessel.alternations >= s.shared_alternations
        if instant - vessel.alternated > DAY:
            vessel.alternations = 0
        if alternations:
            vessel.alternations += alternations
            vessel.alternated = instant
        if shared is not (vessel.alternations >= s.shared_alternations):
            changed.add(vessel.mmsi)

    # --- detectors

    def _detect(self, instant: Millis, tracks: "Tracks", stations: Stations) -> list[Event]:
        """Run the detectors over the tracks of vessels that events may be raised for."""
        s = self._settings
        events: list[Event] = []
        rows = tracks.rows
        watched = [
            (vessel, start, end, new)
            for start, end, new in tracks.each()
            if self._candidate(vessel := self._vessels[int(rows["mmsi"][start])], instant)
        ]
        if not watched:
            return events
        pick = np.concatenate([np.arange(start, end) for _, start, end, _ in watched])
        rows, numbers = rows[pick], tracks.numbers[pick]
        length = len(rows)
        dt = np.diff(rows["time"], prepend=rows["time"][:1]).astype("f8")
        metres = np.zeros(length)
        metres[1:] = haversine_m(rows["lon"][:-1], rows["lat"][:-1], rows["lon"][1:], rows["lat"][1:])
        implied = np.where(dt > 0, metres / np.maximum(dt, 1.0) / KNOT, np.nan)
        sog = rows["sog"].astype("f8")
        inside = self._places.index.containing(rows["lon"], rows["lat"])
        near = self._places.index.near(rows["lon"], rows["lat"], s.port_visit.leave_metres)
        suppressed, sts = self._places.suppressed(inside, length), self._places.sts(inside, length)
        fence, port = self._places.port_of(inside, length)
        _, near_port = self._places.port_of(near, length)
        at = 0
        for vessel, start, end, new in watched:
            part = slice(at, at + end - start)
            at += end - start
            number = int(numbers[part.start])
            if not new:
                implied[part.start] = np.nan
            heard = tuple(
                sorted({name for i in set(rows["stations"][part][new:].tolist()) for name in stations[i]})
            )
            fixes = Fixes(
                rows["time"][part],
                rows["lon"][part],
                rows["lat"][part],
                sog[part],
                implied[part],
                rows["status"][part],
                suppressed[part],
                sts[part],
                new,
            )
            spell = vessel.spells.setdefault(number, Spell())
            done = loitering.observe(spell, fixes, s.loitering)
            if spell.run is not None:
                spell.receivers = merge_receivers(spell.receivers, heard)
            if done is not None:
                events += self._loitering_over(vessel, done, instant)
            knots = np.where(np.isnan(sog[part]), implied[part], sog[part])
            calls = Calls(
                fixes.time, fixes.lon, fixes.lat, knots, fence[part], port[part], near_port[part], new
            )
            visit, left = port_visit.observe(vessel.visits.pop(number, None), calls, s.port_visit)
            for over in left:
                events += self._visit_over(vessel, over, instant)
            if visit is not None:
                visit.receivers = merge_receivers(visit.receivers, heard)
                vessel.visits[number] = visit
                if vessel.identity.of_interest:
                    events += self._tell_visit(vessel, visit, instant, Status.OPEN)
        return events

    def _candidate(self, vessel: VesselState, instant: Millis) -> bool:
        """Tankers and listed vessels; for a day also those whose type is not confirmed yet."""
        return vessel.identity.of_interest or (
            vessel.identity.role is Role.UNKNOWN
            and instant - vessel.first <= self._settings.candidate_hours * HOUR
        )

    def _close_buckets(self, instant: Millis) -> list[Event]:
        events: list[Event] = []
        for vessel in self._vessels.values():
            alive = {segment.number for segment in vessel.segments}
            for number, spell in list(vessel.spells.items()):
                done = loitering.close_bucket(spell, instant, self._settings.loitering)
                if number not in alive and done is None:
                    done = loitering.finish(spell, spell.slow)
                if done is not None:
                    events += self._loitering_over(vessel, done, instant)
                elif vessel.identity.of_interest:
                    events += self._tell_loitering(vessel, spell, instant, Status.OPEN)
                if spell.run is None and instant - spell.last > self._settings.loitering.bucket:
                    del vessel.spells[number]
            for number in [n for n in vessel.visits if n not in alive]:
                visit = vessel.visits.pop(number)
                visit.end = visit.last
                events += self._visit_over(vessel, visit, instant)
            if not self._candidate(vessel, instant):
                vessel.spells, vessel.visits, vessel.ended, vessel.left = {}, {}, [], []
        return events

    def _reconsider(self, vessel: VesselState, instant: Millis) -> list[Event]:
        """The vessel's role has changed: raise what waited for it, or take back what no longer holds."""
        events: list[Event] = []
        role = vessel.identity.role
        if vessel.identity.of_interest:
            horizon = instant - self._settings.candidate_hours * HOUR
            for spell in vessel.ended:
                if spell.until >= horizon:
                    events += self._tell_loitering(vessel, spell, instant, Status.CLOSED)
            for visit in vessel.left:
                if visit.last >= horizon:
                    events += self._tell_visit(vessel, visit, instant, Status.CLOSED)
            for spell in vessel.spells.values():
                events += self._tell_loitering(vessel, spell, instant, Status.OPEN)
            for visit in vessel.visits.values():
                events += self._tell_visit(vessel, visit, instant, Status.OPEN)
            vessel.ended, vessel.left = [], []
        elif role is not Role.UNKNOWN:
            why = Reason(
                code="excluded_type",
                text="turned out not to be a tanker",
                value=vessel.identity.ship_type,
                weight=0.5,
            )
            for spell in vessel.spells.values():
                if spell.id is not None:
                    events += self._tell_loitering(vessel, spell, instant, Status.RETRACTED, why)
            for visit in vessel.visits.values():
                if visit.id is not None:
                    events += self._tell_visit(vessel, visit, instant, Status.RETRACTED, why)
            vessel.spells, vessel.visits, vessel.ended, vessel.left = {}, {}, [], []
        return events

    def _loitering_over(self, vessel: VesselState, spell: Spell, instant: Millis) -> list[Event]:
        if spell.id is None and loitering.reaches(spell, self._settings.loitering) is None:
            return []
        if vessel.identity.of_interest:
            return self._tell_loitering(vessel, spell, instant, Status.CLOSED)
        vessel.ended = [*vessel.ended, spell][-WAITING:]
        return []

    def _visit_over(self, vessel: VesselState, visit: Visit, instant: Millis) -> list[Event]:
        if visit.confidence < self._settings.port_visit.min_confidence:
            return []
        if vessel.identity.of_interest:
            return self._tell_visit(vessel, visit, instant, Status.CLOSED)
        vessel.left = [*vessel.left, visit][-WAITING:]
        return []

    def _tell_loitering(
        self,
        vessel: VesselState,
        spell: Spell,
        instant: Millis,
        status: Status,
        why: Reason | None = None,
        final: bool = False,
    ) -> list[Event]:
        """A revision, if there is something new to say: first, change of level, each hour, the end."""
        s = self._settings.loitering
        level = loitering.reaches(spell, s) or spell.level
        news = level != spell.level or status is not Status.OPEN or instant % HOUR == 0 or final
        if not level or not news or (status is Status.OPEN and spell.told == instant):
            return []
        if spell.id is None:
            first = spell.samples[0]
            assert spell.start is not None
            spell.id = event_id(EventType.LOITERING, (vessel.mmsi,), spell.start, first.lon, first.lat)
        spell.level, spell.revision, spell.told = level, spell.revision + 1, instant
        return [loitering.tell(spell, vessel.identity, instant, status, why, self._places, s)]

    def _tell_visit(
        self, vessel: VesselState, visit: Visit, instant: Millis, status: Status, why: Reason | None = None
    ) -> list[Event]:
        """A revision when the confidence has changed, and at the end. A stay of weeks says nothing hourly."""
        s = self._settings.port_visit
        confidence = visit.confidence
        if confidence < s.min_confidence or (status is Status.OPEN and confidence == visit.published):
            return []
        if visit.id is None:
            visit.id = event_id(EventType.PORT_VISIT, (vessel.mmsi,), visit.start, visit.lon, visit.lat)
        visit.level, visit.published = port_visit.level(visit), confidence
        visit.revision += 1
        return [port_visit.tell(visit, vessel.identity, instant, status, why, self._places, s)]

    def _evict(self, instant: Millis) -> tuple[list[Identity], list[Event]]:
        """Forget vessels not heard for long; what is open of them ends where they were last heard."""
        gone: list[Identity] = []
        events: list[Event] = []
        for vessel in list(self._vessels.values()):
            if instant - vessel.last > self._settings.idle_days * DAY:
                for visit in vessel.visits.values():
                    visit.end = visit.last
                    events += self._visit_over(vessel, visit, instant)
                gone.append(msgspec.structs.replace(vessel.identity, time=instant, gone=True))
                del self._vessels[vessel.mmsi]
        return gone, events

    def _flush(self) -> list[Instant]:
        """All sources have ended: tell what is still open once more, as it stands."""
        events: list[Event] = []
        for vessel in self._vessels.values():
            if vessel.identity.of_interest:
                for spell in vessel.spells.values():
                    events += self._tell_loitering(vessel, spell, self._done, Status.OPEN, final=True)
        return [Instant(time=self._done, events=tuple(sorted(events, key=sort_key)))] if events else []

    def _forget_stations(self) -> None:
        """Keep only the station sets that waiting reports still name."""
        used = np.unique(np.concatenate([rows["stations"] for rows in self._positions + self._statics]))
        names = list(self._stations)
        renumber = np.zeros(len(names), "i4")
        kept: dict[tuple[str, ...], int] = {(): 0}
        for i in used.tolist():
            renumber[i] = kept.setdefault(names[i], len(kept))
        for rows in self._positions + self._statics:
            rows["stations"] = renumber[rows["stations"]]
        self._stations = kept


class Tracks(msgspec.Struct, frozen=True):
    """Fixes of one step on their tracks, each track led by the last fix it had before, if any."""

    rows: Rows  # POSITION by (mmsi, segment, time)
    numbers: Rows  # the segment of each row
    starts: npt.NDArray[np.intp]  # where each track begins in rows
    new: npt.NDArray[np.intp]  # index in the track of its first new fix: 1, or 0 for one that begins

    def each(self) -> Iterable[tuple[int, int, int]]:
        ends = np.append(self.starts, len(self.rows))[1:]
        return zip(self.starts.tolist(), ends.tolist(), self.new.tolist(), strict=True)


def _lead(mmsi: int, segment: Segment) -> tuple[float, ...]:
    """The last fix of a segment as a row of POSITION."""
    g = segment
    return (g.time, mmsi, 1, g.lon, g.lat, g.sog, g.cog, g.heading, g.status, 0)


def _leads(vessels: list[VesselState]) -> tuple[Rows, Rows]:
    pairs = [(_lead(vessel.mmsi, g), g.number) for vessel in vessels for g in vessel.segments]
    return np.array([lead for lead, _ in pairs], POSITION), np.array([number for _, number in pairs], "u2")


def _tracks(rows: Rows, numbers: Rows, leads: Rows, lead_numbers: Rows) -> Tracks:
    is_new = np.concatenate([np.zeros(len(leads), bool), np.ones(len(rows), bool)])
    rows, numbers = np.concatenate([leads, rows]), np.concatenate([lead_numbers, numbers])
    order = np.lexsort([is_new, rows["time"], numbers, rows["mmsi"]])
    rows, numbers, is_new = rows[order], numbers[order], is_new[order]
    same = (rows["mmsi"][1:] == rows["mmsi"][:-1]) & (numbers[1:] == numbers[:-1])
    # a lead whose track got no new fix stays behind
    keep = is_new | np.append(same, False)
    rows, numbers, is_new = rows[keep], numbers[keep], is_new[keep]
    differs = (rows["mmsi"][1:] != rows["mmsi"][:-1]) | (numbers[1:] != numbers[:-1])
    starts = np.flatnonzero(np.concatenate([[True], differs]))
    return Tracks(rows, numbers, starts, (~is_new[starts]).astype(np.intp))
