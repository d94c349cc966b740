"""Ordinary trade with North Korea: what looks like a delivery of oil and is none, or leaves no sign of
one."""

from streams.simulator.kinematics import HOUR, Beside, Track, Waters, beyond
from streams.simulator.scenarios.meeting import SETTLED, alongside, waiting
from streams.simulator.vessel import Vessel
from streams.simulator.world import World, scenario

NAKHODKA, CHONGJIN, VLADIVOSTOK = "RUNJK", "KPCHO", "RUVVO"
NORTH_KOREA = "445"
AT_ROADS = ((132.9465, 42.770), (132.9475, 42.787), (132.955, 42.808), (132.955, 42.823))
"""Places in the roads of Nakhodka, degrees."""


def _to_chongjin(track: Track, knots: float, hours: float, along: float = 0.0) -> None:
    """From the Gulf of Peter the Great to the berths of Chongjin and out again; `along` is metres of quay."""
    berth = beyond(129.80, 41.765, 90.0, along)
    track.enter(Waters.OPEN).sail_to(132.8, 42.4, knots).sail_to(130.2, 41.65, knots).sail_to(
        129.86, 41.70, knots
    )
    track.enter(Waters.ROADS, CHONGJIN).sail_to(129.80, 41.735, 5.0)
    track.enter(Waters.PORT, CHONGJIN).sail_to(*berth, 4.0, slow_to=0.0).moor(hours)
    track.sail_to(129.80, 41.735, 4.0).enter(Waters.ROADS, CHONGJIN).sail_to(129.86, 41.70, 5.0)
    track.enter(Waters.OPEN).sail_to(130.4, 41.6, knots)


@scenario
def bunker_nakhodka(world: World) -> None:
    """A bunker tanker of Nakhodka loads at her berth and lies for 2.2 to 2.5 hours each alongside two ships
    of Russian and two of North Korean flag in the roads, one of them a tanker; the Koreans sail on to
    Chongjin. No draught changes by more than bunkers do. Truth: the port visits, four encounters; no
    chain."""
    world.thinned = 120.0
    hours = 24.0
    served: list[Vessel] = []
    for number, place in enumerate(AT_ROADS):
        flag = NORTH_KOREA if number % 2 else "273"
        ship = world.fleet.ship(80 if number == 3 else 70, (80, 110), flag=flag)
        track = Track(number * 0.5 * HOUR, 133.0, 42.55, 330.0, 9.0).sail_to(132.95, 42.75, 8.0)
        track.enter(Waters.ROADS, NAKHODKA).sail_to(*place, 5.0, slow_to=0.0).anchor(
            hours, 100.0, phase=number
        )
        track.sail_to(132.95, 42.75, 6.0)
        if flag == NORTH_KOREA:
            _to_chongjin(track, world.between(8, 10), world.between(20, 30), 300.0 * number)
        else:
            track.enter(Waters.OPEN).sail(170.0, 10.0, 5.0)
        served.append(world.add(ship, track))
    barge = world.fleet.tanker((60, 80), flag="273")
    track = Track(0.0, 132.921, 42.80).enter(Waters.PORT, NAKHODKA).moor(5.0, 200.0)
    loaded = track.end
    for vessel in served:
        track.enter(Waters.ROADS, NAKHODKA)
        lon, lat, heading = vessel.track.place_at(track.end)
        track.sail_to(*beyond(lon, lat, heading + 90, 400), 4.0, slow_to=2.5)
        ahead, abeam = barge.beside(vessel.ship, 4.0, False, 0.0, False)
        track.join(vessel.track, ahead, abeam, world.between(2.2, 2.5))
        vessel.draughts = ((track.end, round(vessel.ship.draught + 0.1, 1)),)
        track.sail(heading + 90, 5.0, 0.6, slow_to=3.0)
    track.sail_to(132.94, 42.79, 4.0).enter(Waters.PORT, NAKHODKA).sail_to(132.921, 42.80, 4.0, slow_to=0.0)
    world.add(
        barge, track.moor(4.0), draughts=((loaded, round(barge.draught + 0.8, 1)), (track.end, barge.draught))
    )


@scenario
def coastal_trade(world: World) -> None:
    """A ferry, and a coaster of North Korean flag, go between Vladivostok and Chongjin twice; a tanker lies
    at Vladivostok meanwhile. Truth: the port visits of coaster and tanker, nothing else."""
    world.thinned = 180.0
    ends = []
    coaster = world.fleet.ship(70, (80, 110), flag=NORTH_KOREA, name="COASTER 5")
    ferry = world.fleet.ship(60, (90, 130), flag="273", name="FERRY 1")
    for ship, knots, berth, wait in (
        (coaster, 9.0, (131.88, 43.105), 12.0),
        (ferry, 14.0, (131.89, 43.1065), 8.0),
    ):
        track = Track(0.0, *berth).enter(Waters.PORT, VLADIVOSTOK).moor(wait)
        for _ in range(2):
            track.sail_to(131.85, 43.08, 5.0).sail_to(131.84, 43.03, 8.0).enter(Waters.OPEN)
            track.sail_to(131.8, 42.8, knots).sail_to(131.9, 42.4, knots)
            _to_chongjin(track, knots, world.between(14, 20))
            track.sail_to(131.9, 42.4, knots).sail_to(131.8, 42.8, knots).sail_to(131.84, 43.03, knots)
            track.enter(Waters.PORT, VLADIVOSTOK).sail_to(131.85, 43.08, 8.0).sail_to(
                *berth, 5.0, slow_to=0.0
            )
            track.moor(world.between(10, 16), 90.0)
        world.add(ship, track)
        ends.append(track.end)
    tanker = world.fleet.tanker((90, 120))
    quiet = Track(0.0, 131.883, 43.1057).enter(Waters.PORT, VLADIVOSTOK).moor(max(ends) / HOUR, 90.0)
    world.add(tanker, quiet)


@scenario
def small_boats(world: World) -> None:
    """A tanker waits off Sok-do for 24 to 30 hours; six small boats without AIS come alongside her one
    after the other, and her draught is lower afterwards. Truth: she loiters; no chain and no encounter."""
    world.hear_near(124.97, 38.585)
    hours = world.between(24, 30)
    tanker, since = waiting(
        world, 124.97, 38.585, Waters.STS, hours, world.between(0.03, 0.1), sector=(215.0, 325.0)
    )
    world.thinned = 120.0
    for number in range(6):
        boat = world.fleet.ship(30, (18, 28), flag=NORTH_KOREA)
        other = alongside(
            world, tanker, since + SETTLED + number * 3.5 * HOUR, world.between(1.0, 1.8), Waters.STS,
            ship=boat, sector=(215.0, 325.0), cargo=False,
        )  # fmt: skip
        other.silences = ((other.track.begin - 1, other.track.end + 1),)
        left = next(leg.begin for leg in other.track.legs if isinstance(leg.motion, Beside))
        drop = round(tanker.ship.draught - 0.2 * (number + 1), 1)
        tanker.draughts += ((left + HOUR, drop),)
