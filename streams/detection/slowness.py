"""Slowness: which fixes of the tracks of one step are slow, and how fast each track was on average.

`loitering` makes its runs of this.
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from models.report import Rows
from models.time import Millis
from streams.detection.fixes import Step
from streams.runtime.compiled import compiled

Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]


class Rule(NamedTuple):
    """What is slow, and what is moved across its heading; the settings are in `loitering`."""

    slow_knots: float
    max_silence: float  # milliseconds
    adrift_knots: float
    adrift_degrees: float


class Sample(NamedTuple):
    time: Millis
    lon: float
    lat: float
    sog: float
    sts: bool
    status: int
    across: bool = False  # moved across its heading


SAMPLE: Final = np.dtype(
    [
        ("time", "i8"),
        ("lon", "f8"),
        ("lat", "f8"),
        ("sog", "f8"),
        ("sts", "?"),
        ("status", "u1"),
        ("across", "?"),
    ]
)
"""A Sample in 35 bytes. Thousands of vessels may loiter at a time, and objects take five times as much."""


class Slowness(msgspec.Struct, frozen=True):
    """What the fixes of one step say of each track: columns as lists, an entry a track."""

    suppressed: list[bool]
    """Whether its last fix lies in a fence whose policy is `suppress`."""
    silence: list[Millis]
    """How long it was not heard before its first new fix; 0 for a track that begins."""
    weight: list[float]
    """Milliseconds between its fixes, without long silences."""
    way: list[float]
    """Mean knots times milliseconds over these."""
    slow: list[int]
    """How many of its new fixes are slow."""
    at: list[int]
    """The last slow one of them: its row in the step; -1 for none."""
    flags: npt.NDArray[np.bool_]
    """Whether a row is a new fix that is slow."""
    samples: bytes
    """The row `at`, SAMPLE, of each track; of no meaning where no fix is slow."""
    errors: list[float]
    """Metres that the position there may be off for being rounded; likewise."""


def slowness_of(step: Step, rule: Rule) -> Slowness:
    """How slow each track of a step was."""
    fixes, starts, ends = step.all, np.array(step.starts), np.array(step.ends)
    count, length = len(starts), len(fixes.rows)
    parts, flags, samples = np.empty((2, length)), np.empty(length, bool), np.empty(count, SAMPLE)
    silence, slow, at = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    _find_slow(
        fixes.rows,
        (fixes.knots, fixes.mean_knots, fixes.dt, fixes.long, fixes.sts),
        (starts, ends, np.array(step.new)),
        rule,
        parts,
        flags,
        (silence, slow, at),
        samples,
    )
    weight, way = np.add.reduceat(parts, starts, axis=1).tolist()
    return Slowness(
        suppressed=fixes.suppressed[ends - 1].tolist(),
        silence=silence.tolist(),
        weight=weight,
        way=way,
        slow=slow.tolist(),
        at=at.tolist(),
        flags=flags,
        samples=samples.tobytes(),
        errors=fixes.error[at].tolist(),
    )


@compiled
def _find_slow(
    rows: Rows,
    columns: tuple[Floats, Floats, Floats, Flags, Flags],
    tracks: tuple[Indices, Indices, Indices],
    rule: Rule,
    parts: Floats,
    flags: Flags,
    told: tuple[Indices, Indices, Indices],
    samples: Rows,
) -> None:
    """Write what `Slowness` has of rows and tracks; `parts` are what its weight and way are the sums of."""
    knots, mean_knots, dt, long, sts = columns
    silence, slow, at = told
    for i in range(len(tracks[0])):
        start, end, led = tracks[0][i], tracks[1][i], tracks[2][i] > 0
        silence[i] = rows[start + 1].time - rows[start].time if led else 0
        slow[i], at[i] = 0, -1
        for k in range(start, end):
            # the mean speeds since the last step; what was before a track's first row is not its own
            counts = led and k > start and dt[k] <= rule.max_silence
            parts[0, k] = dt[k] if counts else 0.0
            parts[1, k] = mean_knots[k] * dt[k] if counts else 0.0
            speed = mean_knots[k] if led and long[k] else knots[k]
            flags[k] = speed < rule.slow_knots and not (led and k == start)
            if flags[k]:
                slow[i], at[i] = slow[i] + 1, k
        if slow[i]:
            row, sample = rows[at[i]], samples[i]
            sample.time, sample.lon, sample.lat = row.time, row.lon, row.lat
            sample.sog, sample.sts, sample.status = row.sog, sts[at[i]], row.status
            angle = abs((np.float64(row.cog) - np.float64(row.heading) + 180) % 360 - 180)
            sample.across = (
                knots[at[i]] >= rule.adrift_knots
                and rule.adrift_degrees <= angle
                and angle <= 180 - rule.adrift_degrees
            )
