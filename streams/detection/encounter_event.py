"""The event of an encounter: its numbers, its reasons for and against, its sentence.

The rule is in `encounter`.
"""

import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

import msgspec
import numpy as np

from geofences.distance import Floats, unwrap
from geofences.fence import Policy
from geofences.surroundings import Surroundings, bounds, middle
from models.event import (
    Detector,
    Distances,
    Encounter,
    Event,
    EventType,
    Evidence,
    FenceRelation,
    Level,
    Reason,
    Sample,
    Status,
)
from models.time import HOUR, Millis, duration_text, to_text
from models.vessel import Identity, Role, flag_of
from streams.detection.encounter import Contact, EncounterSettings, Pair, PairSample, is_partner
from streams.detection.explanation import (
    ANCHORED,
    SHARED_MMSI,
    TYPE_CHANGED,
    WATCHLIST,
    about,
    called,
    hours,
    mmsi_text,
    position,
    retracted,
    sample,
    shared_mmsi,
    type_changed,
    vessel_of,
    watchlist,
)
from streams.detection.reasons import ReasonTable, ReasonType, Side, score

DURATION: Final = ReasonType(
    code="duration",
    side=Side.FOR,
    text="close and slow together for {duration} (silences of up to {silence:g} min included)",
    weight="duration",
    thresholds=("possible_minutes",),
    unit="h",
)
ALONGSIDE: Final = ReasonType(
    code="alongside",
    side=Side.FOR,
    text="hulls within {threshold:.0f} m of each other for {duration}",
    weight="alongside",
    thresholds=("alongside_metres",),
    unit="m",
    plotted=True,
)
CLOSE: Final = ReasonType(
    code="distance",
    side=Side.FOR,
    text="antennas {distance} apart (median), no more than {threshold:.0f} m",
    weight="close",
    thresholds=("close_metres",),
    unit="m",
    plotted=True,
)
WATCHED_AREA: Final = ReasonType(
    code="watched_area",
    side=Side.FOR,
    text="in a watched area: {name}",
    weight="watched_area",
)
FLAG: Final = ReasonType(
    code="flag",
    side=Side.FOR,
    text="the flag of MMSI {mmsi} is {value}",
    weight="flag",
)
TWO_TANKERS: Final = ReasonType(
    code="two_tankers",
    side=Side.FOR,
    text="both have reported the ship type of a tanker",
    weight="two_tankers",
)
DRAUGHT: Final = ReasonType(
    code="draught",
    side=Side.FOR,
    text="MMSI {mmsi} reports {change:.1f} m {direction} draught than when the contact began",
    weight="draught",
    thresholds=("draught_metres",),
    unit="m",
)
WIDE_GAP: Final = ReasonType(
    code="wide_gap",
    side=Side.AGAINST,
    text="the hulls were never seen closer than {gap}: too far for a hose",
    weight="wide_gap",
    thresholds=("wide_gap_metres",),
    unit="m",
    plotted=True,
)
FAR: Final = ReasonType(
    code="distance",
    side=Side.AGAINST,
    text="antennas {distance} apart (median), more than {threshold:.0f} m: farther than in most known "
    "encounters",
    weight="far",
    thresholds=("far_metres",),
    unit="m",
    plotted=True,
)
SIZE_UNKNOWN: Final = ReasonType(
    code="size_unknown",
    side=Side.AGAINST,
    text="the gap between the hulls is not known: a size or a heading is missing",
    weight="size_unknown",
)
AT_ANCHOR: Final = ReasonType(
    code="at_anchor",
    side=Side.AGAINST,
    text="when last seen together, both reported that they were at anchor or moored",
    weight="at_anchor",
)
NEAR_PORT: Final = ReasonType(
    code="near_port",
    side=Side.AGAINST,
    text="began {value:.1f} km from a port, closer than {threshold:g} km: ships lie close together there",
    weight="near_port",
    thresholds=("port_km",),
    unit="km",
)
TYPE_UNKNOWN: Final = ReasonType(
    code="type_unknown",
    side=Side.AGAINST,
    text="the ship type of MMSI {mmsi} is not confirmed",
    weight="type_unknown",
)
SHARED_RETRACTION: Final = ReasonType(
    code="shared_mmsi",
    side=Side.RETRACTION,
    text="MMSI {mmsi} is used in two places at once, so it is not known which ship this was",
    weight="retraction",
)
EXCLUDED_TYPE: Final = ReasonType(
    code="excluded_type",
    side=Side.RETRACTION,
    text="MMSI {mmsi} turned out to be a tug, pilot, tender, buoy or the like",
    weight="retraction",
)
NO_TANKER: Final = ReasonType(
    code="no_tanker",
    side=Side.RETRACTION,
    text="neither vessel turned out to be a tanker or on a watchlist",
    weight="retraction",
)
ONE_HULL: Final = ReasonType(
    code="one_hull",
    side=Side.RETRACTION,
    text="the two move together at a constant distance: two transponders on one hull, or a tow",
    weight="retraction",
)

