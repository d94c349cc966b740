"""Ordinary AIS traffic around Korea and Japan, as NMEA lines with tag blocks, the same for the same seed.

    python -m tests.benchmarks.traffic OUT.nmea [--vessels 6000] [--minutes 120] [--seed 1]

No vessel leaps. Three of five carry class A, one in ten is a tanker, the rest carry class B. They send as
often as ITU-R M.1371-5, table 1, says: class A every 2, 6 or 10 seconds by speed, more often while turning,
every 3 minutes at rest; class B every 30 seconds or 3 minutes; static data every 6 minutes. Of what they send
85 % is received, 12 % of that by two stations, and lines are out of order by 0.3 seconds on average. A few
tankers lie side by side or drift at sea, one position in 50,000 is wild, one vessel in 1,000 shares its MMSI.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geofences.fence import PORT_KINDS
from models.time import HOUR, MINUTE, SECOND, Millis, from_text
from tests.benchmarks.nmea_columns import Bytes, Integers, armour, bits, digits, fixed, tagged, text_bits
from tests.scenarios.runs import RULES

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

START: Final = from_text("2026-03-01T00:00:00Z")
RECEIVED: Final = 0.85
BY_TWO: Final = 0.12
DELAY: Final = 300  # milliseconds on average, of each line
STATIONS: Final = 97
TURNING: Final = 0.10  # share of the reports under way after which a ship turns
WILD: Final = 1 / 50_000
AT_ONCE: Final = 50_000
"""Transmissions made into lines at once."""

_MIDS: Final = (273, 412, 431, 440, 355, 636, 538, 477, 219, 265)
_WEST, _SOUTH, _EAST, _NORTH = 124.0, 33.0, 142.0, 43.5


@dataclass(frozen=True)
class Class:
    """A kind of vessel: its share of all, AIS ship types, the share under way, and knots from and to."""

    share: float
    types: Sequence[int]
    moving: float
    slowest: float
    fastest: float


TANKER, CLASS_B = 0, 6
CLASSES: Final = (
    Class(0.10, range(80, 90), 0.40, 8, 14.5),
    Class(0.24, range(70, 80), 0.45, 9, 19),  # cargo
    Class(0.06, range(60, 70), 0.50, 10, 32),  # passenger
    Class(0.08, (30,), 0.60, 2, 11),  # fishing
    Class(0.08, (31, 50, 51, 52, 53), 0.35, 3, 11),  # tugs, pilots, tenders
    Class(0.04, (90,), 0.40, 5, 15),
    Class(0.40, (0, 30, 36, 37), 0.30, 3, 18),
)


class Fleet:
    """The vessels, in columns."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        number = np.arange(size)
        self.mmsi = np.array(_MIDS)[number % len(_MIDS)] * 1_000_000 + 1_000 + number // len(_MIDS) * 7
        self.kind = rng.choice(len(CLASSES), size, p=[each.share for each in CLASSES])
        of_kind = np.array([(each.moving, each.slowest, each.fastest) for each in CLASSES])[self.kind]
        self.type = np.array([rng.choice(CLASSES[kind].types) for kind in self.kind.tolist()])
        self.class_b = self.kind == CLASS_B
        self.moving = rng.random(size) < of_kind[:, 0]
        self.knots = np.where(self.moving, rng.uniform(of_kind[:, 1], of_kind[:, 2]), 0.0)
        self.course = rng.uniform(0, 360, size)
        self.place = np.where(self.moving[:, None], _at_sea(size, rng), self._at_rest(size, rng))
        self._pair_tankers(rng)
        shared = max(1, size // 2_000)
        big = np.flatnonzero(~self.class_b & self.moving)
        self.mmsi[big[:shared]] = self.mmsi[big[shared : 2 * shared]]

    def __len__(self) -> int:
        return len(self.mmsi)

    def interval(self) -> Integers:
        """Milliseconds from one position report to the next (ITU-R M.1371-5, table 1)."""
        class_a = np.select([~self.moving, self.knots > 23, self.knots > 14], [180, 2, 6], 10)
        class_b = np.where(self.knots > 2, 30, 180)
        return np.where(self.class_b, class_b, class_a) * SECOND

    def _at_rest(self, size: int, rng: np.random.Generator) -> Floats:
        """In harbours, of which the product knows some; tankers at known berths, or in the roads."""
        known = [
            fence.geometry.representative_point()
            for fence in RULES.surroundings.fences
            if fence.kind in PORT_KINDS
        ]
        harbours = np.array([(point.x, point.y) for point in known])
        others = np.concatenate([harbours, _at_sea(400, rng)])
        anywhere = others[rng.integers(0, len(others), size)] + rng.normal(0, 0.015, (size, 2))
        berths = harbours[rng.integers(0, len(harbours), size)] + rng.normal(0, 0.004, (size, 2))
        of_tankers = np.where((rng.random(size) < 0.8)[:, None], berths, _at_sea(size, rng))
        return np.where((self.kind == TANKER)[:, None], of_tankers, anywhere)

    def _pair_tankers(self, rng: np.random.Generator) -> None:
        """Put some tankers side by side in the Japan Sea, and let some others lie there alone."""
        still = np.flatnonzero((self.kind == TANKER) & ~self.moving)
        pairs = max(2, len(self) // 600)
        one, other, alone = still[: 2 * pairs : 2], still[1 : 2 * pairs : 2], still[2 * pairs : 3 * pairs]
        for lying in (one, alone):
            self.place[lying] = rng.uniform((129, 38), (134, 42), (len(lying), 2))
        self.place[other] = self.place[one[: len(other)]] + (0.0006, 0.0004)


@dataclass(frozen=True)
class Transmissions:
    """What was received: which vessel sent it, when (milliseconds from the start), as which message type."""

    vessel: Integers
    time: Integers
    type: Integers  # 1, 5, 18, 24 (part A) or 25 (part B of type 24)


class Traffic:
    """So many minutes of a fleet of so many vessels."""

    def __init__(self, vessels: int = 6_000, minutes: int = 120, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self.fleet = Fleet(vessels, self._rng)
        self.sent = self._send(minutes * MINUTE)

    def lines(self) -> Iterator[bytes]:
        """Lines in the order in which they arrived, each with its CR LF."""
        late: list[tuple[int, bytes]] = []  # arrival, line
        for at in range(0, len(self.sent.time), AT_ONCE):
            chosen = slice(at, at + AT_ONCE)
            sent = Transmissions(self.sent.vessel[chosen], self.sent.time[chosen], self.sent.type[chosen])
            late += self._received(sent)
            late.sort(key=lambda item: item[0])  # stable: the parts of a message stay in order
            now = int(self.sent.time[min(at + AT_ONCE, len(self.sent.time) - 1)])
            arrived = sum(arrival < now for arrival, _ in late)
            yield from (line for _, line in late[:arrived])
            del late[:arrived]
        yield from (line for _, line in late)

    def _send(self, end: Millis) -> Transmissions:
        rng, fleet = self._rng, self.fleet
        found: list[tuple[int, Integers, int]] = []
        for vessel, every in enumerate(fleet.interval().tolist()):
            class_b = bool(fleet.class_b[vessel])
            time = self._regular(every, end)
            time = time + rng.uniform(-0.05, 0.05, len(time)) * every
            if fleet.moving[vessel] and not class_b:
                turning = time[rng.random(len(time)) < TURNING]
                time = np.concatenate([time, turning + every / 3, turning + 2 * every / 3])
            found.append((vessel, time.astype(np.int64), 18 if class_b else 1))
            static = self._regular(6 * MINUTE, end).astype(np.int64)
            found.append((vessel, static, 24 if class_b else 5))
            if class_b:
                found.append((vessel, static + 2 * SECOND, 25))
        counts = [len(times) for _, times, _ in found]
        vessels = np.repeat([each for each, _, _ in found], counts)
        types = np.repeat([each for _, _, each in found], counts)
        times = np.concatenate([each for _, each, _ in found])
        received = (rng.random(len(times)) < RECEIVED) & (times >= 0) & (times < end)
        order = np.flatnonzero(received)[np.argsort(times[received], kind="stable")]
        return Transmissions(vessels[order], times[order], types[order])

    def _regular(self, every: Millis, end: Millis) -> Floats:
        return np.arange(self._rng.uniform(0, every), end, every)

    def _received(self, sent: Transmissions) -> list[tuple[int, bytes]]:
        """The lines of these transmissions, each with the time at which it arrived."""
        rng, count = self._rng, len(sent.time)
        arrival = sent.time + rng.exponential(DELAY, count).astype(np.int64)
        again = rng.random(count) < BY_TWO
        station = 2_190_000 + sent.vessel % STATIONS
        channel = np.where(rng.random(count) < 0.5, ord("A"), ord("B")).astype(np.uint8)
        positions = self._positions(sent)
        lines: list[tuple[int, bytes]] = []
        for kind in (1, 5, 18, 24, 25):
            rows = np.flatnonzero(sent.type == kind)
            if not len(rows):
                continue
            payload = armour(self._bits(kind, sent.vessel[rows], sent.time[rows], positions[rows]))
            bodies = list(message_bodies(kind, payload, channel[rows], rows % 10))
            for heard, late, of in ((np.full(len(rows), True), 0, 0), (again[rows], DELAY // 2, 100)):
                which = rows[heard]
                times = (arrival[which] + late).tolist()
                for body in bodies:
                    text = tagged(digits(station[which] + of, 7), START + sent.time[which], body[heard])
                    lines += zip(times, text.view(f"S{text.shape[1]}")[:, 0].tolist(), strict=True)
        return lines

    def _positions(self, sent: Transmissions) -> Floats:
        """Longitude and latitude, with the noise of a GPS."""
        fleet, vessel, rng = self.fleet, sent.vessel, self._rng
        way = fleet.knots[vessel] * sent.time / HOUR / 60  # degrees of latitude
        angle, place = np.radians(fleet.course[vessel]), fleet.place[vessel]
        north = way * np.cos(angle)
        east = way * np.sin(angle) / np.cos(np.radians(place[:, 1]))
        noise = rng.normal(0, 4e-5, (len(vessel), 2))
        wild = (rng.random(len(vessel)) < WILD)[:, None] * rng.uniform(-3, 3, (len(vessel), 2))
        return place + np.column_stack([east, north]) + noise + wild

    def _bits(self, kind: int, vessel: Integers, time: Integers, position: Floats) -> Bytes:
        fleet, count = self.fleet, len(vessel)
        head: list[tuple[int, Any]] = [(6, min(kind, 24)), (2, 0), (30, fleet.mmsi[vessel])]
        if kind in (1, 18):
            return bits(count, *head, *self._motion(kind, vessel, time, position))
        name = np.array([text_bits(f"VESSEL {each}", 20) for each in vessel.tolist()], np.uint8)
        if kind == 24:
            return bits(count, *head, (2, 0), (120, name), (8, 0))
        call = np.array([text_bits(f"C{each:06d}", 7) for each in vessel.tolist()], np.uint8)
        if kind == 25:
            return bits(count, *head, (2, 1), (8, fleet.type[vessel]), (42, 0), (42, call), (9, 6), (9, 6),
                        (6, 2), (6, 2), (6, 0))  # fmt: skip
        ports = ("BUSAN", "VOSTOCHNY", "NIIGATA", "ULSAN")
        bound = np.array([text_bits(ports[each % 4], 20) for each in vessel.tolist()], np.uint8)
        return bits(count, *head, (2, 0), (30, imo_numbers(vessel)), (42, call), (120, name),
                    (8, fleet.type[vessel]), (9, 100 + vessel % 80), (9, 20 + vessel % 30),
                    (6, 10 + vessel % 10), (6, 12), (4, 1), (4, 3), (5, 14), (5, 12), (6, 30),
                    (8, 60 + vessel % 60), (120, bound), (1, 0), (1, 0))  # fmt: skip

    def _motion(self, kind: int, vessel: Integers, time: Integers, position: Floats) -> list[tuple[int, Any]]:
        """The fields from the status of a type 1, or the speed of a type 18, to the end."""
        fleet, rng, count = self.fleet, self._rng, len(vessel)
        moving = fleet.moving[vessel]
        jitter = np.where(moving, rng.normal(0, 0.2, count), np.abs(rng.normal(0, 0.07, count)))
        speed = np.clip(np.rint((fleet.knots[vessel] + jitter) * 10), 0, 1022)
        swinging = rng.uniform(0, 360, count)
        course = np.where(moving, fleet.course[vessel] + rng.normal(0, 1, count), swinging) % 360
        where = [
            (28, np.rint((position[:, 0] + 180) % 360 * 600_000 - 108_000_000)),
            (27, np.rint(position[:, 1] * 600_000)),
            (12, np.rint(course * 10) % 3600),
        ]
        second = (6, time // SECOND % 60)
        if kind == 18:
            return [(8, 0), (10, speed), (1, 0), *where, (9, 511), second, (2, 0), (1, 1), (1, 0), (1, 1),
                    (1, 1), (1, 1), (1, 0), (1, 0), (20, 0xE0006)]  # fmt: skip
        status = np.select([moving, vessel % 5 == 0, vessel % 2 == 1], [0, 0, 1], 5)
        heading = np.rint(fleet.course[vessel] + rng.normal(0, 1, count)).astype(np.int64) % 360
        return [(4, status), (8, np.where(moving, 0, 128)), (10, speed), (1, 1), *where, (9, heading), second,
                (2, 0), (3, 0), (1, 0), (19, rng.integers(0, 1 << 19, count))]  # fmt: skip


def _at_sea(count: int, rng: np.random.Generator) -> Floats:
    return rng.uniform((_WEST, _SOUTH), (_EAST, _NORTH), (count, 2))


def imo_numbers(number: Integers) -> Integers:
    """An IMO number with a good check digit."""
    six = 900_000 + number % 99_999
    shown = six[:, None] // 10 ** np.arange(5, -1, -1) % 10
    numbers: Integers = six * 10 + (shown * np.arange(7, 1, -1)).sum(axis=1) % 10
    return numbers


def message_bodies(kind: int, payload: Bytes, channel: Bytes, sequence: Integers) -> Iterator[Bytes]:
    """The sentences of each message between `!` and `*`: two for type 5, else one."""
    count = len(payload)
    comma = fixed(b",", count)
    if kind != 5:
        head, tail = fixed(b"AIVDM,1,1,,", count), fixed(b",0", count)
        yield np.concatenate([head, channel[:, None], comma, payload, tail], axis=1)
        return
    for number, part, fill in ((b"1", payload[:, :59], b"0"), (b"2", payload[:, 59:], b"2")):
        head, tail = fixed(b"AIVDM,2,%b," % number, count), fixed(b",%b" % fill, count)
        yield np.concatenate([head, digits(sequence, 1), comma, channel[:, None], comma, part, tail], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--vessels", type=int, default=6_000)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    traffic = Traffic(options.vessels, options.minutes, options.seed)
    with options.out.open("wb") as file:
        file.writelines(traffic.lines())
    print(f"{len(traffic.sent.time):,} transmissions received")


if __name__ == "__main__":
    main()
