"""The topics on Kafka: names, messages, keys, partitions and retention, in one place.

Stages seek by offset and treat a gap in the offsets as a loss, so the topics they read have neither
compaction nor transactions. The events are in one partition, because a replay reproduces their order too.
docs/reference/topics.md is made from this.
"""

from dataclasses import dataclass
from typing import Final

from models.time import DAY, HOUR, Millis

FRAME_LINES: Final = 5_000
FRAME_BYTES: Final = 400_000
FRAME_MILLIS: Final = 200
"""An ingest sends a frame when it has so many lines or bytes, or this long after the first of them. So frames
grow with the load, and what Kafka and Faust cost for each message is shared by more lines."""


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
    def sightings(self) -> str:
        return f"{self.prefix}ais.sightings"

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
    def fences(self) -> str:
        return f"{self.prefix}tankerwatch.fences"

    @property
    def rejects(self) -> str:
        return f"{self.prefix}tankerwatch.rejects"


def stage_topics(topics: Topics) -> dict[str, str]:
    """The topic that each stage reads, by name of the stage, in the order of the stages."""
    return {
        "decoder": topics.raw,
        "vessels": topics.reports,
        "meetings": topics.ticks,
        "cases": topics.facts,
    }


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is created."""

    name: str
    partitions: int
    retention: Millis | None
    """None for a compacted topic, which keeps the latest message of each key."""
    message: str
    """What one message is."""
    key: str

    @property
    def config(self) -> dict[str, str]:
        if self.retention is None:
            return {"cleanup.policy": "compact"}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention)}


def specs(topics: Topics, raw: int, spread: int) -> tuple[TopicSpec, ...]:
    """All topics of a deployment with so many partitions of raw frames and of MMSIs."""
    return (
        TopicSpec(topics.sources, 1, None, "the registration of a source", "source"),
        # kept as long as state can be rebuilt
        TopicSpec(topics.raw, raw, 14 * DAY, f"a frame: up to {FRAME_LINES:,} lines of one source", "source"),
        # anybody may write here; `tankerwatch ingest sightings:` takes them in
        TopicSpec(topics.sightings, 1, 120 * DAY, "what somebody saw, as JSON", "none"),
        TopicSpec(
            topics.reports,
            spread,
            24 * HOUR,
            "decoded reports of one source",
            "none: MMSI modulo the partitions",
        ),
        TopicSpec(
            topics.ticks, 1, 24 * HOUR, "positions of some vessels at instants of the time grid", "none"
        ),
        # as long as chains look back
        TopicSpec(topics.facts, 1, 120 * DAY, "revisions of events that one stage found", "none"),
        TopicSpec(topics.events, 1, None, "one revision of one event", "event id"),
        # what the page draws goes into the raw topic; here is what counts, and from when on
        TopicSpec(topics.fences, 1, None, "one version of a drawn fence, as JSON", "fence id:version"),
        TopicSpec(
            topics.rejects, 1, 14 * DAY, "a line or frame that could not be used, as it came", "source"
        ),
    )
