"""Time text: the times that recorders write beside a sentence, in any usual spelling, as event time.

A zone in numbers, `Z`, `UTC` or `GMT` is honoured. A zone by another name tells no offset (`CST` is three of
them), and a day and a month that could be swapped tell no date: both are reported as a `TimeProblem`, so that
the line is refused with the option that helps, and never read wrongly.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.source_hints import DateOrder
from models.time import DAY, HOUR, MINUTE, SECOND, Millis, to_text

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FORWARD: Final = 14 * HOUR
_DIGITS: Final = re.compile(rb"(\d{1,20})(?:\.(\d{1,9})\d*)?")


class TimeProblem(StrEnum):
    """Why a time that is there cannot be used."""

    ZONE = "zone"
    DATE_ORDER = "date_order"


class TextRules(NamedTuple):
    """How times without a zone, and dates that can be read in two ways, are to be read."""

    zone: str = ""
    """IANA name or offset such as `+09:00`. Empty: UTC, and a zone that a text names is refused."""
    order: DateOrder = DateOrder.UNKNOWN
    near: Millis | None = None
    """A date without a year is the one nearest to this; None: it is no time."""


Reading = Millis | TimeProblem | None
"""A time, why it cannot be used, or None where there is none."""

_SEP: Final = r"(?<![\d.])"
_FRACTION: Final = r"(?:\.(?P<point>\d{1,9})\d*|,(?P<comma>\d{3}(?:\d{3})?)(?!\d))?"
"""After a comma only milli- or microseconds: other numbers are the next column of a CSV."""
_CLOCK: Final = rf"(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?!\d|:\d){_FRACTION})?(?!:\d)"
_BETWEEN: Final = r"(?:\s*[T_,;|]\s*|\s+|\"\s*[,;]\s*\")"
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH: Final = "(?:" + "|".join(_MONTHS) + ")"
_FORMS: Final = re.compile(
    "|".join(
        (
            rf"{_SEP}(?P<y1>\d{{4}})(?P<s1>[-/.])(?P<m1>\d{{1,2}})(?P=s1)(?P<d1>\d{{1,2}}){_BETWEEN}(?=\d)",
            rf"{_SEP}(?P<a2>\d{{1,2}})(?P<s2>[-/.])(?P<b2>\d{{1,2}})(?P=s2)(?P<y2>\d{{4}}){_BETWEEN}(?=\d)",
            rf"{_SEP}(?P<d3>\d{{1,2}})[- /](?P<name3>{_MONTH})[a-z]*[- /,]+(?P<y3>\d{{4}}){_BETWEEN}(?=\d)",
            rf"\b(?P<name4>{_MONTH})[a-z]*\s+(?P<d4>\d{{1,2}}),?\s+(?P<y4>\d{{4}}){_BETWEEN}(?=\d)",
            rf"{_SEP}(?P<y5>(?:19|20)\d\d)(?P<m5>\d\d)(?P<d5>\d\d)(?P<t5>[T_ -]?)(?P<c5>\d{{6}})(?!\d{{4}})",
        )
    ).encode(),
    re.IGNORECASE,
)
_WITHOUT_YEAR: Final = re.compile(
    rf"\b(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}})\s+(?=\d\d:\d\d:\d\d)".encode(), re.IGNORECASE
)
"""Apart from the other forms: a coarse stamp of syslog must not hide a whole time behind it."""
_TIME: Final = re.compile(_CLOCK.encode())
_YEAR_BEHIND: Final = re.compile(
    rb"(?:\s+(?P<zone>(?:UTC|GMT)?[+-]\d\d?(?::?\d\d)?|[A-Z]{3,5}|[CEHLMP]T|[A-Z][A-Za-z]+(?:/[A-Za-z0-9_+-]+)+))?"
    rb"\s+(?P<year>(?:19|20)\d\d)(?![\w.:-])"
)
_COMPACT_FRACTION: Final = re.compile(rb"(?:[.,]?(?P<fraction>\d{1,3})(?!\d)|[.,](?P<long>\d{4,9})\d*)?")
_HALF_DAY: Final = re.compile(rb"\s*([AaPp])\.?[Mm]\b\.?")
_OFFSET: Final = re.compile(
    rb"\s?(?:(?P<utc>Z|UTC|GMT)(?![A-Za-z/+-]|\s?[+-]?\d{1,2}:?\d\d\b)"
    rb"|(?:UTC|GMT)?\s?(?P<sign>[+-])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?(?![\d.:]))",
)
_NAME: Final = re.compile(
    rb"\s?\(?(?:[A-Z][A-Za-z]+(?:/[A-Za-z0-9_+-]+)+|(?:[A-Z]{3,5}|[CEHLMP]T)(?![A-Za-z0-9:_]))|[A-Za-z]+"
)
_NO_ZONES: Final = frozenset(b"INFO WARN DEBUG ERROR TRACE NOTE NMEA AIS UDP TCP".split())
_NUMBER: Final = re.compile(rb"(?<![\w.+-])(\d{10}(?:\.\d{1,9})?|\d{13}|\d{16}|\d{19})(?![\w.])")


def epoch(text: bytes) -> Millis | None:
    """Time since 1970 in seconds (a fraction is allowed), milli-, micro- or nanoseconds: told by its size."""
    match = _DIGITS.fullmatch(text)
    if match is None:
        return None
    digits, fraction = match.groups()
    number = int(digits)
    if number < 10**11:
        return number * SECOND + int((fraction or b"").ljust(3, b"0")[:3])
    if fraction:
        return None
    return next((number // unit for unit in (1, 1_000, 1_000_000) if number < 10**14 * unit), None)


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name or of an offset such as `+09:00`; empty: UTC. Raises ValueError."""
    if not name:
        return UTC
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?", name)
    if match is not None:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if offset <= timedelta(hours=14) and int(match[3] or 0) < 60:
            return timezone(-offset if match[1] == "-" else offset)
    else:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise ValueError(f"{name!r} is no time zone; give one such as Asia/Seoul, UTC or +09:00")


