"""Reach: the watched ports that a vessel can have called at while it was silent.

A vessel that was last heard at one place and heard again at another can have been wherever its speed lets it
go and come back in that time (a space-time prism; Miller, 2018). Ways go by sea.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec
import numpy as np

from geofences.distance import haversine_m
from geofences.fence import DOCK_KINDS
from geofences.surroundings import Surroundings
from geofences.world_ports import COUNTRIES, world_ports
from models.event import Event, Position, ReachablePort
from models.sighting import Seen
from models.time import HOUR, Millis, from_text, to_text
from streams.detection.dark_visits.settings import DarkVisitSettings
from streams.detection.gaps.seen import REACH

_KM: float = 1.852
"""Kilometres in a nautical mile."""


class WatchedPort(msgspec.Struct, frozen=True):
    """A watched port: its code, what to call it, and the ids of its fences."""

    code: str
    name: str
    country: str | None
    fences: frozenset[str]


def watched_ports(surroundings: Surroundings, s: DarkVisitSettings) -> list[WatchedPort]:
    """The watched ports of the catalogue, by their codes."""
    ports = []
    for number, code in enumerate(surroundings.ports):
        fences = surroundings.port_fences(number)
        country = fences[0].country
        if code in s.ports or country in s.countries:
            dock = next((fence for fence in fences if fence.kind in DOCK_KINDS), fences[0])
            ids = frozenset(fence.id for fence in fences)
            ports.append(WatchedPort(code, dock.name.split(",")[0], country, ids))
    return ports


def reachable(
    ports: Iterable[WatchedPort],
    surroundings: Surroundings,
    off: Position,
    on: Position | None,
    start: Millis,
    end: Millis,
    knots: float,
    s: DarkVisitSettings,
) -> list[ReachablePort]:
    """The ports where the vessel can have stayed for `stay_hours`, the most likely first.

    `on` is where it was heard again, None while it is silent; then `end` is now.
    """
    at_off, at_on = _inside(surroundings, off), frozenset[str]() if on is None else _inside(surroundings, on)
    found = []
    spare = end - start - s.stay_hours * HOUR
    if spare <= 0:
        return []
    speed = knots * _KM / HOUR  # kilometres a millisecond
    within = spare * speed
    for port in ports:
        arriving = bool(port.fences & at_off)
        if port.fences & at_on or (arriving and on is None):
            continue  # in the port, or there still: that is part of a port visit
        to = 0.0 if arriving else surroundings.sea_km(port.code, off.lon, off.lat, within)
        back = 0.0 if on is None else surroundings.sea_km(port.code, on.lon, on.lat, within)
        if to is None or back is None:
            continue
        stay = end - start - (to + back) / speed
        if stay < s.stay_hours * HOUR:
            continue
        found.append(
            ReachablePort(
                port=port.code,
                port_name=port.name,
                country=port.country,
                distance_from_off_km=round(to, 0),
                distance_to_on_km=None if on is None else round(back, 0),
                earliest_arrival=to_text(start + _whole_minutes(to / speed)),
                latest_departure=None if on is None else to_text(end - _whole_minutes(back / speed)),
                longest_stay_hours=round(stay / HOUR, 1),
                required_speed_knots=None if on is None else round((to + back) / _KM / (spare / HOUR), 1),
                slack_hours=round(stay / HOUR - s.stay_hours, 1),
                seen_arriving=arriving,
            )
        )
    return ranked(found, s)


def reachable_if_seen(
    ports: Sequence[WatchedPort], surroundings: Surroundings, event: Event, end: Millis, s: DarkVisitSettings
) -> list[ReachablePort]:
    """The ports where the vessel of a gap can have stayed, given who saw it meanwhile; the likeliest first.

    A sighting that names the vessel and lies in a port's zones tells that it called there. All other ports
    must have been within reach between two places where it was heard or seen.
    """
    gap = event.gap
    assert gap is not None
    start, knots = from_text(event.start), gap.plausible_speed_knots
    whole = reachable(ports, surroundings, gap.off_position, gap.on_position, start, end, knots, s)
    if not gap.sightings:
        return whole
    named = [each for each in gap.sightings if each.matched_on != REACH]
    seen = _by_port(ports, surroundings, named)
    fitting = _by_port(ports, surroundings, [each for each in gap.sightings if each not in named])
    called = [
        msgspec.structs.replace(port, sighted=seen[port.port][0], sighted_at_dock=seen[port.port][1])
        for port in whole
        if port.port in seen
    ]
    places: list[tuple[Position | None, Millis]] = [(gap.off_position, start)]
    places += [(Position(lat=each.lat, lon=each.lon), from_text(each.time)) for each in named]
    places.append((gap.on_position, end))
    best: dict[str, ReachablePort] = {}
    for (off, since), (on, until) in pairwise(places):
        assert off is not None
        for port in reachable(ports, surroundings, off, on, since, until, knots, s):
            known = best.get(port.port)
            if port.port not in seen and (known is None or _more(port, known)):
                best[port.port] = port
    others = ranked(list(best.values()), s)
    return [
        msgspec.structs.replace(port, fitting=fitting[port.port][0]) if port.port in fitting else port
        for port in (*called, *others)
    ]


def _by_port(
    ports: Iterable[WatchedPort], surroundings: Surroundings, seen: Iterable[Seen]
) -> dict[str, tuple[Seen, bool]]:
    """The last of these sightings in each port's zones, and whether one was at a dock; by port."""
    found: dict[str, tuple[Seen, bool]] = {}
    ports, fences = list(ports), surroundings.index.by_id
    for each in seen:
        inside = _inside(surroundings, Position(lat=each.lat, lon=each.lon))
        for port in ports:
            if here := port.fences & inside:
                docked = port.code in found and found[port.code][1]
                found[port.code] = each, docked or any(fences[id].kind in DOCK_KINDS for id in here)
    return found


