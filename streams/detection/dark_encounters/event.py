"""The event of a possible dark encounter: its level, its reasons for and against, its sentence."""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from geofences.distance import Floats
from geofences.surroundings import Surroundings, bounds
from models.event import (
    DarkEncounter,
    Detector,
    Event,
    EventType,
    Evidence,
    FenceRelation,
    Level,
    Reason,
    Status,
    from_json,
)
from models.innocent import Hypothesis
from models.time import HOUR, Millis, duration_text, to_text
from models.vessel import Identity
from streams.detection.dark_encounters.settings import DarkEncounterSettings
from streams.detection.dark_encounters.stay import Kind, Stay, Together, event_of, kilometres
from streams.detection.explanation import (
    DOUBTFUL_MMSI,
    LEAPT,
    OFF_TRACK,
    RECEIVERS,
    SHARED_MMSI,
    TYPE_CHANGED,
    WATCHED_AREA,
    called,
    number_doubts,
    position,
    retracted,
    type_changed,
    vessel_of,
)
from streams.detection.gaps.reasons import COVERAGE_UNKNOWN
from streams.detection.hypotheses import best
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE, by_weak_match, watchlist, weak_match
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side, score

TOGETHER: Final = ReasonType(
    code="together",
    side=Side.FOR,
    text="they can have been together for up to {duration}, at {speeds}",
    weight="together",
    thresholds=("stay_hours",),
    unit="h",
)
NEAR: Final = ReasonType(
    code="near",
    side=Side.FOR,
    text="{who} {off} {where} before the silence, and {on} after it",
    weight="near",
)
OPPOSITE_DRAUGHTS: Final = ReasonType(
    code="opposite_draughts",
    side=Side.FOR,
    text="the draught of one rose by {rise:.1f} m over its silence, that of the other one fell by "
    "{fall:.1f} m",
    weight="opposite_draughts",
    thresholds=("draught_metres",),
    unit="m",
)
DRAUGHT: Final = ReasonType(
    code="draught",
    side=Side.FOR,
    text="the reported draught of {vessel} changed by {value:+.1f} m from before its silence to after it",
    weight="draught",
    thresholds=("draught_metres",),
    unit="m",
)
SAME_DRAUGHTS: Final = ReasonType(
    code="same_draughts",
    side=Side.AGAINST,
    text="{who} reported the same draught after the silence as before it",
    weight="same_draughts",
    hypotheses=(Hypothesis.PASSAGE,),
)
GAP_POSSIBLE: Final = ReasonType(
    code="gap_possible",
    side=Side.AGAINST,
    text="the silence of {vessel} is only a `possible` gap: reception, or where it lay, may explain it",
    weight="gap_possible",
    hypotheses=(Hypothesis.RECEPTION,),
)
COVERAGE: Final = ReasonType(
    code="coverage_unknown",
    side=Side.AGAINST,
    text="whether {vessel} could have been heard is not known: hardly anybody else was",
    weight="coverage_unknown",
    hypotheses=(Hypothesis.RECEPTION,),
)
SEVERAL_VESSELS: Final = ReasonType(
    code="several_vessels",
    side=Side.AGAINST,
    text="{vessel} can have met {count} vessels then; the other one is number {rank} of them by likelihood",
    weight="several_vessels",
    hypotheses=(Hypothesis.WAITING,),
)
PORT_IN_REACH: Final = ReasonType(
    code="port_in_reach",
    side=Side.AGAINST,
    text="{vessel} can have called at a port instead, as the crow flies; the nearest is {port}",
    weight="port_in_reach",
    hypotheses=(Hypothesis.OTHER_PORT,),
)
EXPLAINED: Final = ReasonType(
    code="explained",
    side=Side.RETRACTION,
    text="a later revision of what it rests on leaves no time or no reason for a meeting in the dark",
    weight="retraction",
)
LEVELS: Final = (
    LevelRule(
        "together",
        Effect.POSSIBLE,
        "both can have been at one place for `stay_hours` while one or both were silent, at speeds that they "
        "can keep",
    ),
    LevelRule(
        "opposite_draughts",
        Effect.PROBABLE,
        "both were silent, and one came back deeper and the other one less deep, by `draught_metres` each",
    ),
    LevelRule("gap_possible", Effect.LIMIT, "one of the silences is only a `possible` gap"),
    LevelRule("coverage_unknown", Effect.LIMIT, "hardly anybody was heard where one of them fell silent"),
    LevelRule("several_vessels", Effect.LIMIT, "the first vessel can have met others as well"),
    LevelRule("port_in_reach", Effect.LIMIT, "one of them can have called at a port instead"),
    LevelRule("shared_mmsi", Effect.BAR, "two ships are heard under the MMSI of one of them"),
    WEAK_RULE,
)
REASONS: Final = ReasonTable(
    EventType.DARK_ENCOUNTER,
    DarkEncounterSettings(),
    (
        *(TOGETHER, NEAR, OPPOSITE_DRAUGHTS, DRAUGHT, WATCHED_AREA, *LISTING),
        *(SAME_DRAUGHTS, GAP_POSSIBLE, COVERAGE, SEVERAL_VESSELS, PORT_IN_REACH),
        *(SHARED_MMSI, DOUBTFUL_MMSI, OFF_TRACK, LEAPT, TYPE_CHANGED, WEAK_MATCH, EXPLAINED),
    ),
    LEVELS,
)


