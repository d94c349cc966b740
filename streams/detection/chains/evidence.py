"""Evidence: what speaks for a chain, and what against it."""

from collections.abc import Iterator

import msgspec

from models.event import Reason
from models.time import Millis, to_text
from streams.detection.chains import reasons as table
from streams.detection.chains.cargo import Cargo, Leg
from streams.detection.chains.facts import Berth, Side
from streams.detection.chains.judgement import conditions_of, ends_of, holding, is_weak, main_way
from streams.detection.chains.settings import ChainSettings
from streams.detection.listing import listing_reasons


def reasons_for(cargo: Cargo, s: ChainSettings) -> Iterator[Reason]:
    way = main_way(cargo, s)
    if cargo.known:
        yield from _loaded(way[0], s)
    passed = [leg for leg in way if leg.kind == "transfer"]
    for leg in passed:
        assert leg.giver is not None
        yield table.TRANSFER.reason(
            s,
            giver=named(leg.giver),
            receiver=named(leg.side),
            when=day(leg.fact.start),
            draught=_draughts(leg, s),
            share=leg.confidence / len(passed),
        )
    if ends_of(cargo, s):
        yield from _landed(way[-1], s)
    seen: set[str] = set()
    for side in (side for leg in way for side in (leg.giver, leg.side) if side is not None):
        vessel = side.vessel
        if vessel.ssvid in seen:
            continue
        seen.add(vessel.ssvid)
        yield from listing_reasons(vessel.watchlists, named(side), way[0].fact.start, s)
        if vessel.flag in s.flags:
            yield table.FLAG.reason(s, vessel.flag, vessel=f"MMSI {vessel.ssvid}")
    yield from _renumbered(way, s)


def _loaded(leg: Leg, s: ChainSettings) -> Iterator[Reason]:
    call = leg.fact
    until = f"{day(call.until)} at least" if call.end is None else day(call.end)
    if not call.seen:
        yield table.DARK_LOAD.reason(
            s,
            vessel=named(leg.side),
            place=call.port_name,
            country=call.country,
            since=day(call.start),
            until=until,
            share=leg.confidence,
        )
        return
    who, place, country = named(leg.side), call.port_name, call.country
    if call.sighted:
        yield table.SIGHTED_LOAD.reason(
            s, vessel=who, place=place, country=country, when=day(call.start), share=leg.confidence
        )
    else:
        yield table.LOAD.reason(
            s, vessel=who, place=place, country=country, until=until, share=leg.confidence
        )
    if (change := leg.side.draught_change or 0.0) >= s.draught_metres and call.seen:
        yield table.LOADED.reason(s, change, vessel=f"MMSI {leg.side.mmsi:09d}", place=call.port_name)


def _landed(leg: Leg, s: ChainSettings) -> Iterator[Reason]:
    call, who, place = leg.fact, named(leg.side), leg.fact.port_name
    if call.seen:
        reason = table.SIGHTED_DISCHARGE if call.sighted else table.DISCHARGE
        yield reason.reason(s, vessel=who, place=place, when=day(call.start), share=leg.confidence)
    if not call.seen:
        since, until, drop = day(call.start), day(call.until), -(leg.side.draught_change or 0.0)
        yield table.DARK_DISCHARGE.reason(
            s, vessel=who, place=place, since=since, until=until, drop=drop, share=leg.confidence
        )
    elif (change := leg.side.draught_change or 0.0) <= -s.draught_metres:
        yield table.DISCHARGED.reason(
            s, change, vessel=f"MMSI {leg.side.mmsi:09d}", place=call.port_name, drop=-change
        )


def _renumbered(way: list[Leg], s: ChainSettings) -> Iterator[Reason]:
    numbers: dict[str, list[str]] = {}
    for leg in way:
        for ship, side in ((leg.ship, leg.side),):
            for mmsi in (*(f"{each:09d}" for each in side.former), side.vessel.ssvid):
                if mmsi not in numbers.setdefault(ship, []):
                    numbers[ship].append(mmsi)
        if leg.giver is not None and leg.before >= 0:
            giver = numbers.setdefault(_ship_of(leg, way), [])
            if leg.giver.vessel.ssvid not in giver:
                giver.append(leg.giver.vessel.ssvid)
    for ship, mmsis in numbers.items():
        if len(mmsis) > 1 and ship.startswith("imo "):
            yield table.RENUMBERED.reason(s, ", ".join(mmsis), imo=ship.removeprefix("imo "))


