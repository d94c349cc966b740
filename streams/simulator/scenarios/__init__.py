"""The scenarios, one module for each subject. Importing this package registers them all in `SCENARIOS`."""

from streams.simulator.scenarios import abroad, identity, moving, ports, run, sea, transfers
from streams.simulator.world import SCENARIOS

__all__ = ["SCENARIOS", "abroad", "identity", "moving", "ports", "run", "sea", "transfers"]
