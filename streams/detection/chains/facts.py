"""What chains need of other events: a call at a port, or a meeting of two vessels."""

from enum import IntEnum
from typing import Final

import msgspec

from geofences.fence import PORT_KINDS, FenceKind
from models.event import Event, EventType, Level, Reason, Status, Vessel
from models.time import Millis, from_text
from models.vessel import Role
from streams.detection.chains.settings import ChainSettings

_OIL: Final = (FenceKind.TERMINAL, FenceKind.DISCHARGE)
_DOUBTS: Final = ("shared_mmsi", "doubtful_mmsi", "off_track", "leapt", "weak_match")
"""Codes of reasons that a chain takes over from its events; each is also the name of its weight."""
_SILENT: Final = "silent"
"""Code of the reason of a port visit for a silence in port."""


class Berth(IntEnum):
    """How near a call came to where oil is handled."""

    ROADS = 0  # only roads, anchorages or fairways
    GENERAL = 1  # berths of a port; or silent in port, which may hide a berth
    OIL = 2


class Side(msgspec.Struct, frozen=True, array_like=True):
    """One vessel in a fact."""

    mmsi: int
    vessel: Vessel
    draught_change: float | None = None  # metres, during the fact
    former: tuple[int, ...] = ()  # MMSIs that it had before, during the fact

    @property
    def imo(self) -> str | None:
        return self.vessel.imo

    @property
    def tanker(self) -> bool:
        return self.vessel.type == Role.TANKER.value


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """One event that chains may be made of, in its latest revision."""

    id: str
    revision: int
    type: EventType
    level: Level
    start: Millis
    end: Millis | None  # None while the event is open
    until: Millis  # the end, or while it is open the instant of this revision
    lon: float
    lat: float
    sides: tuple[Side, ...]
    port: str = ""  # of a call
    port_name: str = ""
    country: str | None = None  # of a call; of a meeting, of the port zone that it lay in
    berth: Berth = Berth.ROADS
    doubts: tuple[Reason, ...] = ()  # what its event says against MMSIs, positions and matches
    sighted: bool = False  # a call in the dark in which somebody saw the vessel in the port, and named it

    @property
    def is_call(self) -> bool:
        return len(self.sides) == 1

    @property
    def seen(self) -> bool:
        """Whether the call or meeting itself was heard, or seen by others."""
        return self.type in (EventType.PORT_VISIT, EventType.ENCOUNTER) or self.sighted

    @property
    def mmsis(self) -> tuple[int, ...]:
        return tuple(mmsi for side in self.sides for mmsi in (side.mmsi, *side.former))


def fact_of(event: Event, s: ChainSettings) -> Fact | None:
    """The fact that an event is; None where chains have no use for it."""
    if event.port_visit is not None:
        return _call(event, s)
    if event.dark_port_visit is not None:
        return _dark_call(event, s)
    if event.encounter is not None:
        return _meeting(event)
    return None


def _call(event: Event, s: ChainSettings) -> Fact | None:
    visit = event.port_visit
    assert visit is not None
    if visit.country not in (*s.source_countries, *s.end_countries):
        return None
    before, after = visit.draught_before_meters, visit.draught_after_meters
    change = round(after - before, 1) if before is not None and after is not None else None
    return _fact(
        event,
        (_side(event.vessel, change),),
        port=visit.port,
        port_name=visit.port_name,
        country=visit.country,
        berth=_berth(event, s),
    )


def _dark_call(event: Event, s: ChainSettings) -> Fact | None:
    """A possible call at a source or in North Korea while the vessel was not heard; or one in which others
    saw it.

    Where a North Korean port was within its reach too, only a draught that rose, or silence in the source's
    port, makes it a call at the source: ships in coastal trade are silent for days. It is one in North Korea
    only if the draught fell: many a silence has a North Korean port within reach.
    """
    dark = event.dark_port_visit
    assert dark is not None
    before, after = dark.draught_before_meters, dark.draught_after_meters
    change = round(after - before, 1) if before is not None and after is not None else None
    countries = (*s.source_countries, *s.end_countries)
    sighted = next((port for port in dark.ports if port.sighted and port.country in countries), None)
    if sighted is not None and sighted.sighted is not None:
        fact = _fact(
            event,
            (_side(event.vessel, change),),
            port=sighted.port,
            port_name=sighted.port_name,
            country=sighted.country,
            berth=Berth.OIL if sighted.sighted_at_dock else Berth.GENERAL,
        )
        time, place = from_text(sighted.sighted.time), sighted.sighted
        return msgspec.structs.replace(
            fact, start=time, end=time, until=time, lon=place.lon, lat=place.lat, sighted=True
        )
    port = next((port for port in dark.ports if port.country in s.source_countries), None)
    end = next((port for port in dark.ports if port.country in s.end_countries), None)
    rose, fell = (change or 0.0) >= s.draught_metres, (change or 0.0) <= -s.draught_metres
    if port is not None and (end is None or port.seen_arriving or rose):
        end = None
    elif end is None or not fell:
        return None
    called = end or port
    assert called is not None
    fact = _fact(
        event,
        (_side(event.vessel, change),),
        port=called.port,
        port_name=called.port_name,
        country=called.country,
        berth=Berth.OIL,
    )
    if end is None or end.latest_departure is None:
        return fact
    arrived, left = from_text(end.earliest_arrival), from_text(end.latest_departure)
    return msgspec.structs.replace(fact, start=arrived, end=left, until=left)


def _berth(event: Event, s: ChainSettings) -> Berth:
    visit = event.port_visit
    assert visit is not None
    kinds = {fence.id: fence.kind for fence in event.geofences}
    best = Berth.ROADS
    for stop in visit.stops:
        if stop.zone is None or not stop.zone.at_dock:
            continue
        oil = kinds.get(stop.zone.id) in _OIL or visit.port in s.oil_ports
        best = max(best, Berth.OIL if oil else Berth.GENERAL)
    if best is Berth.ROADS and any(reason.code == _SILENT for reason in event.reasons):
        return Berth.GENERAL
    return best


def _meeting(event: Event) -> Fact:
    met = event.encounter
    assert met is not None
    former: dict[str, list[int]] = {}
    for change in met.identity_changes:
        if change.field == "mmsi":
            former.setdefault(change.ssvid, []).append(int(change.before))
    changes = (met.draught_change_meters, met.partner_draught_change_meters)
    sides = tuple(
        _side(vessel, change, tuple(former.get(vessel.ssvid, ())))
        for vessel, change in zip(event.vessels, changes, strict=True)
    )
    inside = (each for each in event.geofences if each.relation == "inside" and each.kind in PORT_KINDS)
    port = next(inside, None)
    return _fact(event, sides, port_name=port.name if port else "", country=port.country if port else None)


def _side(vessel: Vessel, change: float | None, former: tuple[int, ...] = ()) -> Side:
    return Side(int(vessel.ssvid), vessel, change, former)


def _fact(
    event: Event,
    sides: tuple[Side, ...],
    *,
    port: str = "",
    port_name: str = "",
    country: str | None = None,
    berth: Berth = Berth.ROADS,
) -> Fact:
    end = None if event.end is None or event.status is Status.OPEN else from_text(event.end)
    return Fact(
        id=event.id,
        revision=event.revision,
        type=event.type,
        level=event.level,
        start=from_text(event.start),
        end=end,
        until=from_text(event.detected) if end is None else end,
        lon=event.position.lon,
        lat=event.position.lat,
        sides=sides,
        port=port,
        port_name=port_name,
        country=country,
        berth=berth,
        doubts=tuple(reason for reason in event.against if reason.code in _DOUBTS),
    )
