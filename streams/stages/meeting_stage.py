"""MeetingStage: from the ticks of all vessels to encounters between two of them.

Vessels are compared at the instants of the grid. Ticks come at the instant of their emission and may be for
an earlier one (backfill), so the last 90 minutes of ticks are kept and a pair is judged again, over all its
instants in order, whenever one is added.
"""

from collections.abc import Mapping

import msgspec
import numpy as np

from geofences.distance import unwrap
from geofences.surroundings import Surroundings
from models.event import Event, EventType, Reason, Status, event_id, sort_key
from models.report import Rows
from models.tick import TICK, Instant, no_ticks
from models.time import BEGINNING, DAY, END, HOUR, MINUTE, Millis
from models.vessel import Identity, MmsiKind, Role, mmsi_kind
from streams.detection import encounter, encounter_event
from streams.detection.encounter import (
    Contact,
    EncounterSettings,
    Key,
    Pair,
)
from streams.detection.explanation import merge_receivers
from streams.detection.neighbours import Neighbours
from streams.stages.stage import Stage
from streams.tracking.grid import GridSettings, before

Pieces = dict[str, bytes | None]


class MeetingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    encounter: EncounterSettings = EncounterSettings()
    keep_minutes: float = 90.0
    """Ticks are kept so long for backfill: the reach of interpolation and a margin."""

    def __post_init__(self) -> None:
        if self.keep_minutes < 60:
            raise ValueError("keep_minutes must be at least 60, the reach of backfill")


class _Fed(msgspec.Struct, array_like=True):
    time: Millis
    ticks: bytes
    identities: list[Identity]
    stations: list[tuple[str, ...]]


class _Meta(msgspec.Struct, array_like=True):
    """The small rest of the state, beside ticks, identities and pairs."""

    done: Millis
    overtaken: int
    ended: int


