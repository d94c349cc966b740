"""Heard: who was heard in and around watched fences and ports, and where each was at a past time.

Sightings are often known days later than their time, so positions are remembered for longer than for
meetings, but only near these. Of a vessel that a sighting names which is not judged yet, they are remembered
wherever it is, from when the sighting is known: it cannot have been in two places. Where it was before that
is known only near these fences and ports.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon, Polygon

from geofences.distance import expand, haversine_m
from geofences.fence import Fence
from geofences.grown import boxes
from models.report import Rows, distinct, joined
from models.time import HOUR, MINUTE, Millis
from streams.detection.sightings.settings import SightingSettings

NEAR: Final = np.dtype(
    [("time", "i8"), ("mmsi", "u4"), ("segment", "u2"), ("lon", "f8"), ("lat", "f8"), ("sog", "f4")]
)
_CELLS: Final = 4
"""Cells of the grid in a degree."""
_DRIFT_KNOTS: Final = 2.0
"""A vessel whose speed is not known may have moved so fast. Source: what counts as slow elsewhere."""
_BEND: Final = 0.15
"""Between two positions a vessel may be off the straight line by this share of their distance. Judgement."""
_KNOT: Final = 1852 / HOUR
"""Metres in a millisecond."""


class Heard(NamedTuple):
    """A vessel that was heard, where it was at a time, and by how many metres that may be wrong."""

    mmsi: int
    lon: float
    lat: float
    slack: float


class HeardVessels:
    """State: positions by the hour, and since when they are complete.

    The state is kept in one piece for each hour. The names of those that change are added to `changed`.
    """

    def __init__(self, fences: Iterable[Fence], settings: SightingSettings, changed: set[str]) -> None:
        self._settings = settings
        self._changed = changed
        self._near = _cells_near(tuple(fence.geometry for fence in fences), settings.around_km * 1000)
        self._hours: dict[int, list[Rows]] = {}
        self._count = 0
        self._since: Millis | None = None

    def learn(self, rows: Rows, instant: Millis, step: Millis, named: Collection[int] = ()) -> None:
        """Take in the ticks that come at an instant, of those MMSIs that are `named` wherever they are."""
        if self._since is None:
            self._since = instant - step
            self._changed.add("near/since")
        if not len(rows):
            return
        wanted = self._near.find(rows["lon"], rows["lat"])
        if named:
            wanted |= np.isin(rows["mmsi"], np.array(sorted(named), "u4"))
        rows = rows.compress(wanted)
        if not len(rows):
            return
        kept = np.empty(len(rows), NEAR)
        for name in NEAR.names or ():
            kept[name] = rows[name]
        hours = kept["time"] // HOUR
        for hour in distinct(hours):
            part = kept.compress(hours == hour)
            self._hours.setdefault(hour, []).append(part)
            self._count += len(part)
            self._changed.add(f"near/{hour}")
        while self._count > self._settings.most_positions:
            self._forget(min(self._hours))

    def covers(self, time: Millis, instant: Millis) -> bool:
        """Whether at an instant all is known that was heard at a time."""
        if self._since is None or time < instant - self._settings.memory:
            return False
        return time - self._alone >= self._since

    def at(self, time: Millis) -> list[Heard]:
        """Who was heard then, by MMSI and track segment."""
        return list(self._at(time))

    def prune(self, instant: Millis) -> None:
        """Once an hour, forget what is too old to be asked for."""
        if instant % HOUR == 0:
            oldest = (instant - self._settings.memory - 2 * self._settings.wait) // HOUR
            for hour in [hour for hour in self._hours if hour < oldest]:
                self._forget(hour)

    def _forget(self, hour: int) -> None:
        self._count -= sum(map(len, self._hours.pop(hour)))
        self._since = max(self._since or 0, (hour + 1) * HOUR)
        self._changed |= {f"near/{hour}", "near/since"}

    @property
    def _alone(self) -> Millis:
        return round(self._settings.alone_minutes * MINUTE)

    def _at(self, time: Millis) -> Iterator[Heard]:
        s = self._settings
        first, last = (time - s.wait) // HOUR, (time + s.wait) // HOUR
        rows = joined([part for hour in range(first, last + 1) for part in self._hours.get(hour, [])], NEAR)
        rows = rows[np.abs(rows["time"] - time) <= s.wait]
        rows = rows[np.lexsort([rows["time"], rows["segment"], rows["mmsi"]])]
        if not len(rows):
            return
        turn = (rows["mmsi"][1:] != rows["mmsi"][:-1]) | (rows["segment"][1:] != rows["segment"][:-1])
        for run in np.split(rows, np.flatnonzero(turn) + 1):
            i = int(np.searchsorted(run["time"], time, "right"))
            if i and run["time"][i - 1] == time:
                yield _between(run[i - 1], run[i - 1], time)
                continue
            if 0 < i < len(run):
                yield _between(run[i - 1], run[i], time)
                continue
            alone = run[i - 1] if i else run[i]
            away = abs(int(alone["time"]) - time)
            if away <= self._alone:
                sog = float(alone["sog"])
                knots = _DRIFT_KNOTS if math.isnan(sog) else max(_DRIFT_KNOTS, sog)
                yield Heard(
                    int(alone["mmsi"]), float(alone["lon"]), float(alone["lat"]), knots * _KNOT * away
                )

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        since = {"near/since"} if self._since is not None else set[str]()
        return since | {f"near/{hour}" for hour in self._hours}

    def piece(self, name: str) -> object | None:
        """What one piece holds; None where it is gone."""
        if name == "since":
            return self._since
        parts = self._hours.get(int(name))
        return None if parts is None else joined(parts, NEAR).tobytes()

    def load(self, pieces: Iterable[tuple[str, bytes]]) -> None:
        """Replace the state by these pieces: name and what it holds."""
        self._hours, self._since = {}, None
        for name, data in pieces:
            if name == "since":
                self._since = msgspec.msgpack.decode(data, type=Millis)
            else:
                rows = np.frombuffer(msgspec.msgpack.decode(data, type=bytes), NEAR)
                self._hours[int(name)] = [rows]
        self._count = sum(len(part) for parts in self._hours.values() for part in parts)


def _between(before: Rows, after: Rows, time: Millis) -> Heard:
    """Where a vessel was between two of its positions, on a straight line."""
    start, end = int(before["time"]), int(after["time"])
    share = (time - start) / (end - start) if end > start else 0.0
    lon, lat = float(before["lon"]), float(before["lat"])
    east = (float(after["lon"]) - lon + 180) % 360 - 180
    metres = float(haversine_m(lon, lat, float(after["lon"]), float(after["lat"])))
    return Heard(
        int(before["mmsi"]),
        (lon + share * east + 180) % 360 - 180,
        lat + share * (float(after["lat"]) - lat),
        _BEND * metres,
    )


def _cell(degrees: npt.NDArray[np.float64], half: int) -> npt.NDArray[np.intp]:
    cells = np.floor((degrees + half) * _CELLS).astype(np.intp)
    return np.clip(cells, 0, 2 * half * _CELLS - 1)


class _CellsNear:
    """Cells of a grid of the world that lie in the boxes round areas, grown by a distance. An area is grown
    when a position first comes near it: most recordings come near few. Has no state but what it may forget.
    """

    def __init__(self, areas: Sequence[Polygon | MultiPolygon], metres: float) -> None:
        self._areas, self._metres = areas, metres
        (west, south, east, north), self._number = boxes(areas, metres)
        self._sides = [_cell(south, 90), _cell(north, 90), _cell(west, 180), _cell(east, 180)]
        self._near = np.zeros((180 * _CELLS, 360 * _CELLS), bool)
        self._waiting = np.zeros_like(self._near)
        self._mark_waiting()

    def find(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which positions lie in such a cell, degrees."""
        y, x = _cell(lat, 90), _cell(lon, 180)
        waiting = self._waiting[y, x]
        if waiting.any():
            self._come_near(*np.unique([y[waiting], x[waiting]], axis=1))
        found: npt.NDArray[np.bool_] = self._near[y, x]
        return found

    def _come_near(self, y: npt.NDArray[np.intp], x: npt.NDArray[np.intp]) -> None:
        """Grow all areas that may reach to these cells."""
        south, north, west, east = self._sides
        reaches = (south <= y[:, None]) & (y[:, None] <= north) & (west <= x[:, None]) & (x[:, None] <= east)
        reached = np.unique(self._number[reaches.any(axis=0)])
        for i in reached.tolist():
            shape = expand(self._areas[i], self._metres)
            for part in getattr(shape, "geoms", [shape]):
                left, bottom, right, top = part.bounds
                rows, columns = _cell(np.array([bottom, top]), 90), _cell(np.array([left, right]), 180)
                self._near[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = True
        rest = ~np.isin(self._number, reached)
        self._number, self._sides = self._number[rest], [side[rest] for side in self._sides]
        self._mark_waiting()

    def _mark_waiting(self) -> None:
        self._waiting[:] = False
        for south, north, west, east in zip(*self._sides, strict=True):
            self._waiting[south : north + 1, west : east + 1] = True


@lru_cache(maxsize=4)
def _cells_near(areas: tuple[Polygon | MultiPolygon, ...], metres: float) -> _CellsNear:
    """All stages with these fences share it."""
    return _CellsNear(areas, metres)
