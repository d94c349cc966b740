"""Port visits: a vessel comes into a port's fences, stops, and leaves.

The rule follows Global Fishing Watch's port visits. Entry and exit have a hysteresis: in at the polygon, out
a kilometre beyond it. A stop begins below 0.2 knots and ends above 0.5; a second fix has to confirm it, since
one alone may be wild. The confidence says what was seen: 2 a stop (or a long silence) alone, 3 with an entry
or an exit, 4 with both; passing through (1) is not a visit. All fences with one UN/LOCODE are one port, so a
ship that waits in the roads and then berths visits once.
"""

import math
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from geofences.fence import Fence, FenceKind
from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Evidence, Level, PortVisit, Reason, Status
from models.time import HOUR, MINUTE, Millis, duration_text, to_text
from models.vessel import Identity
from streams.detection.explanation import (
    NOT_OF_INTEREST,
    SHARED_MMSI,
    WATCHLIST,
    called,
    hours,
    position,
    retracted,
    sample,
    shared_mmsi,
    vessel_of,
    watchlist,
)
from streams.detection.fixes import Fixes
from streams.detection.reasons import ReasonTable, ReasonType, Side, Weights, score


class PortVisitWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.1
    inside: float = 0.2
    """For: inside the port's fences."""
    stop: float = 0.3
    """For: stopped there."""
    silent: float = 0.15
    """For: silent there for `silence_hours`."""
    entry: float = 0.15
    """For: was seen coming in."""
    exit: float = 0.15
    """For: was seen leaving."""
    no_entry: float = 0.05
    """Against: the arrival was not seen."""
    no_exit: float = 0.05
    """Against: it is over and the departure was not seen."""


class PortVisitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    leave_metres: float = 1000.0
    """A vessel has left when it is this far outside (GFW: in at 3 km, out at 4 km of an anchorage point)."""
    stop_knots: float = 0.2
    """A stop begins below this speed (GFW)."""
    move_knots: float = 0.5
    """A stop ends above this speed (GFW)."""
    silence_hours: float = 4.0
    """A silence this long inside stands for a stop (GFW's port gap)."""
    seen_minutes: float = 60.0
    """Crossing the border counts as seen when the fixes on both sides are no further apart. Judgement."""
    return_hours: float = 4.0
    """Back in the same port within this time, it is the same visit. Source: judgement; the roads, the locks
    and the piers of Nampo are kilometres apart."""
    min_confidence: int = 2
    """Confidence from which a visit is an event: a stop or a silence was seen (GFW)."""
    probable_confidence: int = 3
    """Confidence from which a visit is `probable`. Source: judgement."""
    weights: PortVisitWeights = PortVisitWeights()

    def __post_init__(self) -> None:
        if not 0 < self.stop_knots <= self.move_knots:
            raise ValueError("stop_knots must be above 0 and at most move_knots")
        if self.leave_metres < 0:
            raise ValueError("leave_metres must not be negative")
        for name in ("min_confidence", "probable_confidence"):
            if not 1 <= getattr(self, name) <= 4:
                raise ValueError(f"{name} must be 1, 2, 3 or 4")


INSIDE: Final = ReasonType(
    code="inside",
    side=Side.FOR,
    text="in {names}, or within {leave:.0f} m of it, for {duration}",
    weight="inside",
    unit="h",
)
STOP: Final = ReasonType(
    code="stop",
    side=Side.FOR,
    text="stopped (from below {stop:g} knots until above {move:g}) for {duration}",
    weight="stop",
    unit="h",
)
SILENT: Final = ReasonType(
    code="silent",
    side=Side.FOR,
    text="was silent inside for {threshold:g} h or more, which may hide a stop",
    weight="silent",
    thresholds=("silence_hours",),
    unit="h",
)
ENTRY: Final = ReasonType(code="entry", side=Side.FOR, text="was seen coming in", weight="entry")
EXIT: Final = ReasonType(code="exit", side=Side.FOR, text="was seen leaving", weight="exit")
NO_ENTRY: Final = ReasonType(
    code="no_entry", side=Side.AGAINST, text="its arrival was not seen", weight="no_entry"
)
NO_EXIT: Final = ReasonType(
    code="no_exit", side=Side.AGAINST, text="its departure was not seen", weight="no_exit"
)

