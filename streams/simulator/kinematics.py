"""How a ship moves: a track of legs, evaluated at any time without noise.

A leg says where the antenna is and where the bow points; speed and course over ground follow from the
positions. All places are found by geodesics on WGS 84, so a track may cross 180 degrees. Times are seconds
since the scenario's beginning, lengths metres, angles degrees, speeds of the builder's methods knots.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from pyproj import Geod

Floats = npt.NDArray[np.float64]

KNOT: Final = 1852 / 3600
"""Metres a second."""
HOUR: Final = 3600.0
ACCELERATION: Final = 0.006
"""Metres a second squared: a loaded tanker needs a quarter of an hour from stop to 10 knots."""

_GEOD: Final = Geod(ellps="WGS84")


def forward(lon: Any, lat: Any, azimuth: Any, metres: Any) -> tuple[Floats, Floats]:
    """Where one comes from (lon, lat) on a geodesic: longitudes in [-180, 180]."""
    lon, lat, azimuth, metres = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (lon, lat, azimuth, metres))
    )
    to_lon, to_lat, _ = _GEOD.fwd(lon, lat, azimuth, metres)
    return np.asarray(to_lon), np.asarray(to_lat)


def beyond(lon: float, lat: float, azimuth: float, metres: float) -> tuple[float, float]:
    """`forward` for one place."""
    to_lon, to_lat = forward(lon, lat, azimuth, metres)
    return float(to_lon), float(to_lat)


def bearing(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    """Azimuth from one place to another, degrees."""
    return float(inverse(lon, lat, to_lon, to_lat)[0])


def inverse(lon: Any, lat: Any, to_lon: Any, to_lat: Any) -> tuple[Floats, Floats]:
    """Azimuth in degrees [0, 360) and distance in metres from one place to another."""
    lon, lat, to_lon, to_lat = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (lon, lat, to_lon, to_lat))
    )
    azimuth, _, metres = _GEOD.inv(lon, lat, to_lon, to_lat)
    return np.asarray(azimuth) % 360, np.asarray(metres)


class Nav(StrEnum):
    """Navigational status as far as ships here have one (ITU-R M.1371-5 table 48)."""

    UNDER_WAY = "under way"
    AT_ANCHOR = "at anchor"
    MOORED = "moored"
    FISHING = "fishing"


class Waters(StrEnum):
    """What kind of place a leg is in, as far as the truth depends on it."""

    OPEN = "open"
    STS = "sts"  # a known transfer area
    PORT = "port"  # berths and ordinary anchorages: nothing slow is suspicious there
    ROADS = "roads"  # of a watched port: belongs to the port, but slow is suspicious


class Place(NamedTuple):
    """Waters, and the port (UN/LOCODE) they belong to."""

    waters: Waters = Waters.OPEN
    port: str | None = None


class State(NamedTuple):
    """Where a ship is at each of some times: degrees, knots, degrees."""

    lon: Floats
    lat: Floats
    sog: Floats
    cog: Floats
    heading: Floats


class Motion(Protocol):
    """One way to move, as a function of the seconds since it began."""

    def at(self, elapsed: Floats) -> tuple[Floats, Floats, Floats]:
        """Longitude, latitude, heading."""
        ...


@dataclass(frozen=True)
class Straight:
    """Along a geodesic with evenly changing speed (m/s); heading is the course unless given."""

    lon: float
    lat: float
    azimuth: float
    speed: float
    change: float = 0.0  # m/s²
    heading: float | None = None

    def at(self, elapsed: Floats) -> tuple[Floats, Floats, Floats]:
        metres = self.speed * elapsed + self.change * elapsed**2 / 2
        lon, lat = forward(self.lon, self.lat, self.azimuth, metres)
        heading = self.azimuth if self.heading is None else self.heading
        return lon, lat, np.full(len(elapsed), heading % 360)


@dataclass(frozen=True)
class Swing:
    """Round an anchor, bow towards it: the bearing from anchor to ship oscillates with wind and tide."""

    lon: float
    lat: float
    radius: float
    bearing: float
    amplitude: float = 25.0
    period: float = 5 * HOUR
    phase: float = 0.0

    def at(self, elapsed: Floats) -> tuple[Floats, Floats, Floats]:
        angle = 2 * np.pi * elapsed / self.period + self.phase
        bearing = self.bearing + self.amplitude * (np.sin(angle) - math.sin(self.phase))
        lon, lat = forward(self.lon, self.lat, bearing, self.radius)
        return lon, lat, (bearing + 180) % 360


@dataclass(frozen=True)
class Beside:
    """Made fast to another ship: the antenna stays at one place in the other's frame."""

    other: "Track"
    begin: float
    ahead: float  # metres ahead of the other's antenna
    abeam: float  # metres to its starboard
    turned: bool = False  # bow to stern

    def at(self, elapsed: Floats) -> tuple[Floats, Floats, Floats]:
        lon, lat, heading = self.other.places(self.begin + elapsed)
        bearing = heading + math.degrees(math.atan2(self.abeam, self.ahead))
        lon, lat = forward(lon, lat, bearing, math.hypot(self.ahead, self.abeam))
        return lon, lat, (heading + 180 * self.turned) % 360


