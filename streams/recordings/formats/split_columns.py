"""Split columns: what a table has in several columns: positions in degrees and minutes with a letter of the
compass, and times in years, months, days, hours, minutes and seconds."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from streams.decoding.records import values
from streams.decoding.records.values import plain
from streams.recordings.formats.batch import Batch, Floats, Ints

_SIDES: Final = {
    "lat": "ns northsouth latns nslat latdir latdirection latitudedirection latitudedir lathem lathemi "
    "lathemisphere latitudehemisphere hemispherelat latitudens nsindicator latindicator latcardinal latref",
    "lon": "ew eastwest lonew londir longdir londirection longdirection longitudedirection longitudedir "
    "lonhem longhem lonhemi lonhemisphere longhemisphere longitudehemisphere hemispherelon longitudeew "
    "ewindicator lonindicator loncardinal lonref",
}
_STEMS: Final = {"lat": ("lat", "latitude"), "lon": ("lon", "long", "lng", "longitude")}
_PARTS: Final = {
    "deg": ("deg", "degree", "degrees", "d"),
    "min": ("min", "mins", "minute", "minutes", "m"),
    "sec": ("sec", "secs", "second", "seconds", "s"),
}
_CLOCK: Final = {
    "year": ("year", "yyyy", "yr"), "month": ("month", "mon"), "day": ("day", "dayofmonth"),
    "hour": ("hour", "hours", "hh", "hr"), "minute": ("minute", "minutes", "min"),
    "second": ("second", "seconds", "sec", "ss"),
}  # fmt: skip
CLOCK: Final = tuple(_CLOCK)
_LETTER: Final = re.compile(r"\s*([nsew])[a-z]*\.?\s*", re.IGNORECASE)


def split_of(header: Sequence[str]) -> dict[str, int]:
    """The places of such columns: `lat_deg`, `lat_min`, `lat_sec`, `lat_side` and so on, `year` to `second`.

    Degrees are only told for a table that has their minutes in another column; years to minutes only
    together.
    """
    names = {plain(name): place for place, name in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for axis, stems in _STEMS.items():
        parts = {
            part: place
            for part, ends in _PARTS.items()
            if (place := _first(names, [stem + end for stem in stems for end in ends])) is not None
        }
        if {"deg", "min"} <= parts.keys():
            found |= {f"{axis}_{part}": place for part, place in parts.items()}
        if (side := _first(names, _SIDES[axis].split())) is not None:
            found[f"{axis}_side"] = side
    if not {"lat_side", "lon_side"} <= found.keys():
        found = {name: place for name, place in found.items() if not name.endswith("_side")}
    clock = {part: place for part, each in _CLOCK.items() if (place := _first(names, each)) is not None}
    return found | clock if clock.keys() >= set(CLOCK) - {"second"} else found


def _first(names: dict[str, int], wanted: Sequence[str]) -> int | None:
    return next((names[name] for name in wanted if name in names), None)


def degrees(batch: Batch, axis: str, numbers: Floats, has: dict[str, int], *, joined: bool) -> Floats:
    """Degrees of `lon` or `lat`, west and south negative. `joined` says that a number has degrees and
    minutes, as `4245.307`."""
    size = np.abs(numbers)
    if joined:
        whole = np.floor(size / 100)
        size = np.where(size - whole * 100 < 60, whole + (size - whole * 100) / 60, np.nan)
    for part, share in (("min", 60), ("sec", 3600)):
        if f"{axis}_{part}" in has:
            more = np.abs(batch.numbers(f"{axis}_{part}"))
            size = size + np.where(more <= 60, more, np.nan) / share  # 60 where 59.99 was rounded
    sign = np.where(np.signbit(numbers), -1.0, 1.0)
    if f"{axis}_side" in has:
        texts, which = batch.texts(f"{axis}_side")
        sides = [_sign(text, axis) for text in texts]
        told = np.array(sides or [np.nan])[which]
        sign = np.where(np.isnan(told), np.nan, told)  # without its letter a position is none
    return np.asarray(size * sign)


def _sign(text: str, axis: str) -> float:
    match = _LETTER.fullmatch(text)
    letter = match[1].lower() if match else ""
    return {"lat": {"n": 1.0, "s": -1.0}, "lon": {"e": 1.0, "w": -1.0}}[axis].get(letter, np.nan)


def moments(batch: Batch, has: dict[str, int]) -> tuple[list[str], Ints]:
    """The distinct times of columns of years to seconds as texts (ISO 8601), and which each row has."""
    columns = [
        batch.texts(part) if part in has else (["0"], np.zeros(batch.rows, np.int64)) for part in CLOCK
    ]
    table = np.stack([which for _, which in columns], axis=1)
    distinct, index = np.unique(table, axis=0, return_inverse=True)
    rows = [[texts[i] for (texts, _), i in zip(columns, row, strict=True)] for row in distinct.tolist()]
    return [_moment(row) for row in rows], index.reshape(-1)


def _moment(parts: list[str]) -> str:
    """Empty where a part is no number, or no whole one but for the seconds."""
    whole, second = [values.whole(part) for part in parts[:5]], values.number(parts[5] or "0")
    if second is None or None in whole:
        return ""
    year, month, day, hour, minute = (part or 0 for part in whole)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:06.3f}"
