"""A delivery: one call of a tanker at a North Korean port, and the barrels that it may have landed.

A call is a port visit, or a dark port visit: a silence in which the tanker can have called.
"""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Final

import msgspec

from models.event import Event, Level, ReachablePort, Status, Vessel
from models.time import DAY, Millis, from_text
from models.vessel import Role, is_listed
from streams.ledger.settings import LedgerSettings
from streams.watchlists.shipped import shipped_watchlist

COUNTRY: Final = "KP"
"""Deliveries are calls at the ports of this country (ISO 3166-1 alpha-2)."""

BY_DRAUGHT: Final = "draught before and after"
"""The basis of an estimate by draught."""


class Barrels(msgspec.Struct, frozen=True):
    """A range with a middle, in barrels."""

    low: float = 0.0
    mid: float = 0.0
    high: float = 0.0

    def __add__(self, other: "Barrels") -> "Barrels":
        return Barrels(self.low + other.low, self.mid + other.mid, self.high + other.high)

    def rounded(self) -> "Barrels":
        """To a hundred barrels: no estimate is finer."""
        return Barrels(*(round(value, -2) for value in (self.low, self.mid, self.high)))


class Delivery(msgspec.Struct, frozen=True):
    """One call. `seen` says that the vessel was heard at a berth, or seen there by others; otherwise the
    delivery is only possible.

    Of a call in the dark, `start` is the earliest arrival and `end` the latest departure; null while silent.
    """

    event: str  # id
    ship: str  # IMO number, or else MMSI
    name: str
    port: str
    port_name: str
    start: str
    end: str | None
    seen: bool
    dark: bool  # the vessel was silent meanwhile
    barrels: Barrels
    basis: str  # what the barrels are worked out from

    @property
    def by_draught(self) -> bool:
        """Whether the barrels are a middle and an error on both sides of it, from draughts."""
        return self.basis == BY_DRAUGHT and self.barrels.low > 0


def deliveries(events: Iterable[Event], s: LedgerSettings) -> list[Delivery]:
    """The deliveries among the latest revisions of these events, each counted once, by start.

    A call after which the vessel reported more draught than before has landed nothing and is left out.
    """
    latest: dict[str, Event] = {}
    for event in events:
        if event.id not in latest or event.revision > latest[event.id].revision:
            latest[event.id] = event
    carried = {
        leg.event
        for event in latest.values()
        if event.chain and event.status is not Status.RETRACTED
        for leg in event.chain.legs
        if leg.kind == "discharge"
    }
    calls = [event for event in latest.values() if _may_be_delivery(event, carried, s)]
    found: dict[str, list[Delivery]] = {}
    for event in sorted(calls, key=lambda event: (event.start, event.id)):
        now = _delivery(event, s)
        before = found.setdefault(now.ship, [])
        if before and _time(now.start) - _time(before[-1].end or before[-1].start) < s.same_call_days * DAY:
            before[-1] = _joined(before[-1], now)
        else:
            before.append(now)
    return sorted((one for some in found.values() for one in some), key=lambda one: (one.start, one.event))


def deadweight(vessel: Vessel, s: LedgerSettings) -> tuple[Barrels, str] | None:
    """Deadweight in tonnes as a range, and where it is from; None if neither it nor the size is known."""
    listed = (hit.deadweight_tonnes for hit in vessel.watchlists if not hit.weak)
    known = next(filter(None, listed), None) or _deadweights().get(vessel.imo or "")
    if known:
        return Barrels(known, known, known), "reported deadweight"
    if not vessel.length_meters or not vessel.beam_meters:
        return None
    mid = s.deadweight_factor * vessel.length_meters * vessel.beam_meters**2
    spread = s.deadweight_spread
    return Barrels(mid * (1 - spread), mid, mid * (1 + spread)), "deadweight by length and beam"


def _may_be_delivery(event: Event, carried: Collection[str], s: LedgerSettings) -> bool:
    if event.status is Status.RETRACTED or not _is_tanker(event.vessel):
        return False
    if event.port_visit:
        called = event.port_visit.country == COUNTRY
    else:
        called = _dark_port(event) is not None and (
            event.level is Level.PROBABLE
            or _seen_by_others(event)
            or event.id in carried
            or is_listed(event.vessel.watchlists)
            or event.vessel.flag == COUNTRY
        )
    change = _change(event)
    return called and (change is None or change < s.draught_metres)


