"""Small made-up tracks, ticks and identities for tests of the detectors.

Times are minutes after NOON, on the grid when they are multiples of five; places are metres east and north of
a point in the open Sea of Japan, unless a test names another.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely import box

from geofences.fence import Fence, FenceKind, Policy
from geofences.surroundings import Surroundings
from models.event import Event
from models.report import POSITION, STATIC, Reports, Rows
from models.tick import TICK, Instant
from models.time import END, MINUTE, Millis, from_text
from models.vessel import Dimensions, Identity, Places, Role
from models.watchlist import Watchlist
from streams.detection.encounters.hull import METRES_PER_DEGREE
from streams.stages.meeting_stage import MeetingStage
from streams.stages.rules import Rules
from streams.stages.settings import MeetingSettings, Settings, VesselSettings
from streams.stages.vessel_stage import VesselStage

NOON = from_text("2024-03-01T12:00:00Z")
SEA = (135.0, 40.0)
NOWHERE = Surroundings(())
A, B, C = 273_000_001, 273_000_002, 273_000_003
"""MMSIs with the digits of Russia."""

Numbers = float | Sequence[float] | npt.NDArray[Any]


def at(minute: float) -> Millis:
    return NOON + round(minute * MINUTE)


def minute_of(text: str | None) -> float:
    assert text is not None
    return (from_text(text) - NOON) / MINUTE


def lon_lat(east: Numbers, north: Numbers, origin: tuple[float, float] = SEA) -> tuple[Any, Any]:
    """Degrees of a point so many metres east and north of the origin."""
    lat = origin[1] + np.asarray(north, float) / METRES_PER_DEGREE
    lon = origin[0] + np.asarray(east, float) / METRES_PER_DEGREE / np.cos(np.radians(origin[1]))
    return (lon + 180) % 360 - 180, lat


def columns(dtype: np.dtype[Any], length: int, values: Mapping[str, Any]) -> Rows:
    rows = np.zeros(length, dtype)
    for name, value in values.items():
        rows[name] = value
    return rows


# --- for VesselStage


def fixes(
    mmsi: int,
    minutes: Sequence[float] | npt.NDArray[Any],
    east: Numbers = 0.0,
    north: Numbers = 0.0,
    sog: Numbers = np.nan,
    *,
    type: int = 1,
    status: int = 0,
    origin: tuple[float, float] = SEA,
) -> Rows:
    """Rows of POSITION."""
    lon, lat = lon_lat(east, north, origin)
    values = {"mmsi": mmsi, "type": type, "lon": lon, "lat": lat, "sog": sog, "status": status}
    values |= {"time": [at(minute) for minute in minutes], "cog": np.nan, "heading": np.nan}
    return columns(POSITION, len(minutes), values)


def statics(mmsi: int, minutes: Sequence[float] = (0, 6), ship_type: int = 80, **more: Any) -> Rows:
    """Rows of STATIC: a tanker's, in two transmissions, unless told otherwise."""
    values = {"mmsi": mmsi, "type": 5, "ship_type": ship_type, "draught": np.nan} | more
    return columns(STATIC, len(minutes), values | {"time": [at(minute) for minute in minutes]})


def vessel_stage(
    fences: Iterable[Fence] = (), settings: VesselSettings | None = None, listed: Watchlist | None = None
) -> VesselStage:
    if listed is not None:
        return VesselStage(Rules(Settings(vessel=settings or VesselSettings()), fences, listed))
    return VesselStage(_rules(Settings(vessel=settings or VesselSettings()), tuple(fences)))


@cache
def _rules(settings: Settings, fences: tuple[Fence, ...]) -> Rules:
    """Made once, because tests replace stages by their copies a thousand times."""
    return Rules(settings, fences, Watchlist())


def run_stage(stage: VesselStage, *rows: Rows) -> list[Instant]:
    """All that a stage says of these reports."""
    positions = [part for part in rows if part.dtype == POSITION]
    told = [part for part in rows if part.dtype == STATIC]
    stage.feed(
        Reports(
            "a",
            np.concatenate([np.empty(0, POSITION), *positions]),
            np.concatenate([np.empty(0, STATIC), *told]),
        )
    )
    return stage.advance(END)


