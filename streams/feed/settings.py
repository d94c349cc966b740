"""Settings of the feed: what it demands, and what it bears. Read from `TANKERWATCH_FEED_…` variables."""

import os
import re
from collections.abc import Mapping

import msgspec

from streams.deployment.config import DeploymentError

_PREFIX = "TANKERWATCH_FEED_"


class FeedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    read_tokens: str = ""
    """Tokens that let read, separated by commas."""
    review_tokens: str = ""
    """Tokens that let read and review."""
    hosts: str = ""
    """Names under which the feed is reached, separated by commas, beside those of loopback. Beyond loopback,
    none means any."""
    tiles_url: str = ""
    """Template of online map tiles, as https://tile.example.org/{z}/{x}/{y}.png; none: offline land only."""
    tiles_attribution: str = ""
    heartbeat_seconds: float = 15.0
    streams: int = 2_000
    """Streams open at a time, and"""
    streams_per_address: int = 100
    """of them from one address."""
    requests_per_minute: int = 1_200
    """From one address; as many may come at once after a minute of silence."""
    backlog_bytes: int = 16_000_000
    """Of what was sent lately so much is kept, for all clients together. Who falls behind it is dropped."""
    coalesce_seconds: float = 0.1
    """With many streams open, what comes within this time is sent together."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not isinstance(value, str) and not value > 0:
                raise ValueError(f"{name} must be above 0")
        for name in ("read_tokens", "review_tokens"):
            if not re.fullmatch(r"[A-Za-z0-9._~+/=, -]*", getattr(self, name)):
                raise ValueError(f"{name} may hold letters, digits and ._~+/=- (RFC 6750)")
        if not re.fullmatch(r"(https?://[^\s;,'\"]+)?", self.tiles_url):
            raise ValueError("tiles_url must begin with https:// or http:// and hold no blank, quote, ; or ,")


def from_environment(environment: Mapping[str, str] = os.environ) -> FeedSettings:
    """The settings that `TANKERWATCH_FEED_…` variables make. Raises DeploymentError."""
    values = {
        name: environment[variable]
        for name in FeedSettings.__struct_fields__
        if (variable := _PREFIX + name.upper()) in environment
    }
    try:
        return msgspec.convert(values, FeedSettings, strict=False)
    except msgspec.ValidationError as error:
        names = ", ".join(_PREFIX + name.upper() for name in FeedSettings.__struct_fields__)
        raise DeploymentError(f"environment: {error}; the variables are {names}") from error
