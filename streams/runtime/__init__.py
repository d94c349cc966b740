"""Plumbing without any knowledge of AIS: logs, metrics, retries, tasks, fencing, exit codes."""
