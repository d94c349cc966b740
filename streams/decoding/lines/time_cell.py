"""Time cell: a time that stands alone, in a cell of a table or a field of an object.

There it may be spelt in ways that could be anything else within a line of text: with two digits of the year,
by the week or the day of the year (ISO 8601), with dots in the time of day, or without signs.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from models.source_hints import DateOrder
from streams.decoding.lines.time_text import Reading, TextRules, TimeProblem, read_time

_SHORT: Final = re.compile(r"(\d\d?)([-/.])(\d\d?)\2(\d\d)[T ,]+(\d\d?:\d\d.*)", re.DOTALL)
_COMPACT: Final = re.compile(r"(\d\d)(\d\d)(\d\d)[T ](\d\d)(\d\d)(\d\d)(.*)", re.DOTALL)


def read_cell(text: str, rules: TextRules) -> Reading:
    """As `read_time`, of a whole text."""
    found = read_time(text.encode("utf-8", "replace"), rules)
    if found is not None or not text[:1].isdecimal():
        return found
    if match := _SHORT.fullmatch(text):
        first, _, second, year, clock = match.groups()
        return _short_year(first, second, year, clock, rules)
    if match := _COMPACT.fullmatch(text):
        first, second, year, *clock, rest = match.groups()
        return _short_year(first, second, year, ":".join(clock) + rest, rules)
    for pattern, spell in _SPELLINGS:
        if match := pattern.fullmatch(text):
            try:
                return read_time(spell(match).encode(), rules)
            except (ValueError, OverflowError):
                return None
    return None


def _short_year(first: str, second: str, year: str, clock: str, rules: TextRules) -> Reading:
    """A year of two digits might stand first as well, also between dots (`24.03.14` in Korea), so the order
    has to be given."""
    if rules.order is DateOrder.UNKNOWN:
        return TimeProblem.DATE_ORDER
    return read_time(f"{first}/{second}/20{year} {clock}".encode("utf-8", "replace"), rules)


def _of_week(match: re.Match[str]) -> str:
    year, week, day, clock = match.groups()
    return f"{date.fromisocalendar(int(year), int(week), int(day)).isoformat()}T{clock}"


def _of_day(match: re.Match[str]) -> str:
    year, day, clock = match.groups()
    found = date(int(year), 1, 1) + timedelta(days=int(day) - 1)
    if found.year != int(year):
        raise ValueError(day)
    return f"{found.isoformat()}T{clock}"


def _of_signs(match: re.Match[str]) -> str:
    day, hour, minute, second, rest = match.groups()
    return f"{day} {hour}:{minute}:{second}{rest}"


_SPELLINGS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"(\d{4})-?W(\d\d)-?([1-7])[T ](.*)", re.DOTALL), _of_week),
    (re.compile(r"(\d{4})-(\d{3})[T ](.*)", re.DOTALL), _of_day),
    (
        re.compile(
            r"(\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4})[-T _]+(\d\d?)[.:h](\d\d)[.:m](\d\d)"
            r"s?(.*)",
            re.DOTALL,
        ),
        _of_signs,
    ),
)
