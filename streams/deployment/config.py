"""One deployment: where its Kafka and Redis are, its names and numbers. Read from the environment.

`faust -A streams.app worker` takes no options of ours, so every process of a deployment reads the same
`TANKERWATCH_…` variables. docker-compose.yml has them all.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from streams.deployment.topics import Topics, stage_topics
from streams.runtime.environment import Variables, load


class RunFiles(msgspec.Struct, frozen=True):
    """The user's files that change what a run finds: named by variables, or by the options of replay."""

    settings: str | None = None
    """TOML file of thresholds that differ from the defaults."""
    fences: tuple[str, ...] = ()
    """GeoJSON files. A fence replaces the shipped one of the same id."""
    watchlists: tuple[str, ...] = ()
    """Files of lists, and folders of them. Their entries are added to the shipped list."""


class Deployment(Variables, frozen=True):
    broker: str = "127.0.0.1:9092"
    """Address of Kafka as HOST:PORT. Several addresses are separated by commas."""
    redis: str = "redis://127.0.0.1:6379/0"
    """URL of Redis."""
    prefix: str = ""
    """Prefix of the names of all topics and Redis keys, for a second deployment on the same services."""
    raw_partitions: int = 4
    """Partitions of the topic of raw frames: the number of workers that can decode at the same time."""
    spread: int = 8
    """Partitions by MMSI: the number of workers that can follow vessels at the same time. It can't be changed
    later."""
    checkpoint_seconds: float = 1.0
    """Seconds between two checkpoints of a partition."""
    checkpoint_frames: int = 500
    """Frames after which a checkpoint is written even if less time has passed."""
    session_timeout_seconds: float = 6.0
    """Seconds after which Kafka gives the partitions of a worker that was killed to others."""
    silence_seconds: float = 60.0
    """Seconds without a frame of a source, even an idle one, after which a worker ends the source."""
    settings: str = ""
    """TOML file of settings that differ from the defaults; empty for the defaults."""
    fences: str = ""
    """GeoJSON files of your own fences, separated by the system's path separator (`:` on Linux and macOS)."""
    watchlists: str = ""
    """Lists of vessels to watch, and folders of lists, separated likewise."""
    web_port: int = 0
    """Port of a worker's metrics; 0 for none. The sink serves its metrics on the next port, alerts on the one
    after it."""

    def __post_init__(self) -> None:
        for name in ("raw_partitions", "spread", "checkpoint_frames"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("checkpoint_seconds", "session_timeout_seconds", "silence_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0")

        _check_brokers(self.broker)
        _check_redis(self.redis)

    @property
    def topics(self) -> Topics:
        return Topics(self.prefix)

    @property
    def files(self) -> RunFiles:
        return RunFiles(self.settings or None, _paths(self.fences), _paths(self.watchlists))

    @property
    def stage_partitions(self) -> dict[tuple[str, int], tuple[str, int]]:
        """By stage and partition, the topic and partition that it reads."""
        counts = {"decoder": self.raw_partitions, "vessels": self.spread}
        return {
            (stage, number): (topic, number)
            for stage, topic in stage_topics(self.topics).items()
            for number in range(counts.get(stage, 1))
        }


_REDIS: Final = re.compile(
    r"unix://\S+|rediss?://(?:[^\s@/?#]*@)?(?:[\w.-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[^/?#]*))?(?:[/?]\S*)?"
)


def _check_brokers(text: str) -> None:
    """Raises ValueError."""
    for part in text.split(","):
        host, _, port = part.strip().rpartition(":")
        if not re.fullmatch(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]", host) or not _is_port(port):
            raise ValueError("broker is no address of Kafka; give HOST:PORT, several separated by commas")


def _check_redis(text: str) -> None:
    """Raises ValueError, without the address: it may hold a password."""
    place = _REDIS.fullmatch(text)
    if place is None or (place["port"] and not _is_port(place["port"])):
        raise ValueError(
            "redis is no address of Redis; give redis://HOST:PORT/0, or rediss://HOST:PORT/0 for TLS; in a "
            "password, write signs like / and @ as %2F and %40"
        )


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65_536


def _paths(text: str) -> tuple[str, ...]:
    return tuple(path for path in text.split(os.pathsep) if path)


def from_environment(environment: Mapping[str, str] = os.environ) -> Deployment:
    """The deployment that `TANKERWATCH_…` variables describe. Raises VariableError."""
    return load(Deployment, environment)
