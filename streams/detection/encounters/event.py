"""The event of an encounter: its numbers, its reasons for and against, its sentence.

The rule is in `encounter`, the table of reasons in `reasons`.
"""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count
from statistics import median
from typing import Final

import msgspec
import numpy as np

from geofences.distance import Floats
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
    IdentityChange,
    Level,
    Reason,
    Sample,
    Status,
)
from models.time import HOUR, Millis, duration_text, to_text
from models.vessel import Identity, Role, flag_of
from streams.detection.encounters import reasons as table
from streams.detection.encounters.contact import Contact
from streams.detection.encounters.doubts import Doubts, conditions_of
from streams.detection.encounters.encounter import Pair, level_of
from streams.detection.encounters.ordinary import Ordinary
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.silence import A_HEARD, B_HEARD, Silence
from streams.detection.explanation import (
    WATCHED_AREA,
    about,
    called,
    hours,
    mmsi_text,
    number_doubts,
    position,
    retracted,
    samples,
    type_changed,
    vessel_of,
)
from streams.detection.hypotheses import best
from streams.detection.listing import watchlist, weak_match
from streams.detection.reasons import score
from streams.tracking.track import KNOT

_FIELDS: Final = {
    "mmsi": "MMSI",
    "name": "name",
    "callsign": "call sign",
    "imo": "IMO number",
    "ship_type": "ship type",
}


class _Facts(msgspec.Struct, frozen=True):
    """What is measured of an encounter, for its numbers and its reasons."""

    pair: Pair
    contact: Contact
    identities: tuple[Identity, Identity]
    doubts: Doubts
    ordinary: Ordinary
    lon: Floats  # of the first vessel at every sample, then of the second
    lat: Floats
    gap: float | None  # median metres between the hulls
    metres: float  # median between the antennas
    draught_changes: tuple[float | None, ...]  # metres since the contact began, by vessel
    distances: Distances
    relations: tuple[FenceRelation, ...]
    surroundings: Surroundings

    @property
    def closest(self) -> set[int]:
        """The samples at which the hulls were closest (the antennas, with no gap known), and the antennas."""
        at = self.contact.columns
        known = ~np.isnan(at.gap)
        hulls = np.where(known, at.gap, np.inf) if known.any() else at.at_most
        return {int(hulls.argmin()), int(at.metres.argmin())}

    @property
    def inside(self) -> list[FenceRelation]:
        """The fences that one of the two was in, at least for part of the time."""
        return [relation for relation in self.relations if relation.relation == "inside"]

    def named(self, fence: FenceRelation) -> str:
        """A fence's name, and whether only part of the encounter lay in it."""
        whole = self.surroundings.all_inside(fence.id, self.lon, self.lat)
        return fence.name if whole else f"{fence.name} (in part)"


def expect(contacts: Iterable[Contact], surroundings: Surroundings) -> None:
    """Look up how far from shore and port these begin and end, at once: they are about to be told of."""
    ends = (contact.samples[i].a for contact in contacts for i in (0, -1))
    surroundings.expect((each.lon, each.lat) for each in ends)


