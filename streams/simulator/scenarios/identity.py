"""Negatives in which numbers or fixes are wrong."""

from collections.abc import Callable
from dataclasses import replace

from models.event import EventType, Level
from streams.simulator.jamming import Jam
from streams.simulator.kinematics import HOUR, KNOT, Track, Waters, beyond
from streams.simulator.scenarios.meeting import SETTLED, alongside, traffic, waiting
from streams.simulator.vessel import Ship
from streams.simulator.world import Anomaly, World, scenario


@scenario
def shared_mmsi(world: World) -> None:
    """Two tankers under one MMSI sail 60 to 100 km apart, one eastward, one westward, so that half-way
    between them is always a third tanker, drifting for 2 to 2.8 hours. The first passes a fourth at 300
    metres that drifts as long. Truth: nothing."""
    lon, lat = 124.0, 35.8
    world.hear_near(lon, lat)
    still, since = waiting(world, lon, lat, Waters.OPEN, world.between(2, 2.8), 0.3, current=90.0)
    middle = still.track.place_at(since + HOUR)[:2]
    apart, knots = world.between(30_000, 50_000), world.between(9, 11)
    hours = still.track.end / HOUR
    first = world.fleet.tanker((90, 120))
    second: Ship = replace(world.fleet.tanker((90, 120)), mmsi=first.mmsi)
    for ship, side, course in ((first, 0.0, 90.0), (second, 180.0, 270.0)):
        place = beyond(*middle, side, apart)
        track = Track(0.0, *beyond(*place, course + 180, knots * KNOT * (since + HOUR)), course, knots)
        world.add(ship, track.sail(course, knots, hours))
    passed = beyond(*beyond(*middle, 0.0, apart), 0.0, 300)
    waiting(world, *passed, Waters.OPEN, world.between(2, 2.8), 0.2)
    traffic(world, lon, lat - 0.5, 2, still.track.end)


@scenario
def two_transponders(world: World) -> None:
    """A tanker carries two transponders under two numbers and names; she sails for hours, drifts for 1.5 to
    2.8 hours, and sails on. Truth: nothing, there is one ship."""
    world.hear_near(136.0, 40.4)
    course, knots = world.between(0, 360), world.between(9, 12)
    ship = world.fleet.tanker((80, 130))
    other = world.fleet.tanker((80, 130))
    other = replace(
        other, length=ship.length, beam=ship.beam, to_bow=ship.to_bow + 8, to_port=ship.to_port, imo=0
    )
    begin = beyond(136.0, 40.4, course + 180, knots * KNOT * 4 * HOUR)
    track = Track(0.0, *begin, course, knots).sail(course, knots, world.between(4, 5), slow_to=0.6)
    track.drift(course + 40, 0.6, world.between(1.5, 2.8)).sail(course, knots, world.between(2, 3))
    world.add(ship, track, hull=1)
    twin = Track(0.0, *begin).keep_station(track, -8.0, 0.0, track.end / HOUR)
    world.add(other, twin, hull=1)
    traffic(world, 136.0, 40.4, 4, track.end)


@scenario
def wild_fix(world: World) -> None:
    """A tanker drifts for 2 to 2.8 hours; of another one that sails 15 to 40 km away one single fix is wrong:
    it lies right beside the first. Truth: nothing."""
    lon, lat = 136.2, 40.8
    world.hear_near(lon, lat)
    still, since = waiting(world, lon, lat, Waters.OPEN, world.between(2, 2.8), 0.3)
    wrong = since + world.between(0.4, 1.4) * HOUR
    beside = beyond(*still.track.place_at(wrong)[:2], world.between(0, 360), world.between(40, 90))
    course, knots, hours = world.between(0, 360), world.between(9, 12), still.track.end / HOUR
    closest = beyond(lon, lat, course + 90, world.between(15_000, 40_000))
    track = Track(0.0, *beyond(*closest, course + 180, knots * KNOT * wrong), course, knots)
    world.add(world.fleet.tanker(), track.sail(course, knots, hours), wild=((wrong, *beside),))
    traffic(world, lon, lat, 4, still.track.end)


