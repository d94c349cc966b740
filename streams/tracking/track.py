"""Tracks: which fixes of one MMSI belong to one ship, and where that ship was at the instants of the grid.

A fix that the ship could not have reached starts a new segment. So a wild fix, or a second ship under the
same MMSI, becomes a track of its own instead of a zigzag. The segment that gets further fixes wins; one that
gets none dies.
"""

import math
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import EARTH_RADIUS_M, Floats, haversine_m, unwrap
from models.report import COARSE_TYPES, Rows
from models.tick import TICK, no_ticks
from models.time import HOUR, MINUTE, SECOND, Millis
from streams.tracking.grid import GridSettings

KNOT: Final = 1852 / 3_600_000
"""One knot in metres per millisecond."""

Fix = tuple[Any, ...]
"""A row of POSITION as Python's own values, in the order of its fields: what `tolist` gives."""


class TrackSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which fixes are joined to one track, and how many places one MMSI may be in."""

    join_knots: float = 25.0
    """A higher implied speed starts a new segment, unless the reported speed explains it. Source: faster than
    any tanker."""
    never_join_knots: float = 50.0
    """A higher implied speed starts a new segment whatever is reported. Source: faster than ferries."""
    reported_factor: float = 1.2
    """A reported speed explains an implied one up to this many times as high, and the margin. Judgement."""
    reported_margin_knots: float = 5.0
    """Margin added to the reported speed times `reported_factor`. Source: judgement."""
    jitter_metres: float = 200.0
    """Distance that errors of position and time may explain, however short the interval. Judgement."""
    coarse_metres: float = 600.0
    """The same for type 27, whose positions have steps of 1/10 minute and may be some seconds old
    (M.1371)."""
    coarse_after_minutes: float = 10.0
    """A position of type 27 is used only if no better one came within this time before it. Judgement."""
    implied_after_minutes: float = 10.0
    """Over a longer interval, the speed is at least the implied one, whatever is reported: two slow reports
    with miles between them are no sign of a ship that lay still. Source: judgement."""
    segments: int = 4
    """Segments kept alive for one MMSI."""
    confirmed_fixes: int = 3
    """Fixes from which on a segment is confirmed, and more than wild fixes."""
    unconfirmed_minutes: float = 15.0
    """An unconfirmed segment dies after this long without a fix, if the MMSI has another."""
    idle_hours: float = 24.0
    """A confirmed segment dies after this long without a fix, if the MMSI has another."""
    shared_alternations: int = 3
    """Back and forth between two confirmed segments this often shows that the MMSI is in two places at
    once."""
    shared_hours: float = 24.0
    """After this long without going back and forth, the MMSI is one ship's again."""

    def __post_init__(self) -> None:
        if not 0 < self.join_knots <= self.never_join_knots:
            raise ValueError("join_knots must be above 0 and at most never_join_knots")
        if self.segments < 2:
            raise ValueError("segments must be at least 2")
        if self.shared_alternations < 1:
            raise ValueError("shared_alternations must be at least 1")
        if self.confirmed_fixes < 1:
            raise ValueError("confirmed_fixes must be at least 1")

    @property
    def implied_after(self) -> Millis:
        return round(self.implied_after_minutes * MINUTE)


class Segment(msgspec.Struct, array_like=True, gc=False):
    """The end of one track: its last fix, and how many fixes it has had."""

    number: int
    time: Millis
    lon: float
    lat: float
    sog: float
    cog: float
    heading: float
    status: int
    fixes: int = 0
    coarse: bool = False  # the last fix is one of type 27


def is_confirmed(segment: Segment, s: TrackSettings) -> bool:
    """Whether enough fixes agree on a segment for it to be more than wild fixes."""
    return segment.fixes >= s.confirmed_fixes


