"""Ships that send positions where they are not, and ordinary ones that only seem to."""

import math

import numpy as np

from models.event import EventType, Level
from streams.simulator.jamming import Jam
from streams.simulator.kinematics import HOUR, KNOT, Track, beyond
from streams.simulator.scenarios.meeting import traffic
from streams.simulator.vessel import Vessel
from streams.simulator.world import Anomaly, World, scenario

_SEA = (135.5, 40.5)
"""A place in the open Sea of Japan, degrees."""
_LASTING = 14.0
"""Hours that these scenarios last."""


def _told(world: World, vessel: Vessel, begin: float, note: str) -> None:
    kind = EventType.POSITION_ANOMALY
    world.anomalies.append(Anomaly((vessel,), begin, note, Level.PROBABLE, kind))


def _sailing(world: World) -> Track:
    """A track to and fro in the Sea of Japan."""
    place = beyond(*_SEA, world.between(0, 360), world.between(5_000, 40_000))
    course, knots = world.between(0, 360), world.between(9, 12)
    track = Track(0.0, *place, course, knots)
    while track.end < _LASTING * HOUR:
        track.sail(course, knots, 5.0).sail(course + 170, knots, 5.0)
    return track


def _far(world: World, track: Track, second: float) -> tuple[float, float]:
    """A place 100 to 400 km from where a ship is."""
    lon, lat, _ = track.place_at(second)
    return beyond(lon, lat, world.between(0, 360), world.between(100_000, 400_000))


@scenario
def spoofed_twice(world: World) -> None:
    """A tanker under way sends positions of two places 100 to 400 km away, for 35 to 60 minutes each; other
    ships around do not. Truth: a position anomaly of the tanker, `probable`."""
    track = _sailing(world)
    times = [world.between(3, 4) * HOUR, world.between(6, 8) * HOUR]
    jams = tuple(
        Jam(begin, begin + world.between(35, 60) * 60, *_far(world, track, begin), 200.0, None)
        for begin in times
    )
    _told(world, world.add(world.fleet.tanker((80, 130)), track, jams=jams), times[0], "spoofed")
    traffic(world, *_SEA, 4, _LASTING * HOUR)


@scenario
def spoofed_circle(world: World) -> None:
    """A tanker under way sends positions that circle a place 100 to 400 km away, for 4 to 6 hours; its
    heading is its own. Truth: a position anomaly, `probable`."""
    world.thinned = 60.0
    track = _sailing(world)
    begin = world.between(3, 4) * HOUR
    circle = world.between(600, 3_000), world.between(600, 1_500)
    jam = Jam(begin, begin + world.between(4, 6) * HOUR, *_far(world, track, begin), *circle)
    _told(world, world.add(world.fleet.tanker((80, 130)), track, jams=(jam,)), begin, "circle")
    traffic(world, *_SEA, 4, _LASTING * HOUR)


@scenario
def frozen_position(world: World) -> None:
    """A tanker sails on while its device repeats one position, with the speed that she makes, for 3.5 to 5
    hours. Truth: a position anomaly, `probable`."""
    world.thinned = 60.0
    track = _sailing(world)
    begin = world.between(3, 4) * HOUR
    place = track.place_at(begin)[:2]
    jam = Jam(begin, begin + world.between(3.5, 5) * HOUR, *place, 1.0, None, keeps_speed=True)
    _told(world, world.add(world.fleet.tanker((80, 130)), track, jams=(jam,)), begin, "frozen")
    traffic(world, *_SEA, 4, _LASTING * HOUR)


@scenario
def turning_circles(world: World) -> None:
    """A tanker turns four to six full circles with her bow, at 8 to 10 knots, to adjust her compass, and
    sails on. Truth: nothing `probable`."""
    course, knots = world.between(0, 360), world.between(8, 10)
    radius = world.between(500, 900)
    track = Track(0.0, *beyond(*_SEA, course + 180, 60_000), course, knots).sail(course, knots, 4.0)
    hours = math.radians(20) * radius / (knots * KNOT) / HOUR
    for step in range(18 * int(world.rng.integers(4, 7))):
        track.sail(course + 20 * step, knots, hours)
    world.add(world.fleet.tanker((80, 130)), track.sail(course, knots, 4.0))
    traffic(world, *_SEA, 4, track.end)


