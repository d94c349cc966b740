"""Values: numbers, texts and codes as people write them, in the units and codes of AIS.

What cannot be read is None, never a guess.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_WHOLE: Final = re.compile(r"([-+]?\d{1,18})[.,]0*")
_NOT_SIX_BIT: Final = re.compile(r"[^ !-_]")
_PLAIN: Final = re.compile(r"[^a-z0-9]+")
KNOTS_PER_MS: Final = 3600 / 1852
DEGREES_PER_RADIAN: Final = 180 / math.pi
_MOST_MMSI: Final = 999_999_999
_MOST_IMO: Final = 9_999_999
_NOTHING: Final = frozenset(
    (
        "",
        "unknown",
        "undefined",
        "null",
        "none",
        "nan",
        "na",
        "n/a",
        "-",
        "--",
        "not available",
        "not defined",
    )
)


def plain(text: str) -> str:
    """Letters and digits only, in lower case: how names and codes are compared."""
    return _PLAIN.sub("", text.lower())


def _remembered(most: int) -> Callable[[Callable[..., _T]], Callable[..., _T]]:
    """The same answers are given again without work: records repeat themselves.

    A list or an object is read as nothing. `1`, `1.0`, `true` and `"1"` are remembered apart.
    """

    def wrap(read: Callable[..., _T]) -> Callable[..., _T]:
        kept = lru_cache(maxsize=most, typed=True)(read)
        nothing = read(None)

        @wraps(read)
        def ask(value: Any, *more: Any) -> _T:
            if more:
                return kept(
                    *(each if isinstance(each, str | int | float) else None for each in (value, *more))
                )
            return kept(value) if isinstance(value, str | int | float) else nothing

        return ask

    return wrap


_EXACT: Final = 1 << 53
"""No larger whole number is sure to be told from its neighbours."""
MOST: Final = 1e20
"""No number of a record is larger: nanoseconds since 1970 are not. Larger ones are none."""


def number(value: Any) -> float | None:
    """A number that something can be; of a text too."""
    if value is None or value is True or value is False:
        return None
    if type(value) is float:
        return value if -MOST <= value <= MOST else None
    if isinstance(value, int | float):
        result = float(value) if abs(value) <= MOST else math.inf
    elif isinstance(value, str) and _NUMBER.fullmatch(text := value.strip()):
        result = float(text)  # which itself strips fewer characters than `strip`
    else:
        return None
    return result if abs(result) <= MOST else None


_PLACE: Final = re.compile(
    r"([NSEW])?\s*(\d{1,3}(?:[.,]\d+)?)\s*(?:[°ºd:\s-]\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*['′’m:-]?\s*"
    r"(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:[\"″”'′’s]|'')?)?)?)?\s*([NSEW])?",
    re.IGNORECASE,
)
_WITH_UNIT: Final = re.compile(r"([-+]?\d+(?:[.,]\d+)?)\s*(?:kn|kts?|knots?|m|°|deg)\.?", re.IGNORECASE)


def measure(value: Any) -> float | None:
    """A number of knots, metres or degrees, also with that unit behind it: `7.4 kn`, `42°42.0'N`, `131.9 E`.

    Degrees south and west are negative; a text without a letter for that has no minutes.
    """
    found = number(value)
    if found is not None or not isinstance(value, str):
        return found
    text = value.strip()
    if match := _WITH_UNIT.fullmatch(text):
        return float(match[1].replace(",", "."))
    match = _PLACE.fullmatch(text)
    if match is None or bool(match[1]) == bool(match[5]):
        return None
    degrees, minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.group(2, 3, 4))
    if minutes >= 60 or seconds >= 60:
        return None
    size = degrees + minutes / 60 + seconds / 3600
    return -size if (match[1] or match[5]) in "SWsw" else size


_THOUSANDS: Final = re.compile(r"\d{3}([.,'’ \u00a0\u202f])\d{3}\1\d{3}")
_THOUSANDS_SIGNS: Final = re.compile(r"\D")
_SHORTENED: Final = re.compile(r"(\d)\.?(\d*)[eE]\+?0?8")


def is_shortened(text: str) -> bool:
    """Whether a spreadsheet has left out digits of a number of nine: `2.73E+08`."""
    match = _SHORTENED.fullmatch(text.strip())
    return match is not None and len(match[2]) < 8


def whole(value: Any) -> int | None:
    """A whole number; of `9.0` and `9,0` too."""
    if value is None or (type(value) is int and abs(value) <= _EXACT):
        return value
    if isinstance(value, str) and (match := _WHOLE.fullmatch(value.strip())):
        return int(match[1])
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def mmsi(value: Any) -> int:
    """A number of at most nine digits; 0 for what is none.

    `211,234,567` of a spreadsheet is read, and `2.11E+08` is not: it has lost digits.
    """
    if isinstance(value, str):
        if (value := value.strip()).lower().startswith("mmsi"):
            value = value[4:].lstrip(" :")
        if _THOUSANDS.fullmatch(value):
            value = _THOUSANDS_SIGNS.sub("", value)
        if is_shortened(value):
            return 0
    found = whole(value)
    return found if found is not None and 0 < found <= _MOST_MMSI else 0


@_remembered(1 << 16)
def imo(value: Any) -> int:
    """An IMO number, with or without `IMO` before it; 0 for none."""
    if isinstance(value, str) and (value := value.strip()).lower().startswith("imo"):
        value = value[3:].lstrip(" :#")
    found = whole(value)
    return found if found is not None and 0 < found <= _MOST_IMO else 0


@_remembered(1 << 16)
def text(value: Any) -> str:
    """A text in the characters of AIS: capitals, accents left out, other letters as `?`; up to an `@`."""
    if not isinstance(value, str) or value.strip().lower() in _NOTHING:
        return ""
    found = value.partition("@")[0].strip().upper()
    if not found.isascii():
        found = unicodedata.normalize("NFKD", found)
        found = "".join(letter for letter in found if not unicodedata.combining(letter)).upper()
    return _NOT_SIX_BIT.sub("?", found.replace("\t", " ").replace("\n", " ").replace("\r", ""))


_STATUS: Final = {
    0: ("underwayusingengine", "underway", "motoring", "underwayengine"),
    1: ("atanchor", "anchored"),
    2: ("notundercommand",),
    3: ("restrictedmaneuverability", "restrictedmanoeuvrability", "restrictedmanoeuverability",
        "restrictedmanouverability", "restrictedmaneuvrability"),
    4: ("constrainedbyherdraught", "constrainedbyherdraft", "constrainedbydraught", "constrainedbydraft"),
    5: ("moored",),
    6: ("aground",),
    7: ("engagedinfishing", "fishing", "engagedinfishingactivity"),
    8: ("underwaysailing", "sailing"),
    9: ("reservedforfutureamendmenthsc", "hazardousmaterialhighspeed"),
    10: ("reservedforfutureamendmentwig", "hazardousmaterialwinginground"),
    11: ("powerdrivenvesseltowingastern", "towingastern", "towing"),
    12: ("powerdrivenvesselpushingaheadortowingalongside", "pushingahead", "pushingaheadortowingalongside"),
    14: ("aissart", "aissartactive", "aissartisactive", "aissartmobepirb"),
}  # fmt: skip
"""By navigational status (ITU-R M.1371-5 table 45): how Danish files, Signal K, canboat and others say it."""
_STATUS_OF: Final = {name: code for code, names in _STATUS.items() for name in names}
NO_STATUS: Final = 15


@_remembered(1024)
def status(value: Any) -> int:
    """The navigational status of a number or a text; 15 where it is not known."""
    found = whole(value)
    if found is not None:
        return found if 0 <= found <= NO_STATUS else NO_STATUS
    return _STATUS_OF.get(plain(value), NO_STATUS) if isinstance(value, str) else NO_STATUS


_TYPES: Final = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"not ?party|noncombatant|medical", 58), (r"undefined|unknown|not available|reserved|^$", 0),
        (r"tanker|\btank (?:ship|barge|vessel)|\blng\b|\blpg\b", 80),
        (r"tow.*(?:exceed|long|wide|large|200)", 32), (r"\btug", 52), (r"\btow", 31),
        (r"search and rescue|\bsar\b", 51), (r"pilot", 50), (r"tender", 53), (r"pollution", 54),
        (r"law|police", 55), (r"spare 1", 56), (r"spare 2|local", 57), (r"dredg", 33), (r"diving", 34),
        (r"military|naval", 35), (r"fishing|trawler|seiner|longliner|fish", 30), (r"sailing|sail\b", 36),
        (r"pleasure|yacht|recreation", 37), (r"\bhsc\b|high ?speed", 40), (r"\bwig\b|wing in ground", 20),
        (r"passenger|cruise|ferry|ro.?pax", 60),
        (r"cargo|bulk|container|carrier|freight|reefer|ro.?ro", 70), (r"other", 90),
    )
)  # fmt: skip
_HAZARD: Final = re.compile(r"(?:hazard\w*\s*)?cat(?:egory)?[\s.]*(x|y|z|os|a|b|c|d)\b")
_HAZARDS: Final = {"x": 1, "y": 2, "z": 3, "os": 4, "a": 1, "b": 2, "c": 3, "d": 4}
_NOAA: Final = {
    **dict.fromkeys((1001, 1002), 30), **dict.fromkeys((1003, 1004, 1016), 70),
    **dict.fromkeys((1012, 1013, 1014, 1015), 60), **dict.fromkeys((1017, 1024), 80), 1019: 37,
    **dict.fromkeys((1023, 1025), 31),
}  # fmt: skip
"""Codes that NOAA gave to ships of the US in its files, as types of AIS (its list VesselTypeCodes2018)."""


@_remembered(4096)
def ship_type(value: Any, cargo: Any = None) -> int:
    """The type of ship and cargo (ITU-R M.1371-5 table 53) of a number or a text; 0 where it is not known.

    `cargo` is a text about the cargo beside it, such as `Category X`.
    """
    found = whole(value)
    if found is not None:
        return found if 0 <= found <= 255 else _NOAA.get(found, 0)
    if not isinstance(value, str):
        return 0
    said = value.lower().replace("_", " ").strip()
    code = next((code for pattern, code in _TYPES if pattern.search(said)), 0)
    if code in (20, 40, 60, 70, 80, 90):
        hazard = _HAZARD.search(said) or (_HAZARD.search(cargo.lower()) if isinstance(cargo, str) else None)
        code += _HAZARDS[hazard[1]] if hazard else 0
    return code


_CLASS_B: Final = re.compile(
    r"(?:ais)?(?:class)?b(?:cs|so)?(?:tdma)?(?:ais|vessel|mobile|transponder|transceiver|station|target)*"
)


@_remembered(1024)
def is_class_b(value: Any) -> bool:
    """Whether a transponder is of class B: `B`, `Class B`, `B CS`; a bulk carrier is none."""
    return isinstance(value, str) and _CLASS_B.fullmatch(plain(value)) is not None
