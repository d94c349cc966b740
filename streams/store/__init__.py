"""From Kafka to Redis: the event log, its writer, the sink, and how long entries are kept."""
