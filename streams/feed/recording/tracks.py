"""The tracks of a recording: all ticks of every vessel, packed, as they were known at any moment."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from models.last_position import (
    POINT,
    SEGMENTS,
    LastPosition,
    TrackPoint,
    pack_points,
    unpack_points,
)
from models.report import Rows
from models.time import BEGINNING, Millis
from streams.store.coverage import cells_heard

POINTS: Final = 2_016
"""The most points kept of one vessel: a week of ticks every five minutes, 48 kB. The oldest are dropped."""
_SPARE: Final = 504
"""Points dropped at once, so that a full track is not moved in memory with every tick."""

_MOMENTS: Final = 32
"""Moments of the past of which the cells are remembered."""

_ROW: Final = np.dtype([("known_at", "<u4"), ("point", POINT)])
"""`known_at`: the instant at which the tick became known, in seconds. Later than the tick's own time if it
was filled in afterwards."""


class Tracks:
    """All ticks so far, and what was known of them at any instant."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Track] = {}
        self._latest = BEGINNING  # the last instant
        self._cells: dict[int, Millis] = {}  # of all that is known by then; there are no more than cells
        self._past: dict[
            Millis, dict[int, Millis]
        ] = {}  # the same for earlier moments, the latest asked last

    def add(self, instant: Millis, ticks: Rows) -> None:
        """Add what became known at an instant, which must not be before the last one added."""
        if not len(ticks):
            return
        ticks = ticks[np.argsort(ticks["mmsi"], kind="stable")]
        rows = np.empty(len(ticks), _ROW)
        rows["known_at"], rows["point"] = instant // 1000, pack_points(ticks)
        self._latest = instant
        for cell, time in _cells(rows["point"]).items():
            self._cells[cell] = max(time, self._cells.get(cell, time))
        mmsis, starts = np.unique(ticks["mmsi"], return_index=True)
        for mmsi, some in zip(mmsis.tolist(), np.split(rows, starts[1:]), strict=True):
            track = self._tracks.get(mmsi)
            if track is None:
                track = self._tracks[mmsi] = _Track()
            track.add(some)

    def heard(self, now: Millis) -> dict[int, Millis]:
        """The time of every vessel's latest tick that is known at `now`, by MMSI."""
        return {
            mmsi: int(row["point"]["time"]) * 1000
            for mmsi, track in self._tracks.items()
            if (row := track.last(now)) is not None
        }

    def coverage(self, since: Millis, now: Millis) -> dict[int, Millis]:
        """The time of the latest tick in each cell that is known at `now`, of those since `since`."""
        cells = self._cells if now >= self._latest else self._cells_at(now)
        return {cell: time for cell, time in cells.items() if time >= since // 1000 * 1000}

    def _cells_at(self, now: Millis) -> dict[int, Millis]:
        cells = self._past.pop(now, None)
        if cells is None:
            known = [np.empty(0, POINT), *(track.known(now)["point"] for track in self._tracks.values())]
            cells = _cells(np.concatenate(known))
        self._past[now] = cells
        if len(self._past) > _MOMENTS:
            del self._past[next(iter(self._past))]
        return cells

    def whereabouts(self, mmsis: Iterable[int], now: Millis) -> list[LastPosition]:
        found = []
        for mmsi in mmsis:
            track = self._tracks.get(mmsi)
            if track is not None and (row := track.last(now)) is not None:
                found.append(_last_position(mmsi, row, track.segments(now)))
        return found

    def points(self, mmsi: int, now: Millis) -> tuple[TrackPoint, ...]:
        track = self._tracks.get(mmsi)
        return tuple(unpack_points(track.known(now)["point"].tobytes())) if track else ()


def _cells(points: Rows) -> dict[int, Millis]:
    """The time of the latest of these packed points in each cell."""
    places = np.empty(len(points), [("time", "i8"), ("lon", "f8"), ("lat", "f8")])
    places["time"] = points["time"].astype("i8") * 1000
    places["lon"], places["lat"] = points["lon"] / 1e6, points["lat"] / 1e6
    return cells_heard(places)


class _Track:
    """A vessel's rows, in the order in which they became known, in an array that grows."""

    __slots__ = ("_count", "_rows")

    def __init__(self) -> None:
        self._rows = np.empty(8, _ROW)
        self._count = 0

    def add(self, rows: Rows) -> None:
        if self._count + len(rows) > POINTS:
            keep = max(0, POINTS - _SPARE - len(rows))
            self._rows[:keep] = self._rows[self._count - keep : self._count].copy()
            self._count, rows = keep, rows[-POINTS:]
        if self._count + len(rows) > len(self._rows):
            size = min(POINTS, max(2 * len(self._rows), self._count + len(rows)))
            grown = np.empty(size, _ROW)
            grown[: self._count] = self._rows[: self._count]
            self._rows = grown
        self._rows[self._count : self._count + len(rows)] = rows
        self._count += len(rows)

    def known(self, now: Millis) -> Rows:
        rows = self._rows[: self._count]
        if not len(rows) or int(rows["known_at"][-1]) * 1000 <= now:  # nearly always
            return rows
        return rows[: int(np.searchsorted(rows["known_at"], now // 1000, side="right"))]

    def last(self, now: Millis) -> Any:
        """The row of the latest tick, or None. The rows of an MMSI in several places come in turn."""
        rows = self.known(now)[-2 * SEGMENTS :]
        if not len(rows):
            return None
        return rows[len(rows) - 1 - int(np.argmax(rows["point"]["time"][::-1]))]

    def segments(self, now: Millis) -> dict[str, Millis]:
        """The time of the latest tick of each of the latest track segments."""
        rows = self.known(now)["point"]
        latest = dict(zip(rows["segment"].tolist(), rows["time"].tolist(), strict=True))
        newest = sorted(latest.items(), key=lambda pair: pair[1])[-SEGMENTS:]
        return {str(segment): time * 1000 for segment, time in newest}


def _last_position(mmsi: int, row: Any, segments: dict[str, Millis]) -> LastPosition:
    (point,) = unpack_points(row["point"].tobytes())
    return LastPosition(
        mmsi=mmsi,
        time=point.time,
        lat=point.lat,
        lon=point.lon,
        speed_knots=point.speed_knots,
        course=point.course,
        heading=point.heading,
        status=point.status,
        segments=segments,
    )
