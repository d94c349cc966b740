"""Ships that somebody sees from above, or on patrol, while nobody hears them."""

from models.sighting import SightingKind
from streams.simulator.kinematics import HOUR, KNOT, Track, Waters, beyond
from streams.simulator.scenarios.dark import SWITCHED, call, in_the_roads, watchers
from streams.simulator.world import Look, World, scenario

CHO_DO = (124.79, 38.55)
"""A place in the transfer area off Cho-do, degrees."""


@scenario
def sighted_call(world: World) -> None:
    """A tanker switches her AIS off for 22 to 25 hours and loads at Vostochny, as in `dark_call_24`. A patrol
    reads her IMO number at her berth and tells of it 6 hours later; a satellite image of the port shows her
    and everybody else. Truth: a gap and a possible dark port visit in which she was seen; no dark vessel."""
    world.thinned = 180.0
    ship = world.fleet.tanker((90, 130), destination="VOSTOCHNY")
    tanker, off, on, berthed = call(world, ship, world.between(22, 25), world.between(10, 12))
    tanker.silences = ((off, on),)
    watchers(world, *SWITCHED, tanker.track.end)
    in_the_roads(world, tanker.track.end)
    lon, lat, _ = tanker.track.place_at(berthed + HOUR)
    seen = berthed + world.between(1, 5) * HOUR
    world.looks.append(Look(seen, lon, lat, 1_000.0, 6 * HOUR, SightingKind.PATROL, named=True))
    world.looks.append(Look(seen + world.between(1, 3) * HOUR, lon, lat, 60_000.0, 8 * HOUR))


@scenario
def never_heard(world: World) -> None:
    """Two tankers without AIS lie off Cho-do, 3 to 6 km apart, for 30 hours, while cargo ships and a tanker
    with AIS pass and others drift around. Two satellite images 6 to 9 hours apart show all of them; the
    second one is known only a day later. Truth: a dark vessel for each of the two."""
    world.thinned = 120.0
    hours = 30.0
    away = beyond(*CHO_DO, world.between(0, 360), world.between(3_000, 6_000))
    for place in (CHO_DO, away):
        track = Track(0.0, *place, world.between(0, 360)).enter(Waters.STS)
        track.anchor(hours, 120.0)
        ship = world.fleet.tanker((70, 120))
        world.add(ship, track, silences=((track.begin - 1, track.end + 1),))
    watchers(world, *CHO_DO, (hours + 30) * HOUR, 5)
    for number in range(3):
        knots = world.between(9, 12)
        begin = beyond(*CHO_DO, 200.0, 60_000)
        course = Track(
            (4 + 5 * number) * HOUR, *beyond(*begin, 290.0, world.between(9_000, 15_000)), 20.0, knots
        )
        ship = world.fleet.tanker() if number == 1 else world.fleet.cargo()
        world.add(ship, course.sail(20.0, knots, 120_000 / (knots * KNOT * HOUR)))
    first = world.between(8, 12) * HOUR
    world.looks.append(Look(first, *CHO_DO, 40_000.0, 5 * HOUR))
    world.looks.append(Look(first + world.between(6, 9) * HOUR, *CHO_DO, 40_000.0, 24 * HOUR))


@scenario
def all_heard(world: World) -> None:
    """Cargo ships drift and tankers pass off Cho-do, all with AIS, and three satellite images show them.
    Truth: nothing: every sighting is of a ship that is heard."""
    world.thinned = 120.0
    watchers(world, *CHO_DO, 30 * HOUR, 8)
    for number in range(3):
        knots = world.between(9, 12)
        begin = beyond(*CHO_DO, 200.0, 60_000)
        track = Track((3 + 4 * number) * HOUR, *begin, 20.0, knots)
        world.add(world.fleet.tanker(), track.sail(20.0, knots, 120_000 / (knots * KNOT * HOUR)))
    for hour in (6, 11, 16):
        world.looks.append(Look((hour + world.between(0, 1)) * HOUR, *CHO_DO, 40_000.0, 4 * HOUR))
