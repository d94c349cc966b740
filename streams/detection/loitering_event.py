"""The event of a loitering: its numbers, its reasons for and against, its sentence.

The rule is in `loitering`. A loitering is found from one vessel alone, which gives an event with a proposed
level (`build_event`). Where ships rest, and whether the vessel was in an encounter meanwhile, is known only
where all vessels are compared. There `judged` adds it and decides the level.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from geofences.distance import Floats
from geofences.surroundings import Surroundings, bounds, middle, rounded
from models.event import (
    Detector,
    Distances,
    Event,
    EventType,
    Evidence,
    Level,
    Loitering,
    Reason,
    Status,
)
from models.innocent import Hypothesis
from models.time import HOUR, Millis, duration_text, to_text
from models.vessel import Identity
from streams.detection.explanation import (
    ANCHORED,
    COARSE,
    DOUBTFUL_MMSI,
    FALSE_PLACE,
    JAMMED,
    LEAPT,
    LEAPT_RULE,
    NOT_COMMANDED,
    NOT_OF_INTEREST,
    OFF_TRACK,
    SHARED_MMSI,
    TYPE_CHANGED,
    WATCHED_AREA,
    called,
    hours,
    number_doubts,
    position,
    retracted,
    type_changed,
    vessel_of,
)
from streams.detection.hypotheses import best
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE, watchlist, weak_match
from streams.detection.loitering import LoiteringRun, LoiteringSettings, in_sts_area, level_of, silence_of
from streams.detection.loitering_positions import LoiteringPositions, Positions
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side, score
from streams.detection.resting import NOT_LEARNT, RESTING_PLACE, Rest, RestSettings, resting

SLOW: Final = ReasonType(
    code="slow",
    side=Side.FOR,
    text="slower than {knots:g} knots on average for {duration} (averages of {bucket} min; silences of up to "
    "{silence:g} h included)",
    weight="slow",
    thresholds=("min_hours", "min_hours_sts"),
    unit="h",
)
STS_AREA: Final = ReasonType(
    code="sts_area",
    side=Side.FOR,
    text="mostly in an area known for ship-to-ship transfers",
    weight="sts_area",
)
AT_ANCHOR: Final = ReasonType(
    code="at_anchor",
    side=Side.AGAINST,
    text="most positions report at anchor or moored",
    weight="at_anchor",
    hypotheses=(Hypothesis.WAITING,),
)
NEAR_PORT: Final = ReasonType(
    code="near_port",
    side=Side.AGAINST,
    text="began {value:.1f} km from a port, closer than {threshold:g} km: ships often wait near ports",
    weight="near_port",
    thresholds=("port_km",),
    unit="km",
    hypotheses=(Hypothesis.WAITING,),
)
NEAR_SHORE: Final = ReasonType(
    code="near_shore",
    side=Side.AGAINST,
    text="on average {value:.1f} km from the shore, closer than {threshold:g} km: ships often wait there",
    weight="near_shore",
    thresholds=("shore_km",),
    unit="km",
    hypotheses=(Hypothesis.WAITING,),
)
SILENCE: Final = ReasonType(
    code="silence",
    side=Side.FOR,
    text="right before or after it, the vessel was not heard for {duration} or longer",
    weight="silence",
    thresholds=("silence_hours",),
    unit="h",
)
NOT_UNDER_COMMAND: Final = ReasonType(
    code="not_under_command",
    side=Side.AGAINST,
    text="most positions report that it is not under command: a breakdown explains that it lay still",
    weight="not_under_command",
    hypotheses=(Hypothesis.BREAKDOWN,),
)
ADRIFT: Final = ReasonType(
    code="adrift",
    side=Side.AGAINST,
    text="it was mostly moved across its heading, adrift with the engine stopped as ships are that wait",
    weight="adrift",
    hypotheses=(Hypothesis.WAITING,),
)
ALONE: Final = ReasonType(
    code="alone",
    side=Side.AGAINST,
    text="no encounter with another vessel was found: ships also wait like this for orders or repairs",
    weight="alone",
    hypotheses=(Hypothesis.WAITING,),
)
IN_ENCOUNTER: Final = ReasonType(
    code="in_encounter",
    side=Side.AGAINST,
    text="it was in an encounter meanwhile, which has an event of its own",
    weight="in_encounter",
)

LEVELS: Final = (
    LevelRule(
        "slow", Effect.POSSIBLE, "slow for `min_hours`, or `min_hours_sts` in an area known for transfers"
    ),
    LevelRule("slow_long", Effect.PROBABLE, "slow for `probable_hours`, or `probable_hours_sts` there"),
    LEAPT_RULE,
    WEAK_RULE,
    LevelRule("not_under_command", Effect.LIMIT, "most positions report that it is not under command"),
    LevelRule(
        "near_port",
        Effect.LIMIT,
        "it began within `port_km` of a port of the catalogue or the World Port Index",
    ),
    LevelRule("resting_place", Effect.LIMIT, "many other ships lay at rest near it over the last days"),
    LevelRule("at_anchor", Effect.LIMIT, "most positions report at anchor or moored"),
    LevelRule("near_shore", Effect.LIMIT, "it was within `shore_km` of the shore on average"),
    LevelRule("adrift", Effect.LIMIT, "it was mostly moved across its heading"),
    LevelRule("in_possible_encounter", Effect.LIMIT, "it was in an encounter that is only `possible`"),
    # Also where few ships rest: of the tankers that wait for orders, some do so far out, and adrift.
    LevelRule("alone", Effect.LIMIT, "no encounter was found meanwhile"),
    LevelRule("in_probable_encounter", Effect.EXCEPTION, "it was in an encounter that is `probable`"),
    LevelRule("watchlist", Effect.EXCEPTION, "the vessel is on a watchlist"),
    LevelRule("sts_area", Effect.EXCEPTION, "it was mostly in an area known for ship-to-ship transfers"),
    LevelRule("watched_area", Effect.EXCEPTION, "it was in a watched area"),
    LevelRule(
        "silence_at_sea",
        Effect.EXCEPTION,
        "the vessel was silent for `silence_hours` right before or after it, neither near a port nor where "
        "other ships rest, and reception does not explain that silence",
    ),
)
REASONS: Final = ReasonTable(
    EventType.LOITERING,
    LoiteringSettings(),
    (
        *(SLOW, STS_AREA, WATCHED_AREA, *LISTING, SILENCE, SHARED_MMSI, DOUBTFUL_MMSI, OFF_TRACK, LEAPT),
        JAMMED,
        *(NOT_UNDER_COMMAND, NEAR_PORT),
        *(RESTING_PLACE, AT_ANCHOR, NEAR_SHORE, ADRIFT, NOT_LEARNT, TYPE_CHANGED),
        *(COARSE, ALONE, IN_ENCOUNTER, WEAK_MATCH, NOT_OF_INTEREST, FALSE_PLACE),
    ),
    LEVELS,
)


class Met(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An encounter of the vessel meanwhile."""

    id: str  # of its event
    other: str  # what to call the other vessel
    level: str


