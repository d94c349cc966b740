"""Encounters: two vessels close and slow, the suspected ship-to-ship transfer.

The rule follows Global Fishing Watch's encounters (500 m, below 2 knots) on a finer grid. Three things that
happen in transfers are added: two that drift together in a current, two that lie alongside under way, and
silences (`company`, `silence`). Contacts less than 4 hours apart are one event. It is `possible` from 30
minutes of contact (Skylight). It is `probable` from 2 hours (GFW), or from 1 hour alongside, but only if the
typical distance is that of a transfer. At least one of the two has to be a vessel that counts. The other can
be any vessel but a tug, pilot, tender, buoy or the like, or a second transponder on the same hull.

`contact` measures the time together, `one_hull` tells two ships from one, `detector` applies the
rule to all pairs of vessels, and `event` explains what it found.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import msgspec

from models.event import Level, Status
from models.time import HOUR, Millis
from models.vessel import Identity, Role
from streams.detection.encounters.contact import Contact, Contacts
from streams.detection.encounters.pair_sample import PairSample, VesselSample
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.silence import HeardAlone

Key = tuple[int, int, int, int]
"""Two MMSIs, the lower one first, and the track segment of each."""


class CoMoving(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Both under way, near each other, at one instant."""

    metres: float  # between the antennas
    abeam: float = math.nan  # the second antenna to starboard of the first, metres; NaN without headings
    ahead: float = math.nan  # and ahead of it
    turn: float = math.nan  # the second heading less the first, degrees
    error: float = 0.0  # metres that the distance may be off because positions are rounded


