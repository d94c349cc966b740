"""A tanker that falls silent among other ships, by both stages, with snapshots on the way if wanted."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from geofences.fence import Fence
from models.event import Event, EventType
from models.report import POSITION, STATIC, Reports, Rows
from models.sighting import Sighting
from models.time import END, HOUR, Millis
from models.watchlist import Watchlist
from streams.stages.meeting_stage import MeetingStage
from streams.stages.rules import Rules
from streams.stages.settings import Settings
from streams.stages.vessel_stage import VesselStage
from tests.streams.track_factories import SEA, A, at, fixes, statics

H = 60
"""Minutes."""
OTHERS = 273_100_000
"""MMSIs of the ships around begin here."""


def run(
    *rows: Rows,
    fences: Sequence[Fence] = (),
    listed: Watchlist | None = None,
    until: Millis = END,
    restarts: bool = False,
    every: Millis = HOUR,
    settings: Settings | None = None,
) -> list[Event]:
    """All revisions of gaps and possible dark port visits; see `all_events`."""
    wanted = (EventType.GAP, EventType.DARK_PORT_VISIT)
    found = all_events(
        *rows,
        fences=fences,
        listed=listed,
        until=until,
        restarts=restarts,
        every=every,
        settings=settings,
    )
    return [event for event in found if event.type in wanted]


def all_events(
    *rows: Rows,
    fences: Sequence[Fence] = (),
    listed: Watchlist | None = None,
    until: Millis = END,
    restarts: bool = False,
    every: Millis = HOUR,
    settings: Settings | None = None,
    sightings: Sequence[Sighting] = (),
) -> list[Event]:
    """All revisions of all events, from reports fed in parts of `every` ms.

    With `restarts` both stages are replaced by new ones with their snapshots after each part.
    """
    rules = Rules(settings or Settings(), fences, listed or Watchlist())
    vessels, meetings = VesselStage(rules), MeetingStage(rules)
    positions = np.sort(_joined(rows, POSITION), order="time")
    told = np.sort(_joined(rows, STATIC), order="time")
    last = max(int(part["time"].max()) for part in (positions, told) if len(part))
    first = min(int(part["time"].min()) for part in (positions, told) if len(part))
    events: list[Event] = []
    vessels.feed(Reports("seen", sightings=tuple(sightings)))
    marks = [*range(first + every, min(last, until), every), END if until == END else until]
    for begin, mark in pairwise([first, *marks]):
        parts = [part[(part["time"] >= begin) & (part["time"] < mark)] for part in (positions, told)]
        vessels.feed(Reports("a", *parts))
        for instant in vessels.advance(mark):
            meetings.feed(instant)
        events += meetings.advance(END if mark == END else vessels.done + 1)
        if restarts and mark != END:
            states = vessels.snapshot(), meetings.snapshot()
            vessels, meetings = VesselStage(rules), MeetingStage(rules)
            vessels.restore(states[0])
            meetings.restore(states[1])
    return events


def _joined(rows: Sequence[Rows], dtype: Any) -> Rows:
    return np.concatenate([np.empty(0, dtype), *(part for part in rows if part.dtype == dtype)])


def times(*spans: tuple[float, float], each: float = 10.0) -> np.ndarray[Any, Any]:
    """Minutes of reports in these spans of hours."""
    return np.concatenate([np.arange(begin * H, end * H + 0.1, each) for begin, end in spans])


def tanker(
    *spans: tuple[float, float],
    each: float = 10.0,
    knots: float = 0.0,
    mmsi: int = A,
    east: float = 0.0,
    draught: float = np.nan,
    after: float = np.nan,
    origin: tuple[float, float] = SEA,
    **more: Any,
) -> list[Rows]:
    """A tanker heard in these spans of hours, sailing east at a speed, or drifting slowly.

    With `after` it has another draught in all spans but the first.
    """
    minutes = times(*spans, each=each)
    way = east + minutes * (knots if knots else 0.4) * 1852 / 60
    position = fixes(mmsi, minutes, way, sog=knots if knots else 0.4, origin=origin, **more)
    position["cog"] = 90.0
    told = [
        statics(mmsi, [begin * H + 1, begin * H + 20, begin * H + 40], draught=draught if i == 0 else after)
        for i, (begin, _) in enumerate(spans)
    ]
    return [position, *told]


def others(
    *spans: tuple[float, float], count: int = 8, km: float = 20.0, each: float = 15.0, first: int = OTHERS
) -> list[Rows]:
    """Cargo ships in a ring around the place, heard in these spans of hours; each drifts a little."""
    minutes = times(*spans, each=each)
    rows: list[Rows] = []
    for i in range(count):
        angle = 2 * np.pi * i / count
        east, north = 1000 * km * np.cos(angle), 1000 * km * np.sin(angle)
        rows.append(fixes(first + i, minutes + i, east + minutes, north, sog=1.5))
        rows.append(statics(first + i, [i, 6 + i], ship_type=70))
    return rows


def hour(time: str | None) -> float:
    """Hours since the beginning of a time in an event."""
    from models.time import from_text

    assert time is not None
    return (from_text(time) - at(0)) / HOUR
