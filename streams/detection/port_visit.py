"""Port visits: a vessel comes into a port's fences, stops, and leaves.

Rule, after Global Fishing Watch's port visits: entry and exit with hysteresis (in at the polygon, out a
kilometre beyond it), a stop begins below 0.2 knots and ends above 0.5; two fixes have to agree on it, since
one alone may be wild. Confidence counts what was seen:
2 a stop (or a long silence) alone, 3 with an entry or an exit, 4 with both; a mere passage (1) is no visit.
All fences of one UN/LOCODE are one port, so a ship that waits in the roads and then berths calls once.
"""

import math

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats
from geofences.fence import Fence, FenceKind
from geofences.surroundings import Surroundings
from models.event import Event, EventType, Evidence, Level, PortVisit, Reason, Status
from models.time import HOUR, MINUTE, Millis, duration_text, to_text
from models.vessel import Identity
from streams.detection.explanation import (
    called,
    detector,
    hours,
    listed_reason,
    position,
    sample,
    score,
    shared_number,
    taken_back,
    vessel_of,
)

NAME = "port_visit"


class PortVisitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    leave_metres: float = 1000.0
    """Out is beyond the polygon by this much (GFW: in at 3 km, out at 4 km of an anchorage point)."""
    stop_knots: float = 0.2
    """A stop begins below (GFW)."""
    move_knots: float = 0.5
    """A stop ends above (GFW)."""
    silence_hours: float = 4.0
    """A silence of this length inside stands for a stop (GFW's port gap)."""
    seen_minutes: float = 60.0
    """Crossing the border counts as seen when the fixes on both sides are no further apart."""
    return_hours: float = 4.0
    """Back in the same port within this, it is the same call: from the roads through locks to a pier."""
    min_confidence: int = 2
    """Passages without a stop or a silence are confidence 1."""

    def __post_init__(self) -> None:
        if not 0 < self.stop_knots <= self.move_knots:
            raise ValueError("stop_knots must be above 0 and at most move_knots")
        if self.leave_metres < 0:
            raise ValueError("leave_metres must not be negative")
        if not 1 <= self.min_confidence <= 4:
            raise ValueError("min_confidence must be 1, 2, 3 or 4")


class Calls(msgspec.Struct, frozen=True):
    """The fixes of one track in one step, as columns, with the port that each is in."""

    time: npt.NDArray[np.int64]
    lon: Floats
    lat: Floats
    knots: Floats
    fence: npt.NDArray[np.int64]  # number of the port fence that the fix is in, -1 for none
    port: npt.NDArray[np.int64]  # number of that fence's port, -1 for none
    near: npt.NDArray[np.int64]  # number of the port within `leave_metres`, -1 for none
    new: int  # index of the first fix of this step: 1, or 0 for a track that begins


class Visit(msgspec.Struct, array_like=True, gc=False):
    """State of one call, and what was published of it."""

    port: int  # number of the port in the index
    start: Millis
    lon: float
    lat: float
    entry: bool
    last: Millis  # the last fix inside
    last_lon: float
    last_lat: float
    exit: bool = False
    away: bool = False  # outside now, but may come back
    end: Millis | None = None
    stop: Millis | None = None  # since when stopped
    stopped: Millis = 0  # in all
    lay: bool = False  # a second fix agrees that it has stopped: one alone may be wild
    stops: int = 0
    silent: bool = False
    fences: list[int] = []
    box: list[float] = []  # west, south, east, north
    receivers: list[str] = []
    id: str | None = None
    revision: int = 0
    level: str = ""
    published: int = 0  # confidence last published

    @property
    def confidence(self) -> int:
        if not (self.stops or self.silent):
            return 1
        return 2 + self.entry + self.exit


def observe(visit: Visit | None, calls: Calls, s: PortVisitSettings) -> tuple[Visit | None, list[Visit]]:
    """Take in the fixes of one step. Returns the visit in hand and those that ended."""
    done: list[Visit] = []
    if visit is None and (calls.port < 0).all():
        return None, done
    for i in range(calls.new, len(calls.time)):
        time, port = int(calls.time[i]), int(calls.port[i])
        before = int(calls.time[i - 1]) if i else None
        seen = before is not None and time - before <= s.seen_minutes * MINUTE
        if visit is not None and gone(visit, time, s):
            done.append(visit)
            visit = None
        if visit is not None and (port if port >= 0 else int(calls.near[i])) != visit.port:
            if not visit.away:
                visit.away, visit.exit = True, seen
                _end_stop(visit, visit.last)
            if port >= 0:
                visit.end = visit.last
                done.append(visit)
                visit = None
        if port < 0 and (visit is None or visit.away):
            continue
        lon, lat = float(calls.lon[i]), float(calls.lat[i])
        if visit is None:
            entry = seen and int(calls.port[i - 1]) != port
            visit = Visit(port, time, lon, lat, entry, time, lon, lat, box=[lon, lat, lon, lat])
        elif before is not None and time - before >= s.silence_hours * HOUR and not visit.away:
            visit.silent = True
        visit.last, visit.last_lon, visit.last_lat = time, lon, lat
        visit.away = visit.exit = False
        if (fence := int(calls.fence[i])) >= 0 and fence not in visit.fences:
            visit.fences.append(fence)
        west, south, east, north = visit.box
        visit.box = [min(west, lon), min(south, lat), max(east, lon), max(north, lat)]
        if visit.stop is None and calls.knots[i] < s.stop_knots:
            visit.stop, visit.lay = time, False
        elif visit.stop is not None and calls.knots[i] > s.move_knots:
            _end_stop(visit, time)
        elif visit.stop is not None and not visit.lay:
            visit.lay, visit.stops = True, visit.stops + 1
    return visit, done


