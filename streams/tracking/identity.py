"""Who a vessel says it is: a static field counts once two equal transmissions have told it.

One corrupt line in 256 passes the checksum, and a name or IMO number taken from it would accuse the wrong
ship; so a value has to come twice, far enough apart not to be one transmission heard by two receivers.
"""

import re
from typing import Any, Final, Generic, TypeVar

import msgspec

from models.report import Rows
from models.time import Millis
from models.vessel import (
    EXCLUDED_TYPES,
    TANKER_TYPES,
    Dimensions,
    Identity,
    MmsiKind,
    Places,
    Role,
    imo_is_valid,
    mmsi_kind,
)
from models.watchlist import Watchlist

T = TypeVar("T")


class IdentitySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When static data is believed."""

    apart_seconds: float = 10.0
    """Two transmissions are two only when at least this far apart (design: the duplicate window)."""

    def __post_init__(self) -> None:
        if self.apart_seconds <= 0:
            raise ValueError("apart_seconds must be above 0")


class Claim(msgspec.Struct, Generic[T], array_like=True, gc=False):
    """One static field: the confirmed value, and one heard once that may replace it."""

    confirmed: T | None = None
    heard: T | None = None
    since: Millis = 0

    def hear(self, value: T, time: Millis, apart: Millis) -> bool:
        """Take in one transmission; True when the confirmed value changed."""
        if value == self.confirmed:
            self.heard = None
        elif value != self.heard:
            self.heard, self.since = value, time
        elif time - self.since >= apart:
            self.confirmed, self.heard = value, None
            return True
        return False


class Claims(msgspec.Struct, array_like=True, gc=False):
    """All static fields of one MMSI."""

    name: Claim[str] = msgspec.field(default_factory=Claim)
    callsign: Claim[str] = msgspec.field(default_factory=Claim)
    imo: Claim[int] = msgspec.field(default_factory=Claim)
    ship_type: Claim[int] = msgspec.field(default_factory=Claim)
    dimensions: Claim[Dimensions] = msgspec.field(default_factory=Claim)
    draught: Claim[float] = msgspec.field(default_factory=Claim)
    class_b: bool = False
    tanker: bool = False  # once confirmed as one: another type later does not undo what is open

    def hear(self, row: Rows, apart: Millis) -> bool:
        """Take in one row of STATIC; True when anything confirmed changed. Nulls claim nothing."""
        time = int(row["time"])
        changed = False
        if name := _text(row["name"]):
            changed |= self.name.hear(name, time, apart)
        if callsign := _text(row["callsign"]):
            changed |= self.callsign.hear(callsign, time, apart)
        if imo_is_valid(imo := int(row["imo"])):
            changed |= self.imo.hear(imo, time, apart)
        if ship_type := int(row["ship_type"]):
            changed |= self.ship_type.hear(ship_type, time, apart)
            self.tanker |= self.ship_type.confirmed in TANKER_TYPES
        size = Dimensions(
            int(row["to_bow"]), int(row["to_stern"]), int(row["to_port"]), int(row["to_starboard"])
        )
        if size.length and size.beam:
            changed |= self.dimensions.hear(size, time, apart)
        if (draught := float(row["draught"])) > 0:
            changed |= self.draught.hear(round(draught, 1), time, apart)
        return changed

    def identity(self, mmsi: int, time: Millis, places: Places, watchlist: Watchlist) -> Identity:
        imo = self.imo.confirmed
        hits = watchlist.match(imo, mmsi)
        return Identity(
            mmsi=mmsi,
            time=time,
            role=_role(mmsi, self),
            name=self.name.confirmed,
            callsign=self.callsign.confirmed,
            imo=imo,
            ship_type=self.ship_type.confirmed,
            dimensions=self.dimensions.confirmed,
            draught=self.draught.confirmed,
            class_b=self.class_b,
            places=places,
            watchlists=hits,
        )


GEAR: Final = re.compile(r"\d{1,3} ?%|\d+(\.\d+)? ?V$|\bNET\b|\bNETS\b|\bBUOY\b|NETMARK", re.IGNORECASE)
"""Names that fishing gear gives itself: a battery's charge or voltage, a net, a buoy."""


def _role(mmsi: int, claims: Claims) -> Role:
    """What the vessel can be in an event.

    A tanker stays one, whatever type it sends later: else a ship that wants to be forgotten would only have
    to call itself a tug. (A type confirmed wrongly needs two equal corrupt messages.)
    """
    kind, ship_type = mmsi_kind(mmsi), claims.ship_type.confirmed
    # a number of no allocated country is gear or never programmed, unless it has an IMO number to show
    if kind is not MmsiKind.SHIP and not (kind is MmsiKind.INVALID and claims.imo.confirmed):
        return Role.EXCLUDED
    if claims.tanker:
        return Role.TANKER
    if claims.class_b and claims.imo.confirmed is None and GEAR.search(claims.name.confirmed or ""):
        return Role.EXCLUDED
    if ship_type is None:
        return Role.UNKNOWN
    return Role.EXCLUDED if ship_type in EXCLUDED_TYPES else Role.OTHER


def _text(raw: Any) -> str:
    return bytes(raw).decode("ascii", "replace").strip(" @")
