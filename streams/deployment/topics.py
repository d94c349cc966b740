"""The topics on Kafka: names, keys, partitions, retention and compaction, in one place.

| topic | one message is | key | partitions |
|---|---|---|---|
| `ais.sources` | a registration: who feeds us | source | 1, compacted |
| `ais.raw` | a frame of up to 500 lines of one source | source | `raw` |
| `ais.reports` | decoded columns of one source | none: partition is MMSI modulo `spread` | `spread` |
| `ais.ticks` | instants of the time grid of one partition of MMSIs | none | 1 |
| `ais.facts` | revisions that one stage found | none | 1 |
| `tankerwatch.events` | one revision of one event, as JSON | event id | 1, compacted |
| `tankerwatch.rejects` | a line or frame that could not be used, as it came | source | 1 |

Stages seek by offset and take a gap in offsets for a loss, so what they read has neither compaction nor
transactions. The events are one partition: their order is part of what a replay reproduces.
"""

from dataclasses import dataclass
from typing import Final

from models.time import DAY, HOUR, Millis

FRAME_LINES: Final = 500
FRAME_MILLIS: Final = 200
"""An ingest sends a frame when it has so many lines, or so long after the first of them."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of the topics. A second deployment beside the first has a prefix of its own."""

    prefix: str = ""

    @property
    def sources(self) -> str:
        return f"{self.prefix}ais.sources"

    @property
    def raw(self) -> str:
        return f"{self.prefix}ais.raw"

    @property
    def reports(self) -> str:
        return f"{self.prefix}ais.reports"

    @property
    def ticks(self) -> str:
        return f"{self.prefix}ais.ticks"

    @property
    def facts(self) -> str:
        return f"{self.prefix}ais.facts"

    @property
    def events(self) -> str:
        return f"{self.prefix}tankerwatch.events"

    @property
    def rejects(self) -> str:
        return f"{self.prefix}tankerwatch.rejects"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is created."""

    name: str
    partitions: int
    retention: Millis | None  # None for compacted ones, which keep the latest of each key

    @property
    def config(self) -> dict[str, str]:
        if self.retention is None:
            return {"cleanup.policy": "compact"}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention)}


def specs(topics: Topics, raw: int, spread: int) -> tuple[TopicSpec, ...]:
    """All topics of a deployment with so many partitions of raw frames and of MMSIs."""
    return (
        TopicSpec(topics.sources, 1, None),
        TopicSpec(topics.raw, raw, 14 * DAY),  # the time back to which state can be rebuilt
        TopicSpec(topics.reports, spread, 24 * HOUR),
        TopicSpec(topics.ticks, 1, 24 * HOUR),
        TopicSpec(topics.facts, 1, 7 * DAY),
        TopicSpec(topics.events, 1, None),
        TopicSpec(topics.rejects, 1, 14 * DAY),
    )
