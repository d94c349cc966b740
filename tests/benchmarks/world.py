"""A world of vessels for benchmarks: NMEA lines of as many ships as wanted, made in columns.

Three of five are under way at sea, the others lie in harbours of forty, one in sixteen is a tanker. Each
sends a position (type 1) and its static data (type 5, two sentences) at its own moment of a period.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from models.time import MINUTE, SECOND, Millis, from_text
from tests.benchmarks.nmea_columns import Bytes, Integers, armour, bits, fixed, tagged, text_bits

START: Final = from_text("2026-03-01T00:00:00Z")
MIDS: Final = (273, 412, 431, 440, 355, 636, 538, 477, 219, 265)
HARBOUR: Final = 40
"""Ships that lie in one harbour, within a kilometre or two."""
UNDER_WAY: Final = 0.6
TANKERS: Final = 1 / 16


class World:
    """`size` vessels, the same for the same seed."""

    def __init__(self, size: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        number = np.arange(size)
        self.mmsi: Integers = np.array(MIDS)[number % len(MIDS)] * 1_000_000 + number // len(MIDS)
        self.moving = rng.random(size) < UNDER_WAY
        harbours = rng.uniform((-179, -55), (179, 65), (max(1, size // HARBOUR), 2))
        near = harbours[rng.integers(0, len(harbours), size)] + rng.normal(0, 0.01, (size, 2))
        self.place = np.where(self.moving[:, None], rng.uniform((-179, -60), (179, 70), (size, 2)), near)
        self.course = rng.uniform(0, 360, size)
        self.knots = np.where(self.moving, rng.uniform(8, 16, size), 0.0)
        self.kind = np.where(rng.random(size) < TANKERS, 80, 70)
        self.share = rng.random(size)
        """Where in the period each speaks."""

    def lines(
        self, period: Millis, periods: int, statics: int, at_once: int = 500
    ) -> Iterator[tuple[bytes, int]]:
        """Blocks of `at_once` transmissions in order of time, and how many lines each has.

        Every vessel sends one position a period, and in the first `statics` periods static data as well.
        """
        order = np.argsort(self.share, kind="stable")
        for turn in range(periods):
            for at in range(0, len(order), at_once):
                who = order[at : at + at_once]
                time = START + turn * period + (self.share[who] * period).astype(np.int64)
                block, count = self._positions(who, time), len(who)
                if turn < statics:
                    block, count = block + self._statics(who, time), count * 3
                yield block, count

    def _positions(self, who: Integers, time: Integers) -> bytes:
        hours = (time - START) / (60 * MINUTE)
        angle = np.radians(self.course[who])
        lat = self.place[who, 1] + self.knots[who] * hours * np.cos(angle) / 60
        lon = self.place[who, 0] + self.knots[who] * hours * np.sin(angle) / 60 / np.cos(np.radians(lat))
        rows = bits(
            len(who),
            (6, 1), (2, 0), (30, self.mmsi[who]), (4, np.where(self.moving[who], 0, 5)), (8, 0),
            (10, np.rint(self.knots[who] * 10)), (1, 0),
            (28, np.rint((lon + 180) % 360 * 600_000 - 108_000_000)), (27, np.rint(lat * 600_000)),
            (12, np.rint(self.course[who] * 10) % 3600), (9, np.rint(self.course[who]) % 360),
            (6, time // SECOND % 60), (2, 0), (3, 0), (1, 0), (19, 0),
        )  # fmt: skip
        return _lines(time, b"AIVDM,1,1,,A,", armour(rows), b",0").tobytes()

    def _statics(self, who: Integers, time: Integers) -> bytes:
        name = [text_bits(f"VESSEL {number}", 20) for number in who.tolist()]
        rows = bits(
            len(who),
            (6, 5), (2, 0), (30, self.mmsi[who]), (2, 0), (30, 0), (42, 0),
            (120, np.array(name, np.uint8)), (8, self.kind[who]), (9, 150), (9, 30), (6, 16), (6, 16), (4, 1),
            (4, 12), (5, 31), (5, 24), (6, 60), (8, 98), (120, 0), (1, 0), (1, 0), (2, 0),
        )  # fmt: skip
        payload = armour(rows)
        sequence = np.frombuffer(b"0123456789", np.uint8)[np.arange(len(who)) % 10]
        first = _lines(time, b"AIVDM,2,1,?,B,", payload[:, :60], b",0", sequence)
        second = _lines(time, b"AIVDM,2,2,?,B,", payload[:, 60:], b",2", sequence)
        return np.concatenate([first, second], axis=1).tobytes()


def _lines(time: Integers, head: bytes, payload: Bytes, tail: bytes, sequence: Bytes | None = None) -> Bytes:
    """Sentences of equal length, all heard by one station; `sequence` replaces the `?` in the head."""
    count = len(payload)
    begin = fixed(head, count)
    if sequence is not None:
        begin[:, head.index(b"?")] = sequence
    body = np.concatenate([begin, payload, fixed(tail, count)], axis=1)
    return tagged(fixed(b"world", count), time, body)