REASONS: Final = ReasonTable(
    EventType.PORT_VISIT,
    PortVisitSettings(),
    (INSIDE, STOP, SILENT, ENTRY, EXIT, WATCHLIST, SHARED_MMSI, NO_ENTRY, NO_EXIT, NOT_OF_INTEREST),
)


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
    exit: bool = False  # seen leaving
    away: bool = False  # outside now, but may come back
    end: Millis | None = None
    stop: Millis | None = None  # since when stopped
    stopped: Millis = 0  # in all, of the stops that are over
    stop_confirmed: bool = False  # a second fix agrees that it has stopped
    stops: int = 0
    silent: bool = False
    fences: list[int] = []
    box: list[float] = []  # west, south, east, north
    receivers: list[str] = []
    # what was published of it
    id: str | None = None
    revision: int = 0
    level: str = ""
    published_confidence: int = 0

    @property
    def confidence(self) -> int:
        if not (self.stops or self.silent):
            return 1
        return 2 + self.entry + self.exit

    @property
    def until(self) -> Millis:
        """Its end, or the last fix inside while it goes on."""
        return self.last if self.end is None else self.end

    @property
    def time_stopped(self) -> Millis:
        """In all, with the stop that goes on."""
        going_on = self.until - self.stop if self.stop is not None and self.stop_confirmed else 0
        return self.stopped + going_on


def observe(visit: Visit | None, fixes: Fixes, s: PortVisitSettings) -> tuple[Visit | None, list[Visit]]:
    """Take in the fixes of one step. Returns the visit in hand, and those that ended."""
    over: list[Visit] = []
    if visit is None and (fixes.port < 0).all():
        return None, over
    for i in range(fixes.new, len(fixes.time)):
        if visit is not None and _ends_at(visit, fixes, i, s):
            over.append(visit)
            visit = None
        if fixes.port[i] < 0 and (visit is None or visit.away):
            continue
        if visit is None:
            visit = _begin(fixes, i, s)
        elif i and fixes.time[i] - fixes.time[i - 1] >= s.silence_hours * HOUR and not visit.away:
            visit.silent = True
        _stay(visit, fixes, i, s)
    return visit, over


def is_over(visit: Visit, time: Millis, s: PortVisitSettings) -> bool:
    """Whether the vessel has been away for so long that the visit is over; sets its end if so."""
    if visit.away and time - visit.last > s.return_hours * HOUR:
        visit.end = visit.last
    return visit.end is not None


def level_of(visit: Visit, s: PortVisitSettings) -> str:
    return "probable" if visit.confidence >= s.probable_confidence else "possible"


def _ends_at(visit: Visit, fixes: Fixes, i: int, s: PortVisitSettings) -> bool:
    """Whether the visit is over by this fix: away for too long, or in another port. Notes that it left."""
    if is_over(visit, int(fixes.time[i]), s):
        return True
    port = int(fixes.port[i])
    if (port if port >= 0 else int(fixes.near_port[i])) == visit.port:
        return False
    if not visit.away:
        visit.away, visit.exit = True, _seen_since(fixes, i, s)
        _end_stop(visit, visit.last)
    if port >= 0:
        visit.end = visit.last
        return True
    return False


def _begin(fixes: Fixes, i: int, s: PortVisitSettings) -> Visit:
    time, port = int(fixes.time[i]), int(fixes.port[i])
    lon, lat = float(fixes.lon[i]), float(fixes.lat[i])
    entry = _seen_since(fixes, i, s) and int(fixes.port[i - 1]) != port
    return Visit(port, time, lon, lat, entry, time, lon, lat, box=[lon, lat, lon, lat])


def _stay(visit: Visit, fixes: Fixes, i: int, s: PortVisitSettings) -> None:
    """Take in a fix inside the port."""
    time, lon, lat = int(fixes.time[i]), float(fixes.lon[i]), float(fixes.lat[i])
    visit.last, visit.last_lon, visit.last_lat = time, lon, lat
    visit.away = visit.exit = False
    if (fence := int(fixes.fence[i])) >= 0 and fence not in visit.fences:
        visit.fences.append(fence)
    west, south, east, north = visit.box
    visit.box = [min(west, lon), min(south, lat), max(east, lon), max(north, lat)]
    if visit.stop is None and fixes.knots[i] < s.stop_knots:
        visit.stop, visit.stop_confirmed = time, False
    elif visit.stop is not None and fixes.knots[i] > s.move_knots:
        _end_stop(visit, time)
    elif visit.stop is not None and not visit.stop_confirmed:
        visit.stop_confirmed, visit.stops = True, visit.stops + 1


def _seen_since(fixes: Fixes, i: int, s: PortVisitSettings) -> bool:
    """Whether the fix before is recent enough for what happened in between to count as seen."""
    return i > 0 and bool(fixes.time[i] - fixes.time[i - 1] <= s.seen_minutes * MINUTE)


