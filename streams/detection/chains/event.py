"""The event of a chain: its legs, its reasons, where the oil may be, and the time left."""

import math
from collections.abc import Sequence

import numpy as np

from geofences.distance import port_distance_km
from geofences.surroundings import Surroundings, bounds
from models.event import (
    Chain,
    ChainArrival,
    ChainHolder,
    ChainLeg,
    Detector,
    Event,
    EventType,
    Evidence,
    Level,
    Position,
    Status,
    Vessel,
)
from models.time import HOUR, Millis, to_text
from models.vessel import is_listed
from streams.detection.chains import reasons as table
from streams.detection.chains.cargo import Cargo, Leg
from streams.detection.chains.evidence import day, named, reasons_against, reasons_for
from streams.detection.chains.facts import Fact, Side
from streams.detection.chains.judgement import (
    conditions_of,
    ends_of,
    holding,
    is_named,
    is_over,
    level_of,
    main_way,
    window_end,
)
from streams.detection.chains.links import KMH_PER_KNOT
from streams.detection.chains.settings import ChainSettings
from streams.detection.explanation import position, sample
from streams.detection.hypotheses import best
from streams.detection.reasons import score


def build_event(
    id: str,
    revision: int,
    cargo: Cargo,
    instant: Millis,
    surroundings: Surroundings,
    detector: Detector,
    s: ChainSettings,
) -> Event:
    """One revision of a chain that has a level."""
    level = level_of(cargo, s)
    assert level is not None
    over = is_over(cargo, instant, s)
    status = Status.CLOSED if over else Status.OPEN
    reasons, against = list(reasons_for(cargo, s)), list(reasons_against(cargo, s))
    if level is Level.POSSIBLE:  # what keeps it from being `probable` comes first
        limits = table.REASONS.limits(conditions_of(cargo, s))
        against.sort(key=lambda reason: limits.index(reason.code) if reason.code in limits else len(limits))
    scoring = table.REASONS.scoring(s.weights, level, status, conditions_of(cargo, s))
    way = main_way(cargo, s)
    lon = np.array([leg.fact.lon for leg in cargo.legs])
    lat = np.array([leg.fact.lat for leg in cargo.legs])
    first, last = way[0].fact, way[-1].fact
    vessels = _vessels(cargo, s)
    chain = _chain(cargo, vessels, instant, over, surroundings, s)
    return Event(
        id=id,
        type=EventType.CHAIN,
        revision=revision,
        status=status,
        level=level,
        start=to_text(first.start),
        end=to_text(max(leg.fact.until for leg in cargo.legs)) if over else None,
        detected=to_text(instant),
        position=chain.holders[0].position if chain.holders else position(last.lon, last.lat),
        bounding_box=bounds(lon, lat),
        distances=surroundings.distances((first.lon, last.lon), (first.lat, last.lat)),
        vessel=vessels[0],
        chain=chain,
        geofences=surroundings.relations(lon, lat),
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(table.REASONS, reasons, against),
        summary=_summary(cargo, chain, over, s),
        evidence=Evidence(
            positions=tuple(
                sample(leg.fact.start, leg.side.mmsi, leg.fact.lon, leg.fact.lat, math.nan)
                for leg in cargo.legs
            )
        ),
        detector=detector,
    )


def _vessels(cargo: Cargo, s: ChainSettings) -> tuple[Vessel, ...]:
    """All vessels; the first is a listed or North Korean one of the likeliest way, or else its first one."""
    way = main_way(cargo, s)
    latest: dict[str, Vessel] = {}
    for leg in (*way, *cargo.legs):
        for side in (leg.giver, leg.side):
            if side is not None:
                latest[side.vessel.ssvid] = side.vessel
    marked = [leg.side.vessel.ssvid for leg in way if is_named(leg, s) and _is_marked(leg.side, s)]
    first = next(iter(marked), next(iter(latest)))
    return (latest.pop(first), *latest.values())


def _is_marked(side: Side, s: ChainSettings) -> bool:
    return is_listed(side.vessel.watchlists) or side.vessel.flag in s.flags


def _chain(
    cargo: Cargo,
    vessels: tuple[Vessel, ...],
    instant: Millis,
    over: bool,
    surroundings: Surroundings,
    s: ChainSettings,
) -> Chain:
    holders = [] if ends_of(cargo, s) or over else holding(cargo)
    return Chain(
        source="russian_port" if cargo.known else "unknown",
        delivered=any(cargo.legs[i].fact.seen for i in cargo.ends),
        transfers=cargo.transfers,
        window_ends=to_text(window_end(cargo, s)),
        vessels=vessels,
        legs=tuple(_leg(leg) for leg in cargo.legs),
        holders=tuple(
            ChainHolder(
                ssvid=leg.side.vessel.ssvid,
                position=position(last.lon, last.lat),
                time=to_text(last.until),
                confidence=round(leg.confidence, 2),
            )
            for leg, last in holders
        ),
        arrivals=_arrivals(holders, instant, window_end(cargo, s), surroundings, s),
    )


