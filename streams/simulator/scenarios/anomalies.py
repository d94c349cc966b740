"""Ships that give themselves out as others, and ordinary ones that only look like it."""

from dataclasses import replace

from models.event import Level
from streams.simulator.kinematics import HOUR, Track, beyond
from streams.simulator.radio import Receiver
from streams.simulator.scenarios.meeting import traffic
from streams.simulator.vessel import Ship, Vessel
from streams.simulator.world import Anomaly, World, scenario

_SEA = (135.5, 40.5)
"""A place in the open Sea of Japan, degrees."""


def under_way(world: World, ship: Ship, hours: float, **more: object) -> Vessel:
    """A ship that sails to and fro in the Sea of Japan."""
    place = beyond(*_SEA, world.between(0, 360), world.between(5_000, 40_000))
    course, knots = world.between(0, 360), world.between(9, 12)
    track = Track(0.0, *place, course, knots)
    while track.end < hours * HOUR:
        track.sail(course, knots, 5.0).sail(course + 170, knots, 5.0)
    return world.add(ship, track, **more)


def _another(world: World, ship: Ship) -> Ship:
    """A tanker of the same flag."""
    return world.fleet.tanker((80, 130), flag=str(ship.mmsi)[:3])


def _told(world: World, vessel: Vessel, begin: float, note: str, level: Level | None = None) -> None:
    world.anomalies.append(Anomaly((vessel,), begin, note, level))


@scenario
def imo_changed(world: World) -> None:
    """A tanker under way takes another name, call sign and IMO number under the same MMSI.
    Truth: an identity anomaly, `probable`."""
    world.thinned = 60.0
    ship = world.fleet.tanker((80, 130))
    fresh = _another(world, ship)
    when = world.between(8, 12) * HOUR
    other = replace(ship, name=fresh.name, callsign=fresh.callsign, imo=fresh.imo)
    _told(world, under_way(world, ship, 20, identities=((when, other),)), when, "imo", Level.PROBABLE)
    traffic(world, *_SEA, 4, 20 * HOUR)


@scenario
def imo_twice(world: World) -> None:
    """Two tankers 150 to 300 km apart send the same IMO number and name under two MMSIs.
    Truth: an identity anomaly, `probable`."""
    world.thinned = 60.0
    ship, fresh = world.fleet.tanker((80, 130)), world.fleet.tanker((80, 130))
    first = under_way(world, ship, 12)
    twin = replace(fresh, imo=ship.imo, name=ship.name)
    far = beyond(*_SEA, world.between(0, 60), world.between(150_000, 250_000))
    second = world.add(twin, Track(0.0, *far, 30.0, 8.0).sail(30.0, 8.0, 4.0).sail(200.0, 8.0, 8.0))
    world.anomalies.append(Anomaly((first, second), 0.0, "one IMO number, two ships", Level.PROBABLE))
    traffic(world, *_SEA, 4, 12 * HOUR)


@scenario
def imo_invalid(world: World) -> None:
    """A tanker sends an IMO number with a wrong check digit. Truth: an identity anomaly."""
    world.thinned = 60.0
    ship = world.fleet.tanker((80, 130))
    wrong = ship.imo // 10 * 10 + (ship.imo + 1 + int(world.rng.integers(0, 8))) % 10
    _told(world, under_way(world, replace(ship, imo=wrong), 8), 0.0, "check digit")
    traffic(world, *_SEA, 4, 8 * HOUR)


@scenario
def imo_missing(world: World) -> None:
    """A tanker of 80 to 130 m sends no IMO number for 20 hours. Truth: an identity anomaly."""
    world.thinned = 60.0
    ship = replace(world.fleet.tanker((80, 130)), imo=0)
    _told(world, under_way(world, ship, 20), 0.0, "no IMO number")
    traffic(world, *_SEA, 4, 20 * HOUR)


@scenario
def other_flag(world: World) -> None:
    """A tanker with an MMSI of one country sends a call sign of another. Truth: an identity anomaly."""
    world.thinned = 60.0
    ship = world.fleet.tanker((80, 130), flag=str(world.rng.choice(["613", "671", "511"])))
    other = world.fleet.tanker((80, 130), flag=str(world.rng.choice(["440", "352", "273"])))
    _told(world, under_way(world, replace(ship, callsign=other.callsign), 8), 0.0, "call sign")
    traffic(world, *_SEA, 4, 8 * HOUR)