class MeetingStage(Stage[Instant, list[Event]]):
    """Instants of all vessels in, events of two vessels out."""

    def __init__(self, places: Surroundings, grid: GridSettings, settings: MeetingSettings) -> None:
        self._places = places
        self._grid = grid
        self._settings = settings
        self._done = BEGINNING
        self._fed: dict[Millis, list[Instant]] = {}
        self._neighbours = Neighbours(settings.encounter.keep_metres)
        self._identities: dict[int, Identity] = {}
        self._pairs: dict[Key, Pair] = {}
        self._past: dict[int, Pair] = {}  # over, within a day, by number in the order of their ends
        self._ended = 0
        self._pieces: set[str] = set()  # changed since the last checkpoint
        self.overtaken = 0
        """Instants older than what was already worked off: they changed nothing."""

    def feed(self, batch: Instant) -> None:
        if batch.time <= self._done:
            self.overtaken += 1
            return
        self._fed.setdefault(batch.time, []).append(batch)
        self._pieces.add(f"fed/{batch.time}")

    def advance(self, watermark: Millis) -> list[Event]:
        """Work off every instant before the watermark; at END up to the last one fed."""
        step = self._grid.step
        last = max(self._fed, default=self._done)
        limit = last if watermark == END else before(watermark, step)
        events: list[Event] = []
        while self._done < limit:
            if not self._pairs and not self._past:  # nothing can happen before the next instant fed
                following = min((time for time in self._fed if time <= limit), default=limit + step)
                self._done = max(self._done, min(following - step, limit))
                self._prune(self._done)
                if self._done >= limit:
                    break
            self._done += step
            self._pieces.add(f"fed/{self._done}")
            events += self._step(self._done, self._fed.pop(self._done, []))
        return events + self._flush() if watermark == END else events

    def changes(self) -> Pieces:
        """The pieces of the state that changed since the last call, by name; None for those that are gone."""
        pieces: Pieces = {"meta": msgspec.msgpack.encode(_Meta(self._done, self.overtaken, self._ended))}
        for name in sorted(self._pieces):
            kept = self._piece(*name.split("/"))
            pieces[name] = None if kept is None else msgspec.msgpack.encode(kept)
        self._pieces = set()
        return pieces

    def load(self, pieces: Mapping[str, bytes]) -> None:
        """Go on from the pieces that `changes` gave so far."""
        meta = msgspec.msgpack.decode(pieces["meta"], type=_Meta)
        self._done, self.overtaken, self._ended = meta.done, meta.overtaken, meta.ended
        self._fed, self._identities, self._pairs, self._past, self._pieces = {}, {}, {}, {}, set()
        window: dict[Millis, bytes] = {}
        for name, piece in sorted(pieces.items()):
            kind, _, rest = name.partition("/")
            if kind == "fed":
                parts = msgspec.msgpack.decode(piece, type=list[_Fed])
                self._fed[int(rest)] = [
                    Instant(f.time, np.frombuffer(f.ticks, TICK), tuple(f.identities), (), tuple(f.stations))
                    for f in parts
                ]
            elif kind == "window":
                window[int(rest)] = msgspec.msgpack.decode(piece, type=bytes)
            elif kind == "identity":
                self._identities[int(rest)] = msgspec.msgpack.decode(piece, type=Identity)
            elif kind == "pair":
                pair = msgspec.msgpack.decode(piece, type=Pair)
                self._pairs[pair.key] = pair
            elif kind == "past":
                self._past[int(rest)] = msgspec.msgpack.decode(piece, type=Pair)
        self._past = dict(sorted(self._past.items()))
        self._neighbours.load(window)

    def snapshot(self) -> bytes:
        self._pieces = {f"fed/{time}" for time in self._fed}
        self._pieces |= {f"window/{time}" for time in self._neighbours.times}
        self._pieces |= {f"identity/{mmsi}" for mmsi in self._identities}
        self._pieces |= {_piece_name(key) for key in self._pairs} | {f"past/{n}" for n in self._past}
        return msgspec.msgpack.encode(self.changes())

    def restore(self, state: bytes) -> None:
        self.load(msgspec.msgpack.decode(state, type=dict[str, bytes]))

    def _piece(self, kind: str, *rest: str) -> object | None:
        """What one piece holds; None where it is gone."""
        numbers = [int(number) for number in rest]
        if kind == "fed":
            fed = self._fed.get(numbers[0])
            return fed and [
                _Fed(i.time, i.ticks.tobytes(), list(i.identities), list(i.stations)) for i in fed
            ]
        if kind == "window":
            return self._neighbours.dump(numbers[0])
        if kind == "identity":
            return self._identities.get(numbers[0])
        if kind == "past":
            return self._past.get(numbers[0])
        a, b, segment_a, segment_b = numbers
        return self._pairs.get((a, b, segment_a, segment_b))

    def _step(self, instant: Millis, fed: list[Instant]) -> list[Event]:
        changed = self._learn(fed)
        touched: set[Key] = set()
        receivers: dict[int, tuple[str, ...]] = {}
        ticks = [part.ticks for part in fed]
        for part in fed:
            heard = np.unique(part.ticks[["mmsi", "stations"]])
            for mmsi, stations in heard.tolist():
                receivers[mmsi] = tuple(sorted({*receivers.get(mmsi, ()), *part.stations[stations]}))
        rows = np.concatenate([no_ticks(), *ticks])
        rows["stations"] = 0  # the table goes with the instant
        for time in np.unique(rows["time"]).tolist():
            if time > instant - self._settings.keep_minutes * MINUTE:
                touched |= self._compare(time, rows[rows["time"] == time], receivers)
        events = self._judge(instant, touched, changed)
        self._prune(instant)
        return events

    # --- who is who

    def _learn(self, fed: list[Instant]) -> set[int]:
        changed: set[int] = set()
        for identity in sorted((i for part in fed for i in part.identities), key=lambda i: (i.mmsi, i.gone)):
            changed.add(identity.mmsi)
            self._pieces.add(f"identity/{identity.mmsi}")
            if identity.gone:
                self._identities.pop(identity.mmsi, None)
            else:
                self._identities[identity.mmsi] = identity
        return changed

    def _identity(self, mmsi: int) -> Identity:
        known = self._identities.get(mmsi)
        if known is None:
            role = Role.UNKNOWN if mmsi_kind(mmsi) is MmsiKind.SHIP else Role.EXCLUDED
            known = Identity(mmsi=mmsi, time=self._done, role=role)
        return known

    # --- who is near whom

    def _compare(self, time: Millis, fresh: Rows, receivers: dict[int, tuple[str, ...]]) -> set[Key]:
        """Take in ticks for one instant of the grid: note the pairs that they bring together or part."""
        heard = np.unique(fresh["mmsi"])
        roles = [self._identity(mmsi) for mmsi in heard.tolist()]
        partners = heard[[encounter.partner(identity) or identity.shared for identity in roles]]
        since = time - self._settings.keep_minutes * MINUTE
        # that two who were in contact lately are apart now has to be noted too
        lately = [key for key, pair in self._pairs.items() if pair.joints and pair.joints[-1].time >= since]
        fresh = fresh[np.isin(fresh["mmsi"], partners)]
        self._pieces.add(f"window/{time}")
        a, b, metres = self._neighbours.take(time, fresh, self._wanted, lately)
        if not len(metres):
            return set()
        lon = unwrap(a["lon"] + unwrap(b["lon"] - a["lon"]) / 2)
        hits = self._places.index.containing(lon, (a["lat"] + b["lat"]) / 2)
        suppressed = self._places.suppressed(hits, len(metres))
        touched: set[Key] = set()
        for i in range(len(metres)):
            key = (int(a["mmsi"][i]), int(b["mmsi"][i]), int(a["segment"][i]), int(b["segment"][i]))
            if self._join(key, time, a[i], b[i], float(metres[i]), bool(suppressed[i])):
                pair = self._pairs[key]
                for mmsi in key[:2]:
                    pair.receivers = merge_receivers(pair.receivers, receivers.get(mmsi, ()))
                touched.add(key)
        return touched

    def _wanted(self, mmsi: int) -> bool:
        """Whether an encounter may be raised for this vessel, whoever the other is."""
        identity = self._identity(mmsi)
        return identity.of_interest or identity.role is Role.UNKNOWN

    def _join(self, key: Key, time: Millis, a: Rows, b: Rows, metres: float, suppressed: bool) -> bool:
        """Note where both are at an instant. True when the pair has to be judged."""
        s = self._settings.encounter
        pair = self._pairs.get(key)
        side_a, side_b = encounter.side(a), encounter.side(b)
        abreast = min(side_a.sog, side_b.sog) > s.abreast_knots and metres <= s.abreast_metres
        contact = metres <= s.near_metres and encounter.both_slow(side_a, side_b, s) and not suppressed
        if pair is None:
            if not (contact or abreast):
                return False
            pair = self._pairs[key] = Pair(key[0], key[1], key[2:])
            pair.apart = self._neighbours.farthest(key) > s.apart_metres
        self._pieces.add(_piece_name(key))
        pair.apart |= metres > s.apart_metres
        if abreast:
            pair.abreast = [*pair.abreast, round(metres, 1)][-2 * s.abreast_ticks :]
            pair.abreast_at = max(pair.abreast_at, time)
        who = self._identity(key[0]), self._identity(key[1])
        if not pair.joints:
            if not contact:
                return abreast
            pair.draughts = (who[0].draught, who[1].draught)
        sizes = (who[0].dimensions, who[1].dimensions)
        pair.joints.append(encounter.join(time, metres, suppressed, side_a, side_b, sizes, s))
        if len(pair.joints) > 1 and pair.joints[-2].time > time:
            pair.joints.sort(key=lambda each: each.time)
        return True

    # --- what it adds up to

    def _judge(self, instant: Millis, touched: set[Key], changed: set[int]) -> list[Event]:
        """Judge the pairs that something happened to: live ones, and those over for less than a day."""
        s = self._settings.encounter
        told: list[tuple[Key, Pair, Contact, Status, Reason | None]] = []
        for key, pair in sorted(self._pairs.items()) + [(p.key, p) for p in self._past.values()]:
            news = key in touched or not changed.isdisjoint(key[:2])
            if pair.over is None:
                news |= instant % HOUR == 0 and pair.id is not None
                news |= bool(pair.joints) and instant - pair.joints[-1].time >= s.merge_hours * HOUR
            meeting = encounter.meet(pair.joints, s) if news else None
            if meeting is None:
                continue
            level = encounter.reaches(meeting, s)
            ended = pair.over is None and instant - meeting.end >= s.merge_hours * HOUR
            status = Status.CLOSED if ended or pair.over is not None else Status.OPEN
            why = self._ground(key)
            if why is not None and pair.id is not None and not pair.retracted:
                told.append((key, pair, meeting, Status.RETRACTED, why))
            elif why is None and self._news(pair, level, status, ended, instant):
                if pair.id is None:
                    first = meeting.contacts[0]
                    pair.id = event_id(EventType.ENCOUNTER, key[:2], meeting.start, first.a.lon, first.a.lat)
                pair.level = level or pair.level
                told.append((key, pair, meeting, status, None))
            if ended:
                waits = level is not None and (why is None or why.code == "no_tanker")
                self._end(key, pair, instant, keep=waits or pair.id is not None)
        return [self._tell(*each, instant) for each in told]

    def _ground(self, key: Key) -> Reason | None:
        """Why this pair is no encounter, as far as is known; None when nothing speaks against."""
        a, b = self._identity(key[0]), self._identity(key[1])
        if not encounter.can_meet(a, b):
            return encounter.why_not(a, b)
        pair = self._pairs.get(key)
        moved_as_one = pair is not None and encounter.one_hull(pair, a, b, self._settings.encounter)
        return encounter.ONE_HULL if moved_as_one else None

    @staticmethod
    def _news(pair: Pair, level: str | None, status: Status, ended: bool, instant: Millis) -> bool:
        """First, change of level, each hour while open, the end, and when a ground to take it back fell."""
        if pair.id is None:
            return level is not None
        if pair.retracted and pair.over is not None:
            return False  # what was wrong with it then can't be mended by what is learnt afterwards
        if pair.retracted or ended:
            return True
        return status is Status.OPEN and (level not in (None, pair.level) or instant % HOUR == 0)

    def _tell(
        self, key: Key, pair: Pair, meeting: Contact, status: Status, why: Reason | None, instant: Millis
    ) -> Event:
        pair.revision += 1
        pair.told = instant
        pair.retracted = status is Status.RETRACTED
        self._pieces.add(_piece_name(key))
        self._pieces.update(f"past/{number}" for number, past in self._past.items() if past is pair)
        return encounter_event.build_event(
            pair,
            meeting,
            (self._identity(key[0]), self._identity(key[1])),
            self._raft(key, meeting),
            instant,
            status,
            why,
            self._places,
            self._settings.encounter,
        )

    def _raft(self, key: Key, meeting: Contact) -> tuple[int, ...]:
        """Who else had an encounter with one of the two at the same time."""
        others: set[int] = set()
        for pair in self._pairs.values():
            if pair.id is None or pair.retracted or {pair.a, pair.b}.isdisjoint(key[:2]):
                continue
            met = encounter.meet(pair.joints, self._settings.encounter)
            if met is not None and met.start <= meeting.end and met.end >= meeting.start:
                others |= {pair.a, pair.b}
        return tuple(sorted(others - set(key[:2])))

    def _end(self, key: Key, pair: Pair, instant: Millis, keep: bool) -> None:
        """The event is over: what comes next is another. That they moved as one is remembered.

        For a day a type may still be confirmed, or found to be excluded.
        """
        if keep:
            self._ended += 1
            self._past[self._ended] = pair
            pair.over = instant
            self._pieces.add(f"past/{self._ended}")
        self._pairs[key] = Pair(
            pair.a,
            pair.b,
            pair.segments,
            abreast=pair.abreast,
            abreast_at=pair.abreast_at,
            apart=pair.apart,
        )
        self._pieces.add(_piece_name(key))

    def _prune(self, instant: Millis) -> None:
        s = self._settings
        forgotten = self._neighbours.forget(instant - int(s.keep_minutes * MINUTE))
        self._pieces.update(f"window/{time}" for time in forgotten)
        horizon = instant - s.encounter.candidate_hours * HOUR
        for number in [n for n, pair in self._past.items() if pair.over is None or pair.over <= horizon]:
            del self._past[number]
            self._pieces.add(f"past/{number}")
        for key, pair in list(self._pairs.items()):
            if pair.joints:
                interest = any(self._identity(mmsi).of_interest for mmsi in key[:2])
                hope = any(self._wanted(mmsi) for mmsi in key[:2]) or pair.id is not None
                if not hope or (not interest and pair.joints[0].time < horizon):
                    self._end(key, pair, instant, keep=False)
                elif len(pair.joints) > 600:
                    pair.joints = encounter.thinned(pair.joints)
                    self._pieces.add(_piece_name(key))
            elif instant - pair.abreast_at > DAY or (
                len(pair.abreast) < s.encounter.abreast_ticks
                and instant - pair.abreast_at > s.keep_minutes * MINUTE
            ):
                del self._pairs[key]
                self._pieces.add(_piece_name(key))

    def _flush(self) -> list[Event]:
        """All sources have ended: tell what is still open once more, as it stands."""
        events = []
        for key, pair in sorted(self._pairs.items()):
            if pair.id is not None and not pair.retracted and pair.told != self._done:
                meeting = encounter.meet(pair.joints, self._settings.encounter)
                if meeting is not None:
                    events.append(self._tell(key, pair, meeting, Status.OPEN, None, self._done))
        return sorted(events, key=sort_key)


def _piece_name(key: Key) -> str:
    return "pair/" + "/".join(map(str, key))
