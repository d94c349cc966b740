"""Encounters: two vessels close and slow, the suspected ship-to-ship transfer.

Rule, after Global Fishing Watch's encounters (500 m, below 2 knots), on a finer grid: a contact begins
within 500 m and is kept to 750 m, through up to 60 minutes of silence; contacts less than 4 hours apart are
one event. `possible` from 30 minutes of contact (Skylight), `probable` from 2 hours (GFW), or 1 hour with
the hulls within 50 m of each other. Only for a tanker or a listed vessel, with any vessel that is not a tug,
pilot, tender, buoy or the like, nor a second transponder on the same hull.
"""

import math
from collections.abc import Sequence
from statistics import median, pstdev

import msgspec
import numpy as np

from geofences.fence import Policy
from models.event import Encounter, Event, EventType, Evidence, FenceRelation, Level, Reason, Sample, Status
from models.time import HOUR, MINUTE, Millis, to_text
from models.vessel import Identity, Role
from streams.place import Places, bounds, middle
from streams.telling import called, detector, hours, listed_reason, position, sample, score, spoken, vessel_of
from streams.track import unwrap

NAME = "encounter"


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
    """... at so many instants, are one hull or a tow."""
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
        if self.samples < 2:
            raise ValueError("samples must be at least 2")


class Side(msgspec.Struct, array_like=True, frozen=True):
    """One vessel at one instant."""

    lon: float
    lat: float
    sog: float
    cog: float
    heading: float
    status: int


class Joint(msgspec.Struct, array_like=True, frozen=True):
    """Both vessels at one instant of the grid, whether close or not."""

    time: Millis
    metres: float
    gap: float | None  # between the hulls, metres
    suppressed: bool  # where nothing is raised
    a: Side
    b: Side


class Pair(msgspec.Struct):
    """State of two vessels that were near each other, and what was published of it."""

    a: int  # the lower MMSI
    b: int
    segments: tuple[int, int]
    joints: list[Joint] = []  # from the first contact on, sorted by time
    abreast: list[float] = []  # distances while moving together, the latest
    abreast_at: Millis = 0
    receivers: list[str] = []
    draughts: tuple[float | None, float | None] = (None, None)  # when the contact began
    id: str | None = None
    revision: int = 0
    level: str = ""
    told: Millis = 0
    retracted: bool = False
    over: Millis | None = None  # when the event was closed


class Meeting(msgspec.Struct, frozen=True):
    """What the joints of a pair add up to."""

    contacts: tuple[Joint, ...]  # the instants in contact
    duration: Millis  # in contact
    alongside: Millis  # with the hulls close

    @property
    def start(self) -> Millis:
        return self.contacts[0].time

    @property
    def end(self) -> Millis:
        return self.contacts[-1].time


def meet(joints: Sequence[Joint], s: EncounterSettings) -> Meeting | None:
    """Go through the instants in order, with hysteresis. None where there was no contact."""
    silence = s.silence_minutes * MINUTE
    contacts: list[Joint] = []
    duration = alongside = 0
    last: Joint | None = None  # the one before, while in contact
    for joint in joints:
        slow = joint.a.sog < s.slow_knots and joint.b.sog < s.slow_knots and not joint.suppressed
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
    return Meeting(tuple(contacts), duration, alongside) if contacts else None


def reaches(meeting: Meeting, s: EncounterSettings) -> str | None:
    """The level that a meeting has reached: None, "possible" or "probable"."""
    if meeting.duration < s.possible_minutes * MINUTE:
        return None
    gaps = [joint.gap for joint in meeting.contacts if joint.gap is not None]
    long = meeting.duration >= s.probable_minutes * MINUTE
    if gaps and min(gaps) > s.wide_gap_metres:
        return "possible"
    return "probable" if long or meeting.alongside >= s.alongside_minutes * MINUTE else "possible"


def one_hull(pair: Pair, a: Identity, b: Identity, s: EncounterSettings) -> bool:
    """Whether the two moved as one: a second transponder, or a tow. Two IMO numbers are two ships."""
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


