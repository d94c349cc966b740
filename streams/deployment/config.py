"""One deployment: where its Kafka and Redis are, its names and numbers. Read from the environment.

`faust -A streams.app worker` takes no options of ours, so every process of a deployment is told by the same
`TANKERWATCH_…` variables; docker-compose.yml has them all.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from streams.deployment.topics import Topics
from streams.stages import settings as settings_file
from streams.stages.settings import Settings


class DeploymentError(ValueError):
    """An environment variable that can't be used; the text names it and the remedy."""


class Deployment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    broker: str = "127.0.0.1:9092"
    """Kafka, as host:port, several with commas."""
    redis: str = "redis://127.0.0.1:6379/0"
    prefix: str = ""
    """Before the name of every topic and Redis key: deployments side by side."""
    raw_partitions: int = 4
    """Partitions of raw frames: as many decoders can work at once."""
    spread: int = 8
    """Partitions of MMSIs: as many workers can follow vessels at once. Can't be changed later."""
    checkpoint_seconds: float = 1.0
    checkpoint_frames: int = 500
    """A checkpoint is taken so often: by the clock, and after so many frames when catching up."""
    session_timeout_seconds: float = 6.0
    """A killed worker is missed after so long."""
    silence_seconds: float = 60.0
    """A source from whose ingest not even word of being idle has come for so long is ended."""
    settings: str = ""
    """TOML file of thresholds; none means the defaults."""
    fences: str = ""
    watchlists: str = ""
    """Further files of fences and watched vessels, separated by the system's path separator."""
    web_port: int = 0
    """Port of a worker's metrics; 0 for none."""

    def __post_init__(self) -> None:
        for name in ("raw_partitions", "spread", "checkpoint_frames"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("checkpoint_seconds", "session_timeout_seconds", "silence_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0")

    @property
    def topics(self) -> Topics:
        return Topics(self.prefix)

    def load_settings(self) -> Settings:
        """Raises SettingsError."""
        return settings_file.load(Path(self.settings)) if self.settings else Settings()


def from_environment(environment: Mapping[str, str] = os.environ) -> Deployment:
    """The deployment that `TANKERWATCH_…` variables describe. Raises DeploymentError."""
    values = {
        name: environment[variable]
        for name in Deployment.__struct_fields__
        if (variable := f"TANKERWATCH_{name.upper()}") in environment
    }
    try:
        return msgspec.convert(values, Deployment, strict=False)
    except msgspec.ValidationError as error:
        names = ", ".join(f"TANKERWATCH_{name.upper()}" for name in Deployment.__struct_fields__)
        raise DeploymentError(f"environment: {error}; the variables are {names}") from error
