"""What cells of lists hold: names, IMO numbers, MMSIs, dates, several values in one cell."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from models.vessel import imo_is_valid
from streams.watchlists.reading import Reading, unique

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERED: Final = re.compile(r"(?:^|\s)\d{1,2}:\s*")
_FORMER: Final = re.compile(
    r"^(?:(?:also |formerly |now )?known as|(?:a|f|n)\.?\s?k\.?\s?a\.?|formerly|ex|previously|now)[\s:.]+",
    re.I,
)
_PREFIX: Final = re.compile(r"^(?:M\s?/\s?[VT]|M\.?[VT]\.)\s+", re.I)
_SEVEN: Final = re.compile(r"(?<!\d)\d{7}(?!\d)")
_NINE: Final = re.compile(r"(?<!\d)\d{9}(?!\d)")
_NULLS: Final = frozenset({"", "-", "-0-", "na", "n/a", "none", "null", "unknown", "does not exist"})


def value(text: str) -> str:
    """A cell; empty where it only says that there is nothing."""
    text = text.strip()
    return "" if text.casefold() in _NULLS else text


def several(text: str, separators: str = ";|") -> tuple[str, ...]:
    """The values of a cell: `1: A 2: B`, or parted by one of the separators."""
    pattern = _NUMBERED if _NUMBERED.match(text) else re.compile(f"[{re.escape(separators)}]")
    parts = pattern.split(text)
    return unique(value(part.strip(" ,;")) for part in parts)


def names(*texts: str) -> tuple[str, ...]:
    """Names, the first one first. A name in brackets after another is a former name."""
    found = []
    for text in texts:
        parts = re.split(r"[();]", text)
        found += [_PREFIX.sub("", _FORMER.sub("", part.strip(" ,;\"'"))) for part in parts]
    return unique(value(name) for name in found)


def imo_numbers(texts: Iterable[str], place: str, reading: Reading) -> tuple[int, ...]:
    """The IMO numbers in these texts. One with a wrong check digit is remarked upon and left out."""
    found = []
    for text in texts:
        numbers = [int(digits) for digits in _SEVEN.findall(text)]
        if not numbers and value(text):
            reading.remark(place, f"{text[:30]!r} is no IMO number; left out")
        for number in numbers:
            if imo_is_valid(number):
                found.append(number)
            else:
                reading.remark(place, f"IMO number {number} has a wrong check digit; left out")
    return tuple(dict.fromkeys(found))


def mmsis(texts: Iterable[str], place: str, reading: Reading) -> tuple[int, ...]:
    """The MMSIs in these texts. What is none is remarked upon and left out."""
    found: list[int] = []
    for text in texts:
        numbers = [digits for digits in _NINE.findall(text) if not _is_placeholder(digits)]
        if not numbers and value(text):
            reading.remark(place, f"{text[:30]!r} is no MMSI; left out")
        found += map(int, numbers)
    return tuple(dict.fromkeys(found))


def _is_placeholder(digits: str) -> bool:
    """Whether it stands for no MMSI: transponders that were never programmed send such numbers."""
    return len(set(digits)) == 1 or digits == "123456789"


def iso_date(text: str) -> str:
    """A day as ISO 8601, from `2017-10-03`, `3.10.2017`, `03-Oct-17` or `3 October 2017`.

    A year of two digits is of this century. Raises ValueError.
    """
    if found := re.match(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$", text):
        year, month, day = map(int, found.groups())
    elif found := re.match(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$", text):
        day, month, year = map(int, found.groups())
    elif found := re.match(r"^(\d{1,2})[- ./]([A-Za-z]{3})[a-z]*\.?[- ./](\d{4}|\d{2})$", text):
        day, year = int(found[1]), int(found[3])
        month = _MONTHS.index(found[2].lower()) + 1
        year += 2000 if year < 100 else 0
    else:
        raise ValueError(f"{text[:30]!r} is no date that is understood")
    return date(year, month, day).isoformat()


def remarked_date(text: str, place: str, reading: Reading) -> str | None:
    """A date of a public list; None, with a remark, where it is not understood."""
    if not value(text):
        return None
    try:
        return iso_date(text)
    except ValueError as error:
        reading.remark(place, f"{error}; the entry counts as listed without a date")
        return None


def tonnes(text: str) -> float | None:
    """A tonnage, with or without commas for thousands; None where there is none."""
    digits = text.replace(",", "").replace(" ", "")
    return float(digits) if re.match(r"^\d+(\.\d+)?$", digits) and float(digits) > 0 else None
