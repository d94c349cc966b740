"""Stay: a time that a vessel spent out of hearing, or loitering; and where two of them can have met.

A silent vessel can have been wherever its speed lets it go and come back in that time (a space-time prism;
Miller, 2018). One that loiters was heard all the time. Two vessels can have met at a place if both can have
been there for long enough at the same time.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import msgspec
import zstandard

from geofences.distance import haversine_m
from geofences.land import land_share
from models.event import Event, EventType, from_json, to_json
from models.time import HOUR, Millis, from_text
from streams.detection.dark_encounters.settings import DarkEncounterSettings
from streams.detection.gaps.reasons import (
    IN_HARBOUR,
    LEAVES_COVERAGE,
    NEIGHBOURS_SILENT,
    OFTEN_LOST,
)
from streams.detection.listing import WATCHLIST
from streams.tracking.track import KNOT

_BY_RECEPTION = {NEIGHBOURS_SILENT.code, OFTEN_LOST.code}
"""What says of a gap that reception explains it: others fall silent there, too."""
_WAITING = {"near_port", "near_shore", "resting_place", "at_anchor", "not_under_command", "in_encounter"}
"""What says of a loitering that it is ordinary, or has a better explanation."""
_AREAS = {"sts_area", "watched_area"}
"""Where ships that wait are looked at all the same."""
_MOST_PLACES = 9
"""Positions of a loitering that are tried as meeting places, at most."""


_LEVEL = 1
"""Of zstd."""
_PACKED = b"\x28\xb5\x2f\xfd"
"""How zstd begins. States of versions before have the JSON as it is."""


class Kind(StrEnum):
    SILENT = "silent"
    LOITERING = "loitering"


class Place(NamedTuple):
    """Degrees."""

    lon: float
    lat: float


class Stay(msgspec.Struct, array_like=True, gc=False):
    """A silence that is over, or a loitering so far."""

    kind: Kind
    mmsi: int
    event: bytes  # as it was published last, as JSON packed with zstd
    start: Millis
    end: Millis  # of a loitering that goes on: until when it was heard so far
    told: Millis  # when it was published last
    off: Place  # where it began
    on: Place  # where it ended
    knots: float  # that it can keep
    places: list[Place] = []  # where it was, of a loitering
    named: bool = False  # its vessel is on a watchlist, or of a flag that counts
    left: bool = False  # it fell silent on a course to where hardly anybody is heard
    found: list[str] = []  # ids of its possible dark encounters


class Together(NamedTuple):
    """Where and from when to when two vessels can have been together for longest."""

    place: Place
    begin: Millis
    end: Millis


def stay_of(event: Event, s: DarkEncounterSettings, watched: bool) -> Stay | None:
    """The stay that an event tells of; None where it is ordinary, or a silence that goes on.

    `watched` says whether it touches a watched area.
    """
    make = {EventType.GAP: _silence, EventType.LOITERING: _loitering}.get(event.type)
    return None if make is None else make(event, s, watched)


def event_of(stay: Stay) -> Event:
    """The event that a stay was made of."""
    return from_json(zstandard.decompress(stay.event) if stay.event.startswith(_PACKED) else stay.event)


def _packed(event: Event) -> bytes:
    """A loitering has up to 200 positions, and there may be thousands."""
    return zstandard.compress(to_json(event), _LEVEL)


def together(a: Stay, b: Stay, s: DarkEncounterSettings) -> Together | None:
    """Where two vessels can have met for long enough; None if nowhere. At least one of them was silent."""
    if a.kind is Kind.LOITERING:
        a, b = b, a
    if a.kind is Kind.LOITERING or min(a.end, b.end) - max(a.start, b.start) < s.stay:
        return None
    if b.kind is Kind.SILENT and not _alike(a, b, s):
        return None
    if (a.left or b.left) and not (a.named or b.named):
        return None
    need = s.stay
    if b.kind is Kind.SILENT:
        need = max(need, round(s.stay_share * min(a.end - a.start, b.end - b.start)))
    reached = [
        found
        for place in _candidates(a, b)
        if (found := _at(place, a, b, s)) is not None and found.end - found.begin >= need
    ]
    reached.sort(key=lambda found: (found.begin - found.end, found.place))
    return next((found for found in reached if _over_water(found.place, a, b, s)), None)


def kilometres(a: Place, b: Place) -> float:
    """Between two places, as the crow flies."""
    return float(haversine_m(a.lon, a.lat, b.lon, b.lat)) / 1000


def _silence(event: Event, s: DarkEncounterSettings, watched: bool) -> Stay | None:
    gap = event.gap
    assert gap is not None
    if gap.on_position is None or event.end is None or gap.distance_km is None:
        return None
    against = {reason.code for reason in event.against}
    ports = event.distances.start_distance_from_port_km, event.distances.end_distance_from_port_km
    lay = IN_HARBOUR.code in against and (gap.distance_km <= s.still_km or ports[0] == 0)
    if lay or against & _BY_RECEPTION:
        return None
    if not watched and any(km is not None and km < s.port_km for km in ports):
        return None
    off, on = gap.off_position, gap.on_position
    return Stay(
        Kind.SILENT, int(event.vessel.ssvid), _packed(event),
        from_text(event.start), from_text(event.end), from_text(event.detected),
        Place(off.lon, off.lat), Place(on.lon, on.lat), gap.plausible_speed_knots,
        named=_is_named(event, s), left=LEAVES_COVERAGE.code in against,
    )  # fmt: skip


def _loitering(event: Event, s: DarkEncounterSettings, watched: bool) -> Stay | None:
    against = {reason.code for reason in event.against}
    ordinary = against & _WAITING
    if {reason.code for reason in event.reasons} & _AREAS:
        ordinary &= {"in_encounter", "not_under_command"}
    if ordinary:
        return None
    samples = event.evidence.positions
    each = -(-len(samples) // _MOST_PLACES)
    places = [Place(sample.lon, sample.lat) for sample in samples[::each]]
    return Stay(
        Kind.LOITERING, int(event.vessel.ssvid), _packed(event),
        from_text(event.start), from_text(event.end or samples[-1].time), from_text(event.detected),
        places[0], places[-1], 0.0, places, _is_named(event, s),
    )  # fmt: skip


def _is_named(event: Event, s: DarkEncounterSettings) -> bool:
    listed = any(reason.code == WATCHLIST.code for reason in event.reasons)
    return listed or int(event.vessel.ssvid) // 1_000_000 in s.flags


def _alike(a: Stay, b: Stay, s: DarkEncounterSettings) -> bool:
    """Whether two fell silent near each other, and came back near each other, in place and time.

    Two that lay still all the time, like ships at anchor, did not meet.
    """
    if max(abs(a.start - b.start), abs(a.end - b.end)) > s.apart_hours * HOUR:
        return False
    if kilometres(a.off, b.off) > s.silent_km or kilometres(a.on, b.on) > s.silent_km:
        return False
    return any(kilometres(stay.off, stay.on) > s.still_km for stay in (a, b)) or (
        kilometres(a.off, b.off) > s.still_km
    )


def _candidates(a: Stay, b: Stay) -> Iterator[Place]:
    """Places where they can have met. The best ones lie between the ends of the silences."""
    if b.kind is Kind.LOITERING:
        yield from b.places
        return
    between_off, between_on = _between(a.off, b.off), _between(a.on, b.on)
    yield from (a.off, b.off, a.on, b.on, between_off, between_on, _between(between_off, between_on))


def _at(place: Place, a: Stay, b: Stay, s: DarkEncounterSettings) -> Together | None:
    """From when to when the two can have been at a place."""
    begins, ends = [], []
    for stay in (a, b):
        to, back = kilometres(stay.off, place), kilometres(place, stay.on)
        if stay.kind is Kind.LOITERING:
            begins.append(stay.start)
            ends.append(stay.end)
            continue
        if b.kind is Kind.LOITERING and max(to, back) > s.come_km:
            return None
        begins.append(stay.start + round(1000 * to / (stay.knots * KNOT)))
        ends.append(stay.end - round(1000 * back / (stay.knots * KNOT)))
    return Together(place, max(begins), min(ends))


def _over_water(place: Place, a: Stay, b: Stay, s: DarkEncounterSettings) -> bool:
    ways = [(end, place) for stay in (a, b) if stay.kind is Kind.SILENT for end in (stay.off, stay.on)]
    return all(land_share(*one, *other) * kilometres(one, other) <= s.land_km for one, other in ways)


def _between(a: Place, b: Place) -> Place:
    """The middle of two places that are near each other."""
    east = (b.lon - a.lon + 180) % 360 - 180
    return Place((a.lon + east / 2 + 180) % 360 - 180, (a.lat + b.lat) / 2)
