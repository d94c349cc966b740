"""Encounters: two vessels close and slow, the suspected ship-to-ship transfer.

Rule, after Global Fishing Watch's encounters (500 m, below 2 knots), on a finer grid: a contact begins
within 500 m and is kept to 750 m, through up to 60 minutes of silence; contacts less than 4 hours apart are
one event. `possible` from 30 minutes of contact (Skylight), `probable` from 2 hours (GFW), or 1 hour with
the hulls within 50 m of each other. Only for a tanker or a listed vessel, with any vessel that is not a tug,
pilot, tender, buoy or the like, nor a second transponder on the same hull.
"""

import math
from collections.abc import Sequence
from statistics import pstdev

import msgspec

from models.event import Reason
from models.report import Rows
from models.time import MINUTE, Millis
from models.vessel import Dimensions, Identity, Role
from streams.detection import hull

Key = tuple[int, int, int, int]
"""Two MMSIs, the lower first, and the track segment of each."""
Sizes = tuple[Dimensions | None, Dimensions | None]


class EncounterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    near_metres: float = 500.0
    """A contact begins within this distance of the antennas (GFW)."""
    keep_metres: float = 750.0
    """A contact is kept up to this distance."""
    slow_knots: float = 2.0
    """Both slower than this (GFW)."""
    silence_minutes: float = 60.0
    """So much silence inside a contact does not end it."""
    merge_hours: float = 4.0
    """Contacts less than this apart are one event (GFW); closed when it has passed."""
    possible_minutes: float = 30.0
    probable_minutes: float = 120.0
    alongside_metres: float = 50.0
    """Hull gap that counts as alongside (Starboard)."""
    alongside_minutes: float = 60.0
    """So long alongside is probable."""
    wide_gap_metres: float = 150.0
    """Hulls that never come closer than this stay `possible`: no hose spans it."""
    abreast_knots: float = 3.0
    """Two transponders that move together faster than this, at a constant distance, ..."""
    abreast_metres: float = 400.0
    """... no further apart than a ship is long, ..."""
    abreast_spread_metres: float = 60.0
    """... with no more spread (standard deviation) than position errors make, ..."""
    abreast_ticks: int = 6
    """... at so many instants, are one hull or a tow, ..."""
    apart_metres: float = 1000.0
    """... unless they were ever seen this far apart."""
    candidate_hours: float = 24.0
    """A contact waits so long for one of the two to be confirmed as a tanker."""
    samples: int = 60
    """Positions of each vessel in the evidence."""

    def __post_init__(self) -> None:
        if not 0 < self.near_metres <= self.keep_metres:
            raise ValueError("near_metres must be above 0 and at most keep_metres")
        if self.slow_knots <= 0:
            raise ValueError("slow_knots must be above 0")
        if not 0 < self.possible_minutes <= self.probable_minutes:
            raise ValueError("possible_minutes must be above 0 and at most probable_minutes")
        if self.silence_minutes > self.merge_hours * 60:
            raise ValueError("silence_minutes must be at most merge_hours")
        if self.abreast_ticks < 2:
            raise ValueError("abreast_ticks must be at least 2")
        if self.samples < 2:
            raise ValueError("samples must be at least 2")