class _Facts(msgspec.Struct, frozen=True):
    """What is measured of a loitering, for its numbers and its reasons."""

    identity: Identity
    start: Millis
    duration: Millis
    sts: bool
    anchored: float  # share of the positions that report at anchor or moored
    disabled: float  # share that reports not under command
    across: float  # share at which it was moved across its heading
    error: float  # metres that most positions may be off for being rounded; 0 where that does not matter
    silence: Millis  # right before or after it
    watched: str | None  # name of a watched fence that it was in
    distances: Distances
    shore_km: float | None  # from the shore, on average


def expect(runs: Iterable[LoiteringRun], surroundings: Surroundings, s: LoiteringSettings) -> None:
    """Events of those that have a level are built next: look up what lies around their new positions, for all
    at once."""
    told = (run for run in runs if level_of(run, s) is not None)
    new = (run.rows[run.rows["time"] > run.last_revision_at] for run in told)
    surroundings.expect(place for rows in new for place in rows[["lon", "lat"]].tolist())


def build_event(
    run: LoiteringRun,
    identity: Identity,
    instant: Millis,
    status: Status,
    retraction: Reason | None,
    surroundings: Surroundings,
    known: LoiteringPositions,
    detector: Detector,
    s: LoiteringSettings,
) -> Event:
    """One revision, as far as one vessel tells; `retraction` is why it is taken back."""
    assert run.start is not None
    assert run.id is not None
    rows = run.rows
    during = rows[(rows["time"] >= run.start) & (rows["time"] <= run.until)]
    kept = during if len(during) else rows[-1:]
    lon, lat = kept["lon"].copy(), kept["lat"].copy()
    statuses = kept["status"].tobytes()
    positions = known.of(run.id, identity.mmsi, kept, goes_on=status is Status.OPEN)
    relations = surroundings.named(positions.around)
    duration = run.until - run.start
    numbers = _numbers(positions, kept["sog"].copy(), duration)
    facts = _Facts(
        identity=identity,
        start=run.start,
        duration=duration,
        sts=in_sts_area(run, s),
        anchored=sum(map(statuses.count, ANCHORED)) / len(kept),
        disabled=statuses.count(NOT_COMMANDED) / len(kept),
        across=int(np.count_nonzero(kept["across"])) / len(kept),
        error=run.error,
        silence=silence_of(run, s),
        watched=surroundings.watched_fence(relations),
        distances=surroundings.distances((lon[0], lon[-1]), (lat[0], lat[-1])),
        shore_km=numbers.average_distance_from_shore_km,
    )
    reasons, against = list(_for(facts, s)), [*_against(facts, s), *([retraction] if retraction else [])]
    scoring = s.weights.scoring(Level(run.level), status)
    return Event(
        id=run.id,
        type=EventType.LOITERING,
        revision=run.revision,
        status=status,
        level=Level(run.level),
        start=to_text(run.start),
        end=to_text(run.until) if status is not Status.OPEN else None,
        detected=to_text(instant),
        position=position(*middle(lon, lat)),
        bounding_box=bounds(lon, lat),
        distances=facts.distances,
        vessel=vessel_of(identity),
        loitering=numbers,
        geofences=relations,
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        summary=_summary(facts, status, s) + retracted(retraction),
        evidence=Evidence(
            positions=positions.samples,
            receivers=tuple(run.receivers),
        ),
        detector=detector,
    )


