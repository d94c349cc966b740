"""Meetings in the dark that change draughts, and silences side by side that are ordinary."""

from streams.simulator.kinematics import HOUR, Track, Waters, beyond
from streams.simulator.radio import Receiver
from streams.simulator.scenarios.dark import SWITCHED, both_silent, call, in_the_roads, watchers
from streams.simulator.world import World, scenario

FUJAIRAH = (56.48, 25.24)
"""The middle of an anchorage, degrees."""


@scenario
def dark_transfer(world: World) -> None:
    """The same as `both_dark`, and oil is passed on: one tanker comes back 1.5 to 2.5 m deeper, the other one
    less deep. Truth: a gap of each and a possible dark encounter."""
    both_silent(world, passed=world.between(1.5, 2.5))


@scenario
def two_silent_at_berths(world: World) -> None:
    """Two tankers load at Vostochny at the same time. Each switches her AIS off 2 to 4 hours after she has
    made fast, and on again 60 km off. Truth: a port visit, a gap and a possible dark port visit of each."""
    world.thinned = 180.0
    hours, knots = world.between(36, 50), world.between(10, 12)
    for _ in range(2):
        ship = world.fleet.tanker((90, 130), destination="VOSTOCHNY")
        tanker, _, on, berthed = call(world, ship, hours + world.between(0, 3), knots)
        tanker.silences = ((berthed + world.between(2, 4) * HOUR, on),)
    watchers(world, *SWITCHED, max(vessel.track.end for vessel in world.vessels))
    in_the_roads(world, max(vessel.track.end for vessel in world.vessels))


@scenario
def anchorage_at_night(world: World) -> None:
    """Ten tankers and six cargo ships lie at anchor off Fujairah for three days. One receiver hears them all,
    but only by day; with noise, another one hears those within 2 km at night, too. Truth: each
    tanker loiters."""
    world.thinned = 180.0
    wind = world.between(0, 360)
    for number in range(16):
        place = beyond(*FUJAIRAH, 137.5 * number, 900.0 * (number + 1) ** 0.5)
        ship = world.fleet.tanker((100, 180)) if number < 10 else world.fleet.cargo()
        track = Track(0.0, *place).enter(Waters.ROADS).anchor(72.0, 120.0, wind, world.between(0, 6))
        world.add(ship, track)
    nights = [(24.0 * day + world.between(13, 14), 24.0 * day + world.between(22, 23)) for day in range(3)]
    ends = [0.0, *(end for _, end in nights)]
    days = tuple((end * HOUR, night[0] * HOUR) for end, night in zip(ends, nights, strict=False))
    world.receivers = (
        Receiver("SIM1", passes=(*days, (ends[-1] * HOUR, 72 * HOUR))),
        Receiver("SIM2", *FUJAIRAH, reach=2_000.0),
    )