def read_time(text: bytes, rules: TextRules) -> Reading:
    """The first time in a text: a date with a time of day, else a number of seconds or less since 1970."""
    number = _NUMBER.search(text)
    for form in _FORMS.finditer(text):
        if number is not None and form.start() > number.start():
            break
        reading = _read_form(text, form, rules)
        if reading is not None:
            return reading
    if number is not None:
        return epoch(number[1])
    coarse = _WITHOUT_YEAR.search(text)
    return _without_year(text, coarse, rules) if coarse is not None else None


def day_month(text: bytes) -> tuple[int, int] | None:
    """The first two numbers of a date that ends with its year, where the first time in a text has one."""
    form = _FORMS.search(text)
    return (
        (int(form["a2"]), int(form["b2"])) if form is not None and form["a2"] and form["s2"] != b"." else None
    )


def _read_form(text: bytes, form: re.Match[bytes], rules: TextRules) -> Reading:
    day = _date(form, rules)
    if form["c5"]:
        clock, end = form["c5"], form.end()
        hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:])
        tail = _COMPACT_FRACTION.match(text, end)
        fraction = tail["fraction"] or tail["long"] if tail else None
        found = _time_of_day(text, tail.end() if tail else end, hour, minute, second, fraction)
    else:
        found = _clock(text, form.end())
    if found is None or day is None or isinstance(day, TimeProblem):
        return day if found is not None else None
    return _in_utc(day + found[0], text, found[1], rules)


def _clock(text: bytes, begin: int) -> tuple[Millis, int] | None:
    """The time of day that is written here, in milliseconds, and where it ends."""
    match = _TIME.match(text, begin)
    if match is None:
        return None
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    return _time_of_day(text, match.end(), hour, minute, second, match["point"] or match["comma"])


def _time_of_day(
    text: bytes, end: int, hour: int, minute: int, second: int, fraction: bytes | None
) -> tuple[Millis, int] | None:
    half = _HALF_DAY.match(text, end)
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour, end = hour % 12 + (12 if half[1] in b"Pp" else 0), half.end()
    if hour > 23 or minute > 59 or second > 60:
        return None
    millis = int((fraction or b"").ljust(3, b"0")[:3])
    return hour * HOUR + minute * MINUTE + second * SECOND + millis, end


