"""Positives: transfers from ship to ship at sea."""

from streams.simulator.kinematics import HOUR, KNOT, Waters, beyond
from streams.simulator.radio import Receiver
from streams.simulator.scenarios.meeting import COMING, SETTLED, alongside, traffic, waiting
from streams.simulator.world import World, scenario

WEST = (215.0, 325.0)
"""Bearings of the open sea off Cho-do and Sok-do."""


@scenario
def cho_do(world: World) -> None:
    """Two tankers meet off Cho-do, lie alongside for 3 to 8 hours and part, one of them anchored in every
    second run. Truth: an encounter, and both loiter."""
    world.hear_near(124.78, 38.50)
    hours = world.between(3, 8)
    anchored = bool(world.rng.random() < 0.5)
    first, since = waiting(
        world, 124.78, 38.50, Waters.STS, hours + 2, world.between(0.05, 0.2), sector=WEST, anchored=anchored
    )
    alongside(world, first, since + SETTLED, hours, Waters.STS, sector=WEST)
    traffic(world, 124.3, 38.4, 4, first.track.end)


@scenario
def japan_sea(world: World) -> None:
    """A tanker passes oil to another (or to a cargo ship) off Primorye for 3 to 10 hours while both drift.
    Truth: an encounter; each tanker loiters."""
    world.hear_near(133.0, 41.8)
    hours = world.between(3, 10)
    other = world.fleet.cargo() if world.rng.random() < 0.3 else None
    first, since = waiting(world, 133.0, 41.8, Waters.STS, hours + 2, world.between(0.2, 0.9))
    alongside(world, first, since + SETTLED, hours, Waters.STS, ship=other)
    traffic(world, 133.0, 41.8, 4, first.track.end)


@scenario
def drifting(world: World) -> None:
    """A transfer of 5.5 to 8 hours in the open sea while both drift at about 1.5 knots.
    Truth: an encounter, and both loiter."""
    world.hear_near(135.8, 40.2)
    hours = world.between(5.5, 8)
    first, since = waiting(world, 135.8, 40.2, Waters.OPEN, hours + 2, world.between(1.38, 1.5))
    alongside(world, first, since + SETTLED, hours, Waters.OPEN)
    traffic(world, 135.8, 40.2, 4, first.track.end)


@scenario
def raft(world: World) -> None:
    """Three tankers made fast to each other off Sok-do: two come to either side of one, half an hour or more
    apart. Truth: three encounters, one for each pair, and all three loiter."""
    world.hear_near(124.97, 38.585)
    hours, later = world.between(4, 6), world.between(0.5, 1.0)
    first, since = waiting(
        world, 124.97, 38.585, Waters.STS, hours + later + 2, world.between(0.03, 0.12), sector=WEST,
        ship=world.fleet.tanker((90, 130)),
    )  # fmt: skip
    port_side = bool(world.rng.random() < 0.5)
    for delay, side in ((0.0, port_side), (later, not port_side)):
        ship = world.fleet.tanker((60, 100))
        alongside(
            world,
            first,
            since + SETTLED + delay * HOUR,
            hours,
            Waters.STS,
            sector=WEST,
            ship=ship,
            port_side=side,
        )


@scenario
def antimeridian(world: World) -> None:
    """A transfer of 5.5 to 8 hours south of the Aleutians that drifts across 180 degrees, east- or westward.
    Truth: an encounter, and both loiter."""
    hours, knots = world.between(5.5, 8), world.between(0.9, 1.4)
    current = float(world.rng.choice([90.0, 270.0]))
    # half of the drift lies before the crossing
    begin = beyond(180.0, 50.5, current + 180, knots * KNOT * (SETTLED + (COMING + hours) / 2 * HOUR))
    world.hear_near(180.0, 50.5)
    first, since = waiting(world, *begin, Waters.OPEN, hours + 2, knots, current=current)
    alongside(world, first, since + SETTLED, hours, Waters.OPEN)
    traffic(world, 180.0, 50.5, 4, first.track.end)


@scenario
def satellite(world: World) -> None:
    """A transfer of 5.5 to 9 hours in the East China Sea that only a satellite hears, for some minutes every
    20 to 40 minutes. Truth: an encounter, and both loiter."""
    hours = world.between(5.5, 9)
    first, since = waiting(world, 124.5, 31.0, Waters.STS, hours + 2, world.between(0.2, 0.6))
    alongside(world, first, since + SETTLED, hours, Waters.STS)
    traffic(world, 124.5, 31.0, 6, first.track.end)
    passes: list[tuple[float, float]] = []
    at = world.between(0, 20 * 60)
    while at < first.track.end:
        passes.append((at, at + world.between(180, 300)))
        at += world.between(21 * 60, 39 * 60)
    world.receivers = (Receiver("SAT1", passes=tuple(passes)),)


@scenario
def dark_partner(world: World) -> None:
    """A tanker waits for 6 to 12 hours off Primorye or in the open sea; another comes alongside with her AIS
    off, from before the approach until after, or all the time. Truth: the first one loiters; no encounter,
    since nothing of it can be heard."""
    waters, lon, lat = (Waters.STS, 133.2, 41.7) if world.rng.random() < 0.5 else (Waters.OPEN, 136.0, 40.5)
    world.hear_near(lon, lat)
    hours = world.between(6, 12)
    first, since = waiting(world, lon, lat, waters, hours, world.between(0.2, 0.9))
    second = alongside(world, first, since + SETTLED, hours - 2, waters)
    margin = 0.4 * HOUR if world.rng.random() < 0.5 else 0.0
    second.silences = ((second.track.begin + margin, second.track.end - margin),)
    traffic(world, lon, lat, 4, first.track.end)