def _end_stop(visit: Visit, time: Millis) -> None:
    if visit.stop is not None and visit.stop_confirmed:
        visit.stopped += time - visit.stop
    visit.stop = None


def build_event(
    visit: Visit,
    identity: Identity,
    instant: Millis,
    status: Status,
    retraction: Reason | None,
    surroundings: Surroundings,
    detector: Detector,
    s: PortVisitSettings,
) -> Event:
    """One revision; `retraction` is why it is taken back."""
    assert visit.id is not None
    fence = _main_fence(visit, surroundings)
    reasons = list(_for(visit, identity, fence, s))
    against = [*_against(visit, identity, s), *([retraction] if retraction else [])]
    west, south, east, north = (round(edge, 5) for edge in visit.box)
    lon, lat = (visit.lon, visit.last_lon), (visit.lat, visit.last_lat)
    return Event(
        id=visit.id,
        type=EventType.PORT_VISIT,
        revision=visit.revision,
        status=status,
        level=Level(visit.level),
        start=to_text(visit.start),
        end=to_text(visit.until) if status is not Status.OPEN else None,
        detected=to_text(instant),
        position=position(visit.last_lon, visit.last_lat),
        bounding_box=(west, south, east, north),
        distances=surroundings.distances(lon, lat),
        vessel=vessel_of(identity),
        port_visit=_numbers(visit, fence),
        geofences=surroundings.relations(np.array(lon), np.array(lat)),
        score=score(s.weights.scoring, reasons, against),
        scoring=s.weights.scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        summary=_summary(visit, identity, fence, s) + retracted(retraction),
        evidence=Evidence(
            positions=(
                sample(visit.start, identity.mmsi, visit.lon, visit.lat, math.nan),
                sample(visit.last, identity.mmsi, visit.last_lon, visit.last_lat, math.nan),
            ),
            receivers=tuple(visit.receivers),
        ),
        detector=detector,
    )


def _main_fence(visit: Visit, surroundings: Surroundings) -> Fence:
    """The fence that names the visit: a berth rather than the roads that it was reached through."""
    fences = [surroundings.fences[i] for i in visit.fences] or surroundings.port_fences(visit.port)
    return min(fences, key=lambda fence: (fence.kind in (FenceKind.ROADS, FenceKind.ANCHORAGE), fence.id))


def _numbers(visit: Visit, fence: Fence) -> PortVisit:
    return PortVisit(
        port=fence.call,
        port_name=fence.name,
        country=fence.country,
        confidence=visit.confidence,
        duration_hours=hours(visit.until - visit.start),
        stopped_hours=hours(visit.time_stopped),
        entry_seen=visit.entry,
        exit_seen=visit.exit,
    )


def _for(visit: Visit, identity: Identity, fence: Fence, s: PortVisitSettings) -> Iterator[Reason]:
    stay = visit.until - visit.start
    others = " and other fences of this port" if len(visit.fences) > 1 else ""
    yield INSIDE.reason(
        s,
        hours(stay),
        names=fence.name + others,
        leave=s.leave_metres,
        duration=duration_text(stay),
    )
    if visit.stops:
        stopped = visit.time_stopped
        yield STOP.reason(
            s, hours(stopped), stop=s.stop_knots, move=s.move_knots, duration=duration_text(stopped)
        )
    if visit.silent:
        yield SILENT.reason(s)
    if visit.entry:
        yield ENTRY.reason(s)
    if visit.exit:
        yield EXIT.reason(s)
    yield from watchlist(identity, s)


def _against(visit: Visit, identity: Identity, s: PortVisitSettings) -> Iterator[Reason]:
    yield from shared_mmsi(identity, s)
    if not visit.entry:
        yield NO_ENTRY.reason(s)
    if visit.end is not None and not visit.exit:
        yield NO_EXIT.reason(s)


def _summary(visit: Visit, identity: Identity, fence: Fence, s: PortVisitSettings) -> str:
    where = fence.name + (f" ({fence.country})" if fence.country else "")
    vessel, stay = called(identity), duration_text(visit.until - visit.start)
    if visit.end is not None:
        least = "" if visit.entry and visit.exit else "at least "
        return f"The {vessel} called at {where} for {least}{stay}."
    if visit.away:
        return (
            f"The {vessel} was in {where} for {stay} and is now outside; the visit is over after "
            f"{s.return_hours:g} h outside."
        )
    return f"The {vessel} has been seen in {where} for {stay} so far."
