"""Hearing: how one vessel is heard, its rhythm of silences, and the speeds that it makes.

A vessel is heard in runs: times without a longer silence. One that only satellites hear has short runs and
long silences, again and again: its silences are usual. One that is heard all day and then not has a long run
before the silence, so that this silence says nothing of a rhythm.
"""

import math
from itertools import pairwise
from typing import Final

import msgspec

from models.time import HOUR, MINUTE, Millis
from streams.detection.gaps.settings import GapSettings

_BEFORE: Final = 12 * HOUR
"""Positions are counted over this time before a silence. Source: GFW's `positions12HoursBeforeSat`."""
_KNOTS: Final = 31
"""Classes of speed, a knot each; the last one has all that is faster."""
_MOST: Final = 4096
"""Steps in one class of speed; then all classes are halved, so that what is recent counts more."""
_QUANTILE: Final = 0.95
"""A vessel's own speed is the one that so many of its steps under way do not exceed. Source: the design."""


class Run(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A time in which a vessel was heard, and the steps of the grid with a position in it."""

    start: Millis
    end: Millis
    steps: int


class Hearing(msgspec.Struct, array_like=True, gc=False):
    """How a vessel is heard: the run that goes on, and those before it."""

    since: Millis
    steps: int = 0
    runs: list[Run] = []
    speeds: list[int] = []  # steps under way by whole knots


def begin_run(hearing: Hearing, last: Millis, time: Millis, s: GapSettings) -> None:
    """The vessel is heard at `time` after a silence since `last` that is part of its rhythm."""
    run = Run(hearing.since, last, hearing.steps)
    hearing.runs = [*hearing.runs, run][-s.rhythm_runs :]
    hearing.since, hearing.steps = time, 0


def longest_silence(hearing: Hearing | None, after: Millis) -> tuple[Millis, Millis] | None:
    """Start and end of the longest silence of those kept that ended after a time; None if there is none."""
    if hearing is None or not hearing.runs:
        return None
    runs = [*hearing.runs, Run(hearing.since, hearing.since, 0)]
    silences = [(one.end, other.start) for one, other in pairwise(runs) if other.start > after]
    return max(silences, key=lambda silence: silence[1] - silence[0], default=None)


def add_step(hearing: Hearing, knots: float, s: GapSettings) -> None:
    """A step of the grid with a position; `knots` is the speed then, or NaN."""
    hearing.steps += 1
    if not knots >= s.under_way_knots:  # also where it is not known
        return
    if not hearing.speeds:
        hearing.speeds = [0] * _KNOTS
    i = min(int(knots), _KNOTS - 1)
    hearing.speeds[i] += 1
    if hearing.speeds[i] > _MOST:
        hearing.speeds = [count // 2 for count in hearing.speeds]


def positions_before(hearing: Hearing, last: Millis) -> int:
    """Steps with a position in the runs that reach into the 12 hours before `last`."""
    return hearing.steps + sum(run.steps for run in hearing.runs if run.end >= last - _BEFORE)


def known_for(hearing: Hearing, last: Millis) -> Millis:
    """How long the vessel had been known when it was last heard."""
    first = hearing.runs[0].start if hearing.runs else hearing.since
    return last - first


def usual_silence(hearing: Hearing) -> Millis:
    """The silence that is usual for the vessel; 0 if it has no such rhythm.

    It is the second longest of the silences that were longer than the run before them: a single one may be
    anything.
    """
    starts = [*(run.start for run in hearing.runs[1:]), hearing.since]
    silences = sorted(
        silence
        for run, start in zip(hearing.runs, starts, strict=False)
        if (silence := start - run.end) > run.end - run.start
    )
    return silences[-2] if len(silences) > 1 else 0


def expected_silence(hearing: Hearing, s: GapSettings) -> Millis:
    """The longest silence that is still ordinary for the vessel's own rhythm, at least `rhythm_minutes`."""
    return max(round(s.rhythm_minutes * MINUTE), round(s.rhythm_factor * usual_silence(hearing)))


def plausible_knots(hearing: Hearing, s: GapSettings) -> float:
    """The speed that the vessel can keep: its own 95th percentile under way, at least `speed_knots`."""
    total = sum(hearing.speeds)
    count, need = 0, math.ceil(_QUANTILE * total)
    for knots, steps in enumerate(hearing.speeds):
        count += steps
        if total and count >= need:
            return max(s.speed_knots, knots + 1.0)
    return s.speed_knots
