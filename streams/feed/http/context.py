"""What the parts of the application share: log, hub, settings, and the time machine if there is one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from geofences.fence import Fence
from streams.feed.http.access import Tokens
from streams.feed.log import FeedLog
from streams.feed.recording.player import Player
from streams.feed.settings import FeedSettings
from streams.feed.stream.hub import Hub


@dataclass(frozen=True, slots=True)
class FeedContext:
    log: FeedLog
    hub: Hub
    settings: FeedSettings
    fences: Sequence[Fence]
    player: Player | None = None
    """Of a recording."""
    tokens: Tokens = field(default_factory=Tokens)
