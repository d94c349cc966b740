"""Parsers for option values: times, boxes, MMSIs, rates, sizes and addresses.

Each takes the text that the user gave and raises UsageError with a sentence that says what to give instead.
Typer calls them (`parser=`), and the error is printed after the option's name.
"""

import math
from collections.abc import Callable
from typing import Final

from models.box import Box, read_box
from models.source_hints import DateOrder
from models.time import Millis, from_text
from streams.cli.errors import UsageError

MAX_RATE: Final = math.inf
"""The rate `max`: without pauses."""

_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def time(text: str) -> Millis:
    """An ISO 8601 time from 1970 on; UTC unless it has an offset."""
    try:
        millis = from_text(text)
        if millis < 0:
            raise ValueError
    except ValueError:
        raise UsageError(
            f"{text!r} is not a time; give ISO 8601 like 2026-03-01T12:00:00Z (UTC without an offset)"
        ) from None
    return millis


def date_order(text: str) -> DateOrder:
    """`dmy` or `mdy`."""
    if text not in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST):
        raise UsageError(f"{text!r} is not an order; give dmy (day first) or mdy (month first)")
    return DateOrder(text)


def zone(text: str) -> str:
    """The name of a time zone, or an offset from UTC."""
    from streams.decoding.lines.time_text import zone_of

    try:
        zone_of(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return text


def box(text: str) -> Box:
    """WEST,SOUTH,EAST,NORTH in degrees; a west greater than the east crosses the antimeridian."""
    try:
        return read_box(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def mmsi(text: str) -> int:
    """An MMSI; leading zeros may be left out."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 1_000_000_000):
        raise UsageError(f"{text!r} is not an MMSI; give its nine digits")
    return int(text)


def rate(text: str) -> float:
    """A multiple of real time, or `max`, which is MAX_RATE."""
    if text == "max":
        return MAX_RATE
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise UsageError(f"{text!r} is not a rate; give max, or a number such as 1 (real time) or 600")
    return value


def size(text: str) -> int:
    """A number of bytes, such as 500MiB; K, M, G and T are powers of 1,024."""
    number = text.upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:].isalpha() else ""
    digits = number.removesuffix(unit).strip() if unit else number.strip()
    if not digits.isdecimal() or unit not in _UNITS or int(digits) == 0:
        raise UsageError(f"{text!r} is not a size; give one such as 500MiB or 1GiB")
    return int(digits) * _UNITS[unit]


def broker(text: str) -> str:
    """HOST:PORT of a Kafka broker, or several with commas between."""
    for part in text.split(","):
        host, _, port = part.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise UsageError(f"{text!r} is not HOST:PORT, such as localhost:9092")
    return text


def columns(text: str) -> str:
    """What the columns of tables hold, as `parse_columns` reads it."""
    from streams.recordings.formats.columns import parse_columns

    return _checked(text, parse_columns)


def units(text: str) -> str:
    """Units of columns of tables, as `parse_units` reads them."""
    from streams.recordings.formats.columns import parse_units

    return _checked(text, parse_units)


def _checked(text: str, parse: Callable[[str], object]) -> str:
    try:
        parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return text


def input_format(text: str) -> str:
    """The name of a format of recordings."""
    from streams.recordings.formats.known import format_named

    try:
        return format_named(text).name
    except ValueError as error:
        raise UsageError(str(error)) from None
