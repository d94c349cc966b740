"""Columns: which column of a table holds what, in which unit, and how that was found out."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from models.errors import meant, question
from models.source_hints import DateOrder
from streams.decoding.records.dialects.scales import AS_SENT, TENTHS
from streams.decoding.records.names import ANY_TYPE, FIELDS, field_of, fields_of
from streams.decoding.records.values import DEGREES_PER_RADIAN, KNOTS_PER_MS, plain
from streams.recordings.errors import SourceError
from streams.recordings.formats.split_columns import CLOCK, split_of

_ANGLE: Final = {"deg": 1.0, "degrees": 1.0, "deg/10": 0.1, "rad": DEGREES_PER_RADIAN}
_LENGTH: Final = {"m": 1.0, "dm": 0.1, "cm": 0.01, "ft": 0.3048}
_PLACE: Final = {
    "deg": 1.0, "deg/600000": 1 / 600_000, "min/10000": 1 / 600_000, "deg/1e6": 1e-6, "deg/1e7": 1e-7,
    "min": 1 / 60, "rad": DEGREES_PER_RADIAN,
}  # fmt: skip
_SPEED: Final = {
    "kn": 1.0, "kts": 1.0, "knots": 1.0, "kn/10": 0.1, "knots/10": 0.1, "m/s": KNOTS_PER_MS,
    "mps": KNOTS_PER_MS, "ms": KNOTS_PER_MS, "km/h": 1 / 1.852, "kmh": 1 / 1.852, "kph": 1 / 1.852,
    "mph": 1609.344 / 1852,
}  # fmt: skip
UNITS: Final[dict[str, dict[str, float]]] = {
    "sog": _SPEED,
    "cog": _ANGLE,
    "heading": _ANGLE,
    "lon": _PLACE,
    "lat": _PLACE,
    **dict.fromkeys(("draught", "length", "width", "to_bow", "to_stern", "to_port", "to_starboard"), _LENGTH),
}
"""By what a column holds: the units that it may be in, each as a multiple of the one that is used here."""
_IN_NAME: Final = re.compile(
    r"[(\[_ ](km/?h|kph|m/?s|mps|mph|kn/10|knots/10|ft|dm|rad)[)\]]?\s*$", re.IGNORECASE
)
_WITHOUT_UNIT: Final = re.compile(
    r"[(\[_ ](?:km/?h|kph|m/?s|mps|mph|kn/10|knots/10|ft|dm|rad)[)\]]?\s*$", re.I
)
_ZONED: Final = re.compile(
    r"[(\[ _,]((?:UTC|GMT)? ?[+-]\d{1,2}(?::?\d\d)?|[A-Z][a-z]+/[A-Za-z_]+|[A-Z]{1,4}T|MSK|WIB|UTC|GMT|Z"
    r"|(?i:local))(?:[ _]?(?i:time))?[)\]]?\s*$|^((?i:local))(?:[ _]?(?i:(?:date[ _/]?)?time(?:stamp)?))?$"
)
"""A zone behind the name of a column of times."""
GEOMETRY: Final = frozenset(("geometry", "geom", "wkt", "wkbgeometry", "thegeom", "geojson"))
"""What a column of points is called, without signs."""
_EXTRA: Final = ("date",)
NAMES: Final = (*FIELDS, *_EXTRA)


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """What the user says about tables: `names` has the column for what it holds, `units` their units."""

    names: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, float] = field(default_factory=dict)


NO_COLUMNS: Final = ColumnOptions()


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """`places` has the place of the column (from 0) for what it holds, `factors` what its numbers are
    multiplied by."""

    layout: str
    places: dict[str, int]
    factors: dict[str, float]
    order: DateOrder
    note: str
    scaled: Mapping[str, float] = field(default_factory=dict)
    """What numbers of the layout are multiplied by if the first ones are whole numbers."""
    points: bool = False
    """Positions are points in one column, as texts: `POINT (131.9 42.7)`, or a point of GeoJSON."""
    zone: str = ""
    """The zone that the column of times names behind its name, as ` KST` or ` UTC+9`."""


def parse_columns(text: str) -> dict[str, str]:
    """`mmsi=MMSI,time=Date,lat=3`: what columns hold, by their names or numbers from 1. Raises ValueError."""
    found = {}
    for part in text.split(","):
        holds, sign, name = (piece.strip() for piece in part.partition("="))
        if not sign or not name:
            raise ValueError(
                f"{part!r} names no column; give what it holds and its name or number, such as "
                "mmsi=MMSI,time=3"
            )
        if holds not in NAMES:
            usual = field_of(holds)
            like = question([usual]) if usual in NAMES else meant(holds, NAMES)
            raise ValueError(
                f"{part!r}: {holds!r} is nothing that a column may hold{like}; it may hold {', '.join(NAMES)}"
            )
        found[holds] = name
    return found


def parse_units(text: str) -> dict[str, float]:
    """`sog=km/h,draught=dm`, or a factor: `sog=0.1`. Raises ValueError."""
    found = {}
    for part in text.split(","):
        holds, _, unit = (piece.strip() for piece in part.partition("="))
        if holds not in UNITS:
            raise ValueError(f"{part!r}: units may be given for {', '.join(UNITS)}, such as sog=km/h")
        known = UNITS[holds].get(unit.lower())
        try:
            found[holds] = known if known is not None else float(unit)
        except ValueError:
            units = ", ".join(UNITS[holds])
            raise ValueError(f"{part!r}: known units are {units}, or a factor such as {holds}=0.1") from None
    return found


def map_columns(header: Sequence[str], options: ColumnOptions) -> ColumnMap:
    """What the columns of a table with these names hold. Raises SourceError where that does not suffice."""
    shown = ", ".join(header[:30]) + (", ..." if len(header) > 30 else "")
    places = {holds: _place(header, name, shown) for holds, name in options.names.items()}
    taken = set(places.values())
    plain_names = [
        _WITHOUT_UNIT.sub("", name) if index not in taken else "" for index, name in enumerate(header)
    ]
    guessed: dict[str, int] = {}
    for name, holds in fields_of([name for name in plain_names if name]).items():
        if holds not in places:
            guessed[holds] = plain_names.index(name)
    if "time" not in places | guessed and (zoned := _zoned_time(header, taken)) is not None:
        guessed["time"] = zoned
    if "date" not in places:
        days = [
            i for i, name in enumerate(header) if plain(name) in ("date", "day", "dateutc") and i not in taken
        ]
        if days:
            guessed["date" if "time" in places | guessed else "time"] = days[0]
    guessed |= _split(header, guessed, places)
    places = guessed | places
    if (kinds := _any_type(header, places, taken)) is not None:
        if guessed.get("ship_type") == kinds:
            del places["ship_type"]
        if not {"ship_type", "kind"} <= places.keys():  # or nothing is left that it could hold
            places[ANY_TYPE] = kinds
    points = _points(header, places)
    if points is not None:
        places |= {"lon": points, "lat": points}
    if "mmsi" not in places or not ({"lat", "lon"} <= places.keys() or {"name", "imo"} & places.keys()):
        missing = "mmsi" if "mmsi" not in places else "lat and lon"
        raise SourceError(
            f"has no column that is known to hold {missing} (its columns: {shown}); name them, such as "
            "--columns mmsi=MMSI,time=Time,lat=Lat,lon=Lon, with names or with numbers from 1"
        )
    layout, order, scaled = _layout({plain(name) for name in header}, header)
    factors = {
        holds: UNITS[holds][unit[1].lower()]
        for holds, place in places.items()
        if holds in UNITS and (unit := _IN_NAME.search(header[place])) and unit[1].lower() in UNITS[holds]
    } | dict(options.units)
    told = ", ".join(
        f"{holds}={header[place]}" for holds, place in sorted(places.items(), key=lambda p: p[1])
    )
    changed = "".join(
        f"; {holds} times {factor:.6g}" for holds, factor in sorted(factors.items()) if factor != 1
    )
    placed = {"lat", "lon"} <= places.keys()
    unplaced = "" if placed else f"; no column is known to hold positions (its columns: {shown})"
    note = f"read as {layout}: {told}{changed}{unplaced}"
    scaled = {holds: factor for holds, factor in scaled.items() if holds in places and holds not in factors}
    zone = _zone(header[places["time"]]) if "time" in places else ""
    return ColumnMap(layout, places, factors, order, note, scaled, points is not None, zone)


def _split(header: Sequence[str], guessed: dict[str, int], named: Mapping[str, int]) -> dict[str, int]:
    """The columns that hold parts of a time or of a position that no column holds as a whole."""
    split = {part: place for part, place in split_of(header).items() if place not in named.values()}
    found = {part: place for part, place in split.items() if part.endswith("_side")}
    for axis in ("lat", "lon"):
        if (
            f"{axis}_deg" in split
            and axis not in named
            and guessed.get(axis, split[f"{axis}_deg"]) in split.values()
        ):
            found |= {part: place for part, place in split.items() if part.startswith(axis)}
            found[axis] = found.pop(f"{axis}_deg")
    if "year" in split and "time" not in named and guessed.get("time") in (None, *split.values()):
        found |= {part: place for part, place in split.items() if part in CLOCK}
        found["time"] = split["year"]
        guessed.pop("date", None)
    return found


def _zone(name: str) -> str:
    """The zone behind the name of a column of times, as it is read behind a time."""
    match = _ZONED.search(name)
    zone = "" if match is None else (match[1] or match[2]).replace(" ", "")
    return (
        "" if zone.upper() in ("", "UTC", "UT", "GMT", "Z") else f" {zone if '/' in zone else zone.upper()}"
    )


def _zoned_time(header: Sequence[str], taken: Collection[int]) -> int | None:
    """The column that tells a zone beside that it holds the time: `Local Time`, `Time KST`. It is looked for
    where no other holds the time, so that one in UTC counts."""
    for place, name in enumerate(header):
        match = None if place in taken else _ZONED.search(name)
        if match is not None and (
            "time" in plain(name) if match[2] else field_of(name[: match.start()]) == "time"
        ):
            return place
    return None


def _any_type(header: Sequence[str], places: Mapping[str, int], taken: Collection[int]) -> int | None:
    """The column that is only called `type`, if it was not named by the user: its rows tell what it holds."""
    place = next((place for place, name in enumerate(header) if plain(name) == ANY_TYPE), None)
    others = {place for holds, place in places.items() if holds != "ship_type"}
    return None if place in taken or place in others else place


def _points(header: Sequence[str], places: Mapping[str, int]) -> int | None:
    """The column with points as texts, where positions have no columns of their own."""
    if {"lon", "lat"} & places.keys():
        return None
    return next((place for place, name in enumerate(header) if plain(name) in GEOMETRY), None)


def _place(header: Sequence[str], name: str, shown: str) -> int:
    same = [index for index, each in enumerate(header) if each == name]
    same = same or [index for index, each in enumerate(header) if plain(each) == plain(name) != ""]
    if same:
        return same[0]
    if name.isdecimal() and 1 <= int(name) <= len(header):
        return int(name) - 1
    raise SourceError(
        f"has no column {name!r}; --columns takes one of {shown}, or a number from 1 to {len(header)}"
    )


def _layout(names: set[str], header: Sequence[str]) -> tuple[str, DateOrder, Mapping[str, float]]:
    """The name of a known layout, the order of its dates, and the scales that its numbers may have."""
    if "basedatetime" in names:
        return "MarineCadastre (NOAA)", DateOrder.MONTH_FIRST, {}
    if "typeofmobile" in names:
        return "aisdk (Danish Maritime Authority)", DateOrder.DAY_FIRST, {}
    if {"distancefromshore", "distancefromport"} & names and "mmsi" in names:
        return "Global Fishing Watch", DateOrder.UNKNOWN, {}
    if {"mmsi", "lat", "lon", "speed", "timestamp"} <= names and (
        {"dsrc", "shipid"} & names or {"MMSI", "LAT", "LON", "SPEED", "COURSE", "TIMESTAMP"} <= set(header)
    ):
        return "MarineTraffic", DateOrder.UNKNOWN, TENTHS
    if {"navstat", "longitude", "latitude", "cog", "sog"} <= names and {"tstamp", "time"} & names:
        return "AISHub", DateOrder.UNKNOWN, AS_SENT
    if {"messageid", "repeatindicator"} <= names and "time" in names:
        return "exactEarth", DateOrder.UNKNOWN, {}
    if "collectiontype" in names or {"createdat", "msgtype"} <= names:
        return "Spire", DateOrder.UNKNOWN, {}
    return "a table by the names of its columns", DateOrder.UNKNOWN, {}
