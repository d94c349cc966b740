"""What the operations of one application share: log, hub, settings, and how far a recording was read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from fastapi import Depends, Request

from geofences.drawn import fence_of
from geofences.fence import Fence, to_geojson
from models.drawn_fence import FenceVersion
from models.event import EventType
from models.time import Millis
from streams.feed.analysis_settings import AnalysisSettings
from streams.feed.http.access import Tokens
from streams.feed.http.problems import invalid
from streams.feed.http.stream_response import Streams
from streams.feed.log import FeedLog, read_event
from streams.feed.recording.memory_log import MemoryLog
from streams.feed.recording.progress import Progress
from streams.feed.settings import FeedSettings
from streams.feed.stream.cases import Cases
from streams.feed.stream.hub import LOOK, Hub
from streams.feed.stream.sse import message
from streams.feed.views.drawn_fences import FenceDesk, current
from streams.feed.views.fleet import Fleet
from streams.feed.views.vessel_index import VesselIndex
from streams.runtime.retry import REDIS_AWAY


@dataclass(slots=True)
class FeedContext:
    log: FeedLog
    hub: Hub
    settings: FeedSettings
    fences: Sequence[Fence]
    progress: Progress | None = None
    """Of a recording; None for the live feed."""
    tokens: Tokens = field(default_factory=Tokens)
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    desk: FenceDesk | None = None
    """Of drawn fences; None where nobody can draw."""
    fleet: Fleet = field(init=False)
    vessels: VesselIndex = field(init=False)
    streams: Streams = field(init=False)
    fences_json: msgspec.Raw = field(init=False)
    """The fences of files and of the package as GeoJSON, made once."""
    _with_drawn: tuple[list[FenceVersion], msgspec.Raw] | None = field(init=False, default=None)
    """Drawn fences as they stood last, and all fences with them as GeoJSON."""

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.log)
        self.vessels = VesselIndex(self.log)
        self.streams = Streams(self.hub, self.settings)
        self.fences_json = msgspec.Raw(msgspec.json.encode(to_geojson(self.fences)))

    async def fences_now(self) -> msgspec.Raw:
        """All fences as GeoJSON, drawn ones as they stand; without these while Redis is away."""
        try:
            return await self.all_fences()
        except REDIS_AWAY:  # the hub logs it
            return self.fences_json

    async def all_fences(self) -> msgspec.Raw:
        """All fences as GeoJSON, drawn ones as they stand. Raises REDIS_AWAY."""
        standing = await self.desk.standing() if self.desk is not None else []
        if not standing:
            return self.fences_json
        if self._with_drawn is None or self._with_drawn[0] != standing:
            drawn = (fence_of(each, each.begins if each.valid_from else None) for each in standing)
            json = msgspec.Raw(msgspec.json.encode(to_geojson((*self.fences, *drawn))))
            self._with_drawn = standing, json
        return self._with_drawn[1]

    async def watch_fences(self) -> None:
        """Tell all streams of changes of drawn fences, until cancelled: of those that others made, too. Once
        Redis is back, they are told in any case: they may have been shown no drawn fences meanwhile."""
        known: list[FenceVersion] | None = None
        away = False
        while self.desk is not None:
            try:
                found = await self.desk.book.versions()
                if away or (known is not None and found != known):
                    self.hub.tell(message("fences", msgspec.json.encode({"fences": len(current(found))})))
                known, away = found, False
            except REDIS_AWAY:  # the hub logs it
                away = True
            await asyncio.sleep(LOOK)

    async def view(self, at: Millis | None = None) -> "FeedView":
        """What operations read: everything, or what was known at a moment of a recording.

        Raises Problem if it is not a recording.
        """
        if at is None:
            await self.hub.reach(await self.log.last())
            return FeedView(self.log, self.hub.cases)
        if not isinstance(self.log, MemoryLog):
            raise invalid("at: only a recording can be seen as of a moment; leave it out")
        log = self.log.as_of(at)
        cases = Cases()
        for json in await log.latest_of_type(EventType.CHAIN):
            if (event := read_event(json)) is not None:
                cases.take(event)
        return FeedView(log, cases)


@dataclass(frozen=True, slots=True)
class FeedView:
    """An event log at a moment, and the chains as they stood then."""

    log: FeedLog
    cases: Cases


async def _of_application(request: Request) -> FeedContext:
    feed: FeedContext = request.app.state.feed
    return feed


Feed = Annotated[FeedContext, Depends(_of_application)]
"""A parameter of an operation: the context of its application."""
