"""Loitering: one vessel slow at sea, the possible sign of a partner that keeps dark.

Rule, after Global Fishing Watch's loitering events: slower than 2 knots on average by the hour, for at
least 4 hours, or 2 hours in an area known for transfers; outside fences whose policy is `suppress`. GFW's
hours are whole; here the ends are refined to the fix, so start and end are when the vessel slowed down and
when it sped up.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, shore_distance_km
from geofences.surroundings import (
    Surroundings,
    bounds,
    middle,
    path_km,
    rounded,
)
from models.event import Event, EventType, Evidence, Level, Loitering, Reason, Status
from models.time import HOUR, MINUTE, Millis, duration_text, to_text
from models.vessel import Identity
from streams.detection.explanation import (
    called,
    changed_type,
    detector,
    hours,
    listed_reason,
    position,
    sample,
    score,
    shared_number,
    taken_back,
    vessel_of,
)
from streams.tracking.track import speed

NAME = "loitering"


class LoiteringSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slow_knots: float = 2.0
    """GFW: below 2 knots."""
    bucket_minutes: int = 60
    """GFW: averages by hour."""
    min_hours: float = 4.0
    min_hours_sts: float = 2.0
    """In an area known for ship-to-ship transfers."""
    probable_hours: float = 8.0
    probable_hours_sts: float = 4.0
    break_minutes: float = 10.0
    """Faster for no longer than this, a slow run goes on (a wave, a correction of the position)."""
    max_silence_hours: float = 3.0
    """Silent for longer, nobody knows: the loitering ends with the last slow fix."""
    samples: int = 200
    """Positions kept as evidence; beyond, every second one is dropped."""

    def __post_init__(self) -> None:
        if self.slow_knots <= 0:
            raise ValueError("slow_knots must be above 0")
        if self.bucket_minutes < 5 or self.bucket_minutes % 5:
            raise ValueError("bucket_minutes must be a multiple of 5")
        if not 0 < self.min_hours_sts <= self.min_hours:
            raise ValueError("min_hours_sts must be above 0 and at most min_hours")
        if self.min_hours > self.probable_hours or self.min_hours_sts > self.probable_hours_sts:
            raise ValueError("probable_hours must be at least min_hours")
        if self.samples < 2:
            raise ValueError("samples must be at least 2")

    @property
    def bucket(self) -> Millis:
        return self.bucket_minutes * MINUTE


class Fixes(msgspec.Struct, frozen=True):
    """The fixes of one track in one step of the grid, as columns. The first is the one before, if any."""

    time: npt.NDArray[np.int64]
    lon: Floats
    lat: Floats
    sog: Floats  # knots as reported, NaN where not
    implied: Floats  # knots from the fix before; NaN for the first
    status: npt.NDArray[np.uint8]
    suppressed: npt.NDArray[np.bool_]  # inside a fence with policy `suppress`
    sts: npt.NDArray[np.bool_]  # inside an area known for transfers
    new: int  # index of the first fix of this step: 1, or 0 for a track that begins


class Sample(msgspec.Struct, array_like=True, gc=False):
    time: Millis
    lon: float
    lat: float
    sog: float
    sts: bool
    status: int


class LoiteringRun(msgspec.Struct, array_like=True, gc=False):
    """State of one track: the slow run in hand, the hour's average, and the loitering they add up to."""

    run: Millis | None = None  # since when slow, interruptions up to `break_minutes` apart
    slow: Millis = 0  # the last slow fix
    broken: Millis | None = None  # where the run that reached into this bucket ended, if it did
    fast: bool = False  # a fast fix has come since
    weight: float = 0.0  # milliseconds averaged in this bucket
    sum: float = 0.0  # knots times milliseconds
    last: Millis = 0  # the last fix, slow or not
    start: Millis | None = None  # of the loitering; None when there is none
    end: Millis | None = None  # set when it is over
    samples: list[Sample] = []
    receivers: list[str] = []
    # what was published of it
    id: str | None = None
    revision: int = 0
    level: str = ""
    told: Millis = 0  # the instant of the last revision

    @property
    def until(self) -> Millis:
        return self.slow if self.end is None else self.end

    @property
    def sts(self) -> bool:
        """True when most of it lay in an area known for transfers."""
        return 2 * sum(each.sts for each in self.samples) > len(self.samples)


