"""Ships of ordinary traffic: how traders, bunker barges and others go between four harbours."""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.time import DAY, HOUR, Millis

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]
"""Longitude and latitude, degrees."""

MOORED, AT_ANCHOR, UNDER_WAY = 5, 1, 0
ANTENNA: Final = 0.3
"""How far aft of midships the antenna stands, as a share of the length."""
METRES: Final = 111_195.0
"""Of a degree of latitude."""


@dataclass(frozen=True)
class Harbour:
    """A harbour: its roads, its quay, and the way from the sea."""

    name: str
    roads: Place
    quay: Place
    gate: str


HARBOURS: Final = (
    Harbour("ULSAN", (129.50, 35.42), (129.46, 35.47), "off Ulsan"),
    Harbour("KASHIMA", (140.84, 35.95), (140.79, 35.90), "off Kashima"),
    Harbour("QINGDAO", (120.45, 35.97), (120.30, 36.03), "off Qingdao"),
    Harbour("NINGBO", (122.38, 29.72), (122.30, 29.70), "off Ningbo"),
)

SEA: Final[dict[str, Place]] = {
    "off Ulsan": (129.70, 35.30),
    "Korea Strait": (129.10, 34.70),
    "west of Kyushu": (128.30, 33.00),
    "Tokara": (129.00, 30.12),
    "south of Kyushu": (131.10, 30.11),
    "Pacific": (135.00, 31.20),
    "off Boso": (140.30, 34.40),
    "off Kashima": (141.05, 35.75),
    "off Jeju": (127.20, 32.80),
    "East China Sea": (123.90, 32.20),
    "off Qingdao": (121.20, 35.60),
    "Yellow Sea": (122.90, 35.30),
    "off Ningbo": (122.90, 29.60),
}
"""Crossings of shipping lanes; the lanes between them are clear of land."""

LANES: Final = (
    ("off Ulsan", "Korea Strait"), ("Korea Strait", "west of Kyushu"), ("west of Kyushu", "Tokara"),
    ("Tokara", "south of Kyushu"), ("south of Kyushu", "Pacific"), ("Pacific", "off Boso"),
    ("off Boso", "off Kashima"), ("Korea Strait", "off Jeju"), ("off Jeju", "East China Sea"),
    ("East China Sea", "Yellow Sea"), ("Yellow Sea", "off Qingdao"), ("East China Sea", "off Ningbo"),
    ("off Jeju", "off Ningbo"), ("off Jeju", "Tokara"),
)  # fmt: skip


class Leg(NamedTuple):
    """From `begin` to `end` (milliseconds from the start) in a straight line, or at rest."""

    begin: Millis
    end: Millis
    first: Place
    last: Place
    status: int
    heading: float  # degrees; at anchor and adrift the mean one
    swing: float = 0.0  # metres from anchor to antenna


@dataclass
class Ship:
    """A vessel and its legs, in order and without gaps."""

    number: int
    type: int
    length: int
    knots: float
    legs: list[Leg] = field(default_factory=list)

    @property
    def at(self) -> Place:
        return self.legs[-1].last

    @property
    def time(self) -> Millis:
        return self.legs[-1].end

    def stay(self, hours: float, status: int, heading: float, swing: float = 0.0, drift: float = 0.0) -> None:
        """Lie here so long; `drift` in knots, along the heading."""
        end = self.time + int(hours * HOUR)
        last = moved(self.at, heading, drift * hours * 1852)
        self.legs.append(Leg(self.time, end, self.at, last, status, heading, swing))

    def sail(self, to: Place, knots: float) -> None:
        east = (to[0] - self.at[0]) * np.cos(np.radians((to[1] + self.at[1]) / 2))
        north = to[1] - self.at[1]
        took = float(np.hypot(east, north)) * METRES / 1852 / knots * HOUR
        course = float(np.degrees(np.arctan2(east, north))) % 360
        self.legs.append(Leg(self.time, self.time + max(1, int(took)), self.at, to, UNDER_WAY, course))


