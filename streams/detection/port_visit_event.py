"""Events of port visits: what a visit says, and the table of its reasons."""

import math
from collections.abc import Iterable, Iterator
from typing import Final

from geofences.fence import DOCK_KINDS, PASSING_KINDS, Fence
from geofences.surroundings import Surroundings
from models.event import (
    Anchorage,
    Detector,
    Event,
    EventType,
    Evidence,
    Level,
    PortStop,
    PortVisit,
    Reason,
    Sample,
    Status,
)
from models.time import duration_text, to_text
from models.vessel import Identity
from streams.detection.explanation import (
    DOUBTFUL_MMSI,
    FALSE_PLACE,
    LEAPT,
    LEAPT_RULE,
    NOT_OF_INTEREST,
    OFF_TRACK,
    ROUNDED,
    SHARED_MMSI,
    called,
    hours,
    leap_of,
    number_doubts,
    position,
    retracted,
    sample,
    vessel_of,
)
from streams.detection.hypotheses import best
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE, watchlist, weak_match
from streams.detection.port_visit import PortVisitSettings, Stop, Visit, level_of
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side, score

NAMED: Final = 6
"""Stops that a summary names at most."""

INSIDE: Final = ReasonType(
    code="inside",
    side=Side.FOR,
    text="in {names}, on the ways between or within {leave:.0f} m, for {duration}",
    weight="inside",
    unit="h",
)
STOP: Final = ReasonType(
    code="stop",
    side=Side.FOR,
    text="stopped (from below {stop:g} knots until above {move:g}) for {duration}",
    weight="stop",
    unit="h",
)
SILENT: Final = ReasonType(
    code="silent",
    side=Side.FOR,
    text="was silent for {value:g} h between two positions in the port, which may hide a stop",
    weight="silent",
    thresholds=("silence_hours",),
    unit="h",
)
ENTRY: Final = ReasonType(code="entry", side=Side.FOR, text="was seen coming in", weight="entry")
EXIT: Final = ReasonType(code="exit", side=Side.FOR, text="was seen leaving", weight="exit")
NO_ENTRY: Final = ReasonType(
    code="no_entry", side=Side.AGAINST, text="its arrival was not seen", weight="no_entry"
)
NO_EXIT: Final = ReasonType(
    code="no_exit", side=Side.AGAINST, text="its departure was not seen", weight="no_exit"
)

LEVELS: Final = (
    LevelRule("call", Effect.POSSIBLE, "a stop or a silence in the port"),
    LevelRule(
        "confidence",
        Effect.PROBABLE,
        "its confidence is at least `probable_confidence`: 2 for a stop or a silence, and 1 more for each of "
        "an entry and an exit that were seen",
    ),
    LevelRule(
        "rounded_positions", Effect.BAR, "most of its positions may be off by more than `leave_metres`"
    ),
    LEAPT_RULE,
    WEAK_RULE,
)
REASONS: Final = ReasonTable(
    EventType.PORT_VISIT,
    PortVisitSettings(),
    (
        *(INSIDE, STOP, SILENT, ENTRY, EXIT, *LISTING),
        *(SHARED_MMSI, DOUBTFUL_MMSI, OFF_TRACK, LEAPT, ROUNDED, NO_ENTRY, NO_EXIT, WEAK_MATCH),
        *(NOT_OF_INTEREST, FALSE_PLACE),
    ),
    LEVELS,
)


def expect(visits: Iterable[Visit], surroundings: Surroundings) -> None:
    """Look up what lies around the places of these, for all at once: they are about to be told of."""
    surroundings.expect(place for visit in visits for place in _places(visit))


