"""The scenarios, by what they are about. Each is a small function; importing this package registers all."""

from streams.simulator.scenarios import identity, ports, run, sea, transfers

__all__ = ["identity", "ports", "run", "sea", "transfers"]
