"""Tracks: the end of each track of one MMSI, and how far a ship can have come since its last fix.

How far is decided by the speeds that the ship reports or that its positions show, what it can add to them
in the time, and the errors of positions. Over minutes this is far less than the distance that its top speed
would cover: a tanker adrift is not a mile away a minute later.
"""

import math
from typing import Any, Final

import msgspec
import numpy as np

from geofences.distance import EARTH_RADIUS_M
from models.report import COARSE_TYPES, IS_COARSE, Rows
from models.time import BEGINNING, HOUR, MINUTE, SECOND, Millis
from models.vessel import Leap
from streams.runtime.compiled import compiled

KNOT: Final = 1852 / 3_600_000
"""One knot in metres per millisecond."""

DRIFT_KNOTS: Final = 3.0
"""A track that was slower than this is expected where it was. Source: currents."""
_METRES_PER_DEGREE: Final = 111_195.0

Fix = tuple[Any, ...]
"""A row of POSITION as Python's own values, in the order of its fields: what `tolist` gives."""


class TrackSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which fixes are joined to one track, and when one MMSI is two ships."""

    join_knots: float = 25.0
    """A higher implied speed is not joined, unless the reported speed explains it. Source: faster than any
    tanker."""
    never_join_knots: float = 50.0
    """A higher implied speed is never joined. Source: faster than ferries."""
    reported_factor: float = 1.2
    """A known speed explains an implied one up to this many times as high, and the margin. Judgement."""
    reported_margin_knots: float = 5.0
    """Margin added to the known speed times `reported_factor`. Source: judgement."""
    contested_margin_knots: float = 2.0
    """The same margin for a track while the MMSI has been heard elsewhere since: its silence must not make
    every place reachable. Source: judgement."""
    acceleration: float = 0.03
    """Metres per second squared that a ship can add to its speed, and take from it again. Source: a laden
    tanker needs some 10 minutes to 15 knots; smaller ships half of that."""
    jitter_metres: float = 1000.0
    """Distance that errors of position and time may explain, however short the interval. Source: five times
    the distance of two fixes with errors of 150 m each."""
    coarse_after_minutes: float = 10.0
    """A position of type 27 is used only if no better one came within this time before it. Judgement."""
    implied_after_minutes: float = 10.0
    """Over a longer interval, the speed is at least the implied one, whatever is reported: two slow reports
    with miles between them are no sign of a ship that lay still. Source: judgement."""
    contradiction_minutes: float = 10.0
    """Time over which positions can contradict the reported speed. Source: judgement."""
    contradiction_knots: float = 1.0
    """A reported speed is contradicted by positions that imply this much more. Source: judgement; ten times
    the resolution of the reported speed."""
    still_share: float = 0.25
    """A reported speed above `still_knots` is also contradicted by positions that go less than this share of
    the way it claims. Source: judgement; a ship that turns in circles goes further."""
    still_knots: float = 3.0
    """Ships that swing at anchor report up to this speed and get nowhere. Source: judgement."""
    still_metres: float = 500.0
    """A track that reports speed stays near one place while it is within this of it; beyond, it moves,
    however slowly. Source: judgement; ships at anchor swing on less."""
    noise_metres: float = 10.0
    """Error of one position that is taken off implied speeds where the positions show no greater one.
    Source: the better class of accuracy in M.1371."""
    segments: int = 4
    """Tracks kept of one MMSI."""
    confirmed_fixes: int = 3
    """Fixes from which on a track is confirmed, and more than wild fixes."""
    unconfirmed_minutes: float = 15.0
    """A place that is not believed is forgotten after this long without a fix, once another one has been
    heard since. Source: judgement."""
    idle_hours: float = 24.0
    """A confirmed track ends after this long without a fix, if the MMSI has another."""
    silence_minutes: float = 15.0
    """After a longer silence a track has to be confirmed again. Source: judgement; five reports at anchor."""
    believed_minutes: float = 75.0
    """A second place is believed once it has gone on for this long. Source: judgement; jamming moves
    positions for 10 to 60 minutes at a time, and MeetingStage keeps ticks for 90."""
    believed_fixes: int = 10
    """Fixes that a second place needs while the first goes on. Source: judgement."""
    together_share: float = 0.35
    """Two ships report independently, so that their reports alternate. Fewer changes between two places than
    this share of the reports of the rarer one are those of one ship that was moved back and forth.
    Source: independent reports give at least 0.5, jamming one change per run of reports."""
    shared_hours: float = 24.0
    """This long after two places were last heard together, the MMSI is one ship's again."""
    kept_off_track: int = 8
    """Runs of wild fixes that are remembered of one vessel; further ones are merged."""

    def __post_init__(self) -> None:
        if not 0 < self.join_knots <= self.never_join_knots:
            raise ValueError("join_knots must be above 0 and at most never_join_knots")
        if self.segments < 2:
            raise ValueError("segments must be at least 2")
        for name in ("confirmed_fixes", "believed_fixes", "kept_off_track"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if not 0 < self.together_share <= 0.5:
            raise ValueError("together_share must be above 0 and at most 0.5")
        if self.contradiction_minutes <= 0:
            raise ValueError("contradiction_minutes must be above 0")
        if self.still_share >= 1:
            raise ValueError("still_share must be below 1")

    @property
    def implied_after(self) -> Millis:
        return round(self.implied_after_minutes * MINUTE)


class Place(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Where a track was, and how fast."""

    time: Millis
    lon: float
    lat: float
    knots: float


class Segment(msgspec.Struct, array_like=True, gc=False):
    """One track: its last fix, and what is known of how it got there."""

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
    believed: bool = True  # its fixes make ticks; else they wait in `held`
    knots: float = math.nan  # speed that its positions imply, smoothed; NaN where not known yet
    contradicted: bool = False  # its positions contradict the speed it reports
    trail: bytes = b""  # mean positions of the last steps (`motion`)
    run: Millis = BEGINNING  # since when it is heard without a long silence
    run_fixes: int = 0  # fixes since then
    before: Place | None = None  # where it was before that silence
    # of a place that is not believed
    blocks: int = 0  # how often it was heard after another place, since `run`
    others: int = 0  # fixes of believed tracks since `run`
    was_believed: bool = False
    home: int | None = None  # number of the track that it may be
    follows: bool = False  # it begins where that track may have come in a silence, not where it was
    held: list[Fix] = []  # one fix in each step
    leap: Leap | None = None  # how it began, if no ship can have come there
    still: Place | None = None  # where and since when it lies still though it reports speed, while that lasts


def is_confirmed(segment: Segment, s: TrackSettings) -> bool:
    """Whether enough fixes agree on a segment for it to be more than wild fixes."""
    return segment.fixes >= s.confirmed_fixes


def known_speed(segment: Segment) -> float:
    """The speed of a track at its end, knots: the reported one unless that is missing or contradicted."""
    return segment.knots if segment.contradicted or math.isnan(segment.sog) else segment.sog


def own_speed(segment: Segment, s: TrackSettings) -> float:
    """The speed that a track is known to have had, knots; not that of fixes after which it is unconfirmed."""
    if segment.before is not None and segment.run_fixes < s.confirmed_fixes:
        return segment.before.knots
    return _greater(segment.sog, segment.knots)


def _greater(one: float, other: float) -> float:
    """The greater of two speeds; NaN where neither is known."""
    return one if one > other or other != other else other


def expected(segment: Segment, time: Millis, s: TrackSettings) -> tuple[float, float]:
    """Where a track would be at a time, degrees: where it was, or ahead on its course.

    Ahead if it was under way, and for no longer than jamming lasts. The longitude may exceed 180.
    """
    knots, dt = known_speed(segment), time - segment.time
    if not knots >= DRIFT_KNOTS or math.isnan(segment.cog) or dt > s.believed_minutes * MINUTE:
        return segment.lon, segment.lat
    degrees, course = knots * KNOT * dt / _METRES_PER_DEGREE, math.radians(segment.cog)
    east = degrees * math.sin(course) / max(math.cos(math.radians(segment.lat)), 0.01)
    return segment.lon + east, segment.lat + degrees * math.cos(course)


def credible(sog: float, known: float, dt: Millis, s: TrackSettings) -> float:
    """The greater speed of a ship over `dt`, knots: the one it had, or the one it reports now.

    A speed that it cannot have gained in the time is not believed: a drifting ship does not make 20 knots a
    minute later, whatever a wild fix reports. NaN where neither is known.
    """
    if math.isnan(known):
        return sog
    gained = known + s.acceleration * dt / (1e6 * KNOT)
    return max(known, min(sog, gained)) if sog == sog else known


def reaches(dt: Millis, metres: float, knots: float, contested: bool, s: TrackSettings) -> bool:
    """Whether a ship could cover `metres` in `dt` milliseconds; `knots` is its greater known speed, or NaN.

    `streams.tracking.one_ship` says what limits that. `contested` is whether the MMSI has been heard
    elsewhere since: then the ship's own speeds alone count.
    """
    if metres <= s.jitter_metres:
        return True
    margin = s.contested_margin_knots if contested else s.reported_margin_knots
    explained = s.join_knots if math.isnan(knots) else s.reported_factor * knots + margin
    explained = min(explained, s.never_join_knots)
    limit = max(s.join_knots, explained) * KNOT * dt
    gained = explained * KNOT * dt + (0.0 if contested else s.acceleration / 4e6 * dt * dt)
    return metres <= s.jitter_metres + min(limit, gained)


@compiled
def wrapped(lon: float) -> float:
    """`unwrap` of `geofences.distance` in compiled loops: a difference of longitudes within -180..180."""
    return (lon + 180.0) % 360.0 - 180.0


@compiled
def metres_between(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """`haversine_m` for two positions."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_lat, half_lon = math.sin((phi2 - phi1) / 2), math.sin(math.radians(lon2 - lon1) / 2)
    square = half_lat * half_lat + math.cos(phi1) * math.cos(phi2) * half_lon * half_lon
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(square, 1.0)))


