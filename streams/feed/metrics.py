"""Metrics of the feed for Prometheus, at `/metrics`."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

REQUESTS = Counter("tankerwatch_feed_requests", "Requests answered", ["route", "status"], registry=REGISTRY)
STREAMS = Gauge("tankerwatch_feed_streams", "Streams that are open", registry=REGISTRY)
SENT = Counter(
    "tankerwatch_feed_sent", "Entries of the log sent to clients, counted for each client", registry=REGISTRY
)
ENDED = Counter("tankerwatch_feed_ended", "Streams that have ended, by reason", ["reason"], registry=REGISTRY)
REFUSED = Counter("tankerwatch_feed_refused", "Requests refused, by reason", ["reason"], registry=REGISTRY)
UNSENT = Gauge(
    "tankerwatch_feed_unsent_bytes",
    "Bytes of large answers that wait for clients to read them",
    registry=REGISTRY,
)
LAG = Histogram(
    "tankerwatch_feed_lag_seconds",
    "Seconds from the writing of an entry to the log until the feed has read it",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
    registry=REGISTRY,
)
UNREADABLE = Counter(
    "tankerwatch_feed_unreadable",
    "Events of the log that could not be read and were left out",
    registry=REGISTRY,
)
LOG_UP = Gauge("tankerwatch_feed_log_up", "1 if Redis answered the last request, else 0", registry=REGISTRY)
REVIEWS = Counter("tankerwatch_feed_reviews", "Reviews written", ["disposition"], registry=REGISTRY)