@scenario
def no_country(world: World) -> None:
    """A tanker sails under an MMSI that no country gives. Truth: an identity anomaly."""
    world.thinned = 60.0
    number = int(world.rng.choice([100_000_000, 123_456_000, 291_000_000, 700_000_000]))
    ship = replace(world.fleet.tanker((80, 130)), mmsi=number + int(world.rng.integers(1, 999)))
    _told(world, under_way(world, ship, 8), 0.0, "no country")
    traffic(world, *_SEA, 4, 8 * HOUR)


@scenario
def new_number_at_sea(world: World) -> None:
    """A tanker goes on under another MMSI, name and call sign at sea, with the same IMO number and size.
    Truth: an identity anomaly of the new MMSI."""
    world.thinned = 60.0
    ship, fresh = world.fleet.tanker((80, 130)), world.fleet.tanker((80, 130))
    when = world.between(8, 12) * HOUR
    other = replace(ship, mmsi=fresh.mmsi, name=fresh.name, callsign=fresh.callsign)
    _told(world, under_way(world, ship, 24, identities=((when, other),)), when, "another MMSI")
    traffic(world, *_SEA, 4, 24 * HOUR)


@scenario
def renamed_at_sea(world: World) -> None:
    """A tanker that was sold takes another name once, at sea. Truth: nothing that is `probable`."""
    world.thinned = 60.0
    ship = world.fleet.tanker((80, 130))
    fresh = _another(world, ship)
    under_way(world, ship, 20, identities=((world.between(8, 12) * HOUR, replace(ship, name=fresh.name)),))
    traffic(world, *_SEA, 4, 20 * HOUR)


def _misspelt(ship: Ship) -> Ship:
    """One letter of the name is another."""
    at = len(ship.name) // 3
    return replace(ship, name=f"{ship.name[:at]}X{ship.name[at + 1 :]}")


@scenario
def careless(world: World) -> None:
    """Ordinary tankers: one corrects a typing error in her call sign, one in her name, one sends half her
    name at first, one measures her antenna's place anew, one is garbled for some minutes, and small ones have
    no IMO number, one of them with class B. Truth: nothing."""
    world.thinned = 60.0
    when = world.between(6, 10) * HOUR
    ships = [world.fleet.tanker((80, 130)) for _ in range(4)]
    for ship, other in (
        (ships[0], replace(ships[0], callsign=f"{ships[0].callsign[:-1]}Q")),
        (ships[1], _misspelt(ships[1])),
        (replace(ships[2], name=ships[2].name[:8]), ships[2]),
        (ships[3], replace(ships[3], to_bow=ships[3].to_bow - 3, length=ships[3].length + 2)),
    ):
        under_way(world, ship, 18, identities=((when, other),))
    garbled, noise = world.fleet.tanker((80, 130)), world.fleet.tanker((80, 130))
    wrong = replace(garbled, name=noise.name, callsign=noise.callsign, imo=noise.imo)
    under_way(world, garbled, 18, identities=((when, wrong), (when + 340.0, garbled)))
    under_way(world, replace(world.fleet.tanker((30, 50)), imo=0), 18)
    under_way(world, world.fleet.ship(80, (30, 50), class_b=True), 18)
    traffic(world, *_SEA, 4, 18 * HOUR)


@scenario
def renamed_by_satellite(world: World) -> None:
    """A tanker that only satellites hear, for some minutes every 75 to 110 minutes, takes another name.
    Truth: nothing that is `probable`."""
    world.thinned = 60.0
    ship = world.fleet.tanker((80, 130))
    fresh = _another(world, ship)
    other = replace(ship, name=fresh.name, callsign=fresh.callsign)
    vessel = under_way(world, ship, 60, identities=((world.between(20, 30) * HOUR, other),))
    passes: list[tuple[float, float]] = []
    at = world.between(0, HOUR)
    while at < vessel.track.end:
        passes.append((at, at + world.between(400, 800)))
        at += world.between(75, 110) * 60
    world.receivers = (Receiver("SAT1", passes=tuple(passes)),)
