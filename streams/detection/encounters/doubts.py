"""Doubts: what a contact can't be `probable` with, and why an encounter is taken back."""

from typing import NamedTuple

from models.event import Level, Reason
from models.vessel import Identity
from streams.detection.encounters import reasons
from streams.detection.encounters.contact import Contact
from streams.detection.encounters.encounter import Pair, can_meet, is_partner
from streams.detection.encounters.one_hull import Hulls
from streams.detection.encounters.ordinary import Ordinary
from streams.detection.encounters.pair_identity import rests_on_weak_matches
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.explanation import false_place, leap_of, mmsi_text
from streams.detection.reasons import Conditions


class Doubts(NamedTuple):
    """What an encounter can't be `probable` with."""

    one_hull: bool  # the two may be one hull
    tow: bool  # one was right ahead of the other while they moved
    leapt: bool  # the positions of one of the two leapt there
    weak: bool  # it rests on weak matches with watchlists alone
    second: bool  # two ships are heard under one of the MMSIs, and it is the contact of the second one


def doubts_of(pair: Pair, contact: Contact, verdict: Hulls, now: tuple[Identity, Identity]) -> Doubts:
    """The doubts about a contact; `now` is what is known of the two, in the roles that count."""
    return Doubts(
        one_hull=verdict in (Hulls.DOUBTFUL, Hulls.IN_LINE),
        tow=verdict in (Hulls.IN_LINE, Hulls.TOW),
        leapt=any(leap_of(vessel, contact.start) is not None for vessel in now if vessel.places.leaps),
        weak=rests_on_weak_matches(pair, now),
        second=any(
            vessel.shared and vessel.places.segment != number
            for vessel, number in zip(now, pair.segments, strict=True)
        ),
    )


def conditions_of(
    proposed: str | None, doubts: Doubts, ordinary: Ordinary, s: EncounterSettings
) -> Conditions:
    """The rules for levels that hold; `proposed` is the level by the contact alone."""
    return Conditions(
        {
            "contact": proposed is not None,
            "transfer": proposed == Level.PROBABLE,
            "may_be_one_hull": doubts.one_hull,
            "may_be_tow": doubts.tow,
            "leapt": doubts.leapt,
            "weak_match": doubts.weak,
            **ordinary.conditions(s),
        }
    )


def retraction_of(
    pair: Pair, contact: Contact, verdict: Hulls, first: tuple[Identity, Identity], s: EncounterSettings
) -> Reason | None:
    """Why this pair is no encounter, as far as is known; None when nothing speaks against it.

    `first` is what was first known of the two.
    """
    now = pair.latest or first
    if not can_meet(first, now):
        return _of_no_interest(first, now, s)
    if verdict is Hulls.ONE:
        return reasons.ONE_HULL.reason(s)
    for vessel, segment in zip(now, pair.segments, strict=True):
        if (why := false_place(vessel, segment, contact.start, contact.end, s)) is not None:
            return why
    return None


def _of_no_interest(
    first: tuple[Identity, Identity], now: tuple[Identity, Identity], s: EncounterSettings
) -> Reason:
    for was, vessel in zip(first, now, strict=True):
        if not is_partner(was) and not is_partner(vessel):
            return reasons.EXCLUDED_TYPE.reason(s, vessel.ship_type, mmsi=mmsi_text(vessel))
    return reasons.NO_TANKER.reason(s)
