"""What many scenarios are made of: a ship that waits at sea, one that comes alongside, ships that pass by."""

from typing import NamedTuple

from streams.simulator.kinematics import HOUR, KNOT, Track, Waters, bearing, beyond
from streams.simulator.vessel import Ship, Vessel
from streams.simulator.world import World

WAY = 8.0
"""Knots at which ships come and go."""
ALL_ROUND = (0.0, 360.0)

SETTLED = 0.5 * HOUR
"""Seconds from a waiting ship's stop until another begins to come alongside."""
COMING = 0.6
"""Hours that coming alongside takes at most."""


class Waiting(NamedTuple):
    """A ship that waits, and the second from which on she does."""

    vessel: Vessel
    since: float


def waiting(
    world: World,
    lon: float,
    lat: float,
    waters: Waters,
    hours: float,
    knots: float,
    *,
    ship: Ship | None = None,
    current: float | None = None,
    sector: tuple[float, float] = ALL_ROUND,
    anchored: bool = False,
) -> Waiting:
    """A tanker that comes to a place (or a mile from it), drifts or anchors for some hours and goes again.

    `current` is the course she drifts on, `sector` the bearings from which she comes and to which she goes.
    """
    here = beyond(lon, lat, world.between(0, 360), world.between(0, 1_500))
    side = world.between(*sector)
    far = beyond(*here, side, WAY * KNOT * world.between(1.2, 1.8) * HOUR)
    track = Track(0.0, *far, bearing(*far, *here), WAY)
    track.sail_to(*here, WAY, slow_to=0.0 if anchored else knots).enter(waters)
    since = track.end
    course = world.between(0, 360)
    if anchored:
        track.anchor(hours, scope=world.between(80, 120), phase=world.between(0, 6))
    else:
        track.drift(course if current is None else current, knots, hours)
    track.sail(world.between(*sector), WAY, world.between(1.0, 1.5))
    return Waiting(world.add(ship or world.fleet.tanker(), track), since)


def alongside(
    world: World,
    other: Vessel,
    at: float,
    hours: float,
    waters: Waters,
    *,
    ship: Ship | None = None,
    port_side: bool | None = None,
    sector: tuple[float, float] = ALL_ROUND,
    cargo: bool = True,
) -> Vessel:
    """A ship that begins to come alongside another at a time, stays for some hours and goes again.

    With `cargo` she is loaded there: her draught grows by a metre or two, the other's shrinks.
    """
    ship = ship or world.fleet.tanker()
    port_side = bool(world.rng.random() < 0.5) if port_side is None else port_side
    turned = bool(world.rng.random() < 0.3)
    side = world.between(*sector)
    knots = world.between(6, 9)
    lead = world.between(1.0, 1.6) * HOUR
    lon, lat, _ = other.track.place_at(at)
    near = beyond(lon, lat, side, world.between(2_500, 3_500))
    far = beyond(*near, side, knots * KNOT * lead)
    track = Track(at - lead, *far, bearing(*far, *near), knots)
    track.sail_to(*near, knots).enter(waters)
    ahead, abeam = ship.beside(other.ship, world.between(3, 8), port_side, world.between(-10, 10), turned)
    track.join(other.track, ahead, abeam, hours, turned)
    draughts: tuple[tuple[float, float], ...] = ()
    if cargo:
        half = track.end - hours * HOUR / 2
        draughts = ((half, round(ship.draught + world.between(1.0, 2.0), 1)),)
        other.draughts += ((half, round(other.ship.draught - world.between(0.8, 1.5), 1)),)
    _, _, heading = other.track.place_at(track.end)
    away = heading + (-90 if port_side else 90) + world.between(-30, 30)
    track.sail(away, knots, world.between(1.0, 1.5))
    return world.add(ship, track, draughts=draughts)


def traffic(world: World, lon: float, lat: float, count: int, until: float) -> None:
    """Ships that pass 4 to 20 km off on straight courses at 9 to 14 knots, tankers among them."""
    for number in range(count):
        ship = world.fleet.tanker((100, 240)) if number % 2 == 0 else world.fleet.cargo()
        course, knots = world.between(0, 360), world.between(9, 14)
        hours = world.between(2.0, 3.5)
        closest = beyond(lon, lat, course + 90, world.between(4_000, 20_000))
        begin = beyond(*closest, course + 180, knots * KNOT * hours * HOUR / 2)
        track = Track(world.between(0, max(until - hours * HOUR, 1)), *begin, course, knots)
        world.add(ship, track.sail_to(*beyond(*closest, course, knots * KNOT * hours * HOUR / 2), knots))
