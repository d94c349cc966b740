"""What a question names: a vessel in an archive, a place on the map, and times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import shapely

from geofences.distance import area_distance_km, expand, haversine_m
from geofences.fence import Fence
from geofences.layer import Floats
from models.errors import meant, question
from models.time import Millis, to_text
from models.vessel import imo_is_valid
from models.watchlist import plain_name
from streams.archive.database import Database, QueryError

MILE_KM: Final = 1.852


@dataclass(frozen=True, slots=True)
class Ship:
    """A vessel that a question is about: every MMSI under which it was heard, and what it was found by."""

    mmsis: tuple[int, ...]
    imo: int | None
    asked: str


def find_ship(database: Database, text: str) -> Ship:
    """The vessel with this IMO number (seven digits), MMSI (nine digits) or name.

    By IMO number it is found under every MMSI that it sent that number with. Raises QueryError if there is no
    such vessel, or if several have the name.
    """
    asked = " ".join(text.split())
    word, _, number = asked.upper().rpartition(" ")
    digits = number if word in ("", "IMO", "MMSI") and number.isdecimal() else ""
    if len(digits) == 9 and word != "IMO":
        return _by_mmsi(database, int(digits), asked)
    if digits and (word == "IMO" or len(digits) == 7):
        return _by_imo(database, int(digits), asked)
    if digits:
        raise QueryError(f"{text!r} is no vessel: an MMSI has nine digits, an IMO number seven")
    return _by_name(database, asked)


def _by_mmsi(database: Database, mmsi: int, asked: str) -> Ship:
    known = database.rows(
        "SELECT imo FROM vessels WHERE mmsi = $mmsi UNION ALL SELECT NULL FROM "
        "(SELECT mmsi FROM ticks WHERE mmsi = $mmsi LIMIT 1) UNION ALL SELECT NULL FROM "
        "(SELECT id FROM revisions WHERE list_contains(mmsis, $mmsi) LIMIT 1)",
        {"mmsi": mmsi},
    )
    if not known:
        raise _unknown(database, f"MMSI {mmsi:09d}")
    return Ship((mmsi,), next((row["imo"] for row in known if row["imo"]), None), asked)


def _by_imo(database: Database, imo: int, asked: str) -> Ship:
    if not imo_is_valid(imo):
        raise QueryError(f"{asked!r}: {imo} is no IMO number: its check digit is wrong; correct it")
    found = database.rows(
        "SELECT DISTINCT mmsi FROM (SELECT mmsi FROM identities WHERE imo = $imo UNION ALL "
        "SELECT mmsi FROM revisions WHERE imo = $imo UNION ALL "
        "SELECT other_mmsi FROM revisions WHERE other_imo = $imo) WHERE mmsi IS NOT NULL ORDER BY 1",
        {"imo": imo},
    )
    if not found:
        raise _unknown(database, f"IMO number {imo}")
    return Ship(tuple(row["mmsi"] for row in found), imo, asked)


def _by_name(database: Database, asked: str) -> Ship:
    known = database.rows("SELECT DISTINCT mmsi, imo, name FROM identities WHERE name IS NOT NULL")
    same = [row for row in known if plain_name(row["name"]) == plain_name(asked)]
    if not same:
        names = {row["name"] for row in known}
        holding = sorted(name for name in names if asked.upper() in name.upper())[:3]
        raise _unknown(database, f"name {asked!r}", question(holding) or meant(asked.upper(), names))
    imos = {row["imo"] for row in same} - {None}
    mmsis = tuple(sorted({row["mmsi"] for row in same}))
    if len(mmsis) > 1 and len(imos) != 1:
        ships = ", ".join(f"MMSI {mmsi:09d}" for mmsi in mmsis[:10])
        raise QueryError(f"{asked!r} is the name of several vessels; ask for one of them: {ships}")
    return Ship(mmsis, next(iter(imos), None), asked)


def _unknown(database: Database, what: str, like: str = "") -> QueryError:
    return QueryError(
        f"{database.folder}: no vessel with {what} was heard{like}; the table `vessels` has those that said "
        "who they are"
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a question is about: fences, or a position in degrees."""

    name: str
    fences: tuple[Fence, ...] = ()
    lon: float = 0.0
    lat: float = 0.0

    def distance_km(self, lon: Floats, lat: Floats) -> Floats:
        """Kilometres to it, row by row; 0 inside a fence."""
        if self.fences:
            return area_distance_km(lon, lat, self.fences)
        return haversine_m(lon, lat, self.lon, self.lat) / 1000

    def boxes(self, kilometres: float) -> list[dict[str, float]]:
        """Boxes that hold everything this near: one, or two where 180° runs through it."""
        shapes = [fence.geometry for fence in self.fences] or [shapely.MultiPoint([(self.lon, self.lat)])]
        parts = [
            part
            for shape in shapes
            # a little more, since growing is right to 0.2 % only
            for part in shapely.get_parts(expand(shape, kilometres * 1010 + 100))
        ]
        west = [part.bounds for part in parts if part.bounds[0] < 0]
        east = [part.bounds for part in parts if part.bounds[0] >= 0]
        return [_box(group) for group in (west, east) if group]


def _box(bounds: Sequence[tuple[float, ...]]) -> dict[str, float]:
    west, south, east, north = np.array(bounds).T
    return {
        "west": float(west.min()), "south": float(south.min()),
        "east": float(east.max()), "north": float(north.max()),
    }  # fmt: skip


def find_place(text: str, fences: Iterable[Fence]) -> Place:
    """The place `LAT,LON`, or the fences with this id, UN/LOCODE, port, or name or part of it.

    Raises QueryError for a place that is not on the map, or that no fence is called.
    """
    if (position := _position(text)) is not None:
        lat, lon = position
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise QueryError(f"{text!r} is not on the map; give latitude, longitude in degrees: 42.7,133.0")
        return Place(text, (), lon, lat)
    every, wanted = list(fences), text.strip().casefold()
    for fits in (
        lambda fence: wanted in (fence.id.casefold(), fence.call.casefold()),
        lambda fence: wanted == fence.name.casefold(),
        lambda fence: bool(wanted) and wanted in fence.name.casefold(),
    ):
        if found := tuple(fence for fence in every if fits(fence)):
            return Place(text, found)
    like = meant(text, {each for fence in every for each in (fence.id, fence.name)})
    raise QueryError(
        f"{text!r} is no place{like}; give latitude,longitude or a fence, as `tankerwatch fences list` shows "
        "them"
    )


def _position(text: str) -> tuple[float, float] | None:
    parts = text.split(",")
    try:
        lat, lon = map(float, parts)
    except ValueError:
        return None
    return lat, lon


def moment(time: Millis) -> datetime:
    """A time as queries take it."""
    return datetime.fromisoformat(to_text(time)).astimezone(UTC)


def miles(kilometres: Any) -> float:
    """Nautical miles, to a tenth; to a hundredth below one."""
    value = float(kilometres) / MILE_KM
    return round(value, 1 if value >= 1 else 2)
