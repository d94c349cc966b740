"""The fixes of one track in one step of the grid, as detectors see them: with speeds and surroundings."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, haversine_m
from geofences.surroundings import Surroundings
from models.report import Rows
from streams.tracking.ticks import speed
from streams.tracking.track import TrackSettings


class Fixes(msgspec.Struct, frozen=True):
    """Columns, a row a fix. The first row is the last fix before this step, if the track had one."""

    time: npt.NDArray[np.int64]
    lon: Floats
    lat: Floats
    sog: Floats
    """Knots as reported, NaN where not."""
    dt: Floats
    """Milliseconds since the fix before; of no meaning in the first row."""
    knots: Floats
    """Knots as reported, or as the positions imply where that is missing or contradicted
    (`streams.tracking.motion`); NaN where neither is known."""
    mean_knots: Floats
    """Mean speed since the fix before (`streams.tracking.ticks.speed`); NaN for the first row."""
    long: npt.NDArray[np.bool_]
    """Whether the fix before is so long ago that the mean speed tells more than the reported one."""
    status: npt.NDArray[np.uint8]
    cog: Floats
    """Course over ground as reported, degrees, NaN where not."""
    heading: Floats
    """True heading as reported, degrees, NaN where not."""
    suppressed: npt.NDArray[np.bool_]
    """Inside a fence with the policy `suppress`."""
    sts: npt.NDArray[np.bool_]
    """Inside an area known for ship-to-ship transfers."""
    fence: npt.NDArray[np.int64]
    """Number of the port's fence that the fix is in, -1 for none."""
    port: npt.NDArray[np.int64]
    """Number of that fence's port, -1 for none."""
    passing: npt.NDArray[np.bool_]
    """Whether that fence is a lock or a fairway."""
    near_ports: Sequence[tuple[int, ...]]
    """Numbers of the ports that the fix is in, between whose zones it is, or near which it is."""
    new: int
    """Row of the first fix of this step: 1, or 0 for a track that begins."""


def fixes_of(
    rows: Rows,
    knots: Floats,
    starts: Sequence[int],
    new: Sequence[int],
    surroundings: Surroundings,
    near_metres: float,
    join_metres: float,
    s: TrackSettings,
) -> list[Fixes]:
    """The fixes of several tracks, worked out together.

    `rows` are POSITION rows of one track after the other, `knots` their speeds, `starts` where each begins,
    `new` the first new row within each. `near_metres` is how far from a port counts as near, `join_metres`
    how far apart its zones may be for what lies between them to belong to it.
    """
    length, first = len(rows), np.array(starts)
    dt = np.diff(rows["time"], prepend=rows["time"][:1]).astype("f8")
    metres = np.zeros(length)
    metres[1:] = haversine_m(rows["lon"][:-1], rows["lat"][:-1], rows["lon"][1:], rows["lat"][1:])
    long = dt > s.implied_after
    long[first] = False  # the row before is another track's
    sog = rows["sog"].astype("f8")
    both = np.full(length, np.nan)
    both[1:] = (knots[1:] + knots[:-1]) / 2
    mean = speed(np.where(np.isnan(both), knots, both), metres, dt, s)
    mean[first] = np.nan
    inside = surroundings.index.containing(rows["lon"], rows["lat"])
    fence, port = surroundings.port_of(inside, length)
    near_ports = surroundings.ports_near(rows["lon"], rows["lat"], near_metres, join_metres)
    passing = surroundings.passing(fence)
    suppressed, sts = surroundings.suppressed(inside, length), surroundings.sts(inside, length)
    time, lon, lat, status = rows["time"], rows["lon"], rows["lat"], rows["status"]
    cog, heading = rows["cog"].astype("f8"), rows["heading"].astype("f8")
    fixes = []
    for start, end, new_row in zip(starts, [*starts[1:], length], new, strict=True):
        part = slice(start, end)
        fixes.append(
            Fixes(
                time=time[part],
                lon=lon[part],
                lat=lat[part],
                sog=sog[part],
                dt=dt[part],
                knots=knots[part],
                mean_knots=mean[part],
                long=long[part],
                status=status[part],
                cog=cog[part],
                heading=heading[part],
                suppressed=suppressed[part],
                sts=sts[part],
                fence=fence[part],
                port=port[part],
                passing=passing[part],
                near_ports=near_ports[part],
                new=new_row,
            )
        )
    return fixes
