"""A world of vessels for benchmarks: NMEA lines of as many ships as wanted, made in columns.

Three of five are under way at sea, the others lie in harbours of forty, one in sixteen is a tanker. Each
sends a position (type 1) and its static data (type 5, two sentences) at its own moment of a period.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.time import MINUTE, SECOND, Millis, from_text

Bits = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
START: Final = from_text("2026-03-01T00:00:00Z")
MIDS: Final = (273, 412, 431, 440, 355, 636, 538, 477, 219, 265)
HARBOUR: Final = 40
"""Ships that lie in one harbour, within a kilometre or two."""
UNDER_WAY: Final = 0.6
TANKERS: Final = 1 / 16
SIX: Final = np.array(
    [ord(c) for c in "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"], np.uint8
)
HEX: Final = np.frombuffer(b"0123456789ABCDEF", np.uint8)


class World:
    """`size` vessels, the same for the same seed."""

    def __init__(self, size: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        number = np.arange(size)
        self.mmsi: Numbers = np.array(MIDS)[number % len(MIDS)] * 1_000_000 + number // len(MIDS)
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

    def _positions(self, who: Numbers, time: Numbers) -> bytes:
        hours = (time - START) / (60 * MINUTE)
        angle = np.radians(self.course[who])
        lat = self.place[who, 1] + self.knots[who] * hours * np.cos(angle) / 60
        lon = self.place[who, 0] + self.knots[who] * hours * np.sin(angle) / 60 / np.cos(np.radians(lat))
        bits = _bits(
            len(who),
            (6, 1), (2, 0), (30, self.mmsi[who]), (4, np.where(self.moving[who], 0, 5)), (8, 0),
            (10, np.rint(self.knots[who] * 10)), (1, 0),
            (28, np.rint((lon + 180) % 360 * 600_000 - 108_000_000)), (27, np.rint(lat * 600_000)),
            (12, np.rint(self.course[who] * 10) % 3600), (9, np.rint(self.course[who]) % 360),
            (6, time // SECOND % 60), (2, 0), (3, 0), (1, 0), (19, 0),
        )  # fmt: skip
        return _tagged(time, b"AIVDM,1,1,,A,", _payload(bits), b",0")

    def _statics(self, who: Numbers, time: Numbers) -> bytes:
        name = [_text(f"VESSEL {number}", 20) for number in who.tolist()]
        bits = _bits(
            len(who),
            (6, 5), (2, 0), (30, self.mmsi[who]), (2, 0), (30, 0), (42, 0),
            (120, np.array(name, np.uint8)), (8, self.kind[who]), (9, 150), (9, 30), (6, 16), (6, 16), (4, 1),
            (4, 12), (5, 31), (5, 24), (6, 60), (8, 98), (120, 0), (1, 0), (1, 0), (2, 0),
        )  # fmt: skip
        payload = _payload(bits)
        sequence = np.frombuffer(b"0123456789", np.uint8)[np.arange(len(who)) % 10]
        first = _tagged(time, b"AIVDM,2,1,?,B,", payload[:, :60], b",0", sequence)
        second = _tagged(time, b"AIVDM,2,2,?,B,", payload[:, 60:], b",2", sequence)
        width = [len(part) // len(who) for part in (first, second)]
        both = np.concatenate(
            [
                np.frombuffer(part, np.uint8).reshape(len(who), w)
                for part, w in zip((first, second), width, strict=True)
            ],
            axis=1,
        )
        return both.tobytes()


def _text(text: str, length: int) -> list[int]:
    """Six-bit text as bits."""
    codes = [ord(c) & 63 for c in text[:length].ljust(length, "@")]
    return [code >> bit & 1 for code in codes for bit in range(5, -1, -1)]


def _bits(count: int, *fields: tuple[int, Any]) -> Bits:
    out = []
    for width, value in fields:
        if isinstance(value, np.ndarray) and value.ndim == 2:
            out.append(value)
            continue
        column = np.broadcast_to(np.asarray(value), count).astype(np.int64)
        out.append((column[:, None] >> np.arange(width - 1, -1, -1) & 1).astype(np.uint8))
    return np.concatenate(out, axis=1)


def _payload(bits: Bits) -> Bits:
    missing = -bits.shape[1] % 6
    bits = np.pad(bits, ((0, 0), (0, missing)))
    sixes = bits.reshape(len(bits), -1, 6) @ np.array([32, 16, 8, 4, 2, 1], np.uint8)
    return SIX[sixes]


def _tagged(time: Numbers, head: bytes, payload: Bits, tail: bytes, sequence: Bits | None = None) -> bytes:
    """Sentences of equal length with a tag block of source and time before each."""
    count = len(payload)
    digits = (time // SECOND)[:, None] // 10 ** np.arange(9, -1, -1) % 10 + ord("0")
    tag = np.concatenate([_fixed(b"s:world,c:", count), digits.astype(np.uint8)], axis=1)
    begin = _fixed(head, count)
    if sequence is not None:
        begin[:, head.index(b"?")] = sequence
    body = np.concatenate([begin, payload, _fixed(tail, count)], axis=1)
    parts = [
        _fixed(b"\\", count),
        tag,
        *_sum(tag),
        _fixed(b"\\!", count),
        body,
        *_sum(body),
        _fixed(b"\r\n", count),
    ]
    return np.concatenate(parts, axis=1).tobytes()


def _fixed(text: bytes, count: int) -> Bits:
    return np.tile(np.frombuffer(text, np.uint8), (count, 1))


def _sum(body: Bits) -> list[Bits]:
    total = np.bitwise_xor.reduce(body, axis=1)
    return [_fixed(b"*", len(body)), HEX[total >> 4][:, None], HEX[total & 15][:, None]]