def begin(number: int, fix: Fix) -> Segment:
    """A segment that starts with this fix; no fix counted yet."""
    segment = Segment(number, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 15)
    move(segment, fix)
    segment.run = segment.time
    return segment


def free_number(segments: list[Segment], time: Millis) -> int:
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


def drop_dead(segments: list[Segment], time: Millis, s: TrackSettings) -> None:
    """Forget places that were not believed and not heard again, and tracks not heard for long.

    One that is believed always stays.
    """
    if len(segments) < 2:
        return
    newest = max([segment.time for segment in segments])
    for segment in segments.copy():
        lasting = segment.was_believed or (segment.believed and is_confirmed(segment, s))
        idle = s.idle_hours * HOUR if lasting else s.unconfirmed_minutes * MINUTE
        if time - segment.time <= idle or segment.time == newest:
            continue
        if not segment.believed or sum(other.believed for other in segments) > 1:
            segments.remove(segment)


def drop_coarse(rows: Rows, last_fine: dict[int, Millis], s: TrackSettings) -> Rows:
    """Leave out type 27 where a better fix of the same MMSI is recent.

    `rows` are sorted by (mmsi, time); `last_fine` has the time of each MMSI's last better fix before them.
    """
    coarse = IS_COARSE[rows["type"]]
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
