"""Features: what a map shows of an event, each with the event's flat attributes.

The place of an event is a point. Each vessel whose positions are in the event's evidence has its track as
lines besides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from geofences.distance import haversine_m
from models.event import Event, Sample
from models.time import HOUR, from_text
from streams.output.event_files import COLUMNS, cells
from streams.output.sanitize import sanitize

FIELDS: Final = ("feature", "track_mmsi", *COLUMNS)
"""The attributes of every feature, in this order. docs/exports.md describes them."""
NUMBERS: Final = {
    "revision": int, "score": float, "lat": float, "lon": float, "duration_hours": float,
    "median_distance_km": float, "min_hull_gap_m": float,
}  # fmt: skip
"""The attributes that are numbers. All others are texts."""
TIMES: Final = ("start", "end", "detected")
"""The attributes that are times: RFC 3339, UTC."""

SILENCE: Final = HOUR
"""Milliseconds. No line is drawn through a longer silence, as no detector interpolates through one."""
KNOTS: Final = 50.0
"""No line is drawn through a step that would need a higher speed."""
_NEAR_M: Final = 1_000.0
"""A step this short never breaks a line: two fixes in one second may be from the two ends of a ship."""
_MILE_M: Final = 1_852.0


@dataclass(frozen=True, slots=True)
class Feature:
    """A geometry in degrees, WGS 84, cut at 180°, with a value or None for each of FIELDS.

    Texts are on one line, without control characters. They may hold `<` and `&`, and begin with `=`.
    """

    geometry: BaseGeometry
    attributes: dict[str, Any]


def features(event: Event) -> Iterator[Feature]:
    """The place of an event, then the tracks in its evidence, by MMSI."""
    row = dict(zip(COLUMNS, map(_plain, cells(event)), strict=True))
    place = shapely.Point(event.position.lon, event.position.lat)
    yield Feature(place, {"feature": "place", "track_mmsi": None, **row})
    by_vessel: dict[str, list[Sample]] = {}
    for sample in event.evidence.positions:
        by_vessel.setdefault(sample.ssvid, []).append(sample)
    for ssvid in sorted(by_vessel):
        if lines := _lines(by_vessel[ssvid]):
            whole = lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
            yield Feature(whole, {"feature": "track", "track_mmsi": ssvid, **row})


def _plain(cell: Any) -> Any:
    return sanitize(cell) if isinstance(cell, str) else cell


def _lines(samples: list[Sample]) -> list[shapely.LineString]:
    """The track in pieces of at least two positions: cut at silences, at leaps and at 180°."""
    pieces: list[list[tuple[float, float]]] = [[]]
    before: Sample | None = None
    for sample in sorted(samples, key=lambda each: from_text(each.time)):
        here = (sample.lon, sample.lat)
        if before is not None:
            if _apart(before, sample):
                pieces.append([])
            elif abs(sample.lon - before.lon) > 180:
                edge, lat = _crossing(before, sample)
                pieces[-1].append((edge, lat))
                pieces.append([(-edge, lat)])
        pieces[-1].append(here)
        before = sample
    return [shapely.LineString(piece) for piece in pieces if len(piece) > 1]


def _apart(one: Sample, other: Sample) -> bool:
    millis = from_text(other.time) - from_text(one.time)
    metres = float(haversine_m(one.lon, one.lat, other.lon, other.lat))
    return millis > SILENCE or metres > max(_NEAR_M, KNOTS * _MILE_M * millis / HOUR)


def _crossing(one: Sample, other: Sample) -> tuple[float, float]:
    """Where the step leaves the map at 180°: that longitude with the first one's sign, and the latitude."""
    edge = 180.0 if one.lon > 0 else -180.0
    whole = other.lon + 2 * edge - one.lon
    share = (edge - one.lon) / whole if whole else 0.0
    return edge, one.lat + share * (other.lat - one.lat)
