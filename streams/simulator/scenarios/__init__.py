"""The scenarios, by what they are about. Each is a small function; importing this package registers all."""

from streams.simulator.scenarios import transfers

__all__ = ["transfers"]