def _changes(world: World, change: Callable[[Ship], Ship]) -> None:
    """A transfer of 5 to 8 hours to a cargo ship that gives itself out otherwise from its middle on."""
    lon, lat = 135.2, 40.9
    world.hear_near(lon, lat)
    hours = world.between(5.5, 8)
    first, since = waiting(world, lon, lat, Waters.OPEN, hours + 2, world.between(0.2, 0.8))
    other = world.fleet.ship(70, (80, 140))
    second = alongside(world, first, since + SETTLED, hours, Waters.OPEN, ship=other, cargo=False)
    second.identities = ((since + SETTLED + world.between(0.35, 0.7) * hours * HOUR, change(other)),)
    traffic(world, lon, lat, 4, first.track.end)


@scenario
def new_mmsi(world: World) -> None:
    """During a transfer of 5.5 to 8 hours the cargo ship goes on under another MMSI, with the same IMO
    number, name and sizes. Truth: one encounter, under the first number; the tanker loiters."""
    _changes(world, lambda ship: replace(ship, mmsi=world.fleet.ship(70, (80, 90)).mmsi))


@scenario
def new_name(world: World) -> None:
    """During a transfer of 5.5 to 8 hours the cargo ship takes another name and call sign.
    Truth: an encounter; the tanker loiters."""
    fresh = world.fleet.ship(70, (80, 90))
    _changes(world, lambda ship: replace(ship, name=fresh.name, callsign=fresh.callsign))


@scenario
def new_type(world: World) -> None:
    """During a transfer of 5.5 to 8 hours the cargo ship says that it is a tug, a pilot or a fishing vessel.
    Truth: an encounter; the tanker loiters."""
    kind = int(world.rng.choice([30, 31, 50, 52]))
    _changes(world, lambda ship: replace(ship, ship_type=kind))


@scenario
def jammed_region(world: World) -> None:
    """Ten ships, half of them tankers, sail to and fro in the Gulf of Finland; for 8 to 14 hours all of them
    send positions that go round one place on land, 60 km off. Truth: one position anomaly of all,
    `probable`."""
    world.thinned = 120.0
    lon, lat = 26.5, 59.95
    start, hours = world.between(6, 9) * HOUR, world.between(8, 14)
    false = beyond(27.4, 59.5, world.between(0, 360), world.between(0, 5_000))
    for number in range(10):
        ship = world.fleet.tanker((90, 180)) if number % 2 == 0 else world.fleet.cargo()
        place = beyond(lon, lat, 36.0 * number, world.between(2_000, 9_000))
        course, knots = world.between(70, 110), world.between(6, 9)
        track = Track(0.0, *place, course, knots)
        while track.end < start + (hours + 8) * HOUR:
            track.sail(course, knots, 2.0).sail(course + 180, knots, 2.0)
        radius, period = world.between(1_000, 2_500), world.between(700, 1_500)
        world.add(ship, track, jams=(Jam(start, start + hours * HOUR, *false, radius, period),))
    world.anomalies.append(
        Anomaly(tuple(world.vessels), start, "jammed", Level.PROBABLE, EventType.POSITION_ANOMALY)
    )


@scenario
def jammed_to_one_place(world: World) -> None:
    """Seven ships, six of them tankers, sail to and fro in the Japan Sea; for 1.5 to 9 hours all of them send
    slow positions that scatter round one place at sea, 30 to 60 km off. Truth: a region, `probable`."""
    world.thinned = 60.0
    lon, lat = 136.5, 40.5
    start, hours = world.between(6, 9) * HOUR, world.between(1.5, 9)
    false = beyond(lon, lat, world.between(0, 360), world.between(30_000, 60_000))
    jam = Jam(start, start + hours * HOUR, *false, radius=world.between(20, 300), period=None)
    for number in range(7):
        ship = world.fleet.tanker((90, 180)) if number else world.fleet.cargo()
        place = beyond(lon, lat, 51.0 * number, world.between(2_000, 12_000))
        course, knots = world.between(70, 110), world.between(6, 9)
        track = Track(0.0, *place, course, knots)
        while track.end < start + (hours + 5) * HOUR:
            track.sail(course, knots, 2.0).sail(course + 180, knots, 2.0)
        world.add(ship, track, jams=(jam,))
    world.anomalies.append(
        Anomaly(tuple(world.vessels), start, "jammed", Level.PROBABLE, EventType.POSITION_ANOMALY)
    )
