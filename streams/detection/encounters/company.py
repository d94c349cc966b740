"""Company: how two vessels near each other keep together, at one moment and those next to it.

Three ways count as contact. Both are slow (GFW). Or both drift in one current: within 500 m of each other,
below 3.5 knots, and moving alike. Or they lie alongside under way, up to 6 knots: hulls within 50 m, each at
one place beside the other. Positions decide whether two move alike, because the course and speed that slow
vessels report are noise.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import median

from models.time import Millis
from streams.detection.encounters.hull import offset
from streams.detection.encounters.pair_sample import PairSample, bow
from streams.detection.encounters.settings import EncounterSettings
from streams.tracking.track import KNOT


class Company(StrEnum):
    """The way in which two vessels keep together."""

    SLOW = "slow"
    DRIFTING = "drifting"
    UNDER_WAY = "under_way"


def company(samples: Sequence[PairSample], i: int, s: EncounterSettings) -> Company | None:
    """How the two keep together at sample `i`, as far as speeds tell; None where they do not.

    The samples before and after are looked at where they are within `silence_minutes`.
    """
    sample = samples[i]
    faster = sample.faster
    if faster < s.slow_knots:
        return Company.SLOW
    others = [
        other
        for other in (*samples[max(i - 1, 0) : i], *samples[i + 1 : i + 2])
        if abs(other.time - sample.time) <= s.silence and not other.faster > s.under_way_knots
    ]
    if math.isnan(faster):  # not reported: what the way to the next sample implies
        faster = min(
            (way(sample, each) / abs(each.time - sample.time) / KNOT for each in others), default=faster
        )
        if faster < s.slow_knots:
            return Company.SLOW
    if not faster <= s.under_way_knots:
        return None
    if faster < s.drift_knots and any(_drift_alike(sample, other, s) for other in others):
        return Company.DRIFTING
    if median(each.at_most for each in (sample, *others)) > s.alongside_metres:
        return None
    return Company.UNDER_WAY if any(_at_one_place(sample, other, s) for other in others) else None


def place_beside(sample: PairSample, s: EncounterSettings) -> tuple[float, float, float] | None:
    """The second vessel beside the first: metres to starboard and ahead, and degrees that it is turned.

    None where a heading is not known.
    """
    one, other = bow(sample.a, s), bow(sample.b, s)
    if math.isnan(one) or math.isnan(other):
        return None
    return (*_turned(_beside(sample), one), (other - one + 180) % 360 - 180)


def way(one: PairSample, other: PairSample) -> float:
    """Metres between two moments, of the vessel that moved farther."""
    return max(
        math.hypot(*offset(one.a.lon, one.a.lat, other.a.lon, other.a.lat)),
        math.hypot(*offset(one.b.lon, one.b.lat, other.b.lon, other.b.lat)),
    )


def reach(knots: float, duration: Millis) -> float:
    """Metres that a speed leads to in so many milliseconds."""
    return knots * KNOT * duration


def _drift_alike(one: PairSample, other: PairSample, s: EncounterSettings) -> bool:
    """Whether one vessel moved as the other did between two moments."""
    (x, y), (u, v) = _beside(one), _beside(other)
    return math.hypot(x - u, y - v) <= s.steady_metres + reach(s.agree_knots, abs(one.time - other.time))


def _at_one_place(one: PairSample, other: PairSample, s: EncounterSettings) -> bool:
    """Whether the second vessel kept its place beside the first: relative bearing, distance and heading."""
    place, then = place_beside(one, s), place_beside(other, s)
    if place is None or then is None:
        return abs(one.metres - other.metres) <= s.steady_metres
    turned = abs((place[2] - then[2] + 180) % 360 - 180)
    moved = math.hypot(place[0] - then[0], place[1] - then[1])
    return moved <= s.steady_metres and turned <= s.steady_degrees


def _beside(sample: PairSample) -> tuple[float, float]:
    """East and north of the second antenna from the first, metres."""
    return offset(sample.b.lon, sample.b.lat, sample.a.lon, sample.a.lat)


def _turned(place: tuple[float, float], heading: float) -> tuple[float, float]:
    """To starboard and ahead, instead of east and north."""
    x, y = place
    sin, cos = math.sin(math.radians(heading)), math.cos(math.radians(heading))
    return x * cos - y * sin, x * sin + y * cos