def _repeated(world: World, grid: bool) -> None:
    """A tanker under way sends positions of a few places far away, again and again, for 5 to 7 hours."""
    world.thinned = 60.0
    track = _sailing(world)
    begin = world.between(3, 4) * HOUR
    lon, lat = _far(world, track, begin)
    step = world.between(0.003, 0.006)
    if grid:
        steps = world.rng.integers(-1, 2, (600, 2)).cumsum(axis=0)
        nodes = np.abs((steps + 3) % 6 - 3)  # from edge to edge and back
        places = tuple((lon + step * x, lat + step * y) for x, y in nodes.tolist())
    else:
        there = [(lon + step * x, lat + step * x * x / 40) for x in range(11)]
        places = (*there, *there[-2:0:-1])
    jam = Jam(begin, begin + world.between(5, 7) * HOUR, lon, lat, 0.0, None, places=places)
    tanker = world.add(world.fleet.tanker((80, 130)), track, jams=(jam,))
    world.anomalies.append(Anomaly((tanker,), begin, "repeated", None, EventType.POSITION_ANOMALY))
    traffic(world, *_SEA, 4, _LASTING * HOUR)


@scenario
def spoofed_grid(world: World) -> None:
    """A tanker under way sends positions on a grid of 300 to 600 m, four lines by four, 100 to 400 km away.
    Truth: a position anomaly."""
    _repeated(world, grid=True)


@scenario
def spoofed_loop(world: World) -> None:
    """A tanker under way sends the same eleven positions 100 to 400 km away in turn, to and fro.
    Truth: a position anomaly."""
    _repeated(world, grid=False)


@scenario
def across_land(world: World) -> None:
    """A tanker in the Yellow Sea is silent for 10.2 to 11.4 hours, and heard in the Sea of Japan afterwards.
    Truth: a position anomaly of the tanker; her silence is a gap."""
    world.thinned = 60.0
    place = beyond(124.95, 36.75, world.between(0, 360), world.between(0, 5_000))
    course, knots = world.between(200, 340), world.between(9, 12)
    track = Track(0.0, *place, course, knots).sail(course, knots, 1.0).sail(course + 180, knots, 2.0)
    off = track.end
    on = off + world.between(10.2, 11.4) * HOUR
    track.sail(course, knots, 20.0)
    there = beyond(130.0, 37.4, world.between(0, 360), world.between(0, 8_000))
    way = world.between(0, 90)
    places = tuple(beyond(*there, way, 280.0 * minute) for minute in range(600))
    jam = Jam(on, track.end + 1, *there, 0.0, None, keeps_speed=True, places=places)
    tanker = world.add(world.fleet.tanker((80, 130)), track, silences=((off, on),), jams=(jam,))
    world.anomalies.append(Anomaly((tanker,), off, "across land", None, EventType.POSITION_ANOMALY))
    traffic(world, 124.95, 36.75, 4, track.end)


@scenario
def round_land(world: World) -> None:
    """A tanker is silent in the Yellow Sea and in the Sea of Japan 50 to 60 hours later, having sailed round
    Korea. Truth: a gap at most."""
    world.thinned = 120.0
    track = Track(0.0, 124.3, 36.6, 180.0, 11.0).sail(180.0, 11.0, 3.0)
    off = track.end
    for lon, lat in ((125.2, 33.2), (127.5, 33.0), (129.3, 34.8), (130.6, 37.9)):
        track.sail_to(lon, lat, 13.0)
    on = track.end
    track.sail(20.0, 11.0, 6.0)
    world.add(world.fleet.tanker((80, 130)), track, silences=((off, on),))
    traffic(world, 124.3, 36.6, 4, track.end)