def observe(spell: LoiteringRun, fixes: Fixes, s: LoiteringSettings) -> LoiteringRun | None:
    """Take in the fixes of one step. Returns the loitering that ended here, if one did."""
    done: LoiteringRun | None = None
    if fixes.suppressed[-1]:
        return finish(spell, spell.slow)
    if fixes.new and fixes.time[1] - fixes.time[0] > s.max_silence_hours * HOUR:
        done = finish(spell, spell.slow)
    knots = np.where(np.isnan(fixes.sog), fixes.implied, fixes.sog)
    if fixes.new:
        dt = np.diff(fixes.time).astype("f8")
        pairs = (fixes.sog[1:] + fixes.sog[:-1]) / 2
        mean = speed(np.where(np.isnan(pairs), knots[1:], pairs), fixes.implied[1:], dt)
        heard = dt <= s.max_silence_hours * HOUR
        spell.weight += float(dt[heard].sum())
        spell.sum += float((mean * dt)[heard].sum())
        knots[1:] = np.where(dt > 10 * MINUTE, mean, knots[1:])
    slow = knots < s.slow_knots
    for time, is_slow in zip(fixes.time[fixes.new :].tolist(), slow[fixes.new :].tolist(), strict=True):
        if not is_slow:
            spell.fast = True
            continue
        if spell.run is None or (spell.fast and time - spell.slow > s.break_minutes * MINUTE):
            if spell.run is not None and spell.broken is None:
                spell.broken = spell.slow
            spell.run = time
            if spell.start is None:
                spell.samples, spell.receivers = [], []
        spell.slow, spell.fast = time, False
    spell.last = int(fixes.time[-1])
    if slow[fixes.new :].any():
        _sample(spell, fixes, int(np.flatnonzero(slow)[-1]), s)
    return done


def close_bucket(spell: LoiteringRun, instant: Millis, s: LoiteringSettings) -> LoiteringRun | None:
    """Judge the bucket that ends at `instant`. Returns the loitering that ended in it, if one did."""
    weight, mean = spell.weight, spell.sum / spell.weight if spell.weight else 0.0
    broken, spell.broken = spell.broken, None
    spell.weight = spell.sum = 0.0
    if not weight:  # nothing heard: undecided, until the silence is too long
        if instant - spell.last > s.max_silence_hours * HOUR:
            return finish(spell, spell.slow)
        return None
    if mean < s.slow_knots:
        if spell.start is None and spell.run is not None:
            spell.start = max(spell.run, instant - 2 * s.bucket)
        return None
    if spell.start is not None:
        # the bucket is fast as a whole: it was over where the run that led into it broke
        run, slow, samples = spell.run, spell.slow, spell.samples
        done = finish(spell, spell.slow if broken is None else max(broken, spell.start))
        if broken is not None and run is not None:
            spell.run, spell.slow = run, slow
            spell.samples = [each for each in samples if each.time >= run]
        return done
    return None


def finish(spell: LoiteringRun, end: Millis) -> LoiteringRun | None:
    """End what is in hand; the state starts afresh. Returns the loitering if there was one."""
    done = None
    if spell.start is not None:
        done = msgspec.structs.replace(spell, end=max(end, spell.start))
        done.samples = [each for each in spell.samples if each.time <= done.until]
    fresh = LoiteringRun(last=spell.last)
    for name in LoiteringRun.__struct_fields__:
        setattr(spell, name, getattr(fresh, name))
    return done


def reaches(spell: LoiteringRun, s: LoiteringSettings) -> str | None:
    """The level that the loitering has reached: None, "possible" or "probable"."""
    if spell.start is None:
        return None
    hours = (spell.until - spell.start) / HOUR
    if hours >= (s.probable_hours_sts if spell.sts else s.probable_hours):
        return "probable"
    return "possible" if hours >= (s.min_hours_sts if spell.sts else s.min_hours) else None


def _sample(spell: LoiteringRun, fixes: Fixes, i: int, s: LoiteringSettings) -> None:
    """Keep the fix `i` as evidence."""
    spell.samples.append(
        Sample(
            int(fixes.time[i]),
            float(fixes.lon[i]),
            float(fixes.lat[i]),
            float(fixes.sog[i]),
            bool(fixes.sts[i]),
            int(fixes.status[i]),
        )
    )
    if len(spell.samples) > s.samples:
        # every second one goes; first and last stay
        spell.samples = spell.samples[:1] + spell.samples[2:-1:2] + spell.samples[-1:]