def moved(place: Place, course: float, metres: float) -> Place:
    """A place so far away, on a plane."""
    north, east = metres * np.cos(np.radians(course)), metres * np.sin(np.radians(course))
    return (
        place[0] + float(east) / METRES / float(np.cos(np.radians(place[1]))),
        place[1] + float(north) / METRES,
    )


def route(begin: str, end: str) -> list[str]:
    """The crossings from one to another, by the fewest lanes."""
    ways: list[list[str]] = [[begin]]
    for way in ways:
        if way[-1] == end:
            return way
        for one, other in LANES:
            for here, there in ((one, other), (other, one)):
                if here == way[-1] and there not in way:
                    ways.append([*way, there])
    raise ValueError(f"no lanes from {begin} to {end}")


class Port:
    """Who lies where in one harbour. Times are milliseconds from the start."""

    def __init__(self, harbour: Harbour, rng: np.random.Generator) -> None:
        self.harbour = harbour
        self.rng = rng
        self.quay = float(rng.uniform(0, 180))
        spots = [(column, row) for column in range(-5, 6) for row in range(-4, 5)]
        self.roads = [
            moved(moved(harbour.roads, 90, 600 * x + rng.uniform(-60, 60)), 0, 600 * y + rng.uniform(-60, 60))
            for x, y in spots
        ]
        self.berths = [
            moved(moved(harbour.quay, self.quay, 240 * i), self.quay + 90, 150 * row)
            for row in range(-2, 3) for i in range(-5, 6)
        ]  # fmt: skip
        self.free_from = {"roads": [0] * len(self.roads), "berths": [0] * len(self.berths)}
        self.anchored: list[Leg] = []
        self.served = defaultdict[Place, list[tuple[Millis, Millis]]](list)
        """When barges lie at each place in the roads."""

    def take(self, kind: str, at: Millis) -> int | None:
        """A free place of a kind, by chance."""
        free = [i for i, since in enumerate(self.free_from[kind]) if since <= at]
        return int(self.rng.choice(free)) if free else None


