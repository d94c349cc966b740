"""The identities of a pair: what was first known of the two, and what they changed while in contact.

A ship that changes its type, name or number alongside another does not undo the encounter: what was known
when the contact began decides. A field that was not known then counts once it is confirmed.
"""

from typing import Final

import msgspec

from models.time import Millis
from models.vessel import Identity, Role
from streams.detection.encounters.encounter import Change, Pair
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.listing import by_weak_match

FIELDS: Final = ("name", "callsign", "imo", "ship_type", "dimensions")
"""What a vessel says of itself, and should not change in hours."""
_RANK: Final = (Role.UNKNOWN, Role.EXCLUDED, Role.OTHER, Role.TANKER)
"""A role counts over those before it, whichever was confirmed first."""
KEPT: Final = 12
"""Changes that are kept of one pair."""


def identify(pair: Pair, now: tuple[Identity, Identity], instant: Millis, s: EncounterSettings) -> None:
    """Note what is known of a pair now, and what it changed if the two are in contact."""
    if pair.first is None or pair.latest is None:
        pair.first = pair.latest = now
        return
    if pair.closed_at is None and instant - pair.samples[-1].time <= s.silence:
        changed = [
            each for was, is_ in zip(pair.latest, now, strict=True) for each in changes(was, is_, instant)
        ]
        pair.changes = [*pair.changes, *changed][:KEPT]
    a, b = pair.first
    pair.first = first_known(a, now[0]), first_known(b, now[1])
    pair.latest = now


def first_known(first: Identity, now: Identity) -> Identity:
    """What was first known of a vessel, completed by what is known now."""
    role = max(first.role, now.role, key=_RANK.index)
    missing = {
        field: getattr(now, field)
        for field in FIELDS
        if getattr(first, field) is None and getattr(now, field) is not None
    }
    # a sure match stays, unless the number that contradicts it has only become known
    keeps = (first.listed and "imo" not in missing) or not now.watchlists
    watchlists = first.watchlists if keeps else now.watchlists
    if role is first.role and not missing and watchlists is first.watchlists:
        return first
    return msgspec.structs.replace(first, role=role, watchlists=watchlists, **missing)


def rests_on_weak_matches(pair: Pair, now: tuple[Identity, Identity]) -> bool:
    """Whether the two count only by weak matches with watchlists, by what was first known or is known now."""
    return by_weak_match((*(pair.first or ()), *now))


def changes(before: Identity, now: Identity, time: Millis) -> list[Change]:
    """The fields of a vessel that have another value now; one that was not known before is no change."""
    return [
        Change(time, now.mmsi, field, str(was), str(value))
        for field in FIELDS
        if field != "dimensions"
        and (was := getattr(before, field)) is not None
        and (value := getattr(now, field)) is not None
        and value != was
    ]


def in_roles(first: tuple[Identity, Identity], now: tuple[Identity, Identity]) -> tuple[Identity, Identity]:
    """What is known of two vessels now, in the roles that they were first known in."""
    a, b = (
        is_ if is_.role is was.role else msgspec.structs.replace(is_, role=was.role)
        for was, is_ in zip(first, now, strict=True)
    )
    return a, b
