"""Silences: calls at a port with the AIS off, and what only looks like one."""

from dataclasses import replace

from streams.simulator.kinematics import HOUR, KNOT, Track, Waters, beyond
from streams.simulator.radio import Receiver
from streams.simulator.scenarios.run import VOSTOCHNY
from streams.simulator.vessel import Ship, Vessel
from streams.simulator.world import World, scenario

OFFING = (133.1, 41.9)
"""A place in the open sea, some 90 km south of Vostochny, degrees."""
SWITCHED = (133.08, 42.2)
"""Where AIS is switched off and on again, some 60 km south of Vostochny."""


def watchers(world: World, lon: float, lat: float, until: float, count: int = 6) -> None:
    """Cargo ships that drift within 30 km of a place: by them it is known that it is heard."""
    for number in range(count):
        place = beyond(lon, lat, 360 * number / count, world.between(8_000, 30_000))
        track = Track(0.0, *place, world.between(0, 360))
        while track.end < until:
            track.drift(world.between(0, 360), 0.5, 6.0)
        world.add(world.fleet.cargo(), track)


def in_the_roads(world: World, until: float, count: int = 4) -> None:
    """Cargo ships at anchor between that place and Vostochny, so that the way there is heard too."""
    for number in range(count):
        place = beyond(133.1, 42.55, 90.0 * number, world.between(3_000, 8_000))
        world.add(world.fleet.cargo(), Track(0.0, *place).enter(Waters.PORT).anchor(until / HOUR, 100.0))


def call(
    world: World, ship: Ship, hours: float, knots: float, before: float = 8.0
) -> tuple[Vessel, float, float, float]:
    """A tanker that comes from the open sea, loads at Vostochny and goes again.

    `hours` is the time from passing SWITCHED inwards to passing it outwards. Returns the vessel, both
    times, and when it was at its berth.
    """
    far = beyond(*OFFING, world.between(160, 200), knots * KNOT * before * HOUR)
    track = Track(0.0, *far, 0.0, knots).sail_to(*SWITCHED, knots)
    off = track.end
    track.sail_to(133.06, 42.66, knots).sail_to(133.06, 42.712, 6.0)
    track.enter(Waters.PORT, VOSTOCHNY).sail_to(133.055, 42.733, 5.0, slow_to=0.0)
    berthed = track.end
    track.moor(hours - 2 * (track.end - off) / HOUR, 20.0)
    loaded = track.end
    track.sail_to(133.06, 42.712, 6.0).enter(Waters.OPEN).sail_to(*SWITCHED, knots)
    on = track.end
    track.sail_to(*OFFING, knots).sail_to(*far, knots)
    draughts = ((loaded, round(ship.draught + world.between(1.5, 2.5), 1)),)
    return world.add(ship, track, draughts=draughts), off, on, berthed


def _dark_call(world: World, hours: float, **changes: object) -> Vessel:
    world.thinned = 180.0
    ship = world.fleet.tanker((90, 130), destination="VOSTOCHNY")
    ship = replace(ship, **changes)  # type: ignore[arg-type]
    tanker, off, on, _ = call(world, ship, hours, world.between(10, 12))
    tanker.silences = ((off, on),)
    watchers(world, *SWITCHED, tanker.track.end)
    in_the_roads(world, tanker.track.end)
    return tanker


@scenario
def dark_call_12(world: World) -> None:
    """A tanker switches her AIS off 60 km off Vostochny, loads there and switches it on again at the same
    place 14 to 16 hours later; others are heard there all the time. Truth: a gap and a possible dark port
    visit."""
    _dark_call(world, world.between(14, 16))


@scenario
def dark_call_24(world: World) -> None:
    """The same with the AIS off for 22 to 25 hours. Truth: a gap and a possible dark port visit."""
    _dark_call(world, world.between(22, 25))


@scenario
def dark_call_60(world: World) -> None:
    """The same with the AIS off for 56 to 64 hours, in which she could have called at a port of another
    country too. Truth: a gap and a possible dark port visit."""
    _dark_call(world, world.between(56, 64))