def judged(
    event: Event,
    rest: Rest,
    encounters: Sequence[Met],
    own_silence: bool,
    s: LoiteringSettings,
    r: RestSettings,
) -> Event:
    """A loitering with its level, from what the comparison of all vessels tells.

    `rest` is what is known of where ships rest, `encounters` are those of the vessel meanwhile, and
    `own_silence` says whether a silence next to it is the vessel's own and not that of receivers. One that is
    taken back stays as it is.
    """
    if event.status is Status.RETRACTED:
        return event
    reasons, summary = event.reasons, event.summary
    against = [*event.against, *resting(rest, s, r)]
    if encounters:
        against.append(IN_ENCOUNTER.reason(s, ", ".join(met.id for met in encounters)))
        several = "encounters" if len(encounters) > 1 else "an encounter"
        others = " and ".join(f"the {met.other}" for met in encounters)
        summary += f" Meanwhile it was in {several} with {others}."
    else:
        against.append(ALONE.reason(s))
        verb = "has been found so far" if event.status is Status.OPEN else "was found"
        coarse = any(reason.code == COARSE.code for reason in event.against)
        but = ", but its positions are rounded too coarsely to tell of one" if coarse else ""
        summary += f" No encounter with another vessel {verb}{but}."
    conditions = _conditions(event, against, encounters, own_silence)
    level, limits = REASONS.level(conditions) or Level.POSSIBLE, REASONS.limits(conditions)
    against.sort(key=lambda reason: limits.index(reason.code) if reason.code in limits else len(limits))
    scoring = REASONS.scoring(s.weights, level, event.status, conditions)
    return msgspec.structs.replace(
        event,
        level=level,
        against=tuple(against),
        innocent_explanation=best(REASONS, event.reasons, against),
        score=score(scoring, reasons, against),
        scoring=scoring,
        summary=summary,
    )


