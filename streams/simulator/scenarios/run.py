"""The whole run: from a Russian berth by way of a transfer at sea to Nampo."""

from collections.abc import Sequence

from streams.simulator.kinematics import HOUR, Track, Waters, bearing
from streams.simulator.radio import Receiver
from streams.simulator.scenarios.meeting import SETTLED, alongside
from streams.simulator.world import World, scenario

VOSTOCHNY, NAMPO = "RUVYP", "KPNAM"

ROUTE = (
    (131.5, 39.5),
    (130.3, 36.8),
    (129.75, 35.45),
    (129.15, 34.75),  # Korea Strait, west of Tsushima
    (128.3, 34.05),
    (127.0, 33.85),  # between Jeju and the mainland
    (126.0, 33.75),
    (124.9, 34.4),
    (124.3, 36.0),
    (124.1, 37.6),
    (124.4, 38.35),
    (124.75, 38.69),
)
"""Round Korea by sea, degrees (lon, lat)."""

CHANNEL = (
    (124.95, 38.69),
    (125.04, 38.69),
    (125.145, 38.69),
    (125.17, 38.69),
    (125.30, 38.705),
    (125.37, 38.715),
)
"""Nampo: edge of the roads, the roads, the locks' edge, the locks, the piers' edge, the piers."""


@scenario
def full_run(world: World) -> None:
    """A tanker loads at Vostochny, passes the oil to another in the Japan Sea for 4 to 8 hours, and that one
    discharges at Nampo behind the West Sea Barrage, five days later. Truth: a port visit of the first at
    Vostochny, an encounter, both loiter, a port visit of the second at Nampo, and a chain of the two."""
    hear_the_way(world)
    hours, knots = world.between(4, 8), world.between(10, 12)
    tanker = world.fleet.tanker((80, 110), destination="VOSTOCHNY")
    track, loaded = from_vostochny(world, knots)
    track.sail_to(132.9 + world.between(0, 0.3), 41.7 + world.between(0, 0.2), knots, slow_to=0.5)
    since = track.end
    track.enter(Waters.STS).drift(world.between(0, 360), world.between(0.2, 0.7), hours + 2)
    track.enter(Waters.OPEN).sail(world.between(60, 140), knots, 5.0)
    full = round(tanker.draught + 2.0, 1)
    first = world.add(tanker, track, draughts=((loaded, full),))

    at = since + SETTLED
    ship = world.fleet.tanker((80, 110), destination="BUSAN")
    second = alongside(world, first, at, hours, Waters.STS, ship=ship, cargo=False)
    world.cargoes.append((first, second))
    half = at + hours * HOUR / 2
    first.draughts += ((half, round(full - 1.8, 1)),)
    discharged = to_nampo(world, second.track, world.between(10.5, 12))
    second.draughts = ((half, round(ship.draught + 1.8, 1)), (discharged, ship.draught))


@scenario
def direct_run(world: World) -> None:
    """A tanker loads at Vostochny and discharges at Nampo, with AIS on all the way. Truth: its two port
    visits, and a chain of it alone."""
    hear_the_way(world)
    knots = world.between(10, 12)
    tanker = world.fleet.tanker((80, 110), destination="NAMPO")
    track, loaded = from_vostochny(world, knots)
    discharged = to_nampo(world, track, knots)
    full = round(tanker.draught + world.between(1.5, 2.5), 1)
    vessel = world.add(tanker, track, draughts=((loaded, full), (discharged, tanker.draught)))
    world.cargoes.append((vessel,))


