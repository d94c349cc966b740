"""Renumbered: a ship that goes on under another MMSI in the middle of an encounter.

It is the same ship if it has the same IMO number, or the same call sign and size, is at the same place, and
is no longer heard under the old MMSI. The encounter then goes on, with both identities in it.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from models.time import MINUTE
from models.vessel import Identity
from streams.detection.encounters import silence
from streams.detection.encounters.company import reach, way
from streams.detection.encounters.encounter import Change, Former, Pair
from streams.detection.encounters.one_hull import same_size
from streams.detection.encounters.pair_identity import KEPT
from streams.detection.encounters.pair_sample import swapped
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.explanation import merge_receivers

OVERLAP: Final = 15 * MINUTE
"""A ship may still be heard this long under its old MMSI: ticks reach from one fix to the next. Judgement."""


Name = tuple[int, int | None, str | None]
"""MMSI, IMO number and call sign of a vessel."""


class Namesakes:
    """Which MMSIs have sent the same IMO number, or the same call sign. Rebuilt from identities."""

    def __init__(self, identity_of: Callable[[int], Identity]) -> None:
        """`identity_of` says what is known of a vessel."""
        self._identity_of = identity_of
        self._by: dict[int | str, tuple[int, ...]] = {}  # mostly one

    def learn(self, before: Identity | None, now: Identity) -> None:
        """Take in what is confirmed of a vessel now; `before` is what was known until then."""
        were = [] if before is None else _keys(before.imo, before.callsign)
        keys = [] if now.gone else _keys(now.imo, now.callsign)
        if were == keys:
            return
        for key in were:
            if key not in keys:
                self._leave(key, now.mmsi)
        for key in keys:
            self._enter(key, now.mmsi)

    def load(self, names: Iterable[Name]) -> None:
        """Replace what is known."""
        self._by = {}
        for mmsi, imo, callsign in names:
            for key in _keys(imo, callsign):
                self._enter(key, mmsi)

    def _enter(self, key: int | str, mmsi: int) -> None:
        senders = self._by.get(key, ())
        if mmsi not in senders:
            self._by[key] = (*senders, mmsi)

    def _leave(self, key: int | str, mmsi: int) -> None:
        senders = tuple(each for each in self._by.get(key, ()) if each != mmsi)
        if senders:
            self._by[key] = senders
        else:
            self._by.pop(key, None)

    def senders(self, callsign: str) -> int:
        """How many MMSIs send a call sign."""
        return len(self._by.get(callsign, ()))

    def bearers(self, imo: int) -> list[int]:
        """The MMSIs that send an IMO number, sorted."""
        return sorted(self._by.get(imo, ()))

    def of(self, identity: Identity) -> list[int]:
        """The other MMSIs under which the same ship may have been heard, sorted."""
        own, imo, callsign = identity.mmsi, identity.imo, identity.callsign
        found = [mmsi for mmsi in self._by.get(imo, ()) if mmsi != own] if imo else []
        if callsign and identity.dimensions is not None:
            found += [
                mmsi
                for mmsi in self._by.get(callsign, ())
                if mmsi != own
                and mmsi not in found
                and same_size(self._identity_of(mmsi).dimensions, identity.dimensions)
            ]
        return sorted(found)


def goes_on(old: Pair, new: Pair, changed: tuple[bool, bool], s: EncounterSettings) -> bool:
    """Whether `new` goes on where `old` left off; `changed` says which of the two has another MMSI.

    The vessels are in the same order in both.
    """
    if not old.samples or not new.samples:
        return False
    first = new.samples[0]
    limit = first.time + OVERLAP
    before = [each for each in old.samples if each.time < first.time and each.metres <= s.keep_metres]
    if not before or old.samples[-1].time > limit:
        return False
    if any(heard.time > limit and changed[heard.second] for heard in old.alone):
        return False
    bits = silence.meanwhile(before[-1], first, old.alone, s)
    if first.time - before[-1].time > s.silence:
        return silence.bridges(before[-3:], new.samples[:3], bits, s)
    drift = s.keep_metres + reach(s.drift_knots, first.time - before[-1].time)
    return not bits & silence.ELSEWHERE and way(before[-1], first) <= drift


def turned(pair: Pair) -> Pair:
    """A copy with the two vessels in the other order."""
    return msgspec.structs.replace(
        pair,
        a=pair.b,
        b=pair.a,
        segments=pair.segments[::-1],
        samples=[swapped(each) for each in pair.samples],
        alone=[msgspec.structs.replace(each, second=not each.second) for each in pair.alone],
        draughts=pair.draughts[::-1],
        first=pair.first and pair.first[::-1],
        latest=pair.latest and pair.latest[::-1],
    )


def absorb(old: Pair, new: Pair) -> None:
    """Let `new` go on as `old`, whose vessels are in the same order: one encounter, one event."""
    first = new.samples[0].time
    new.samples = [each for each in old.samples if each.time < first] + new.samples
    new.alone = [each for each in old.alone if each.time < first] + new.alone
    new.receivers = merge_receivers(old.receivers, new.receivers)
    new.draughts, new.first, new.latest = old.draughts, old.first, old.latest
    new.apart |= old.apart
    until = max((each.time for each in old.samples if each.time < first), default=first)
    for was, now in ((old.a, new.a), (old.b, new.b)):
        if was != now:
            new.former = [*new.former, Former(was, now, until)]
            new.changes = [*new.changes, Change(until, now, "mmsi", f"{was:09d}", f"{now:09d}")]
    new.former = [*_moved(old, new), *new.former]
    new.changes = [*old.changes, *new.changes][:KEPT]
    if old.id is not None:
        new.id, new.revision, new.level = old.id, old.revision, old.level
        new.last_revision_at, new.retracted = old.last_revision_at, old.retracted
    new.reopened = True


def _moved(old: Pair, new: Pair) -> list[Former]:
    """The earlier MMSIs of `old`, as earlier ones of the vessels as they are called now."""
    now = {old.a: new.a, old.b: new.b}
    return [msgspec.structs.replace(each, now=now[each.now]) for each in old.former]


def _keys(imo: int | None, callsign: str | None) -> list[int | str]:
    if imo:
        return [imo, callsign] if callsign else [imo]
    return [callsign] if callsign else []