class Case(msgspec.Struct, frozen=True):
    """What is known of a possible dark encounter. The first stay is a silence."""

    stays: tuple[Stay, Stay]
    identities: tuple[Identity, Identity]
    met: Together
    rank: int
    candidates: int
    ports: tuple[str | None, str | None]  # the nearest port that each can have called at instead


class _Side(msgspec.Struct, frozen=True):
    """One of the two vessels."""

    stay: Stay
    identity: Identity
    event: Event
    port: str | None

    @property
    def name(self) -> str:
        return f"MMSI {self.identity.mmsi:09d}"

    @property
    def draughts(self) -> tuple[float | None, float | None]:
        gap = self.event.gap
        return (gap.draught_before_meters, gap.draught_after_meters) if gap else (None, None)

    @property
    def change(self) -> float | None:
        before, after = self.draughts
        return None if before is None or after is None else round(after - before, 1)


def likelihood(a: Stay, b: Stay, met: Together, s: DarkEncounterSettings) -> float:
    """By what candidates are ranked: how long they can have been together, and how near they were."""
    return _share(met, s) + _nearness(a, b, met, s)


def build_event(
    id: str,
    case: Case,
    surroundings: Surroundings,
    detector: Detector,
    s: DarkEncounterSettings,
) -> Event:
    """The event as it stands, without a number of its revision and its instant."""
    first, second = (
        _Side(stay, identity, event_of(stay), port)
        for stay, identity, port in zip(case.stays, case.identities, case.ports, strict=True)
    )
    place = case.met.place
    at = _column(place.lon), _column(place.lat)
    fences = surroundings.relations(*at)
    reasons = list(_for(first, second, case, fences, surroundings, s))
    against = list(_against(first, second, case, s))
    conditions = {reason.code for reason in (*reasons, *against)}
    if by_weak_match(case.identities):
        conditions.add("weak_match")
    else:
        conditions.discard("weak_match")
    level = REASONS.level(conditions) or Level.POSSIBLE
    limits = REASONS.limits(conditions)
    against.sort(key=lambda reason: limits.index(reason.code) if reason.code in limits else len(limits))
    scoring = REASONS.scoring(s.weights, level, Status.CLOSED, conditions)
    ends = [first.stay.off, first.stay.on, second.stay.off, second.stay.on, place]
    receivers = {name for side in (first, second) for name in side.event.evidence.receivers}
    return Event(
        id=id,
        type=EventType.DARK_ENCOUNTER,
        revision=0,
        status=Status.CLOSED,
        level=level,
        start=to_text(case.met.begin),
        end=to_text(case.met.end),
        detected=to_text(0),
        position=position(*place),
        bounding_box=bounds(_column(*(end.lon for end in ends)), _column(*(end.lat for end in ends))),
        distances=surroundings.distances((place.lon, place.lon), (place.lat, place.lat)),
        vessel=vessel_of(first.identity),
        dark_encounter=_numbers(first, second, case),
        geofences=fences,
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(REASONS, reasons, against),
        summary=_summary(first, second, case),
        evidence=Evidence(
            positions=(*first.event.evidence.positions, *second.event.evidence.positions),
            receivers=tuple(sorted(receivers)[:RECEIVERS]),
        ),
        detector=detector,
    )


