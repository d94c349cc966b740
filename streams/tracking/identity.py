"""Who a vessel says it is, and whether it counts: a static field is believed once it was sent twice.

One corrupt line in 256 passes the checksum, and a name or IMO number taken from it would accuse the wrong
ship; so a value has to come twice, far enough apart not to be one transmission heard by two receivers.

Vessels that count are those that events are raised for: by their ship type (tankers unless the settings name
others), their IMO number or their flag, and those on a watchlist.
"""

import re
from typing import Final, Generic, TypeVar

import msgspec

from models.time import Millis
from models.vessel import (
    EXCLUDED_TYPES,
    SMALL_CRAFT_TYPES,
    TANKER_TYPES,
    Dimensions,
    Identity,
    MmsiKind,
    Places,
    Role,
    flag_of,
    imo_is_valid,
    mmsi_kind,
)
from models.watchlist import Watchlist
from streams.tracking.said import Said

T = TypeVar("T")


class IdentitySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When static data is believed, and which vessels count."""

    apart_seconds: float = 10.0
    """Two transmissions are two only when at least this far apart (design: the duplicate window)."""

    ship_types: tuple[int, ...] = tuple(TANKER_TYPES)
    """Vessels of these types of ship and cargo count (M.1371 table 53). 70 to 79 are cargo ships, with
    bulk carriers among them: to watch for coal. One that counts still does under another type later."""
    flags: tuple[str, ...] = ("KP",)
    """Vessels of these flags count whatever their type, ISO 3166-1 alpha-2, by the MMSI. Source: UN
    resolution 2397 (2017); a ship may call itself what it wants."""
    imo_numbers: tuple[int, ...] = ()
    """Vessels with these IMO numbers count whatever their type: known tankers that call themselves cargo
    ships."""
    small_metres: float = 40.0
    """Fishing and pleasure craft (types 30, 36, 37) shorter than this don't count by their flag, nor those of
    class B whose length is not known. Source: judgement; the smallest tankers of the trade are longer."""
    doubtful_metres: float = 20.0
    """A vessel of class B under a number that no ship is given is taken for a ship from this length on: nets
    and buoys send class B, too. So is one of class A under a number of an aircraft, a tender, an aid to
    navigation or a distress beacon. Source: judgement."""

    def __post_init__(self) -> None:
        if self.apart_seconds <= 0:
            raise ValueError("apart_seconds must be above 0")
        if not all(1 <= each <= 99 for each in self.ship_types):
            raise ValueError("ship_types must be from 1 to 99")
        if not all(len(flag) == 2 and flag.isascii() and flag.isupper() for flag in self.flags):
            raise ValueError('flags must be two capital letters each, like "KP"')
        if not all(imo_is_valid(imo) for imo in self.imo_numbers):
            raise ValueError("imo_numbers must be IMO numbers: seven digits, the last is the check digit")


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
    counted: bool = False  # the same for the types that count
    sent_imo: Claim[int] = msgspec.field(default_factory=Claim)  # right or wrong; 0: that it has none

    def hear(
        self,
        said: Said,
        time: Millis,
        apart: Millis,
        ship_types: tuple[int, ...] = tuple(TANKER_TYPES),
    ) -> bool:
        """Take in one transmission; True when anything confirmed changed."""
        name, callsign, imo, sent_imo, ship_type, size, draught = said
        changed = False
        if name:
            changed |= self.name.hear(name, time, apart)
        if callsign:
            changed |= self.callsign.hear(callsign, time, apart)
        if imo:
            changed |= self.imo.hear(imo, time, apart)
        if sent_imo is not None:
            changed |= self.sent_imo.hear(sent_imo, time, apart)
        if ship_type:
            changed |= self.ship_type.hear(ship_type, time, apart)
            self.tanker |= self.ship_type.confirmed in TANKER_TYPES
            self.counted |= self.ship_type.confirmed in ship_types
        if size is not None:
            changed |= self.dimensions.hear(size, time, apart)
        if draught >= 0:
            changed |= self.draught.hear(draught, time, apart)
        return changed

    @property
    def settled(self) -> bool:
        """Whether no field waits to be heard again: what came last changes nothing if it comes again."""
        return (
            self.name.heard is None
            and self.callsign.heard is None
            and self.imo.heard is None
            and self.sent_imo.heard is None
            and self.ship_type.heard is None
            and self.dimensions.heard is None
            and self.draught.heard is None
        )

    def identity(
        self,
        mmsi: int,
        time: Millis,
        places: Places,
        watchlist: Watchlist,
        s: IdentitySettings,
        away: tuple[Millis, Millis] | None = None,
        first: Millis = 0,
    ) -> Identity:
        imo = self.imo.confirmed
        hits = watchlist.match(
            mmsi=mmsi, time=time, imo=imo, name=self.name.confirmed, callsign=self.callsign.confirmed
        )
        role = _role(mmsi, self, s)
        return Identity(
            mmsi=mmsi,
            time=time,
            role=role,
            name=self.name.confirmed,
            callsign=self.callsign.confirmed,
            imo=imo,
            ship_type=self.ship_type.confirmed,
            dimensions=self.dimensions.confirmed,
            draught=self.draught.confirmed,
            sent_imo=self.sent_imo.confirmed,
            away=away,
            first=first,
            class_b=self.class_b,
            places=places,
            counts=role is not Role.EXCLUDED and _counts(mmsi, self, s),
            watchlists=hits,
        )


GEAR: Final = re.compile(r"\d{1,3} ?%|\d+(\.\d+)? ?V$|\bNET\b|\bNETS\b|\bBUOY\b|NETMARK")
"""Names that fishing gear gives itself, in capitals: a battery's charge or voltage, a net, a buoy."""
_MAY_BE_GEAR: Final = re.compile("%|V$|NET|BUOY")
"""What one of these names has. To look for this alone takes a tenth of the time, and few others have it."""


