"""Vessels as the feed tells of them: where they are, in brief for the map, and all that is known of one."""

import functools
from collections.abc import Iterable
from typing import Any

import msgspec

from models.event import Event
from models.last_position import LastPosition, TrackPoint
from models.time import from_text, to_text
from models.vessel import Dimensions, Identity, Role, WatchlistHit, flag_of
from streams.store.event_log import VesselRecord


class Tick(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a vessel was at an instant of the time grid. Null where it does not say it."""

    time: str
    lat: float
    lon: float
    speed_knots: float | None
    course: float | None  # degrees over ground
    heading: float | None  # degrees, of the bow


class Latest(Tick, frozen=True, kw_only=True, rename="camel"):
    """A vessel's latest tick."""

    status: int | None  # navigational status of ITU-R M.1371; null for 15, not defined


class Point(Tick, frozen=True, kw_only=True, rename="camel"):
    """A tick of a recent track."""

    segment: int  # tells places apart where the MMSI is in several at once


class Brief(Latest, frozen=True, kw_only=True, rename="camel"):
    """A vessel on the map."""

    mmsi: int
    name: str | None
    flag: str | None
    ais_ship_type: int | None
    tanker: bool
    listed: bool


class Known(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was confirmed of a vessel at a time, as it says it of itself."""

    time: str
    role: Role
    name: str | None
    callsign: str | None
    imo: str | None
    ais_ship_type: int | None
    dimensions: Dimensions | None
    draught_meters: float | None
    class_b: bool
    shared: bool


class Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All that is kept of a vessel."""

    mmsi: int
    flag: str | None
    whereabouts: Latest | None
    identity: Known | None
    identities: list[Known]  # oldest first
    track: list[Point]  # oldest first
    watchlists: tuple[WatchlistHit, ...]
    events: list[str]  # ids, newest first


text_of = functools.lru_cache(1_024)(to_text)
"""The ticks of all vessels have few times among them."""


def briefs(places: Iterable[LastPosition], identities: Iterable[Identity]) -> list[Brief]:
    named = {identity.mmsi: identity for identity in identities}
    return [_brief(place, named.get(place.mmsi)) for place in places]


def told(record: VesselRecord, events: list[str]) -> Told:
    where, who = record.whereabouts, record.identity
    return Told(
        mmsi=record.mmsi,
        flag=flag_of(record.mmsi),
        whereabouts=Latest(**_tick(where), status=where.status) if where else None,
        identity=_known(who) if who else None,
        identities=[_known(one) for one in record.identities],
        track=[Point(**_tick(one), segment=one.segment) for one in record.track],
        watchlists=who.watchlists if who else (),
        events=events,
    )


def dimensions(event: Event, records: Iterable[VesselRecord | None]) -> dict[str, Dimensions]:
    """Those of the event's vessels, by MMSI with nine digits: as last confirmed before it ended."""
    until = from_text(event.end or event.detected)
    found = {}
    for record in records:
        if record is None:
            continue
        all_known = [*record.identities, *([record.identity] if record.identity else [])]
        known = [(one.time, one.dimensions) for one in all_known if one.dimensions]
        before = [size for time, size in known if time <= until] or [size for _, size in known[:1]]
        if before:
            found[f"{record.mmsi:09d}"] = before[-1]
    return found


def _brief(place: LastPosition, who: Identity | None) -> Brief:
    return Brief(
        **_tick(place),
        status=place.status,
        mmsi=place.mmsi,
        name=who.name if who else None,
        flag=flag_of(place.mmsi),
        ais_ship_type=who.ship_type if who else None,
        tanker=who is not None and who.role is Role.TANKER,
        listed=who is not None and who.listed,
    )


def _tick(at: LastPosition | TrackPoint) -> dict[str, Any]:
    return {
        "time": text_of(at.time),
        "lat": at.lat,
        "lon": at.lon,
        "speed_knots": at.speed_knots,
        "course": at.course,
        "heading": at.heading,
    }


def _known(identity: Identity) -> Known:
    return Known(
        time=to_text(identity.time),
        role=identity.role,
        name=identity.name,
        callsign=identity.callsign,
        imo=f"{identity.imo:07d}" if identity.imo else None,
        ais_ship_type=identity.ship_type,
        dimensions=identity.dimensions,
        draught_meters=identity.draught,
        class_b=identity.class_b,
        shared=identity.shared,
    )