REASONS: Final = ReasonTable(
    EventType.ENCOUNTER,
    EncounterSettings(),
    (
        *(DURATION, ALONGSIDE, CLOSE, WATCHED_AREA, WATCHLIST, FLAG, TWO_TANKERS, DRAUGHT),
        *(WIDE_GAP, FAR, SIZE_UNKNOWN, AT_ANCHOR, NEAR_PORT, TYPE_UNKNOWN, TYPE_CHANGED, SHARED_MMSI),
        *(SHARED_RETRACTION, EXCLUDED_TYPE, NO_TANKER, ONE_HULL),
    ),
)


class _Facts(msgspec.Struct, frozen=True):
    """What is measured of an encounter, for its numbers and its reasons."""

    contact: Contact
    identities: tuple[Identity, Identity]
    lon: Floats  # midway between the two
    lat: Floats
    gaps: list[float]  # metres between the hulls, where known
    draught_changes: tuple[float | None, ...]  # metres since the contact began, by vessel
    distances: Distances
    relations: tuple[FenceRelation, ...]
    surroundings: Surroundings

    @property
    def metres(self) -> list[float]:
        """Between the antennas."""
        return [each.metres for each in self.contact.samples]

    @property
    def inside(self) -> list[FenceRelation]:
        """The fences that the encounter was in, at least in part."""
        return [relation for relation in self.relations if relation.relation == "inside"]

    def named(self, fence: FenceRelation) -> str:
        """A fence's name, and whether only part of the encounter lay in it."""
        whole = self.surroundings.all_inside(fence.id, self.lon, self.lat)
        return fence.name if whole else f"{fence.name} (in part)"


def retraction_of(a: Identity, b: Identity, s: EncounterSettings) -> Reason:
    """Why an encounter that was raised is taken back, after what is known of the two by now."""
    for vessel in (a, b):
        if not vessel.listed and vessel.shared:
            return SHARED_RETRACTION.reason(s, mmsi=mmsi_text(vessel))
        if not is_partner(vessel):
            return EXCLUDED_TYPE.reason(s, vessel.ship_type, mmsi=mmsi_text(vessel))
    return NO_TANKER.reason(s)


def build_event(
    pair: Pair,
    contact: Contact,
    identities: tuple[Identity, Identity],
    others: tuple[int, ...],
    instant: Millis,
    status: Status,
    retraction: Reason | None,
    surroundings: Surroundings,
    detector: Detector,
    s: EncounterSettings,
) -> Event:
    """One revision; `others` are further vessels of the same raft, `retraction` why it is taken back."""
    assert pair.id is not None
    facts = _measured(pair, contact, identities, surroundings)
    reasons = list(_for(facts, s))
    against = [*_against(facts, s), *([retraction] if retraction else [])]
    first, second = _by_importance(identities)
    return Event(
        id=pair.id,
        type=EventType.ENCOUNTER,
        revision=pair.revision,
        status=status,
        level=Level(pair.level),
        start=to_text(contact.start),
        end=to_text(contact.end) if status is not Status.OPEN else None,
        detected=to_text(instant),
        position=position(*middle(facts.lon, facts.lat)),
        bounding_box=bounds(facts.lon, facts.lat),
        distances=facts.distances,
        vessel=vessel_of(identities[first]),
        encounter=_numbers(
            facts, identities[first], identities[second], facts.draught_changes[first], others
        ),
        geofences=facts.relations,
        score=score(s.weights.scoring, reasons, against),
        scoring=s.weights.scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        summary=_summary(facts, identities[first], identities[second], s) + retracted(retraction),
        evidence=Evidence(positions=_evidence(pair, contact.samples, s), receivers=tuple(pair.receivers)),
        detector=detector,
    )


def _measured(
    pair: Pair, contact: Contact, identities: tuple[Identity, Identity], surroundings: Surroundings
) -> _Facts:
    samples = contact.samples
    lon_a, lat_a = np.array([each.a.lon for each in samples]), np.array([each.a.lat for each in samples])
    lon = unwrap(lon_a + unwrap(np.array([each.b.lon for each in samples]) - lon_a) / 2)
    lat = (lat_a + np.array([each.b.lat for each in samples])) / 2
    return _Facts(
        contact=contact,
        identities=identities,
        lon=lon,
        lat=lat,
        gaps=[each.gap for each in samples if each.gap is not None],
        draught_changes=tuple(
            round(now.draught - before, 1) if now.draught is not None and before is not None else None
            for now, before in zip(identities, pair.draughts, strict=True)
        ),
        distances=surroundings.distances((lon[0], lon[-1]), (lat[0], lat[-1])),
        relations=surroundings.relations(lon, lat),
        surroundings=surroundings,
    )


def _by_importance(identities: tuple[Identity, Identity]) -> tuple[int, int]:
    """Which comes first: one on a watchlist, then a tanker, then the lower MMSI."""
    first = min((0, 1), key=lambda i: (not identities[i].listed, not identities[i].of_interest, i))
    return first, 1 - first


