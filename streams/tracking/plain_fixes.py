"""Plain fixes: those that just go on with a track, in one compiled loop.

Two ships that share an MMSI are heard all the time, each in reach of its own track alone; and before and
after a wild fix a ship goes on as ever. `streams.tracking.places` has the rules, and looks by itself at each
fix that asks for more of them: one in reach of no track or of two, or of one that is not believed, or after a
silence or a leap.
"""

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from models.report import IS_COARSE, Rows
from models.time import HOUR, MINUTE, Millis
from streams.runtime.compiled import compiled
from streams.tracking.ends import rows_of, write_back
from streams.tracking.one_ship import Reach, credible, is_reachable, reach_of
from streams.tracking.track import Segment, TrackSettings, is_confirmed, metres_between


class PlainVessel(Protocol):
    """What is read and changed of a vessel's state."""

    segments: list[Segment]
    shared_at: Millis


def go_on_plainly(vessel: PlainVessel, rows: Rows, numbers: Rows, s: TrackSettings) -> int:
    """Move the tracks of an MMSI on over its fixes, POSITION rows by time, up to the first that is not plain.

    Returns how many were, and writes the number of the track of each. Positions must not be rounded.
    """
    segments = vessel.segments
    if not segments:
        return 0
    tracks, blocks = rows_of(segments).copy(), np.zeros(len(segments), np.int64)
    believed = np.array([segment.believed for segment in segments])
    idle = np.array([_idle(segment, s) for segment in segments] if len(segments) > 1 else [math.inf])
    rule = idle, believed, reach_of(s), s.confirmed_fixes, IS_COARSE
    count = _go_on(rows, tracks, *rule, numbers, blocks)
    if not count:
        return 0
    for at, segment in enumerate(segments):
        if not segment.believed:
            segment.others += count
        elif tracks["fixes"].item(at) > segment.fixes:
            trail = segment.trail
            write_back(tracks, at, segment)
            segment.trail = trail
            segment.blocks += blocks.item(at)
    if believed.sum() > 1:
        vessel.shared_at = rows["time"].item(count - 1)
    return count


def _idle(segment: Segment, s: TrackSettings) -> float:
    """Milliseconds without a fix after which `drop_dead` may forget it."""
    lasting = segment.was_believed or (segment.believed and is_confirmed(segment, s))
    return s.idle_hours * HOUR if lasting else s.unconfirmed_minutes * MINUTE


@compiled
def _go_on(
    rows: Rows,
    tracks: Rows,
    idle: Floats,
    believed: npt.NDArray[np.bool_],
    limits: Reach,
    confirmed_fixes: int,
    is_coarse: npt.NDArray[np.bool_],
    numbers: Rows,
    blocks: npt.NDArray[np.int64],
) -> int:
    """`tracks` are END rows, `blocks` how often each was heard after another one. As `_track_of` of
    `streams.tracking.places`."""
    for k in range(len(rows)):
        row, found, newest = rows[k], -1, tracks[0].time
        for at in range(1, len(tracks)):
            newest = max(newest, tracks[at].time)
        for at in range(len(tracks)):
            track = tracks[at]
            dt, contested = np.float64(row.time - track.time), track.time < newest
            own = np.fmax(np.float64(track.sog), track.knots)
            if track.had_before and track.run_fixes < confirmed_fixes:
                own = track.before.knots
            knots = own if np.isnan(row.sog) else credible(np.float64(row.sog), own, dt, limits)
            metres = metres_between(track.lon, track.lat, row.lon, row.lat)
            if dt > idle[at]:
                return k
            if is_reachable(dt, metres, knots, contested, limits):
                leapt = not is_reachable(dt, metres, own if contested else knots, True, limits)
                if found >= 0 or not believed[at] or dt > limits.silence or leapt:
                    return k
                found = at
        if found < 0:
            return k
        track, numbers[k] = tracks[found], tracks[found].number
        blocks[found] += track.time < newest
        track.time, track.lon, track.lat = row.time, row.lon, row.lat
        track.sog, track.cog, track.heading, track.status = row.sog, row.cog, row.heading, row.status
        track.coarse = is_coarse[row.type]
        track.fixes += 1
        track.run_fixes += 1
    return len(rows)
