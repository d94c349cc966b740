"""Settings of the feed, read from the environment variables `TANKERWATCH_FEED_…`."""

import os
import re
from collections.abc import Mapping
from typing import ClassVar

from streams.feed.trusted_proxies import TrustedProxies
from streams.runtime.environment import PREFIX, Variables, load


class FeedSettings(Variables, frozen=True):
    PREFIX: ClassVar[str] = f"{PREFIX}FEED_"

    read_tokens: str = ""
    """Tokens that allow reading, separated by commas."""
    review_tokens: str = ""
    """Tokens that allow reading, writing reviews, silencing alerts and ending silences, and drawing and
    deleting fences, separated by commas."""
    hosts: str = ""
    """Host names under which the feed is reached, besides those of loopback, separated by commas. Empty for
    any name, if the feed listens beyond loopback."""
    trusted_proxies: str = ""
    """Addresses and networks of reverse proxies, separated by commas. Their `Forwarded` or `X-Forwarded-For`
    says which client a request is from, and limits by address hold for that client."""
    tiles_url: str = ""
    """URL template of online map tiles, like https://tile.example.org/{z}/{x}/{y}.png; empty for the shipped
    map of land only."""
    tiles_attribution: str = ""
    """Credit for the map tiles, shown on the map."""
    heartbeat_seconds: float = 15.0
    """Seconds between two heartbeats of a stream that has nothing else to send."""
    streams: int = 2_000
    """Number of streams that can be open at the same time."""
    streams_per_address: int = 100
    """Number of streams that one address can have open at the same time."""
    requests_per_minute: int = 1_200
    """Requests a minute that one address can make, or that can be made from it with one token; all at once
    after a minute without any."""
    refusals_per_minute: int = 60
    """Requests a minute of one address with a wrong token or without the one needed that are told so. They
    count apart from the others."""
    backlog_bytes: int = 16_000_000
    """Bytes of recent events kept in memory for all streams. A client further behind is dropped."""
    silent_minutes: float = 10.0
    """Minutes without a line after which a source counts as down, although its ingest runs."""
    coalesce_seconds: float = 0.1
    """Seconds within which events are sent together, while many streams are open."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not isinstance(value, str) and not value > 0:
                raise ValueError(f"{name} must be above 0")
        for name in ("read_tokens", "review_tokens"):
            if not re.fullmatch(r"[A-Za-z0-9._~+/=, -]*", getattr(self, name)):
                raise ValueError(f"{name} may contain letters, digits and ._~+/=- (RFC 6750)")
        try:
            TrustedProxies(self.trusted_proxies)
        except ValueError as error:
            raise ValueError(f"trusted_proxies: {error}") from None
        if not re.fullmatch(r"(https?://[^\s;,'\"]+)?", self.tiles_url):
            raise ValueError("tiles_url must start with https:// or http://, without blanks, quotes, ; or ,")


def from_environment(environment: Mapping[str, str] = os.environ) -> FeedSettings:
    """The settings that `TANKERWATCH_FEED_…` variables set. Raises VariableError."""
    return load(FeedSettings, environment)