class Former(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An MMSI that one of the two had before, in the same contact."""

    mmsi: int
    now: int
    until: Millis  # last heard under it


class Change(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One field of one vessel that changed during the contact."""

    time: Millis  # when the new value was confirmed; for an MMSI the last time under the old one
    mmsi: int  # the vessel's MMSI now
    field: str  # "name", "callsign", "imo", "ship_type" or "mmsi"
    before: str
    after: str


class Pair(msgspec.Struct, array_like=True, dict=True):
    """State of two vessels that were near each other, and what was published of them."""

    a: int  # the lower MMSI
    b: int
    segments: tuple[int, int]
    samples: list[PairSample] = []  # from the first contact on, sorted by time
    alone: list[HeardAlone] = []  # sorted by time
    co_moving: list[CoMoving] = []  # the latest
    co_moving_at: Millis = 0
    apart: bool = False  # seen too far from each other to be on one hull
    receivers: list[str] = []
    draughts: tuple[float | None, float | None] = (None, None)  # when the contact began
    first: tuple[Identity, Identity] | None = None  # what was first known of the two
    latest: tuple[Identity, Identity] | None = None  # what was known of them when last judged
    changes: list[Change] = []
    former: list[Former] = []
    # what was published of it
    id: str | None = None
    revision: int = 0
    level: str = ""
    last_revision_at: Millis = 0
    retracted: bool = False
    closed_at: Millis | None = None
    waits_from: Millis = 0  # closed in a silence that began then and may yet be bridged
    reopened: bool = False  # it goes on, and that has not been published

    @cached_property
    def _contacts(self) -> Contacts:
        return Contacts()

    @cached_property
    def settled(self) -> "Settled":
        return Settled()

    def contact(self, s: EncounterSettings) -> Contact | None:
        """Its contacts as they stand; None where there is none."""
        return self._contacts.of(self.samples, self.alone, s)

    @property
    def key(self) -> Key:
        return (self.a, self.b, *self.segments)

    @property
    def mmsis(self) -> tuple[int, ...]:
        """Every MMSI of the two, the present ones first."""
        return (self.a, self.b, *(each.mmsi for each in self.former))

    def mmsi_at(self, second: bool, time: Millis) -> int:
        """The MMSI of one of the two at a time."""
        now = self.b if second else self.a
        if not self.former:
            return now
        earlier = [each.mmsi for each in self.former if each.now == now and time <= each.until]
        return earlier[0] if earlier else now


class Settled:
    """Remembers of a pair that its encounter is `possible` at most, by what more of the same does not change:
    by where it began and who the two are, or else as long as ships rest there. While both lie near each other
    as before, or apart, it need not be judged at every tick. That would be most of the work in a harbour.

    Has no state but what it may forget.
    """

    def __init__(self) -> None:
        self._contact: Contact | None = None
        self._samples: list[PairSample] = []
        self._others: tuple[object, ...] = ()
        self.surely = False
        """Whether it does not depend on where ships rest."""

    def is_steady(self, pair: Pair, contact: Contact, s: EncounterSettings) -> bool:
        """Whether the next samples can't change what contact there was (`company` looks ahead), nor show that
        the two are a tow."""
        together = contact.end == pair.samples[-1].time
        steady = len(pair.samples) > 3 and _more_of_the_same(pair.samples[-3:], together, s)
        alone = pair.alone and pair.alone[-1].time >= pair.samples[-1].time
        return steady and not alone and sum(contact.moving) < s.possible_minutes * 60_000

    def note(self, pair: Pair, contact: Contact, surely: bool) -> None:
        """The pair was judged, and this is so."""
        self._contact, self._samples, self.surely = contact, pair.samples, surely
        self._others = pair.co_moving, pair.apart, pair.alone

    def forget(self) -> None:
        """It is about to be judged anew."""
        self._contact = None

    def middle(self, pair: Pair, instant: Millis, s: EncounterSettings) -> VesselSample | None:
        """Where the first vessel was in the middle of the contact; None where more than that may be new."""
        contact, known = self._contact, len(self._samples)
        if contact is None or (pair.co_moving, pair.apart, pair.alone) != self._others:
            return None
        if pair.samples[:known] != self._samples:
            return None
        together = contact.end == self._samples[-1].time
        if not _more_of_the_same(pair.samples[known - 1 :], together, s):
            return None
        samples, fresh = contact.samples, pair.samples[known:] if together else []
        if instant - (fresh[-1].time if fresh else contact.end) >= s.merge:
            return None
        at = (len(samples) + len(fresh)) // 2
        return samples[at].a if at < len(samples) else fresh[at - len(samples)].a


def _more_of_the_same(samples: Sequence[PairSample], together: bool, s: EncounterSettings) -> bool:
    """Whether the two were slow and together at each but the first, soon after the one before it; or else
    surely not together."""
    if together:
        return all(
            each.time - before.time <= s.thin
            and each.metres <= s.keep_metres
            and each.error <= s.coarse_metres
            and each.faster < s.slow_knots
            and not (each.suppressed or each.meanwhile)
            for before, each in pairwise(samples)
        )
    return all(each.suppressed or each.apart_at_least > s.keep_metres for each in samples[1:])


def level_of(contact: Contact, doubtful: bool, s: EncounterSettings) -> str | None:
    """The level that a contact has reached: None, "possible" or "probable".

    With a doubt whether the two are two ships, it is never "probable".
    """
    if contact.duration < s.possible_minutes * 60_000:
        return None
    if doubtful:
        return "possible"
    if contact.alongside >= s.alongside_minutes * 60_000:
        return "probable"
    long = contact.duration >= s.probable_minutes * 60_000
    return "probable" if long and not contact.too_far else "possible"


def can_meet(first: tuple[Identity, Identity], now: tuple[Identity, Identity]) -> bool:
    """Whether an encounter of the two would be raised, by what was first known of them or is known now."""
    counts = any(vessel.of_interest for vessel in (*first, *now))
    return counts and all(is_partner(was) or is_partner(is_) for was, is_ in zip(first, now, strict=True))


def is_partner(vessel: Identity) -> bool:
    """Whether a vessel can be part of an encounter. One on a watchlist always can."""
    return vessel.role is not Role.EXCLUDED or vessel.listed


def revision_due(
    pair: Pair, level: str | None, status: Status, ends_now: bool, instant: Millis, *, unlearnt: bool
) -> bool:
    """The first, a change of level, each hour while open, the end, when it goes on, and when a retraction no
    longer holds. A closed one that was judged before its place was known (`unlearnt`) may be lowered."""
    if pair.id is None:
        return level is not None
    if pair.retracted and pair.closed_at is not None:
        return False  # what was wrong with it then cannot be put right by what is learnt afterwards
    if pair.retracted or ends_now or pair.reopened:
        return True
    if unlearnt and pair.level == Level.PROBABLE and level == Level.POSSIBLE:
        return True
    return status is Status.OPEN and (level not in (None, pair.level) or instant % HOUR == 0)
