"""Claims of a minimal bundle: the positions and contacts of events that the lines of its vessels show.

Level, score and reasons of an event may rest on other ships, on coverage and on density, of which a minimal
bundle knows nothing. So it claims only the positions in the evidence of events that these lines alone give
again, and the distances between two ships at them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from geofences.distance import haversine_m
from models.event import Event, Sample
from models.report import Rows
from models.time import Millis, from_text
from streams.decoding.lines.byte_spans import Int64Array
from streams.evidence.witness import Witness

WHAT: Final = (
    "This bundle is minimal: it holds only the lines of the vessels that the events name. It claims the "
    "positions and contacts in claims.json, and nothing else. Levels, scores, reasons and all other fields "
    "of the events are as they were published; these lines can't prove them, because they also rest on other "
    "ships, on who was heard, and on how dense traffic was."
)


class ClaimedPosition(msgspec.Struct, frozen=True, rename="camel"):
    """Where a vessel was, degrees WGS 84; and how far from the other one of a contact, metres."""

    time: str
    ssvid: str
    lat: float
    lon: float
    distance_meters: float | None = None


class Contact(msgspec.Struct, frozen=True, rename="camel"):
    """When two vessels of an event were near each other, as far as positions show it."""

    first: str
    last: str
    instants: int
    min_distance_meters: float


class Claim(msgspec.Struct, frozen=True, rename="camel"):
    """What is claimed of one revision of an event, its latest."""

    event: str
    revision: int
    positions: tuple[ClaimedPosition, ...]
    unproved_positions: int
    """Positions in its evidence that these lines alone do not give again; they are not claimed."""
    contact: Contact | None


class _Key(NamedTuple):
    time: Millis
    mmsi: int


class _Place(NamedTuple):
    lat: float
    lon: float


def claims(published: Sequence[Event], heard: Witness) -> tuple[Claim, ...]:
    """What the lines that were heard show of the latest revision of each event, by id."""
    latest = {event.id: event for event in sorted(published, key=lambda event: event.revision)}
    times = {from_text(sample.time) for event in latest.values() for sample in event.evidence.positions}
    wanted = np.fromiter(sorted(times), np.int64)
    places, distances = _places(heard, wanted), _distances(heard, wanted)
    return tuple(_claim(latest[name], places, distances) for name in sorted(latest))


def to_json(found: Sequence[Claim]) -> bytes:
    """`claims.json`."""
    content = {"claims": found, "what": WHAT}
    return msgspec.json.format(msgspec.json.encode(content, order="deterministic"), indent=1) + b"\n"


def _claim(
    event: Event, places: dict[_Key, set[_Place]], distances: dict[_Key, dict[_Place, set[float]]]
) -> Claim:
    known = []
    for sample in event.evidence.positions:
        key, place = _key(sample), _Place(sample.lat, sample.lon)
        if place not in places.get(key, ()):
            continue
        apart = sample.distance_meters
        shown = apart if apart in distances.get(key, {}).get(place, ()) else None
        known.append(ClaimedPosition(sample.time, sample.ssvid, sample.lat, sample.lon, shown))
    near = [one for one in known if one.distance_meters is not None]
    contact = None
    if near:
        times = sorted({one.time for one in near}, key=from_text)
        least = min(one.distance_meters for one in near if one.distance_meters is not None)
        contact = Contact(times[0], times[-1], len(times), least)
    unproved = len(event.evidence.positions) - len(known)
    return Claim(event.id, event.revision, tuple(known), unproved, contact)


def _places(heard: Witness, times: Int64Array) -> dict[_Key, set[_Place]]:
    """Where each vessel was: on the grid, as sent, and in the evidence of what a replay finds."""
    found: dict[_Key, set[_Place]] = {}
    for rows in (heard.ticks, *heard.sent):
        for key, place, _ in _of_rows(rows, times):
            found.setdefault(key, set()).add(place)
    for sample in _samples(heard):
        found.setdefault(_key(sample), set()).add(_Place(sample.lat, sample.lon))
    return found


def _distances(heard: Witness, times: Int64Array) -> dict[_Key, dict[_Place, set[float]]]:
    """By vessel, time and place, how far other vessels were: on the grid, and in what a replay finds."""
    found: dict[_Key, dict[_Place, set[float]]] = {}
    together: dict[Millis, list[tuple[_Key, _Place, tuple[float, float]]]] = {}
    for row in _of_rows(heard.ticks, times):
        together.setdefault(row[0].time, []).append(row)
    for rows in together.values():
        for key, place, (lon, lat) in rows:
            for other, _, (there_lon, there_lat) in rows:
                if other.mmsi != key.mmsi:
                    apart = round(float(haversine_m(lon, lat, there_lon, there_lat)), 0)
                    found.setdefault(key, {}).setdefault(place, set()).add(apart)
    for sample in _samples(heard):
        if sample.distance_meters is not None:
            place = _Place(sample.lat, sample.lon)
            found.setdefault(_key(sample), {}).setdefault(place, set()).add(sample.distance_meters)
    return found


def _of_rows(rows: Rows, times: Int64Array) -> Iterator[tuple[_Key, _Place, tuple[float, float]]]:
    """Key, place as events round it, and position, of each row at one of these times that has one."""
    rows = rows[np.isin(rows["time"], times) & np.isfinite(rows["lon"]) & np.isfinite(rows["lat"])]
    columns = (rows[name].tolist() for name in ("time", "mmsi", "lon", "lat"))
    for time, mmsi, lon, lat in zip(*columns, strict=True):
        yield _Key(time, mmsi), _Place(round(lat, 5), round(lon, 5)), (lon, lat)


def _samples(heard: Witness) -> Iterable[Sample]:
    return (sample for event in (*heard.events, *heard.others) for sample in event.evidence.positions)


def _key(sample: Sample) -> _Key:
    return _Key(from_text(sample.time), int(sample.ssvid))