def _leg(leg: Leg) -> ChainLeg:
    fact = leg.fact
    return ChainLeg(
        kind=leg.kind,
        event=fact.id,
        revision=fact.revision,
        type=fact.type,
        level=fact.level,
        start=to_text(fact.start),
        end=None if fact.end is None else to_text(fact.end),
        ssvid=leg.side.vessel.ssvid,
        from_ssvid=leg.giver.vessel.ssvid if leg.giver else None,
        port=fact.port or None,
        port_name=fact.port_name if fact.is_call else None,
        country=fact.country if fact.is_call else None,
        position=Position(lat=fact.lat, lon=fact.lon),
        confidence=round(leg.confidence, 2),
    )


def distance_km(lon: float, lat: float, port: int, surroundings: Surroundings) -> float:
    """Kilometres by sea, at least, from a position in degrees to a port; by a great circle where unknown."""
    by_sea = surroundings.sea_km(surroundings.ports[port], lon, lat)
    if by_sea is not None:
        return by_sea
    fences = tuple(surroundings.port_fences(port))
    return float(port_distance_km(np.array([lon]), np.array([lat]), fences)[0])


def _arrivals(
    holding: Sequence[tuple[Leg, Fact]],
    instant: Millis,
    until: Millis,
    surroundings: Surroundings,
    s: ChainSettings,
) -> tuple[ChainArrival, ...]:
    """The earliest arrival at each watched port, the soonest first."""
    found = []
    for port, call in enumerate(surroundings.ports if holding else ()):
        fences = surroundings.port_fences(port)
        if fences[0].country not in s.end_countries:
            continue
        options = []
        for leg, last in holding:
            km = distance_km(last.lon, last.lat, port, surroundings)
            options.append((last.until + round(km / (s.passage_knots * KMH_PER_KNOT) * HOUR), km, leg))
        time, km, leg = min(options, key=lambda option: (option[0], option[2].side.mmsi))
        if time <= until:
            arrival = ChainArrival(
                port=call,
                port_name=fences[0].name.split(",")[0],
                ssvid=leg.side.vessel.ssvid,
                distance_km=round(km, 1),
                earliest_arrival=to_text(time // 1000 * 1000),
                hours_left=round(max(0, time - instant) / HOUR, 1),
            )
            found.append((time, call, arrival))
    return tuple(arrival for _, _, arrival in sorted(found, key=lambda each: each[:2]))


def _summary(cargo: Cargo, chain: Chain, over: bool, s: ChainSettings) -> str:
    way = main_way(cargo, s)
    steps = [_step(leg, cargo) for leg in way]
    text = f"Suspected oil delivery chain: {'; '.join(steps)}."
    if earlier := [call for call in cargo.earlier if call.seen]:
        before = ", ".join(f"{call.port_name} until {day(call.until)}" for call in earlier[-3:])
        text += f" It had also called at {before}; the last call counts."
    if ends_of(cargo, s):
        # An open visit may lie outside the port already: it is over only after some hours outside.
        return text + (" That port visit is still open." if way[-1].fact.end is None else "")
    if over:
        return text + (
            f" No call at a North Korean port became known by {day(window_end(cargo, s))}, the end of "
            "the time in which it would count."
        )
    who = ", ".join(holder.ssvid for holder in chain.holders)
    text += (
        f" The oil may be aboard MMSI {who}."
        if len(chain.holders) == 1
        else (f" The oil may be aboard any of these: MMSI {who}." if who else "")
    )
    if chain.arrivals:
        first = chain.arrivals[0]
        text += (
            f" Earliest arrival by sea at {s.passage_knots:g} kn: {first.port_name}, "
            f"{first.earliest_arrival[:16].replace('T', ' ')} UTC."
        )
    return text


def _step(leg: Leg, cargo: Cargo) -> str:
    fact = leg.fact
    if leg.kind == "load" and not fact.seen:
        place, until = fact.port_name, day(fact.until)
        return f"{named(leg.side)} may have called at {place} before {until}, while it was not heard"
    if fact.sighted:
        return f"{named(leg.side)} was seen by others at {fact.port_name} on {day(fact.start)}"
    if leg.kind == "load":
        until = f"until {day(fact.end)}" if fact.end is not None else f"since {day(fact.start)}"
        return f"{named(leg.side)} was at {fact.port_name} {until}"
    if leg.kind == "discharge" and not fact.seen:
        when = f"between {day(fact.start)} and {day(fact.until)}"
        return f"{named(leg.side)} may have called at {fact.port_name} {when}, while it was not heard"
    if leg.kind == "discharge":
        return f"{named(leg.side)} called at {fact.port_name} on {day(fact.start)}"
    assert leg.giver is not None
    return f"{named(leg.giver)} met {named(leg.side)} on {day(fact.start)}"