def _ship_of(leg: Leg, way: list[Leg]) -> str:
    """The ship that a leg's oil came from: that of the leg before."""
    return way[way.index(leg) - 1].ship


def _draughts(leg: Leg, s: ChainSettings) -> str:
    """What draughts say of a transfer, as the end of a sentence."""
    assert leg.giver is not None
    gave, got = leg.giver.draught_change, leg.side.draught_change
    parts = []
    if gave is not None and gave <= -s.draught_metres:
        parts.append(f"the first reported {-gave:.1f} m less draught")
    if got is not None and got >= s.draught_metres:
        parts.append(f"the second {got:.1f} m more")
    return f"; {' and '.join(parts)}" if parts else ""


def reasons_against(cargo: Cargo, s: ChainSettings) -> Iterator[Reason]:
    way = main_way(cargo, s)
    if not cargo.known:
        giver = way[0].giver
        assert giver is not None
        yield table.UNKNOWN_SOURCE.reason(s, vessel=named(giver))
    elif cargo.root.berth is not Berth.OIL:
        yield table.WEAK_SOURCE.reason(s, place=cargo.root.port_name)
    told: set[str] = set()
    for leg in way:
        if not leg.side.tanker and leg.ship not in told:
            told.add(leg.ship)
            yield table.NOT_TANKER.reason(s, vessel=named(leg.side))
    for leg in way:
        if is_weak(leg, s):
            assert leg.giver is not None
            yield table.WEAK_TRANSFER.reason(s, giver=named(leg.giver), receiver=named(leg.side))
    yield from _contrary(way, s)
    ended = bool(ends_of(cargo, s))
    if ended and way[-1].fact.berth is Berth.ROADS:
        yield table.ROADS_ONLY.reason(s, vessel=named(way[-1].side), place=way[-1].fact.port_name)
    conditions = conditions_of(cargo, s)
    if "possible_end" in conditions:
        yield table.POSSIBLE_END.reason(s, vessel=named(way[-1].side))
    if "possible_only" in conditions:
        yield table.POSSIBLE_ONLY.reason(s)
    ships = {leg.ship for leg in way}
    for call in cargo.calls:
        if any(leg.ship in ships and leg.side.mmsi == call.sides[0].mmsi for leg in way):
            yield table.OTHER_CALL.reason(s, vessel=named(call.sides[0]), place=call.port_name)
    doubts = {reason.text: reason for leg in way for reason in leg.fact.doubts}
    for reason in doubts.values():
        yield msgspec.structs.replace(reason, weight=getattr(s.weights, reason.code))
    if not ended:
        yield table.NOT_ARRIVED.reason(s)
        if (count := len(holding(cargo))) > 1:
            yield table.SEVERAL.reason(s, count=count)


def _contrary(way: list[Leg], s: ChainSettings) -> Iterator[Reason]:
    """Draughts that changed the wrong way."""
    for leg in way:
        own = {"load": 1, "discharge": -1}.get(leg.kind)
        sides = ((leg.side, own),) if own else ((leg.giver, -1), (leg.side, 1))
        for side, sign in sides:
            change = side.draught_change if side is not None else None
            if side is not None and change is not None and change * sign <= -s.draught_metres:
                when = f"by {day(leg.fact.until)}"
                yield table.DRAUGHT_AGAINST.reason(s, change, vessel=named(side), when=when)


def named(side: Side) -> str:
    """A vessel in a sentence."""
    vessel = side.vessel
    return (
        f"{vessel.name or 'the vessel'} (MMSI {vessel.ssvid}{', flag ' + vessel.flag if vessel.flag else ''})"
    )


def day(time: Millis) -> str:
    return to_text(time)[:16].replace("T", " ") + " UTC"
