"""The event of an encounter: its numbers, the reasons for and against, its sentence.

The rule that it rests on is in `encounter`.
"""

import math
from statistics import median

import numpy as np

from geofences.distance import unwrap
from geofences.fence import Policy
from geofences.surroundings import Surroundings, bounds, middle
from models.event import Encounter, Event, EventType, Evidence, FenceRelation, Level, Reason, Sample, Status
from models.time import HOUR, Millis, duration_text, to_text
from models.vessel import Identity, Role
from streams.detection.encounter import (
    Contact,
    EncounterSettings,
    Pair,
    PairSample,
)
from streams.detection.explanation import (
    called,
    changed_type,
    detector,
    hours,
    listed_reason,
    position,
    sample,
    score,
    shared_number,
    taken_back,
    vessel_of,
)

NAME = "encounter"


def build_event(
    pair: Pair,
    meeting: Contact,
    identities: tuple[Identity, Identity],
    others: tuple[int, ...],
    instant: Millis,
    status: Status,
    why: Reason | None,
    places: Surroundings,
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
    limit = s.near_metres if max(metres) <= s.near_metres else s.keep_metres
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
        f"{limit:.0f} m of each other, as near as {near}, and slow for {duration_text(meeting.duration)}"
        + (f", {where}." if where else ".")
        + taken_back(why),
        evidence=Evidence(positions=_evidence(pair, contacts, s), receivers=tuple(pair.receivers)),
        detector=detector(NAME, s),
    )


def _weigh(
    meeting: Contact,
    identities: tuple[Identity, Identity],
    changes: tuple[float | None, ...],
    port: float | None,
    relations: tuple[FenceRelation, ...],
    places: Surroundings,
    gaps: list[float],
    s: EncounterSettings,
) -> tuple[list[Reason], list[Reason]]:
    """Reasons for and against; `changes` of draught in metres, `port` distance in kilometres."""
    duration = meeting.duration
    distance = median(c.metres for c in meeting.contacts)
    reasons = [
        Reason(
            code="duration",
            text=f"close and slow together for {duration_text(duration)}",
            value=hours(duration),
            threshold=round(s.possible_minutes / 60, 2),
            unit="h",
            weight=round(0.25 * min(1.0, duration / (4 * HOUR)), 2),
        )
    ]
    against: list[Reason] = []
    if meeting.alongside:
        reasons.append(
            Reason(
                code="alongside",
                text=f"hulls within {s.alongside_metres:.0f} m for {duration_text(meeting.alongside)}",
                value=round(min(gaps), 1),
                threshold=s.alongside_metres,
                unit="m",
                weight=0.2,
            )
        )
    elif distance <= 100:
        reasons.append(
            Reason(
                code="distance",
                text="antennas as close as in 9 of 10 known encounters",
                value=round(distance),
                threshold=100.0,
                unit="m",
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
                    text=f"MMSI {vessel.mmsi:09d} reported {abs(change):.1f} m {how} draught than before",
                    value=change,
                    threshold=0.3,
                    unit="m",
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
                unit="m",
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
                unit="m",
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
                unit="km",
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
        against += [*changed_type(vessel), *shared_number(vessel)]
    return reasons, against


def _evidence(pair: Pair, contacts: tuple[PairSample, ...], s: EncounterSettings) -> tuple[Sample, ...]:
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
