"""Events of crossings of drawn fences: what an entry and an exit say, and the tables of their reasons."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from geofences.fence import FenceKind
from geofences.surroundings import Surroundings, bounds
from models.drawn_fence import FenceCrossing
from models.event import (
    Detector,
    Event,
    EventType,
    Evidence,
    FenceRelation,
    Level,
    Reason,
    Status,
    event_id,
)
from models.time import HOUR, Millis, duration_text, to_text
from models.vessel import Identity
from streams.detection.explanation import (
    DOUBTFUL_MMSI,
    LEAPT,
    LEAPT_RULE,
    OFF_TRACK,
    RECEIVERS,
    ROUNDED,
    SHARED_MMSI,
    TYPE_CHANGED,
    called,
    clock,
    hours,
    leap_of,
    number_doubts,
    position,
    sample,
    type_changed,
    vessel_of,
)
from streams.detection.fence_crossing import Crossing, FenceCrossingSettings
from streams.detection.hypotheses import best
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE, watchlist, weak_match
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side, score

CAME_IN: Final = ReasonType(
    code="crossed",
    side=Side.FOR,
    text="by its track, was outside {name} at {before} UTC and inside at {after} UTC",
    weight="crossed",
)
WENT_OUT: Final = ReasonType(
    code="crossed",
    side=Side.FOR,
    text="by its track, was in {name}, or at most {leave:.0f} m outside, at {before} UTC and farther outside "
    "at {after} UTC",
    weight="crossed",
)
STAYED: Final = ReasonType(
    code="stayed",
    side=Side.FOR,
    text="was there for {duration}, from its first position inside to its last one there",
    weight="stayed",
    unit="h",
)
UNHEARD: Final = ReasonType(
    code="unheard",
    side=Side.AGAINST,
    text="was not heard for {value:g} h between the two sides: when it crossed is not known more closely",
    weight="unheard",
    thresholds=("silence_hours",),
    unit="h",
)
FIRST_HEARD: Final = ReasonType(
    code="first_heard",
    side=Side.AGAINST,
    text="no position outside it, up to {near:g} km away, is known from the last {days:g} days or since the "
    "fence began to count: where it came from is not known",
    weight="first_heard",
)
INSIDE_BEFORE: Final = ReasonType(
    code="inside_before",
    side=Side.AGAINST,
    text="its entry was not seen: when it came in is not known",
    weight="inside_before",
)
HEARD_RULE: Final = LevelRule(
    "crossed", Effect.PROBABLE, "it was heard on both sides, with less than `silence_hours` between"
)
UNHEARD_RULE: Final = LevelRule(
    "unheard", Effect.BAR, "it was not heard for `silence_hours` or longer between the two sides"
)
ROUNDED_RULE: Final = LevelRule(
    "rounded_positions", Effect.BAR, "a position may be off by more than `leave_metres` for being rounded"
)
_DOUBTS: Final = (SHARED_MMSI, DOUBTFUL_MMSI, OFF_TRACK, LEAPT, ROUNDED, TYPE_CHANGED, WEAK_MATCH)
ENTRY_REASONS: Final = ReasonTable(
    EventType.FENCE_ENTRY,
    FenceCrossingSettings(),
    (CAME_IN, *LISTING, UNHEARD, FIRST_HEARD, *_DOUBTS),
    (
        LevelRule("inside", Effect.POSSIBLE, "it is heard inside, where it was not before"),
        HEARD_RULE,
        UNHEARD_RULE,
        ROUNDED_RULE,
        LEAPT_RULE,
        WEAK_RULE,
    ),
)
EXIT_REASONS: Final = ReasonTable(
    EventType.FENCE_EXIT,
    FenceCrossingSettings(),
    (WENT_OUT, STAYED, *LISTING, UNHEARD, INSIDE_BEFORE, *_DOUBTS),
    (
        LevelRule(
            "outside", Effect.POSSIBLE, "it is heard farther than `leave_metres` outside, after it was inside"
        ),
        HEARD_RULE,
        UNHEARD_RULE,
        ROUNDED_RULE,
        LEAPT_RULE,
        WEAK_RULE,
    ),
)


def build_event(
    found: Crossing,
    identity: Identity,
    instant: Millis,
    surroundings: Surroundings,
    detector: Detector,
    s: FenceCrossingSettings,
) -> Event:
    """The event of a crossing. There is one revision: what was heard does not change."""
    entry = found.side == "entry"
    kind = EventType.FENCE_ENTRY if entry else EventType.FENCE_EXIT
    table = ENTRY_REASONS if entry else EXIT_REASONS
    before, after = found.before, found.after
    start = before.time if before else after.time
    reasons, against = list(_for(found, identity, s)), list(_against(found, identity, s))
    conditions = {reason.code for reason in (*reasons, *against)} | {"inside" if entry else "outside"}
    if not identity.weakly_listed:
        conditions.discard("weak_match")
    if leap_of(identity, start) is None:
        conditions.discard("leapt")
    level = table.level(conditions) or Level.POSSIBLE
    scoring = table.scoring(s.weights, level, Status.CLOSED, conditions)
    places = (before, after) if before else (after,)
    lon, lat = np.array([place.lon for place in places]), np.array([place.lat for place in places])
    # a drawn fence is first: the event is about it, whatever else is there
    drawn = FenceRelation(
        id=found.fence,
        name=found.fence_name,
        kind=FenceKind.DRAWN.value,
        relation="inside" if entry else "left",
    )
    return Event(
        id=event_id(kind, (found.mmsi,), after.time, after.lon, after.lat, f"|{found.fence}"),
        type=kind,
        revision=1,
        status=Status.CLOSED,
        level=level,
        start=to_text(start),
        end=to_text(after.time),
        detected=to_text(instant),
        position=position(after.lon, after.lat),
        bounding_box=bounds(lon, lat),
        distances=surroundings.distances((lon[0], lon[-1]), (lat[0], lat[-1])),
        vessel=vessel_of(identity),
        fence_crossing=_facts(found, s),
        geofences=(drawn, *surroundings.relations(lon[-1:], lat[-1:])),
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(table, reasons, against),
        summary=_summary(found, identity, s),
        evidence=Evidence(
            positions=tuple(
                sample(place.time, found.mmsi, place.lon, place.lat, place.sog, place.cog) for place in places
            ),
            receivers=found.receivers[:RECEIVERS],
        ),
        detector=detector,
    )


def _unheard(found: Crossing) -> Millis | None:
    return None if found.before is None else found.after.time - found.before.time


def _is_silent(found: Crossing, s: FenceCrossingSettings) -> bool:
    unheard = _unheard(found)
    return unheard is not None and unheard >= s.silence_hours * HOUR


def _for(found: Crossing, identity: Identity, s: FenceCrossingSettings) -> Iterator[Reason]:
    if (before := found.before) is not None:
        row = CAME_IN if found.side == "entry" else WENT_OUT
        yield row.reason(
            s,
            name=found.fence_name,
            leave=s.leave_metres,
            before=clock(before.time),
            after=clock(found.after.time),
        )
        if found.since is not None:
            stay = before.time - found.since
            yield STAYED.reason(s, hours(stay), duration=duration_text(stay))
    yield from watchlist(identity, found.after.time, s)


def _against(found: Crossing, identity: Identity, s: FenceCrossingSettings) -> Iterator[Reason]:
    if (unheard := _unheard(found)) is None:
        yield FIRST_HEARD.reason(s, near=s.near_km, days=s.forget_days)
    elif _is_silent(found, s):
        yield UNHEARD.reason(s, hours(unheard))
    if found.side == "exit" and not found.entry_seen:
        yield INSIDE_BEFORE.reason(s)
    start = found.before.time if found.before else found.after.time
    yield from number_doubts(identity, start, found.after.time, s)
    error = max(place.error for place in (found.before, found.after) if place)
    if error > s.leave_metres:
        yield ROUNDED.reason(s, round(error))
    yield from type_changed(identity, s)
    yield from weak_match(identity, s)


def _facts(found: Crossing, s: FenceCrossingSettings) -> FenceCrossing:
    before, after, unheard = found.before, found.after, _unheard(found)
    fix = sample(after.time, found.mmsi, after.lon, after.lat, after.sog, after.cog)
    stay = before.time - found.since if before and found.since is not None else None
    return FenceCrossing(
        fence=found.fence,
        fence_name=found.fence_name,
        version=found.version,
        valid_from=None if found.valid_from is None else to_text(found.valid_from),
        kind="first_heard" if before is None else "silent" if _is_silent(found, s) else "seen",
        before=None if before is None else to_text(before.time),
        after=to_text(after.time),
        unheard_hours=None if unheard is None else hours(unheard),
        speed_knots=fix.speed_knots,
        course=fix.course,
        inside_since=None if found.since is None else to_text(found.since),
        inside_hours=None if stay is None else hours(stay),
        entry_seen=found.entry_seen,
    )


def _summary(found: Crossing, identity: Identity, s: FenceCrossingSettings) -> str:
    vessel, name, after = called(identity), found.fence_name, clock(found.after.time)
    if found.before is None:
        return f"The {vessel} was first heard inside the drawn fence {name} at {after} UTC."
    did = "came into" if found.side == "entry" else "left"
    before = clock(found.before.time)
    when = f"between {before} and {after} UTC"
    text = f"The {vessel} {did} the drawn fence {name} {when}."
    if _is_silent(found, s):
        text += f" It was not heard for {duration_text(found.after.time - found.before.time)} between."
    if found.since is not None:
        stay = duration_text(found.before.time - found.since)
        least = "" if found.entry_seen else "at least "
        text += f" It had been there for {least}{stay}."
    return text
