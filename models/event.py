"""Events: what was seen, which rule it met and how far, and what speaks against it.

One object is one revision; consumers keep the highest of each id. Field names follow Global Fishing
Watch's Events API where it has them. An event says "suspected", never "guilty".
"""

import hashlib
from typing import Final

import msgspec

from models.drawn_fence import FenceCrossing
from models.event_parts import (
    Anchorage,
    Chain,
    ChainArrival,
    ChainHolder,
    ChainLeg,
    DarkEncounter,
    DarkPortVisit,
    Detector,
    Distances,
    Encounter,
    EventType,
    Evidence,
    FenceRelation,
    FormerIdentity,
    Gap,
    IdentityAnomaly,
    IdentityChange,
    Level,
    Loitering,
    Model,
    PortStop,
    PortVisit,
    Position,
    PositionAnomaly,
    ReachablePort,
    Reason,
    Sample,
    Scoring,
    Status,
    Vessel,
)
from models.innocent import InnocentExplanation
from models.sighting import NOBODY, DarkVessel
from models.time import Millis

__all__ = [
    "Anchorage",
    "Chain",
    "ChainArrival",
    "ChainHolder",
    "ChainLeg",
    "DarkEncounter",
    "DarkPortVisit",
    "DarkVessel",
    "Detector",
    "Distances",
    "Encounter",
    "Event",
    "EventType",
    "Evidence",
    "FenceCrossing",
    "FenceRelation",
    "FormerIdentity",
    "Gap",
    "IdentityAnomaly",
    "IdentityChange",
    "Level",
    "Loitering",
    "PortStop",
    "PortVisit",
    "Position",
    "PositionAnomaly",
    "ReachablePort",
    "Reason",
    "Sample",
    "Scoring",
    "Status",
    "Vessel",
    "event_id",
    "from_json",
    "sort_key",
    "to_json",
]


class Event(Model, frozen=True, kw_only=True, rename="camel"):
    """One revision of one event. The same input gives the same bytes, in replay and live."""

    id: str
    type: EventType
    revision: int
    status: Status
    level: Level
    start: str
    end: str | None
    detected: str  # the instant of the grid whose closing produced this revision
    position: Position
    bounding_box: tuple[float, float, float, float]  # west, south, east, north; west > east across 180°
    distances: Distances
    vessel: Vessel
    encounter: Encounter | None = None
    loitering: Loitering | None = None
    port_visit: PortVisit | None = None
    gap: Gap | None = None
    chain: Chain | None = None
    dark_port_visit: DarkPortVisit | None = None
    dark_encounter: DarkEncounter | None = None
    dark_vessel: DarkVessel | None = None
    identity: IdentityAnomaly | None = None
    position_anomaly: PositionAnomaly | None = None
    fence_crossing: FenceCrossing | None = None
    geofences: tuple[FenceRelation, ...] = ()
    score: float
    scoring: Scoring | None = None  # null in events of before there was one
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...] = ()
    innocent_explanation: InnocentExplanation | None = None  # null where no reason supports one
    summary: str
    evidence: Evidence
    detector: Detector

    @property
    def vessels(self) -> tuple[Vessel, ...]:
        if self.chain:
            return self.chain.vessels
        if self.identity:
            return (self.vessel, *self.identity.others)
        if self.dark_vessel and self.vessel.ssvid == NOBODY:
            return ()  # nobody knows which one it is
        if self.position_anomaly:
            return (self.vessel, *self.position_anomaly.others)
        met = self.encounter or self.dark_encounter
        return (self.vessel, met.vessel) if met else (self.vessel,)

    @property
    def mmsis(self) -> tuple[int, ...]:
        """The MMSIs of its vessels, sorted; also those that one had before."""
        changes = self.encounter.identity_changes if self.encounter else ()
        changes = self.identity.changes if self.identity else changes
        former = {int(each.before) for each in changes if each.field == "mmsi"}
        return tuple(sorted(former.union(int(vessel.ssvid) for vessel in self.vessels)))


_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_DECODER: Final = msgspec.json.Decoder(Event)


def to_json(event: Event) -> bytes:
    """The event as one line of JSON, keys sorted, without a line feed."""
    return _ENCODER.encode(event)


def from_json(data: bytes | str) -> Event:
    """Read one event. Raises ValueError: msgspec.DecodeError or UnicodeDecodeError."""
    try:
        return _DECODER.decode(data)
    except RecursionError as error:
        raise msgspec.DecodeError(f"nested too deep ({error})") from None


def event_id(
    kind: EventType, mmsis: tuple[int, ...], first: Millis, lon: float, lat: float, what: str = ""
) -> str:
    """A frozen id: hash of type, sorted MMSIs, first contact as known at revision 1, and where that was.

    `what` tells events apart that are the same in all of that.

    The place (whole degrees) stands for the track segment: under an MMSI that several ships share it tells
    their events apart, and unlike a running number it comes out the same when history is rebuilt from the
    middle.
    """
    cell = f"{round(lon) % 360}:{round(lat)}"
    text = f"{kind}|{','.join(str(mmsi) for mmsi in sorted(mmsis))}|{first}|{cell}{what}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def sort_key(event: Event) -> tuple[str, str, int]:
    """The order that outputs are written in: by instant of detection, then id and revision."""
    return (event.detected, event.id, event.revision)
