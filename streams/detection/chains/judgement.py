"""Whether a cargo is a chain, how sure it is, who may have it, and whether it is over."""

from typing import Final

from models.event import Level
from models.time import Millis
from models.vessel import Role, is_listed
from streams.detection.chains.cargo import Cargo, Leg
from streams.detection.chains.facts import Berth, Fact, Side
from streams.detection.chains.reasons import REASONS
from streams.detection.chains.settings import ChainSettings

_LIKELY: Final = 0.8
"""Share of a leg's confidence from which on the next one is told as well. Two tankers in a `probable`
encounter have more, a receiver that is no tanker has less. Source: judgement."""
HOLDERS: Final = 8
"""Vessels that may have the oil which an event names at most, the likeliest first."""


def main_way(cargo: Cargo, s: ChainSettings) -> list[Leg]:
    """The legs of the likeliest way to a port; before a call there is seen, of the likeliest way so far.

    A way to a call that is only possible is told, unless another one leads to somebody named through more
    than weak transfers: the draught of a vessel that passed its oil on falls as well.
    """
    if cargo.ends:
        return cargo.way(cargo.ends[0])
    so_far = _so_far(cargo, s)
    possible = [i for i, leg in enumerate(cargo.legs) if leg.kind == "discharge"]
    if not possible:
        return so_far
    to_port = cargo.way(max(possible, key=lambda i: (cargo.legs[i].confidence, -i)))
    return so_far if _surely_named(so_far, s) and not _surely_named(to_port, s) else to_port


def is_ended(way: list[Leg]) -> bool:
    """Whether a way ends in a call at a North Korean port, seen or only possible."""
    return way[-1].kind == "discharge"


def _so_far(cargo: Cargo, s: ChainSettings) -> list[Leg]:
    """The legs of the oil's likeliest way through transfers."""
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
    to_named = _is_named(after.side, s) and not is_weak(after, s)
    return after.confidence >= _LIKELY * leg.confidence or to_named


def _surely_named(way: list[Leg], s: ChainSettings) -> bool:
    """Whether a way has somebody named on it, and every transfer is more than a weak one."""
    return any(is_named(leg, s) for leg in way) and not any(is_weak(leg, s) for leg in way)


def level_of(cargo: Cargo, s: ChainSettings) -> Level | None:
    """The level of the chain that a cargo makes; None where it makes none."""
    return REASONS.level(conditions_of(cargo, s)) if len(cargo.legs) > 1 else None


def conditions_of(cargo: Cargo, s: ChainSettings) -> set[str]:
    """The codes of the rules for levels that hold."""
    conditions: set[str] = set()
    way = main_way(cargo, s)
    named = any(is_named(leg, s) for leg in way)
    transfers, ended = any(leg.kind == "transfer" for leg in way), is_ended(way)
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
    # a listed tanker in ordinary trade is silent with ports of several countries in reach, too
    if ended and not way[-1].fact.seen and way[-1].fact.level is Level.POSSIBLE and "named" not in conditions:
        conditions.add("doubtful_end")
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
    return any(_is_named(side, s) for side in (leg.side, leg.giver) if side is not None)


def _is_named(side: Side, s: ChainSettings) -> bool:
    vessel = side.vessel
    return is_listed(vessel.watchlists) or (vessel.flag in s.flags and vessel.type != Role.EXCLUDED.value)


def window_end(cargo: Cargo, s: ChainSettings) -> Millis:
    """The last time at which an arrival is taken for this cargo."""
    if not cargo.known:
        return cargo.legs[0].fact.until + s.window(None, 1)
    return cargo.root.until + s.window(cargo.root.lon, cargo.transfers)


def is_over(cargo: Cargo, instant: Millis, s: ChainSettings) -> bool:
    """Whether all calls at its ends are over; without one that was seen, whether the window is."""
    if cargo.ends:
        return all(cargo.legs[i].fact.end is not None for i in cargo.ends)
    return instant > window_end(cargo, s)


def holding(cargo: Cargo) -> list[tuple[Leg, Fact]]:
    """Who may have the oil, each vessel once, the likeliest first; and its last fact."""
    out: dict[str, tuple[Leg, Fact]] = {}
    for number, last in sorted(cargo.holding, key=lambda each: (-cargo.legs[each[0]].confidence, each[0])):
        leg = cargo.legs[number]
        out.setdefault(leg.ship, (leg, last))
    return list(out.values())[:HOLDERS]