class Traffic:
    """The legs of all ships."""

    def __init__(self, vessels: int, days: float, seed: int) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.end = int(days * DAY)
        self.ports = [Port(harbour, rng) for harbour in HARBOURS]
        kinds = rng.choice(3, vessels, p=[0.22, 0.38, 0.40])  # tankers, cargo, others
        types = (range(80, 90), range(70, 80), (30, 60, 90, 36))
        lengths = np.where(kinds < 2, rng.integers(90, 220, vessels), rng.integers(20, 90, vessels)).tolist()
        self.ships = [
            Ship(number, int(rng.choice(types[kind])), lengths[number], float(rng.uniform(9, 15)))
            for number, kind in enumerate(kinds.tolist())
        ]
        barges = [self.ships[i] for i in np.flatnonzero(kinds == 0)[: 4 * len(HARBOURS)]]
        for barge in barges:
            barge.length = int(rng.integers(45, 70))
        traders = [ship for ship in self.ships if ship.type >= 70 and ship.type < 90 and ship not in barges]
        self._trade(traders)
        for number, barge in enumerate(barges):
            self._bunker(barge, self.ports[number % len(self.ports)])
        for ship in self.ships:
            if not ship.legs:
                self._pass_by(ship)

    def _trade(self, ships: Sequence[Ship]) -> None:
        """Berth, sea, roads, berth and so on, in the order of time."""
        rng = self.rng
        waiting: list[tuple[Millis, int, int, str]] = []
        for ship in ships:
            port = int(rng.integers(len(self.ports)))
            place = moved(self.ports[port].harbour.roads, float(rng.uniform(0, 360)), 7_000)
            ship.legs.append(Leg(0, 1, place, place, UNDER_WAY, 0.0))
            heapq.heappush(waiting, (int(rng.uniform(0, 3 * DAY)), ship.number, port, "arrive"))
        first = {ship.number: True for ship in ships}
        while waiting:
            at, number, port, step = heapq.heappop(waiting)
            ship, here = self.ships[number], self.ports[port]
            if first.pop(number, False):
                ship.legs[0] = ship.legs[0]._replace(end=at + 1)
                ship.legs[0] = ship.legs[0]._replace(begin=at)
            if at >= self.end:
                continue
            if step == "arrive":
                kind = "roads" if rng.random() < 0.6 else "berths"
            else:
                kind = "berths" if step == "berth" else "leave"
            if kind == "leave":
                port = self._voyage(ship, port)
                heapq.heappush(waiting, (ship.time, number, port, "arrive"))
                continue
            slot = here.take(kind, at)
            if slot is None:  # nothing free: drift off the harbour and try again
                ship.stay(float(rng.uniform(4, 10)), UNDER_WAY, float(rng.uniform(0, 360)), drift=0.3)
                heapq.heappush(waiting, (ship.time, number, port, step))
            elif kind == "roads":
                ship.sail(here.roads[slot], 6.0)
                ship.stay(float(rng.uniform(6, 72)), AT_ANCHOR, float(rng.uniform(150, 210)), swing=90.0)
                here.free_from["roads"][slot] = ship.time
                here.anchored.append(ship.legs[-1])
                heapq.heappush(waiting, (ship.time, number, port, "berth" if rng.random() < 0.8 else "leave"))
            else:
                heading = (here.quay + 180 * int(rng.integers(2))) % 360
                ship.sail(moved(here.berths[slot], heading + 180, ANTENNA * ship.length), 5.0)
                ship.stay(float(rng.uniform(10, 60)), MOORED, heading)
                here.free_from["berths"][slot] = ship.time
                heapq.heappush(waiting, (ship.time, number, port, "leave"))

    def _voyage(self, ship: Ship, port: int) -> int:
        """Sail to another harbour."""
        rng = self.rng
        to = int((port + rng.integers(1, len(self.ports))) % len(self.ports))
        for name in route(self.ports[port].harbour.gate, self.ports[to].harbour.gate):
            near = moved(SEA[name], float(rng.uniform(0, 360)), float(rng.uniform(0, 3_000)))
            ship.sail(near, ship.knots)
        if rng.random() < 0.15:  # waits for orders off the harbour
            ship.stay(float(rng.uniform(5, 18)), UNDER_WAY, float(rng.uniform(0, 360)), drift=0.4)
        return to

    def _bunker(self, barge: Ship, port: Port) -> None:
        """From ship to ship at anchor, with pauses at a berth. No two barges lie at one ship at a time."""
        rng = self.rng
        slot = port.take("berths", 0) or 0
        port.free_from["berths"][slot] = self.end
        home = port.berths[slot]
        barge.legs.append(Leg(0, 1, home, home, MOORED, port.quay))
        while barge.time < self.end:
            barge.stay(float(rng.uniform(1, 8)), MOORED, port.quay)
            hours = float(rng.uniform(2, 5))
            soon = barge.time + HOUR
            until = soon + hours * HOUR
            fits = [
                leg
                for leg in port.anchored
                if leg.begin < soon
                and leg.end > until
                and all(end < soon or begin > until for begin, end in port.served[leg.first])
            ]
            if not fits:
                continue
            leg = fits[int(rng.integers(len(fits)))]
            begin = barge.time
            barge.sail(moved(leg.first, leg.heading + 90, 30), 6.0)
            barge.stay(hours, UNDER_WAY, leg.heading, swing=leg.swing)
            port.served[leg.first].append((begin, barge.time))
            barge.sail(home, 6.0)

    def _pass_by(self, ship: Ship) -> None:
        """Back and forth on a lane."""
        rng = self.rng
        names = list(LANES[int(rng.integers(len(LANES)))])
        place = moved(SEA[names[0]], float(rng.uniform(0, 360)), float(rng.uniform(0, 6_000)))
        ship.legs.append(Leg(0, 1, place, place, UNDER_WAY, 0.0))
        while ship.time < self.end:
            names.reverse()
            near = moved(SEA[names[0]], float(rng.uniform(0, 360)), float(rng.uniform(0, 6_000)))
            ship.sail(near, ship.knots)