def build_event(
    spell: LoiteringRun,
    identity: Identity,
    instant: Millis,
    status: Status,
    why: Reason | None,
    places: Surroundings,
    s: LoiteringSettings,
) -> Event:
    """The event of a loitering: numbers, reasons, sentence. `why` is the ground of a retraction."""
    assert spell.start is not None
    assert spell.id is not None
    start, until = spell.start, spell.until
    kept = [each for each in spell.samples if start <= each.time <= until] or spell.samples[-1:]
    lon = np.array([each.lon for each in kept])
    lat = np.array([each.lat for each in kept])
    sog = np.array([each.sog for each in kept])
    distance = path_km(lon, lat)
    duration = until - start
    mean = float(np.nanmean(sog)) if not np.isnan(sog).all() else distance / 1.852 / max(duration / HOUR, 0.1)
    at = middle(lon, lat)
    distances = places.distances((lon[0], lon[-1]), (lat[0], lat[-1]))
    shore = distances.start_distance_from_shore_km
    least = s.min_hours_sts if spell.sts else s.min_hours
    reasons = [
        Reason(
            code="slow",
            text=f"mean of {s.bucket_minutes} min below {s.slow_knots:g} knots for {duration_text(duration)}",
            value=hours(duration),
            threshold=least,
            unit="h",
            weight=round(0.2 * min(1.0, duration / HOUR / (2 * least)), 2),
        )
    ]
    if spell.sts:
        reasons.append(
            Reason(code="sts_area", text="in an area known for ship-to-ship transfers", weight=0.2)
        )
    if identity.listed:
        reasons.append(listed_reason(identity, 0.25))
    against = shared_number(identity)
    anchored = sum(each.status in (1, 5) for each in kept) / len(kept)
    if anchored > 0.5:
        against.append(
            Reason(
                code="at_anchor",
                text="reports itself at anchor or moored",
                value=round(anchored, 2),
                weight=0.2,
            )
        )
    port = distances.start_distance_from_port_km
    if port is not None and port < 10:
        against.append(
            Reason(
                code="near_port",
                text="near a port, where ships wait",
                value=port,
                threshold=10.0,
                unit="km",
                weight=0.15,
            )
        )
    if shore is not None and shore < 5:
        against.append(
            Reason(
                code="near_shore",
                text="close to the shore, seldom a place for transfers",
                value=shore,
                threshold=5.0,
                unit="km",
                weight=0.1,
            )
        )
    against += changed_type(identity)
    against.append(
        Reason(
            code="alone", text="no partner was seen: waiting for orders or repairs look the same", weight=0.1
        )
    )
    if why is not None:
        against.append(why)
    verb = "was slower" if status is not Status.OPEN else "has been slower"
    return Event(
        id=spell.id,
        type=EventType.LOITERING,
        revision=spell.revision,
        status=status,
        level=Level(spell.level),
        start=to_text(start),
        end=to_text(until) if status is not Status.OPEN else None,
        detected=to_text(instant),
        position=position(*at),
        bounding_box=bounds(lon, lat),
        distances=distances,
        vessel=vessel_of(identity),
        loitering=Loitering(
            total_time_hours=hours(duration),
            total_distance_km=round(distance, 2),
            average_speed_knots=round(mean, 2),
            average_distance_from_shore_km=rounded(float(np.mean(shore_distance_km(lon, lat))), 2),
        ),
        geofences=places.relations(lon, lat),
        score=score(0.3, reasons, against),
        reasons=tuple(reasons),
        against=tuple(against),
        summary=f"The {called(identity)} {verb} than {s.slow_knots:g} knots for {duration_text(duration)}"
        + (", in an area known for ship-to-ship transfers." if spell.sts else "; no partner was seen.")
        + taken_back(why),
        evidence=Evidence(
            positions=tuple(sample(each.time, identity.mmsi, each.lon, each.lat, each.sog) for each in kept),
            receivers=tuple(spell.receivers),
        ),
        detector=detector(NAME, s),
    )
