"""The event of a gap: its level, its reasons for and against, its sentence, from what reception tells."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np

from geofences.surroundings import Surroundings, bounds, middle
from models.event import Event, Gap, Level, Reason, Status, from_json, to_json
from models.time import HOUR, Millis, duration_text, from_text, to_text
from models.vessel import Identity
from streams.detection.explanation import (
    WATCHED_AREA,
    called,
    number_doubts,
    position,
    retracted,
    type_changed,
)
from streams.detection.gaps.reasons import (
    CLASS_B,
    COVERAGE_UNKNOWN,
    DRAUGHT,
    IN_HARBOUR,
    LEAVES_COVERAGE,
    MOVED,
    NEIGHBOURS_HEARD,
    NEIGHBOURS_SILENT,
    OFTEN_LOST,
    REASONS,
    RENUMBERED,
    SILENT,
)
from streams.detection.gaps.reception import Neighbours
from streams.detection.gaps.seen import sighting_reasons, sighting_sentence
from streams.detection.gaps.settings import GapSettings
from streams.detection.hypotheses import best
from streams.detection.identities.link import Moved
from streams.detection.listing import watchlist, weak_match
from streams.detection.reasons import score
from streams.tracking.track import metres_between

AROUND: Final = ("near it", "within some 100 km", "of the whole feed")
"""What the three circles of neighbours are called."""


class Circumstances(msgspec.Struct, array_like=True, gc=False):
    """What is known of reception around a silence, beside what the vessel itself shows."""

    rings: list[Neighbours] = []  # near it, around it, everywhere, as long as those hours are known
    heard_hours: int = 0  # hours of the silence in which others were heard near where it fell silent
    unheard_hours: int = 0  # hours in which they were not
    under_way: bool = False  # the vessel, when it fell silent
    leaves_coverage: bool = False
    lost_share: float = 0.0  # share of the vessels heard there that fall silent; 0 unless they often do
    outage: int | None = None  # the ring that fell silent with it
    harbour: str | None = None  # where it lay at rest
    class_b: bool = False
    outlasted: bool = False  # others have been heard there for long enough since that outage

    def kind(self) -> str:
        """The thresholds that count: how their settings' names begin."""
        return "harbour_" if self.harbour else "class_b_" if self.class_b else ""

    def coverage_known(self, heard_vessels: int, heard_share: float, enough_hours: float) -> bool:
        """Whether others near it were heard in enough hours of the silence.

        They are those that were near it before, or have been heard there for `enough_hours` since.
        """
        hours = self.heard_hours + self.unheard_hours
        near = self.rings[0].heard if self.rings else 0
        stayed = near >= heard_vessels or self.heard_hours >= enough_hours
        return stayed and self.heard_hours >= heard_share * max(hours, 1)

    def may_have_sailed(self, gap: Gap | None, s: GapSettings) -> bool:
        """Whether the vessel may have left unheard in an outage: it was under way, or nobody was heard there
        for hours and it is not back where it lay."""
        back = gap is not None and gap.distance_km is not None and gap.distance_km < s.moved_km
        return self.under_way or (self.unheard_hours >= s.possible_hours and not back)

    def is_own(self, heard_vessels: int, heard_share: float, enough_hours: float) -> bool:
        """Whether nothing that is known of reception explains the silence; arguments as above."""
        explained = self.outage is not None or self.leaves_coverage or self.lost_share
        return not explained and self.coverage_known(heard_vessels, heard_share, enough_hours)


def judged(
    event: Event,
    identity: Identity,
    around: Circumstances,
    known: bool,
    surroundings: Surroundings,
    s: GapSettings,
) -> Event | None:
    """A gap with its level; None while it has none. `known` is whether coverage is."""
    assert event.gap is not None
    explained = around.outage is not None and not around.outlasted
    if explained and not identity.listed and event.status is not Status.RETRACTED:
        return None
    silent = from_text(event.end or event.detected) - from_text(event.start)
    reasons = list(_for(event, identity, around, silent, surroundings, s))
    doubts = list(_against(event, identity, around, known, s))
    conditions = {reason.code for reason in (*reasons, *doubts)}
    kind = around.kind()
    if silent < s.least_hours(kind)[0] * HOUR:
        conditions.discard("silent")
    if silent - around.unheard_hours * HOUR >= s.least_hours(kind)[1] * HOUR:
        conditions.add("silent_long")
    level = REASONS.level(conditions)
    if level is None:
        if event.status is not Status.RETRACTED:
            return None
        level = Level.POSSIBLE
    limits = REASONS.limits(conditions)
    against = [*doubts, *event.against]
    against.sort(key=lambda reason: limits.index(reason.code) if reason.code in limits else len(limits))
    scoring = REASONS.scoring(s.weights, level, event.status, conditions)
    near = around.rings[0] if around.rings else Neighbours(0, 0)
    gap = msgspec.structs.replace(
        event.gap,
        neighbours_before=near.before,
        neighbours_heard=near.heard,
        observed_hours=float(around.heard_hours),
    )
    retraction = event.against[-1] if event.status is Status.RETRACTED and event.against else None
    return msgspec.structs.replace(
        event,
        level=level,
        gap=gap,
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(REASONS, reasons, against),
        summary=_summary(event, identity, silent) + sighting_sentence(gap) + retracted(retraction),
    )