@scenario
def barge_between(world: World) -> None:
    """A tanker loads at Vostochny and passes the oil to a barge in the Japan Sea, which passes it to another
    tanker hours later; that one discharges at Nampo. The barge sends no draught. Truth: port visits of the
    tankers, two encounters, both tankers loiter, and a chain of the three."""
    hear_the_way(world)
    hours, knots = world.between(3, 5), world.between(10, 12)
    tanker = world.fleet.tanker((80, 110), destination="VOSTOCHNY")
    track, loaded = from_vostochny(world, knots)
    track.sail_to(132.9 + world.between(0, 0.3), 41.7 + world.between(0, 0.2), knots, slow_to=0.5)
    since = track.end
    course, current = world.between(0, 360), world.between(0.2, 0.7)
    track.enter(Waters.STS).drift(course, current, hours + 2)
    track.enter(Waters.OPEN).sail(world.between(60, 140), knots, 5.0)
    full = round(tanker.draught + 2.0, 1)
    first = world.add(tanker, track, draughts=((loaded, full),))
    barge = world.fleet.ship(99, (60, 80), name=f"BARGE {int(world.rng.integers(1, 99))}")
    middle = alongside(world, first, since + SETTLED, hours, Waters.STS, ship=barge, cargo=False)
    first.draughts += ((middle.track.end - 2 * HOUR, round(full - 1.6, 1)),)
    middle.track.sail(world.between(0, 360), 6.0, 1.0, slow_to=0.5)
    again = middle.track.end
    middle.track.enter(Waters.STS).drift(course, current, hours + 2).enter(Waters.OPEN).sail(90.0, 6.0, 2.0)
    ship = world.fleet.tanker((80, 110), destination="BUSAN")
    last = alongside(world, middle, again + SETTLED, hours, Waters.STS, ship=ship, cargo=False)
    filled = last.track.end - 2 * HOUR
    discharged = to_nampo(world, last.track, world.between(10.5, 12))
    last.draughts = ((filled, round(ship.draught + 1.6, 1)), (discharged, ship.draught))
    world.cargoes.append((first, middle, last))


def hear_the_way(world: World) -> None:
    """Stations along the way from Vostochny to Nampo, beside a feed that hears everything."""
    world.thinned = 120.0
    world.receivers = (
        Receiver("SIM1"),
        Receiver("SIM2", 132.9, 42.8, 70_000.0),
        Receiver("SIM3", 129.1, 35.2, 80_000.0),
        Receiver("SIM4", 126.5, 33.5, 80_000.0),
        Receiver("SIM5", 124.7, 37.96, 90_000.0),
    )


def from_vostochny(world: World, knots: float) -> tuple[Track, float]:
    """A call at the berths of Vostochny and the way out to sea; also when the tanker was loaded."""
    track = Track(0.0, 133.1, 42.3, 0.0, knots).sail_to(133.06, 42.66, knots).sail_to(133.06, 42.712, 6.0)
    track.enter(Waters.PORT, VOSTOCHNY).sail_to(133.055, 42.733, 5.0, slow_to=0.0)
    track.moor(world.between(10, 18), 20.0)
    loaded = track.end
    track.sail_to(133.06, 42.712, 6.0).enter(Waters.OPEN).sail_to(133.1, 42.3, knots)
    return track, loaded


def to_nampo(world: World, track: Track, knots: float, route: Sequence[tuple[float, float]] = ROUTE) -> float:
    """Sail round Korea to the piers of Nampo, discharge and put to sea again; returns when discharged."""
    track.enter(Waters.OPEN)
    for place in route:
        track.sail_to(*place, knots)
    edge, roads, locks_edge, locks, piers_edge, piers = CHANNEL
    track.sail_to(*edge, 8.0).enter(Waters.ROADS, NAMPO).sail_to(*roads, 6.0, slow_to=0.0)
    track.anchor(world.between(0.5, 0.9), 80.0).sail_to(*locks_edge, 5.0)
    track.enter(Waters.PORT, NAMPO).sail_to(*locks, 3.0, slow_to=0.0).moor(0.6)
    track.sail_to(*piers_edge, 6.0).sail_to(*piers, 4.0, slow_to=0.0)
    track.moor(world.between(12, 20), bearing(*piers_edge, *piers))
    discharged = track.end
    track.sail_to(*piers_edge, 4.0).sail_to(*locks, 6.0, slow_to=0.0).moor(0.6).sail_to(*locks_edge, 3.0)
    track.enter(Waters.ROADS, NAMPO).sail_to(*roads, 6.0).sail_to(*edge, 8.0)
    track.enter(Waters.OPEN).sail_to(*ROUTE[-1], knots).sail_to(*ROUTE[-2], knots)
    return discharged