def _more(one: ReachablePort, other: ReachablePort) -> bool:
    return (one.seen_arriving, one.longest_stay_hours) > (other.seen_arriving, other.longest_stay_hours)


def other_ports(
    off: Position, on: Position, hours: float, knots: float, countries: set[str], s: DarkVisitSettings
) -> tuple[str, ...]:
    """The ports in other countries than these (ISO 3166-1 alpha-2) that were within reach, the nearest first.

    Distances are great circles: land may lie in between, but a port that is too far even so is out of reach.
    Source of the ports: the World Port Index.
    """
    ports = world_ports()
    metres = haversine_m(off.lon, off.lat, ports.lon, ports.lat)
    metres = metres + haversine_m(on.lon, on.lat, ports.lon, ports.lat)
    watched = {COUNTRIES[each] for each in countries if each in COUNTRIES}
    within = np.flatnonzero(metres <= (hours - s.stay_hours) * knots * _KM * 1000)
    found = sorted((float(metres[i]), ports.names[i]) for i in within if ports.countries[i] not in watched)
    return tuple(name for _, name in found)


def ranked(found: list[ReachablePort], s: DarkVisitSettings) -> list[ReachablePort]:
    """Ports in which it fell silent first, then by the way, that to a port of no known oil counted more; of
    about equally far ones in the settings' order."""
    order = {port: number for number, port in enumerate(s.ports)}

    def way(port: ReachablePort) -> float:
        return _way(port) * (1.0 if port.port in order else s.unlisted_factor)

    rest = sorted((each for each in found if not each.seen_arriving), key=lambda each: (way(each), each.port))
    ranked = [each for each in found if each.seen_arriving]
    while rest:
        alike = [each for each in rest if way(each) <= way(rest[0]) + s.alike_km]
        ranked += sorted(alike, key=lambda each: order.get(each.port, len(order)))
        rest = rest[len(alike) :]
    return ranked


def to_name(ports: Sequence[ReachablePort], s: DarkVisitSettings) -> tuple[ReachablePort, ...]:
    """Those that an event names, in their order: the first ones, and of each country the first one.

    What is left out cannot be told from what is out of reach: chains and the ledger ask for countries.
    """
    first = {port.country: number for number, port in reversed(list(enumerate(ports)))}
    wanted = sorted(first.values())[: s.named_ports]
    for number in range(len(ports)):
        if len(wanted) >= s.named_ports:
            break
        if number not in wanted:
            wanted.append(number)
    return tuple(ports[number] for number in sorted(wanted))


def _way(port: ReachablePort) -> float:
    """Kilometres to the port and, if it is known where, on from there."""
    return port.distance_from_off_km + (port.distance_to_on_km or 0.0)


def _whole_minutes(duration: float) -> Millis:
    return round(duration / 60_000) * 60_000


def _inside(surroundings: Surroundings, place: Position) -> frozenset[str]:
    """Ids of the fences that hold a position."""
    _, fences = surroundings.index.containing(np.array([place.lon]), np.array([place.lat]))
    return frozenset(surroundings.fences[i].id for i in fences.tolist())
