"""A delivery: one call of a tanker at a North Korean port, and the barrels that it may have landed.

A call is a port visit, or a dark port visit: a silence in which the tanker can have called.
"""

from functools import cache
from typing import Final

import msgspec

from models.event import Event, Level, ReachablePort, Status, Vessel
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


def call_of(event: Event, s: LedgerSettings) -> Delivery | None:
    """The call of a tanker at a North Korean port that an event shows; None for other events.

    A call after which the vessel reported more draught than before has landed nothing and is none.
    """
    if event.status is Status.RETRACTED or not _is_tanker(event.vessel):
        return None
    visit = event.port_visit
    called = visit.country == COUNTRY if visit else _dark_port(event) is not None
    change = _change(event)
    if not called or (change is not None and change >= s.draught_metres):
        return None
    return _delivery(event, s)


def counts_alone(event: Event) -> bool:
    """Whether a call counts by itself, and not only as the end of a chain.

    A call that was not heard does if its event is `probable`, if others saw it, or if the vessel is listed or
    North Korean.
    """
    return event.port_visit is not None or (
        event.level is Level.PROBABLE
        or _seen_by_others(event)
        or is_listed(event.vessel.watchlists)
        or event.vessel.flag == COUNTRY
    )


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


def _change(event: Event) -> float | None:
    """Metres by which the reported draught changed; None unless it was sent before and after."""
    call = event.port_visit or event.dark_port_visit
    before = call.draught_before_meters if call else None
    after = call.draught_after_meters if call else None
    return None if before is None or after is None else round(after - before, 1)


@cache
def _deadweights() -> dict[str, float]:
    """Tonnes by IMO number, as the shipped watchlist has them (models/data/SOURCES.md)."""
    entries = shipped_watchlist().entries
    return {f"{imo}": entry.deadweight for entry in entries if entry.deadweight for imo in entry.imos}
