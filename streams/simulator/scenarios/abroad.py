"""Negatives in harbours that no fence knows: berths side by side, anchorages, bunker barges.

They are in Korea, Japan and China, off land (Natural Earth). The simulator alone knows their berths and
roads.
"""

from streams.simulator.kinematics import HOUR, Nav, Track, Waters, beyond
from streams.simulator.world import World, scenario

BERTHS = ((129.40, 35.47), (120.30, 36.03), (121.90, 29.97))
"""Water off the quays of Ulsan, Qingdao and Ningbo, degrees (lon, lat)."""
ROADS = ((129.45, 35.42), (139.74, 35.42), (120.42, 35.97), (122.35, 29.72))
"""Anchorages off Ulsan, in Tokyo Bay, off Qingdao and off Ningbo."""


@scenario
def berths_abroad(world: World) -> None:
    """Six ships moored along a quay, 15 to 40 metres from bow to stern, four of them tankers, and one tanker
    moored outside another. Truth: nothing."""
    lon, lat = BERTHS[int(world.rng.integers(len(BERTHS)))]
    world.hear_near(lon, lat)
    world.thinned = 60.0
    hours, quay, along = world.between(10, 20), world.between(0, 360), -500.0
    for number in range(6):
        ship = world.fleet.tanker((90, 150)) if number < 4 else world.fleet.cargo()
        along += ship.length / 2
        place = beyond(lon, lat, quay, along)
        along += ship.length / 2 + world.between(15, 40)
        world.add(ship, Track(0.0, *place).enter(Waters.PORT).moor(hours, quay))
        if number == 1:
            outer = world.fleet.tanker((60, 90))
            ahead, abeam = outer.beside(ship, world.between(2, 5), False, 0.0, False)
            beside = beyond(*beyond(*place, quay, ahead), quay + 90, abeam)
            world.add(outer, Track(0.0, *beside).enter(Waters.PORT).moor(hours, quay))


@scenario
def roads_abroad(world: World) -> None:
    """Nine ships at anchor 300 to 600 metres from their neighbours; a bunker barge lies alongside three of
    them for 2.5 to 4 hours each. Truth: nothing."""
    lon, lat = ROADS[int(world.rng.integers(len(ROADS)))]
    world.hear_near(lon, lat)
    world.thinned = 60.0
    stays = [world.between(2.5, 4) for _ in range(3)]
    hours, wind, phase = sum(stays) + 5, world.between(0, 360), world.between(0, 6)
    spacing, scope = world.between(420, 520), world.between(80, 120)
    anchored = []
    for number in range(9):
        place = beyond(lon, lat, 90.0, (number % 3 - 1) * spacing + world.between(-50, 50))
        place = beyond(*place, 0.0, (number // 3 - 1) * spacing + world.between(-50, 50))
        ship = world.fleet.tanker((90, 180)) if number % 2 else world.fleet.cargo()
        track = Track(0.0, *place).enter(Waters.PORT).anchor(hours, scope, wind, phase)
        anchored.append(world.add(ship, track))
    barge = world.fleet.tanker((40, 70))
    track = Track(0.0, *beyond(lon, lat, world.between(0, 360), 3_000)).enter(Waters.PORT)
    track.moor(0.5)
    for number, stay in zip(world.rng.permutation(9)[:3].tolist(), stays, strict=True):
        vessel = anchored[number]
        to_lon, to_lat, heading = vessel.track.place_at(track.end)
        track.sail_to(*beyond(to_lon, to_lat, heading + 90, 350), 5.0, slow_to=2.5)
        ahead, abeam = barge.beside(vessel.ship, world.between(2, 5), False, world.between(-20, 20), False)
        track.join(vessel.track, ahead, abeam, stay)
        _, _, heading = track.place_at(track.end)
        track.sail(heading + 90, 5.0, 0.2, slow_to=2.5)
    track.drift(wind, 0.1, max(0.1, hours - track.end / HOUR), Nav.UNDER_WAY)
    world.add(barge, track)