def reachable(
    dt: Floats, metres: Floats, sog: Floats, coarse: npt.NDArray[np.bool_], s: TrackSettings
) -> Rows:
    """Whether a ship could cover `metres` in `dt` milliseconds; `sog` is the greater reported speed, knots.

    Columns in, a column of booleans out. Between the two limits only the reported speed can explain a leap: a
    hydrofoil at 40 knots is one ship, a tanker that appears 8 miles off after ten minutes is not.
    """
    reported = s.reported_factor * np.nan_to_num(sog) + s.reported_margin_knots
    explained = np.minimum(s.never_join_knots, reported)
    limit = np.maximum(s.join_knots, explained) * KNOT
    slack = np.where(coarse, s.coarse_metres, s.jitter_metres)
    return metres <= slack + limit * dt


def drop_coarse(rows: Rows, last_fine: dict[int, Millis], s: TrackSettings) -> Rows:
    """Leave out type 27 where a better fix of the same MMSI is recent.

    `rows` are sorted by (mmsi, time); `last_fine` has the time of each MMSI's last better fix before them.
    """
    coarse = np.isin(rows["type"], COARSE_TYPES)
    if not coarse.any():
        return rows
    keep = np.ones(len(rows), bool)
    fine = dict(last_fine)
    wait = int(s.coarse_after_minutes * MINUTE)
    touched = np.isin(rows["mmsi"], np.unique(rows["mmsi"][coarse]))
    for i in np.flatnonzero(touched):
        mmsi, time = int(rows["mmsi"][i]), int(rows["time"][i])
        if not coarse[i]:
            fine[mmsi] = time
        elif mmsi in fine and time - fine[mmsi] < wait:
            keep[i] = False
    return rows[keep]


def assign_fixes(segments: list[Segment], rows: Rows, s: TrackSettings) -> tuple[npt.NDArray[np.uint16], int]:
    """Give each fix of one MMSI its segment, fix by fix: for vessels that did not move as one ship can.

    Changes `segments`: their last fixes move on, new segments are added, dead ones removed. Returns the
    segment's number for each row, and how often the MMSI went back and forth between two confirmed segments.
    """
    numbers = np.zeros(len(rows), np.uint16)
    alternations = 0
    for i, fix in enumerate(rows.tolist()):
        time, _, kind, lon, lat, sog = fix[:6]
        _drop_dead(segments, time, s)
        best, nearest = None, math.inf
        for k, segment in enumerate(segments):
            metres = _metres(segment.lon, segment.lat, lon, lat)
            faster = sog if math.isnan(segment.sog) or sog > segment.sog else segment.sog
            if metres < nearest and _reaches(time - segment.time, metres, faster, kind in COARSE_TYPES, s):
                best, nearest = k, metres
        if best is None:
            if len(segments) >= s.segments:  # the least certain one gives way
                segments.remove(min(segments, key=lambda g: (is_confirmed(g, s), g.time)))
            segment = begin(_number(segments, time), fix)
            segments.append(segment)
        else:
            segment = segments[best]
            alternations += is_confirmed(segment, s) and any(
                other is not segment and is_confirmed(other, s) and segment.time < other.time < time
                for other in segments
            )
        move(segment, fix)
        segment.fixes += 1
        numbers[i] = segment.number
    return numbers, alternations


def _reaches(dt: Millis, metres: float, sog: float, coarse: bool, s: TrackSettings) -> bool:
    """`reachable` for one fix: a column of one row would cost forty times as much."""
    reported = s.reported_margin_knots + (0.0 if math.isnan(sog) else s.reported_factor * sog)
    explained = min(s.never_join_knots, reported)
    slack = s.coarse_metres if coarse else s.jitter_metres
    return metres <= slack + max(s.join_knots, explained) * KNOT * dt