def taken_back(last: bytes, s: DarkEncounterSettings) -> Event:
    """The event taken back, from what `build_event` gave last."""
    event, why = from_json(last), EXPLAINED.reason(s)
    against = (*event.against, why)
    conditions = event.scoring.conditions if event.scoring else ()
    scoring = REASONS.scoring(s.weights, event.level, Status.RETRACTED, conditions)
    return msgspec.structs.replace(
        event,
        status=Status.RETRACTED,
        against=against,
        innocent_explanation=best(REASONS, event.reasons, against),
        scoring=scoring,
        score=score(scoring, event.reasons, against),
        summary=event.summary + retracted(why),
    )


def _numbers(first: _Side, second: _Side, case: Case) -> DarkEncounter:
    both = second.stay.kind is Kind.SILENT
    off, on = _apart(first.stay, second.stay, case.met)
    before, after = first.draughts
    other_before, other_after = second.draughts
    return DarkEncounter(
        vessel=vessel_of(second.identity),
        type="both_silent" if both else "one_silent",
        gap=first.event.id,
        other_event=second.event.id,
        longest_hours=round((case.met.end - case.met.begin) / HOUR, 1),
        off_distance_km=round(off, 1),
        on_distance_km=round(on, 1),
        plausible_speed_knots=round(first.stay.knots, 1),
        partner_plausible_speed_knots=round(second.stay.knots, 1) if both else None,
        draught_before_meters=before,
        draught_after_meters=after,
        partner_draught_before_meters=other_before,
        partner_draught_after_meters=other_after,
        rank=case.rank,
        candidates=case.candidates,
    )


def _for(
    first: _Side,
    second: _Side,
    case: Case,
    fences: tuple[FenceRelation, ...],
    surroundings: Surroundings,
    s: DarkEncounterSettings,
) -> Iterator[Reason]:
    a, b = first.stay, second.stay
    silent = b.kind is Kind.SILENT
    speeds = f"{a.knots:g} and {b.knots:g} knots" if silent else f"{a.knots:g} knots"
    lasted = case.met.end - case.met.begin
    yield TOGETHER.reason(
        s, round(lasted / HOUR, 1), share=_share(case.met, s), duration=duration_text(lasted), speeds=speeds
    )
    off, on = _apart(a, b, case.met)
    who, where = ("they were", "apart") if silent else (f"{first.name} was", "from there")
    yield NEAR.reason(s, share=_nearness(a, b, case.met, s), who=who, where=where, off=_km(off), on=_km(on))
    rises = [(side, change) for side in (first, second) if (change := side.change) is not None]
    if (
        len(rises) == 2
        and min(rises[0][1], rises[1][1]) <= -s.draught_metres
        and max(rises[0][1], rises[1][1]) >= s.draught_metres
    ):
        low, high = sorted(change for _, change in rises)
        yield OPPOSITE_DRAUGHTS.reason(s, round(min(high, -low), 1), rise=high, fall=-low)
    else:
        changed = [(side, change) for side, change in rises if abs(change) >= s.draught_metres]
        for side, change in changed[:1]:
            yield DRAUGHT.reason(s, change, vessel=side.name)
    if (name := surroundings.watched_fence(fences)) is not None:
        yield WATCHED_AREA.reason(s, name=name)
    listed = {
        reason.code: reason
        for side in (second, first)
        for reason in watchlist(side.identity, case.met.begin, s)
    }
    yield from (listed[code] for code in sorted(listed))