def build_event(
    visit: Visit,
    identity: Identity,
    instant: int,
    status: Status,
    retraction: Reason | None,
    surroundings: Surroundings,
    detector: Detector,
    s: PortVisitSettings,
) -> Event:
    """One revision; `retraction` is why it is taken back."""
    assert visit.id is not None
    main = surroundings.fences[_main_fence(visit, surroundings)]
    reasons = list(_for(visit, identity, main, s))
    against = [*_against(visit, identity, s), *([retraction] if retraction else [])]
    conditions = _conditions(visit, identity, s)
    level = REASONS.level(conditions) or Level(visit.level)
    scoring = REASONS.scoring(s.weights, level, status, conditions)
    west, south, east, north = (round(edge, 5) for edge in visit.box)
    lon, lat = (visit.lon, visit.last_lon), (visit.lat, visit.last_lat)
    return Event(
        id=visit.id,
        type=EventType.PORT_VISIT,
        revision=visit.revision,
        status=status,
        level=level,
        start=to_text(visit.start),
        end=to_text(visit.until) if status is not Status.OPEN else None,
        detected=to_text(instant),
        position=position(visit.last_lon, visit.last_lat),
        bounding_box=(west, south, east, north),
        distances=surroundings.distances(lon, lat),
        vessel=vessel_of(identity),
        port_visit=_facts(visit, main, surroundings),
        geofences=surroundings.named(surroundings.around(*zip(*_places(visit), strict=True))),
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(REASONS, reasons, against),
        summary=_summary(visit, identity, main, surroundings, s) + retracted(retraction),
        evidence=Evidence(
            positions=_evidence(visit, identity.mmsi),
            receivers=tuple(visit.receivers),
        ),
        detector=detector,
    )


def _evidence(visit: Visit, mmsi: int) -> tuple[Sample, ...]:
    """Where it came in, began its stops and was last."""
    stops = (stop for stop in visit.all_stops if visit.start < stop.start < visit.last)
    told = [
        (visit.start, visit.lon, visit.lat),
        *((stop.start, stop.lon, stop.lat) for stop in stops),
        (visit.last, visit.last_lon, visit.last_lat),
    ]
    return tuple(sample(time, mmsi, lon, lat, math.nan) for time, lon, lat in told)


def _conditions(visit: Visit, identity: Identity, s: PortVisitSettings) -> set[str]:
    """The conditions of LEVELS that hold."""
    found = {
        "call": visit.confidence > 1,
        "confidence": level_of(visit, s) == Level.PROBABLE,
        "leapt": leap_of(identity, visit.start) is not None,
        "weak_match": identity.weakly_listed,
        "rounded_positions": visit.error > 0,
    }
    return {code for code, holds in found.items() if holds}


def _main_fence(visit: Visit, surroundings: Surroundings) -> int:
    """The fence that names the visit: where it lay alongside for longest, or else stopped for longest.

    Locks and fairways come last. Without a stop it is the fence in which the vessel was last heard before it
    was silent.
    """
    stops = [stop for stop in visit.all_stops if stop.zone >= 0]
    if not stops:
        return visit.silent_fence if visit.silent else visit.first_fence

    def rank(stop: Stop) -> tuple[bool, bool, int]:
        kind = surroundings.fences[stop.zone].kind
        return kind in DOCK_KINDS, kind not in PASSING_KINDS, stop.duration

    return max(stops, key=rank).zone


def _places(visit: Visit) -> list[tuple[float, float]]:
    """Longitudes and latitudes of where it came in, stopped and was last, in degrees."""
    return [
        (visit.lon, visit.lat),
        *((stop.lon, stop.lat) for stop in visit.all_stops),
        (visit.last_lon, visit.last_lat),
    ]


def _facts(visit: Visit, main: Fence, surroundings: Surroundings) -> PortVisit:
    fences = surroundings.fences
    return PortVisit(
        port=main.call,
        port_name=main.name,
        country=main.country,
        confidence=visit.confidence,
        duration_hours=hours(visit.until - visit.start),
        stopped_hours=hours(visit.time_stopped),
        entry_seen=visit.entry,
        exit_seen=visit.exit,
        start_anchorage=_anchorage(fences[visit.first_fence]),
        intermediate_anchorage=_anchorage(main),
        end_anchorage=_anchorage(fences[visit.last_fence]),
        draught_before_meters=visit.draught_before,
        draught_after_meters=visit.draught_after,
        stops=tuple(_stop(stop, surroundings) for stop in visit.all_stops),
    )


