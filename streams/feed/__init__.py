"""The live alert feed: a process of its own that reads an event log and nothing else."""