def tell(
    pair: Pair,
    meeting: Meeting,
    identities: tuple[Identity, Identity],
    others: tuple[int, ...],
    instant: Millis,
    status: Status,
    why: Reason | None,
    places: Places,
    s: EncounterSettings,
) -> Event:
    """The event of an encounter: numbers, reasons for and against, sentence."""
    assert pair.id is not None
    # the one that matters more comes first: listed, then tanker, then the lower MMSI
    order = sorted((0, 1), key=lambda i: (not identities[i].listed, not identities[i].of_interest, i))
    main, other = identities[order[0]], identities[order[1]]
    contacts = meeting.contacts
    lon_a, lat_a = np.array([c.a.lon for c in contacts]), np.array([c.a.lat for c in contacts])
    lon = unwrap(lon_a + unwrap(np.array([c.b.lon for c in contacts]) - lon_a) / 2)
    lat = (lat_a + np.array([c.b.lat for c in contacts])) / 2
    metres = [c.metres for c in contacts]
    gaps = [c.gap for c in contacts if c.gap is not None]
    knots = [(c.a.sog + c.b.sog) / 2 for c in contacts]
    turned = [abs((c.a.heading - c.b.heading + 180) % 360 - 180) for c in contacts]
    turned = [angle for angle in turned if not math.isnan(angle)]
    distances = places.distances((lon[0], lon[-1]), (lat[0], lat[-1]))
    relations = places.relations(lon, lat)
    changes = tuple(
        round(now.draught - was, 1) if now.draught is not None and was is not None else None
        for now, was in zip(identities, pair.draughts, strict=True)
    )
    reasons, against = _weigh(
        meeting, identities, changes, distances.start_distance_from_port_km, relations, places, gaps, s
    )
    if why is not None:
        against.append(why)
    near = f"{min(metres):.0f} m" if not gaps else f"{min(gaps):.0f} m between the hulls"
    where = next((r.name for r in relations if r.relation == "inside"), None)
    return Event(
        id=pair.id,
        type=EventType.ENCOUNTER,
        revision=pair.revision,
        status=status,
        level=Level(pair.level),
        start=to_text(meeting.start),
        end=to_text(meeting.end) if status is not Status.OPEN else None,
        detected=to_text(instant),
        position=position(*middle(lon, lat)),
        bounding_box=bounds(lon, lat),
        distances=distances,
        vessel=vessel_of(main),
        encounter=Encounter(
            vessel=vessel_of(other),
            median_distance_kilometers=round(median(metres) / 1000, 3),
            median_speed_knots=round(median(knots), 2),
            min_distance_kilometers=round(min(metres) / 1000, 3),
            min_hull_gap_meters=round(min(gaps), 1) if gaps else None,
            median_hull_gap_meters=round(median(gaps), 1) if gaps else None,
            duration_hours=hours(meeting.duration),
            heading_difference_degrees=round(median(turned), 1) if turned else None,
            position_count=len(contacts),
            draught_change_meters=changes[order[0]],
            type="-".join(sorted((main.role.value, other.role.value))),
            others=tuple(f"{mmsi:09d}" for mmsi in others),
        ),
        geofences=relations,
        score=score(0.2, reasons, against),
        reasons=tuple(reasons),
        against=tuple(against),
        summary=f"Suspected ship-to-ship transfer: the {called(main)} and the {called(other)} were within "
        f"{s.near_metres:.0f} m of each other, as near as {near}, and slow for {spoken(meeting.duration)}"
        + (f", {where}." if where else ".")
        + (" Taken back: " + why.text + "." if why else ""),
        evidence=Evidence(positions=_evidence(pair, contacts, s), receivers=tuple(pair.receivers)),
        detector=detector(NAME, s),
    )