def gone(visit: Visit, time: Millis, s: PortVisitSettings) -> bool:
    """Whether the vessel has been away for long enough that the call is over; sets its end if so."""
    if visit.away and time - visit.last > s.return_hours * HOUR:
        visit.end = visit.last
    return visit.end is not None


def level(visit: Visit) -> str:
    return "probable" if visit.confidence >= 3 else "possible"


def _end_stop(visit: Visit, time: Millis) -> None:
    if visit.stop is not None and visit.lay:
        visit.stopped += time - visit.stop
    visit.stop = None


def build_event(
    visit: Visit,
    identity: Identity,
    instant: Millis,
    status: Status,
    why: Reason | None,
    places: Surroundings,
    s: PortVisitSettings,
) -> Event:
    """The event of a port visit. `why` is the ground of a retraction."""
    assert visit.id is not None
    fences = [places.fences[i] for i in visit.fences] or places.port_fences(visit.port)
    # the berth names the call better than the roads it was reached through
    best = min(fences, key=lambda fence: (fence.kind in (FenceKind.ROADS, FenceKind.ANCHORAGE), fence.id))
    until = visit.last if visit.end is None else visit.end
    stopped = visit.stopped + (until - visit.stop if visit.stop is not None and visit.lay else 0)
    reasons = [
        Reason(
            code="inside",
            text=f"inside the fence {best.name} for {duration_text(until - visit.start)}",
            value=hours(until - visit.start),
            unit="h",
            weight=0.2,
        )
    ]
    if visit.stops:
        reasons.append(
            Reason(
                code="stop",
                text=f"lay still (below {s.stop_knots:g} knots) for {duration_text(stopped)}",
                value=hours(stopped),
                unit="h",
                weight=0.3,
            )
        )
    if visit.silent:
        reasons.append(
            Reason(
                code="silent",
                text="was silent inside, which may hide a stop",
                threshold=s.silence_hours,
                unit="h",
                weight=0.15,
            )
        )
    if visit.entry:
        reasons.append(Reason(code="entry", text="was seen coming in", weight=0.15))
    if visit.exit:
        reasons.append(Reason(code="exit", text="was seen leaving", weight=0.15))
    if identity.listed:
        reasons.append(listed_reason(identity, 0.2))
    against = shared_number(identity) + ([why] if why is not None else [])
    if not visit.entry:
        against.append(Reason(code="no_entry", text="its arrival was not seen", weight=0.05))
    if visit.end is not None and not visit.exit:
        against.append(Reason(code="no_exit", text="its departure was not seen", weight=0.05))
    lon = np.array([visit.lon, visit.last_lon])
    lat = np.array([visit.lat, visit.last_lat])
    return Event(
        id=visit.id,
        type=EventType.PORT_VISIT,
        revision=visit.revision,
        status=status,
        level=Level(visit.level),
        start=to_text(visit.start),
        end=to_text(until) if status is not Status.OPEN else None,
        detected=to_text(instant),
        position=position(visit.last_lon, visit.last_lat),
        bounding_box=(
            round(visit.box[0], 5),
            round(visit.box[1], 5),
            round(visit.box[2], 5),
            round(visit.box[3], 5),
        ),
        distances=places.distances((visit.lon, visit.last_lon), (visit.lat, visit.last_lat)),
        vessel=vessel_of(identity),
        port_visit=PortVisit(
            port=best.call,
            port_name=best.name,
            country=best.country,
            confidence=visit.confidence,
            duration_hours=hours(until - visit.start),
            stopped_hours=hours(stopped),
            entry_seen=visit.entry,
            exit_seen=visit.exit,
        ),
        geofences=places.relations(lon, lat),
        score=score(0.1, reasons, against),
        reasons=tuple(reasons),
        against=tuple(against),
        summary=_sentence(visit, identity, best, until, status) + taken_back(why),
        evidence=Evidence(
            positions=(
                sample(visit.start, identity.mmsi, visit.lon, visit.lat, math.nan),
                sample(visit.last, identity.mmsi, visit.last_lon, visit.last_lat, math.nan),
            ),
            receivers=tuple(visit.receivers),
        ),
        detector=detector(NAME, s),
    )


def _sentence(visit: Visit, identity: Identity, fence: Fence, until: Millis, status: Status) -> str:
    where = fence.name + (f" ({fence.country})" if fence.country else "")
    stay = duration_text(until - visit.start)
    if status is not Status.OPEN:
        return f"The {called(identity)} called at {where} for {stay}."
    if visit.away:
        return f"The {called(identity)} has left {where} after {stay}."
    return f"The {called(identity)} is in {where}, {stay} so far."
