"""Negatives in and off ports, where ships lie close to each other by habit."""

from streams.simulator.kinematics import HOUR, Track, Waters, beyond
from streams.simulator.scenarios.meeting import WAY
from streams.simulator.vessel import Ship, Vessel
from streams.simulator.world import World, scenario

NOVOROSSIYSK, PRIMORSK = "RUNVS", "RUPRI"


def harbour(world: World) -> tuple[str, float, float]:
    """One of two ports, and a place in the middle of its harbour."""
    if world.rng.random() < 0.5:
        return NOVOROSSIYSK, 37.80, 44.71
    return PRIMORSK, 28.70, 60.335


def berthed(
    world: World, ship: Ship, place: tuple[float, float], port: str, hours: float, heading: float
) -> Vessel:
    """A ship at its berth from the beginning of the recording."""
    track = Track(0.0, *place).enter(Waters.PORT, port).moor(hours, heading)
    return world.add(ship, track)


@scenario
def anchorage(world: World) -> None:
    """Twenty ships, half of them tankers, anchored 150 to 450 metres from their neighbours off Novorossiysk,
    one tanker coming and one going. Truth: a port visit of each tanker, no encounter."""
    world.hear_near(37.89, 44.62)
    world.thinned = 60.0
    hours, spacing = world.between(10, 14), world.between(230, 330)
    wind, scope, phase = world.between(0, 360), world.between(70, 110), world.between(0, 6)
    leaving, coming = (int(number) for number in world.rng.choice(20, 2, replace=False))
    for number in range(20):
        column, row = number % 5 - 2, number // 5 - 1.5
        place = beyond(37.89, 44.62, 90.0, column * spacing + world.between(-35, 35))
        place = beyond(*place, 0.0, row * spacing + world.between(-35, 35))
        tanker = number % 2 == 0 or number in (leaving, coming)
        ship = world.fleet.tanker((60, 110)) if tanker else world.fleet.ship(70, (60, 110))
        sea = beyond(37.87, 44.578, world.between(190, 230), 15_000)
        gate = (37.87, 44.578)  # on the edge of the anchorage
        stay = hours if number not in (leaving, coming) else world.between(0.3, 0.7) * hours
        begin = 0.0
        if number == coming:
            begin = (hours - stay) * HOUR / 2
            track = Track(begin, *sea, 30.0, WAY).sail_to(*gate, WAY).enter(Waters.PORT, NOVOROSSIYSK)
            track.sail_to(*place, 5.0, slow_to=0.0)
            stay = hours - track.end / HOUR
        else:
            track = Track(begin, *place).enter(Waters.PORT, NOVOROSSIYSK)
        track.anchor(stay, scope, wind, phase)
        if number == leaving:
            track.sail_to(*gate, 5.0).enter(Waters.OPEN).sail_to(*sea, WAY)
        world.add(ship, track)


@scenario
def bunkering(world: World) -> None:
    """A bunker tanker goes from her berth to a tanker and to a cargo ship at theirs, lies alongside each for
    2.5 to 5 hours and returns. Truth: port visits of the two tankers, no encounter."""
    port, lon, lat = harbour(world)
    world.hear_near(lon, lat)
    quay = world.between(0, 360)
    stays = world.between(2.5, 5), world.between(2.5, 5)
    hours = sum(stays) + 5
    wait = world.between(0.8, 1.5)
    home = beyond(lon, lat, quay, world.between(600, 1_000))
    bunker = world.fleet.tanker((50, 80))
    receivers = [
        berthed(world, ship, beyond(lon, lat, quay + 180, metres), port, hours, quay)
        for ship, metres in ((world.fleet.tanker((120, 180)), 200.0), (world.fleet.cargo(), 700.0))
    ]
    track = Track(0.0, *home).enter(Waters.PORT, port).moor(wait, quay)
    for vessel, stay in zip(receivers, stays, strict=True):
        to_lon, to_lat, _ = vessel.track.place_at(track.end)
        track.sail_to(*beyond(to_lon, to_lat, quay + 60, 300), 4.0, slow_to=2.5)
        ahead, abeam = bunker.beside(vessel.ship, world.between(2, 5), False, world.between(-20, 20), False)
        track.join(vessel.track, ahead, abeam, stay)
    track.sail_to(*home, 4.0, slow_to=0.0).moor(max(0.3, hours - track.end / HOUR), quay)
    world.add(bunker, track)


@scenario
def berths(world: World) -> None:
    """Five ships along a quay, another three moored outside the first three, tankers among them; one leaves.
    Truth: port visits of the tankers, no encounter."""
    port, lon, lat = harbour(world)
    world.hear_near(lon, lat)
    world.thinned = 60.0
    hours, quay = world.between(10, 14), world.between(0, 360)
    along = -400.0
    for number in range(5):
        inner = world.fleet.tanker((80, 130)) if number % 2 == 0 else world.fleet.cargo()
        along += inner.length / 2
        place = beyond(*beyond(lon, lat, quay, along), quay + 90, 0.0)
        berthed(world, inner, place, port, hours, quay)
        along += inner.length / 2 + world.between(20, 50) + 30
        if number > 2:
            continue
        outer = world.fleet.tanker((60, 90))
        ahead, abeam = outer.beside(inner, world.between(2, 5), False, 0.0, False)
        beside = beyond(*beyond(*place, quay, ahead), quay + 90, abeam)
        vessel = berthed(
            world, outer, beside, port, world.between(0.4, 0.7) * hours if number else hours, quay
        )
        if number == 1:
            vessel.track.sail(quay + 90, 3.0, 0.2, slow_to=0.0)
            vessel.track.moor(max(0.5, hours - vessel.track.end / HOUR))
