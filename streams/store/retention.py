"""Retention: how much the sink keeps in Redis, and for how long. Read from the environment."""

import os
from collections.abc import Mapping
from typing import ClassVar

from streams.runtime.environment import PREFIX, Variables, load


class Retention(Variables, frozen=True):
    """A revision takes 2 to 25 KB in the log, an event as much again; a vessel up to 8 KB."""

    PREFIX: ClassVar[str] = f"{PREFIX}KEEP_"

    log_days: float = 30.0
    """Days for which entries of the event log are kept after they were written."""
    log_entries: int = 50_000
    """Number of entries of the event log beyond which the oldest are dropped, approximately."""
    event_days: float = 90.0
    """Days for which the highest revision of an event is kept after it was detected. An event that is
    published again after that counts as new, so this must be longer than raw frames are kept (14 days)."""
    track_points: int = 288
    """Points of a vessel's recent track: the default is one day at 5 minutes."""
    identities: int = 32
    """Number of identities kept in a vessel's history."""
    idle_days: float = 7.0
    """Days without a position or a new identity after which a vessel is dropped."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0")


def from_environment(environment: Mapping[str, str] = os.environ) -> Retention:
    """The limits that `TANKERWATCH_KEEP_…` variables set. Raises VariableError."""
    return load(Retention, environment)
