"""Fields: what the values of JSON objects mean, as far as several dialects agree about it."""

from collections.abc import Mapping
from typing import Any, Final

from models.time import SECOND
from streams.decoding.lines.time_cell import read_cell
from streams.decoding.lines.time_text import Reading, TextRules, epoch
from streams.decoding.records import values
from streams.decoding.records.record import NO_SECOND

Object = Mapping[str, Any]
_NO_SIDES: Final = (None, None, None, None)
REPORTED: Final = (1, 2, 3, 4, 5, 9, 18, 19, 24, 27)
"""Message types that carry positions or static data."""
_LEAST_EPOCH: Final = 10**8
_LEAST_MILLIS: Final = 1e11
"""Smaller numbers are seconds."""


def time_of(value: Any, rules: TextRules) -> Reading:
    """The time in a field: text, or a number of seconds or less since 1970."""
    if isinstance(value, str):
        return read_cell(value.strip(), rules) or _epoch(values.number(value))
    return _epoch(values.number(value))


def _epoch(value: float | None) -> int | None:
    if value is None or not _LEAST_EPOCH <= value < 1e19:
        return None
    if value < _LEAST_MILLIS and value.is_integer():
        return int(value) * SECOND
    return epoch(f"{value:.3f}".encode() if value < _LEAST_MILLIS else str(int(value)).encode())


def first_of(found: Object, *names: str) -> Any:
    """The first of these fields that holds something."""
    for name in names:
        value = found.get(name)
        if value is not None and value != "":
            return value
    return None


def object_of(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}


def sides(*sides: Any) -> tuple[int, int, int, int]:
    """Metres to bow, stern, port and starboard; 0 where one is not told."""
    if sides == _NO_SIDES:
        return 0, 0, 0, 0
    bow, stern, port, starboard = (max(0, round(values.number(side) or 0)) for side in sides)
    return min(bow, 511), min(stern, 511), min(port, 63), min(starboard, 63)


def size_of(length: Any, width: Any) -> tuple[int, int, int, int]:
    """The size where the place of the antenna is not known (ITU-R M.1371-5, figure 41: A = C = 0)."""
    return sides(0, length, 0, width)


def second_of(value: Any) -> int:
    found = values.whole(value)
    return found if found is not None and 0 <= found < 64 else NO_SECOND


def eta_of(month: Any, day: Any, hour: Any, minute: Any) -> tuple[int, int, int, int]:
    parts = (values.whole(month), values.whole(day), values.whole(hour), values.whole(minute))
    good = all(p is not None and 0 <= p <= most for p, most in zip(parts, (12, 31, 24, 60), strict=True))
    return tuple(parts) if good else (0, 0, 24, 60)  # type: ignore[return-value]


def utc_of(parts: list[Any]) -> tuple[int, int, int, int, int, int] | None:
    found = [values.whole(part) for part in parts]
    most = (9999, 12, 31, 24, 60, 60)
    good = all(value is not None and 0 <= value <= top for value, top in zip(found, most, strict=True))
    return tuple(found) if good else None  # type: ignore[return-value]


def name_of(value: Any) -> str:
    return str(value)[:32] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def scaled(value: Any, factor: float) -> float | None:
    found = values.number(value)
    return None if found is None else found * factor
