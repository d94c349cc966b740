"""Applies the rule of encounters to all pairs of vessels, and decides when a revision is due.

The rule is in `encounter`, its explanation in `encounter_event`. A revision is due at first, on a change of
level, hourly while an encounter is open, at the end, and when it has to be taken back. For a day after its
end, what is learnt of the two may still raise an encounter or take it back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
import numpy as np

from geofences.distance import unwrap
from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Reason, Status, event_id, sort_key
from models.report import Rows
from models.time import HOUR, Millis
from models.vessel import Identity, Role
from streams.detection import encounter, encounter_event
from streams.detection.encounter import Contact, EncounterSettings, Key, Pair
from streams.detection.explanation import merge_receivers
from streams.detection.neighbours import Neighbours


class _Due(msgspec.Struct, frozen=True):
    """A revision that is due."""

    pair: Pair
    contact: Contact
    status: Status
    retraction: Reason | None = None


class EncounterDetector:
    """State: the recent ticks of all vessels, and every pair of vessels that was near each other lately.

    The state is kept in pieces. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        detector: Detector,
        settings: EncounterSettings,
        keep: Millis,
        identity_of: Callable[[int], Identity],
        changed: set[str],
    ) -> None:
        """Ticks are kept for `keep` milliseconds, for backfill."""
        self._surroundings = surroundings
        self._detector = detector
        self._settings = settings
        self._keep = keep
        self._identity_of = identity_of
        self._changed = changed
        self._neighbours = Neighbours(settings.keep_metres)
        self._pairs: dict[Key, Pair] = {}
        self._past: dict[int, Pair] = {}  # closed within a day, by number in the order of their ends
        self.ended = 0
        """Pairs that were put into the past so far: the number of the last."""
        self._raised: defaultdict[int, dict[str, Pair]] = defaultdict(dict)
        """Pairs that an event was raised for, live and past, by the MMSI of each of the two and event id."""

    @property
    def idle(self) -> bool:
        """Whether nothing can happen until ticks come."""
        return not self._pairs and not self._past

    # --- who is near whom

    def compare(self, time: Millis, fresh: Rows, receivers: Mapping[int, tuple[str, ...]]) -> set[Key]:
        """Take in TICK rows for one instant of the grid. Returns the pairs that have to be judged again."""
        heard = np.unique(fresh["mmsi"])
        identities = [self._identity_of(mmsi) for mmsi in heard.tolist()]
        partners = heard[[encounter.is_partner(identity) or identity.shared for identity in identities]]
        fresh = fresh[np.isin(fresh["mmsi"], partners)]
        # two that were in contact lately are compared however far apart they are now
        lately = [
            key
            for key, pair in self._pairs.items()
            if pair.samples and pair.samples[-1].time >= time - self._keep
        ]
        self._changed.add(f"window/{time}")
        a, b, metres = self._neighbours.take(time, fresh, self._is_wanted, lately)
        if not len(metres):
            return set()
        lon = unwrap(a["lon"] + unwrap(b["lon"] - a["lon"]) / 2)
        hits = self._surroundings.index.containing(lon, (a["lat"] + b["lat"]) / 2)
        suppressed = self._surroundings.suppressed(hits, len(metres))
        touched: set[Key] = set()
        for i in range(len(metres)):
            key = (int(a["mmsi"][i]), int(b["mmsi"][i]), int(a["segment"][i]), int(b["segment"][i]))
            if self._note(key, time, a[i], b[i], float(metres[i]), bool(suppressed[i])):
                pair = self._pairs[key]
                for mmsi in key[:2]:
                    pair.receivers = merge_receivers(pair.receivers, receivers.get(mmsi, ()))
                touched.add(key)
        return touched

    def _is_wanted(self, mmsi: int) -> bool:
        """Whether an encounter may be raised for this vessel, whoever the other is."""
        identity = self._identity_of(mmsi)
        return identity.of_interest or identity.role is Role.UNKNOWN

    def _note(self, key: Key, time: Millis, a: Rows, b: Rows, metres: float, suppressed: bool) -> bool:
        """Note where both are at an instant. True when the pair has to be judged."""
        s = self._settings
        one, other = encounter.vessel_sample(a), encounter.vessel_sample(b)
        co_moving = min(one.sog, other.sog) > s.co_moving_knots and metres <= s.co_moving_metres
        in_contact = metres <= s.near_metres and encounter.both_slow(one, other, s) and not suppressed
        pair = self._pairs.get(key)
        if pair is None:
            if not (in_contact or co_moving):
                return False
            pair = self._pairs[key] = Pair(key[0], key[1], key[2:])
            pair.apart = self._neighbours.farthest(key) > s.apart_metres
        self._changed.add(_piece_name(key))
        pair.apart |= metres > s.apart_metres
        if co_moving:
            pair.co_moving = [*pair.co_moving, round(metres, 1)][-s.co_moving_window :]
            pair.co_moving_at = max(pair.co_moving_at, time)
        identities = self._identity_of(key[0]), self._identity_of(key[1])
        if not pair.samples:
            if not in_contact:
                return co_moving
            pair.draughts = (identities[0].draught, identities[1].draught)
        sizes = (identities[0].dimensions, identities[1].dimensions)
        pair.samples.append(encounter.pair_sample(time, metres, suppressed, one, other, sizes, s))
        if len(pair.samples) > 1 and pair.samples[-2].time > time:
            pair.samples.sort(key=lambda each: each.time)
        return True

    # --- what it adds up to

    def judge(self, instant: Millis, touched: set[Key], learnt: set[int]) -> list[Event]:
        """The revisions that are due at an instant.

        `touched` are pairs that `compare` returned, `learnt` the MMSIs whose identity has changed.
        """
        due: list[_Due] = []
        for pair in [pair for _, pair in sorted(self._pairs.items())] + list(self._past.values()):
            due += self._judge_pair(pair, instant, touched, learnt)
        return [self._publish(each, instant) for each in due]

    def _judge_pair(self, pair: Pair, instant: Millis, touched: set[Key], learnt: set[int]) -> Iterator[_Due]:
        if not self._has_news(pair, instant, touched, learnt):
            return
        s = self._settings
        contact = encounter.contact_of(pair.samples, s)
        if contact is None:
            return
        level = encounter.level_of(contact, s)
        ends_now = pair.closed_at is None and instant - contact.end >= s.merge_hours * HOUR
        status = Status.CLOSED if ends_now or pair.closed_at is not None else Status.OPEN
        retraction = self._retraction(pair.key)
        if retraction is not None and pair.id is not None and not pair.retracted:
            yield _Due(pair, contact, Status.RETRACTED, retraction)
        elif retraction is None and _revision_due(pair, level, status, ends_now, instant):
            if pair.id is None:
                self._give_id(pair, contact)
            pair.level = level or pair.level
            yield _Due(pair, contact, status)
        if ends_now:
            waits = level is not None and (
                retraction is None or retraction.code == encounter_event.NO_TANKER.code
            )
            self._end(pair, instant, keep=waits or pair.id is not None)

    def _has_news(self, pair: Pair, instant: Millis, touched: set[Key], learnt: set[int]) -> bool:
        """Whether a pair may have changed since it was judged last."""
        if pair.key in touched or not learnt.isdisjoint(pair.key[:2]):
            return True
        if pair.closed_at is not None:
            return False
        hourly = instant % HOUR == 0 and pair.id is not None
        merge = self._settings.merge_hours * HOUR
        return hourly or (bool(pair.samples) and instant - pair.samples[-1].time >= merge)

    def _retraction(self, key: Key) -> Reason | None:
        """Why this pair is no encounter, as far as is known; None when nothing speaks against it."""
        a, b = self._identity_of(key[0]), self._identity_of(key[1])
        if not encounter.can_meet(a, b):
            return encounter_event.retraction_of(a, b, self._settings)
        pair = self._pairs.get(key)
        if pair is not None and encounter.one_hull(pair, a, b, self._settings):
            return encounter_event.ONE_HULL.reason(self._settings)
        return None

    def _give_id(self, pair: Pair, contact: Contact) -> None:
        first = contact.samples[0].a
        pair.id = event_id(EventType.ENCOUNTER, (pair.a, pair.b), contact.start, first.lon, first.lat)
        self._index(pair)

    def _publish(self, due: _Due, instant: Millis) -> Event:
        pair = due.pair
        pair.revision += 1
        pair.last_revision_at = instant
        pair.retracted = due.status is Status.RETRACTED
        self._changed.add(_piece_name(pair.key))
        self._changed.update(f"past/{number}" for number, past in self._past.items() if past is pair)
        return encounter_event.build_event(
            pair,
            due.contact,
            (self._identity_of(pair.a), self._identity_of(pair.b)),
            self._raft(pair, due.contact),
            instant,
            due.status,
            due.retraction,
            self._surroundings,
            self._detector,
            self._settings,
        )

    def _raft(self, pair: Pair, contact: Contact) -> tuple[int, ...]:
        """Who else has an open encounter with one of the two that overlaps this one."""
        found: set[int] = set()
        for mmsi in (pair.a, pair.b):
            for other, _ in self.encounters_of(mmsi, contact.start, contact.end):
                if other.closed_at is None:
                    found |= {other.a, other.b}
        return tuple(sorted(found - {pair.a, pair.b}))

    def encounters_of(self, mmsi: int, start: Millis, end: Millis) -> Iterator[tuple[Pair, Contact]]:
        """The encounters of a vessel that overlap a time: raised, and not taken back.

        Closed ones are known for a day.
        """
        for pair in self._raised.get(mmsi, {}).values():
            if pair.retracted:
                continue
            contact = encounter.contact_of(pair.samples, self._settings)
            if contact is not None and contact.start <= end and contact.end >= start:
                yield pair, contact

    def knows(self, mmsi: int, id: str) -> bool:
        """Whether the encounter of this vessel with this event id is remembered, taken back or not."""
        return id in self._raised.get(mmsi, {})

    def first_contacts(self) -> dict[int, Millis]:
        """By MMSI, when the earliest contact began of which an encounter may still be raised or taken
        back."""
        first: dict[int, Millis] = {}
        for pair in (*self._pairs.values(), *self._past.values()):
            if pair.samples:
                for mmsi in (pair.a, pair.b):
                    first[mmsi] = min(first.get(mmsi, pair.samples[0].time), pair.samples[0].time)
        return first

    def flush(self, instant: Millis) -> list[Event]:
        """All sources have ended: publish what is still open once more, as it stands."""
        events = []
        for _, pair in sorted(self._pairs.items()):
            if pair.id is not None and not pair.retracted and pair.last_revision_at != instant:
                contact = encounter.contact_of(pair.samples, self._settings)
                if contact is not None:
                    events.append(self._publish(_Due(pair, contact, Status.OPEN), instant))
        return sorted(events, key=sort_key)

    # --- what is let go

    def _end(self, pair: Pair, instant: Millis, keep: bool) -> None:
        """The event is over, and what comes next is another one. That they moved as one is remembered.

        With `keep` the pair stays known for a day: a type may still be confirmed, or found to be excluded.
        """
        if keep:
            self.ended += 1
            self._past[self.ended] = pair
            pair.closed_at = instant
            self._changed.add(f"past/{self.ended}")
        else:
            self._drop_from_index(pair)
        self._pairs[pair.key] = Pair(
            pair.a,
            pair.b,
            pair.segments,
            co_moving=pair.co_moving,
            co_moving_at=pair.co_moving_at,
            apart=pair.apart,
        )
        self._changed.add(_piece_name(pair.key))

    def prune(self, instant: Millis) -> None:
        """Let go of what is too old to matter."""
        s = self._settings
        forgotten = self._neighbours.forget(instant - self._keep)
        self._changed.update(f"window/{time}" for time in forgotten)
        horizon = instant - s.candidate_hours * HOUR
        for number, pair in list(self._past.items()):
            if pair.closed_at is None or pair.closed_at <= horizon:
                del self._past[number]
                self._drop_from_index(pair)
                self._changed.add(f"past/{number}")
        for key, pair in list(self._pairs.items()):
            if not pair.samples:
                self._prune_without_contact(key, pair, instant)
            elif not self._worth_keeping(pair, horizon):
                self._end(pair, instant, keep=False)
            elif len(pair.samples) > s.kept_instants:
                pair.samples = encounter.thinned(pair.samples, s)
                self._changed.add(_piece_name(key))

    def _worth_keeping(self, pair: Pair, horizon: float) -> bool:
        """Whether a pair in contact may be an encounter; one without a tanker waits for a day."""
        both = (pair.a, pair.b)
        if pair.id is None and not any(self._is_wanted(mmsi) for mmsi in both):
            return False
        return any(self._identity_of(mmsi).of_interest for mmsi in both) or pair.samples[0].time >= horizon

    def _prune_without_contact(self, key: Key, pair: Pair, instant: Millis) -> None:
        """Forget that two moved together: after a day, or soon where it was for too short to matter."""
        s, age = self._settings, instant - pair.co_moving_at
        brief = len(pair.co_moving) < s.co_moving_instants and age > self._keep
        if brief or age > s.co_moving_hours * HOUR:
            del self._pairs[key]
            self._changed.add(_piece_name(key))

    def _index(self, pair: Pair) -> None:
        if pair.id is not None:
            for mmsi in (pair.a, pair.b):
                self._raised[mmsi][pair.id] = pair

    def _drop_from_index(self, pair: Pair) -> None:
        for mmsi in (pair.a, pair.b):
            self._raised[mmsi].pop(pair.id or "", None)
            if not self._raised[mmsi]:
                del self._raised[mmsi]

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        names = {f"window/{time}" for time in self._neighbours.times}
        return names | {_piece_name(key) for key in self._pairs} | {f"past/{n}" for n in self._past}

    def piece(self, kind: str, numbers: list[int]) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind == "window":
            return self._neighbours.dump(numbers[0])
        if kind == "past":
            return self._past.get(numbers[0])
        a, b, segment_a, segment_b = numbers
        return self._pairs.get((a, b, segment_a, segment_b))

    def load(self, pieces: Iterable[tuple[str, str, bytes]], ended: int) -> None:
        """Replace the state by these pieces: kind, the rest of the name, and what it holds."""
        self.ended, self._pairs, self._past = ended, {}, {}
        window: dict[Millis, bytes] = {}
        for kind, rest, data in pieces:
            if kind == "window":
                window[int(rest)] = msgspec.msgpack.decode(data, type=bytes)
            elif kind == "pair":
                pair = msgspec.msgpack.decode(data, type=Pair)
                self._pairs[pair.key] = pair
            elif kind == "past":
                self._past[int(rest)] = msgspec.msgpack.decode(data, type=Pair)
        self._past = dict(sorted(self._past.items()))
        self._neighbours.load(window)
        self._raised.clear()
        for pair in (*self._pairs.values(), *self._past.values()):
            self._index(pair)


def _revision_due(pair: Pair, level: str | None, status: Status, ends_now: bool, instant: Millis) -> bool:
    """The first, a change of level, each hour while open, the end, and when a retraction no longer holds."""
    if pair.id is None:
        return level is not None
    if pair.retracted and pair.closed_at is not None:
        return False  # what was wrong with it then cannot be put right by what is learnt afterwards
    if pair.retracted or ends_now:
        return True
    return status is Status.OPEN and (level not in (None, pair.level) or instant % HOUR == 0)


def _piece_name(key: Key) -> str:
    return "pair/" + "/".join(map(str, key))
