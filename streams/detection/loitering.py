"""Loitering: one vessel slow at sea, a possible sign of a partner that does not transmit.

The rule follows Global Fishing Watch's loitering events: slower than 2 knots on average by the hour for at
least 4 hours, or 2 hours in an area known for transfers, outside fences whose policy is `suppress`. GFW's
hours are whole. Here the ends are refined to the fix: start and end are when the vessel slowed down and sped
up.

A loitering is found from one vessel alone. Whether it was in an encounter meanwhile is known only where all
vessels are compared, so `with_encounters` adds that last sentence there.
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
from models.time import HOUR, MINUTE, Millis, duration_text, to_text
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
from streams.detection.fixes import Fixes
from streams.detection.reasons import ReasonTable, ReasonType, Side, Weights, score


class LoiteringWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.3
    slow: float = 0.2
    """For: time spent slow; the full weight once it is `probable`, proportionally less before."""
    sts_area: float = 0.2
    """For: in an area known for ship-to-ship transfers."""
    watchlist: float = 0.25
    at_anchor: float = 0.2
    """Against: most positions report at anchor or moored."""
    near_port: float = 0.15
    """Against: began within `port_km` of a port."""
    near_shore: float = 0.1
    """Against: began within `shore_km` of the shore."""
    type_changed: float = 0.05
    """Against: a tanker that now reports another ship type."""
    alone: float = 0.1
    """Against: no encounter was found meanwhile."""
    in_encounter: float = 0.1
    """Against: an encounter explains it, which has an event of its own."""


class LoiteringSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slow_knots: float = 2.0
    """Slow is below this mean speed (GFW)."""
    bucket_minutes: int = 60
    """Speeds are averaged over this long (GFW: by the hour)."""
    min_hours: float = 4.0
    """Time slow from which a loitering is `possible`. Source: judgement."""
    min_hours_sts: float = 2.0
    """The same in an area known for ship-to-ship transfers. Source: judgement."""
    probable_hours: float = 8.0
    """Time slow from which a loitering is `probable`. Source: judgement; twice `min_hours`."""
    probable_hours_sts: float = 4.0
    """The same in an area known for ship-to-ship transfers."""
    break_minutes: float = 10.0
    """Faster fixes for no longer than this do not end it: a wave, or a correction of the position."""
    max_silence_hours: float = 3.0
    """After a longer silence the loitering ends with the last slow fix. Source: judgement."""
    refine_buckets: int = 2
    """The start is refined backwards over this many buckets."""
    sts_share: float = 0.5
    """It lies in an area known for transfers if more than this share of its positions do."""
    anchored_share: float = 0.5
    """It counts as anchored if more than this share of its positions report at anchor or moored."""
    port_km: float = 10.0
    """Closer to a port than this, ships often wait (GFW leaves out 10 km round ports for encounters)."""
    shore_km: float = 5.0
    """Closer to the shore than this, ships often wait at anchor. Source: judgement."""
    samples: int = 200
    """Positions kept as evidence; above that every second one is dropped."""
    weights: LoiteringWeights = LoiteringWeights()

    def __post_init__(self) -> None:
        if self.slow_knots <= 0:
            raise ValueError("slow_knots must be above 0")
        if self.bucket_minutes < 5 or self.bucket_minutes % 5:
            raise ValueError("bucket_minutes must be a multiple of 5")
        if not 0 < self.min_hours_sts <= self.min_hours:
            raise ValueError("min_hours_sts must be above 0 and at most min_hours")
        if self.min_hours > self.probable_hours or self.min_hours_sts > self.probable_hours_sts:
            raise ValueError("probable_hours must be at least min_hours")
        if self.refine_buckets < 1:
            raise ValueError("refine_buckets must be at least 1")
        if self.samples < 2:
            raise ValueError("samples must be at least 2")

    @property
    def bucket(self) -> Millis:
        return self.bucket_minutes * MINUTE


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


class Sample(msgspec.Struct, array_like=True, gc=False):
    time: Millis
    lon: float
    lat: float
    sog: float
    sts: bool
    status: int


class LoiteringRun(msgspec.Struct, array_like=True, gc=False):
    """State of one track: its slow run, the average of the bucket, and the loitering they add up to."""

    run: Millis | None = None  # since when slow; interruptions up to `break_minutes` do not count
    slow: Millis = 0  # the last slow fix
    broken: Millis | None = None  # where the run that reached into this bucket ended, if it did
    fast: bool = False  # a fast fix has come since
    weight: float = 0.0  # milliseconds averaged in this bucket
    sum: float = 0.0  # knots times milliseconds
    last: Millis = 0  # the last fix, slow or not
    start: Millis | None = None  # of the loitering; None while there is none
    end: Millis | None = None  # set when it is over
    samples: list[Sample] = []
    receivers: list[str] = []
    # what was published of it
    id: str | None = None
    revision: int = 0
    level: str = ""
    last_revision_at: Millis = 0

    @property
    def until(self) -> Millis:
        """Its end, or the last slow fix while it goes on."""
        return self.slow if self.end is None else self.end


def observe(run: LoiteringRun, fixes: Fixes, s: LoiteringSettings) -> LoiteringRun | None:
    """Take in the fixes of one step. Returns the loitering that ended here, if one did."""
    if fixes.suppressed[-1]:
        return finish(run, run.slow)
    done: LoiteringRun | None = None
    knots = fixes.knots
    if fixes.new:
        if fixes.time[1] - fixes.time[0] > s.max_silence_hours * HOUR:
            done = finish(run, run.slow)
        _average(run, fixes, s)
        knots = np.where(fixes.long, fixes.mean_knots, knots)
    slow = knots < s.slow_knots
    for time, is_slow in zip(fixes.time[fixes.new :].tolist(), slow[fixes.new :].tolist(), strict=True):
        if is_slow:
            _slow_at(run, time, s)
        else:
            run.fast = True
    run.last = int(fixes.time[-1])
    if slow[fixes.new :].any():
        _keep_sample(run, fixes, int(np.flatnonzero(slow)[-1]), s)
    return done


def _average(run: LoiteringRun, fixes: Fixes, s: LoiteringSettings) -> None:
    """Add the mean speeds since the last step to the bucket."""
    dt = np.diff(fixes.time).astype("f8")
    heard = dt <= s.max_silence_hours * HOUR
    run.weight += float(dt[heard].sum())
    run.sum += float((fixes.mean_knots[1:] * dt)[heard].sum())


def _slow_at(run: LoiteringRun, time: Millis, s: LoiteringSettings) -> None:
    """Take in a slow fix: it goes on with the slow run, or begins a new one."""
    if run.run is None or (run.fast and time - run.slow > s.break_minutes * MINUTE):
        if run.run is not None and run.broken is None:
            run.broken = run.slow
        run.run = time
        if run.start is None:
            run.samples, run.receivers = [], []
    run.slow, run.fast = time, False


def close_bucket(run: LoiteringRun, instant: Millis, s: LoiteringSettings) -> LoiteringRun | None:
    """Judge the bucket that ends at `instant`. Returns the loitering that ended in it, if one did."""
    weight, mean = run.weight, run.sum / run.weight if run.weight else 0.0
    broken, run.broken = run.broken, None
    run.weight = run.sum = 0.0
    if not weight:  # nothing heard: undecided until the silence is too long
        if instant - run.last > s.max_silence_hours * HOUR:
            return finish(run, run.slow)
        return None
    if mean < s.slow_knots:
        if run.start is None and run.run is not None:
            run.start = max(run.run, instant - s.refine_buckets * s.bucket)
        return None
    if run.start is not None:
        # the bucket is fast as a whole: the loitering ended where the run that led into it broke
        since, slow, samples = run.run, run.slow, run.samples
        done = finish(run, run.slow if broken is None else max(broken, run.start))
        if broken is not None and since is not None:
            run.run, run.slow = since, slow
            run.samples = [each for each in samples if each.time >= since]
        return done
    return None


def finish(run: LoiteringRun, end: Millis) -> LoiteringRun | None:
    """End what is in hand; the state starts afresh. Returns the loitering, if there was one."""
    done = None
    if run.start is not None:
        done = msgspec.structs.replace(run, end=max(end, run.start))
        done.samples = [each for each in run.samples if each.time <= done.until]
    fresh = LoiteringRun(last=run.last)
    for name in LoiteringRun.__struct_fields__:
        setattr(run, name, getattr(fresh, name))
    return done


def in_sts_area(run: LoiteringRun, s: LoiteringSettings) -> bool:
    """Whether most of it lay in an area known for transfers."""
    return sum(each.sts for each in run.samples) > s.sts_share * len(run.samples)


def level_of(run: LoiteringRun, s: LoiteringSettings) -> str | None:
    """The level that the loitering has reached: None, "possible" or "probable"."""
    if run.start is None:
        return None
    slow = (run.until - run.start) / HOUR
    sts = in_sts_area(run, s)
    if slow >= (s.probable_hours_sts if sts else s.probable_hours):
        return "probable"
    return "possible" if slow >= (s.min_hours_sts if sts else s.min_hours) else None


def _keep_sample(run: LoiteringRun, fixes: Fixes, i: int, s: LoiteringSettings) -> None:
    """Keep the fix `i` as evidence."""
    run.samples.append(
        Sample(
            int(fixes.time[i]),
            float(fixes.lon[i]),
            float(fixes.lat[i]),
            float(fixes.sog[i]),
            bool(fixes.sts[i]),
            int(fixes.status[i]),
        )
    )
    if len(run.samples) > s.samples:
        # every second one goes; the first and the last stay
        run.samples = run.samples[:1] + run.samples[2:-1:2] + run.samples[-1:]


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
