"""Port visits: a vessel comes into a port, stops in its zones, and leaves all of them.

The rule follows Global Fishing Watch's port visits. A visit starts in a zone of the port. It goes on in all
of the port's zones, on the ways between them and up to a kilometre outside, and a vessel that is back within
four hours continues it. All zones with one UN/LOCODE are one port.

A stop starts below 0.2 knots and ends above 0.5. A ship that swings at anchor has not moved: a stop is over
only when the vessel is away from its place, and two fixes have to agree on that, since one alone may be wild.
A short stop in a lock or on a fairway is no call, because ships wait there on the way to somewhere else. A
vessel that sails through the zones of another port stays on its visit; a stop there ends it.

The confidence says what was seen: 2 a stop (or a long silence) alone, 3 with an entry or an exit, 4 with
both; passing through (1) is not a visit.
"""

from typing import Final

import msgspec

from models.time import HOUR, MINUTE, Millis
from streams.detection.fixes import Fixes
from streams.detection.reasons import Weights
from streams.tracking.track import metres_between

STOPS: Final = 32
"""Stops of one visit that are kept. Of more, the shortest is let go."""


class PortVisitWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.1
    inside: float = 0.1
    """For: inside the port's fences."""
    stop: float = 0.15
    """For: stopped there."""
    silent: float = 0.08
    """For: silent there for `silence_hours`."""
    entry: float = 0.08
    """For: was seen coming in."""
    exit: float = 0.08
    """For: was seen leaving."""
    no_entry: float = 0.05
    """Against: the arrival was not seen."""
    no_exit: float = 0.05
    """Against: it is over and the departure was not seen."""
    rounded: float = 0.1
    """Against: its positions are rounded so coarsely that it may have been elsewhere."""


class PortVisitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    leave_metres: float = 1000.0
    """A vessel has left when it is this far outside the port's zones and the ways between them (GFW: in at
    3 km, out at 4 km of an anchorage point)."""
    stop_knots: float = 0.2
    """A stop begins below this speed (GFW)."""
    move_knots: float = 0.5
    """A stop ends above this speed (GFW)."""
    join_metres: float = 10_000.0
    """Zones of one port that are no further apart than this are one area: the way between them belongs to the
    port. Source: judgement; at Nampo it is 4 km from the locks to the piers."""
    shift_metres: float = 1000.0
    """A vessel that stops again within this distance of where it stopped is still at the same stop. Source:
    judgement; a ship of 250 m swings in a circle of up to 1 km across."""
    silence_hours: float = 4.0
    """A silence this long inside stands for a stop (GFW's port gap)."""
    seen_minutes: float = 60.0
    """Crossing the border counts as seen when the fixes on both sides are no further apart. Judgement."""
    return_hours: float = 4.0
    """Back in the same port within this time, it is the same visit. Source: judgement; a ship leaves the
    zones for a while to turn or to wait for a pilot."""
    lock_hours: float = 4.0
    """A stop in a lock or on a fairway counts from this time on. Source: judgement; locking through the West
    Sea Barrage takes an hour or two with the wait."""
    revision_hours: float = 6.0
    """An open visit is published again this often, counted from midnight UTC, while the vessel is heard."""
    min_confidence: int = 2
    """Confidence from which a visit is an event: a stop or a silence was seen (GFW)."""
    probable_confidence: int = 3
    """Confidence from which a visit is `probable`. Source: judgement."""
    weights: PortVisitWeights = PortVisitWeights()

    def __post_init__(self) -> None:
        if not 0 < self.stop_knots <= self.move_knots:
            raise ValueError("stop_knots must be above 0 and at most move_knots")
        for name in ("leave_metres", "join_metres", "shift_metres", "lock_hours"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        if self.revision_hours <= 0:
            raise ValueError("revision_hours must be above 0")
        for name in ("min_confidence", "probable_confidence"):
            if not 1 <= getattr(self, name) <= 4:
                raise ValueError(f"{name} must be 1, 2, 3 or 4")


class Stop(msgspec.Struct, array_like=True, gc=False):
    """One stop, from the first slow fix until the vessel moved off."""

    start: Millis
    lon: float  # where it began
    lat: float
    last: Millis  # the last fix there
    end: Millis | None = None
    confirmed: bool = False  # a second fix agrees that it has stopped
    moving: Millis | None = None  # since when it has been faster, if it is now
    moved: Millis = 0  # how long it was faster in between, swinging
    passing: Millis = 0  # how long it was in a lock or on a fairway
    zones: dict[int, Millis] = {}  # how long in which fence, -1 for between them
    far: "Stop | None" = None  # where a single fix puts it, with the stop that may have begun there

    @property
    def until(self) -> Millis:
        """Its end, or while it goes on the last fix before it was faster."""
        return self.end if self.end is not None else self.moving or self.last

    @property
    def duration(self) -> Millis:
        return self.until - self.start

    @property
    def zone(self) -> int:
        """The fence that it was in for the longest time; -1 for none."""
        return max(self.zones, key=lambda fence: (self.zones[fence], fence >= 0, -fence))

    def near(self, lon: float, lat: float, metres: float) -> bool:
        degrees = abs(self.lon - lon) + abs(self.lat - lat)  # of less than 112 km each
        return degrees * 112_000 < metres or metres_between(self.lon, self.lat, lon, lat) <= metres


class Visit(msgspec.Struct, array_like=True, gc=False):
    """State of one visit, and what was published of it."""

    port: int  # number of the port in the index
    start: Millis
    lon: float
    lat: float
    entry: bool  # seen coming in
    last: Millis  # the last fix inside
    last_lon: float
    last_lat: float
    first_fence: int
    last_fence: int
    """The fence of the last fix in one of the port's zones."""
    leaving_seen: bool = False  # the first fix outside came soon after the last one inside
    outside: int = 0  # fixes outside since the last one inside; two of them mean that it is away
    end: Millis | None = None
    stop: Stop | None = None  # the one that goes on
    stops: list[Stop] = []  # those that are over
    stopped: Millis = 0  # in all, of the stops that are over
    called: bool = False  # a stop was long enough, and not only in a lock
    silent: Millis = 0  # the longest silence inside
    silent_fence: int = -1  # where it was last heard before that
    fences: list[int] = []
    box: list[float] = []  # west, south, east, north
    draught_before: float | None = None  # metres, as confirmed when it came in
    draught_after: float | None = None
    receivers: list[str] = []
    # what was published of it
    id: str | None = None
    revision: int = 0
    level: str = ""
    published: tuple[int, int, Millis] = (0, 0, 0)  # confidence, stops, the last fix
    # last, as states of versions before end here
    fixes: tuple[int, int, float] = (0, 0, 0.0)  # at the port; those too coarse to tell, and metres of these

    @property
    def confidence(self) -> int:
        if not (self.called or self.silent):
            return 1
        return 2 + self.entry + self.exit

    @property
    def error(self) -> float:
        """Metres by which most of its positions may be off for being rounded; 0 where that is too little to
        matter, or most are not."""
        every, coarse, metres = self.fixes
        return metres if 2 * coarse > every else 0.0

    @property
    def exit(self) -> bool:
        """Seen leaving."""
        return self.leaving_seen and (self.away or self.end is not None)

    @property
    def away(self) -> bool:
        """Outside now, but may come back."""
        return self.outside > 1

    @property
    def until(self) -> Millis:
        """Its end, or the last fix inside while it goes on."""
        return self.last if self.end is None else self.end

    @property
    def all_stops(self) -> list[Stop]:
        """Confirmed stops in order, with the one that goes on."""
        going_on = [self.stop] if self.stop is not None and self.stop.confirmed else []
        return [*self.stops, *going_on]

    @property
    def time_stopped(self) -> Millis:
        """In all, with the stop that goes on."""
        going_on = self.stop.duration - self.stop.moved if self.stop and self.stop.confirmed else 0
        return self.stopped + going_on


def observe(
    visits: list[Visit], fixes: Fixes, draught: float | None, s: PortVisitSettings
) -> tuple[list[Visit], list[Visit]]:
    """Take in the fixes of one step, and the draught in metres as confirmed by then.

    Returns the visits in hand, one a port, and those that ended. There is more than one in hand while the
    vessel is in another port's zones and has not stopped there yet.
    """
    over: list[Visit] = []
    if not visits and max(fixes.port) < 0:
        return visits, over
    for i in range(fixes.new, len(fixes.time)):
        over += [visit for visit in visits if is_over(visit, fixes.time[i], s)]
        if over:
            visits = [visit for visit in visits if visit.end is None]
        here = _port_at(visits, fixes, i, s)
        if here >= 0 and here not in [visit.port for visit in visits]:
            visits = [*visits, _begin(fixes, i, draught, bool(visits), s)]
        for visit in visits:
            if visit.port == here:
                _stay(visit, fixes, i, s)
            else:
                _be_outside(visit, fixes, i, s)
        if len(visits) > 1:
            over += [break_off(visit) for visit in _ended_elsewhere(visits, s)]
            visits = [visit for visit in visits if visit.end is None]
    for visit in visits:
        visit.draught_after = draught
    return visits, over


def is_over(visit: Visit, time: Millis, s: PortVisitSettings) -> bool:
    """Whether the vessel has been outside for so long that the visit is over; ends it if so."""
    if visit.outside and time - visit.last > s.return_hours * HOUR:
        break_off(visit)
    return visit.end is not None


def break_off(visit: Visit) -> Visit:
    """End the visit where the vessel was last heard in the port."""
    _end_stop(visit)
    visit.end = visit.last
    return visit


def level_of(visit: Visit, s: PortVisitSettings) -> str:
    return "probable" if visit.confidence >= s.probable_confidence else "possible"


def _port_at(visits: list[Visit], fixes: Fixes, i: int, s: PortVisitSettings) -> int:
    """The port that a fix is at, -1 for none.

    That is the port whose zone it lies in, or else the port near it that the vessel was in last. A vessel
    that lies on the border of two ports' zones stays in the one in which it stopped.
    """
    lon, lat = fixes.lon[i], fixes.lat[i]
    near = [visit for visit in visits if visit.port in fixes.near_ports[i]]
    for visit in near:
        if visit.stop and visit.stop.confirmed and visit.stop.near(lon, lat, s.shift_metres):
            return visit.port
    if fixes.port[i] >= 0 or not near:
        return fixes.port[i]
    return max(near, key=lambda visit: visit.last).port


def _ended_elsewhere(visits: list[Visit], s: PortVisitSettings) -> list[Visit]:
    """The visits that a stop in another port has ended."""
    if not any(visit.stop and _counts(visit.stop, s) for visit in visits):
        return []
    return [visit for visit in visits if not (visit.stop and _counts(visit.stop, s))]


def _begin(fixes: Fixes, i: int, draught: float | None, from_port: bool, s: PortVisitSettings) -> Visit:
    time, port, fence = fixes.time[i], fixes.port[i], fixes.fence[i]
    lon, lat = fixes.lon[i], fixes.lat[i]
    return Visit(
        port=port,
        start=time,
        lon=lon,
        lat=lat,
        entry=_seen_since(fixes, i, s) and (from_port or fixes.port[i - 1] != port),
        last=time,
        last_lon=lon,
        last_lat=lat,
        first_fence=fence,
        last_fence=fence,
        box=[lon, lat, lon, lat],
        draught_before=draught,
    )


def _stay(visit: Visit, fixes: Fixes, i: int, s: PortVisitSettings) -> None:
    """Take in a fix at the port."""
    time, lon, lat = fixes.time[i], fixes.lon[i], fixes.lat[i]
    silence = time - visit.last
    if not visit.outside and silence >= max(s.silence_hours * HOUR, visit.silent):
        visit.silent, visit.silent_fence = silence, visit.last_fence
    _stop(visit, fixes, i, s)
    if visit.stop is not None:
        visit.called |= _counts(visit.stop, s)
    visit.last, visit.last_lon, visit.last_lat = time, lon, lat
    visit.outside, visit.leaving_seen = 0, False
    every, coarse, metres = visit.fixes
    error = fixes.error[i]
    visit.fixes = every + 1, coarse + (error > s.leave_metres), max(metres, error)
    if (fence := fixes.fence[i]) >= 0 and fixes.port[i] == visit.port:
        visit.last_fence = fence
        if fence not in visit.fences:
            visit.fences.append(fence)
    west, south, east, north = visit.box
    visit.box = [min(west, lon), min(south, lat), max(east, lon), max(north, lat)]


def _be_outside(visit: Visit, fixes: Fixes, i: int, s: PortVisitSettings) -> None:
    visit.outside += 1
    if visit.outside == 1:
        visit.leaving_seen = _seen_since(fixes, i, s)
    else:
        _end_stop(visit)


def _stop(visit: Visit, fixes: Fixes, i: int, s: PortVisitSettings) -> None:
    """Begin, go on with, or end a stop by a fix at the port."""
    lon, lat = fixes.lon[i], fixes.lat[i]
    if visit.stop is not None and not visit.stop.near(lon, lat, s.shift_metres):
        if visit.stop.confirmed and visit.stop.far is None:
            visit.stop.far = _place(visit, fixes, i, s)
            return
        begun = visit.stop.far
        if begun and begun.start - visit.stop.last <= s.seen_minutes * MINUTE:
            visit.stop.moving = visit.stop.moving or begun.start
        _end_stop(visit)
        visit.stop = (
            begun if begun and begun.moving is None and begun.near(lon, lat, s.shift_metres) else None
        )
    if visit.stop is not None:
        _go_on(visit, visit.stop, fixes, i, s)
    elif fixes.knots[i] < s.stop_knots:
        visit.stop = _place(visit, fixes, i, s)


def _place(visit: Visit, fixes: Fixes, i: int, s: PortVisitSettings) -> Stop:
    """The stop that begins with this fix, or would if it were slow enough."""
    time = fixes.time[i]
    moving = None if fixes.knots[i] < s.stop_knots else time
    lon, lat = fixes.lon[i], fixes.lat[i]
    return Stop(time, lon, lat, time, moving=moving, zones={_zone(visit, fixes, i): 0})


def _go_on(visit: Visit, stop: Stop, fixes: Fixes, i: int, s: PortVisitSettings) -> None:
    """Take in a fix at the place of a stop."""
    time, knots = fixes.time[i], fixes.knots[i]
    stop.far = None
    if knots > s.move_knots and not stop.confirmed:
        visit.stop = None
        return
    zone, spent = _zone(visit, fixes, i), time - stop.last
    stop.zones = stop.zones | {zone: stop.zones.get(zone, 0) + spent}
    stop.passing += spent if fixes.passing[i] else 0
    stop.last = time
    if knots > s.move_knots:
        stop.moving = stop.moving or time
        return
    stop.confirmed = True
    if stop.moving and knots < s.stop_knots:
        stop.moved, stop.moving = stop.moved + time - stop.moving, None


def _zone(visit: Visit, fixes: Fixes, i: int) -> int:
    return fixes.fence[i] if fixes.port[i] == visit.port else -1


def _counts(stop: Stop, s: PortVisitSettings) -> bool:
    """Whether a stop makes a call: not a short one in a lock or on a fairway."""
    in_passing = stop.passing * 2 > stop.duration
    return stop.confirmed and (not in_passing or stop.duration >= s.lock_hours * HOUR)


def _end_stop(visit: Visit) -> None:
    """End the stop that goes on: when it moved off, or else where it was last heard."""
    stop, visit.stop = visit.stop, None
    if stop is None or not stop.confirmed:
        return
    stop.end, stop.far = stop.until, None
    visit.stopped += stop.duration - stop.moved
    visit.stops.append(stop)
    if len(visit.stops) > STOPS:
        visit.stops.remove(min(visit.stops, key=lambda each: each.duration))


def _seen_since(fixes: Fixes, i: int, s: PortVisitSettings) -> bool:
    """Whether the fix before is recent enough for what happened in between to count as seen."""
    return i > 0 and fixes.time[i] - fixes.time[i - 1] <= s.seen_minutes * MINUTE
