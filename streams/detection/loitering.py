"""Loitering: one vessel slow at sea, a possible sign of a partner that does not transmit.

The rule follows Global Fishing Watch's loitering events: slower than 2 knots on average by the hour for at
least 4 hours, or 2 hours in an area known for transfers, outside fences whose policy is `suppress`. GFW's
hours are whole. Here the ends are refined to the fix: start and end are when the vessel slowed down and sped
up.

This is what one vessel shows. It proposes a level, by the duration. `loitering_event` explains what is found
and has the table of what else decides the level.
"""

import msgspec
import numpy as np

from models.report import Rows
from models.time import HOUR, MINUTE, Millis
from streams.detection.fixes import Step
from streams.detection.reasons import Weights
from streams.detection.slowness import SAMPLE, Rule, Sample, Slowness, slowness_of


class LoiteringWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.2
    slow: float = 0.15
    """For: time spent slow; the full weight from `full_hours` on, proportionally less before."""
    sts_area: float = 0.1
    """For: in an area known for ship-to-ship transfers."""
    watched_area: float = 0.1
    """For: in a fence whose policy is `watch`."""
    silence: float = 0.1
    """For: not heard for long right before it, or right after it."""
    watchlist: float = 0.15
    at_anchor: float = 0.1
    """Against: most positions report at anchor or moored."""
    not_under_command: float = 0.1
    """Against: most positions report that it is not under command."""
    adrift: float = 0.05
    """Against: it was moved across its heading most of the time, as a ship is whose engine is stopped."""
    resting_place: float = 0.1
    """Against: many other ships lay at rest near it over the last days."""
    not_learnt: float = 0.02
    """Against: there are too few days of data yet to know where ships rest."""
    near_port: float = 0.1
    """Against: began within `port_km` of a port."""
    near_shore: float = 0.05
    """Against: on average within `shore_km` of the shore."""
    shared_mmsi: float = 0.15
    """Against: the MMSI is used in two places at once."""
    type_changed: float = 0.05
    """Against: a tanker that now reports another ship type."""
    alone: float = 0.05
    """Against: no encounter was found meanwhile."""
    in_encounter: float = 0.05
    """Against: an encounter explains it, which has an event of its own."""
    jamming: float = 0.1
    """Against: positions of its ship and of others jumped at the time."""
    coarse: float = 0.02
    """Against: its positions are rounded so coarsely that no vessel near it can be told."""


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
    full_hours: float = 24.0
    """Time slow from which it has its full weight. Source: judgement."""
    adrift_share: float = 0.5
    """It counts as adrift if it was moved across its heading at more than this share of its positions, and
    as not under command if more than this share of its positions report that. Source: judgement."""
    adrift_degrees: float = 45.0
    """Course and heading differ by this and up to 180° less this where a vessel is moved across its heading.
    Source: judgement."""
    adrift_knots: float = 0.3
    """Slower than this, a course says nothing. Source: judgement; errors of positions."""
    silence_hours: float = 6.0
    """A silence of at least this right before the loitering counts for it. Source: the design's gap."""
    port_km: float = 30.0
    """Closer to a port than this, ships wait off it: in its roads, or adrift. Source: judgement; anchorages
    of large ports reach 15 nautical miles out."""
    shore_km: float = 37.0
    """Closer to the shore than this on average, waiting is ordinary. Source: GFW, which counts loitering from
    20 nautical miles on."""
    coarse_metres: float = 3000.0
    """Positions that rounding may put farther off than this tell of no vessel near it, as for encounters
    (`coarse_metres` there)."""
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
        if self.full_hours <= 0:
            raise ValueError("full_hours must be above 0")
        if not 0 < self.adrift_degrees <= 90:
            raise ValueError("adrift_degrees must be above 0 and at most 90")
        if self.samples < 2:
            raise ValueError("samples must be at least 2")

    @property
    def bucket(self) -> Millis:
        return self.bucket_minutes * MINUTE


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
    samples: bytes | list[Sample] = b""  # rows of SAMPLE; a list in states of versions before
    receivers: list[str] = []
    heard: Millis = 0  # the first fix after the last long silence
    silent_before: Millis = 0  # how long that was
    silent_after: Millis = 0  # how long it has not been heard since its end
    # what was published of it
    id: str | None = None
    revision: int = 0
    level: str = ""
    last_revision_at: Millis = 0
    # of the samples, also those that are kept no longer
    fixes: tuple[int, int, float] = (0, 0, 0.0)  # how many, how many too coarse, and the most metres of these

    def __post_init__(self) -> None:
        if isinstance(self.samples, list):
            self.samples = np.array(self.samples, SAMPLE).tobytes()

    @property
    def rows(self) -> Rows:
        """The samples, oldest first."""
        assert isinstance(self.samples, bytes)
        return np.frombuffer(self.samples, SAMPLE)

    @property
    def error(self) -> float:
        """Metres by which most of its positions may be off for being rounded; 0 where that is too little to
        matter, or most are not."""
        every, coarse, metres = self.fixes
        every = max(every, len(self.rows))  # a version before did not count them
        return metres if 2 * coarse > every else 0.0

    @property
    def until(self) -> Millis:
        """Its end, or the last slow fix while it goes on."""
        return self.slow if self.end is None else self.end


def slowness(step: Step, s: LoiteringSettings) -> Slowness:
    """How slow each track of a step was."""
    rule = Rule(s.slow_knots, s.max_silence_hours * HOUR, s.adrift_knots, s.adrift_degrees)
    return slowness_of(step, rule)


