"""The identities of a pair: what was first known of the two, and what they changed while in contact.

A ship that changes its type, name or number alongside another does not undo the encounter: what was known
when the contact began decides. A field that was not known then counts once it is confirmed.
"""

from typing import Final

import msgspec

from models.time import Millis
from models.vessel import Identity, Role

FIELDS: Final = ("name", "callsign", "imo", "ship_type", "dimensions")
"""What a vessel says of itself, and should not change in hours."""
_RANK: Final = (Role.UNKNOWN, Role.EXCLUDED, Role.OTHER, Role.TANKER)
"""A role counts over those before it, whichever was confirmed first."""
KEPT: Final = 12
"""Changes that are kept of one pair."""


class Change(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One field of one vessel that changed during the contact."""

    time: Millis  # when the new value was confirmed; for an MMSI the last time under the old one
    mmsi: int  # the vessel's MMSI now
    field: str  # one of FIELDS that events name, or "mmsi"
    before: str
    after: str


def first_known(first: Identity, now: Identity) -> Identity:
    """What was first known of a vessel, completed by what is known now."""
    role = max(first.role, now.role, key=_RANK.index)
    missing = {
        field: getattr(now, field)
        for field in FIELDS
        if getattr(first, field) is None and getattr(now, field) is not None
    }
    watchlists = first.watchlists or now.watchlists
    if role is first.role and not missing and watchlists is first.watchlists:
        return first
    return msgspec.structs.replace(first, role=role, watchlists=watchlists, **missing)


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