def _numbers(
    facts: _Facts, first: Identity, second: Identity, draught_change: float | None, others: tuple[int, ...]
) -> Encounter:
    samples, metres, gaps = facts.contact.samples, facts.metres, facts.gaps
    turned = [abs((each.a.heading - each.b.heading + 180) % 360 - 180) for each in samples]
    turned = [angle for angle in turned if not math.isnan(angle)]
    return Encounter(
        vessel=vessel_of(second),
        median_distance_kilometers=round(median(metres) / 1000, 3),
        median_speed_knots=round(median((each.a.sog + each.b.sog) / 2 for each in samples), 2),
        min_distance_kilometers=round(min(metres) / 1000, 3),
        min_hull_gap_meters=round(min(gaps), 1) if gaps else None,
        median_hull_gap_meters=round(median(gaps), 1) if gaps else None,
        duration_hours=hours(facts.contact.duration),
        heading_difference_degrees=round(median(turned), 1) if turned else None,
        position_count=len(samples),
        draught_change_meters=draught_change,
        type="-".join(sorted((first.role.value, second.role.value))),
        others=tuple(f"{mmsi:09d}" for mmsi in others),
    )


def _watched(facts: _Facts) -> FenceRelation | None:
    """The first watched fence that the encounter was in."""
    fences = facts.surroundings.index.by_id
    return next((each for each in facts.inside if fences[each.id].policy is Policy.WATCH), None)


def _for(facts: _Facts, s: EncounterSettings) -> Iterator[Reason]:
    contact, typical = facts.contact, median(facts.metres)
    yield DURATION.reason(
        s,
        hours(contact.duration),
        share=min(1.0, contact.duration / (s.full_hours * HOUR)),
        duration=duration_text(contact.duration),
        silence=s.silence_minutes,
    )
    if contact.alongside:
        gap = round(min(facts.gaps), 1)
        yield ALONGSIDE.reason(s, gap, duration=duration_text(contact.alongside))
    elif typical <= s.close_metres:
        yield CLOSE.reason(s, round(typical), distance=about(typical))
    if watched := _watched(facts):
        yield WATCHED_AREA.reason(s, watched.id, name=facts.named(watched))
    for vessel in facts.identities:
        yield from watchlist(vessel, s)
        if (flag := flag_of(vessel.mmsi)) in s.flags:
            yield FLAG.reason(s, flag, mmsi=mmsi_text(vessel))
    if all(vessel.role is Role.TANKER for vessel in facts.identities):
        yield TWO_TANKERS.reason(s)
    for vessel, change in zip(facts.identities, facts.draught_changes, strict=True):
        if change is not None and abs(change) >= s.draught_metres:
            direction = "more" if change > 0 else "less"
            yield DRAUGHT.reason(s, change, mmsi=mmsi_text(vessel), change=abs(change), direction=direction)


def _against(facts: _Facts, s: EncounterSettings) -> Iterator[Reason]:
    typical, gaps = median(facts.metres), facts.gaps
    if gaps and min(gaps) > s.wide_gap_metres:
        yield WIDE_GAP.reason(s, round(min(gaps)), gap=about(min(gaps)))
    elif not gaps and typical > s.far_metres:
        yield FAR.reason(s, round(typical), distance=about(typical))
    if not gaps:
        yield SIZE_UNKNOWN.reason(s)
    last = facts.contact.samples[-1]
    if last.a.status in ANCHORED and last.b.status in ANCHORED:
        yield AT_ANCHOR.reason(s)
    port = facts.distances.start_distance_from_port_km
    if port is not None and port < s.port_km and not _watched(facts):
        yield NEAR_PORT.reason(s, port)
    for vessel in facts.identities:
        if vessel.role is Role.UNKNOWN:
            yield TYPE_UNKNOWN.reason(s, mmsi=mmsi_text(vessel))
        yield from type_changed(vessel, s)
        yield from shared_mmsi(vessel, s)


def _summary(facts: _Facts, first: Identity, second: Identity, s: EncounterSettings) -> str:
    limit = s.near_metres if max(facts.metres) <= s.near_metres else s.keep_metres
    if facts.gaps:
        closest = f"with {about(min(facts.gaps))} between the hulls at the closest"
    else:
        closest = f"{about(min(facts.metres))} at the closest"
    area = ""
    if facts.inside:
        area = f" Area: {facts.named(facts.inside[0])}."
    return (
        f"Suspected ship-to-ship transfer: the {called(first)} and the {called(second)} were slow and within "
        f"{limit:.0f} m of each other, {closest}, for {duration_text(facts.contact.duration)}.{area}"
    )


def _evidence(pair: Pair, contact: Sequence[PairSample], s: EncounterSettings) -> tuple[Sample, ...]:
    """Both vessels over the whole contact, thinned evenly to a bounded number; first and last are kept."""
    count = min(len(contact), s.samples)
    picked = [contact[round(i * (len(contact) - 1) / max(count - 1, 1))] for i in range(count)]
    return tuple(
        sample(each.time, mmsi, one.lon, one.lat, one.sog, one.cog, one.heading, each.metres, each.gap)
        for each in picked
        for mmsi, one in ((pair.a, each.a), (pair.b, each.b))
    )