def events_of(instants: Iterable[Instant]) -> list[Event]:
    return [event for instant in instants for event in instant.events]


def ticks_of(instants: Iterable[Instant]) -> Rows:
    return np.concatenate([np.empty(0, TICK), *(instant.ticks for instant in instants)])


def identities_of(instants: Iterable[Instant]) -> dict[int, Identity]:
    """The last that was said of each vessel."""
    return {identity.mmsi: identity for instant in instants for identity in instant.identities}


def latest(events: Iterable[Event]) -> list[Event]:
    """The highest revision of each event, in order of their first."""
    found: dict[str, Event] = {}
    for event in events:
        assert event.revision == (found[event.id].revision + 1 if event.id in found else 1)
        found[event.id] = event
    return list(found.values())


def only(events: Iterable[Event]) -> Event:
    """The highest revision of the one event that there is."""
    (event,) = latest(events)
    return event


# --- for MeetingStage


def ticks(
    mmsi: int,
    minutes: Sequence[float] | npt.NDArray[Any],
    east: Numbers = 0.0,
    north: Numbers = 0.0,
    sog: Numbers = 0.3,
    *,
    heading: float = 0.0,
    status: int = 0,
    origin: tuple[float, float] = SEA,
) -> Rows:
    """Rows of TICK."""
    lon, lat = lon_lat(east, north, origin)
    values = {"mmsi": mmsi, "lon": lon, "lat": lat, "sog": sog, "heading": heading, "status": status}
    return columns(TICK, len(minutes), values | {"time": [at(minute) for minute in minutes], "cog": np.nan})


def identity(
    mmsi: int,
    role: Role = Role.TANKER,
    minute: float = 0,
    size: Dimensions | None = None,
    *,
    shared: bool = False,
    **more: Any,
) -> Identity:
    more.setdefault("places", Places(shared=shared))
    return Identity(mmsi=mmsi, time=at(minute), role=role, dimensions=size, **more)


def instants(rows: Sequence[Rows], identities: Iterable[Identity]) -> list[Instant]:
    """What VesselStage would say: ticks at the end of their step, identities at their time."""
    together = np.sort(np.concatenate([np.empty(0, TICK), *rows]), order=["time", "mmsi", "segment"])
    known = list(identities)
    step = 5 * MINUTE
    steps = -(-together["time"] // step) * step
    times = sorted({*np.unique(steps).tolist(), *(each.time for each in known)})
    return [
        Instant(
            time,
            together[steps == time],
            tuple(sorted((each for each in known if each.time == time), key=lambda each: each.mmsi)),
        )
        for time in times
    ]


def meeting_stage(fences: Iterable[Fence] = (), settings: MeetingSettings | None = None) -> MeetingStage:
    return MeetingStage(_rules(Settings(meeting=settings or MeetingSettings()), tuple(fences)))


def encounters(
    rows: Sequence[Rows],
    identities: Iterable[Identity] = (identity(A), identity(B)),
    fences: Iterable[Fence] = (),
    until: float | None = None,
) -> list[Event]:
    """All revisions that MeetingStage tells; `until` a minute, or else to the end of the sources."""
    stage = meeting_stage(fences)
    for instant in instants(rows, identities):
        stage.feed(instant)
    return stage.advance(END if until is None else at(until) + 1)


# --- fences


def fence(
    id: str,
    metres: float,
    kind: FenceKind = FenceKind.ANCHORAGE,
    policy: Policy = Policy.SCORE,
    *,
    locode: str | None = None,
    east: float = 0.0,
    origin: tuple[float, float] = SEA,
) -> Fence:
    """A square that reaches so many metres from its middle."""
    (west, right), (south, top) = lon_lat([east - metres, east + metres], [-metres, metres], origin)
    return Fence(id, f"Fence {id}", kind, "RU", locode, policy, "made up", box(west, south, right, top))