class Side(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One vessel at one instant."""

    lon: float
    lat: float
    sog: float
    cog: float
    heading: float
    status: int


class PairSample(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Both vessels at one instant of the grid, whether close or not."""

    time: Millis
    metres: float
    gap: float | None  # between the hulls, metres
    suppressed: bool  # where nothing is raised
    a: Side
    b: Side


def side(row: Rows) -> Side:
    """One vessel at one instant, from a row of TICK."""
    return Side(
        float(row["lon"]),
        float(row["lat"]),
        float(row["sog"]),
        float(row["cog"]),
        float(row["heading"]),
        int(row["status"]),
    )


def both_slow(a: Side, b: Side, s: EncounterSettings) -> bool:
    return a.sog < s.slow_knots and b.sog < s.slow_knots


def join(
    time: Millis, metres: float, suppressed: bool, a: Side, b: Side, sizes: Sizes, s: EncounterSettings
) -> PairSample:
    """Both at one instant; with the gap between the hulls where they may be in contact."""
    gap = None
    if metres <= s.keep_metres and both_slow(a, b, s):
        gap = hull.gap((a.lon, a.lat), _bow(a), sizes[0], (b.lon, b.lat), _bow(b), sizes[1])
    return PairSample(time, metres, gap, suppressed, a, b)


def _bow(vessel: Side) -> float:
    """Where the bow points: the heading, or the course of one that moves."""
    return vessel.cog if math.isnan(vessel.heading) and vessel.sog > 1 else vessel.heading


def thinned(joints: list[PairSample]) -> list[PairSample]:
    """Every second of the older half, as long as no more than half an hour lies between neighbours."""
    half = len(joints) // 2
    kept = joints[:1]
    for i in range(1, half):
        if i % 2 == 0 or joints[i + 1].time - kept[-1].time > 30 * MINUTE:
            kept.append(joints[i])
    return kept + joints[half:]


class Pair(msgspec.Struct, array_like=True, gc=False):
    """State of two vessels that were near each other, and what was published of it."""

    a: int  # the lower MMSI
    b: int
    segments: tuple[int, int]
    joints: list[PairSample] = []  # from the first contact on, sorted by time
    abreast: list[float] = []  # distances while moving together, the latest
    abreast_at: Millis = 0
    apart: bool = False  # seen too far from each other to be one hull
    receivers: list[str] = []
    draughts: tuple[float | None, float | None] = (None, None)  # when the contact began
    id: str | None = None
    revision: int = 0
    level: str = ""
    told: Millis = 0
    retracted: bool = False
    over: Millis | None = None  # when the event was closed

    @property
    def key(self) -> Key:
        return (self.a, self.b, *self.segments)


class Contact(msgspec.Struct, frozen=True):
    """What the joints of a pair add up to."""

    contacts: tuple[PairSample, ...]  # the instants in contact
    duration: Millis  # in contact
    alongside: Millis  # with the hulls close

    @property
    def start(self) -> Millis:
        return self.contacts[0].time

    @property
    def end(self) -> Millis:
        return self.contacts[-1].time


def meet(joints: Sequence[PairSample], s: EncounterSettings) -> Contact | None:
    """Go through the instants in order, with hysteresis. None where there was no contact."""
    silence = s.silence_minutes * MINUTE
    contacts: list[PairSample] = []
    duration = alongside = 0
    last: PairSample | None = None  # the one before, while in contact
    for joint in joints:
        slow = both_slow(joint.a, joint.b, s) and not joint.suppressed
        kept = last is not None and joint.time - last.time <= silence
        if not slow or joint.metres > (s.keep_metres if kept else s.near_metres):
            last = None
            continue
        if kept and last is not None:
            duration += joint.time - last.time
            gaps = (last.gap, joint.gap)
            if all(gap is not None and gap <= s.alongside_metres for gap in gaps):
                alongside += joint.time - last.time
        contacts.append(joint)
        last = joint
    return Contact(tuple(contacts), duration, alongside) if contacts else None


def reaches(meeting: Contact, s: EncounterSettings) -> str | None:
    """The level that a meeting has reached: None, "possible" or "probable"."""
    if meeting.duration < s.possible_minutes * MINUTE:
        return None
    gaps = [joint.gap for joint in meeting.contacts if joint.gap is not None]
    long = meeting.duration >= s.probable_minutes * MINUTE
    if gaps and min(gaps) > s.wide_gap_metres:
        return "possible"
    return "probable" if long or meeting.alongside >= s.alongside_minutes * MINUTE else "possible"


def one_hull(pair: Pair, a: Identity, b: Identity, s: EncounterSettings) -> bool:
    """Whether the two moved as one: a second transponder, or a tow.

    Two IMO numbers are two ships, and so are two that came from different places: ships moored together do
    their transfer under way, too.
    """
    if pair.apart:
        return False
    if a.imo is not None and b.imo is not None and a.imo != b.imo:
        return False
    return len(pair.abreast) >= s.abreast_ticks and pstdev(pair.abreast) <= s.abreast_spread_metres


def can_meet(a: Identity, b: Identity) -> bool:
    """Whether an encounter of the two would be raised as far as they are known."""
    return (a.of_interest or b.of_interest) and partner(a) and partner(b)


def partner(vessel: Identity) -> bool:
    """Whether a vessel can be part of an encounter. A listed one always can."""
    return vessel.listed or (vessel.role is not Role.EXCLUDED and not vessel.shared)


def why_not(a: Identity, b: Identity) -> Reason:
    """The ground on which an encounter raised before is taken back."""
    for vessel in (a, b):
        if not vessel.listed and vessel.shared:
            return Reason(
                code="shared_mmsi",
                text=f"MMSI {vessel.mmsi:09d} is in two places at once: which ship this was can't be told",
                weight=0.5,
            )
        if not partner(vessel):
            return Reason(
                code="excluded_type",
                text=f"MMSI {vessel.mmsi:09d} turned out to be a tug, pilot, tender, buoy or the like",
                value=vessel.ship_type,
                weight=0.5,
            )
    return Reason(code="no_tanker", text="neither turned out to be a tanker or a listed vessel", weight=0.5)


ONE_HULL = Reason(
    code="one_hull",
    text="the two move together at a constant distance: two transponders on one hull, or a tow",
    weight=0.5,
)
