"""The event of a position anomaly: its level, its reasons for and against, its sentence."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from geofences.surroundings import Surroundings, bounds
from models.event import (
    Detector,
    Event,
    EventType,
    Evidence,
    Level,
    PositionAnomaly,
    Reason,
    Sample,
    Status,
)
from models.time import HOUR, MINUTE, Millis, duration_text, to_text
from models.vessel import Crossing, Identity, Stay
from streams.detection.explanation import (
    DOUBTFUL_MMSI,
    SHARED_MMSI,
    called,
    clock,
    leap_of,
    mmsi_text,
    position,
    retracted,
    sample,
    vessel_of,
)
from streams.detection.hypotheses import best
from streams.detection.listing import listing_reasons, weak_match
from streams.detection.positions import reasons as table
from streams.detection.positions.jumper import FROZEN, JUMPS, PATTERN, UNREACHED, Case, Jump
from streams.detection.positions.reasons import REASONS
from streams.detection.positions.region import Region
from streams.detection.positions.settings import PositionAnomalySettings
from streams.detection.reasons import score
from streams.tracking.track import metres_between

REGION: Final = "region"
NAMED: Final = 20
"""Ships of a region that its event names."""


class Told(msgspec.Struct):
    """What an event says, however many ships it is of."""

    anomaly: PositionAnomaly
    vessels: Sequence[Identity]
    place: tuple[float, float]
    box: Sequence[tuple[float, float]]  # positions that the event spans
    start: Millis
    reasons: list[Reason]
    against: list[Reason]
    summary: str
    samples: list[Sample]


def jumps_of(
    identity: Identity, jumps: Sequence[Jump], case: Case, shared: bool, s: PositionAnomalySettings
) -> Told:
    """What there is to say of the jumps of one ship."""
    positions, farthest = sum(jump.positions for jump in jumps), max(jump.km for jump in jumps)
    fastest = max(jump.knots for jump in jumps)
    back = [jump for jump in jumps if jump.back]
    meanwhile = sum(jump.meanwhile for jump in jumps)
    reasons = [table.JUMPED.reason(s, positions, far=_km(farthest), knots=fastest)]
    circle = next((jump.circle for jump in jumps if jump.circle is not None), None)
    if circle is not None:
        reasons += _pattern(circle, s) if circle.places else _circle(circle, s)
    if came_back(jumps, s):
        reasons.append(table.CAME_BACK.reason(s, times=_times(len(back))))
    against = [table.INTERFERENCE.reason(s)]
    if not back:
        against.append(table.NOT_BACK.reason(s))
    if meanwhile:
        against.append(table.MEANWHILE.reason(s, meanwhile))
    if shared:
        against.append(SHARED_MMSI.reason(s, mmsi=mmsi_text(identity)))
    last = jumps[-1]
    points = [(jump.track_lon, jump.track_lat) for jump in jumps] + [(jump.lon, jump.lat) for jump in jumps]
    again = " and went back" if last.back else ""
    return Told(
        PositionAnomaly(
            kind=JUMPS,
            positions=positions,
            jumps=len(jumps),
            farthest_km=farthest,
            implied_speed_knots=fastest,
            radius_km=None if circle is None else round(circle.radius_metres / 1000, 2),
            false_position=position(last.lon, last.lat),
        ),
        [identity],
        (last.track_lon, last.track_lat),
        points,
        case.start,
        reasons,
        against,
        f"Positions of the {called(identity)} jumped {_times(len(jumps))}, {_km(farthest)} away at the "
        f"farthest{again}; the way between implies {fastest:.0f} knots.",
        [sample(jump.at, identity.mmsi, jump.lon, jump.lat, float("nan")) for jump in jumps],
    )


def stay_of(
    kind: str,
    identity: Identity,
    stay: Stay,
    until: Millis,
    port_km: float,
    s: PositionAnomalySettings,
) -> Told:
    """What there is to say of a ship that reports speed and lies still, or goes round a circle."""
    if kind == FROZEN:
        lasted = (until - stay.since) / HOUR
        reasons = [table.FROZEN.reason(s, round(lasted, 2), knots=stay.knots)]
        if lies_at_sea(stay, port_km, until, s):
            reasons.append(table.FROZEN_AT_SEA.reason(s, round(port_km, 2)))
        against = [table.SENSOR.reason(s)]
        summary = (
            f"The {called(identity)} reports {stay.knots:g} knots and stays near one place, for {lasted:.1f} "
            "hours."
        )
    elif kind == PATTERN and stay.lines:
        reasons, against = list(_pattern(stay, s)), [table.ROUNDED.reason(s)]
        summary = (
            f"Positions of the {called(identity)} lie on the lines of a regular grid, {_spacing(stay)}, "
            f"while it makes way: {stay.positions} positions of steps in which they moved were compared."
        )
    elif kind == PATTERN:
        reasons, against = list(_pattern(stay, s)), [table.REPLAYED.reason(s)]
        summary = (
            f"Positions of the {called(identity)} repeat {stay.places} places exactly"
            + (f", on a regular grid, {_spacing(stay)}" if stay.north_metres else "")
            + f": {stay.positions} positions of steps in which they moved were compared."
        )
    else:
        radius, reasons = _km(stay.radius_metres / 1000), _circle(stay, s)
        against = [table.INTERFERENCE.reason(s), table.MANOEUVRE.reason(s)]
        steady = ", while its heading keeps its direction" if stay.steady_heading else ""
        summary = (
            f"Positions of the {called(identity)} go round a circle of {radius} in radius again and again"
            f"{steady}."
        )
    if (leap := leap_of(identity, stay.since)) is not None:
        when, after = clock(leap.time), duration_text(max(leap.after, MINUTE))
        reasons.append(table.LEAPT.reason(s, leap.kilometers, when=when, after=after))
    anomaly = PositionAnomaly(
        kind=kind,
        positions=0,
        jumps=0,
        reported_speed_knots=stay.knots if kind == FROZEN else None,
        radius_km=None if kind == FROZEN else round(stay.radius_metres / 1000, 2),
    )
    place = (stay.lon, stay.lat)
    samples = [sample(stay.since, identity.mmsi, *place, stay.knots)] if kind == FROZEN else []
    return Told(anomaly, [identity], place, [place], stay.since, reasons, against, summary, samples)


def crossing_told(identity: Identity, crossing: Crossing, s: PositionAnomalySettings) -> Told:
    """What there is to say of a ship of which nothing was heard for too short to have come round the land."""
    before, after = (crossing.lon, crossing.lat), (crossing.to_lon, crossing.to_lat)
    hours = (crossing.to_time - crossing.time) / HOUR
    km, nan = metres_between(*before, *after) / 1000, float("nan")
    reach = s.water_knots * 1.852 * hours
    when = f"{clock(crossing.time)} and {clock(crossing.to_time)}"
    return Told(
        PositionAnomaly(kind=UNREACHED, positions=0, jumps=0, farthest_km=round(km, 1)),
        [identity],
        after,
        [before, after],
        crossing.time,
        [table.UNREACHED_BY_WATER.reason(s, round(reach), when=when, km=km, knots=s.water_knots)],
        [table.FALSE_POSITION.reason(s), table.WATERWAY.reason(s)],
        f"Of the {called(identity)} no position on its track was heard for {hours:.1f} hours, and then one "
        f"beyond land, {_km(km)} away; over water it is more than {reach:.0f} km, so one of the two "
        "positions is probably false.",
        [
            sample(time, identity.mmsi, *place, nan)
            for time, place in ((crossing.time, before), (crossing.to_time, after))
        ],
    )


def region_told(region: Region, vessels: Sequence[Identity], s: PositionAnomalySettings) -> Told:
    """What there is to say of a region; `vessels` are those of its ships that are named."""
    members = region.members
    ships, jumps = len(members), [jump for each in members.values() for jump in each.jumps.values()]
    farthest, fastest = max(km for _, km, _ in jumps), max(knots for *_, knots in jumps)
    reasons, false, to = [], None, ""
    if region.lon is not None and region.lat is not None:
        false = position(region.lon, region.lat)
        there = sum(
            metres_between(region.lon, region.lat, each.lon, each.lat) <= s.place_km * 1000
            for each in members.values()
        )
        to = f", {there} of them to one place" if there < ships else " to one place"
        reasons.append(table.ONE_PLACE.reason(s, there, km=2 * s.place_km, hours=_lasted(region)))
    else:
        km, minutes = 2 * s.area_km, 2 * s.area_minutes
        reasons.append(table.ONE_AREA.reason(s, region.founders, km=km, minutes=minutes))
    if ships >= s.probable_ships:
        reasons.append(table.MANY_SHIPS.reason(s, ships))
    middle = (region.area_lon, region.area_lat)
    summary = (
        f"Positions of {ships} ships jumped{to}, {_km(farthest)} away at the farthest, as by jamming "
        "or spoofing of satellite navigation."
    )
    named = [members[identity.mmsi] for identity in vessels]
    return Told(
        PositionAnomaly(
            kind=REGION,
            positions=sum(positions for positions, *_ in jumps),
            jumps=len(jumps),
            farthest_km=farthest,
            implied_speed_knots=fastest,
            false_position=false,
            vessel_count=ships,
            others=tuple(vessel_of(identity) for identity in vessels[1:]),
        ),
        vessels,
        middle,
        [(each.track_lon, each.track_lat) for each in members.values()],
        region.start,
        reasons,
        [table.INTERFERENCE.reason(s)],
        summary,
        [
            sample(each.at, identity.mmsi, each.lon, each.lat, float("nan"))
            for each, identity in zip(named, vessels, strict=True)
        ],
    )


def build_event(
    id: str,
    revision: int,
    told: Told,
    instant: Millis,
    end: Millis | None,
    retraction: Reason | None,
    surroundings: Surroundings,
    detector: Detector,
    s: PositionAnomalySettings,
) -> Event:
    """One revision. With an `end` it is closed, or taken back for the reason `retraction`."""
    status = Status.RETRACTED if retraction else Status.OPEN if end is None else Status.CLOSED
    reasons, against = [*told.reasons, *_listed(told, s)], [*told.against]
    if len(told.vessels) == 1:
        against += weak_match(told.vessels[0], s)
        if told.vessels[0].doubtful:
            against.append(DOUBTFUL_MMSI.reason(s, mmsi=mmsi_text(told.vessels[0])))
    conditions = {reason.code for reason in (*reasons, *against)}
    level = REASONS.level(conditions) or Level.POSSIBLE
    limits = REASONS.limits(conditions)
    against.sort(key=lambda reason: limits.index(reason.code) if reason.code in limits else len(limits))
    if retraction is not None:
        against.append(retraction)
    scoring = REASONS.scoring(s.weights, level, status, conditions)
    lon, lat = (np.array([point[i] for point in told.box]) for i in (0, 1))
    return Event(
        id=id,
        type=EventType.POSITION_ANOMALY,
        revision=revision,
        status=status,
        level=level,
        start=to_text(told.start),
        end=None if end is None else to_text(end),
        detected=to_text(instant),
        position=position(*told.place),
        bounding_box=bounds(lon, lat),
        distances=surroundings.distances((told.place[0],) * 2, (told.place[1],) * 2),
        vessel=vessel_of(told.vessels[0]),
        position_anomaly=told.anomaly,
        geofences=surroundings.relations(np.array([told.place[0]]), np.array([told.place[1]])),
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(REASONS, reasons, against),
        summary=told.summary + retracted(retraction),
        evidence=Evidence(positions=tuple(told.samples), receivers=()),
        detector=detector,
    )


def came_back(jumps: Sequence[Jump], s: PositionAnomalySettings) -> bool:
    """Whether a ship came back to its track often, or after long."""
    back = [jump for jump in jumps if jump.back]
    return len(back) >= s.again or any(
        jump.end - jump.start >= s.lasting_minutes * MINUTE and jump.positions >= s.lasting_positions
        for jump in back
    )


def lies_at_sea(stay: Stay, port_km: float, until: Millis, s: PositionAnomalySettings) -> bool:
    """Whether a ship that reports speed and lies still does so where and as no sensor at a berth would."""
    return stay.knots >= s.sea_knots and until - stay.since >= s.sea_minutes * MINUTE and port_km >= s.sea_km


def _pattern(stay: Stay, s: PositionAnomalySettings) -> Iterator[Reason]:
    if stay.lines:
        east, north = stay.east_metres, stay.north_metres
        yield table.ON_GRID.reason(s, stay.lines, of=stay.positions, east=east, north=north)
        return
    far = _km(2 * stay.radius_metres / 1000)
    yield table.REPEATED.reason(s, stay.repeats, of=stay.positions, places=stay.places, far=far)
    if stay.north_metres:
        yield table.GRID.reason(s, round(stay.north_metres), east=stay.east_metres)


def _spacing(stay: Stay) -> str:
    return f"with lines {stay.east_metres:.0f} m apart to the east and {stay.north_metres:.0f} m to the north"


def _circle(stay: Stay, s: PositionAnomalySettings) -> list[Reason]:
    radius = _km(stay.radius_metres / 1000)
    reasons = [table.CIRCLE.reason(s, radius=radius, knots=stay.knots)]
    return [*reasons, *([table.STEADY_HEADING.reason(s)] if stay.steady_heading else [])]


def _listed(told: Told, s: PositionAnomalySettings) -> Iterator[Reason]:
    named = next((vessel for vessel in told.vessels if vessel.watchlists), None)
    if named is not None:
        name = named.name or f"MMSI {mmsi_text(named)}"
        yield from listing_reasons(named.watchlists, name, told.start, s)


def _lasted(region: Region) -> int:
    return max(1, -(-(region.latest - region.start) // HOUR))


def _km(km: float) -> str:
    return f"{km:.0f} km" if km >= 10 else f"{km:.1f} km"


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"
