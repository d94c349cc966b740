"""Contact: from the samples of two vessels, when they lay together, how close, and for how long."""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from statistics import median
from typing import Final, NamedTuple

import msgspec
import numpy as np

from geofences.distance import Floats
from models.time import Millis
from streams.detection.encounters import silence
from streams.detection.encounters.alongside import Alongside
from streams.detection.encounters.company import Company, company, way
from streams.detection.encounters.pair_sample import Columns, PairSample, Table, unchanged
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.silence import HeardAlone, Silence
from streams.detection.explanation import ANCHORED, MOORED


class Contact(msgspec.Struct, frozen=True, dict=True):
    """The contacts of a pair, taken together."""

    samples: tuple[PairSample, ...]  # in contact, sorted by time
    counted: tuple[Millis, ...]  # by sample: the time since the one before that counts as contact
    duration: Millis  # in contact
    silences: tuple[Silence, ...]  # bridged: they count for nothing
    alongside: Millis  # the longest time without a break that the hulls were close
    alongside_from_to: tuple[int, int]  # the samples of that time
    moving: tuple[Millis, Millis]  # of the time in contact: drifting together, and alongside under way
    anchored: tuple[int, int]  # samples in which each vessel reported to be at anchor or moored
    moored: tuple[int, int]
    too_far: bool
    """Whether the two typically lay too far from each other for a transfer: more than half of the time more
    than `wide_gap_metres` between the hulls, or `far_metres` between the antennas where no gap is known.
    Positions that are rounded count as far apart as they may be; where the two went through many cells of a
    grid and lay long in none, as they may be on average.

    A time alongside counts by itself: two that wait near each other for hours before they come alongside are
    not neighbours at anchor.
    """
    table: Table  # that the samples are looked up in

    @cached_property
    def columns(self) -> Columns:
        return self.table.of(self.samples)

    @property
    def start(self) -> Millis:
        return self.samples[0].time

    @property
    def end(self) -> Millis:
        return self.samples[-1].time

    @property
    def bridged(self) -> Millis:
        return sum(each.duration for each in self.silences)

    @cached_property
    def alongside_metres(self) -> float:
        """Between the hulls at most, median over the time alongside; NaN where there is none."""
        begin, end = self.alongside_from_to
        return median(self.columns.at_most[begin:end].tolist()) if end else math.nan

    def gap_at(self, share: float) -> float | None:
        """The hull gap, metres, below which this share of the time in contact was; None where it is not known
        for enough of it to tell what is typical."""
        gaps, time = self._gaps
        told = len(gaps) and time[-1] > _FEW_KNOWN * self._weights.sum()
        return _at_share(gaps, time, share) if told else None

    @cached_property
    def typical_gap(self) -> float | None:
        """Metres between the hulls, the median over the time in contact; None where not known."""
        return self.gap_at(0.5)

    def distance_at(self, share: float) -> float:
        """The same for the distance between the antennas."""
        return _at_share(*_ordered(self.columns.metres, self._weights), share)

    @cached_property
    def error(self) -> float:
        """Metres by which the distances may be off because positions are rounded: 0 where few are, else the
        median over those that are."""
        errors = self.columns.error
        rounded = np.sort(errors[errors > 0])
        return float(rounded[len(rounded) // 2]) if len(rounded) > _FEW_ROUNDED * len(errors) else 0.0

    @cached_property
    def at_most(self) -> float:
        """Metres between the antennas at most, the median over the time in contact."""
        most = self.columns.metres + self.columns.error
        return _at_share(*_ordered(most, self._weights), 0.5)

    def gap_error(self, s: EncounterSettings) -> float:
        """The error of one hull gap, metres.

        That of two positions, or what the gaps scatter from one sample to the next where that is more
        (1.05 times the median of the differences is the standard deviation of one of two normal errors).
        """
        gaps = self.columns.gap
        scatter = np.abs(np.diff(gaps[~np.isnan(gaps)])).tolist()
        return max(s.position_metres * 2**0.5, 1.05 * median(scatter) if scatter else 0.0)

    @cached_property
    def _gaps(self) -> tuple[Floats, Floats]:
        """The hull gaps that are known, ascending, and the time that they stand for up to each."""
        gaps = self.columns.gap
        known = ~np.isnan(gaps)
        return _ordered(gaps[known], self._weights[known])

    @cached_property
    def _weights(self) -> Floats:
        """The time that each sample stands for: half of what counts before and after it, or a bit."""
        counted = np.array([*self.counted, 0], np.float64)
        return np.maximum((counted[:-1] + counted[1:]) / 2, 1.0)


class Contacts:
    """The contacts of one pair. They are found anew only from where its samples have changed.

    Has no state but what it may forget. Samples are mostly added at the end; each is judged by what comes
    before it and the next two.
    """

    def __init__(self) -> None:
        self._samples: list[PairSample] = []
        self._alone: list[HeardAlone] = []
        self._table = Table()
        self._found: Contact | None = None
        self._settled = _Run()
        self._taken = 0
        """Samples that are in `_settled`."""
        self._marks: deque[tuple[int, _Mark]] = deque(maxlen=_MARKS)
        """How that was some samples before, and with how many: late ticks change the last few."""

    def of(self, samples: list[PairSample], alone: list[HeardAlone], s: EncounterSettings) -> Contact | None:
        """The contacts in samples that are sorted by time; None where there is none.

        A contact begins within `near_metres` and lasts up to `keep_metres`. `alone` says where one of the two
        was heard while the other was not. Neither may be changed in place afterwards.
        """
        if samples is self._samples and alone is self._alone:
            return self._found
        same = unchanged(self._samples, samples)
        good = same if same == len(self._samples) else same - _AHEAD  # the last ones taken do not look ahead
        self._go_back(good if alone == self._alone else min(good, self._before_other(alone)))
        self._samples, self._alone = samples, alone
        while self._taken < len(samples) - _AHEAD or (
            self._taken < len(samples) and not self._settled.looks_ahead(self._samples, self._taken, alone, s)
        ):
            if self._taken % _APART == 0:
                self._marks.append((self._taken, self._settled.mark()))
            self._settled.take(self._samples, self._taken, alone, s)
            self._taken += 1
        if self._taken == len(samples):
            self._found = self._settled.contact(self._table, s)
            return self._found
        mark = self._settled.mark()
        for i in range(self._taken, len(samples)):
            self._settled.take(self._samples, i, alone, s)
        self._found = self._settled.contact(self._table, s)
        self._settled.back(mark)
        return self._found

    def _go_back(self, good: int) -> None:
        """To before the first sample that is not as it was: so many are at least."""
        if self._taken <= max(good, 0):
            return
        while self._marks and self._marks[-1][0] > good:
            self._marks.pop()
        if self._marks:
            self._taken, mark = self._marks.pop()
            self._settled.back(mark)
        else:
            self._settled, self._taken = _Run(), 0

    def _before_other(self, alone: list[HeardAlone]) -> int:
        """The samples known that end before the first of these that are not as they were."""
        same = unchanged(self._alone, alone)
        times = [each[same].time for each in (self._alone, alone) if same < len(each)]
        return bisect_right(self._samples, min(times), key=_time) if times else len(self._samples)


_AHEAD: Final = 2
"""Samples after one that decide whether it is in contact."""
_MARKS: Final = 3
_APART: Final = 8
"""It is remembered what samples came to at the last multiples of this, so many of them."""


def _time(sample: PairSample) -> Millis:
    return sample.time


_NOT_YET: Final = dict.fromkeys(Company, 0)
_FEW_KNOWN: Final = 0.1
"""Share of the time in contact for which the hull gap has to be known to tell what is typical. Judgement."""
_MANY_CELLS: Final = 4
"""Times that two have to come into another cell of a grid, a diagonal away, for errors of rounding to cancel
out; and no stay may take more than one such part of the time: meanwhile they stay the same. Judgement."""
_FEW_ROUNDED: Final = 0.1
"""Share of samples up to which it is chance, or does not matter, that positions lie on round numbers."""


class _Run:
    """What samples come to, taken one after the other."""

    def __init__(self) -> None:
        self.inside: list[PairSample] = []
        self.counted: list[Millis] = []
        self.silences: list[Silence] = []
        self.joined: list[bool] = []  # whether a sample goes on with what was before it, by contact or bridge
        self.moving = _NOT_YET.copy()
        self.lasting = -1  # index of the sample before, while in contact
        self.near_at: Millis = 0  # when they were last near, whatever rounding may explain
        self.anchored = [0, 0]  # samples in which each vessel reported so
        self.moored = [0, 0]
        self.alongside = Alongside()
        self.distances = _Distances()  # of all samples but the last

    def mark(self) -> "_Mark":
        """How it is now, to come back to."""
        return _Mark(
            *(len(self.inside), len(self.silences), self.moving.copy(), self.lasting, self.near_at),
            *(self.anchored.copy(), self.moored.copy(), self.alongside.copy(), self.distances.copy()),
        )

    def back(self, mark: "_Mark") -> None:
        """As it was at a mark; to be asked once for each."""
        for column in (self.inside, self.counted, self.joined):
            del column[mark.inside :]
        del self.silences[mark.silences :]
        self.moving, self.lasting, self.near_at = mark.moving, mark.lasting, mark.near_at
        self.anchored, self.moored = mark.anchored, mark.moored
        self.alongside, self.distances = mark.alongside, mark.distances

    def looks_ahead(
        self, samples: Sequence[PairSample], i: int, alone: Sequence[HeardAlone], s: EncounterSettings
    ) -> bool:
        """Whether to take sample `i`, the one after the last, may depend on those after it: not where both
        are slow, and were so together a moment before."""
        sample = samples[i]
        known = sample.faster < s.slow_knots and not alone and not sample.meanwhile
        return not (known and (self.lasting < 0 or sample.time - samples[self.lasting].time <= s.thin))

    def take(
        self, samples: Sequence[PairSample], i: int, alone: Sequence[HeardAlone], s: EncounterSettings
    ) -> None:
        """Take sample `i`, the one after the last."""
        sample = samples[i]
        bits = 0
        lasts = False
        if self.lasting >= 0:
            last = samples[self.lasting]
            bits = silence.meanwhile(last, sample, alone, s) if alone else sample.meanwhile
            lasts = silence.counts(last, sample, bits, s)
        how = None
        lately = sample.time - self.near_at <= s.thin  # by positions as they are
        apart = sample.apart_at_least if lasts and lately else sample.metres
        near = apart <= (s.keep_metres if lasts else s.near_metres) and sample.error <= s.coarse_metres
        if near and not sample.suppressed:
            how = company(samples, i, s)
            self.near_at = sample.time if sample.metres <= s.keep_metres else self.near_at
        if how is None:
            self.lasting = -1
            return
        bridged = (
            self.lasting >= 0
            and not lasts
            and silence.bridges(self.inside[-3:], _following(samples, i, s), bits, s)
        )
        if bridged:
            self.silences.append(Silence(samples[self.lasting], sample, bits))
        counts = sample.time - samples[self.lasting].time if lasts else 0
        if self.inside:
            self.distances.add(self.inside[-1], _weight(self.counted[-1], counts), s)
        self.counted.append(counts)
        self.moving[how] += self.counted[-1]
        self.joined.append(lasts or bridged)
        self.inside.append(sample)
        self.lasting = i
        for second, vessel in enumerate((sample.a, sample.b)):
            self.anchored[second] += vessel.status in ANCHORED
            self.moored[second] += vessel.status == MOORED
        if len(self.inside) > 1:
            self.alongside.take(self.inside, len(self.inside) - 2, self.counted, self.joined, s)

    def contact(self, table: Table, s: EncounterSettings) -> Contact | None:
        """What they come to if there are no more."""
        if not self.inside:
            return None
        alongside, distances = self.alongside.copy(), self.distances.copy()
        alongside.take(self.inside, len(self.inside) - 1, self.counted, self.joined, s)
        distances.add(self.inside[-1], _weight(self.counted[-1], 0), s)
        return Contact(
            tuple(self.inside),
            tuple(self.counted),
            sum(self.moving.values()),
            tuple(self.silences),
            alongside.longest,
            alongside.from_to,
            (self.moving[Company.DRIFTING], self.moving[Company.UNDER_WAY]),
            (self.anchored[0], self.anchored[1]),
            (self.moored[0], self.moored[1]),
            distances.too_far,
            table,
        )


class _Mark(NamedTuple):
    """What a run was: how many samples and silences it had, and its sums."""

    inside: int
    silences: int
    moving: dict[Company, Millis]
    lasting: int
    near_at: Millis
    anchored: list[int]
    moored: list[int]
    alongside: Alongside
    distances: "_Distances"


class _Distances:
    """The time at which two were near enough for a transfer, and all the time, as far as it counts.

    Sums tell on which side of a limit a median lies, without all the values.
    """

    def __init__(self) -> None:
        self._by_hulls = (0.0, 0.0)  # near enough, and all for which the gap is known
        self._by_antennas = (0.0, 0.0)
        self._on_average = 0.0  # near enough by the antennas, if rounding errors of positions cancel out
        self._cells = 0  # that they went through
        self._entered: PairSample | None = None  # where they came into the last one
        self._stay = self._longest = 0.0  # the time in the last one, and in the one in which it was longest

    def copy(self) -> "_Distances":
        other = _Distances()
        other._by_hulls, other._by_antennas = self._by_hulls, self._by_antennas
        other._on_average, other._cells, other._entered = self._on_average, self._cells, self._entered
        other._stay, other._longest = self._stay, self._longest
        return other

    def add(self, sample: PairSample, weight: float, s: EncounterSettings) -> None:
        near, known = self._by_antennas
        self._by_antennas = near + weight * (sample.apart_at_most <= s.far_metres), known + weight
        self._on_average += weight * (sample.apart_on_average <= s.far_metres)
        if sample.error:
            if self._entered is None or way(self._entered, sample) >= sample.error:
                self._cells, self._entered, self._stay = self._cells + 1, sample, 0.0
            self._stay += weight
            self._longest = max(self._longest, self._stay)
        if sample.gap is not None:
            near, known = self._by_hulls
            self._by_hulls = near + weight * (sample.gap <= s.wide_gap_metres), known + weight

    @property
    def too_far(self) -> bool:
        """Whether the median is beyond the limit."""
        near, known = self._by_hulls
        if known <= _FEW_KNOWN * self._by_antennas[1]:
            near, known = self._by_antennas
            many = self._cells > _MANY_CELLS and _MANY_CELLS * self._longest <= known
            near = self._on_average if many else near
        return near < known / 2


def _weight(before: Millis, after: Millis) -> float:
    """The time that a sample stands for, by what counts before and after it; at least a bit."""
    return max((before + after) / 2, 1.0)


def _ordered(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Values, ascending, and the sum of their weights up to each; exact, as weights are halves."""
    order = np.argsort(values)
    return values[order], np.cumsum(weights[order])


def _at_share(values: Floats, weight: Floats, share: float) -> float:
    """The value below which a share of the weight lies, of what `_ordered` gave."""
    return float(values[weight.searchsorted(share * weight[-1])])


def _following(samples: Sequence[PairSample], i: int, s: EncounterSettings) -> Sequence[PairSample]:
    """A few samples from `i` on, as long as they follow each other closely."""
    limit = samples[i].time + s.thin
    return [sample for sample in samples[i : i + 3] if sample.time <= limit]
