"""The fixes of tracks in one step of the grid, as detectors see them: with speeds and surroundings."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from geofences.surroundings import Surroundings
from models.report import Rows
from models.time import Millis
from streams.runtime.compiled import compiled
from streams.tracking.ticks import mean_speed
from streams.tracking.track import TrackSettings


class Columns(msgspec.Struct, frozen=True):
    """Fixes of tracks, one after the other, a row a fix. A track's first row is the last fix before this
    step, if it had one."""

    rows: Rows
    """POSITION."""
    dt: Floats
    """Milliseconds since the fix before; 0 in the first row of a track."""
    knots: Floats
    """Knots as reported, or as the positions imply where that is missing or contradicted
    (`streams.tracking.motion`); NaN where neither is known."""
    mean_knots: Floats
    """Mean speed since the fix before (`streams.tracking.ticks.mean_speed`); NaN in a track's first row."""
    long: npt.NDArray[np.bool_]
    """Whether the fix before is so long ago that the mean speed tells more than the reported one."""
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
    error: Floats
    """Metres that the fix may be off for being rounded."""


class Fixes(msgspec.Struct, frozen=True):
    """The fixes of one track, some of their columns as lists, for those who look at one after the other."""

    time: list[Millis]
    lon: list[float]
    lat: list[float]
    knots: list[float]
    cog: list[float]
    status: list[int]
    fence: list[int]
    port: list[int]
    passing: list[bool]
    near_ports: Sequence[tuple[int, ...]]
    error: list[float]
    new: int
    """Row of the first fix of this step: 1, or 0 for a track that begins."""


class Step(msgspec.Struct, frozen=True):
    """The fixes of many tracks in one step, one track after the other, and what detectors ask of every
    track: most have nothing to tell, and are never looked at one by one."""

    all: Columns
    starts: list[int]
    ends: list[int]
    new: list[int]
    """The first new row within each track."""
    first: list[Millis]
    """Time of the first new fix of each track."""
    last: list[Millis]
    """Time of the last fix of each track."""
    knots: list[float]
    """Speed at the last fix of each track, NaN where it is not known."""
    in_port: list[bool]
    """Whether a fix of the track is in a fence of a port."""

    def track(self, i: int) -> Fixes:
        """The fixes of one track."""
        part, whole = slice(self.starts[i], self.ends[i]), self.all
        rows = whole.rows[part]
        return Fixes(
            time=rows["time"].tolist(),
            lon=rows["lon"].tolist(),
            lat=rows["lat"].tolist(),
            knots=whole.knots[part].tolist(),
            cog=rows["cog"].tolist(),
            status=rows["status"].tolist(),
            fence=whole.fence[part].tolist(),
            port=whole.port[part].tolist(),
            passing=whole.passing[part].tolist(),
            near_ports=whole.near_ports[part],
            error=whole.error[part].tolist(),
            new=self.new[i],
        )


def fixes_of(
    rows: Rows,
    knots: Floats,
    metres: Floats,
    errors: Floats,
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    surroundings: Surroundings,
    near_metres: float,
    join_metres: float,
    s: TrackSettings,
) -> Step:
    """The fixes of several tracks, one at least, worked out together.

    `rows` are POSITION rows of one track after the other, `knots`, `metres` and `errors` what
    `streams.tracking.assignment.Tracks` has of them, `starts` where each begins, `new` the first new row
    within each. `near_metres` is how far from a port counts as near, `join_metres` how far apart its zones
    may be for what lies between them to belong to it.
    """
    length = len(rows)
    dt, mean, long = np.empty(length), np.empty(length), np.empty(length, bool)
    _mean_speeds(rows, knots, metres, errors, starts, 4 * s.noise_metres**2, s.implied_after, dt, mean, long)
    lon, lat = rows["lon"].copy(), rows["lat"].copy()  # side by side, as they are asked for often
    inside = surroundings.index.containing(lon, lat)
    fence, port = surroundings.port_of(inside, length)
    ends = np.concatenate([starts[1:], [length]])
    times = rows["time"]
    return Step(
        all=Columns(
            rows=rows,
            dt=dt,
            knots=knots,
            mean_knots=mean,
            long=long,
            suppressed=surroundings.suppressed(inside, length),
            sts=surroundings.sts(inside, length),
            fence=fence,
            port=port,
            passing=surroundings.passing(fence),
            near_ports=surroundings.ports_near(lon, lat, near_metres, join_metres),
            error=errors,
        ),
        starts=starts.tolist(),
        ends=ends.tolist(),
        new=new.tolist(),
        first=times[starts + new].tolist(),
        last=times[ends - 1].tolist(),
        knots=knots[ends - 1].tolist(),
        in_port=(np.maximum.reduceat(port, starts) >= 0).tolist(),
    )


@compiled
def _mean_speeds(
    rows: Rows,
    knots: Floats,
    metres: Floats,
    errors: Floats,
    starts: npt.NDArray[np.intp],
    noise: float,
    implied_after: Millis,
    dt: Floats,
    mean: Floats,
    long: npt.NDArray[np.bool_],
) -> None:
    """Write the last three: `dt`, `mean_knots` and `long` of Columns."""
    for i in range(len(starts)):
        first = starts[i]
        dt[first], mean[first], long[first] = 0.0, np.nan, False
        for k in range(first + 1, starts[i + 1] if i + 1 < len(starts) else len(rows)):
            dt[k] = rows[k].time - rows[k - 1].time
            both, error = (knots[k] + knots[k - 1]) / 2, max(errors[k], errors[k - 1])
            reported = knots[k] if np.isnan(both) else both
            mean[k] = mean_speed(reported, metres[k], dt[k], error, noise, implied_after)
            long[k] = dt[k] > implied_after
