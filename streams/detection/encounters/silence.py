"""Silence: what it means when two vessels in contact are not heard together for a while.

A silence of up to 110 minutes, the rhythm of a satellite, counts as contact. A longer one, up to 24 hours, is
bridged: it does not count as contact, but what comes before and after it is one encounter. Both ends have to
be alongside, and the way between them has to be a drift. Neither rule holds if one of the two was heard
elsewhere meanwhile. No position is made up for a silence.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

import msgspec

from models.time import Millis
from streams.detection.encounters.company import reach, way
from streams.detection.encounters.hull import offset
from streams.detection.encounters.pair_sample import PairSample
from streams.detection.encounters.settings import EncounterSettings

A_HEARD: Final = 1
"""The first vessel was heard meanwhile, the second was not."""
B_HEARD: Final = 2
"""The second vessel was heard meanwhile, the first was not."""
ELSEWHERE: Final = 4
"""One of the two was heard where a drift with the other could not have brought it."""


class HeardAlone(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Where one vessel of a pair was while the other was not heard."""

    time: Millis
    second: bool
    lon: float
    lat: float
    error: float = 0.0  # metres that the position may be off because it is rounded


class Silence(msgspec.Struct, frozen=True):
    """A bridged silence: from the last sample before it to the first one after it."""

    before: PairSample
    after: PairSample
    meanwhile: int

    @property
    def duration(self) -> Millis:
        return self.after.time - self.before.time

    @property
    def metres(self) -> float:
        """How far the two were carried."""
        return way(self.before, self.after)


def meanwhile(
    before: PairSample, after: PairSample, alone: Iterable[HeardAlone], s: EncounterSettings
) -> int:
    """Who was heard alone between two samples that follow each other, and whether elsewhere."""
    bits = after.meanwhile
    for heard in alone:
        if before.time < heard.time < after.time:
            bits |= B_HEARD if heard.second else A_HEARD
            if _off_the_way(before, after, heard, s):
                bits |= ELSEWHERE
    return bits


def counts(before: PairSample, after: PairSample, bits: int, s: EncounterSettings) -> bool:
    """Whether the time between two samples in contact counts as contact."""
    duration = after.time - before.time
    if duration > s.silence or bits & ELSEWHERE:
        return False
    return duration <= s.thin or _way(before, after) <= s.keep_metres + reach(s.under_way_knots, duration)


def bridges(
    before: Sequence[PairSample], after: Sequence[PairSample], bits: int, s: EncounterSettings
) -> bool:
    """Whether a silence too long to count is bridged.

    `before` are the last samples in contact, `after` the first ones: a few, so that one position that is
    off by some metres does not decide.
    """
    duration = after[0].time - before[-1].time
    if duration > s.bridge or bits & ELSEWHERE:
        return False
    if not (alongside(before, s) and alongside(after, s)):
        return False
    return _way(before[-1], after[0]) <= reach(s.bridge_knots, duration)


def settled(
    samples: Sequence[PairSample], alone: Sequence[HeardAlone], until: Millis, s: EncounterSettings
) -> tuple[list[PairSample], list[HeardAlone]]:
    """The samples with what was heard alone before `until` noted in them, and the rest of the latter.

    So what is kept of a pair stays bounded.
    """
    out = list(samples[:1])
    for after in samples[1:]:
        if after.time <= until and (bits := meanwhile(out[-1], after, alone, s)) != after.meanwhile:
            after = msgspec.structs.replace(after, meanwhile=bits)
        out.append(after)
    last = max((sample.time for sample in samples if sample.time <= until), default=until)
    return out, [heard for heard in alone if heard.time > last]


def alongside(samples: Sequence[PairSample], s: EncounterSettings) -> bool:
    """Whether two lie alongside: by the hulls, or by the antennas where the gap is not known."""
    gaps = [sample.gap for sample in samples if sample.gap is not None]
    if gaps:
        return median(gaps) <= s.alongside_metres
    return median(sample.apart_at_most for sample in samples) <= s.close_metres


def heard_off(before: PairSample, heard: HeardAlone, s: EncounterSettings) -> bool:
    """Whether a vessel that was heard alone after the last sample is where no drift could bring it."""
    vessel = before.b if heard.second else before.a
    east, north = offset(heard.lon, heard.lat, vessel.lon, vessel.lat)
    drift = s.keep_metres + before.error + heard.error + reach(s.bridge_knots, heard.time - before.time)
    return bool(east * east + north * north > drift * drift)


def _off_the_way(before: PairSample, after: PairSample, heard: HeardAlone, s: EncounterSettings) -> bool:
    """Whether a vessel was heard too far from the straight way between two samples for a drift.

    A current turns with the tide, so a drift may leave the straight way by half of what it could cover.
    """
    one, other = (before.b, after.b) if heard.second else (before.a, after.a)
    share = (heard.time - before.time) / (after.time - before.time)
    dx, dy = offset(other.lon, other.lat, one.lon, one.lat)
    x, y = offset(heard.lon, heard.lat, one.lon, one.lat)
    off = ((x - share * dx) ** 2 + (y - share * dy) ** 2) ** 0.5
    time = min(heard.time - before.time, after.time - heard.time)
    near = s.keep_metres + max(before.error, after.error) + heard.error
    return bool(off > near + reach(s.bridge_knots, time) / 2)


def _way(before: PairSample, after: PairSample) -> float:
    """Metres between two moments that rounding does not explain."""
    return max(way(before, after) - max(before.error, after.error), 0.0)
