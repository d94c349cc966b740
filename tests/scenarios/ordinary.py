"""Ordinary traffic of many days, in which nothing is a transfer: how many events are `probable` all the same.

    python -m tests.scenarios.ordinary [--vessels 2000] [--days 30] [--seed 1]

Ships sail between four harbours in Korea, Japan and China, wait there at anchor or adrift, lie at berths side
by side, and are bunkered by barges at anchor. Others only pass. Each sends its position every minute and its
static data every six. Nothing here knows the rules: what is `probable` is wrong. 30 days of 2,000 vessels are
100 million lines; the recording is never on disk.
"""

import argparse
import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.event import Event, Level
from models.frame import Frame
from models.tick import Instant
from models.time import DAY, HOUR, MINUTE, SECOND, Millis, from_text
from models.vessel import Role
from streams.recordings.replay import Replay, Source
from streams.simulator.evaluation import latest
from streams.stages.core import Core
from tests.benchmarks.nmea_columns import Bytes, Integers, armour, bits, digits, fixed, tagged, text_bits
from tests.benchmarks.traffic import imo_numbers, message_bodies
from tests.scenarios.runs import RULES

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]
"""Longitude and latitude, degrees."""

START: Final = from_text("2026-03-01T00:00:00Z")
BATCH: Final = 30 * MINUTE
"""Event time of the lines made at once."""
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
        """From ship to ship at anchor, with pauses at a berth."""
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
            fits = [leg for leg in port.anchored if leg.begin < soon and leg.end > until]
            if not fits:
                continue
            leg = fits[int(rng.integers(len(fits)))]
            barge.sail(moved(leg.first, leg.heading + 90, 30), 6.0)
            barge.stay(hours, UNDER_WAY, leg.heading, swing=leg.swing)
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


