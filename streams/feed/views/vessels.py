"""Vessels as the feed shows them: all of them in brief for the map, or one with everything that is known."""

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
    """Where a vessel was at an instant of the time grid. Null for what the vessel does not send."""

    time: str
    lat: float
    lon: float
    speed_knots: float | None
    course: float | None  # degrees over ground
    heading: float | None  # degrees, true heading of the bow


class Latest(Tick, frozen=True, kw_only=True, rename="camel"):
    """A vessel's latest tick."""

    status: int | None  # navigational status (ITU-R M.1371, table 45); null for 15, not defined


class Point(Tick, frozen=True, kw_only=True, rename="camel"):
    """A tick of a recent track."""

    status: int | None  # as of the latest tick
    segment: int  # differs between places where the same MMSI is used at the same time


class VesselOnMap(Latest, frozen=True, kw_only=True, rename="camel"):
    """A vessel in brief."""

    mmsi: int
    name: str | None
    flag: str | None
    ais_ship_type: int | None
    tanker: bool
    listed: bool


class ConfirmedIdentity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a vessel says of itself, as confirmed at a time by two equal transmissions."""

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


class VesselDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that is kept of a vessel."""

    mmsi: int
    flag: str | None
    whereabouts: Latest | None
    identity: ConfirmedIdentity | None
    identities: list[ConfirmedIdentity]  # oldest first
    track: list[Point]  # oldest first
    watchlists: tuple[WatchlistHit, ...]
    events: list[str]  # ids, newest first


text_of = functools.lru_cache(1_024)(to_text)
"""Cached: the ticks of all vessels share a few times."""


def on_map(positions: Iterable[LastPosition], identities: Iterable[Identity]) -> list[VesselOnMap]:
    """A vessel in brief for each position, in their order."""
    by_mmsi = {identity.mmsi: identity for identity in identities}
    return [_on_map(position, by_mmsi.get(position.mmsi)) for position in positions]


def detail(record: VesselRecord, events: list[str]) -> VesselDetail:
    """Everything that is kept of a vessel. `events` are the ids of its events, newest first."""
    where, who = record.whereabouts, record.identity
    return VesselDetail(
        mmsi=record.mmsi,
        flag=flag_of(record.mmsi),
        whereabouts=Latest(**_tick(where), status=where.status) if where else None,
        identity=_confirmed(who) if who else None,
        identities=[_confirmed(one) for one in record.identities],
        track=[Point(**_tick(one), status=one.status, segment=one.segment) for one in record.track],
        watchlists=who.watchlists if who else (),
        events=events,
    )


def dimensions(event: Event, records: Iterable[VesselRecord | None]) -> dict[str, Dimensions]:
    """The dimensions of an event's vessels by MMSI with nine digits, as last confirmed before the event
    ended.

    A vessel whose dimensions were confirmed only later has those that were confirmed first.
    """
    until = from_text(event.end or event.detected)
    found = {}
    for record in records:
        if record is None:
            continue
        identities = [*record.identities, *([record.identity] if record.identity else [])]
        known = [(one.time, one.dimensions) for one in identities if one.dimensions]
        before = [size for time, size in known if time <= until] or [size for _, size in known[:1]]
        if before:
            found[f"{record.mmsi:09d}"] = before[-1]
    return found


def _on_map(position: LastPosition, who: Identity | None) -> VesselOnMap:
    return VesselOnMap(
        **_tick(position),
        status=position.status,
        mmsi=position.mmsi,
        name=who.name if who else None,
        flag=flag_of(position.mmsi),
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


def _confirmed(identity: Identity) -> ConfirmedIdentity:
    return ConfirmedIdentity(
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
