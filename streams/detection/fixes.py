"""The fixes of tracks in one step of the grid, as detectors see them: with speeds and surroundings."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, haversine_m
from geofences.surroundings import Surroundings
from models.report import Rows
from models.time import Millis
from streams.tracking.ticks import speed
from streams.tracking.track import TrackSettings


class Columns(msgspec.Struct, frozen=True):
    """Fixes of tracks, one after the other, a row a fix. A track's first row is the last fix before this
    step, if it had one."""

    time: npt.NDArray[np.int64]
    lon: Floats
    lat: Floats
    sog: Floats
    """Knots as reported, NaN where not."""
    dt: Floats
    """Milliseconds since the fix before; of no meaning in the first row of a track."""
    knots: Floats
    """Knots as reported, or as the positions imply where that is missing or contradicted
    (`streams.tracking.motion`); NaN where neither is known."""
    mean_knots: Floats
    """Mean speed since the fix before (`streams.tracking.ticks.speed`); NaN for the first row of a track."""
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
        return Fixes(
            time=whole.time[part].tolist(),
            lon=whole.lon[part].tolist(),
            lat=whole.lat[part].tolist(),
            knots=whole.knots[part].tolist(),
            cog=whole.cog[part].tolist(),
            status=whole.status[part].tolist(),
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
    starts: npt.NDArray[np.intp],
    new: npt.NDArray[np.intp],
    surroundings: Surroundings,
    near_metres: float,
    join_metres: float,
    errors: Floats,
    s: TrackSettings,
) -> Step:
    """The fixes of several tracks, one at least, worked out together.

    `rows` are POSITION rows of one track after the other, `knots` their speeds, `starts` where each begins,
    `new` the first new row within each. `near_metres` is how far from a port counts as near, `join_metres`
    how far apart its zones may be for what lies between them to belong to it, `errors` the metres that each
    row may be off for being rounded.
    """
    length = len(rows)
    dt = np.diff(rows["time"], prepend=rows["time"][:1]).astype("f8")
    metres = np.zeros(length)
    metres[1:] = haversine_m(rows["lon"][:-1], rows["lat"][:-1], rows["lon"][1:], rows["lat"][1:])
    long = dt > s.implied_after
    long[starts] = False  # the row before is another track's
    both = np.full(length, np.nan)
    both[1:] = (knots[1:] + knots[:-1]) / 2
    off = np.append(errors[:1], np.maximum(errors[1:], errors[:-1]))
    mean = speed(np.where(np.isnan(both), knots, both), metres, dt, off, s)
    mean[starts] = np.nan
    inside = surroundings.index.containing(rows["lon"], rows["lat"])
    fence, port = surroundings.port_of(inside, length)
    whole = Columns(
        time=rows["time"],
        lon=rows["lon"],
        lat=rows["lat"],
        sog=rows["sog"].astype("f8"),
        dt=dt,
        knots=knots,
        mean_knots=mean,
        long=long,
        status=rows["status"],
        cog=rows["cog"].astype("f8"),
        heading=rows["heading"].astype("f8"),
        suppressed=surroundings.suppressed(inside, length),
        sts=surroundings.sts(inside, length),
        fence=fence,
        port=port,
        passing=surroundings.passing(fence),
        near_ports=surroundings.ports_near(rows["lon"], rows["lat"], near_metres, join_metres),
        error=errors,
    )
    lasts = np.append(starts[1:], length) - 1
    return Step(
        all=whole,
        starts=starts.tolist(),
        ends=(lasts + 1).tolist(),
        new=new.tolist(),
        first=whole.time[starts + new].tolist(),
        last=whole.time[lasts].tolist(),
        knots=knots[lasts].tolist(),
        in_port=(np.maximum.reduceat(port, starts) >= 0).tolist(),
    )