def build_event(
    pair: Pair,
    contact: Contact,
    identities: tuple[Identity, Identity],
    doubts: Doubts,
    ordinary: Ordinary,
    others: tuple[int, ...],
    instant: Millis,
    status: Status,
    retraction: Reason | None,
    surroundings: Surroundings,
    detector: Detector,
    s: EncounterSettings,
) -> Event:
    """One revision.

    `others` are further vessels of the same raft, and `retraction` is why it is taken back.
    """
    assert pair.id is not None
    facts = _measured(pair, contact, identities, doubts, ordinary, surroundings)
    reasons = list(_for(facts, s))
    against = [*_against(facts, s), *([retraction] if retraction else [])]
    level, by_contact = Level(pair.level), level_of(contact, doubts.one_hull or doubts.tow, s)
    limits = table.REASONS.limits(conditions_of("probable", doubts, ordinary, s))
    if level is Level.POSSIBLE:  # what an ordinary reader would say comes first
        against.sort(key=lambda reason: limits.index(reason.code) if reason.code in limits else len(limits))
    conditions = conditions_of(by_contact, doubts, ordinary, s)
    scoring = table.REASONS.scoring(s.weights, level, status, conditions)
    first, second = _by_importance(identities)
    return Event(
        id=pair.id,
        type=EventType.ENCOUNTER,
        revision=pair.revision,
        status=status,
        level=level,
        start=to_text(contact.start),
        end=to_text(contact.end) if status is not Status.OPEN else None,
        detected=to_text(instant),
        position=position(*middle(facts.lon, facts.lat)),
        bounding_box=bounds(facts.lon, facts.lat),
        distances=facts.distances,
        vessel=vessel_of(identities[first]),
        encounter=_numbers(facts, first, second, others, s),
        geofences=facts.relations,
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(table.REASONS, reasons, against),
        summary=_summary(facts, identities[first], identities[second], s) + retracted(retraction),
        evidence=Evidence(positions=_evidence(facts, s), receivers=tuple(pair.receivers)),
        detector=detector,
    )


def _measured(
    pair: Pair,
    contact: Contact,
    identities: tuple[Identity, Identity],
    doubts: Doubts,
    ordinary: Ordinary,
    surroundings: Surroundings,
) -> _Facts:
    first, last = contact.samples[0].a, contact.samples[-1].a
    lon, lat = contact.columns.lon.ravel(), contact.columns.lat.ravel()
    return _Facts(
        pair=pair,
        contact=contact,
        identities=identities,
        doubts=doubts,
        ordinary=ordinary,
        lon=lon,
        lat=lat,
        gap=contact.typical_gap,
        metres=contact.distance_at(0.5),
        draught_changes=tuple(
            round(now.draught - before, 1) if now.draught is not None and before is not None else None
            for now, before in zip(identities, pair.draughts, strict=True)
        ),
        distances=surroundings.distances((first.lon, last.lon), (first.lat, last.lat)),
        relations=surroundings.relations(lon, lat),
        surroundings=surroundings,
    )


def _by_importance(identities: tuple[Identity, Identity]) -> tuple[int, int]:
    """Which comes first: one on a watchlist, then a vessel that counts, then the lower MMSI."""
    first = min((0, 1), key=lambda i: (not identities[i].listed, not identities[i].of_interest, i))
    return first, 1 - first


def _numbers(
    facts: _Facts, first: int, second: int, others: tuple[int, ...], s: EncounterSettings
) -> Encounter:
    contact, at = facts.contact, facts.contact.columns
    gaps = at.gap[~np.isnan(at.gap)]
    near = contact.gap_at(0.1)
    turned = np.abs((at.heading[0] - at.heading[1] + 180) % 360 - 180)
    turned = turned[~np.isnan(turned)]
    return Encounter(
        vessel=vessel_of(facts.identities[second]),
        median_distance_kilometers=round(facts.metres / 1000, 3),
        median_speed_knots=round(median(((at.sog[0] + at.sog[1]) / 2).tolist()), 2),
        min_distance_kilometers=round(float(at.metres.min()) / 1000, 3),
        min_hull_gap_meters=round(float(gaps.min()), 1) if len(gaps) else None,
        median_hull_gap_meters=None if facts.gap is None else round(facts.gap, 1),
        hull_gap_p10_meters=None if near is None else round(near, 1),
        hull_gap_error_meters=round(contact.gap_error(s), 1) if len(gaps) else None,
        duration_hours=hours(contact.duration),
        bridged_hours=hours(contact.bridged),
        heading_difference_degrees=round(median(turned.tolist()), 1) if len(turned) else None,
        position_count=len(at.metres),
        draught_change_meters=facts.draught_changes[first],
        partner_draught_change_meters=facts.draught_changes[second],
        type="-".join(sorted(facts.identities[i].role.value for i in (first, second))),
        others=tuple(f"{mmsi:09d}" for mmsi in others),
        identity_changes=tuple(
            IdentityChange(
                time=to_text(each.time),
                ssvid=f"{each.mmsi:09d}",
                field=each.field,
                before=each.before,
                after=each.after,
            )
            for each in facts.pair.changes
        ),
    )


