"""What the operations of one application share: the log, the hub, the settings, and a recording's player."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from fastapi import Depends, Request

from geofences.fence import Fence, to_geojson
from streams.feed.analysis_settings import AnalysisSettings
from streams.feed.http.access import Tokens
from streams.feed.http.stream_response import Streams
from streams.feed.log import FeedLog
from streams.feed.recording.player import Player
from streams.feed.settings import FeedSettings
from streams.feed.stream.hub import Hub
from streams.feed.views.fleet import Fleet


@dataclass(slots=True)
class FeedContext:
    log: FeedLog
    hub: Hub
    settings: FeedSettings
    fences: Sequence[Fence]
    player: Player | None = None
    """Of a recording; None for the live feed."""
    tokens: Tokens = field(default_factory=Tokens)
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    fleet: Fleet = field(init=False)
    streams: Streams = field(init=False)
    fences_json: msgspec.Raw = field(init=False)
    """The fences as GeoJSON, made once."""

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.log)
        self.streams = Streams(self.hub, self.settings)
        self.fences_json = msgspec.Raw(msgspec.json.encode(to_geojson(self.fences)))


async def _of_application(request: Request) -> FeedContext:
    feed: FeedContext = request.app.state.feed
    return feed


Feed = Annotated[FeedContext, Depends(_of_application)]
"""A parameter of an operation: the context of its application."""
