"""Facilitators: vessels that no list names, and that met listed or North Korean vessels or carried the cargo
of chains, again and again.

To meet such a vessel proves nothing: barges and pilots meet everybody. So each comes with how often and with
whom, and with the innocent explanation where there are signs of one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import numpy as np

from geofences.distance import haversine_m, unwrap
from models.event import Event, EventType, Level, Status, Vessel
from models.time import Millis, from_text
from models.vessel import Role, is_listed
from streams.facilitators.settings import FacilitatorSettings

_FERRIES = range(60, 70)
"""AIS types of passenger ships (ITU-R M.1371)."""
EVENTS = 20
"""Events that a facilitator names at most, the latest ones."""


class Partner(msgspec.Struct, frozen=True):
    """A listed or North Korean vessel, and how often it was met."""

    ship: str  # IMO number, or else MMSI
    name: str
    flag: str | None
    lists: tuple[str, ...]
    meetings: int


class Facilitator(msgspec.Struct, frozen=True, rename="camel"):
    """One vessel. Counts are of the events given, so of what was detected and is kept."""

    ship: str  # IMO number, or else MMSI
    mmsis: tuple[str, ...]
    name: str
    flag: str | None
    type: str
    length_meters: int | None
    times: int  # meetings and chains together, those within a day once
    meetings: int  # encounters with listed or North Korean vessels
    probable: int  # of these, at the level `probable`
    chains: int  # that have it on the way of their cargo
    partners: tuple[Partner, ...]
    other_partners: int  # vessels met that are neither listed nor North Korean
    first_seen: str
    last_seen: str
    innocent: str | None  # the innocent explanation; null where there are too few signs of one
    signs: tuple[str, ...]  # signs of one, even if too few
    events: tuple[str, ...]  # ids of the latest of its encounters and chains


class _Ship(msgspec.Struct):
    """What the events tell of one vessel that no list names."""

    vessel: Vessel
    mmsis: set[str]
    meetings: list[Event]  # with marked vessels
    others: set[str]
    all_meetings: list[Event]
    chains: list[Event]


def facilitators(events: Iterable[Event], s: FacilitatorSettings) -> list[Facilitator]:
    """The facilitators in the latest revisions of these events.

    Those without an innocent explanation come first, then by how often, the most first.
    """
    latest: dict[str, Event] = {}
    for event in events:
        if event.id not in latest or event.revision > latest[event.id].revision:
            latest[event.id] = event
    standing = sorted(
        (event for event in latest.values() if event.status is not Status.RETRACTED),
        key=lambda event: (event.start, event.id),
    )
    marked = {ship_of(vessel) for event in standing for vessel in event.vessels if _is_marked(vessel, s)}
    ships: dict[str, _Ship] = {}
    for event in standing:
        if event.encounter:
            _met(event, marked, ships)
        elif event.type is EventType.CHAIN:
            _carried(event, marked, ships)
    found = [_facilitator(name, ship, marked, latest, s) for name, ship in ships.items()]
    chosen = [one for one in found if one is not None]
    return sorted(chosen, key=lambda one: (one.innocent is not None, -one.times, -one.meetings, one.ship))


def ship_of(vessel: Vessel) -> str:
    """How a vessel is known over changes of its MMSI: by its IMO number if it sends one."""
    return f"IMO {vessel.imo}" if vessel.imo else f"MMSI {vessel.ssvid}"


def _is_marked(vessel: Vessel, s: FacilitatorSettings) -> bool:
    return is_listed(vessel.watchlists) or vessel.flag in s.flags


def _met(event: Event, marked: Collection[str], ships: dict[str, _Ship]) -> None:
    for vessel, other in (event.vessels, event.vessels[::-1]):
        name = ship_of(vessel)
        if name in marked or vessel.type == Role.EXCLUDED.value:
            continue
        ship = _known(vessel, ships)
        ship.all_meetings.append(event)
        if ship_of(other) in marked:
            ship.meetings.append(event)
        else:
            ship.others.add(ship_of(other))


def _carried(event: Event, marked: Collection[str], ships: dict[str, _Ship]) -> None:
    assert event.chain is not None
    carriers = {mmsi for leg in event.chain.legs for mmsi in (leg.ssvid, leg.from_ssvid)}
    for vessel in event.vessels:
        if vessel.ssvid in carriers and ship_of(vessel) not in marked:
            _known(vessel, ships).chains.append(event)


def _known(vessel: Vessel, ships: dict[str, _Ship]) -> _Ship:
    ship = ships.setdefault(ship_of(vessel), _Ship(vessel, set(), [], set(), [], []))
    ship.vessel = vessel
    ship.mmsis.add(vessel.ssvid)
    return ship


def _facilitator(
    name: str,
    ship: _Ship,
    marked: Collection[str],
    latest: Mapping[str, Event],
    s: FacilitatorSettings,
) -> Facilitator | None:
    """The vessel as a facilitator; None if it dealt with marked vessels too seldom."""
    involved = sorted((*ship.meetings, *ship.chains), key=lambda event: (event.start, event.id))
    times = _times(name, ship, latest, s)
    if times < s.least_times:
        return None
    signs = tuple(_signs(ship, s))
    vessel = ship.vessel
    return Facilitator(
        ship=name,
        mmsis=tuple(sorted(ship.mmsis)),
        name=vessel.name or "",
        flag=vessel.flag,
        type=vessel.type,
        length_meters=vessel.length_meters,
        times=times,
        meetings=len(ship.meetings),
        probable=sum(event.level is Level.PROBABLE for event in ship.meetings),
        chains=len(ship.chains),
        partners=_partners(name, ship.meetings, marked),
        other_partners=len(ship.others),
        first_seen=involved[0].start,
        last_seen=max(event.end or event.detected for event in involved),
        innocent=_innocent(vessel, signs, s),
        signs=signs,
        events=tuple(event.id for event in involved[-EVENTS:]),
    )


def _times(name: str, ship: _Ship, latest: Mapping[str, Event], s: FacilitatorSettings) -> int:
    """How many times it dealt with marked vessels or carried a cargo, what lies close together once.

    The legs of one chain are one time, with the meetings among them.
    """
    in_chains = {leg.event for event in ship.chains if event.chain for leg in event.chain.legs}
    starts = [_own_start(name, event, latest) for event in ship.chains]
    starts += [from_text(event.start) for event in ship.meetings if event.id not in in_chains]
    count, last = 0, None
    for start in sorted(starts):
        if last is None or start - last >= s.apart:
            count += 1
        last = start
    return count


def _own_start(name: str, event: Event, latest: Mapping[str, Event]) -> Millis:
    """When the vessel got the cargo of a chain, or first had to do with it."""
    assert event.chain is not None
    own = {vessel.ssvid for vessel in event.vessels if ship_of(vessel) == name}
    legs = [leg for leg in event.chain.legs if own & {leg.ssvid, leg.from_ssvid}]
    return min((from_text(leg.start) for leg in legs), default=from_text(event.start))


def _partners(name: str, meetings: Sequence[Event], marked: Collection[str]) -> tuple[Partner, ...]:
    counts: dict[str, list[Vessel]] = {}
    for event in meetings:
        for vessel in event.vessels:
            if ship_of(vessel) != name and ship_of(vessel) in marked:
                counts.setdefault(ship_of(vessel), []).append(vessel)
    found = [
        Partner(
            ship=ship,
            name=vessels[-1].name or "",
            flag=vessels[-1].flag,
            lists=tuple(sorted({hit.list for hit in vessels[-1].watchlists if hit.in_force})),
            meetings=len(vessels),
        )
        for ship, vessels in counts.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.meetings, one.ship)))


def _signs(ship: _Ship, s: FacilitatorSettings) -> list[str]:
    """Signs that the vessel serves ships: each a sentence without its subject."""
    signs = []
    met = {ship_of(vessel) for event in ship.all_meetings for vessel in event.vessels}
    if (count := max(0, len(met) - 1)) >= s.many_partners:
        signs.append(f"met {count} different vessels")
    length = ship.vessel.length_meters
    if length and length < s.small_metres:
        signs.append(f"is only {length} m long")
    if len(ship.all_meetings) >= s.least_times and _at_one_place(ship.all_meetings, s):
        signs.append(f"met them within {s.same_place_km:g} km of one place")
    return signs


def _at_one_place(meetings: Sequence[Event], s: FacilitatorSettings) -> bool:
    lon = np.array([event.position.lon for event in meetings])
    lat = np.array([event.position.lat for event in meetings])
    around = unwrap(lon - lon[0]) + lon[0]  # so that the antimeridian does not divide them
    metres = haversine_m(around, lat, np.full_like(lon, np.median(around)), np.full_like(lat, np.median(lat)))
    return float(np.mean(metres <= s.same_place_km * 1000)) >= s.same_place_share


def _innocent(vessel: Vessel, signs: Sequence[str], s: FacilitatorSettings) -> str | None:
    if len(signs) < s.innocent_signs:
        return None
    if vessel.ais_ship_type in _FERRIES:
        kind = "a ferry or a crew boat"
    elif vessel.type == Role.TANKER.value:
        kind = "a bunker barge"
    else:
        kind = "a supply boat, a pilot or a barge"
    return f"may be {kind}: it {' and '.join(signs)}"