def _watched(facts: _Facts) -> FenceRelation | None:
    """The first watched fence that the encounter was in."""
    fences = facts.surroundings.index.by_id
    return next((each for each in facts.inside if fences[each.id].policy is Policy.WATCH), None)


def _for(facts: _Facts, s: EncounterSettings) -> Iterator[Reason]:
    contact = facts.contact
    yield table.DURATION.reason(
        s,
        hours(contact.duration),
        share=min(1.0, contact.duration / (s.full_hours * HOUR)),
        duration=duration_text(contact.duration),
        silence=s.silence_minutes,
    )
    if contact.alongside:
        gap = round(contact.alongside_metres, 1)
        yield table.ALONGSIDE.reason(s, gap, duration=duration_text(contact.alongside))
    elif contact.at_most <= s.close_metres:
        yield table.CLOSE.reason(s, round(facts.metres), distance=about(facts.metres))
    for silence in contact.silences:
        yield _bridged(facts, silence, s)
    for change in facts.pair.changes:
        yield table.IDENTITY_CHANGED.reason(
            s,
            change.field,
            mmsi=change.before if change.field == "mmsi" else f"{change.mmsi:09d}",
            field=_FIELDS[change.field],
            before=change.before,
            after=change.after,
        )
    if watched := _watched(facts):
        yield WATCHED_AREA.reason(s, watched.id, name=facts.named(watched))
    for vessel in facts.identities:
        yield from watchlist(vessel, contact.start, s)
        if (flag := flag_of(vessel.mmsi)) in s.flags:
            yield table.FLAG.reason(s, flag, mmsi=mmsi_text(vessel))
    yield from facts.ordinary.reasons(s)
    if all(vessel.role is Role.TANKER for vessel in facts.identities):
        yield table.TWO_TANKERS.reason(s)
    for vessel, change_metres in zip(facts.identities, facts.draught_changes, strict=True):
        if change_metres is not None and abs(change_metres) >= s.draught_metres:
            yield table.DRAUGHT.reason(
                s,
                change_metres,
                mmsi=mmsi_text(vessel),
                change=abs(change_metres),
                direction="more" if change_metres > 0 else "less",
            )


def _bridged(facts: _Facts, silence: Silence, s: EncounterSettings) -> Reason:
    """A silence that is bridged: how long, whose, and how far the two were carried."""
    a, b = (f"MMSI {facts.pair.mmsi_at(second, silence.before.time):09d}" for second in (False, True))
    heard = silence.meanwhile & (A_HEARD | B_HEARD)
    who = {A_HEARD: b, B_HEARD: a, 0: "either"}.get(heard, "both at once")
    return table.BRIDGED.reason(
        s,
        hours(silence.duration),
        duration=duration_text(silence.duration),
        who=who,
        km=silence.metres / 1000,
        knots=silence.metres / silence.duration / KNOT,
    )


