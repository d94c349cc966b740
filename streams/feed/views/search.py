"""The search among places and cases; that among vessels is in `vessel_index`."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from geofences.fence import Fence
from models.event import Event, EventType, Level, Status
from models.event_filter import EventFilter
from streams.feed.log import FeedLog, read_event
from streams.feed.views import event_pages
from streams.feed.views.vessel_index import VesselFound, searched, words_of


class PlaceFound(msgspec.Struct, frozen=True, kw_only=True):
    """A fence that a search has found, and its box: west, south, east, north."""

    id: str
    name: str
    kind: str
    country: str | None
    bbox: tuple[float, float, float, float]


class CaseFound(msgspec.Struct, frozen=True, kw_only=True):
    """A chain or an encounter that a search has found."""

    id: str
    type: EventType
    level: Level
    status: Status
    score: float
    start: str
    end: str | None
    vessels: list[str]
    summary: str


CASES: Final = (EventType.CHAIN, EventType.ENCOUNTER, EventType.DARK_ENCOUNTER)


def places(fences: Iterable[Fence], text: str, limit: int) -> list[PlaceFound]:
    """The fences in whose name, kind and country every word occurs: those that begin so first."""
    words = searched(text)
    found = []
    for fence in fences if words else ():
        said = words_of(f"{fence.name} {fence.kind} {fence.country or ''}")
        if all(word in said for word in words):
            first = not said.startswith(f" {' '.join(words)}")
            found.append((first, not all(f" {word}" in said for word in words), fence.name, fence))
    found.sort(key=lambda one: one[:3])
    return [
        PlaceFound(
            id=fence.id,
            name=fence.name,
            kind=fence.kind.value,
            country=fence.country,
            bbox=fence.geometry.bounds,
        )
        for *_, fence in found[:limit]
    ]


async def cases(log: FeedLog, text: str, vessels: Sequence[VesselFound], limit: int) -> list[CaseFound]:
    """The latest cases that match: by their text, by their id, or by a vessel that was found."""
    words, mmsis = searched(text), {vessel.mmsi for vessel in vessels}
    if not words:
        return []
    (json,) = await log.latest_of([text.strip().lower()])
    named = None if json is None else read_event(json)
    found = [named] if named is not None and named.type in CASES else []
    page = await event_pages.page(
        log, EventFilter.parse({"type": [kind.value for kind in CASES]}), limit=1_000
    )
    for event in page.events:
        if event.status is Status.RETRACTED or event in found:
            continue
        said = words_of(" ".join([event.summary, *(fence.name for fence in event.geofences)]))
        if mmsis.intersection(event.mmsis) or all(word in said for word in words):
            found.append(event)
    found.sort(key=lambda event: event is not named)
    return [_case(event) for event in found[:limit]]


def _case(event: Event) -> CaseFound:
    return CaseFound(
        id=event.id,
        type=event.type,
        level=event.level,
        status=event.status,
        score=event.score,
        start=event.start,
        end=event.end,
        vessels=[vessel.name or f"MMSI {vessel.ssvid}" for vessel in event.vessels],
        summary=event.summary,
    )
