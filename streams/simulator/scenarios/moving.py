"""Transfers that a rule for ships at rest misses: in a current, under way, and while both are silent."""

from streams.simulator.kinematics import HOUR, KNOT, Beside, Track, Waters, beyond
from streams.simulator.scenarios.meeting import SETTLED, alongside, traffic, waiting
from streams.simulator.world import World, scenario


@scenario
def current(world: World) -> None:
    """A transfer of 3 to 6 hours in a current of 2.3 to 3.1 knots off southern Japan. Truth: an encounter."""
    world.hear_near(134.5, 31.8)
    hours = world.between(3, 6)
    first, since = waiting(world, 134.5, 31.8, Waters.OPEN, hours + 2, world.between(2.3, 3.1))
    alongside(world, first, since + SETTLED, hours, Waters.OPEN)
    traffic(world, 134.5, 31.8, 4, first.track.end)


@scenario
def under_way(world: World) -> None:
    """A transfer of 3 to 6 hours while both sail at 3.8 to 5.2 knots through the Yellow Sea.
    Truth: an encounter."""
    lon, lat = 123.4, 35.2
    world.hear_near(lon, lat)
    hours, course, knots = world.between(3, 6), world.between(0, 360), world.between(3.8, 5.2)
    begin = beyond(lon, lat, course + 180, knots * KNOT * (hours / 2 + 1.5) * HOUR)
    track = Track(0.0, *begin, course, knots).sail(course, knots, hours + 3)
    first = world.add(world.fleet.tanker((100, 150)), track.sail(course, 11.0, 1.5))
    alongside(world, first, 1.3 * HOUR, hours, Waters.OPEN)
    traffic(world, lon, lat, 4, track.end)


@scenario
def silent_alongside(world: World) -> None:
    """A transfer in the Yellow Sea: both are heard alongside for 1.3 to 1.7 hours, silent for 2.5 to 6, and
    heard again for 1.3 to 1.7. Truth: one encounter, and both loiter."""
    lon, lat = 123.9, 36.6
    world.hear_near(lon, lat)
    before, silent, after = world.between(1.35, 1.7), world.between(2.5, 6), world.between(1.35, 1.7)
    hours = before + silent + after
    first, since = waiting(world, lon, lat, Waters.OPEN, hours + 1.1, world.between(0.2, 0.8))
    second = alongside(world, first, since + 0.2 * HOUR, hours, Waters.OPEN)
    made_fast = next(leg.begin for leg in second.track.legs if isinstance(leg.motion, Beside))
    dark = (made_fast + before * HOUR, made_fast + (before + silent) * HOUR)
    first.silences = second.silences = (dark,)
    traffic(world, lon, lat, 4, first.track.end)