@scenario
def dark_call_without_imo(world: World) -> None:
    """The same with the AIS off for 15 to 20 hours, by a tanker that sends no IMO number. Truth: a gap and
    a possible dark port visit."""
    _dark_call(world, world.between(15, 20), imo=0)


@scenario
def dark_call_elsewhere(world: World) -> None:
    """A tanker switches her AIS off in La Perouse Strait for 26 to 32 hours, loads at Wakkanai in Japan and
    comes back with another draught; others are heard there, and a Russian oil port is within reach. Truth:
    a gap; no call at a Russian port that is `probable`."""
    world.thinned = 180.0
    knots, place = world.between(10, 12), (141.95, 45.70)
    far = beyond(*place, 270.0, knots * KNOT * 8 * HOUR)
    track = Track(0.0, *far, 90.0, knots).sail_to(*place, knots)
    off = track.end
    track.sail_to(141.69, 45.41, 9.0, slow_to=0.0).enter(Waters.PORT).moor(world.between(22, 26))
    loaded = track.end
    track.enter(Waters.OPEN).sail_to(*place, 9.0)
    ship = world.fleet.tanker((90, 130), destination="WAKKANAI")
    tanker = world.add(ship, track, silences=((off, track.end),), draughts=((loaded, ship.draught + 1.5),))
    track.sail_to(*far, knots)
    watchers(world, *place, tanker.track.end)
    watchers(world, *beyond(*place, 90.0, 50_000), tanker.track.end, 4)


@scenario
def silent_at_berth(world: World) -> None:
    """A tanker comes to Vostochny openly, switches her AIS off 2 to 4 hours after she has made fast, and on
    again 60 km off, 26 to 50 hours later. Truth: a port visit, a gap and a possible dark port visit."""
    world.thinned = 180.0
    ship = world.fleet.tanker((90, 130), destination="VOSTOCHNY")
    tanker, _, on, berthed = call(world, ship, world.between(36, 60), world.between(10, 12))
    tanker.silences = ((berthed + world.between(2, 4) * HOUR, on),)
    watchers(world, *SWITCHED, tanker.track.end)
    in_the_roads(world, tanker.track.end)


@scenario
def silent_at_sea(world: World) -> None:
    """A tanker switches her AIS off for 14 to 18 hours, drifts all the time within 60 km of Vostochny and
    comes back with the same draught. Truth: a gap."""
    world.thinned = 180.0
    knots = world.between(10, 12)
    far = beyond(*OFFING, world.between(160, 200), knots * KNOT * 8 * HOUR)
    track = Track(0.0, *far, 0.0, knots).sail_to(*SWITCHED, knots, slow_to=3.0)
    off = track.end
    track.drift(world.between(0, 360), 3.0, world.between(14, 18))
    on = track.end
    tanker = world.add(world.fleet.tanker((90, 130)), track.sail_to(*far, knots), silences=((off, on),))
    watchers(world, *SWITCHED, tanker.track.end)
    in_the_roads(world, tanker.track.end)


@scenario
def poor_reception(world: World) -> None:
    """A tanker sails for three days on a lane where a satellite hears her for some minutes every 75 to 110
    minutes, and twice not for 7 to 11 hours. Truth: nothing that is `probable`."""
    world.thinned = 60.0
    knots = world.between(10, 13)
    track = Track(0.0, 135.5, 38.0, 60.0, knots).sail(45.0, knots, 14).sail(230.0, knots, 30)
    world.add(world.fleet.tanker(), track.sail(45.0, knots, 28))
    passes: list[tuple[float, float]] = []
    at = world.between(0, HOUR)
    while at < track.end:
        passes.append((at, at + world.between(240, 600)))
        at += world.between(7, 11) * HOUR if len(passes) in (20, 34) else world.between(75, 110) * 60
    world.receivers = (Receiver("SAT1", passes=tuple(passes)),)


@scenario
def coverage_hole(world: World) -> None:
    """Tankers and cargo ships sail one after the other from the reach of one receiver through 250 km of sea
    that nobody hears, and back into it. Truth: nothing that is `probable`."""
    world.thinned = 180.0
    for number in range(8):
        knots, aside = world.between(10, 13), world.between(-8_000, 8_000)
        ship = world.fleet.tanker() if number % 2 == 0 else world.fleet.cargo()
        begin = beyond(134.0, 39.5, 0.0, aside)
        track = Track(number * 5 * HOUR, *begin, 90.0, knots).sail(90.0, knots, 14).sail(90.0, knots, 0.5)
        world.add(ship, track.sail(270.0, knots, 14.5))
    world.receivers = (Receiver("SIM1", 134.0, 39.5, 90_000.0),)


