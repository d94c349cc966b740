"""The event of a possible dark port visit: its level, its reasons for and against, its sentence."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from models.event import DarkPortVisit, Detector, Event, EventType, Gap, Level, ReachablePort, Reason, Status
from models.innocent import Hypothesis
from models.sighting import Seen
from models.time import HOUR, Millis, duration_text, from_text
from models.vessel import Identity
from streams.detection.dark_visits.reach import other_ports, to_name
from streams.detection.dark_visits.settings import DarkVisitSettings
from streams.detection.explanation import (
    DOUBTFUL_MMSI,
    LEAPT,
    NOT_OF_INTEREST,
    OFF_TRACK,
    SHARED_MMSI,
    TYPE_CHANGED,
    called,
    number_doubts,
    retracted,
    type_changed,
)
from streams.detection.gaps.reasons import DRAUGHT
from streams.detection.gaps.seen import described
from streams.detection.hypotheses import best
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE, watchlist, weak_match
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side, score

REACHABLE: Final = ReasonType(
    code="reachable",
    side=Side.FOR,
    text="it can have been at {port} for up to {duration}, at {knots:g} knots by sea",
    weight="reachable",
    thresholds=("stay_hours",),
    unit="h",
)
SEEN_IN_PORT: Final = ReasonType(
    code="seen_in_port",
    side=Side.FOR,
    text="it fell silent at {port}, and was heard again outside",
    weight="seen_in_port",
    hypotheses=(Hypothesis.PASSAGE, Hypothesis.OTHER_PORT),
)
SIGHTED_IN_PORT: Final = ReasonType(
    code="sighted_in_port",
    side=Side.FOR,
    text="it was seen in {port} at {when} UTC by {what}, which names it",
    weight="sighted_in_port",
    hypotheses=(Hypothesis.PASSAGE, Hypothesis.OTHER_PORT, Hypothesis.RECEPTION),
)
FITTING_IN_PORT: Final = ReasonType(
    code="fitting_in_port",
    side=Side.FOR,
    text="a vessel seen in {port} at {when} UTC by {what} fits nobody who was heard there, and of the silent "
    "vessels that are followed only this one",
    weight="fitting_in_port",
    hypotheses=(Hypothesis.PASSAGE, Hypothesis.OTHER_PORT),
)
SAME_DRAUGHT: Final = ReasonType(
    code="same_draught",
    side=Side.AGAINST,
    text="it reported the same draught after the silence: {metres:g} m",
    weight="same_draught",
    hypotheses=(Hypothesis.PASSAGE,),
)
MORE_DRAUGHT: Final = ReasonType(
    code="more_draught",
    side=Side.AGAINST,
    text="its reported draught rose by {value:g} m, and {port} lies in a country that ships no oil",
    weight="more_draught",
    unit="m",
    hypotheses=(Hypothesis.OTHER_PORT,),
)
GAP_POSSIBLE: Final = ReasonType(
    code="gap_possible",
    side=Side.AGAINST,
    text="the silence itself is only a `possible` gap: reception, or where the vessel lay, may explain it",
    weight="gap_possible",
    hypotheses=(Hypothesis.RECEPTION,),
)
SEVERAL_COUNTRIES: Final = ReasonType(
    code="several_countries",
    side=Side.AGAINST,
    text="watched ports of several countries were within its reach: {names}",
    weight="several_countries",
    hypotheses=(Hypothesis.OTHER_PORT,),
)
OTHER_PORT: Final = ReasonType(
    code="other_port",
    side=Side.AGAINST,
    text="ports of other countries were within its reach too, as the crow flies; the nearest is {port}",
    weight="other_port",
    hypotheses=(Hypothesis.OTHER_PORT,),
)
SEVERAL_PORTS: Final = ReasonType(
    code="several_ports",
    side=Side.AGAINST,
    text="{count} watched ports were within its reach, so which one it called at, if any, is not known",
    weight="several_ports",
)
NOT_REACHED: Final = ReasonType(
    code="not_reached",
    side=Side.RETRACTION,
    text="where it was heard again leaves no time for a call at any watched port",
    weight="retraction",
)
LEVELS: Final = (
    LevelRule(
        "reachable",
        Effect.POSSIBLE,
        "during a gap, the vessel can have reached a watched port and left it again, with `stay_hours` "
        "there, at a speed that it can keep",
    ),
    LevelRule("seen_in_port", Effect.PROBABLE, "it fell silent in the port and was heard again outside it"),
    LevelRule("sighted_in_port", Effect.PROBABLE, "somebody saw it in a zone of the port, and named it"),
    LevelRule("draught", Effect.PROBABLE, "its draught changed by `draught_metres` or more"),
    LevelRule("gap_possible", Effect.LIMIT, "the gap is only `possible`"),
    LevelRule(
        "several_countries",
        Effect.LIMIT,
        "watched ports of several countries were within its reach, those of `importers` left out where its "
        "draught rose",
    ),
    LevelRule("other_port", Effect.LIMIT, "a port of another country, not watched, was within its reach"),
    LevelRule("seen_in_port", Effect.EXCEPTION, "it fell silent in the port and was heard again outside it"),
    LevelRule("sighted_in_port", Effect.EXCEPTION, "somebody saw it in a zone of the port, and named it"),
    LevelRule("same_draught", Effect.BAR, "its draught is the same, and nobody saw it in the port"),
    LevelRule("shared_mmsi", Effect.BAR, "two ships are heard under the MMSI"),
    WEAK_RULE,
)
REASONS: Final = ReasonTable(
    EventType.DARK_PORT_VISIT,
    DarkVisitSettings(),
    (
        *(REACHABLE, SEEN_IN_PORT, SIGHTED_IN_PORT, FITTING_IN_PORT, DRAUGHT, *LISTING),
        *(SAME_DRAUGHT, MORE_DRAUGHT, GAP_POSSIBLE, SEVERAL_COUNTRIES, OTHER_PORT, SEVERAL_PORTS),
        *(
            SHARED_MMSI,
            DOUBTFUL_MMSI,
            OFF_TRACK,
            LEAPT,
            TYPE_CHANGED,
            WEAK_MATCH,
            NOT_OF_INTEREST,
            NOT_REACHED,
        ),
    ),
    LEVELS,
)


def build_event(
    id: str,
    revision: int,
    gap_event: Event,
    ports: Sequence[ReachablePort],
    identity: Identity,
    detector: Detector,
    retraction: Reason | None,
    s: DarkVisitSettings,
) -> Event:
    """One revision, from the gap as it stands and the ports within reach, of which there is at least one.

    `retraction` is why it is taken back.
    """
    gap = gap_event.gap
    assert gap is not None
    if _loaded(gap, s):  # hardly where no oil is shipped, unless it was seen there
        ports = sorted(ports, key=lambda port: _imports(port, s) and not (port.seen_arriving or port.sighted))
    reasons = list(_for(gap, ports, identity, from_text(gap_event.start), s))
    against = list(_against(gap_event, gap, ports, identity, s))
    conditions = {reason.code for reason in (*reasons, *against)}
    if "sighted_in_port" in conditions:  # draughts are typed in, and often are not
        conditions.discard("same_draught")
    status = gap_event.status if retraction is None else Status.RETRACTED
    if retraction is not None:
        against.append(retraction)
    level = REASONS.level(conditions) or Level.POSSIBLE
    scoring = REASONS.scoring(s.weights, level, status, conditions)
    first = ports[0]
    return msgspec.structs.replace(
        gap_event,
        id=id,
        type=EventType.DARK_PORT_VISIT,
        revision=revision,
        status=status,
        end=gap_event.end if status is not Status.RETRACTED else gap_event.end or gap_event.detected,
        level=level,
        gap=None,
        dark_port_visit=DarkPortVisit(
            gap=gap_event.id,
            port=first.port,
            port_name=first.port_name,
            country=first.country,
            duration_hours=gap.duration_hours,
            plausible_speed_knots=gap.plausible_speed_knots,
            draught_before_meters=gap.draught_before_meters,
            draught_after_meters=gap.draught_after_meters,
            ports=to_name(ports, s),
            sightings=gap.sightings,
        ),
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(REASONS, reasons, against),
        summary=_summary(gap_event, gap, ports, identity) + retracted(retraction),
        detector=detector,
    )


def _for(
    gap: Gap, ports: Sequence[ReachablePort], identity: Identity, start: Millis, s: DarkVisitSettings
) -> Iterator[Reason]:
    first = ports[0]
    yield REACHABLE.reason(
        s,
        first.longest_stay_hours,
        share=min(1.0, first.longest_stay_hours / s.full_hours),
        port=first.port_name,
        duration=duration_text(round(first.longest_stay_hours * HOUR)),
        knots=gap.plausible_speed_knots,
    )
    if first.seen_arriving:
        yield SEEN_IN_PORT.reason(s, port=first.port_name)
    if first.sighted is not None:
        when, what = _clock(first.sighted.time), described(first.sighted)
        yield SIGHTED_IN_PORT.reason(s, port=first.port_name, when=when, what=what)
    if fitting := next((port for port in ports if port.fitting is not None), None):
        assert fitting.fitting is not None
        when, what = _clock(fitting.fitting.time), described(fitting.fitting)
        yield FITTING_IN_PORT.reason(s, port=fitting.port_name, when=when, what=what)
    change = _draught_change(gap)
    if change is not None and abs(change) >= s.draught_metres and not (change > 0 and _imports(first, s)):
        yield DRAUGHT.reason(s, change)
    yield from watchlist(identity, start, s)


def _against(
    event: Event, gap: Gap, ports: Sequence[ReachablePort], identity: Identity, s: DarkVisitSettings
) -> Iterator[Reason]:
    change = _draught_change(gap)
    if change is not None and abs(change) < s.draught_metres:
        yield SAME_DRAUGHT.reason(s, metres=gap.draught_after_meters)
    if change is not None and _loaded(gap, s) and _imports(ports[0], s):
        yield MORE_DRAUGHT.reason(s, change, port=ports[0].port_name)
    if event.level is Level.POSSIBLE:
        yield GAP_POSSIBLE.reason(s)
    countries = {port.country for port in ports if port.country}
    if not ports[0].seen_arriving and not ports[0].sighted:
        called = {port.country for port in ports if not (_loaded(gap, s) and _imports(port, s))} - {None}
        if len(called) > 1:
            yield SEVERAL_COUNTRIES.reason(s, names=", ".join(sorted(filter(None, called))))
        if len(ports) > 1:
            yield SEVERAL_PORTS.reason(s, count=len(ports))
        if gap.on_position is not None:
            hours, knots = gap.duration_hours, gap.plausible_speed_knots
            watched = {*countries, *s.countries}
            others = other_ports(gap.off_position, gap.on_position, hours, knots, watched, s)
            if others:
                yield OTHER_PORT.reason(s, port=others[0])
    yield from number_doubts(identity, from_text(event.start), from_text(event.end or event.detected), s)
    yield from type_changed(identity, s)
    yield from weak_match(identity, s)


def _loaded(gap: Gap, s: DarkVisitSettings) -> bool:
    """Whether it came back with more draught."""
    change = _draught_change(gap)
    return change is not None and change >= s.draught_metres


def _imports(port: ReachablePort, s: DarkVisitSettings) -> bool:
    return port.country in s.importers


def _draught_change(gap: Gap) -> float | None:
    before, after = gap.draught_before_meters, gap.draught_after_meters
    return None if before is None or after is None else round(after - before, 1)


def _summary(event: Event, gap: Gap, ports: Sequence[ReachablePort], identity: Identity) -> str:
    first, name = ports[0], called(identity)
    if first.sighted is not None:
        return _seen_summary(event, gap, first, name, first.sighted)
    silent = duration_text(round(gap.duration_hours * HOUR))
    stay = duration_text(round(first.longest_stay_hours * HOUR))
    others = f" {len(ports) - 1} other watched ports were within its reach." if len(ports) > 2 else ""
    if len(ports) == 2:
        others = " Another watched port was within its reach."
    if gap.on_position is None:
        heard = (
            f"has not been heard for {silent}"
            if event.end is None
            else f"was not heard for {silent}; where it was when it was heard again is not known"
        )
        return (
            f"The {name} {heard}. It can have reached {first.port_name} at "
            f"{_clock(first.earliest_arrival)} UTC at the earliest.{others}"
        )
    if first.distance_to_on_km is None:  # told while it was silent, and taken back now that it is heard
        return (
            f"The {name} was not heard for {silent}. Before it was heard again, it could have reached "
            f"{first.port_name} at {_clock(first.earliest_arrival)} UTC at the earliest.{others}"
        )
    way = round(first.distance_from_off_km + (first.distance_to_on_km or 0))
    return (
        f"The {name} was not heard for {silent}. It can have called at {first.port_name} in that time, for "
        f"up to {stay}: the way there and on is about {way} km by sea.{others}"
    )


def _seen_summary(event: Event, gap: Gap, port: ReachablePort, name: str, seen: Seen) -> str:
    silent = duration_text(round(gap.duration_hours * HOUR))
    heard = "has not been heard" if event.end is None else "was not heard"
    text = f"The {name} {heard} for {silent}, and was seen in {port.port_name} meanwhile, "
    return f"{text}by {described(seen)} of {_clock(seen.time)} UTC at the latest."


def _clock(time: str) -> str:
    return time[:16].replace("T", " ")