def _metres(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """`haversine_m` for two positions."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_lat, half_lon = math.sin((phi2 - phi1) / 2), math.sin(math.radians(lon2 - lon1) / 2)
    square = half_lat * half_lat + math.cos(phi1) * math.cos(phi2) * half_lon * half_lon
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(square, 1.0)))


def begin(number: int, fix: Fix) -> Segment:
    """A segment that starts with this fix; no fix counted yet."""
    segment = Segment(number, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 15)
    move(segment, fix)
    return segment


def _number(segments: list[Segment], time: Millis) -> int:
    """A number for a new segment.

    It is made from the time, so that what is kept under the number of a dead segment never goes to another
    ship.
    """
    taken = {segment.number for segment in segments}
    number = time // SECOND % 65_535 + 1
    while number in taken:
        number = number % 65_535 + 1
    return number


def move(segment: Segment, fix: Fix) -> None:
    """Make this the last fix of a segment."""
    segment.time, _, kind, segment.lon, segment.lat, segment.sog, segment.cog = fix[:7]
    segment.heading, segment.status = fix[7:9]
    segment.coarse = kind in COARSE_TYPES


def _drop_dead(segments: list[Segment], time: Millis, s: TrackSettings) -> None:
    if len(segments) < 2:
        return
    for segment in list(segments):
        idle = s.idle_hours * HOUR if is_confirmed(segment, s) else s.unconfirmed_minutes * MINUTE
        if time - segment.time > idle and len(segments) > 1:
            segments.remove(segment)


def ticks(fixes: Rows, numbers: Rows, instant: Millis, grid: GridSettings, s: TrackSettings) -> Rows:
    """Interpolate positions at the grid's instants between neighbouring fixes of one track.

    `fixes` are POSITION rows sorted by (mmsi, segment, time), each track led by the last fix it had before;
    `numbers` are their segments; `instant` is when the ticks are emitted. Between fixes further apart than
    the grid's reach there are no ticks: a position is never held. Returns TICK rows in the same order.
    """
    if len(fixes) < 2:
        return no_ticks()
    a, b = fixes[:-1], fixes[1:]
    step = grid.step
    dt = b["time"] - a["time"]
    joined = (a["mmsi"] == b["mmsi"]) & (numbers[:-1] == numbers[1:]) & (dt > 0) & (dt <= grid.interpolate)
    count = np.where(joined, b["time"] // step - a["time"] // step, 0)
    pair = np.repeat(np.arange(len(a)), count)
    if not len(pair):
        return no_ticks()
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    a, b, dt = a[pair], b[pair], dt[pair].astype("f8")
    out = np.empty(len(pair), TICK)
    out["time"] = (a["time"] // step + 1 + nth) * step
    share = (out["time"] - a["time"]) / dt
    out["mmsi"], out["segment"] = a["mmsi"], numbers[:-1][pair]
    out["lon"] = unwrap(a["lon"] + share * unwrap(b["lon"] - a["lon"]))
    out["lat"] = a["lat"] + share * (b["lat"] - a["lat"])
    implied = haversine_m(a["lon"], a["lat"], b["lon"], b["lat"]) / dt / KNOT
    reported = np.fmax(a["sog"], b["sog"]).astype("f8")
    both = ~(np.isnan(a["sog"]) | np.isnan(b["sog"]))
    reported[both] = (a["sog"] + share * (b["sog"] - a["sog"]))[both]
    out["sog"] = speed(reported, implied, dt, s)
    near = share >= 0.5
    for name in ("cog", "heading", "status"):
        out[name] = np.where(near, b[name], a[name])
    out["backfilled"] = out["time"] < instant - step
    out["stations"] = b["stations"]
    return out


def speed(reported: Floats, implied: Floats, dt: Floats, s: TrackSettings) -> Floats:
    """Mean speed over intervals of `dt` milliseconds, knots: the reported one, or else the implied one.

    Over more than `implied_after_minutes` it is the greater of the two.
    """
    merged = np.where(np.isnan(reported), implied, reported)
    return np.where(dt > s.implied_after, np.fmax(merged, implied), merged)
