"""NMEA sentences made in columns: fields to bits, bits to six-bit armour, armour to whole lines."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.time import SECOND

Bytes = npt.NDArray[np.uint8]
"""Rows of equal length: bits, or characters."""
Integers = npt.NDArray[np.int64]

_ARMOUR: Final = np.frombuffer(b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", np.uint8)
_HEX: Final = np.frombuffer(b"0123456789ABCDEF", np.uint8)


def text_bits(text: str, length: int) -> list[int]:
    """Six-bit text of `length` characters as bits, padded with `@`."""
    codes = [ord(c) & 63 for c in text[:length].ljust(length, "@")]
    return [code >> bit & 1 for code in codes for bit in range(5, -1, -1)]


def bits(count: int, *fields: tuple[int, Any]) -> Bytes:
    """A row of bits for each of `count` messages, from fields of (width, value).

    A value is one number for all, a column of numbers, or rows of bits.
    """
    out = []
    for width, value in fields:
        if isinstance(value, np.ndarray) and value.ndim == 2:
            out.append(value)
            continue
        column = np.broadcast_to(np.asarray(value), count).astype(np.int64)
        out.append((column[:, None] >> np.arange(width - 1, -1, -1) & 1).astype(np.uint8))
    return np.concatenate(out, axis=1)


def armour(rows: Bytes) -> Bytes:
    """Six-bit armour of rows of bits, filled up with zeros."""
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 6)))
    return _ARMOUR[rows.reshape(len(rows), -1, 6) @ np.array([32, 16, 8, 4, 2, 1], np.uint8)]


def digits(numbers: Integers, width: int) -> Bytes:
    """Decimal digits, with leading zeros."""
    return (numbers[:, None] // 10 ** np.arange(width - 1, -1, -1) % 10 + ord("0")).astype(np.uint8)


def fixed(text: bytes, count: int) -> Bytes:
    """The same text in every row."""
    return np.tile(np.frombuffer(text, np.uint8), (count, 1))


def tagged(station: Bytes, time: Integers, body: Bytes) -> Bytes:
    """Whole lines: a tag block of station and time (whole seconds) before each sentence.

    `body` is what stands between `!` and `*`.
    """
    count = len(body)
    tag = np.concatenate([fixed(b"s:", count), station, fixed(b",c:", count), digits(time // SECOND, 10)], 1)
    parts = [fixed(b"\\", count), tag, *_checksum(tag), fixed(b"\\!", count), body, *_checksum(body)]
    return np.concatenate([*parts, fixed(b"\r\n", count)], axis=1)


def _checksum(body: Bytes) -> list[Bytes]:
    total = np.bitwise_xor.reduce(body, axis=1)
    return [fixed(b"*", len(body)), _HEX[total >> 4][:, None], _HEX[total & 15][:, None]]
