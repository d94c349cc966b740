"""Negatives at sea: ships near each other for other reasons than a transfer."""

from streams.simulator.kinematics import HOUR, KNOT, Nav, Track, Waters, beyond
from streams.simulator.scenarios.meeting import alongside, traffic, waiting
from streams.simulator.world import World, scenario


@scenario
def tug_and_pilot(world: World) -> None:
    """A tanker slows down off Novorossiysk for an hour or two; a pilot boat comes alongside for a while, then
    a tug on either side. Truth: nothing."""
    world.hear_near(37.55, 44.3)
    hours = world.between(2.0, 2.7)
    tanker, since = waiting(world, 37.55, 44.3, Waters.OPEN, hours, world.between(0.8, 1.4))
    pilot = world.fleet.ship(50, (12, 20), name="PILOT 3")
    alongside(world, tanker, since + 300, 0.7, Waters.OPEN, ship=pilot, cargo=False)
    for port_side in (True, False):
        tug = world.fleet.ship(52, (25, 35), name=f"BUKSIR {int(world.rng.integers(1, 99))}")
        at, stay = since + 0.8 * HOUR, hours - 1.45
        alongside(world, tanker, at, stay, Waters.OPEN, ship=tug, port_side=port_side, cargo=False)


@scenario
def tow(world: World) -> None:
    """A tug tows a tanker through the Japan Sea at 3 to 5 knots and pauses for 1.5 to 2.8 hours.
    Truth: nothing."""
    world.hear_near(136.0, 40.6)
    course, knots = world.between(0, 360), world.between(3, 5)
    tug, towed = world.fleet.ship(int(world.rng.choice([31, 52])), (30, 50)), world.fleet.tanker((70, 110))
    track = Track(0.0, *beyond(136.0, 40.6, world.between(0, 360), 3_000), course, knots)
    track.sail(course, knots, world.between(3, 5), slow_to=0.4)
    track.drift(course, 0.4, world.between(1.5, 2.8)).sail(course, knots, world.between(3, 5))
    world.add(tug, track)
    line = tug.to_stern + towed.to_bow + world.between(80, 250)
    world.add(towed, Track(0.0, *track.place_at(0.0)[:2]).keep_station(track, -line, 0.0, track.end / HOUR))
    traffic(world, 136.0, 40.6, 4, track.end)


@scenario
def net_buoys(world: World) -> None:
    """A tanker drifts in the Yellow Sea for 2 to 2.8 hours among the buoys of drift nets: class B, half under
    numbers of no ship, half under numbers as Chinese ships have, named like `NET 12-85%`. Truth: nothing."""
    world.hear_near(123.6, 33.6)
    current, knots = world.between(0, 360), world.between(0.2, 0.7)
    tanker, _ = waiting(world, 123.6, 33.6, Waters.OPEN, world.between(2, 2.8), knots, current=current)
    middle = tanker.track.place_at(tanker.track.end / 2)[:2]
    hours = tanker.track.end / HOUR
    for number in range(12):
        place = beyond(*middle, world.between(0, 360), world.between(60, 1_500))
        place = beyond(*place, current + 180, knots * KNOT * hours * HOUR / 2)
        buoy = world.fleet.buoy(number, ship_like=number % 2 == 0)
        world.add(buoy, Track(0.0, *place, world.between(0, 360)).drift(current, knots, hours))


@scenario
def fishing_fleet(world: World) -> None:
    """Ten fishing boats work close to each other at about a knot; a tanker passes through them at 10 knots,
    another one passes a mile off. Truth: nothing."""
    world.hear_near(124.0, 34.5)
    hours = world.between(6, 9)
    for _ in range(10):
        place = beyond(124.0, 34.5, world.between(0, 360), world.between(50, 600))
        boat = world.fleet.ship(30, (15, 35), class_b=bool(world.rng.random() < 0.7), flag="412")
        track = Track(0.0, *place, world.between(0, 360))
        while track.end < hours * HOUR:
            track.drift(world.between(0, 360), world.between(0.6, 1.6), world.between(0.3, 0.8), Nav.FISHING)
        world.add(boat, track)
    course = world.between(0, 360)
    for aside in (world.between(0, 100), world.between(1_700, 2_200)):
        closest = beyond(124.0, 34.5, course + 90, aside)
        begin = beyond(*closest, course + 180, 10 * KNOT * hours * HOUR / 2)
        world.add(world.fleet.tanker(), Track(0.0, *begin, course, 10).sail(course, 10, hours))
    traffic(world, 124.0, 34.5, 2, hours * HOUR)


@scenario
def overtaking(world: World) -> None:
    """A tanker at 12.4 to 12.9 knots overtakes another at 12, 200 to 400 metres off: near each other for half
    an hour or more. Truth: nothing."""
    world.hear_near(125.0, 33.0)
    hours, course, abeam = world.between(5, 7), world.between(0, 360), world.between(200, 400)
    slow, fast = 12.0, world.between(12.4, 12.9)
    middle = 125.0, 33.0
    for knots, place in ((slow, middle), (fast, beyond(*middle, course + 90, abeam))):
        begin = beyond(*place, course + 180, knots * KNOT * hours * HOUR / 2)
        world.add(world.fleet.tanker((90, 180)), Track(0.0, *begin, course, knots).sail(course, knots, hours))
    traffic(world, 125.0, 33.0, 4, hours * HOUR)


@scenario
def convoy(world: World) -> None:
    """Two tankers sail in company at 5 to 9 knots, 120 to 300 metres abeam of each other, for 4 to 6 hours.
    Truth: nothing."""
    world.hear_near(123.2, 34.6)
    hours, course, abeam = world.between(4, 6), world.between(0, 360), world.between(120, 300)
    knots = world.between(5, 9)
    begin = beyond(123.2, 34.6, course + 180, knots * KNOT * hours * HOUR / 2)
    track = Track(0.0, *begin, course, knots).sail(course, knots, hours)
    world.add(world.fleet.tanker((90, 180)), track)
    beside = Track(0.0, *beyond(*begin, course + 90, abeam), course, knots).sail(course, knots, hours)
    world.add(world.fleet.tanker((90, 180)), beside)
    traffic(world, 123.2, 34.6, 4, hours * HOUR)


@scenario
def pair_trawlers(world: World) -> None:
    """Two trawlers of North Korean flag, 25 to 38 metres long, tow one net at 2.5 to 3.3 knots, 150 to 350
    metres apart, for 3 to 5 hours, and drift side by side for 1 to 2. Truth: nothing."""
    world.hear_near(131.2, 40.6)
    hours, rest, course = world.between(3, 5), world.between(1, 2), world.between(0, 360)
    knots, abeam = world.between(2.5, 3.3), world.between(150, 350)
    track = Track(0.0, 131.2, 40.6, course, knots).sail(course, knots, hours, slow_to=0.4)
    track.drift(course, 0.4, rest, Nav.FISHING).sail(course, knots, 1.0)
    other = Track(0.0, *beyond(131.2, 40.6, course + 90, abeam)).keep_station(
        track, 0.0, abeam, track.end / HOUR
    )
    for each in (track, other):
        world.add(world.fleet.ship(30, (25, 38), flag="445"), each)
    traffic(world, 131.2, 40.6, 2, track.end)
