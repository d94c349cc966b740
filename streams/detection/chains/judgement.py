"""Whether a cargo is a chain, how sure it is, who may have it, and whether it is over."""

from typing import Final

from models.event import Level
from models.time import Millis
from models.vessel import Role, is_listed
from streams.detection.chains.cargo import Cargo, Leg
from streams.detection.chains.facts import Berth, Fact
from streams.detection.chains.reasons import REASONS
from streams.detection.chains.settings import ChainSettings

_LIKELY: Final = 0.8
"""Share of a leg's confidence from which on the next one is told as well. Two tankers in a `probable`
encounter have more, a receiver that is no tanker has less. Source: judgement."""
HOLDERS: Final = 8
"""Vessels that may have the oil which an event names at most, the likeliest first."""


def main_way(cargo: Cargo, s: ChainSettings) -> list[Leg]:
    """The legs of the likeliest way to a port; before one is known, of the oil's likeliest way so far."""
    ends = ends_of(cargo, s)
    return cargo.way(ends[0]) if ends else _way_so_far(cargo, s)


def ends_of(cargo: Cargo, s: ChainSettings) -> list[int]:
    """Numbers of the legs at which the cargo ended, those that were seen first, then the likeliest.

    A call that was not seen is no end while somebody named may have the oil, who is not on the way to it.
    """
    ends = cargo.ends
    if not ends or cargo.legs[ends[0]].fact.seen or any(is_named(leg, s) for leg in cargo.way(ends[0])):
        return ends
    return [] if any(is_named(leg, s) for leg in _way_so_far(cargo, s)) else ends


def _way_so_far(cargo: Cargo, s: ChainSettings) -> list[Leg]:
    number = 0
    while True:
        after = [i for i, leg in enumerate(cargo.legs) if leg.kind == "transfer" and leg.before == number]
        if number:
            after = [i for i in after if _went_on(cargo.legs[number], cargo.legs[i], s)]
        if not after:
            return cargo.way(number)
        number = max(after, key=lambda i: (cargo.legs[i].confidence, -i))


def _went_on(leg: Leg, after: Leg, s: ChainSettings) -> bool:
    """Whether the oil is told to have gone on in a further transfer: it likely did, or to somebody named."""
    return after.confidence >= _LIKELY * leg.confidence or (is_named(after, s) and not is_weak(after, s))


def level_of(cargo: Cargo, s: ChainSettings) -> Level | None:
    """The level of the chain that a cargo makes; None where it makes none."""
    return REASONS.level(conditions_of(cargo, s)) if len(cargo.legs) > 1 else None


def conditions_of(cargo: Cargo, s: ChainSettings) -> set[str]:
    """The codes of the rules for levels that hold."""
    conditions: set[str] = set()
    way, ended = main_way(cargo, s), bool(ends_of(cargo, s))
    named = any(is_named(leg, s) for leg in way)
    transfers = any(leg.kind == "transfer" for leg in way)
    if ended or named or _may_be_meant_for_korea(cargo, way, s):
        conditions.add("linked")
    if cargo.known and ended:
        conditions.add("both_ends")
    sure = not any(is_weak(leg, s) for leg in way)
    if named and transfers and sure and (cargo.known or ended):
        conditions.add("named")
    if named:
        conditions.add("listed")
    if any(doubt.code == "weak_match" for leg in way for doubt in leg.fact.doubts):
        conditions.add("weak_match")
    if cargo.known and cargo.root.berth is not Berth.OIL:
        conditions.add("weak_source")
    if not sure:
        conditions.add("weak_transfer")
    if not way[-1].side.tanker:  # a barge in between is ordinary
        conditions.add("not_tanker")
    if cargo.known and ended and not cargo.root.seen and not way[-1].fact.seen:
        conditions.add("possible_only")
    elif ended and not way[-1].fact.seen:
        conditions.add("possible_end")
    return conditions


def is_weak(leg: Leg, s: ChainSettings) -> bool:
    """Whether a transfer is no more than a `possible` encounter in which no draught says that oil passed."""
    if leg.kind != "transfer" or leg.fact.level is Level.PROBABLE:
        return False
    assert leg.giver is not None
    gave, got = leg.giver.draught_change or 0.0, leg.side.draught_change or 0.0
    return max(got, -gave) < s.draught_metres


def _may_be_meant_for_korea(cargo: Cargo, way: list[Leg], s: ChainSettings) -> bool:
    """Whether a cargo without an end, among vessels that no list names, is worth reporting.

    That is one from an oil berth on the Pacific that passed from tanker to tanker in `probable` encounters.
    Of cargoes from the west, passed on off Greece or Ceuta by the hundred, nothing is said without an end.
    """
    if s.window(cargo.root.lon, 0) != s.window(s.pacific_east_of, 0) or cargo.root.berth is not Berth.OIL:
        return False
    if not cargo.root.seen:
        return False
    return all(leg.side.tanker and leg.fact.level is Level.PROBABLE for leg in way if leg.kind == "transfer")


def is_named(leg: Leg, s: ChainSettings) -> bool:
    """Whether the vessel of a leg, or the one that it came from, is listed or of a flag that counts so."""
    sides = [side for side in (leg.side, leg.giver) if side is not None]
    return any(
        is_listed(side.vessel.watchlists)
        or (side.vessel.flag in s.flags and side.vessel.type != Role.EXCLUDED.value)
        for side in sides
    )


def window_end(cargo: Cargo, s: ChainSettings) -> Millis:
    """The last time at which an arrival is taken for this cargo."""
    if not cargo.known:
        return cargo.legs[0].fact.until + s.window(None, 1)
    return cargo.root.until + s.window(cargo.root.lon, cargo.transfers)


def is_over(cargo: Cargo, instant: Millis, s: ChainSettings) -> bool:
    """Whether all calls at its ends are over; without an end, whether the window is."""
    if ends := ends_of(cargo, s):
        return all(cargo.legs[i].fact.end is not None for i in ends)
    return instant > window_end(cargo, s)


def holding(cargo: Cargo) -> list[tuple[Leg, Fact]]:
    """Who may have the oil, each vessel once, the likeliest first; and its last fact."""
    out: dict[str, tuple[Leg, Fact]] = {}
    for number, last in sorted(cargo.holding, key=lambda each: (-cargo.legs[each[0]].confidence, each[0])):
        leg = cargo.legs[number]
        out.setdefault(leg.ship, (leg, last))
    return list(out.values())[:HOLDERS]
