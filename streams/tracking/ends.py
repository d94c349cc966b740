"""Ends: where the tracks of vessels with one track ended, and how they got there, in columns.

Nearly all vessels have one track that goes on, so their tracks move on as columns. A Segment is made of a row
where one vessel is looked at by itself.
"""

import struct
from collections.abc import Iterable
from operator import attrgetter
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from models.report import IS_COARSE, Rows
from models.vessel import OffTrack
from streams.runtime.compiled import compiled
from streams.tracking.motion import KEPT, TRAIL
from streams.tracking.track import Place, Segment, TrackSettings

END: Final = np.dtype(
    [
        ("there", "?"),  # there is a track at all
        ("had_before", "?"),
        ("number", "u2"),
        ("time", "i8"),
        ("lon", "f8"),
        ("lat", "f8"),
        ("sog", "f4"),
        ("cog", "f4"),
        ("heading", "f4"),
        ("status", "u1"),
        ("fixes", "i8"),
        ("coarse", "?"),
        ("knots", "f8"),
        ("contradicted", "?"),
        ("run", "i8"),
        ("run_fixes", "i8"),
        ("before", [("time", "i8"), ("lon", "f8"), ("lat", "f8"), ("knots", "f8")]),
        ("trail", TRAIL, (KEPT,)),
    ]
)
"""The fields of a Segment that change with every fix, or that a silence leaves behind."""
_SAME: Final = (END.names or ())[2:-2]
"""Fields that a row and a Segment have under the same name."""
_same: Final = attrgetter(*_SAME)
_pack: Final = struct.Struct(f"=??HqddfffBq?d?qqqddd{TRAIL.itemsize * KEPT}s").pack
_NO_TRAIL: Final = np.zeros(KEPT, TRAIL)
_BLANK: Final = np.zeros(1, END)


class TrackedVessel(Protocol):
    """What is read and changed of a vessel's state."""

    mmsi: int
    segments: list[Segment]
    off_track: list[OffTrack]
    shared_at: int


class TrackedFleet(Protocol):
    """The vessels, and the ends of those tracks that are in columns."""

    ends: Rows
    """END rows by slot."""
    in_columns: npt.NDArray[np.bool_]
    """By slot: whether the row in `ends` is the vessel's only track, and it has no Segment."""

    step_east: npt.NDArray[np.int32]
    step_north: npt.NDArray[np.int32]
    """By slot: what a vessel's positions are rounded to (`streams.tracking.resolution`)."""

    def slots_of(self, mmsis: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]: ...
    def whole(self, mmsi: int) -> TrackedVessel: ...
    def put_in_columns(self, mmsi: int) -> None: ...


def is_ordinary(segment: Segment) -> bool:
    """Whether a row says all of it."""
    return (
        segment.believed
        and segment.still is None
        and segment.leap is None
        and segment.home is None
        and not (segment.held or segment.blocks or segment.others)
        and not (segment.was_believed or segment.follows)
    )


def segment_of(ends: Rows, at: int) -> Segment | None:
    """A row as an object; None if there is no track."""
    there, had_before, *values, knots, contradicted, run, run_fixes, before, trail = ends[at].item()
    if not there:
        return None
    place = Place(*before) if had_before else None
    number, time, lon, lat, sog, cog, heading, status, fixes, coarse = values
    first = number, time, lon, lat, sog, cog, heading, status, fixes, coarse
    return Segment(*first, True, knots, contradicted, trail.tobytes(), run, run_fixes, place)


def write_back(ends: Rows, at: int, segment: Segment) -> None:
    """Change an object to what a row says."""
    _, had_before, *values, before, trail = ends[at].item()
    for name, value in zip(_SAME, values, strict=True):
        setattr(segment, name, value)
    segment.before = Place(*before) if had_before else None
    segment.trail = trail.tobytes()


def row_of(segment: Segment) -> tuple[object, ...]:
    """An object as a row of END."""
    g, before = segment, segment.before
    place = (before.time, before.lon, before.lat, before.knots) if before else (0, 0.0, 0.0, 0.0)
    trail = np.frombuffer(g.trail, TRAIL) if g.trail else _NO_TRAIL
    return (True, before is not None, *_same(g), place, trail)


def rows_of(segments: Iterable[Segment]) -> Rows:
    """Objects as rows of END: as bytes, in half the time."""
    return np.frombuffer(b"".join(map(_packed, segments)), END)


def _packed(segment: Segment) -> bytes:
    g, before = segment, segment.before
    place = (before.time, before.lon, before.lat, before.knots) if before else (0, 0.0, 0.0, 0.0)
    return _pack(True, before is not None, *_same(g), *place, g.trail)


def go_on(
    ends: Rows,
    rows: Rows,
    starts: npt.NDArray[np.intp],
    stops: npt.NDArray[np.intp],
    since: npt.NDArray[np.intp],
    s: TrackSettings,
) -> None:
    """Move tracks on over the rows from `starts` to `stops`, POSITION; those that are not there begin.

    `since` is the last row that came after a silence, or by a leap that the speed does not explain, -1 for
    none: from there on the track has to be confirmed again (`streams.tracking.places.restart`).
    """
    _go_on(ends, rows, starts, stops, since, s.confirmed_fixes, IS_COARSE, _BLANK)


@compiled
def _go_on(
    ends: Rows,
    rows: Rows,
    starts: npt.NDArray[np.intp],
    stops: npt.NDArray[np.intp],
    since: npt.NDArray[np.intp],
    confirmed_fixes: int,
    is_coarse: npt.NDArray[np.bool_],
    blank: Rows,
) -> None:
    for i in range(len(starts)):
        if not ends[i].there:
            ends[i] = blank[0]
            ends[i].there = True
            ends[i].knots = np.nan
            ends[i].run = rows[starts[i]].time
        end, again = ends[i], since[i]
        if again < 0:
            end.run_fixes += stops[i] - starts[i]
        else:
            end.run_fixes += again - starts[i]
            if not end.had_before or end.run_fixes >= confirmed_fixes:
                before = end.before
                if again == starts[i]:  # it was at the end of the track, at the speed known there
                    before.time, before.lon, before.lat = end.time, end.lon, end.lat
                    unknown = end.contradicted or np.isnan(end.sog)
                    before.knots = end.knots if unknown else np.float64(end.sog)
                else:
                    earlier = rows[again - 1]
                    before.time, before.lon, before.lat = earlier.time, earlier.lon, earlier.lat
                    before.knots = earlier.sog
            end.had_before = True
            end.run, end.run_fixes = rows[again].time, stops[i] - again
        last = rows[stops[i] - 1]
        end.fixes += stops[i] - starts[i]
        end.time, end.lon, end.lat = last.time, last.lon, last.lat
        end.sog, end.cog, end.heading, end.status = last.sog, last.cog, last.heading, last.status
        end.coarse = is_coarse[last.type]