def _anchorage(fence: Fence) -> Anchorage:
    return Anchorage(id=fence.id, name=fence.name, flag=fence.country, at_dock=fence.kind in DOCK_KINDS)


def _stop(stop: Stop, surroundings: Surroundings) -> PortStop:
    return PortStop(
        zone=_anchorage(surroundings.fences[stop.zone]) if stop.zone >= 0 else None,
        position=position(stop.lon, stop.lat),
        start=to_text(stop.start),
        end=None if stop.end is None else to_text(stop.end),
        duration_hours=hours(stop.duration),
    )


def _for(visit: Visit, identity: Identity, main: Fence, s: PortVisitSettings) -> Iterator[Reason]:
    stay = visit.until - visit.start
    yield INSIDE.reason(
        s, hours(stay), names=_where(visit, main), leave=s.leave_metres, duration=duration_text(stay)
    )
    if visit.all_stops:
        stopped = visit.time_stopped
        yield STOP.reason(
            s, hours(stopped), stop=s.stop_knots, move=s.move_knots, duration=duration_text(stopped)
        )
    if visit.silent:
        yield SILENT.reason(s, hours(visit.silent))
    if visit.entry:
        yield ENTRY.reason(s)
    if visit.exit:
        yield EXIT.reason(s)
    yield from watchlist(identity, visit.start, s)


def _against(visit: Visit, identity: Identity, s: PortVisitSettings) -> Iterator[Reason]:
    yield from number_doubts(identity, visit.start, visit.last if visit.end is None else visit.end, s)
    if visit.error:
        yield ROUNDED.reason(s, round(visit.error))
    if not visit.entry:
        yield NO_ENTRY.reason(s)
    if visit.end is not None and not visit.exit:
        yield NO_EXIT.reason(s)
    yield from weak_match(identity, s)


def _where(visit: Visit, main: Fence) -> str:
    return main.name + (" and other zones of its port" if len(visit.fences) > 1 else "")


def _summary(
    visit: Visit, identity: Identity, main: Fence, surroundings: Surroundings, s: PortVisitSettings
) -> str:
    where = _where(visit, main) + (f" ({main.country})" if main.country else "")
    vessel, stay = called(identity), duration_text(visit.until - visit.start)
    if visit.end is not None:
        least = "" if visit.entry and visit.exit else "at least "
        first = f"The {vessel} called at {where} for {least}{stay}."
    elif visit.away:
        first = (
            f"The {vessel} was in {where} for {stay} and is now outside. The visit ends when it has "
            f"stayed outside for {s.return_hours:g} h."
        )
    else:
        first = f"The {vessel} has been seen in {where} for {stay} so far."
    return first + _stops_text(visit, surroundings) + _draught_text(visit)


def _stops_text(visit: Visit, surroundings: Surroundings) -> str:
    """The stops in order, where there is more than one."""
    stops = visit.all_stops
    if len(stops) < 2:
        return ""
    named = [
        f"{surroundings.fences[stop.zone].name if stop.zone >= 0 else 'between the zones'} "
        f"for {duration_text(stop.duration)}"
        for stop in stops[:NAMED]
    ]
    more = f"; and {len(stops) - NAMED} more" if len(stops) > NAMED else ""
    return f" Stops: {'; '.join(named)}{more}."


def _draught_text(visit: Visit) -> str:
    before, after = visit.draught_before, visit.draught_after
    if before is None or after is None or before == after:
        return ""
    return f" The draught that it reports went from {before:.1f} to {after:.1f} m."
