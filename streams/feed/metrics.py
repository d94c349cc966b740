"""Metrics of the feed for Prometheus, at `/metrics`."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

REQUESTS = Counter("tankerwatch_feed_requests", "Requests answered", ["route", "status"], registry=REGISTRY)
STREAMS = Gauge("tankerwatch_feed_streams", "Streams open", registry=REGISTRY)
SENT = Counter("tankerwatch_feed_sent", "Entries sent, each to each client", registry=REGISTRY)
ENDED = Counter("tankerwatch_feed_ended", "Streams that have ended, by why", ["reason"], registry=REGISTRY)
REFUSED = Counter("tankerwatch_feed_refused", "Requests refused, by why", ["reason"], registry=REGISTRY)
LAG = Histogram(
    "tankerwatch_feed_lag_seconds",
    "From an entry's being written to the log to its being read for the streams",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
    registry=REGISTRY,
)
UNREADABLE = Counter("tankerwatch_feed_unreadable", "Events of the log left out", registry=REGISTRY)
LOG_UP = Gauge("tankerwatch_feed_log_up", "1 if the log answers", registry=REGISTRY)
REVIEWS = Counter("tankerwatch_feed_reviews", "Reviews written", ["disposition"], registry=REGISTRY)
