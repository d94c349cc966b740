"""The event of a loitering: its numbers, its reasons for and against, its sentence.

The rule is in `loitering`. A loitering is found from one vessel alone. Whether it was in an encounter
meanwhile is known only where all vessels are compared, so `with_encounters` adds that last sentence there.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from geofences.distance import shore_distance_km
from geofences.surroundings import Surroundings, bounds, middle, path_km, rounded
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
from models.time import HOUR, Millis, duration_text, to_text
from models.vessel import Identity
from streams.detection.explanation import (
    ANCHORED,
    NOT_OF_INTEREST,
    SHARED_MMSI,
    TYPE_CHANGED,
    WATCHLIST,
    called,
    hours,
    position,
    retracted,
    sample,
    shared_mmsi,
    type_changed,
    vessel_of,
    watchlist,
)
from streams.detection.loitering import LoiteringRun, LoiteringSettings, Sample, in_sts_area
from streams.detection.reasons import ReasonTable, ReasonType, Side, score

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
)
NEAR_PORT: Final = ReasonType(
    code="near_port",
    side=Side.AGAINST,
    text="began {value:.1f} km from a port, closer than {threshold:g} km: ships often wait near ports",
    weight="near_port",
    thresholds=("port_km",),
    unit="km",
)
NEAR_SHORE: Final = ReasonType(
    code="near_shore",
    side=Side.AGAINST,
    text="began {value:.1f} km from the shore, closer than {threshold:g} km: ships often anchor there",
    weight="near_shore",
    thresholds=("shore_km",),
    unit="km",
)
ALONE: Final = ReasonType(
    code="alone",
    side=Side.AGAINST,
    text="no encounter with another vessel was found: ships also wait like this for orders or repairs",
    weight="alone",
)
IN_ENCOUNTER: Final = ReasonType(
    code="in_encounter",
    side=Side.AGAINST,
    text="it was in an encounter meanwhile, which has an event of its own",
    weight="in_encounter",
)

REASONS: Final = ReasonTable(
    EventType.LOITERING,
    LoiteringSettings(),
    (
        *(SLOW, STS_AREA, WATCHLIST, SHARED_MMSI, AT_ANCHOR, NEAR_PORT, NEAR_SHORE, TYPE_CHANGED),
        *(ALONE, IN_ENCOUNTER, NOT_OF_INTEREST),
    ),
)


class _Facts(msgspec.Struct, frozen=True):
    """What is measured of a loitering, for its numbers and its reasons."""

    identity: Identity
    duration: Millis
    sts: bool
    anchored: float  # share of the positions that report at anchor or moored
    distances: Distances


def build_event(
    run: LoiteringRun,
    identity: Identity,
    instant: Millis,
    status: Status,
    retraction: Reason | None,
    surroundings: Surroundings,
    detector: Detector,
    s: LoiteringSettings,
) -> Event:
    """One revision, as far as one vessel tells; `retraction` is why it is taken back."""
    assert run.start is not None
    assert run.id is not None
    kept = [each for each in run.samples if run.start <= each.time <= run.until] or run.samples[-1:]
    lon, lat = np.array([each.lon for each in kept]), np.array([each.lat for each in kept])
    facts = _Facts(
        identity=identity,
        duration=run.until - run.start,
        sts=in_sts_area(run, s),
        anchored=sum(each.status in ANCHORED for each in kept) / len(kept),
        distances=surroundings.distances((lon[0], lon[-1]), (lat[0], lat[-1])),
    )
    reasons = list(_for(facts, s))
    against = [*_against(facts, s), *([retraction] if retraction else [])]
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
        loitering=_numbers(kept, facts.duration),
        geofences=surroundings.relations(lon, lat),
        score=score(s.weights.scoring, reasons, against),
        scoring=s.weights.scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        summary=_summary(facts, status, s) + retracted(retraction),
        evidence=Evidence(
            positions=tuple(sample(each.time, identity.mmsi, each.lon, each.lat, each.sog) for each in kept),
            receivers=tuple(run.receivers),
        ),
        detector=detector,
    )


def with_encounters(event: Event, encounters: Sequence[tuple[str, str]], s: LoiteringSettings) -> Event:
    """A loitering with what the comparison of all vessels tells: the encounters of the vessel meanwhile.

    Each with its event's id and what to call the other vessel. One that is taken back says nothing about it.
    """
    if event.status is Status.RETRACTED:
        return event
    if encounters:
        reason = IN_ENCOUNTER.reason(s, ", ".join(id for id, _ in encounters))
        several = "encounters" if len(encounters) > 1 else "an encounter"
        sentence = (
            f"Meanwhile it was in {several} with {' and '.join(f'the {who}' for _, who in encounters)}."
        )
    else:
        reason = ALONE.reason(s)
        verb = "has been found so far" if event.status is Status.OPEN else "was found"
        sentence = f"No encounter with another vessel {verb}."
    against = (*event.against, reason)
    return msgspec.structs.replace(
        event,
        against=against,
        score=score(s.weights.scoring, event.reasons, against),
        summary=f"{event.summary} {sentence}",
    )


def _numbers(kept: list[Sample], duration: Millis) -> Loitering:
    lon, lat = np.array([each.lon for each in kept]), np.array([each.lat for each in kept])
    sog = np.array([each.sog for each in kept])
    distance = path_km(lon, lat)
    if not np.isnan(sog).all():
        mean = float(np.nanmean(sog))
    else:  # nothing reported: the speed of the path
        mean = distance / 1.852 / (duration / HOUR) if duration else 0.0
    return Loitering(
        total_time_hours=hours(duration),
        total_distance_km=round(distance, 2),
        average_speed_knots=round(mean, 2),
        average_distance_from_shore_km=rounded(float(np.mean(shore_distance_km(lon, lat))), 2),
    )


def _for(facts: _Facts, s: LoiteringSettings) -> Iterator[Reason]:
    full = s.probable_hours_sts if facts.sts else s.probable_hours
    yield SLOW.reason(
        s,
        hours(facts.duration),
        threshold="min_hours_sts" if facts.sts else "min_hours",
        share=min(1.0, facts.duration / HOUR / full),
        knots=s.slow_knots,
        duration=duration_text(facts.duration),
        bucket=s.bucket_minutes,
        silence=s.max_silence_hours,
    )
    if facts.sts:
        yield STS_AREA.reason(s)
    yield from watchlist(facts.identity, s)


def _against(facts: _Facts, s: LoiteringSettings) -> Iterator[Reason]:
    yield from shared_mmsi(facts.identity, s)
    if facts.anchored > s.anchored_share:
        yield AT_ANCHOR.reason(s, round(facts.anchored, 2))
    port, shore = facts.distances.start_distance_from_port_km, facts.distances.start_distance_from_shore_km
    if port is not None and port < s.port_km:
        yield NEAR_PORT.reason(s, port)
    if shore is not None and shore < s.shore_km:
        yield NEAR_SHORE.reason(s, shore)
    yield from type_changed(facts.identity, s)


def _summary(facts: _Facts, status: Status, s: LoiteringSettings) -> str:
    verb = "has been" if status is Status.OPEN else "was"
    area = ", mostly in an area known for ship-to-ship transfers" if facts.sts else ""
    return (
        f"The {called(facts.identity)} {verb} slower than {s.slow_knots:g} knots on average for "
        f"{duration_text(facts.duration)}{area}."
    )
