"""Encounters: two vessels close and slow, the suspected ship-to-ship transfer.

The rule follows Global Fishing Watch's encounters (500 m, below 2 knots) on a finer grid. A contact begins
within 500 m and lasts while the two stay within 750 m; a silence of up to 60 minutes does not end it.
Contacts less than 4 hours apart are one event. It is `possible` from 30 minutes of contact (Skylight), and
`probable` from 2 hours (GFW), or from 1 hour with the hulls within 50 m of each other. At least one of the
two has to be a tanker or on a watchlist. The other can be any vessel but a tug, pilot, tender, buoy or the
like, or a second transponder on the same hull.

`encounter_detector` applies the rule to all pairs of vessels, `encounter_event` explains what it found.
"""

import math
from collections.abc import Sequence
from statistics import pstdev

import msgspec

from models.report import Rows
from models.time import MINUTE, Millis
from models.vessel import Dimensions, Identity, Role
from streams.detection import hull
from streams.detection.reasons import Weights

Key = tuple[int, int, int, int]
"""Two MMSIs, the lower one first, and the track segment of each."""
Sizes = tuple[Dimensions | None, Dimensions | None]


class EncounterWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.2
    duration: float = 0.25
    """For: time in contact; the full weight from `full_hours` on, proportionally less before."""
    alongside: float = 0.2
    """For: the hulls were within `alongside_metres`."""
    close: float = 0.15
    """For: the antennas were within `close_metres` (median); only where `alongside` does not count."""
    watched_area: float = 0.15
    """For: in a fence whose policy is `watch`."""
    flag: float = 0.1
    """For: each vessel whose flag is one of `flags`."""
    two_tankers: float = 0.1
    """For: both are tankers."""
    draught: float = 0.1
    """For: each vessel whose draught changed by at least `draught_metres`."""
    wide_gap: float = 0.25
    """Against: the hulls never came within `wide_gap_metres`."""
    far: float = 0.15
    """Against: the antennas were more than `far_metres` apart (median); only where no hull gap is known."""
    size_unknown: float = 0.05
    """Against: no hull gap can be computed."""
    at_anchor: float = 0.1
    """Against: both report that they are at anchor or moored."""
    near_port: float = 0.15
    """Against: began within `port_km` of a port, outside watched fences."""
    type_unknown: float = 0.05
    """Against: each vessel whose ship type is not confirmed."""
    type_changed: float = 0.05
    """Against: each tanker that now reports another ship type."""


class EncounterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    near_metres: float = 500.0
    """A contact begins at this distance of the antennas or less (GFW)."""
    keep_metres: float = 750.0
    """A contact lasts up to this distance. Source: judgement; antennas swing at anchor."""
    slow_knots: float = 2.0
    """Both vessels are slower than this (GFW)."""
    silence_minutes: float = 60.0
    """A silence up to this long inside a contact does not end it: the reach of interpolation."""
    merge_hours: float = 4.0
    """Contacts less than this apart are one event (GFW), which is closed this long after its last contact."""
    possible_minutes: float = 30.0
    """Contact from which an encounter is `possible` (Skylight)."""
    probable_minutes: float = 120.0
    """Contact from which an encounter is `probable` (GFW)."""
    alongside_metres: float = 50.0
    """Hulls this close lie alongside (Starboard)."""
    alongside_minutes: float = 60.0
    """Time alongside from which an encounter is `probable`. Source: judgement."""
    wide_gap_metres: float = 150.0
    """An encounter whose hulls never come this close stays `possible`. Source: judgement; no hose spans
    it."""
    close_metres: float = 100.0
    """Median distance of antennas up to which closeness counts. 9 of 10 of GFW's encounters are within 90
    m."""
    far_metres: float = 250.0
    """Median distance of antennas beyond which distance counts against an encounter (Skylight: 250 m)."""
    full_hours: float = 4.0
    """Contact from which the duration has its full weight. Source: judgement."""
    port_km: float = 10.0
    """Closer to a port than this, ships lie close together anyway (GFW leaves such encounters out)."""
    draught_metres: float = 0.3
    """Smallest change of draught that counts. Crews enter it in steps of 0.1 m. Source: judgement."""
    flags: tuple[str, ...] = ("KP",)
    """Flags that count for an encounter, ISO 3166-1 alpha-2, by the MMSI."""
    course_knots: float = 1.0
    """Above this speed the course stands in for a heading that is not sent. Source: judgement."""
    co_moving_knots: float = 3.0
    """Two transponders move together when both are faster than this and their distance stays the same: then
    they are on one hull, or one vessel tows the other. Source: judgement."""
    co_moving_metres: float = 400.0
    """Two further apart than this do not move together. Source: the length of the longest ships."""
    co_moving_spread_metres: float = 60.0
    """Largest standard deviation of a distance that stays the same. Source: errors of positions."""
    co_moving_instants: int = 6
    """Instants of the grid at which two have to move together to be taken for one. Source: judgement."""
    co_moving_window: int = 12
    """The latest instants, this many at most, that the distances are compared at. Source: judgement."""
    co_moving_hours: float = 24.0
    """How long it is remembered that two moved together. Source: judgement."""
    apart_metres: float = 1000.0
    """Two that were ever seen further apart than this are two ships. Source: judgement."""
    candidate_hours: float = 24.0
    """How long a contact waits for one of the two to be confirmed as a tanker."""
    kept_instants: int = 600
    """Instants kept of one pair; above that the older half is thinned (600 are two days)."""
    thin_minutes: float = 30.0
    """Thinning leaves no more than this between two instants."""
    samples: int = 60
    """Positions of each vessel in the evidence."""
    weights: EncounterWeights = EncounterWeights()

    def __post_init__(self) -> None:
        if not 0 < self.near_metres <= self.keep_metres:
            raise ValueError("near_metres must be above 0 and at most keep_metres")
        if self.slow_knots <= 0:
            raise ValueError("slow_knots must be above 0")
        if not 0 < self.possible_minutes <= self.probable_minutes:
            raise ValueError("possible_minutes must be above 0 and at most probable_minutes")
        if self.silence_minutes > self.merge_hours * 60:
            raise ValueError("silence_minutes must be at most merge_hours")
        if self.full_hours <= 0:
            raise ValueError("full_hours must be above 0")
        if not 2 <= self.co_moving_instants <= self.co_moving_window:
            raise ValueError("co_moving_instants must be at least 2 and at most co_moving_window")
        if self.kept_instants < 4:
            raise ValueError("kept_instants must be at least 4")
        if self.thin_minutes > self.silence_minutes:
            raise ValueError("thin_minutes must be at most silence_minutes")
        if self.samples < 2:
            raise ValueError("samples must be at least 2")


