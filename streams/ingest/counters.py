"""What an ingest has counted, for its log."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counters:
    """Totals since the start, except the two that say what waits now."""

    lines: int = 0
    """Lines taken in, of all sources."""
    bytes: int = 0
    """Bytes of these lines, as they are in frames."""
    cut_lines: int = 0
    """Lines of which only the head was kept."""
    frames: int = 0
    """Frames made: of lines, idle and end."""
    sent_frames: int = 0
    """Frames that Kafka has acknowledged."""
    skipped_frames: int = 0
    """Frames of an earlier run that Kafka already had."""
    refused_frames: int = 0
    """Frames that Kafka refuses for good, and that were dropped."""
    datagrams: int = 0
    """UDP datagrams received, including those dropped."""
    dropped_datagrams: int = 0
    """UDP datagrams dropped because nothing more could be buffered."""
    kernel_dropped_datagrams: int = 0
    """UDP datagrams that the kernel dropped before they could be received. Their lines are not known."""
    dropped_lines: int = 0
    """Lines lost in `dropped_datagrams`, in refused frames, and at a stop with a full buffer."""
    requests: int = 0
    """HTTP requests received."""
    refused_requests: int = 0
    """HTTP requests that were not answered with 200: their senders have been told to do otherwise."""
    dropped_messages: int = 0
    """MQTT messages dropped because they were too long, or because nothing more could be buffered."""
    reconnects: int = 0
    """Connections of live sources that were tried again."""
    kafka_outages: int = 0
    buffered_frames: int = 0
    """Frames that wait for Kafka now."""
    buffered_bytes: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)
