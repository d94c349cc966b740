"""One hull: whether two MMSIs that move together are one ship, or a tow, rather than two ships that meet.

Whether they are two ships, IMO numbers decide first: two different ones are two ships, wherever their
antennas seem to be. Then whether the two ever came from different places. Two hulls that overlap all the time
are one. Otherwise names, call signs and sizes decide. Where nothing decides, the encounter stays `possible`,
with the doubt against it.

A tow is two ships as well, and no transfer. So an encounter stays `possible`, whatever says that they are
two, where one was right ahead of the other, at a constant distance, while they moved: ships that pass cargo
under way lie side by side (OCIMF, Ship to Ship Transfer Guide); a tug and its tow do not.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import median, pstdev
from typing import Final

from models.time import MINUTE
from models.vessel import Dimensions, Identity, Role
from streams.detection.encounters import hull
from streams.detection.encounters.company import place_beside
from streams.detection.encounters.encounter import Pair
from streams.detection.encounters.pair_sample import PairSample
from streams.detection.encounters.settings import EncounterSettings

SMALL_CRAFT_TYPES: Final = frozenset({30, 36, 37})
"""Fishing, sailing, pleasure craft (ITU-R M.1371 table 53)."""
_LENGTH: Final = 5
"""Metres. Two lengths that differ by no more are the same: crews measure the antenna's place anew."""
_BEAM: Final = 2
"""Metres. The same for the beam."""


class Hulls(StrEnum):
    """What two MMSIs are."""

    ONE = "one"  # two transponders on one hull, or two that work as one
    TWO = "two"
    DOUBTFUL = "doubtful"  # they moved as one, and what they say of themselves does not decide
    IN_LINE = "in_line"  # one right ahead of the other while they moved: they may be a tow, or one hull
    TOW = "tow"  # the same of two that are known to be two ships: they may be a tow


def hulls(pair: Pair, a: Identity, b: Identity, s: EncounterSettings) -> Hulls:
    """What the two are, from what was first known of them and how they moved."""
    if pair_trawlers(a, b, s):
        return Hulls.ONE
    numbered = a.imo is not None and b.imo is not None
    if numbered and a.imo == b.imo and not pair.apart:
        return Hulls.ONE
    two = numbered or pair.apart
    if in_line(pair, a.dimensions, b.dimensions, s):
        return Hulls.TOW if two else Hulls.IN_LINE
    if two or not moved_as_one(pair, s):
        return Hulls.TWO
    if _overlap(pair, a.dimensions, b.dimensions) >= s.overlap_share:
        return Hulls.ONE
    same = same_ship(a, b)
    if same is None or (not same and (_may_tow(a, s) or _may_tow(b, s))):
        return Hulls.DOUBTFUL
    return Hulls.ONE if same else Hulls.TWO


def moved_as_one(pair: Pair, s: EncounterSettings) -> bool:
    """Whether the two were under way together at a distance that stayed the same."""
    error = median([each.error for each in pair.co_moving]) if pair.co_moving else 0.0
    return _stays_the_same([each.metres for each in pair.co_moving], s, error)


def _stays_the_same(metres: Sequence[float], s: EncounterSettings, error: float = 0.0) -> bool:
    """Whether distances are one and the same, as far as that can be told: they may be off by `error`."""
    return len(metres) >= s.co_moving_instants and pstdev(metres) <= s.co_moving_spread_metres + error


def in_line(pair: Pair, a: Dimensions | None, b: Dimensions | None, s: EncounterSettings) -> bool:
    """Whether one was right ahead of the other, near, on the same heading, while they moved and all in all.

    While they moved, at a distance that stayed the same: two that drift do not keep it, a tow does. What
    rounding explains of their places is taken off.
    """
    contact = pair.contact(s)
    if a is None or b is None or contact is None or sum(contact.moving) < s.possible_minutes * MINUTE:
        return False
    moving = [each for each in contact.samples if each.faster >= s.slow_knots]
    error = median([each.error for each in moving]) if moving else 0.0
    constant = _stays_the_same([each.metres for each in moving], s, error)
    return constant and _lie_in_line(moving, a, b, s) and _lie_in_line(contact.samples, a, b, s)


def _lie_in_line(samples: Sequence[PairSample], a: Dimensions, b: Dimensions, s: EncounterSettings) -> bool:
    """Whether the second hull typically (median) lies ahead or astern of the first, not beside it."""
    places = [place for each in samples if (place := place_beside(each, s)) is not None]
    if len(places) < s.co_moving_instants:
        return False
    if median(abs(turn) for _, _, turn in places) > s.steady_degrees:
        return False
    middles = [hull.between_middles(*place, a, b) for place in places]
    abeam, ahead = (median(column) for column in zip(*middles, strict=True))
    beside = abs(abeam) > (a.beam + b.beam) / 4
    hulls_long = (a.length + b.length) / 2
    off = median(each.error for each in samples) / 2  # of the typical place: errors of single ones cancel out
    return not beside and bool(hull.AHEAD * hulls_long + off <= abs(ahead) <= hulls_long + s.tow_metres + off)


def pair_trawlers(a: Identity, b: Identity, s: EncounterSettings) -> bool:
    """Whether both are small fishing or pleasure craft, which work and lie together; never a listed one."""
    return not (a.listed or b.listed) and _small_craft(a, s) and _small_craft(b, s)


def same_ship(a: Identity, b: Identity) -> bool | None:
    """What names, call signs and sizes say: one ship, two, or None where they do not decide.

    Two of the three have to agree to make it one ship, and two have to differ to make it two.
    """
    verdicts = (_equal(a.name, b.name), _equal(a.callsign, b.callsign), same_size(a.dimensions, b.dimensions))
    agree, differ = verdicts.count(True), verdicts.count(False)
    if agree >= 2 and agree > differ:
        return True
    return False if differ >= 2 else None


def same_size(a: Dimensions | None, b: Dimensions | None) -> bool | None:
    """Whether two sizes are the same, wherever the antennas are; None where one is not known."""
    if a is None or b is None:
        return None
    return abs(a.length - b.length) <= _LENGTH and abs(a.beam - b.beam) <= _BEAM


def _overlap(pair: Pair, a: Dimensions | None, b: Dimensions | None) -> float:
    """The share of the hull that the other one covered while they moved together; 0 where not known.

    It is that of their typical place beside each other: errors of single positions are as large as a beam.
    Ships of different sizes are two.
    """
    places = [each for each in pair.co_moving if not math.isnan(each.turn)]
    if a is None or b is None or not same_size(a, b) or not places:
        return 0.0
    abeam, ahead = median(each.abeam for each in places), median(each.ahead for each in places)
    return hull.overlap(abeam, ahead, median(each.turn for each in places), a, b)


def _equal(a: str | None, b: str | None) -> bool | None:
    return None if not a or not b else a == b


def _small_craft(vessel: Identity, s: EncounterSettings) -> bool:
    size = vessel.dimensions
    return vessel.ship_type in SMALL_CRAFT_TYPES and (size is None or size.length < s.small_metres)


def _may_tow(vessel: Identity, s: EncounterSettings) -> bool:
    """Whether a vessel is as small as a tug, or of unknown size and type."""
    if vessel.dimensions is None:
        return vessel.role is Role.UNKNOWN
    return vessel.dimensions.length < s.small_metres