def _weigh(
    meeting: Meeting,
    identities: tuple[Identity, Identity],
    changes: tuple[float | None, ...],
    port: float | None,
    relations: tuple[FenceRelation, ...],
    places: Places,
    gaps: list[float],
    s: EncounterSettings,
) -> tuple[list[Reason], list[Reason]]:
    """Reasons for and against; `changes` of draught in metres, `port` distance in kilometres."""
    duration = meeting.duration
    distance = median(c.metres for c in meeting.contacts)
    reasons = [
        Reason(
            code="duration",
            text=f"close and slow together for {spoken(duration)}",
            value=hours(duration),
            threshold=round(s.possible_minutes / 60, 2),
            weight=round(0.25 * min(1.0, duration / (4 * HOUR)), 2),
        )
    ]
    against: list[Reason] = []
    if meeting.alongside:
        reasons.append(
            Reason(
                code="alongside",
                text=f"hulls within {s.alongside_metres:.0f} m for {spoken(meeting.alongside)}",
                value=round(min(gaps), 1),
                threshold=s.alongside_metres,
                weight=0.2,
            )
        )
    elif distance <= 100:
        reasons.append(
            Reason(
                code="distance",
                text="antennas closer than in 9 of 10 known encounters",
                value=round(distance),
                threshold=100.0,
                weight=0.15,
            )
        )
    inside = [r for r in relations if r.relation == "inside"]
    if watched := [r for r in inside if places.index.by_id[r.id].policy is Policy.WATCH]:
        reasons.append(
            Reason(
                code="watched_area",
                text=f"in a watched area: {watched[0].name}",
                value=watched[0].id,
                weight=0.15,
            )
        )
    for vessel in identities:
        if vessel.listed:
            reasons.append(listed_reason(vessel, 0.2))
        if vessel.mmsi // 1_000_000 == 445:
            reasons.append(
                Reason(code="flag", text=f"MMSI {vessel.mmsi:09d} is North Korean", value="KP", weight=0.1)
            )
    if all(vessel.role is Role.TANKER for vessel in identities):
        reasons.append(Reason(code="two_tankers", text="both are tankers", weight=0.1))
    for vessel, change in zip(identities, changes, strict=True):
        if change is not None and abs(change) >= 0.3:  # design: the least that says anything
            how = "more" if change > 0 else "less"
            reasons.append(
                Reason(
                    code="draught",
                    text=f"MMSI {vessel.mmsi:09d} reported {abs(change):.1f} m {how} draught afterwards",
                    value=change,
                    threshold=0.3,
                    weight=0.1,
                )
            )
    if gaps and min(gaps) > s.wide_gap_metres:
        against.append(
            Reason(
                code="wide_gap",
                text="the hulls were never close enough for a hose",
                value=round(min(gaps)),
                threshold=s.wide_gap_metres,
                weight=0.25,
            )
        )
    elif not gaps and distance > 250:
        against.append(
            Reason(
                code="distance",
                text="farther apart than most known encounters",
                value=round(distance),
                threshold=250.0,
                weight=0.15,
            )
        )
    if not gaps:
        against.append(
            Reason(code="size_unknown", text="size or heading of one is not known: no hull gap", weight=0.05)
        )
    last = meeting.contacts[-1]
    if last.a.status in (1, 5) and last.b.status in (1, 5):
        against.append(
            Reason(code="at_anchor", text="both report themselves at anchor or moored", weight=0.1)
        )
    if port is not None and port < 10 and not watched:
        against.append(
            Reason(
                code="near_port",
                text="near a port, where ships lie close",
                value=port,
                threshold=10.0,
                weight=0.15,
            )
        )
    for vessel in identities:
        if vessel.role is Role.UNKNOWN:
            against.append(
                Reason(
                    code="type_unknown", text=f"type of MMSI {vessel.mmsi:09d} is not confirmed", weight=0.05
                )
            )
        if vessel.shared:
            against.append(
                Reason(
                    code="shared_mmsi",
                    text=f"MMSI {vessel.mmsi:09d} is used in two places at once",
                    weight=0.2,
                )
            )
    return reasons, against


def _evidence(pair: Pair, contacts: tuple[Joint, ...], s: EncounterSettings) -> tuple[Sample, ...]:
    """Both vessels over the whole contact, thinned evenly to a bounded number, first and last kept."""
    count = min(len(contacts), s.samples)
    picked = [contacts[round(i * (len(contacts) - 1) / max(count - 1, 1))] for i in range(count)]
    return tuple(
        sample(
            joint.time, mmsi, side.lon, side.lat, side.sog, side.cog, side.heading, joint.metres, joint.gap
        )
        for joint in picked
        for mmsi, side in ((pair.a, joint.a), (pair.b, joint.b))
    )
