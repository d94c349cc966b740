"""A vessel: its MMSI, what it says of itself, and what follows from that (flag, tanker or not)."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec

from models.flag import countries
from models.time import Millis


class Role(StrEnum):
    """What a vessel can be in an event."""

    UNKNOWN = "unknown"  # no confirmed type yet: kept as a candidate
    TANKER = "tanker"
    OTHER = "other"
    EXCLUDED = "excluded"  # never a partner: tugs, pilots, tenders, AtoN, base stations, SAR, net buoys


TANKER_TYPES: Final = range(80, 90)  # ITU-R M.1371 table 53
SMALL_CRAFT_TYPES: Final = frozenset({30, 36, 37})  # fishing, sailing, pleasure craft
EXCLUDED_TYPES: Final = frozenset({31, 32, 50, 51, 52, 53})  # towing, pilot, SAR, tug, port tender


class MmsiKind(StrEnum):
    """What the number's form says it is (ITU-R M.585)."""

    SHIP = "ship"
    GROUP = "group"  # 0MIDxxxxx
    COAST_STATION = "coast_station"  # 00MIDxxxx
    SAR_AIRCRAFT = "sar_aircraft"  # 111MIDxxx
    HANDHELD = "handheld"  # 8MIDxxxxx
    AUXILIARY = "auxiliary"  # 98MIDxxxx, craft of a parent ship
    ATON = "aton"  # 99MIDxxxx, aid to navigation
    DISTRESS = "distress"  # 970 SART, 972 MOB, 974 EPIRB
    INVALID = "invalid"  # no such form: often net buoys, or a number never programmed


