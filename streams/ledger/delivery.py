"""A delivery: one call of a tanker at a North Korean port, and the barrels that it may have landed."""

from collections.abc import Iterable
from functools import cache

import msgspec

from models.event import Event, Status, Vessel
from models.time import DAY, Millis, from_text
from models.vessel import Role
from streams.ledger.settings import LedgerSettings
from streams.watchlists.shipped import shipped_watchlist


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
    """One call. `seen` says that the vessel was seen at a berth; otherwise the delivery is only possible."""

    event: str  # id
    ship: str  # IMO number, or else MMSI
    name: str
    port: str
    port_name: str
    start: str
    end: str | None
    seen: bool
    barrels: Barrels
    basis: str  # what the barrels are worked out from


def deliveries(events: Iterable[Event], s: LedgerSettings) -> list[Delivery]:
    """The deliveries among the latest revisions of these events, each counted once, by start.

    A call after which the vessel reported more draught than before has landed nothing and is left out.
    """
    latest: dict[str, Event] = {}
    for event in events:
        if event.id not in latest or event.revision > latest[event.id].revision:
            latest[event.id] = event
    calls = [event for event in latest.values() if _may_be_delivery(event, s)]
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


def _may_be_delivery(event: Event, s: LedgerSettings) -> bool:
    visit = event.port_visit
    if visit is None or visit.country != "KP" or event.status is Status.RETRACTED:
        return False
    change = _change(event)
    return _is_tanker(event.vessel) and (change is None or change < s.draught_metres)


def _is_tanker(vessel: Vessel) -> bool:
    """Whether it is a tanker by what it sends, or by a watchlist that it is on."""
    types = (hit.ship_type or "" for hit in vessel.watchlists if not hit.weak)
    return vessel.type == Role.TANKER.value or any("tanker" in each.lower() for each in types)


def _delivery(event: Event, s: LedgerSettings) -> Delivery:
    visit, vessel = event.port_visit, event.vessel
    assert visit is not None
    barrels, basis = _landed(event, s)
    return Delivery(
        event=event.id,
        ship=f"IMO {vessel.imo}" if vessel.imo else f"MMSI {vessel.ssvid}",
        name=vessel.name or "",
        port=visit.port,
        port_name=visit.port_name,
        start=event.start,
        end=event.end,
        seen=any(stop.zone is not None and stop.zone.at_dock for stop in visit.stops),
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
        return Barrels(mid * (1 - spread), mid, mid * (1 + spread)), "draught before and after"
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


def _joined(one: Delivery, other: Delivery) -> Delivery:
    """Two calls of one load: it is counted once, by the call that shows more."""
    main = max((one, other), key=lambda each: (each.seen, each.barrels.mid, each is one))
    ends = None if other.end is None else max(one.end or other.end, other.end)
    return msgspec.structs.replace(main, start=one.start, end=ends, seen=one.seen or other.seen)


def _change(event: Event) -> float | None:
    visit = event.port_visit
    assert visit is not None
    before, after = visit.draught_before_meters, visit.draught_after_meters
    return None if before is None or after is None else round(after - before, 1)


def _time(text: str) -> Millis:
    return from_text(text)


@cache
def _deadweights() -> dict[str, float]:
    """Tonnes by IMO number, as the shipped watchlist has them (models/data/SOURCES.md)."""
    entries = shipped_watchlist().entries
    return {f"{imo}": entry.deadweight for entry in entries if entry.deadweight for imo in entry.imos}
