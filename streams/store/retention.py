"""Limits: how much the sink keeps in Redis, and for how long. Read from the environment."""

import os
from collections.abc import Mapping

import msgspec

from streams.deployment.config import DeploymentError


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A revision takes 2 to 25 KB in the log, an event as much again; a vessel up to 8 KB."""

    log_days: float = 30.0
    """Entries of the event log are kept so long after they were written,"""
    log_entries: int = 50_000
    """and no more than about so many."""
    event_days: float = 90.0
    """The highest revision of an event is kept so long after it was detected. What is published again later
    than that counts as new, so this has to be longer than the raw frames are kept."""
    track_points: int = 288
    """Points of a vessel's recent track: a day of ticks at five minutes."""
    identities: int = 32
    """Identities in a vessel's history."""
    idle_days: float = 7.0
    """A vessel without a tick or a new identity for so long is dropped."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0")


def from_environment(environment: Mapping[str, str] = os.environ) -> Retention:
    """The limits that `TANKERWATCH_KEEP_…` variables set. Raises DeploymentError."""
    values = {
        name: environment[variable]
        for name in Retention.__struct_fields__
        if (variable := f"TANKERWATCH_KEEP_{name.upper()}") in environment
    }
    try:
        return msgspec.convert(values, Retention, strict=False)
    except msgspec.ValidationError as error:
        names = ", ".join(f"TANKERWATCH_KEEP_{name.upper()}" for name in Retention.__struct_fields__)
        raise DeploymentError(f"environment: {error}; the variables are {names}") from error
