"""Both vessels of a pair at one moment: where they were, and how far their hulls were apart."""

import math
from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec
import numpy as np

from geofences.distance import Floats
from models.report import Rows
from models.time import Millis
from models.vessel import Dimensions
from streams.detection.encounters import hull
from streams.detection.encounters.settings import EncounterSettings
from streams.tracking.resolution import shared_errors

_encode: Final = msgspec.msgpack.Encoder().encode
Sizes = tuple[Dimensions | None, Dimensions | None]


class VesselSample(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One vessel at one moment. Degrees and knots; NaN where a value is not known."""

    lon: float
    lat: float
    sog: float
    cog: float
    heading: float
    status: int
    between: bool = False  # not heard since the moment before: on the way to where it was next


class PairSample(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Both vessels at one moment, close or not."""

    time: Millis
    metres: float  # between the antennas
    gap: float | None  # metres between the hulls; None where not known or not close
    suppressed: bool  # inside a fence where nothing is raised
    a: VesselSample
    b: VesselSample
    meanwhile: int = 0  # who was heard since the sample before: A_HEARD, B_HEARD, ELSEWHERE of `silence`
    error: float = 0.0  # metres that `metres` may be off because positions are rounded

    @property
    def at_most(self) -> float:
        """Metres between the hulls at most: both antennas are on board, so never more than between them."""
        return self.apart_at_most if self.gap is None else self.gap

    @property
    def apart_at_most(self) -> float:
        """Metres between the antennas at most, however their positions are rounded."""
        return self.metres + self.error

    @property
    def apart_on_average(self) -> float:
        """The same where many positions are rounded, each in another way: half the diagonal of a cell is the
        most that they are off by on average, as they are where digits are cut off."""
        return self.metres + self.error / 2

    @property
    def apart_at_least(self) -> float:
        return max(self.metres - self.error, 0.0)

    @property
    def faster(self) -> float:
        """The greater speed of the two, knots; NaN where one is not known."""
        return self.a.sog if self.a.sog > self.b.sog or math.isnan(self.a.sog) else self.b.sog


class Columns(NamedTuple):
    """Samples in columns, in order of time; those of vessels have two rows, one for each."""

    lon: Floats
    lat: Floats
    sog: Floats
    cog: Floats
    heading: Floats
    metres: Floats
    gap: Floats  # NaN where not known
    error: Floats

    @property
    def at_most(self) -> Floats:
        """As of a sample: metres between the hulls at most."""
        return np.where(np.isnan(self.gap), self.metres + self.error, self.gap)


_cells: Final = attrgetter(
    *(f"{vessel}.{name}" for name in Columns._fields[:5] for vessel in "ab"), *Columns._fields[5:]
)


class Table:
    """The samples of one pair in columns. Has no state but what it may forget: mostly a few samples are added
    to those that were asked for before."""

    def __init__(self) -> None:
        self._samples: tuple[PairSample, ...] = ()
        self._cells = np.empty((13, 0))

    def of(self, samples: tuple[PairSample, ...]) -> Columns:
        """These samples, of which there is one at least. What was given for others before stays as it is."""
        same = unchanged(self._samples, samples)
        if same < len(self._samples) or len(samples) > self._cells.shape[1]:
            known = self._cells[:, :same]
            self._cells = np.empty((13, len(samples) * 5 // 4 + 8))
            self._cells[:, :same] = known
        if same < len(samples):
            self._cells[:, same : len(samples)] = np.array(list(map(_cells, samples[same:])), np.float64).T
        self._samples = samples
        cells = self._cells[:, : len(samples)]
        return Columns(*(cells[i : i + 2] for i in range(0, 10, 2)), *cells[10:])


def unchanged(one: Sequence[object], other: Sequence[object]) -> int:
    """How many are the same at the beginning of two lists, or of two tuples."""
    least = min(len(one), len(other))
    if one[:least] == other[:least]:
        return least
    return next(i for i in range(least) if one[i] is not other[i] and one[i] != other[i])


def pair_samples(
    a: Rows,
    b: Rows,
    metres: Sequence[float],
    suppressed: Sequence[bool],
    sizes: Sequence[Sizes],
    s: EncounterSettings,
) -> list[PairSample]:
    """Both vessels at one moment each, from rows of TICK of the same times, and the metres between them.

    The gap between their hulls is measured where they may be in contact, and where neither position is
    rounded: in a cell of 100 m or more, a gap that matters can't be told.
    """
    known: dict[bytes, VesselSample] = {}
    ones, others = _vessel_samples(a, known), _vessel_samples(b, known)
    rounded = shared_errors(a["lon"], a["lat"], b["lon"], b["lat"])
    by_steps = np.maximum(a["error"], b["error"])  # lines in common count only where no steps are known
    errors = [each or 0.0 for each in np.where(by_steps > 0, by_steps, rounded).tolist()]
    near = [
        i
        for i, (one, other) in enumerate(zip(ones, others, strict=True))
        if metres[i] <= s.keep_metres and not errors[i] and not max(one.sog, other.sog) > s.under_way_knots
    ]
    measured = hull.gaps([(_lie(ones[i], sizes[i][0], s), _lie(others[i], sizes[i][1], s)) for i in near])
    gaps = dict(zip(near, measured, strict=True))
    times = {time: time for time in a["time"].tolist()}
    return [
        PairSample(times[time], metres[i], gaps.get(i), suppressed[i], ones[i], others[i], 0, errors[i])
        for i, time in enumerate(a["time"].tolist())
    ]


def _vessel_samples(rows: Rows, known: dict[bytes, VesselSample]) -> list[VesselSample]:
    """One for each row. Those that are the same bit by bit are one object, as a vessel may be in many pairs:
    they are added to `known`, by what they are."""
    columns = [rows[name].tolist() for name in ("lon", "lat", "sog", "cog", "heading", "status", "between")]
    return [
        known.get(bits := _encode(values)) or known.setdefault(bits, VesselSample(*values))
        for values in zip(*columns, strict=True)
    ]


def after(sample: PairSample, before: PairSample) -> PairSample:
    """The same sample; a vessel that is as it was in the one before is the same object."""
    a = before.a if _is_same(before.a, sample.a) else sample.a
    b = before.b if _is_same(before.b, sample.b) else sample.b
    if a is sample.a and b is sample.b:
        return sample
    return msgspec.structs.replace(sample, a=a, b=b)


def _is_same(one: VesselSample, other: VesselSample) -> bool:
    """Bit by bit: 0.0 and -0.0 are told differently."""
    return one.lat == other.lat and one.lon == other.lon and _encode(one) == _encode(other)


def _lie(vessel: VesselSample, size: Dimensions | None, s: EncounterSettings) -> hull.Lie:
    return hull.Lie(vessel.lon, vessel.lat, bow(vessel, s), size)


def swapped(sample: PairSample) -> PairSample:
    """The same with the two vessels in the other order."""
    bits = sample.meanwhile
    meanwhile = bits & ~3 | (bits & 1) << 1 | (bits & 2) >> 1
    return msgspec.structs.replace(sample, a=sample.b, b=sample.a, meanwhile=meanwhile)


def bow(vessel: VesselSample, s: EncounterSettings) -> float:
    """Where the bow points, degrees: the heading, or else the course of a vessel that moves."""
    return vessel.cog if math.isnan(vessel.heading) and vessel.sog > s.course_knots else vessel.heading


def thinned(samples: list[PairSample], s: EncounterSettings) -> list[PairSample]:
    """Every second sample of the older half, and whatever keeps neighbours within `thin_minutes`."""
    half = len(samples) // 2
    kept = samples[:1]
    for i in range(1, half):
        apart = samples[i + 1].time - kept[-1].time > s.thin
        if i % 2 == 0 or apart or samples[i].meanwhile or samples[i + 1].meanwhile:
            kept.append(samples[i])
    return kept + samples[half:]
