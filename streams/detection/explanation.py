"""How an event names vessels, weighs reasons and says its sentence; shared by all detectors."""

import hashlib
import math
from collections.abc import Collection
from importlib.metadata import version
from typing import Final

import msgspec

from models.event import Detector, Position, Reason, Sample, Vessel
from models.time import HOUR, Millis, to_text
from models.vessel import TANKER_TYPES, Identity, Role, flag_of

VERSION: Final = version("tankerwatch")
RECEIVERS: Final = 32
"""So many receivers are named in the evidence of one event."""


def detector(name: str, *settings: msgspec.Struct) -> Detector:
    """The detector's name, version, and a hash of all settings that its verdict depends on."""
    digest = hashlib.blake2b(msgspec.json.encode(settings, order="deterministic"), digest_size=6)
    return Detector(name=name, version=VERSION, settings_hash=digest.hexdigest())


def vessel_of(identity: Identity) -> Vessel:
    mmsi = f"{identity.mmsi:09d}"
    size = identity.dimensions
    return Vessel(
        id=mmsi,
        ssvid=mmsi,
        name=identity.name,
        flag=flag_of(identity.mmsi),
        type=identity.role.value,
        imo=f"{identity.imo}" if identity.imo else None,
        callsign=identity.callsign,
        length_meters=size.length if size else None,
        beam_meters=size.beam if size else None,
        ais_ship_type=identity.ship_type,
        draught_meters=identity.draught,
        watchlists=identity.watchlists,
    )


def called(identity: Identity) -> str:
    """The vessel in a sentence: what it is, its name, flag and MMSI."""
    kind = {"tanker": "tanker", "unknown": "vessel of unconfirmed type"}.get(identity.role.value, "vessel")
    name = f" {identity.name}" if identity.name else ""
    flag = flag_of(identity.mmsi)
    return f"{kind}{name} (MMSI {identity.mmsi:09d}{', flag ' + flag if flag else ''})"


def changed_type(identity: Identity) -> list[Reason]:
    """Against, where a tanker now says it is something else."""
    if identity.role is not Role.TANKER or identity.ship_type in TANKER_TYPES:
        return []
    return [
        Reason(
            code="type_changed",
            text=f"MMSI {identity.mmsi:09d} was confirmed as a tanker and now reports another type",
            value=identity.ship_type,
            weight=0.05,
        )
    ]


def listed_reason(identity: Identity, weight: float) -> Reason:
    hit = identity.watchlists[0]
    name = identity.name or f"MMSI {identity.mmsi:09d}"
    return Reason(
        code="watchlist",
        text=f"{name} is on {hit.list} ({hit.entry}), matched by {hit.matched_on}",
        value=hit.list,
        weight=weight,
    )


def shared_number(identity: Identity) -> list[Reason]:
    """What speaks against an event of a vessel whose number is heard from two places at once."""
    if not identity.shared:
        return []
    text = f"MMSI {identity.mmsi:09d} is used in two places at once"
    return [Reason(code="shared_mmsi", text=text, weight=0.2)]


def score(base: float, reasons: list[Reason], against: list[Reason]) -> float:
    """Between 0 and 1: a base, plus the weights of the reasons, less those against."""
    total = base + sum(reason.weight for reason in reasons) - sum(reason.weight for reason in against)
    return round(min(1.0, max(0.0, total)), 2) + 0.0


def taken_back(why: Reason | None) -> str:
    """The sentence that ends the summary of a retraction."""
    return f" Taken back: {why.text}." if why else ""


def hours(duration: Millis) -> float:
    return round(duration / HOUR, 2)


def knots(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1)


def degrees(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1)


def sample(
    time: Millis,
    mmsi: int,
    lon: float,
    lat: float,
    sog: float,
    cog: float = math.nan,
    heading: float = math.nan,
    distance: float | None = None,
    hull_gap: float | None = None,
) -> Sample:
    return Sample(
        time=to_text(time),
        ssvid=f"{mmsi:09d}",
        lon=round(lon, 5),
        lat=round(lat, 5),
        speed_knots=knots(sog),
        course=degrees(cog),
        heading=degrees(heading),
        distance_meters=None if distance is None else round(distance, 0),
        hull_gap_meters=None if hull_gap is None else round(hull_gap, 0),
    )


def position(lon: float, lat: float) -> Position:
    return Position(lat=round(lat, 5), lon=round(lon, 5))


def merge_receivers(known: list[str], new: Collection[str]) -> list[str]:
    """Add stations to a sorted, bounded list."""
    if len(known) >= RECEIVERS or all(name in known for name in new):
        return known
    return sorted({*known, *(name for name in new if name)})[:RECEIVERS]
