"""The stages between Kafka topics: operators, partitions, checkpoints, rebuilding, health."""
