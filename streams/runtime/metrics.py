"""Metrics for Prometheus, of workers and the sink. They are counted around the stages, never in one.

Served on loopback unless `TANKERWATCH_METRICS_HOST` names another address. docs/reference/metrics.md lists
them.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from models.station_clock import Clocks
from models.time import BEGINNING, END, SECOND, Millis
from streams.runtime.logs import get_logger

log = get_logger(__name__)
REGISTRY: Final = CollectorRegistry()

LINES = Counter("tankerwatch_lines", "Lines decoded, by their outcome", ["outcome"], registry=REGISTRY)
OVERTAKEN = Counter(
    "tankerwatch_overtaken",
    "Reports (vessels) or instants (meetings) that came too late: older than what the stage had worked off",
    ["stage"],
    registry=REGISTRY,
)
FRAMES = Counter("tankerwatch_frames", "Frames processed by a stage", ["stage"], registry=REGISTRY)
CHECKPOINTS = Counter("tankerwatch_checkpoints", "Checkpoints written", ["stage"], registry=REGISTRY)
EVENTS = Counter(
    "tankerwatch_events",
    "Revisions of events that the sink has added to the log",
    ["type", "level", "status"],
    registry=REGISTRY,
)
DUPLICATES = Counter(
    "tankerwatch_sink_duplicates", "Revisions that the log already had", registry=REGISTRY
)  # fmt: skip
UNREADABLE = Counter(
    "tankerwatch_sink_unreadable",
    "Messages that the sink could not read and left out",
    ["topic"],
    registry=REGISTRY,
)
TICKS = Counter("tankerwatch_sink_ticks", "Positions that the sink has added to tracks", registry=REGISTRY)
IDENTITIES = Counter(
    "tankerwatch_sink_identities", "Identities that the sink has added to vessels", registry=REGISTRY
)
SINK_LAG = Gauge(
    "tankerwatch_sink_lag_messages",
    "Messages of a topic that the sink has not written yet",
    ["topic"],
    registry=REGISTRY,
)
SINK_WRITTEN = Gauge(
    "tankerwatch_sink_written_timestamp_seconds",
    "Unix time at which the sink wrote its last batch",
    registry=REGISTRY,
)
UP = Gauge(
    "tankerwatch_service_up",
    "1 if Redis or Kafka answered the last request, else 0",
    ["service"],
    registry=REGISTRY,
)
ALERTS = Counter(
    "tankerwatch_alerts",
    "Alert messages by outcome: delivered, retried, dead or disabled; alerts held for a digest, or withheld",
    ["rule", "outcome"],
    registry=REGISTRY,
)
ALERTS_WAITING = Gauge(
    "tankerwatch_alerts_waiting", "Alerts that are not delivered yet", ["rule"], registry=REGISTRY
)
ProcessCollector(registry=REGISTRY)


@dataclass(frozen=True, slots=True)
class PartitionStats:
    """How one partition of a stage is doing."""

    stage: str
    partition: int
    offset: int
    saved: float  # when a checkpoint last had everything
    size: int | None  # bytes that the checkpoint takes in Redis
    watermark: Millis
    vessels: int | None = None
    clocks: Mapping[str, Clocks] = field(default_factory=dict)  # by source, those furthest off
    clock_states: Mapping[str, int] = field(default_factory=dict)  # all stations


class StatsCollector(Collector):
    """The partitions that this worker has now, as it last reported them."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._now: tuple[PartitionStats, ...] = ()
        registry.register(self)

    def update(self, partitions: Iterable[PartitionStats]) -> None:
        self._now = tuple(partitions)  # in one step: a scrape comes in another thread

    def collect(self) -> Iterator[Metric]:
        labels, now = ["stage", "partition"], time.time()
        mark = GaugeMetricFamily(
            "tankerwatch_watermark_timestamp_seconds",
            "Event time up to which a stage has worked, as Unix time; absent while unknown and after the end",
            labels=labels,
        )
        lag = GaugeMetricFamily(
            "tankerwatch_event_time_lag_seconds",
            "Seconds by which the event time of a stage is behind the clock",
            labels=labels,
        )
        age = GaugeMetricFamily(
            "tankerwatch_checkpoint_age_seconds",
            "Seconds since a checkpoint held everything that a stage had processed",
            labels=labels,
        )
        size = GaugeMetricFamily(
            "tankerwatch_checkpoint_size_bytes",
            "Memory that the checkpoint takes in Redis, measured every 30 seconds",
            labels=labels,
        )
        offset = GaugeMetricFamily(
            "tankerwatch_applied_offset", "Offset of the last frame that a stage has processed", labels=labels
        )
        vessels = GaugeMetricFamily(
            "tankerwatch_vessels", "Vessels that are being followed", labels=["partition"]
        )
        for one in self._now:
            place = [one.stage, str(one.partition)]
            if BEGINNING < one.watermark < END:
                mark.add_metric(place, one.watermark / 1000)
                lag.add_metric(place, now - one.watermark / 1000)
            age.add_metric(place, now - one.saved)
            if one.size is not None:
                size.add_metric(place, one.size)
            offset.add_metric(place, one.offset)
            if one.vessels is not None:
                vessels.add_metric([str(one.partition)], one.vessels)
        yield from (mark, lag, age, size, offset, vessels, *self._clocks())

    def _clocks(self) -> Iterator[Metric]:
        ahead = GaugeMetricFamily(
            "tankerwatch_station_clock_offset_seconds",
            "Seconds by which the clock of a station is ahead of the reference of its source; only of the 20 "
            "stations of each partition that are furthest off, of sources that have not ended, if any",
            labels=["source", "station"],
        )
        stations = GaugeMetricFamily(
            "tankerwatch_stations",
            "Stations by what is known about their clocks: corrected (off, and their times are corrected), "
            "right (off by too little to be corrected) or unknown; of sources that have not ended, if any",
            labels=["partition", "clock"],
        )
        for one in self._now:
            for source, clocks in one.clocks.items():
                for each in clocks.known:
                    ahead.add_metric([source, each.station], (each.offset or 0) / SECOND)
            for state, count in one.clock_states.items():
                stations.add_metric([str(one.partition), state], count)
        yield from (ahead, stations)


def serve(port: int) -> None:
    """Serve the metrics in a thread. If the port can't be used, log that and go on without."""
    if not port:
        return
    host = os.environ.get("TANKERWATCH_METRICS_HOST", "127.0.0.1")
    try:
        start_http_server(port, host, REGISTRY)
    except OSError as error:
        log.error("no_metrics", at=f"{host}:{port}", reason=error.strerror or str(error),
            remedy="give each process a port of its own by TANKERWATCH_WEB_PORT",
        )  # fmt: skip
    else:
        log.info("metrics", at=f"http://{host}:{port}/metrics")
