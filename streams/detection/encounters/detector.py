"""Applies the rule of encounters to all pairs of vessels, and decides when a revision is due.

The rule is in `encounter`, its explanation in `encounter_event`. A revision is due at first, on a change of
level, hourly while an encounter is open, at the end, when it goes on after a silence, and when it has to be
taken back. For a day after its end, what is learnt of the two may still raise an encounter or take it back.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Final

import msgspec

from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Level, Reason, Status, event_id, sort_key
from models.report import Rows
from models.time import HOUR, MINUTE, Millis
from models.vessel import Identity
from streams.detection.encounters import encounter, event, pair_identity, reasons, renumbered, silence
from streams.detection.encounters.contact import Contact
from streams.detection.encounters.doubts import Doubts, conditions_of, doubts_of, retraction_of
from streams.detection.encounters.encounter import Key, Pair
from streams.detection.encounters.one_hull import Hulls, hulls
from streams.detection.encounters.ordinary import Ordinary, Places
from streams.detection.encounters.pair_sample import PairSample
from streams.detection.encounters.pairs import Pairs
from streams.detection.encounters.receivers import Receivers
from streams.detection.encounters.renumbered import Name, Namesakes
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.sightings import Sightings
from streams.detection.encounters.standing import is_wanted

_FEW: Final = 3
"""Samples that decide whether two lie alongside: one position that is off does not."""


class _Due(msgspec.Struct, frozen=True):
    """A revision that is due."""

    pair: Pair
    contact: Contact
    status: Status
    doubts: Doubts
    retraction: Reason | None = None


class EncounterDetector:
    """State: the recent ticks of all vessels, and every pair of vessels that was near each other lately.

    The state is kept in pieces. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        places: Places,
        detector: Detector,
        settings: EncounterSettings,
        step: Millis,
        keep: Millis,
        identity_of: Callable[[int], Identity],
        seen: Callable[[int, int, PairSample], None],
        changed: set[str],
    ) -> None:
        """`step` is that of the grid. Ticks on it are kept for `keep` milliseconds, for backfill."""
        self._surroundings = surroundings
        self._places = places
        self._detector = detector
        self._settings = settings
        self._keep = keep
        self._identity_of = identity_of
        self.namesakes = Namesakes(identity_of)
        self._parted_falsely: set[Key] = set()  # at this instant
        self._pairs = Pairs(settings.keep_metres, changed)
        self._sightings = Sightings(
            self._pairs, surroundings, settings, step, keep, identity_of, seen, changed
        )

    @property
    def idle(self) -> bool:
        """Whether nothing can happen until ticks come."""
        return not self._pairs.live and not self._pairs.past

    def learn(self, before: Identity | None, now: Identity) -> None:
        """Take in what is newly confirmed of a vessel; `before` is what was known until then."""
        self._sightings.learn(now.mmsi)
        self.namesakes.learn(before, now)

    def compare(self, rows: Rows, instant: Millis, receivers: Receivers) -> set[Key]:
        """Take in the TICK rows of an instant, which `receivers` heard. Returns the pairs to be judged."""
        return self._sightings.compare(instant, rows, receivers)

    def judge(self, instant: Millis, touched: set[Key], learnt: set[int]) -> list[Event]:
        """The revisions that are due. `compare` returned `touched`; of the MMSIs `learnt` more is known."""
        self._parted_falsely = self._sightings.leave_out_false(learnt)
        due: list[_Due] = []
        for pair in self._pairs:
            told = not learnt.isdisjoint(pair.key[:2])
            if self._pairs.remembers(pair) and (told or self._has_news(pair, instant, touched)):
                due += self._judge_pair(pair, instant, told)
        self._parted_falsely = set()
        event.expect((each.contact for each in due), self._surroundings)
        return [self._publish(each, instant) for each in due]

    def _has_news(self, pair: Pair, instant: Millis, touched: set[Key]) -> bool:
        """Whether a pair may have changed since it was judged last, apart from what is learnt of the two."""
        s = self._settings
        if pair.key in touched:
            return instant % HOUR == 0 or not self._is_settled(pair, instant)
        if pair.waits_from:
            return pair.samples[-1].time > pair.waits_from or instant - pair.waits_from >= s.bridge
        if pair.closed_at is not None:
            return instant % HOUR == 0 and self._unlearnt(pair)
        hourly = instant % HOUR == 0 and pair.id is not None
        return hourly or (bool(pair.samples) and instant - pair.samples[-1].time >= s.merge)

    def _is_settled(self, pair: Pair, instant: Millis) -> bool:
        """Whether what was found of a pair when it was judged last is what would be found now."""
        if pair.closed_at is not None and not pair.waits_from:
            now = self._identity_of(pair.a), self._identity_of(pair.b)
            return pair.latest == now and not self._unlearnt(pair)
        middle = pair.settled.middle(pair, instant, self._settings)
        return middle is not None and self._places.remain(pair, middle, instant)

    def _unlearnt(self, pair: Pair) -> bool:
        """Whether what is `probable` was judged last before it was known where ships rest."""
        probable = pair.id is not None and pair.level == Level.PROBABLE and not pair.retracted
        return probable and not self._places.learnt(pair.last_revision_at)

    def _awaits_learning(self, pair: Pair, instant: Millis) -> bool:
        return self._unlearnt(pair) and not self._places.learnt(instant - HOUR)

    def _judge_pair(self, found: Pair, instant: Millis, told: bool, *, last: bool = False) -> Iterator[_Due]:
        """`told` says whether something was learnt of the two, `last` whether all sources have ended."""
        s, pair = self._settings, found
        pair.settled.forget()
        self._identify(pair, instant)
        if pair.samples and self._pairs.is_live(pair):
            if told or pair.id is None or len(pair.samples) <= _FEW:
                yield from self._join_former(pair, instant)
            if pair.waits_from:
                following = self._after_silence(pair, instant, last)
                if following is None:
                    return
                pair = following
        if pair.id is None and pair.samples and self._is_mute(pair, instant):
            return
        contact = pair.contact(s)
        if contact is None:
            if pair.samples and instant - pair.samples[-1].time >= s.merge and self._pairs.is_live(pair):
                self._pairs.end(pair, instant, keep=False)
            return
        ends_now = pair.closed_at is None and instant - contact.end >= s.merge
        if pair.id is None and encounter.level_of(contact, True, s) is None:  # whatever else is known
            if ends_now:
                self._close(pair, contact, instant, keep=False)
            return
        verdict = hulls(pair, *self._first(pair), s)
        status = Status.CLOSED if ends_now or pair.closed_at is not None else Status.OPEN
        doubts = doubts_of(pair, contact, verdict, self._present(pair))
        level = self._level(pair, contact, doubts, instant)
        retraction = retraction_of(pair, contact, verdict, self._first(pair), s)
        if retraction is not None and pair.id is not None and not pair.retracted:
            yield _Due(pair, contact, Status.RETRACTED, doubts, retraction)
        elif retraction is None and encounter.revision_due(
            pair, level, status, ends_now, instant, unlearnt=self._unlearnt(pair)
        ):
            if pair.id is None:
                self._give_id(pair, contact)
            pair.level = level or pair.level
            pair.reopened = False
            yield _Due(pair, contact, status, doubts)
        if ends_now:
            waits = level is not None and (retraction is None or retraction.code == reasons.NO_TANKER.code)
            self._close(pair, contact, instant, keep=waits or pair.id is not None)
        elif level == pair.level == Level.POSSIBLE and status is Status.OPEN and retraction is None:
            self._settle(pair, contact, doubts, instant)

    def _is_mute(self, pair: Pair, instant: Millis) -> bool:
        """Whether nothing can be told of a pair yet, nor can it be over, whatever its contacts are."""
        s, begin, first = self._settings, pair.samples[0].time, self._first(pair)
        brief = pair.samples[-1].time - begin < s.possible_minutes * MINUTE
        mute = brief or not encounter.can_meet(first, pair.latest or first)
        return mute and instant - begin < s.merge

    def _level(self, pair: Pair, contact: Contact, doubts: Doubts, instant: Millis) -> str | None:
        """The level: that of the contact alone, unless it lies where that is ordinary."""
        doubtful = doubts.one_hull or doubts.tow or doubts.second
        proposed = encounter.level_of(contact, doubtful, self._settings)
        if proposed != Level.PROBABLE:
            return proposed
        ordinary = self._ordinary(pair, contact, instant)
        return reasons.REASONS.level(conditions_of(proposed, doubts, ordinary, self._settings))

    def _settle(self, pair: Pair, contact: Contact, doubts: Doubts, instant: Millis) -> None:
        """Note it where an open encounter stays `possible`, as long as nothing is learnt of the two."""
        s, told = self._settings, all(each.time < instant for each in pair.latest or ())
        if told and pair.settled.is_steady(pair, contact, s):  # one that told nothing is new at each instant
            around = self._ordinary(pair, contact, instant)
            if any(doubts) or not around.is_excepted:
                pair.settled.note(pair, contact, any(doubts) or around.is_off_port(s))

    def _ordinary(self, pair: Pair, contact: Contact, instant: Millis) -> Ordinary:
        return self._places.of(contact, self._present(pair), instant)

    def _first(self, pair: Pair) -> tuple[Identity, Identity]:
        """What was first known of the two; what is known now where they have not been in contact."""
        return pair.first or (self._identity_of(pair.a), self._identity_of(pair.b))

    def _present(self, pair: Pair) -> tuple[Identity, Identity]:
        """What is known of the two now, in the role that they were first known in."""
        now = self._identity_of(pair.a), self._identity_of(pair.b)
        return pair_identity.in_roles(self._first(pair), now)

    def _identify(self, pair: Pair, instant: Millis) -> None:
        """Note what is known of the two, and what they changed while in contact."""
        now = (self._identity_of(pair.a), self._identity_of(pair.b))
        if pair.samples and pair.latest != now:
            pair_identity.identify(pair, now, instant, self._settings)
            self._pairs.touch(pair)

    # --- one encounter, under another number or after a silence

    def _join_former(self, pair: Pair, instant: Millis) -> Iterator[_Due]:
        """Let a pair go on with what it was under other MMSIs or track segments, or before a false place."""
        s, now = self._settings, pair.latest or self._first(pair)
        mmsis = [(each.mmsi, *self.namesakes.of(each)) for each in now]
        for a, b in product(*mmsis):
            same = (a, b) == (pair.a, pair.b) and pair.key in self._parted_falsely
            ended = self._pairs.parted(pair.key) if same else []
            for old in [*self._pairs.of_two(a, b), *ended] if a != b else ():
                old_turned = old if old.a == a else renumbered.turned(old)
                changed = (a != pair.a, b != pair.b)
                if old is pair or old.retracted or not renumbered.goes_on(old_turned, pair, changed, s):
                    continue
                contact = pair.contact(s)
                if pair.id is not None and old.id is not None and contact is not None:
                    double = msgspec.structs.replace(pair, retracted=True)
                    self._pairs.unindex(pair)
                    self._pairs.keep(double, instant)
                    self._pairs.index(double)
                    reason = reasons.CONTINUED.reason(s, old.id, id=old.id)
                    doubts = doubts_of(double, contact, Hulls.TWO, self._present(double))
                    yield _Due(double, contact, Status.RETRACTED, doubts, reason)
                self._pairs.unindex(old)
                self._pairs.remove(old)
                renumbered.absorb(old_turned, pair)
                self._pairs.index(pair)
                self._identify(pair, instant)
                self._pairs.touch(pair)

    def _after_silence(self, pair: Pair, instant: Millis, last: bool) -> Pair | None:
        """What becomes of a pair that was closed in a silence; None while that is not decided.

        It goes on if the silence is bridged. What comes after it is another encounter if it is not.
        """
        s = self._settings
        before = [each for each in pair.samples if each.time <= pair.waits_from]
        after = pair.samples[len(before) :]
        if not after:
            if instant - pair.waits_from >= s.bridge or self._left(pair):
                self._pairs.end(pair, instant, keep=True)
            return pair
        near = after[0].metres <= s.near_metres
        if near and len(after) < _FEW and instant - after[0].time < s.thin and not last:
            return None
        contact = pair.contact(s)
        if contact is not None and any(each.before.time == before[-1].time for each in contact.silences):
            pair.closed_at, pair.waits_from, pair.reopened = None, 0, True
            self._pairs.touch(pair)
            return pair
        pair.samples = before
        following = self._pairs.end(pair, instant, keep=True)
        following.samples = after
        following.alone = [each for each in pair.alone if each.time > after[0].time]
        now = (self._identity_of(pair.a), self._identity_of(pair.b))
        following.draughts = (now[0].draught, now[1].draught)
        self._identify(following, instant)
        return following

    def _left(self, pair: Pair) -> bool:
        """Whether one of the two was heard elsewhere since the last contact."""
        before = pair.samples[-1]
        return any(
            silence.heard_off(before, each, self._settings) for each in pair.alone if each.time > before.time
        )

    def _close(self, pair: Pair, contact: Contact, instant: Millis, keep: bool) -> None:
        """The last contact is hours ago. If it ended in silence alongside, it may yet go on."""
        s = self._settings
        silent = pair.samples[-1].time == contact.end and silence.alongside(contact.samples[-_FEW:], s)
        if silent and not self._left(pair):
            pair.closed_at, pair.waits_from = instant, contact.end
            self._pairs.touch(pair)
        else:
            self._pairs.end(pair, instant, keep)

    # --- what is published

    def _give_id(self, pair: Pair, contact: Contact) -> None:
        first = contact.samples[0].a
        mmsis = pair.mmsi_at(False, contact.start), pair.mmsi_at(True, contact.start)
        pair.id = event_id(EventType.ENCOUNTER, mmsis, contact.start, first.lon, first.lat)
        self._pairs.index(pair)

    def _publish(self, due: _Due, instant: Millis) -> Event:
        pair = due.pair
        pair.revision += 1
        pair.last_revision_at = instant
        pair.retracted = due.status is Status.RETRACTED
        self._pairs.touch(pair)
        around = self._ordinary(pair, due.contact, instant), self._raft(pair, due.contact)
        return event.build_event(
            *(pair, due.contact, self._present(pair), due.doubts, *around, instant, due.status),
            *(due.retraction, self._surroundings, self._detector, self._settings),
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
        """The encounters of a vessel that overlap a time: raised, not taken back, not over for a day."""
        for pair in self._pairs.raised(mmsi):
            if pair.retracted:
                continue
            contact = pair.contact(self._settings)
            if contact is not None and contact.start <= end and contact.end >= start:
                yield pair, contact

    def knows(self, mmsi: int, id: str) -> bool:
        """Whether the encounter of this vessel with this event id is remembered, taken back or not."""
        return self._pairs.knows(mmsi, id)

    def first_contacts(self) -> dict[int, Millis]:
        """By MMSI, when the first contact began of which an encounter may be raised or taken back."""
        return self._pairs.first_contacts()

    def flush(self, instant: Millis) -> list[Event]:
        """All sources have ended: publish what is still open once more, as it stands."""
        due: list[_Due] = []
        for pair in self._pairs:
            if pair.waits_from and pair.samples[-1].time > pair.waits_from:
                due += self._judge_pair(pair, instant, told=False, last=True)
        events = [self._publish(each, instant) for each in due]
        for _, pair in sorted(self._pairs.live.items()):
            raised = pair.id is not None and pair.closed_at is None and not pair.retracted
            if raised and pair.last_revision_at != instant:
                contact = pair.contact(self._settings)
                if contact is not None:
                    verdict = hulls(pair, *self._first(pair), self._settings)
                    doubts = doubts_of(pair, contact, verdict, self._present(pair))
                    events.append(self._publish(_Due(pair, contact, Status.OPEN, doubts), instant))
        return sorted(events, key=sort_key)

    # --- what is let go

    def prune(self, instant: Millis) -> None:
        """Let go of what is too old to matter."""
        self._sightings.prune(instant)
        self._pairs.prune(instant, self._keep, self._settings, self._may_be_raised, self._awaits_learning)

    def _may_be_raised(self, pair: Pair, horizon: float) -> bool:
        """Whether a pair in contact may be an encounter; one without a vessel that counts waits for a day."""
        both = self._identity_of(pair.a), self._identity_of(pair.b)
        if pair.id is not None or any(each.of_interest for each in both):
            return True
        return any(map(is_wanted, both)) and pair.samples[0].time >= horizon

    # --- checkpoints

    @property
    def ended(self) -> int:
        """Pairs that were put into the past so far: the number of the last."""
        return self._pairs.ended

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return self._sightings.pieces() | self._pairs.pieces()

    def piece(self, kind: str, numbers: list[int]) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind in ("window", "lone"):
            return self._sightings.piece(kind, numbers[0])
        return self._pairs.piece(kind, numbers)

    def load(self, pieces: Iterable[tuple[str, str, bytes]], ended: int, names: Iterable[Name]) -> None:
        """Replace the state by these pieces: kind, the rest of the name, and what it holds; `names` are those
        of all vessels."""
        pieces = list(pieces)
        self._sightings.load(each for each in pieces if each[0] in ("window", "lone"))
        self._pairs.load((each for each in pieces if each[0] in ("pair", "past")), ended)
        self.namesakes.load(names)