class Radio:
    """What is heard of the ships: lines, in batches."""

    def __init__(self, traffic: Traffic) -> None:
        self._end = traffic.end
        self._rng = np.random.default_rng(7)
        self._ships = traffic.ships
        number = np.array([ship.number for ship in traffic.ships])
        mids = np.array([440, 412, 431, 563, 477, 538, 352, 636])
        self.mmsi = mids[number % len(mids)] * 1_000_000 + 5_000 + number * 13
        self.number = number
        self.type = np.array([ship.type for ship in traffic.ships])
        self.length = np.array([ship.length for ship in traffic.ships])
        self._phase = self._rng.integers(0, MINUTE, len(number))
        self._next = np.zeros(len(number), np.int64)
        legs = [leg for ship in traffic.ships for leg in ship.legs]
        self._first = np.cumsum([0, *(len(ship.legs) for ship in traffic.ships)])
        self._begin = np.array([leg.begin for leg in legs], np.int64)
        self._stop = np.array([leg.end for leg in legs], np.int64)
        self._from = np.array([leg.first for leg in legs])
        self._to = np.array([leg.last for leg in legs])
        self._status = np.array([leg.status for leg in legs])
        self._heading = np.array([leg.heading for leg in legs])
        self._swing = np.array([leg.swing for leg in legs])

    def frames(self, source: str) -> Iterator[Frame]:
        """All lines, a frame for each half hour."""
        line = 1
        for at in range(0, self._end, BATCH):
            data, count = self._lines(at)
            if count:
                yield Frame(source, data, line)
            line += count

    def _lines(self, begin: Millis) -> tuple[bytes, int]:
        minutes = np.arange(begin, begin + BATCH, MINUTE)
        vessel = np.repeat(np.arange(len(self.number)), len(minutes))
        time = (minutes[None, :] + self._phase[:, None]).ravel()
        leg = np.concatenate(
            [
                first + np.searchsorted(self._begin[first:last], minutes + phase, "right") - 1
                for first, last, phase in zip(self._first, self._first[1:], self._phase, strict=False)
            ]
        )
        there = (leg >= self._first[vessel]) & (time < self._stop[leg])
        there &= self._rng.random(len(vessel)) < 0.95
        vessel, time, leg = vessel[there], time[there], leg[there]
        rows = self._positions(vessel, time, leg)
        static = (self.number[vessel] + time // MINUTE) % 6 == 0
        rows += self._statics(vessel[static], time[static] + SECOND)
        rows.sort(key=lambda row: row[0])
        return b"".join(text for _, text in rows), len(rows)

    def _positions(self, vessel: Integers, time: Integers, leg: Integers) -> list[tuple[int, bytes]]:
        rng, count = self._rng, len(vessel)
        share = (time - self._begin[leg]) / (self._stop[leg] - self._begin[leg])
        place = self._from[leg] + (self._to[leg] - self._from[leg]) * share[:, None]
        status, swing = self._status[leg], self._swing[leg]
        wind = self._heading[leg] + 40 * np.sin(2 * np.pi * time / (12.4 * HOUR))
        heading = np.where(swing > 0, wind, self._heading[leg]) % 360
        back = np.radians(heading + 180)
        shift = np.column_stack([np.sin(back), np.cos(back)]) * swing[:, None] + rng.normal(0, 4, (count, 2))
        lon = place[:, 0] + shift[:, 0] / METRES / np.cos(np.radians(place[:, 1]))
        lat = place[:, 1] + shift[:, 1] / METRES
        step = self._to[leg] - self._from[leg]
        way = np.hypot(step[:, 0] * np.cos(np.radians(lat)), step[:, 1])
        knots = way * METRES / 1852 / ((self._stop[leg] - self._begin[leg]) / HOUR)
        speed = np.clip(np.rint((knots + np.abs(rng.normal(0, 0.06, count))) * 10), 0, 1022)
        payload = armour(
            bits(
                count, (6, 1), (2, 0), (30, self.mmsi[vessel]), (4, status), (8, 128), (10, speed), (1, 1),
                (28, np.rint(lon * 600_000)), (27, np.rint(lat * 600_000)),
                (12, np.rint(self._heading[leg] % 360 * 10) % 3600), (9, np.rint(heading) % 360),
                (6, time // SECOND % 60), (2, 0), (3, 0), (1, 0), (19, 0),
            )
        )  # fmt: skip
        return self._sentences(1, payload, time, vessel)

    def _statics(self, vessel: Integers, time: Integers) -> list[tuple[int, bytes]]:
        name = np.array([text_bits(f"ORDINARY {each}", 20) for each in vessel.tolist()], np.uint8)
        call = np.array([text_bits(f"D{each:06d}", 7) for each in vessel.tolist()], np.uint8)
        length, beam = self.length[vessel], np.maximum(6, self.length[vessel] // 6)
        bow = length * 8 // 10
        payload = armour(
            bits(
                len(vessel), (6, 5), (2, 0), (30, self.mmsi[vessel]), (2, 0), (30, imo_numbers(vessel)),
                (42, call), (120, name), (8, self.type[vessel]), (9, bow), (9, length - bow), (6, beam // 2),
                (6, beam - beam // 2), (4, 1), (4, 0), (5, 0), (5, 24), (6, 60), (8, length // 2), (120, 0),
                (1, 0), (1, 0),
            )
        )  # fmt: skip
        return self._sentences(5, payload, time, vessel)

    def _sentences(
        self, kind: int, payload: Bytes, time: Integers, vessel: Integers
    ) -> list[tuple[int, bytes]]:
        count = len(payload)
        rows: list[tuple[int, bytes]] = []
        for body in message_bodies(kind, payload, fixed(b"A", count)[:, 0], vessel % 10):
            text = tagged(digits(1_000_000 + vessel % 97, 7), START + time, body)
            rows += zip(time.tolist(), text.view(f"S{text.shape[1]}")[:, 0].tolist(), strict=True)
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vessels", type=int, default=2_000)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    ticks, counting = Counter[int](), set[int]()
    events: list[Event] = []

    def take(instant: Instant) -> None:
        counting.update(one.mmsi for one in instant.identities if one.role is Role.TANKER)
        ticks.update(instant.ticks["mmsi"].tolist())

    radio = Radio(Traffic(chosen.vessels, chosen.days, chosen.seed))
    core = Core(["ordinary"], RULES)
    summary = Replay(core, on_event=events.append, on_instant=take).run(
        [Source("ordinary", radio.frames("ordinary"))]
    )
    days = sum(ticks[mmsi] for mmsi in counting) * RULES.settings.vessel.grid.step / DAY
    found = Counter((event.type, event.level) for event in latest(events))
    print(f"{summary.lines:,} lines, {days:,.0f} vessel-days of {len(counting):,} vessels that count")
    print("| event | `possible` | `probable` | `probable` a 1,000 vessel-days |\n|---|---|---|---|")
    for kind in sorted({kind for kind, _ in found}):
        probable = found[kind, Level.PROBABLE]
        print(f"| {kind} | {found[kind, Level.POSSIBLE]} | {probable} | {probable / days * 1000:.2f} |")
    for event in [each for each in latest(events) if each.level is Level.PROBABLE][:20]:
        print(f"- {event.summary}")


if __name__ == "__main__":
    main()