def _against(first: _Side, second: _Side, case: Case, s: DarkEncounterSettings) -> Iterator[Reason]:
    silent = [side for side in (first, second) if side.stay.kind is Kind.SILENT]
    changes = [side.change for side in silent]
    if all(change is not None and abs(change) < s.draught_metres for change in changes):
        yield SAME_DRAUGHTS.reason(s, who="both" if len(silent) == 2 else silent[0].name)
    weak = [side for side in silent if side.event.level is Level.POSSIBLE]
    if weak:
        yield GAP_POSSIBLE.reason(s, vessel=" and of ".join(side.name for side in weak))
    unknown = [
        side for side in silent if COVERAGE_UNKNOWN.code in {reason.code for reason in side.event.against}
    ]
    if unknown:
        yield COVERAGE.reason(s, vessel=" and ".join(side.name for side in unknown))
    if case.candidates > 1:
        yield SEVERAL_VESSELS.reason(s, vessel=first.name, count=case.candidates, rank=case.rank)
    near = next((side for side in silent if side.port is not None), None)
    if near is not None:
        yield PORT_IN_REACH.reason(s, vessel=near.name, port=near.port)
    doubts: dict[str, Reason] = {}
    for side in (first, second):
        for reason in (
            *number_doubts(side.identity, side.stay.start, side.stay.end, s),
            *type_changed(side.identity, s),
            *weak_match(side.identity, s),
        ):
            doubts.setdefault(reason.code, reason)
    yield from doubts.values()


def _share(met: Together, s: DarkEncounterSettings) -> float:
    return min(1.0, (met.end - met.begin) / HOUR / s.full_hours)


def _nearness(a: Stay, b: Stay, met: Together, s: DarkEncounterSettings) -> float:
    """1 where both ends of the silences lie at one place, 0 at the limit."""
    limit = s.silent_km if b.kind is a.kind else s.come_km
    return max(0.0, 1 - sum(_apart(a, b, met)) / (2 * limit))


def _apart(a: Stay, b: Stay, met: Together) -> tuple[float, float]:
    """Kilometres between the two, or from the silent one to the place, before and after the silence."""
    if b.kind is Kind.SILENT:
        return kilometres(a.off, b.off), kilometres(a.on, b.on)
    return kilometres(a.off, met.place), kilometres(met.place, a.on)


def _summary(first: _Side, second: _Side, case: Case) -> str:
    lasted = duration_text(case.met.end - case.met.begin)
    when = f"between {_clock(case.met.begin)} and {_clock(case.met.end)} UTC"
    a, b = called(first.identity), called(second.identity)
    if second.stay.kind is Kind.SILENT:
        off, on = _apart(first.stay, second.stay, case.met)
        return (
            f"The {a} and the {b} fell silent {_km(off)} apart and were heard again {_km(on)} apart. "
            f"They can have been together for up to {lasted}, {when}. Nobody saw them meet."
        )
    silent = duration_text(first.stay.end - first.stay.start)
    return (
        f"While the {b} loitered, the {a} was not heard for {silent}. It can have come to where that one "
        f"lay and have stayed for up to {lasted}, {when}. Nobody saw them meet."
    )


def _km(kilometers: float) -> str:
    return f"{kilometers:.0f} km" if kilometers >= 1 else "less than 1 km"


def _clock(time: Millis) -> str:
    return to_text(time)[:16].replace("T", " ")


def _column(*values: float) -> Floats:
    return np.array(values, np.float64)