def _role(mmsi: int, claims: Claims, s: IdentitySettings) -> Role:
    """What the vessel can be in an event.

    A tanker stays one, whatever type it sends later: else a ship that wants to be forgotten would only have
    to call itself a tug. (A type confirmed wrongly needs two equal corrupt messages.)
    """
    kind, ship_type = mmsi_kind(mmsi), claims.ship_type.confirmed
    if kind is not MmsiKind.SHIP and not _is_doubtful_ship(kind, claims, s):
        return Role.EXCLUDED
    if claims.tanker:
        return Role.TANKER
    if _is_gear(claims):
        return Role.EXCLUDED
    if ship_type is None:
        return Role.UNKNOWN
    excluded = ship_type in EXCLUDED_TYPES and not (claims.counted or flag_of(mmsi) in s.flags)
    return Role.EXCLUDED if excluded else Role.OTHER


_MAY_TELL_OF_THEMSELVES: Final = (
    MmsiKind.SAR_AIRCRAFT,
    MmsiKind.AUXILIARY,
    MmsiKind.ATON,
    MmsiKind.DISTRESS,
)
"""Numbers whose rightful bearers may send static data without being ships of their own (ITU-R M.585)."""


def _is_doubtful_ship(kind: MmsiKind, claims: Claims, s: IdentitySettings) -> bool:
    """Whether the bearer of a number that no ship is given sends the static data of a ship.

    Such numbers were never programmed, mistyped, or made up. Gear has them, too. Where the number is that of
    a thing which may send static data, the data has to be that of a class A ship of some size.
    """
    if kind is MmsiKind.INVALID and claims.imo.confirmed is not None:
        return True
    ship_type, size = claims.ship_type.confirmed, claims.dimensions.confirmed
    if ship_type is None or _is_gear(claims):
        return False
    is_large = size is not None and size.length >= s.doubtful_metres
    if kind in _MAY_TELL_OF_THEMSELVES:
        return is_large and not claims.class_b and ship_type not in EXCLUDED_TYPES
    return is_large or not claims.class_b


def _is_gear(claims: Claims) -> bool:
    """Whether it is fishing gear by its name."""
    if not claims.class_b or claims.imo.confirmed is not None or claims.name.confirmed is None:
        return False
    name = claims.name.confirmed.upper()
    return _MAY_BE_GEAR.search(name) is not None and GEAR.search(name) is not None


def _counts(mmsi: int, claims: Claims, s: IdentitySettings) -> bool:
    """Whether events are raised for the vessel, beside those on a watchlist."""
    if claims.counted or claims.imo.confirmed in s.imo_numbers:
        return True
    if flag_of(mmsi) not in s.flags:
        return False
    if claims.ship_type.confirmed not in SMALL_CRAFT_TYPES:
        return True
    size = claims.dimensions.confirmed
    return size.length >= s.small_metres if size is not None else not claims.class_b
