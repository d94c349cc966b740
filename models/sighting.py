"""A sighting: a vessel that somebody saw, by satellite image, radar or patrol, whether or not it was heard.

Also what events say of sightings. It is often known only hours after its time: `received` says since when.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from models.time import Millis, to_text

NOBODY: Final = "000000000"
"""Stands for the MMSI of a vessel of which nobody knows it."""


class SightingKind(StrEnum):
    """By what a vessel was seen."""

    IMAGE = "image"
    RADAR = "radar"
    PATROL = "patrol"
    OTHER = "other"


class Sighting(msgspec.Struct, frozen=True):
    """One vessel seen once. Times in milliseconds UTC, degrees WGS 84, metres; None where not known."""

    time: Millis
    lon: float
    lat: float
    received: Millis
    accuracy: float | None = None
    length: float | None = None
    kind: SightingKind = SightingKind.OTHER
    mmsi: int | None = None
    imo: int | None = None
    name: str | None = None
    reference: str = ""
    source: str = ""

    @property
    def id(self) -> str:
        """The same for the same sighting, whenever it was received."""
        content = msgspec.structs.replace(self, received=self.time)
        return hashlib.blake2b(msgspec.json.encode(content), digest_size=12).hexdigest()

    @property
    def key(self) -> tuple[Millis, Millis, str, str]:
        """The order in which sightings are worked off."""
        return self.received, self.time, self.reference, self.id


def known_since(sighting: Sighting, clocks: Sequence[Millis] | Any, line: int) -> Sighting:
    """The sighting as a live feed knows it: from when its line came on, but never before it was seen.

    `clocks`: when the lines of its frame came, by the clock of the ingest, milliseconds UTC, a sequence or an
    array; the last stands for the lines after it, too. None or empty in a recording, which says it itself.
    """
    if clocks is None or not len(clocks):
        return sighting
    came = int(clocks[min(line, len(clocks) - 1)])
    return msgspec.structs.replace(sighting, received=max(came, sighting.time))


class Seen(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sighting as an event tells it."""

    time: str
    received: str
    lat: float
    lon: float
    accuracy_meters: float
    kind: SightingKind
    length_meters: float | None = None
    mmsi: str | None = None  # as the sighting gives them
    imo: str | None = None
    name: str | None = None
    reference: str | None = None
    source: str | None = None
    matched_on: str | None = None  # "imo", "mmsi" or "reach": how it was found to be the event's vessel


class SilentCandidate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A silent vessel that a sighting may have been of."""

    ssvid: str
    name: str | None = None
    imo: str | None = None
    length_meters: int | None = None
    gap: str  # id of the event of its gap; it is published only if the gap is
    required_speed_knots: float  # to have been there, in a straight line
    distance_km: float  # from where it fell silent


class HeardNear(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vessel that was heard near a sighting at its time."""

    ssvid: str
    name: str | None = None
    distance_km: float


class DarkVessel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vessel that was seen in a watched fence and that no vessel heard explains."""

    sightings: tuple[Seen, ...]  # by time
    length_meters: float | None = None  # the median of those given
    heard_vessels: int  # heard around at the time of the last sighting
    heard_near: tuple[HeardNear, ...] = ()  # the nearest of them
    candidates: tuple[SilentCandidate, ...] = ()  # silent vessels that it may have been, the likeliest first


def seen_of(sighting: Sighting, accuracy: float, matched_on: str | None = None) -> Seen:
    """A sighting for an event; `accuracy` in metres is what counts where the sighting gives none."""
    return Seen(
        time=to_text(sighting.time),
        received=to_text(sighting.received),
        lat=round(sighting.lat, 5),
        lon=round(sighting.lon, 5),
        accuracy_meters=round(sighting.accuracy or accuracy, 0),
        kind=sighting.kind,
        length_meters=None if sighting.length is None else round(sighting.length, 1),
        mmsi=f"{sighting.mmsi:09d}" if sighting.mmsi else None,
        imo=f"{sighting.imo}" if sighting.imo else None,
        name=sighting.name,
        reference=sighting.reference or None,
        source=sighting.source or None,
        matched_on=matched_on,
    )