def grounds(silent: Millis, around: Circumstances, known: bool, s: GapSettings) -> tuple[object, ...]:
    """What the level that `judged` gives a gap that has been open for `silent` milliseconds depends on as
    time goes on, beside the proposal, the vessel and sightings of it; the other arguments as there."""
    possible, probable = s.least_hours(around.kind())
    return (
        *(silent < possible * HOUR, silent - around.unheard_hours * HOUR >= probable * HOUR, known),
        *(around.outage is not None, around.outlasted, around.leaves_coverage, bool(around.lost_share)),
        *(around.harbour, around.class_b, bool(around.rings and around.rings[0].heard)),
    )


def as_it_stands(event: Event, instant: Millis) -> Event:
    """A gap that is still open, at a later instant."""
    assert event.gap is not None
    hours = round((instant - from_text(event.start)) / HOUR, 2)
    gap = msgspec.structs.replace(event.gap, duration_hours=hours)
    return msgspec.structs.replace(event, detected=to_text(instant), gap=gap)


def ended_elsewhere(event: Event, moved: Moved, s: GapSettings) -> Event | None:
    """A gap that is open ends where the ship is heard under another MMSI; None where it can't have come
    there."""
    gap, place = _gap(event), moved.place
    off = gap.off_position
    hours = (place.time - from_text(event.start)) / HOUR
    metres = metres_between(off.lon, off.lat, place.lon, place.lat)
    if hours <= 0 or metres / 1852 / hours > s.elsewhere_factor * gap.plausible_speed_knots:
        return None
    lon, lat = np.array([off.lon, place.lon]), np.array([off.lat, place.lat])
    what = "IMO number" if moved.what == "imo" else "call sign, with the same size,"
    time, mmsi = to_text(place.time)[:16].replace("T", " "), f"{moved.mmsi:09d}"
    return msgspec.structs.replace(
        event,
        status=Status.CLOSED,
        end=to_text(place.time),
        position=position(*middle(lon, lat)),
        bounding_box=bounds(lon, lat),
        gap=msgspec.structs.replace(
            gap,
            duration_hours=round(hours, 2),
            on_position=position(place.lon, place.lat),
            distance_km=round(metres / 1000, 2),
            implied_speed_knots=round(metres / 1852 / hours, 2),
        ),
        against=(*event.against, RENUMBERED.reason(s, mmsi=mmsi, what=what, time=time)),
    )


def stored(event: Event) -> bytes:
    """The proposal, as it is kept until it is judged again."""
    return to_json(event)


@lru_cache(maxsize=4096)
def proposed(proposal: bytes) -> Event:
    """The proposal that was stored. The silences that go on are asked for theirs again and again."""
    return from_json(proposal)


def _for(
    event: Event,
    identity: Identity,
    around: Circumstances,
    silent: Millis,
    surroundings: Surroundings,
    s: GapSettings,
) -> Iterator[Reason]:
    gap = _gap(event)
    yield SILENT.reason(
        s,
        round(silent / HOUR, 2),
        threshold=f"{around.kind()}possible_hours",
        share=min(1.0, silent / HOUR / s.full_hours),
        duration=duration_text(silent),
        expected=duration_text(round(gap.expected_hours * HOUR)),
    )
    if around.rings and around.rings[0].heard:
        near = around.rings[0]
        yield NEIGHBOURS_HEARD.reason(s, heard=near.heard, before=near.before)
    if (name := surroundings.watched_fence(event.geofences)) is not None:
        yield WATCHED_AREA.reason(s, name=name)
    yield from watchlist(identity, from_text(event.start), s)
    before, after = gap.draught_before_meters, gap.draught_after_meters
    if before is not None and after is not None and abs(after - before) >= s.draught_metres:
        yield DRAUGHT.reason(s, round(after - before, 1))
    if gap.distance_km is not None and gap.distance_km >= s.moved_km:
        yield MOVED.reason(s, gap.distance_km)
    yield from sighting_reasons(gap, s)


def _against(
    event: Event, identity: Identity, around: Circumstances, known: bool, s: GapSettings
) -> Iterator[Reason]:
    if around.outage is not None:
        ring = around.rings[around.outage]
        where = AROUND[around.outage]
        yield NEIGHBOURS_SILENT.reason(s, silent=ring.before - ring.heard, before=ring.before, where=where)
    if not known:
        hours = around.heard_hours + around.unheard_hours
        yield COVERAGE_UNKNOWN.reason(s, heard=around.heard_hours, hours=hours)
    if around.leaves_coverage:
        yield LEAVES_COVERAGE.reason(s)
    if around.lost_share:
        which = "that moved on" if around.under_way else "heard, by the hour"
        yield OFTEN_LOST.reason(s, part=around.lost_share, which=which)
    start = from_text(event.start)
    yield from number_doubts(identity, start, from_text(event.end or event.detected), s)
    if around.harbour:
        yield IN_HARBOUR.reason(s, where=around.harbour)
    if around.class_b:
        yield CLASS_B.reason(s)
    yield from type_changed(identity, s)
    yield from weak_match(identity, s)


def _gap(event: Event) -> Gap:
    assert event.gap is not None
    return event.gap


def _summary(event: Event, identity: Identity, silent: Millis) -> str:
    gap, name = _gap(event), called(identity)
    if event.end is None:
        return f"The {name} has not been heard for {duration_text(silent)}."
    text = f"The {name} was not heard for {duration_text(silent)}"
    if gap.distance_km is None or gap.implied_speed_knots is None:
        return f"{text}; where it was when it was heard again is not known."
    if any(reason.code == RENUMBERED.code for reason in event.against):
        text += ". The same identity was then heard under another MMSI"
    else:
        text += ", and was heard again"
    return (
        f"{text} {gap.distance_km:.0f} km from where it fell silent: that takes "
        f"{gap.implied_speed_knots:.1f} knots on average in a straight line."
    )