def observe(
    run: LoiteringRun, step: Step, told: Slowness, i: int, s: LoiteringSettings, *, one_place: bool = True
) -> LoiteringRun | None:
    """Take in the fixes of track `i` in a step. Returns the loitering that ended here, if one did.

    `one_place` says whether all positions of the vessel are on this track, so that a silence is its own.
    """
    if told.suppressed[i]:
        return finish(run, run.slow)
    done: LoiteringRun | None = None
    if (silence := told.silence[i]) > s.max_silence_hours * HOUR:
        silence = silence if one_place else 0
        done = finish(run, run.slow, silence)
        run.heard, run.silent_before = step.first[i], silence
    run.weight += told.weight[i]
    run.sum += told.way[i]
    run.last = step.last[i]
    if not told.slow[i]:
        run.fast = True
        return done
    new = step.ends[i] - step.starts[i] - step.new[i]
    if told.slow[i] == new:
        _slow_at(run, step.first[i], s)
        run.slow = run.last
    else:
        rows = slice(step.ends[i] - new, step.ends[i])
        for time, slow in zip(step.all.rows["time"][rows].tolist(), told.flags[rows].tolist(), strict=True):
            if slow:
                _slow_at(run, time, s)
            else:
                run.fast = True
    _keep_sample(run, told.samples[i * SAMPLE.itemsize : (i + 1) * SAMPLE.itemsize], s)
    (every, coarse, metres), error = run.fixes, told.errors[i]
    run.fixes = every + 1, coarse + (error > s.coarse_metres), max(metres, error)
    return done


def _slow_at(run: LoiteringRun, time: Millis, s: LoiteringSettings) -> None:
    """Take in a slow fix: it goes on with the slow run, or begins a new one."""
    if run.run is None or (run.fast and time - run.slow > s.break_minutes * MINUTE):
        if run.run is not None and run.broken is None:
            run.broken = run.slow
        run.run = time
        if run.start is None:
            run.samples, run.receivers, run.fixes = b"", [], (0, 0, 0.0)
    run.slow, run.fast = time, False


def close_bucket(
    run: LoiteringRun, instant: Millis, s: LoiteringSettings, *, one_place: bool = True
) -> LoiteringRun | None:
    """Judge the bucket that ends at `instant`. Returns the loitering that ended in it, if one did.

    `one_place` as in `observe`. A vessel that is silent as a whole has until `silence_hours` to be
    heard again.
    """
    weight, mean = run.weight, run.sum / run.weight if run.weight else 0.0
    broken, run.broken = run.broken, None
    run.weight = run.sum = 0.0
    if not weight:  # nothing heard: undecided until the silence is too long
        silence = instant - run.last
        limit = max(s.max_silence_hours, s.silence_hours) if one_place else s.max_silence_hours
        if silence > limit * HOUR:
            return finish(run, run.slow, silence if one_place else 0)
        return None
    if mean < s.slow_knots:
        if run.start is None and run.run is not None:
            run.start = max(run.run, instant - s.refine_buckets * s.bucket)
        return None
    if run.start is not None:
        # the bucket is fast as a whole: the loitering ended where the run that led into it broke
        since, slow, rows = run.run, run.slow, run.rows
        done = finish(run, run.slow if broken is None else max(broken, run.start))
        if broken is not None and since is not None:
            run.run, run.slow = since, slow
            run.samples = rows[rows["time"] >= since].tobytes()
        return done
    return None


def finish(run: LoiteringRun, end: Millis, silence: Millis = 0) -> LoiteringRun | None:
    """End what is in hand; the state starts afresh. Returns the loitering, if there was one.

    `silence` is how long the vessel has not been heard since.
    """
    done = None
    if run.start is not None:
        silent = silence if run.last == run.slow else 0
        done = msgspec.structs.replace(run, end=max(end, run.start), silent_after=silent)
        done.samples = run.rows[run.rows["time"] <= done.until].tobytes()
    fresh = LoiteringRun(last=run.last, heard=run.heard, silent_before=run.silent_before)
    if run != fresh:
        for name in LoiteringRun.__struct_fields__:
            setattr(run, name, getattr(fresh, name))
    return done


def in_sts_area(run: LoiteringRun, s: LoiteringSettings) -> bool:
    """Whether most of it lay in an area known for transfers."""
    rows = run.rows
    return int(rows["sts"].sum()) > s.sts_share * len(rows)


def level_of(run: LoiteringRun, s: LoiteringSettings) -> str | None:
    """The level that is proposed for the loitering, by its duration alone: None, "possible" or "probable".

    `loitering_event.judged` decides the level, from what is known of the place and of other vessels.
    """
    if run.start is None:
        return None
    slow = (run.until - run.start) / HOUR
    if slow < s.min_hours_sts:  # wherever it is
        return None
    sts = in_sts_area(run, s)
    if slow >= (s.probable_hours_sts if sts else s.probable_hours):
        return "probable"
    return "possible" if slow >= (s.min_hours_sts if sts else s.min_hours) else None


def silence_of(run: LoiteringRun, s: LoiteringSettings) -> Millis:
    """The longer of the silences right before and right after it."""
    assert run.start is not None
    before = run.silent_before if 0 <= run.start - run.heard <= s.bucket else 0
    return max(before, run.silent_after)


def _keep_sample(run: LoiteringRun, sample: bytes, s: LoiteringSettings) -> None:
    """Keep a position, a row of SAMPLE, as evidence."""
    assert isinstance(run.samples, bytes)
    run.samples += sample
    if len(run.samples) > s.samples * SAMPLE.itemsize:
        # every second one goes; the first and the last stay
        rows = run.rows
        run.samples = np.concatenate([rows[:1], rows[2:-1:2], rows[-1:]]).tobytes()