def _conditions(
    event: Event, against: Sequence[Reason], encounters: Sequence[Met], own_silence: bool
) -> set[str]:
    """The conditions of LEVELS that hold."""
    conditions = {reason.code for reason in (*event.reasons, *against)}
    if event.level is Level.PROBABLE:
        conditions.add("slow_long")
    if own_silence and "silence" in conditions and conditions.isdisjoint({"near_port", "resting_place"}):
        conditions.add("silence_at_sea")
    if encounters:
        probable = any(met.level == Level.PROBABLE for met in encounters)
        conditions.add("in_probable_encounter" if probable else "in_possible_encounter")
    return conditions


def _numbers(positions: Positions, sog: Floats, duration: Millis) -> Loitering:
    distance = float(positions.metres.sum()) / 1000
    missing = np.isnan(sog)
    if reported := len(sog) - int(np.count_nonzero(missing)):
        mean = float(np.where(missing, 0.0, sog).sum()) / reported
    else:  # nothing reported: the speed of the path
        mean = distance / 1.852 / (duration / HOUR) if duration else 0.0
    return Loitering(
        total_time_hours=hours(duration),
        total_distance_km=round(distance, 2),
        average_speed_knots=round(mean, 2),
        average_distance_from_shore_km=rounded(float(np.mean(positions.shores_km)), 2),
    )


def _for(facts: _Facts, s: LoiteringSettings) -> Iterator[Reason]:
    yield SLOW.reason(
        s,
        hours(facts.duration),
        threshold="min_hours_sts" if facts.sts else "min_hours",
        share=min(1.0, facts.duration / HOUR / s.full_hours),
        knots=s.slow_knots,
        duration=duration_text(facts.duration),
        bucket=s.bucket_minutes,
        silence=s.max_silence_hours,
    )
    if facts.sts:
        yield STS_AREA.reason(s)
    if facts.watched is not None:
        yield WATCHED_AREA.reason(s, name=facts.watched)
    yield from watchlist(facts.identity, facts.start, s)
    if facts.silence >= s.silence_hours * HOUR:
        yield SILENCE.reason(s, hours(facts.silence), duration=duration_text(facts.silence))


def _against(facts: _Facts, s: LoiteringSettings) -> Iterator[Reason]:
    yield from number_doubts(facts.identity, facts.start, facts.start + facts.duration, s)
    if facts.disabled > s.adrift_share:
        yield NOT_UNDER_COMMAND.reason(s, round(facts.disabled, 2))
    if facts.anchored > s.anchored_share:
        yield AT_ANCHOR.reason(s, round(facts.anchored, 2))
    port, shore = facts.distances.start_distance_from_port_km, facts.shore_km
    if port is not None and port < s.port_km:
        yield NEAR_PORT.reason(s, port)
    if shore is not None and shore < s.shore_km:
        yield NEAR_SHORE.reason(s, shore)
    if facts.across > s.adrift_share:
        yield ADRIFT.reason(s, round(facts.across, 2))
    if facts.error:
        yield COARSE.reason(s, round(facts.error))
    yield from type_changed(facts.identity, s)
    yield from weak_match(facts.identity, s)


def _summary(facts: _Facts, status: Status, s: LoiteringSettings) -> str:
    verb = "has been" if status is Status.OPEN else "was"
    area = ", mostly in an area known for ship-to-ship transfers" if facts.sts else ""
    return (
        f"The {called(facts.identity)} {verb} slower than {s.slow_knots:g} knots on average for "
        f"{duration_text(facts.duration)}{area}."
    )