def _date(form: re.Match[bytes], rules: TextRules) -> Reading:
    """Midnight of the date, in its own zone."""
    if form["y1"]:
        return _midnight(int(form["y1"]), int(form["m1"]), int(form["d1"]))
    if form["y5"]:
        return _midnight(int(form["y5"]), int(form["m5"]), int(form["d5"]))
    if form["y3"] or form["y4"]:
        month = _MONTHS.index((form["name3"] or form["name4"]).lower().decode()) + 1
        return _midnight(int(form["y3"] or form["y4"]), month, int(form["d3"] or form["d4"]))
    first, second, year = int(form["a2"]), int(form["b2"]), int(form["y2"])
    order = DateOrder.DAY_FIRST if form["s2"] == b"." else rules.order
    if order == DateOrder.UNKNOWN and first <= 12 and second <= 12:
        return TimeProblem.DATE_ORDER
    if order == DateOrder.UNKNOWN:
        order = DateOrder.DAY_FIRST if first > 12 else DateOrder.MONTH_FIRST
    return _midnight(year, *((second, first) if order == DateOrder.DAY_FIRST else (first, second)))


def _without_year(text: bytes, form: re.Match[bytes], rules: TextRules) -> Reading:
    """`Mar  5 12:00:00`, as syslog writes it (RFC 3164), or with the year behind it, as C's asctime does.

    `date` and others write the zone between the time and the year: `Thu Mar  5 12:00:00 UTC 2026`.
    """
    found = _clock(text, form.end())
    if found is None:
        return None
    clock, end = found
    month, day = _MONTHS.index(form["month"].lower().decode()) + 1, int(form["day"])
    told = _YEAR_BEHIND.match(text, end)
    if told is not None and told["zone"] not in _NO_ZONES:
        midnight = _midnight(int(told["year"]), month, day)
        if midnight is None:
            return None
        if told["zone"]:
            return _in_utc(midnight + clock, text[: told.start("year")], end, rules)
        return _in_utc(midnight + clock, text, told.end(), rules)
    if rules.near is None:
        return None
    near = rules.near
    year = int(to_text(near)[:4])
    days = (_midnight(each, month, day) for each in (year - 1, year, year + 1))
    times = [_in_utc(midnight + clock, text, end, rules) for midnight in days if midnight is not None]
    problem = next((time for time in times if isinstance(time, TimeProblem)), None)
    return problem or min(
        (time for time in times if isinstance(time, int)), key=lambda time: abs(time - near), default=None
    )


@lru_cache(maxsize=256)
def _midnight(year: int, month: int, day: int) -> Millis | None:
    try:
        return (date(year, month, day).toordinal() - _EPOCH) * DAY
    except ValueError:
        return None


def _in_utc(time: Millis, text: bytes, end: int, rules: TextRules) -> Reading:
    """A local time in UTC, by the zone that is written behind it, else by that of the rules."""
    offset = _OFFSET.match(text, end)
    if offset is not None:
        if offset["utc"]:
            return time
        ahead = int(offset["hours"]) * HOUR + int(offset["minutes"] or 0) * MINUTE
        if ahead <= _FORWARD and int(offset["minutes"] or 0) < 60:
            return time - ahead if offset["sign"] == b"+" else time + ahead
    if not rules.zone and _names_zone(text, end):
        return TimeProblem.ZONE
    return _from_local(time, rules.zone) if rules.zone else time


def _names_zone(text: bytes, end: int) -> bool:
    """Whether a word that can only be a zone follows: `Asia/Seoul`, ` KST`, or letters right behind."""
    match = _NAME.match(text, end)
    return match is not None and match[0].strip(b" (") not in _NO_ZONES


@lru_cache(maxsize=4096)
def _offset_of(quarter: int, zone: str) -> Millis:
    moment = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None) + timedelta(minutes=15 * quarter)
    offset = zone_of(zone).utcoffset(moment)
    return int((offset or timedelta()).total_seconds()) * SECOND


def _from_local(time: Millis, zone: str) -> Millis:
    """Where clocks are set back, a local time that comes twice is taken as the first of the two."""
    return time - _offset_of(time // (15 * MINUTE), zone)