def flag_of(mmsi: int) -> str | None:
    """Flag state of a ship's MMSI as ISO 3166-1 alpha-2, by its first three digits (ITU's MID table).

    None where these digits are not allocated to a country.
    """
    entry = countries().get(mmsi // 1_000_000)
    return entry[0] if entry else None


def mmsi_kind(mmsi: int) -> MmsiKind:
    """Classify an MMSI by its leading digits; a ship's needs an allocated MID."""
    if 200_000_000 <= mmsi < 800_000_000:  # MIDs begin with 2 to 7, and no other kind does
        return MmsiKind.SHIP if flag_of(mmsi) else MmsiKind.INVALID
    text = f"{mmsi:09d}"
    if len(text) != 9:
        return MmsiKind.INVALID
    if text.startswith("00"):
        return MmsiKind.COAST_STATION if mmsi else MmsiKind.INVALID
    if text.startswith("0"):
        return MmsiKind.GROUP
    if text.startswith("111"):
        return MmsiKind.SAR_AIRCRAFT
    if text.startswith("98"):
        return MmsiKind.AUXILIARY
    if text.startswith("99"):
        return MmsiKind.ATON
    if text.startswith(("970", "972", "974")):
        return MmsiKind.DISTRESS
    return MmsiKind.HANDHELD if text.startswith("8") else MmsiKind.INVALID


def imo_is_valid(imo: int) -> bool:
    """True for seven digits whose last is the check digit (IMO resolution A.1117(30))."""
    if not 1_000_000 <= imo <= 9_999_999:
        return False
    tens, hundreds, thousands = imo // 10 % 10, imo // 100 % 10, imo // 1_000 % 10
    more = 5 * (imo // 10_000 % 10) + 6 * (imo // 100_000 % 10) + 7 * (imo // 1_000_000)
    return (2 * tens + 3 * hundreds + 4 * thousands + more) % 10 == imo % 10


class MatchedOn(StrEnum):
    """By what a vessel was found on a watchlist, the surest first."""

    IMO = "imo"
    MMSI = "mmsi"
    CALLSIGN = "callsign"  # name and call sign
    NAME = "name"  # name alone


class ListingStatus(StrEnum):
    """How an entry of a watchlist stands at a time."""

    LISTED = "listed"
    LISTED_LATER = "listed_later"
    DELISTED = "delisted"


class WatchlistHit(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of one list that a vessel matches, by what, and how it stood when that was said."""

    list: str
    entry: str
    matched_on: str  # MatchedOn
    weak: bool = False  # it may well be another ship
    status: str = ListingStatus.LISTED.value
    listed_on: str | None = None  # ISO 8601 days
    delisted_on: str | None = None
    as_of: str | None = None  # day, month or year as of which the list stood like this
    ship_type: str | None = None  # in the list's words
    deadweight_tonnes: float | None = None
    flag: str | None = None  # in the list's words

    @property
    def in_force(self) -> bool:
        """Whether the vessel is listed by it, now and surely."""
        return self.status == ListingStatus.LISTED and not self.weak

    @property
    def caveat(self) -> str:
        """What a reader has to know where it is not in force; empty where it is."""
        parts = {
            ListingStatus.LISTED_LATER: f"listed later, from {self.listed_on}",
            ListingStatus.DELISTED: f"taken off on {self.delisted_on}",
        }
        known = [parts[ListingStatus(self.status)]] if self.status != ListingStatus.LISTED else []
        return "; ".join([*known, *(["weak match"] if self.weak else [])])


def is_listed(hits: Collection[WatchlistHit]) -> bool:
    """Whether a vessel with these matches is on a watchlist, now and surely."""
    return bool(hits) and any(hit.in_force for hit in hits)


_SHORTEST: Final = 4
"""Metres. A = B = 1 is what devices send whose size nobody entered."""
_LONGEST: Final = 500
"""Metres."""


class Dimensions(msgspec.Struct, frozen=True, gc=False):
    """Distances in metres from the antenna to bow (A), stern (B), port side (C) and starboard side (D)."""

    to_bow: int
    to_stern: int
    to_port: int
    to_starboard: int

    @property
    def length(self) -> int:
        return self.to_bow + self.to_stern

    @property
    def beam(self) -> int:
        return self.to_port + self.to_starboard

    @property
    def is_of_a_ship(self) -> bool:
        """Whether a ship can have this size; devices may be left at the lowest or the highest values.

        Source: the longest ships afloat are the Prelude (488 m) and the Pioneering Spirit (477 m).
        """
        return _SHORTEST <= self.length <= _LONGEST and self.beam > 0

    @property
    def antenna_known(self) -> bool:
        """False for A = C = 0 with B, D > 0: the size is given, the antenna's place is not (M.1371)."""
        return not (self.to_bow == 0 and self.to_port == 0)


ON_OWN_TRACK: Final = -2
"""Segment of positions that were on the vessel's own track until it proved false there."""


class OffTrack(msgspec.Struct, frozen=True, gc=False):
    """A run of positions under one MMSI that lie off its track: jamming, spoofing, or another ship."""

    start: Millis
    end: Millis
    positions: int
    kilometers: float  # the farthest from the track
    lon: float  # where one of them was
    lat: float
    segment: int = -1  # the track segment that they would make, or made; -1 for none, or ON_OWN_TRACK
    track_lon: float | None = None  # where the track was when they began, or went on after them
    track_lat: float | None = None
    knots: float | None = None  # that the way between the two implies
    at: Millis = 0  # when `lon` and `lat` were sent
    meanwhile: int = 0  # positions on the track between the first and the last of them, at least


class Leap(msgspec.Struct, frozen=True, gc=False):
    """A track that begins where no ship can have come from the place where the MMSI was heard before."""

    time: Millis  # its first position
    segment: int  # the track segment
    kilometers: float  # from the last position before it
    after: Millis  # milliseconds after that


class Stay(msgspec.Struct, frozen=True, gc=False):
    """Where a vessel is for some time, and what it shows meanwhile."""

    since: Millis
    lon: float
    lat: float
    knots: float  # that it reports, or that its positions imply
    radius_metres: float = 0.0  # of the circle that its positions go round; this is its centre then
    steady_heading: bool = False  # its heading does not turn with its course
    positions: int = 0  # that were compared, where they repeat or lie on a grid
    places: int = 0  # that they repeat, or have on a grid
    repeats: int = 0  # how many of them are at a place of before
    east_metres: float = 0.0  # to the east, between lines of the grid that these places lie on; 0 if on none
    north_metres: float = 0.0  # the same to the north
    lines: int = 0  # of a grid that all positions lie on, to the east and to the north; 0 if they repeat


class Crossing(msgspec.Struct, frozen=True, gc=False):
    """A silence with deep land between the last position before and the first one after it. Degrees."""

    time: Millis
    lon: float
    lat: float
    to_time: Millis
    to_lon: float
    to_lat: float


class Places(msgspec.Struct, frozen=True, gc=False):
    """Where an MMSI is heard, beside the one place of one ship."""

    shared: bool = False  # two ships under this number, lately
    segment: int = 0  # the track segment that is this vessel's own
    off_track: tuple[OffTrack, ...] = ()  # positions that its track goes on without, by their start
    leaps: tuple[Leap, ...] = ()  # of the tracks that are believed, by their time
    jump: OffTrack | None = None  # the run of such positions that goes on, as it began
    frozen: Stay | None = None  # it reports speed and lies still
    circle: Stay | None = None  # its positions go round a circle
    pattern: Stay | None = None  # its positions repeat a few places exactly
    crossing: Crossing | None = None  # its last silence across land, for some days


ONE_PLACE: Final = Places()


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What is confirmed of a vessel at a time. A field counts after two equal transmissions."""

    mmsi: int
    time: Millis
    role: Role = Role.UNKNOWN
    name: str | None = None
    callsign: str | None = None
    imo: int | None = None
    ship_type: int | None = None
    dimensions: Dimensions | None = None
    draught: float | None = None
    sent_imo: int | None = None  # what it sends as its IMO number, right or wrong; 0: that it has none
    away: tuple[Millis, Millis] | None = None  # its last long silence
    first: Millis = 0  # when the MMSI was first heard
    class_b: bool = False
    places: Places = ONE_PLACE
    counts: bool | None = None  # whether events are raised for it, by the settings; None: if it is a tanker
    gone: bool = False  # not heard of for long: forget it
    watchlists: tuple[WatchlistHit, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether two ships have been heard under this number lately."""
        return self.places.shared

    @property
    def listed(self) -> bool:
        """Whether it is on a watchlist, now and surely."""
        return is_listed(self.watchlists)

    @property
    def weakly_listed(self) -> bool:
        """Whether it counts, and does so by a weak match with a watchlist alone."""
        return self.of_interest and not (self.listed or self._counts_by_itself)

    @property
    def of_interest(self) -> bool:
        """True for what encounters, loitering and port visits are raised for.

        A name alone makes no vessel count: ships share names.
        """
        return self._counts_by_itself or (bool(self.watchlists) and (self.listed or self._weak_match))

    @property
    def _counts_by_itself(self) -> bool:
        return self.role is Role.TANKER if self.counts is None else self.counts

    @property
    def _weak_match(self) -> bool:
        return self.role is not Role.EXCLUDED and any(
            hit.weak and hit.status == ListingStatus.LISTED and hit.matched_on != MatchedOn.NAME
            for hit in self.watchlists
        )

    @property
    def doubtful(self) -> bool:
        """Whether it is a ship by all that it says, under a number that no ship is given."""
        return self.role is not Role.EXCLUDED and mmsi_kind(self.mmsi) is not MmsiKind.SHIP