def _dark_port(event: Event) -> ReachablePort | None:
    """The likeliest North Korean port that the vessel can have called at while it was silent."""
    ports = event.dark_port_visit.ports if event.dark_port_visit else ()
    return next((port for port in ports if port.country == COUNTRY), None)


def _seen_by_others(event: Event) -> bool:
    """Whether somebody saw the vessel at a berth of the port where it can have called."""
    port = _dark_port(event)
    return port is not None and port.sighted_at_dock


def _is_tanker(vessel: Vessel) -> bool:
    """Whether it is a tanker by what it sends, or by a watchlist that it is on."""
    types = (hit.ship_type or "" for hit in vessel.watchlists if not hit.weak)
    return vessel.type == Role.TANKER.value or any("tanker" in each.lower() for each in types)


def _delivery(event: Event, s: LedgerSettings) -> Delivery:
    vessel, visit, dark = event.vessel, event.port_visit, _dark_port(event)
    called = visit or dark
    assert called is not None
    barrels, basis = _landed(event, s)
    start, end = event.start, event.end
    if dark is not None:
        start, end = dark.earliest_arrival, dark.latest_departure
        barrels = _if_called(event, barrels, s)
    return Delivery(
        event=event.id,
        ship=f"IMO {vessel.imo}" if vessel.imo else f"MMSI {vessel.ssvid}",
        name=vessel.name or "",
        port=called.port,
        port_name=called.port_name,
        start=start,
        end=end,
        seen=(visit is not None and any(stop.zone is not None and stop.zone.at_dock for stop in visit.stops))
        or (dark is not None and dark.sighted_at_dock),
        dark=dark is not None,
        barrels=barrels,
        basis=basis,
    )


def _landed(event: Event, s: LedgerSettings) -> tuple[Barrels, str]:
    """The barrels of a call: by draught before and after if both were sent, else by shares of deadweight."""
    vessel, change = event.vessel, _change(event)
    sized = deadweight(vessel, s)
    if change is not None and change <= -s.draught_metres and vessel.length_meters and vessel.beam_meters:
        tonnes = -change * s.tonnes_per_metre * vessel.length_meters * vessel.beam_meters
        if sized:
            tonnes = min(tonnes, sized[0].high)
        mid, spread = tonnes * s.barrels_per_tonne, s.draught_spread
        return Barrels(mid * (1 - spread), mid, mid * (1 + spread)), BY_DRAUGHT
    if sized is None:
        return Barrels(), "size not known: counted, but without barrels"
    tonnage, basis = sized
    each = s.barrels_per_tonne
    return (
        Barrels(
            tonnage.low * s.laden_low * each,
            tonnage.mid * s.laden_mid * each,
            tonnage.high * s.laden_high * each,
        ),
        basis,
    )


def _if_called(event: Event, barrels: Barrels, s: LedgerSettings) -> Barrels:
    """The barrels of a call that nobody heard; all of them if others saw the vessel at a berth.

    Else they may be none, unless the draught fell and no port of another country was within reach.
    """
    assert event.dark_port_visit is not None
    if _seen_by_others(event):
        return barrels
    change = _change(event)
    landed = change is not None and change <= -s.draught_metres and event.level is Level.PROBABLE
    if landed and all(port.country == COUNTRY for port in event.dark_port_visit.ports):
        return barrels
    return Barrels(0.0, barrels.mid * s.possible_share, barrels.high)


def _joined(one: Delivery, other: Delivery) -> Delivery:
    """Two calls of one load: it is counted once, by the call that shows more."""
    main = max((one, other), key=lambda each: (each.seen, each.barrels.mid, each is one))
    ends = None if other.end is None else max(one.end or other.end, other.end)
    return msgspec.structs.replace(
        main, start=one.start, end=ends, seen=one.seen or other.seen, dark=one.dark and other.dark
    )


def _change(event: Event) -> float | None:
    """Metres by which the reported draught changed; None unless it was sent before and after."""
    call = event.port_visit or event.dark_port_visit
    before = call.draught_before_meters if call else None
    after = call.draught_after_meters if call else None
    return None if before is None or after is None else round(after - before, 1)


def _time(text: str) -> Millis:
    return from_text(text)


@cache
def _deadweights() -> dict[str, float]:
    """Tonnes by IMO number, as the shipped watchlist has them (models/data/SOURCES.md)."""
    entries = shipped_watchlist().entries
    return {f"{imo}": entry.deadweight for entry in entries if entry.deadweight for imo in entry.imos}