class VesselSample(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One vessel at one instant. Degrees and knots; NaN where a value is not known."""

    lon: float
    lat: float
    sog: float
    cog: float
    heading: float
    status: int


class PairSample(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Both vessels at one instant of the grid, close or not."""

    time: Millis
    metres: float  # between the antennas
    gap: float | None  # metres between the hulls; None where not known or not close
    suppressed: bool  # inside a fence where nothing is raised
    a: VesselSample
    b: VesselSample


class Pair(msgspec.Struct, array_like=True, gc=False):
    """State of two vessels that were near each other, and what was published of them."""

    a: int  # the lower MMSI
    b: int
    segments: tuple[int, int]
    samples: list[PairSample] = []  # from the first contact on, sorted by time
    co_moving: list[float] = []  # the latest distances while moving together, metres
    co_moving_at: Millis = 0
    apart: bool = False  # seen too far from each other to be on one hull
    receivers: list[str] = []
    draughts: tuple[float | None, float | None] = (None, None)  # when the contact began
    # what was published of it
    id: str | None = None
    revision: int = 0
    level: str = ""
    last_revision_at: Millis = 0
    retracted: bool = False
    closed_at: Millis | None = None

    @property
    def key(self) -> Key:
        return (self.a, self.b, *self.segments)


class Contact(msgspec.Struct, frozen=True):
    """The contacts of a pair, taken together."""

    samples: tuple[PairSample, ...]  # the instants in contact
    duration: Millis  # in contact
    alongside: Millis  # of that with the hulls close

    @property
    def start(self) -> Millis:
        return self.samples[0].time

    @property
    def end(self) -> Millis:
        return self.samples[-1].time


def vessel_sample(row: Rows) -> VesselSample:
    """One vessel at one instant, from a row of TICK."""
    return VesselSample(
        float(row["lon"]),
        float(row["lat"]),
        float(row["sog"]),
        float(row["cog"]),
        float(row["heading"]),
        int(row["status"]),
    )


def both_slow(a: VesselSample, b: VesselSample, s: EncounterSettings) -> bool:
    return a.sog < s.slow_knots and b.sog < s.slow_knots


def pair_sample(
    time: Millis,
    metres: float,
    suppressed: bool,
    a: VesselSample,
    b: VesselSample,
    sizes: Sizes,
    s: EncounterSettings,
) -> PairSample:
    """Both vessels at one instant, with the gap between their hulls where they may be in contact."""
    gap = None
    if metres <= s.keep_metres and both_slow(a, b, s):
        gap = hull.gap((a.lon, a.lat), _bow(a, s), sizes[0], (b.lon, b.lat), _bow(b, s), sizes[1])
    return PairSample(time, metres, gap, suppressed, a, b)


def _bow(vessel: VesselSample, s: EncounterSettings) -> float:
    """Where the bow points, degrees: the heading, or else the course of a vessel that moves."""
    return vessel.cog if math.isnan(vessel.heading) and vessel.sog > s.course_knots else vessel.heading


def thinned(samples: list[PairSample], s: EncounterSettings) -> list[PairSample]:
    """Every second sample of the older half, and whatever keeps neighbours within `thin_minutes`."""
    half = len(samples) // 2
    kept = samples[:1]
    for i in range(1, half):
        if i % 2 == 0 or samples[i + 1].time - kept[-1].time > s.thin_minutes * MINUTE:
            kept.append(samples[i])
    return kept + samples[half:]


def contact_of(samples: Sequence[PairSample], s: EncounterSettings) -> Contact | None:
    """The contacts in samples that are sorted by time; None where there is none.

    A contact begins within `near_metres` and lasts up to `keep_metres`.
    """
    silence = s.silence_minutes * MINUTE
    inside: list[PairSample] = []
    duration = alongside = 0
    before: PairSample | None = None  # the sample before, while in contact
    for sample in samples:
        slow = both_slow(sample.a, sample.b, s) and not sample.suppressed
        lasts = before is not None and sample.time - before.time <= silence
        if not slow or sample.metres > (s.keep_metres if lasts else s.near_metres):
            before = None
            continue
        if lasts and before is not None:
            duration += sample.time - before.time
            if all(gap is not None and gap <= s.alongside_metres for gap in (before.gap, sample.gap)):
                alongside += sample.time - before.time
        inside.append(sample)
        before = sample
    return Contact(tuple(inside), duration, alongside) if inside else None


def level_of(contact: Contact, s: EncounterSettings) -> str | None:
    """The level that a contact has reached: None, "possible" or "probable"."""
    if contact.duration < s.possible_minutes * MINUTE:
        return None
    gaps = [sample.gap for sample in contact.samples if sample.gap is not None]
    if gaps and min(gaps) > s.wide_gap_metres:
        return "possible"
    long = contact.duration >= s.probable_minutes * MINUTE
    return "probable" if long or contact.alongside >= s.alongside_minutes * MINUTE else "possible"


def one_hull(pair: Pair, a: Identity, b: Identity, s: EncounterSettings) -> bool:
    """Whether the two moved as one: a second transponder on the same hull, or a tow.

    Two IMO numbers are two ships, and so are two vessels that came from different places: ships that are
    moored together also transfer under way.
    """
    if pair.apart:
        return False
    if a.imo is not None and b.imo is not None and a.imo != b.imo:
        return False
    return len(pair.co_moving) >= s.co_moving_instants and pstdev(pair.co_moving) <= s.co_moving_spread_metres


def can_meet(a: Identity, b: Identity) -> bool:
    """Whether an encounter of the two would be raised, as far as they are known."""
    return (a.of_interest or b.of_interest) and is_partner(a) and is_partner(b)


def is_partner(vessel: Identity) -> bool:
    """Whether a vessel can be part of an encounter. One on a watchlist always can."""
    return vessel.listed or (vessel.role is not Role.EXCLUDED and not vessel.shared)