@dataclass(frozen=True)
class Approach:
    """From way off to alongside: a cubic path relative to the other that ends at rest against it.

    East and north, metres and metres a second, relative to the other's antenna. With a duration of twice
    distance by speed the way comes off evenly.
    """

    last: Beside
    begin: float
    duration: float
    offset: tuple[float, float]
    velocity: tuple[float, float]

    def at(self, elapsed: Floats) -> tuple[Floats, Floats, Floats]:
        other_lon, other_lat, _ = self.last.other.places(self.begin + elapsed)
        end = np.array([self.duration])
        end_lon, end_lat, end_heading = self.last.at(np.zeros(1))
        at_lon, at_lat, _ = self.last.other.places(self.begin + end)
        azimuth, metres = inverse(at_lon, at_lat, end_lon, end_lat)
        goal = (float(metres[0]) * math.sin(math.radians(azimuth[0])),
                float(metres[0]) * math.cos(math.radians(azimuth[0])))  # fmt: skip
        s = elapsed / self.duration
        hold, drift, arrive = 2 * s**3 - 3 * s**2 + 1, s**3 - 2 * s**2 + s, -2 * s**3 + 3 * s**2
        east, north = (
            hold * self.offset[i] + drift * self.duration * self.velocity[i] + arrive * goal[i]
            for i in (0, 1)
        )
        lon, lat = forward(other_lon, other_lat, np.degrees(np.arctan2(east, north)), np.hypot(east, north))
        course = math.degrees(math.atan2(self.velocity[0], self.velocity[1]))
        turn = (end_heading[0] - course + 180) % 360 - 180
        late = np.clip((s - 0.7) / 0.3, 0, 1)
        return lon, lat, (course + turn * late**2 * (3 - 2 * late)) % 360


@dataclass(frozen=True)
class Leg:
    begin: float
    motion: Motion
    nav: Nav
    place: Place


