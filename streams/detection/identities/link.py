"""Links between two MMSIs that send what only one ship can send, and what they turn out to be."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from models.time import MINUTE, Millis
from models.vessel import Identity
from streams.detection.encounters.one_hull import same_size
from streams.detection.identities.callsigns import country_of
from streams.detection.identities.settings import IdentityAnomalySettings

_GRACE = 15 * MINUTE
"""For so long a ship may still be heard under its former MMSI: ticks reach from one fix to the next."""


class Place(NamedTuple):
    """A position and its time, degrees and milliseconds UTC."""

    time: Millis
    lon: float
    lat: float


class Moved(NamedTuple):
    """A ship that goes on under another MMSI: which, by what it is the same, and where it was heard first."""

    mmsi: int
    what: str
    place: Place


class Former(NamedTuple):
    """An MMSI that a ship was heard under before: who it was, by what it is the same, until when."""

    identity: Identity
    what: str
    until: Millis


class Link(msgspec.Struct, array_like=True, gc=False):
    """Another MMSI that sends the same IMO number, or the same call sign and size."""

    mmsi: int
    what: str  # "imo" or "callsign"
    since: Millis  # when both were known to send it
    earlier: bool  # whether the other one sent it before
    own: Millis = 0  # for how long only this vessel was heard, since the other was heard last
    theirs: Millis = 0  # for how long only the other was heard, since this one was heard last
    both: Millis = 0  # for how long the two were heard far from each other at the same time
    both_until: Millis = 0  # when that was last so
    heard: bool = False  # whether the other has been heard since
    moved: bool = False  # the ship goes on under this MMSI
    back: bool = False  # and then the other number was heard again, and this one no longer
    first: Place | None = None  # where this vessel was heard first after that was known


def follow(
    link: Link,
    mine: Collection[Millis],
    theirs: Collection[Millis],
    here: Place,
    metres: float,
    step: Millis,
    s: IdentityAnomalySettings,
) -> None:
    """Take in one instant, for which the two have ticks at these times, at this distance from each other."""
    if theirs and max(theirs) > link.since + _GRACE:
        link.heard = True
    if mine and link.first is None:
        link.first = here
    if mine and theirs:
        link.own = link.theirs = 0
        if metres > s.apart_km * 1000:
            link.both, link.both_until = link.both + step, here.time
    elif mine:
        link.own, link.theirs = link.own + len(mine) * step, 0
    else:
        link.own, link.theirs = 0, link.theirs + len(theirs) * step
    waited = s.both_minutes * MINUTE
    if link.earlier and not link.heard and link.own >= waited:
        link.moved = True
    link.back = link.back or (link.moved and link.theirs >= waited)
    if link.both >= waited and not link.back:  # they are two ships
        link.moved = False


def link_of(a: Identity, b: Identity) -> str | None:
    """What two MMSIs send alike that only one ship can send: `imo` or `callsign`; None if they do not."""
    if a.imo is not None and b.imo is not None:
        return "imo" if a.imo == b.imo else None
    if not a.callsign or a.callsign != b.callsign or country_of(a.callsign) is None:
        return None
    return "callsign" if same_size(a.dimensions, b.dimensions) is True else None


def is_same_by_name(a: Identity, b: Identity) -> bool:
    """Whether two MMSIs send the same name or the same call sign."""
    return bool((a.name and a.name == b.name) or (a.callsign and a.callsign == b.callsign))


def is_alike(a: Identity, b: Identity) -> bool:
    """Whether two MMSIs send the same name, call sign or size."""
    return is_same_by_name(a, b) or same_size(a.dimensions, b.dimensions) is True


class Identified(Protocol):
    """What is kept of one MMSI."""

    identity: Identity


def formers(identity: Identity, links: Sequence[Link], records: Mapping[int, Identified]) -> list[Former]:
    """The MMSIs of these links that the ship was heard under before it was heard with this identity."""
    others = [(link, records[link.mmsi].identity) for link in links if link.moved and not link.back]
    return [
        Former(other, link.what, link.first.time)
        for link, other in others
        if link.first is not None and is_alike(identity, other)
    ]