def _against(facts: _Facts, s: EncounterSettings) -> Iterator[Reason]:
    if facts.contact.too_far:
        if facts.gap is not None:
            yield table.WIDE_GAP.reason(s, round(facts.gap), gap=about(facts.gap))
        elif facts.metres > s.far_metres:
            yield table.FAR.reason(s, round(facts.metres), distance=about(facts.metres))
    if error := facts.contact.error:
        errors = facts.contact.columns.error
        how = "most" if 2 * np.count_nonzero(errors) > len(errors) else "some"
        yield table.ROUNDED.reason(s, round(error), how=how)
    elif facts.gap is None:
        yield table.SIZE_UNKNOWN.reason(s)
    if facts.doubts.one_hull:
        yield table.MAY_BE_ONE_HULL.reason(s)
    if facts.doubts.tow:
        yield table.MAY_BE_TOW.reason(s)
    yield from facts.ordinary.against(s)
    changed = {each.mmsi for each in facts.pair.changes if each.field == "ship_type"}
    for vessel in facts.identities:
        if vessel.role is Role.UNKNOWN:
            yield table.TYPE_UNKNOWN.reason(s, mmsi=mmsi_text(vessel))
        if vessel.mmsi not in changed:
            yield from type_changed(vessel, s)
        if facts.doubts.weak:
            yield from weak_match(vessel, s)
        yield from number_doubts(vessel, facts.contact.start, facts.contact.end, s)


def _summary(facts: _Facts, first: Identity, second: Identity, s: EncounterSettings) -> str:
    contact = facts.contact
    most = float((contact.columns.metres + contact.columns.error).max())
    limit = next((each for each in (s.near_metres, s.keep_metres) if most <= each), most)
    if facts.gap is not None:
        where = ", where positions are not rounded," if contact.error else ""
        apart = f"typically{where} with {about(facts.gap)} between the hulls"
    elif contact.error:
        apart = f"as far as positions that are rounded to within {_up(contact.error)} tell"
    else:
        apart = f"typically {about(facts.metres)} apart"
    area = f" Area: {facts.named(facts.inside[0])}." if facts.inside else ""
    silent = ""
    if contact.silences:
        silent = (
            f" In between, they were not heard together for {duration_text(contact.bridged)}, and lay "
            "alongside each other before and after."
        )
    return (
        f"Suspected ship-to-ship transfer: the {called(first)} and the {called(second)} were {_how(contact)} "
        f"within {_up(limit)} of each other, {apart}, for {duration_text(contact.duration)}.{silent}{area}"
    )


def _up(metres: float) -> str:
    """A limit, rounded up."""
    return f"{math.ceil(metres)} m" if metres < 1000 else f"{math.ceil(metres / 100) / 10:.1f} km"


def _how(contact: Contact) -> str:
    """How the two kept together, in the sentence."""
    drifting, under_way = contact.moving
    ways = ["slow"] if drifting + under_way < contact.duration else []
    ways += ["drifting together"] if drifting else []
    ways += ["alongside under way"] if under_way else []
    return " or ".join(ways or ["slow"]) + (" and" if ways in ([], ["slow"]) else ",")


def _evidence(facts: _Facts, s: EncounterSettings) -> tuple[Sample, ...]:
    """Both vessels over the whole contact, thinned evenly to a bounded number.

    The first and the last moment and the closest ones, by hulls and by antennas, are kept.
    """
    contact, at = facts.contact.samples, facts.contact.columns
    last, picked, closest = len(contact) - 1, {*_evenly(len(contact), s.samples)}, facts.closest
    for i in sorted(closest - picked):
        free = picked - closest - {0, last}
        picked.remove(next(k for away in count(1) for k in (i - away, i + away) if k in free))
        picked.add(i)
    told = sorted(picked)
    vessels = [column[:, told] for column in (at.lon, at.lat, at.sog, at.cog, at.heading)]
    cells = np.array([*vessels, *([column[told]] * 2 for column in (at.metres, at.gap))])
    times = [contact[i].time for i in told for _ in range(2)]
    pair = facts.pair
    mmsis = [pair.mmsi_at(bool(i % 2), time) for i, time in enumerate(times)] if pair.former else []
    return samples(times, mmsis or [pair.a, pair.b] * len(told), cells.T.reshape(-1, len(cells)))


@lru_cache(maxsize=4096)
def _evenly(count: int, most: int) -> tuple[int, ...]:
    """So many at most of this many rows, evenly from the first to the last."""
    some = min(count, most)
    return tuple(round(i * (count - 1) / max(some - 1, 1)) for i in range(some))