class Track:
    """Legs one after the other. Build it with the methods that are verbs; read it with `at`.

    Between legs ships turn on the spot; positions and (nearly) speeds are continuous.
    """

    def __init__(
        self, begin: float, lon: float, lat: float, heading: float = 0.0, knots: float = 0.0
    ) -> None:
        self.begin = begin
        self.end = begin
        self.place = Place()
        self.legs: list[Leg] = []
        self._lon, self._lat, self._heading, self._speed = lon, lat, heading, knots * KNOT

    # reading

    def places(self, times: Floats) -> tuple[Floats, Floats, Floats]:
        """Longitude, latitude, heading. Before the first and after the last leg they are extrapolated."""
        lon, lat, heading = (np.empty(len(times)) for _ in range(3))
        index = self.leg_at(times)
        for i in np.unique(index):
            here = index == i
            leg = self.legs[i]
            lon[here], lat[here], heading[here] = leg.motion.at(times[here] - leg.begin)
        return lon, lat, heading

    def leg_at(self, times: Floats) -> npt.NDArray[np.int64]:
        """The number of the leg of each time."""
        begins = np.array([leg.begin for leg in self.legs])
        return np.clip(np.searchsorted(begins, times, side="right") - 1, 0, len(begins) - 1)

    def at(self, times: Floats) -> State:
        """The state at each time; speed and course over ground are those of two seconds around it."""
        lon, lat, heading = self.places(times)
        before, after = self.places(times - 1), self.places(times + 1)
        cog, metres = inverse(before[0], before[1], after[0], after[1])
        return State(lon, lat, metres / 2 / KNOT, cog, heading)

    def place_at(self, time: float) -> tuple[float, float, float]:
        """Longitude, latitude, heading at one time."""
        lon, lat, heading = self.places(np.array([time]))
        return float(lon[0]), float(lat[0]), float(heading[0])

    @property
    def here(self) -> tuple[float, float]:
        """Longitude and latitude at the end of what is built so far."""
        return self._lon, self._lat

    # building

    def _add(self, motion: Motion, seconds: float, nav: Nav = Nav.UNDER_WAY) -> None:
        self.legs.append(Leg(self.end, motion, nav, self.place))
        end = np.array([seconds])
        lon, lat, heading = motion.at(end)
        after_lon, after_lat, _ = motion.at(end + 0.5)
        self._speed = float(inverse(lon, lat, after_lon, after_lat)[1][0]) * 2
        self._lon, self._lat, self._heading = float(lon[0]), float(lat[0]), float(heading[0])
        self.end += seconds

    def enter(self, waters: Waters, port: str | None = None) -> "Track":
        """What follows happens in these waters."""
        self.place = Place(waters, port)
        return self

    def sail_to(self, lon: float, lat: float, knots: float, slow_to: float | None = None) -> "Track":
        """Sail to a place at a speed, changing speed evenly; at the end it is `slow_to`, or kept."""
        _, distance = (float(value) for value in inverse(self._lon, self._lat, lon, lat))
        first, last = self._speed, (knots if slow_to is None else slow_to) * KNOT
        cruise = max(
            min(knots * KNOT, math.sqrt(ACCELERATION * distance + (first**2 + last**2) / 2)), 0.05 * KNOT
        )
        changes = [((first + cruise) / 2, abs(cruise - first)), ((cruise + last) / 2, abs(cruise - last))]
        before, after = (mean * change / ACCELERATION for mean, change in changes)
        steady = max(distance - before - after, 0.0)
        for metres, start, stop in ((before, first, cruise), (steady, cruise, cruise), (after, cruise, last)):
            if metres < 1.0:
                continue
            azimuth = float(inverse(self._lon, self._lat, lon, lat)[0])
            seconds = 2 * metres / (start + stop)
            self._add(Straight(self._lon, self._lat, azimuth, start, (stop - start) / seconds), seconds)
            self._speed = stop
        return self

    def sail(self, course: float, knots: float, hours: float, slow_to: float | None = None) -> "Track":
        """Sail a course for about so many hours at a speed."""
        return self.sail_to(*beyond(*self.here, course, knots * KNOT * hours * HOUR), knots, slow_to)

    def drift(self, course: float, knots: float, hours: float, nav: Nav = Nav.UNDER_WAY) -> "Track":
        """Drift with the current, the bow where it was."""
        motion = Straight(self._lon, self._lat, course, knots * KNOT, heading=self._heading)
        self._add(motion, hours * HOUR, nav)
        return self

    def moor(self, hours: float, heading: float | None = None) -> "Track":
        """Lie at a berth."""
        heading = self._heading if heading is None else heading
        self._add(Straight(self._lon, self._lat, 0.0, 0.0, heading=heading), hours * HOUR, Nav.MOORED)
        return self

    def anchor(self, hours: float, scope: float, bearing: float | None = None, phase: float = 0.0) -> "Track":
        """Lie at anchor on so many metres of chain, swinging slowly about a bearing from anchor to ship."""
        bearing = (self._heading + 180) % 360 if bearing is None else bearing
        motion = Swing(*beyond(*self.here, bearing + 180, scope), scope, bearing, phase=phase)
        self._add(motion, hours * HOUR, Nav.AT_ANCHOR)
        return self

    def join(self, other: "Track", ahead: float, abeam: float, hours: float, turned: bool = False) -> "Track":
        """Come alongside another ship from where one is, taking the way off evenly, and stay so long."""
        now = np.array([self.end])
        lon, lat, _ = other.places(now)
        azimuth, metres = inverse(lon, lat, self._lon, self._lat)
        distance, bearing = float(metres[0]), math.radians(float(azimuth[0]))
        duration = 2 * distance / self._speed
        unit = (math.sin(bearing), math.cos(bearing))
        last = Beside(other, self.end + duration, ahead, abeam, turned)
        approach = Approach(
            last,
            self.end,
            duration,
            (unit[0] * distance, unit[1] * distance),
            (-unit[0] * self._speed, -unit[1] * self._speed),
        )
        self._add(approach, duration)
        self._add(last, hours * HOUR)
        return self

    def keep_station(self, other: "Track", ahead: float, abeam: float, hours: float) -> "Track":
        """Move as the other does, at one place in its frame: towed, escorting, or an antenna on one hull."""
        self._add(Beside(other, self.end, ahead, abeam), hours * HOUR)
        return self