@scenario
def both_dark(world: World) -> None:
    """Two tankers fall silent within 10 km and an hour of each other in the Japan Sea, lie alongside each
    other for 6 to 9 hours and are heard again 14 to 18 hours after; others are heard there. Truth: a gap of
    each and a possible dark encounter."""
    both_silent(world)


def both_silent(world: World, passed: float = 0.0) -> None:
    """Two tankers that lie alongside each other while both are silent. The first one comes back deeper by
    `passed` metres, and the second one less deep."""
    world.thinned = 180.0
    lon, lat = 134.0, 41.0
    drift, hours = world.between(0, 360), world.between(6, 9)
    tracks = []
    for side in (180.0, 0.0):
        knots = world.between(9, 11)
        far = beyond(lon, lat, side, knots * KNOT * 9 * HOUR)
        tracks.append(Track(0.0, *far, side + 180, knots))
    first, second = tracks
    first.sail_to(*beyond(lon, lat, 180.0, 4_000), 10.0)
    offs = [first.end]
    first.sail_to(lon, lat, 8.0, slow_to=0.5).drift(drift, 0.5, hours + 5)
    second.sail_to(*beyond(lon, lat, 0.0, 4_000), 9.0)
    offs.append(second.end)
    ships = [world.fleet.tanker((80, 130)) for _ in tracks]
    ahead, abeam = ships[1].beside(ships[0], 4.0, True, 0.0, False)
    second.join(first, ahead, abeam, hours)
    ons = []
    for track, course in ((second, 20.0), (first, 190.0)):
        ready = max(offs) + world.between(14, 16) * HOUR
        track.drift(drift, 0.5, max(0.5, (ready - track.end) / HOUR)).sail(course, 10.0, 0.5)
        ons.append(track.end)
        track.sail(course, 10.0, 6.0)
    for ship, track, off, on in zip(ships, (first, second), offs, ons[::-1], strict=True):
        changed = round(ship.draught + (passed if track is first else -passed), 1)
        draughts = ((off + HOUR, changed),) if passed else ()
        world.add(ship, track, silences=((off, on),), draughts=draughts)
    watchers(world, lon, lat, max(track.end for track in tracks), 8)


@scenario
def partner_falls_silent(world: World) -> None:
    """A tanker waits for 16 to 20 hours in the Japan Sea; another that was heard all day falls silent 20 km
    off, lies alongside her and is heard again 14 to 17 hours later. Truth: the first loiters, a gap of the
    other one, and a possible dark encounter."""
    world.thinned = 180.0
    lon, lat = 134.0, 41.0
    far = beyond(lon, lat, 100.0, 8 * KNOT * 4 * HOUR)
    first = Track(0.0, *far, 280.0, 8.0).sail_to(lon, lat, 8.0, slow_to=0.5)
    first.drift(world.between(0, 360), 0.5, world.between(20, 24)).sail(80.0, 8.0, 3.0)
    world.add(waiting := world.fleet.tanker((90, 130)), first)
    knots = world.between(9, 11)
    second = Track(0.0, *beyond(lon, lat, 190.0, knots * KNOT * 8 * HOUR), 10.0, knots)
    second.sail_to(*beyond(lon, lat, 190.0, 20_000), knots)
    off = second.end
    second.sail_to(*beyond(*first.place_at(off + 2 * HOUR)[:2], 190.0, 3_000), 6.0)
    ship = world.fleet.tanker((70, 100))
    ahead, abeam = ship.beside(waiting, 4.0, False, 0.0, False)
    second.join(first, ahead, abeam, world.between(8, 10)).sail(200.0, 7.0, 3.0)
    world.add(ship, second, silences=((off, second.end),))
    second.sail(190.0, 9.0, 5.0)
    watchers(world, lon, lat, first.end, 8)
