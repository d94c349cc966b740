"""Events on a terminal: live from Redis, Kafka or a feed, and one with all that is known of it."""
