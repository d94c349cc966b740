"""The event of an identity anomaly: its level, its reasons for and against, its sentence."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from geofences.surroundings import Surroundings, bounds
from models.event import (
    Detector,
    Event,
    EventType,
    Evidence,
    IdentityAnomaly,
    IdentityChange,
    Level,
    Reason,
    Status,
)
from models.time import HOUR, MINUTE, Millis, duration_text, to_text
from models.vessel import Identity, flag_of, imo_is_valid
from streams.detection.explanation import (
    called,
    mmsi_text,
    number_doubts,
    position,
    retracted,
    sample,
    vessel_of,
)
from streams.detection.hypotheses import best
from streams.detection.identities import reasons as table
from streams.detection.identities.callsigns import country_of
from streams.detection.identities.link import Link, is_alike, is_same_by_name
from streams.detection.identities.reasons import REASONS
from streams.detection.identities.record import (
    CHANGED,
    DUPLICATED,
    INCONSISTENT,
    Case,
    Record,
    Turn,
    needed,
    other_flag,
)
from streams.detection.identities.settings import IdentityAnomalySettings
from streams.detection.listing import listing_reasons, weak_match
from streams.detection.reasons import score

_BY_FIELD: Final = {
    "imo": table.IMO_CHANGED,
    "name": table.NAME_CHANGED,
    "callsign": table.CALLSIGN_CHANGED,
    "size": table.SIZE_CHANGED,
}
_CALLED: Final = {"imo": "IMO number", "name": "name", "callsign": "call sign", "size": "size"}

Others = Sequence[tuple[Link, Identity]]


def build_event(
    kind: str,
    record: Record,
    others: Others,
    case: Case,
    instant: Millis,
    status: Status,
    retraction: Reason | None,
    surroundings: Surroundings,
    detector: Detector,
    s: IdentityAnomalySettings,
) -> Event:
    """One revision of an anomaly of a kind, with the vessels under other MMSIs that belong to it."""
    identity = record.identity
    turns = told(record, s) if kind == CHANGED else []
    reasons = list(_for(kind, record, others, turns, case, s))
    against = list(_against(kind, record, others, turns, case, instant, s))
    conditions = {reason.code for reason in (*reasons, *against)}
    level = REASONS.level(conditions) or Level.POSSIBLE
    limits = REASONS.limits(conditions)
    against.sort(key=lambda reason: limits.index(reason.code) if reason.code in limits else len(limits))
    if retraction is not None:
        against.append(retraction)
    scoring = REASONS.scoring(s.weights, level, status, conditions)
    lon, lat = np.array([case.lon]), np.array([case.lat])
    return Event(
        id=case.id,
        type=EventType.IDENTITY,
        revision=case.revision,
        status=status,
        level=level,
        start=to_text(case.start),
        end=None if status is Status.OPEN else to_text(instant),
        detected=to_text(instant),
        position=position(case.lon, case.lat),
        bounding_box=bounds(lon, lat),
        distances=surroundings.distances((case.lon, case.lon), (case.lat, case.lat)),
        vessel=vessel_of(identity),
        identity=IdentityAnomaly(
            kind=kind,
            changes=tuple(
                IdentityChange(
                    time=to_text(turn.time),
                    ssvid=mmsi_text(identity),
                    field=turn.field,
                    before=turn.before,
                    after=turn.after,
                )
                for turn in turns
            ),
            others=tuple(vessel_of(other) for _, other in others),
        ),
        geofences=surroundings.relations(lon, lat),
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(REASONS, reasons, against),
        summary=_summary(kind, identity, others, turns, reasons) + retracted(retraction),
        evidence=Evidence(
            positions=(sample(case.at, identity.mmsi, case.lon, case.lat, float("nan")),), receivers=()
        ),
        detector=detector,
    )


def told(record: Record, s: IdentityAnomalySettings) -> list[Turn]:
    """The changes that have lasted for long enough to be told."""
    return [turn for turn in record.turns if turn.heard >= s.settle_minutes * MINUTE]


def _for(
    kind: str, record: Record, others: Others, turns: Sequence[Turn], case: Case, s: IdentityAnomalySettings
) -> Iterator[Reason]:
    identity = record.identity
    if kind == CHANGED:
        last = {turn.field: turn for turn in turns}
        for field, row in _BY_FIELD.items():
            if field in last:
                yield row.reason(s, before=last[field].before, after=last[field].after)
        for link, other in others:
            if link.back:
                yield table.NUMBER_BACK.reason(s, before=mmsi_text(other))
            elif link.moved:
                yield table.RENUMBERED.reason(s, before=mmsi_text(other), what=_what(link, identity))
    elif kind == DUPLICATED:
        if record.shared_since:
            yield table.TWO_PLACES.reason(s, mmsi=mmsi_text(identity))
        for link, other in others:
            what = _what(link, identity)
            yield table.ELSEWHERE.reason(s, what=what, other=mmsi_text(other), km=s.apart_km)
        if any(link.what == "imo" and is_same_by_name(identity, other) for link, other in others):
            yield table.SAME_SHIP_ELSEWHERE.reason(s)
    elif kind == INCONSISTENT:
        for code in sorted(record.doubts):
            if record.doubts[code].heard >= needed(code, s):
                yield _doubt(code, identity, s)
    hits = [hit for vessel in (identity, *(other for _, other in others)) for hit in vessel.watchlists]
    named = next((v for v in (identity, *(other for _, other in others)) if v.watchlists), identity)
    if hits:
        name = named.name or f"MMSI {mmsi_text(named)}"
        yield from listing_reasons(named.watchlists, name, case.start, s)


def _doubt(code: str, identity: Identity, s: IdentityAnomalySettings) -> Reason:
    if code == "imo_invalid":
        sent = identity.sent_imo or 0
        seven = 1_000_000 <= sent <= 9_999_999
        why = "its check digit is wrong" if seven and not imo_is_valid(sent) else "it has not seven digits"
        return table.IMO_INVALID.reason(s, str(sent), why=why)
    if code == "imo_missing":
        length = identity.dimensions.length if identity.dimensions else 0
        return table.IMO_MISSING.reason(s, length=length, hours=s.missing_hours)
    if code == "no_country":
        return table.NO_COUNTRY.reason(s, mmsi=mmsi_text(identity))
    if code == "list_flag" and (hit := other_flag(identity)) is not None:
        flag = flag_of(identity.mmsi)
        return table.LIST_FLAG.reason(s, hit.flag, list=hit.list, entry=hit.entry, flag=flag)
    sign = identity.callsign or ""
    return table.CALLSIGN_FLAG.reason(s, sign, country=country_of(sign), flag=flag_of(identity.mmsi))


def _against(
    kind: str,
    record: Record,
    others: Others,
    turns: Sequence[Turn],
    case: Case,
    instant: Millis,
    s: IdentityAnomalySettings,
) -> Iterator[Reason]:
    """The ordinary explanation first."""
    identity = record.identity
    if kind == CHANGED:
        if any(turn.field != "imo" for turn in turns):
            yield table.SOLD.reason(s)
        if any(turn.field == "imo" for turn in turns):
            yield table.ENTERED_BY_HAND.reason(s)
        if any(turn.doubtful for turn in turns):
            yield table.TYPING_ERROR.reason(s)
        if any(turn.back for turn in turns):
            yield table.CHANGED_BACK.reason(s)
        away = max((turn.away for turn in turns), default=0)
        if away >= s.silence_hours * HOUR:
            yield table.SILENCE_BETWEEN.reason(s, duration=duration_text(away))
    else:
        if "list_flag" in record.doubts:
            yield table.REFLAGGED.reason(s)
        if kind == DUPLICATED or record.doubts.keys() != {"list_flag"}:
            yield table.ENTERED_BY_HAND.reason(s)
    if others and not any(is_alike(identity, other) for _, other in others):
        yield table.ONE_TYPED_WRONGLY.reason(s)
    # what is said against the number elsewhere is the ground of these
    own = {"doubtful_mmsi", *(["shared_mmsi"] if kind == DUPLICATED and record.shared_since else [])}
    doubts = number_doubts(identity, case.start, instant, s)
    yield from (reason for reason in doubts if reason.code not in own)
    yield from weak_match(identity, s)


def _what(link: Link, identity: Identity) -> str:
    """What two MMSIs send alike, at the beginning of a sentence."""
    if link.what == "imo":
        return f"its IMO number {identity.imo}"
    return f"its call sign {identity.callsign}, with the same size,"


def _summary(
    kind: str, identity: Identity, others: Others, turns: Sequence[Turn], reasons: Sequence[Reason]
) -> str:
    name = called(identity)
    if kind == INCONSISTENT:
        texts = [reason.text for reason in reasons if reason.weight and reason.code in _DOUBTS]
        return f"What the {name} sends of itself does not fit: {'; '.join(texts)}."
    if kind == DUPLICATED:
        if not others:
            return f"Two ships are heard under the MMSI of the {name}, in two places at once."
        link, other = others[0]
        return (
            f"The {name} and the {called(other)} send the same {_CALLED[link.what]} from two places at once."
        )
    last = {turn.field: turn for turn in turns if turn.field in _CALLED}
    parts = [
        f"its {_CALLED[field]} from {turn.before} to {turn.after}" for field, turn in sorted(last.items())
    ]
    moved = [
        f" MMSI {mmsi_text(other)} sent the same {_CALLED[link.what]} before, "
        + ("and is heard again now." if link.back else "and has not been heard since.")
        for link, other in others
    ]
    if not parts:
        return f"The {name} seems to have been heard under another MMSI before.{''.join(moved)}"
    return f"The {name} changed {' and '.join(parts)}.{''.join(moved)}"


_DOUBTS: Final = frozenset({"imo_invalid", "imo_missing", "no_country", "callsign_flag", "list_flag"})
