"""Contact: from the samples of two vessels, when they lay together, how close, and for how long."""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

from models.time import Millis
from streams.detection.encounters import silence
from streams.detection.encounters.company import Company, company
from streams.detection.encounters.pair_sample import PairSample
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.silence import HeardAlone, Silence


class Contact(msgspec.Struct, frozen=True):
    """The contacts of a pair, taken together."""

    samples: tuple[PairSample, ...]  # in contact, sorted by time
    counted: tuple[Millis, ...]  # by sample: the time since the one before that counts as contact
    silences: tuple[Silence, ...]  # bridged: they count for nothing
    alongside: Millis  # the longest time without a break that the hulls were close
    alongside_metres: float  # between the hulls at most, median over that time
    moving: tuple[Millis, Millis]  # of the time in contact: drifting together, and alongside under way

    @property
    def start(self) -> Millis:
        return self.samples[0].time

    @property
    def end(self) -> Millis:
        return self.samples[-1].time

    @property
    def duration(self) -> Millis:
        """In contact."""
        return sum(self.counted)

    @property
    def bridged(self) -> Millis:
        return sum(each.duration for each in self.silences)

    def gap_at(self, share: float) -> float | None:
        """The hull gap, metres, below which this share of the time in contact was; None where not known."""
        known = [
            (each.gap, weight)
            for each, weight in zip(self.samples, self._weights(), strict=True)
            if each.gap is not None
        ]
        return quantile(known, share) if known else None

    def distance_at(self, share: float) -> float:
        """The same for the distance between the antennas."""
        weights = zip(self.samples, self._weights(), strict=True)
        return quantile([(each.metres, weight) for each, weight in weights], share)

    def gap_error(self, s: EncounterSettings) -> float:
        """The error of one hull gap, metres.

        That of two positions, or what the gaps scatter from one sample to the next where that is more
        (1.05 times the median of the differences is the standard deviation of one of two normal errors).
        """
        gaps = [each.gap for each in self.samples if each.gap is not None]
        scatter = [abs(b - a) for a, b in pairwise(gaps)]
        return max(s.position_metres * 2**0.5, 1.05 * median(scatter) if scatter else 0.0)

    def _weights(self) -> list[float]:
        """The time that each sample stands for: half of what counts before and after it, or a bit."""
        after = [*self.counted[1:], 0]
        return [max((a + b) / 2, 1.0) for a, b in zip(self.counted, after, strict=True)]


def contact_of(
    samples: Sequence[PairSample], alone: Sequence[HeardAlone], s: EncounterSettings
) -> Contact | None:
    """The contacts in samples that are sorted by time; None where there is none.

    A contact begins within `near_metres` and lasts up to `keep_metres`. `alone` says where one of the two was
    heard while the other was not.
    """
    inside: list[PairSample] = []
    counted: list[Millis] = []
    silences: list[Silence] = []
    joined: list[bool] = []  # whether a sample goes on with what was before it, by contact or bridge
    moving = dict.fromkeys(Company, 0)
    lasting = -1  # index of the sample before, while in contact
    for i, sample in enumerate(samples):
        bits = 0
        lasts = False
        if lasting >= 0:
            bits = silence.meanwhile(samples[lasting], sample, alone, s) if alone else sample.meanwhile
            lasts = silence.counts(samples[lasting], sample, bits, s)
        how = None
        if not sample.suppressed and sample.metres <= (s.keep_metres if lasts else s.near_metres):
            how = company(samples, i, s)
        if how is None:
            lasting = -1
            continue
        bridged = (
            lasting >= 0 and not lasts and silence.bridges(inside[-3:], _following(samples, i, s), bits, s)
        )
        if bridged:
            silences.append(Silence(samples[lasting], sample, bits))
        counted.append(sample.time - samples[lasting].time if lasts else 0)
        moving[how] += counted[-1]
        joined.append(lasts or bridged)
        inside.append(sample)
        lasting = i
    if not inside:
        return None
    return Contact(
        tuple(inside),
        tuple(counted),
        tuple(silences),
        *_alongside(inside, counted, joined, s),
        (moving[Company.DRIFTING], moving[Company.UNDER_WAY]),
    )


def quantile(values: Sequence[tuple[float, float]], share: float) -> float:
    """The value below which a share of the weight lies; `values` are pairs of value and weight."""
    ordered = sorted(values)
    rest = share * sum(weight for _, weight in ordered)
    for value, weight in ordered:
        rest -= weight
        if rest <= 0:
            return value
    return ordered[-1][0]


def _following(samples: Sequence[PairSample], i: int, s: EncounterSettings) -> Sequence[PairSample]:
    """A few samples from `i` on, as long as they follow each other closely."""
    limit = samples[i].time + s.thin
    return [sample for sample in samples[i : i + 3] if sample.time <= limit]


def _alongside(
    samples: Sequence[PairSample], counted: Sequence[Millis], joined: Sequence[bool], s: EncounterSettings
) -> tuple[Millis, float]:
    """The longest time without a break for which the hulls were close, and how close (median).

    A bridged silence is no break. A median of three samples decides, so a single position that is off does
    not.
    """
    metres = [each.at_most for each in samples]
    if min(metres) > s.alongside_metres:
        return 0, math.nan
    longest, where = 0, range(0)
    begun = run = 0
    close = False
    for i in range(len(metres)):
        was_close = close
        three = sorted(metres[max(i - 1, 0) : i + 2])
        close = three[len(three) // 2] <= s.alongside_metres
        if not (close and was_close and joined[i]):
            begun, run = i, 0
        else:
            run += counted[i]
        if run > longest:
            longest, where = run, range(begun, i + 1)
    return longest, median(metres[i] for i in where) if where else math.nan
