"""Events on a terminal: live from Redis, Kafka or a feed, or one event in full."""
