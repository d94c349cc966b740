"""Ordinary traffic of many days, in which nothing is a transfer: how many events are `probable` all the same.

    python -m tests.scenarios.ordinary [--vessels 2000] [--days 30] [--seed 1] [--holes] [--out FILE]

Ships sail between four harbours in Korea, Japan and China, wait there at anchor or adrift, lie at berths side
by side, and are bunkered by barges at anchor. Others only pass. Each sends its position every minute and its
static data every six. Nothing here knows the rules: what is `probable` is wrong. 30 days of 2,000 vessels are
100 million lines; the recording is never on disk.

With `--holes` only what is near a harbour is heard, less and less often towards the edge, and for one day in
the middle nothing at all: ships fall silent at sea, and nobody switched anything off. What is found is
printed after each day of traffic, so a run can be ended at any time.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from geofences.distance import Floats, haversine_m
from models.event import Event, Evidence, Level, Status
from models.frame import Frame
from models.tick import Instant
from models.time import DAY, HOUR, MINUTE, SECOND, Millis, from_text
from models.vessel import Role
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.stages.core import Core
from tests.benchmarks.nmea_columns import Bytes, Integers, armour, bits, digits, fixed, tagged, text_bits
from tests.benchmarks.traffic import imo_numbers, message_bodies
from tests.scenarios.harbours import HARBOURS, METRES, Traffic
from tests.scenarios.runs import RULES

START: Final = from_text("2026-03-01T00:00:00Z")
BATCH: Final = 10 * MINUTE
"""Event time of the lines made at once."""
IMO_FROM: Final = 95_000
"""The first IMO number is 9950005, so that none of these ships is on a list: `main` checks it."""


REACH: Final = (60.0, 130.0)
"""Kilometres from a harbour to which everything is heard, and beyond which nothing is, with `--holes`."""


class Radio:
    """What is heard of the ships: lines, in batches."""

    def __init__(self, traffic: Traffic, holes: bool = False) -> None:
        self._end = traffic.end
        self._holes = holes
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
        there &= self._rng.random(len(vessel)) < (self._reception(time, leg) if self._holes else 0.95)
        if not there.any():
            return b"", 0
        vessel, time, leg = vessel[there], time[there], leg[there]
        rows = self._positions(vessel, time, leg)
        static = (self.number[vessel] + time // MINUTE) % 6 == 0
        rows += self._statics(vessel[static], time[static] + SECOND)
        rows.sort(key=lambda row: row[0])
        return b"".join(text for _, text in rows), len(rows)

    def _reception(self, time: Integers, leg: Integers) -> Floats:
        """The share of messages that is heard, by the ship's distance from the harbours."""
        share = (time - self._begin[leg]) / (self._stop[leg] - self._begin[leg])
        place = self._from[leg] + (self._to[leg] - self._from[leg]) * share[:, None]
        gates = np.array([harbour.roads for harbour in HARBOURS])
        away = haversine_m(place[:, :1], place[:, 1:], gates[:, 0], gates[:, 1]).min(axis=1) / 1000
        heard = 0.95 * np.clip((REACH[1] - away) / (REACH[1] - REACH[0]), 0, 1)
        outage = (time >= self._end // 2) & (time < self._end // 2 + DAY)
        return np.where(outage, 0.0, heard)

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
                len(vessel), (6, 5), (2, 0), (30, self.mmsi[vessel]), (2, 0),
                (30, imo_numbers(vessel + IMO_FROM)), (42, call), (120, name), (8, self.type[vessel]),
                (9, bow), (9, length - bow), (6, beam // 2), (6, beam - beam // 2), (4, 1), (4, 0), (5, 0),
                (5, 24), (6, 60), (8, length // 2), (120, 0), (1, 0), (1, 0),
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


class Tally:
    """What is found so far: vessel-days of vessels that count, and the last revision of each event."""

    def __init__(self, out: Path | None) -> None:
        self.listed: set[int] = set()
        self._out = out
        self._ticks = Counter[int]()
        self._counting: set[int] = set()
        self._events: dict[str, bytes] = {}  # packed, and without positions: all of it would fill the memory
        self._day = 0

    def take(self, instant: Instant) -> None:
        self.listed.update(one.mmsi for one in instant.identities if one.listed)
        self._counting.update(one.mmsi for one in instant.identities if one.role is Role.TANKER)
        self._ticks.update(instant.ticks["mmsi"].tolist())
        day = (instant.time - START) // DAY
        if day > self._day:
            self._day = day
            self.report(f"after {day} days: ")

    def note(self, event: Event) -> None:
        bare = msgspec.structs.replace(event, evidence=Evidence())
        self._events[event.id] = msgspec.json.encode(bare)

    def standing(self) -> list[Event]:
        """Events as they stand, without those that were taken back."""
        events = (msgspec.json.decode(each, type=Event) for each in self._events.values())
        return [event for event in events if event.status is not Status.RETRACTED]

    def report(self, when: str) -> None:
        """Print what is found, and write the events."""
        days = sum(self._ticks[mmsi] for mmsi in self._counting) * RULES.settings.vessel.grid.step / DAY
        found = Counter((event.type, event.level) for event in self.standing())
        print(f"{when}{days:,.0f} vessel-days of {len(self._counting):,} vessels that count")
        print("| event | `possible` | `probable` | `probable` a 1,000 vessel-days |\n|---|---|---|---|")
        for kind in sorted({kind for kind, _ in found}):
            probable = found[kind, Level.PROBABLE]
            print(f"| {kind} | {found[kind, Level.POSSIBLE]} | {probable} | {probable / days * 1000:.2f} |")
        sys.stdout.flush()
        if self._out is not None:
            self._out.write_bytes(b"".join(each + b"\n" for each in self._events.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vessels", type=int, default=2_000)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--holes", action="store_true")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the events there, without positions")
    chosen = parser.parse_args()
    tally = Tally(chosen.out)
    radio = Radio(Traffic(chosen.vessels, chosen.days, chosen.seed), chosen.holes)
    core = Core(["ordinary"], RULES)
    replay = Replay(core, on_event=tally.note, on_instant=tally.take)
    summary = replay.run([Source("ordinary", radio.frames("ordinary"))])
    if tally.listed:
        raise SystemExit(
            f"These invented ships are on a list, so they are no ordinary traffic: {sorted(tally.listed)}"
        )
    tally.report(f"{summary.lines:,} lines, ")
    for event in [each for each in tally.standing() if each.level is Level.PROBABLE][:20]:
        print(f"- {event.summary}")


if __name__ == "__main__":
    main()
