"""The scenarios, one module for each subject. Importing this package registers them all in `SCENARIOS`."""

from streams.simulator.scenarios import (
    abroad,
    anomalies,
    dark,
    dark_meetings,
    deliveries,
    identity,
    moving,
    ports,
    positions,
    run,
    sea,
    seen,
    trade,
    transfers,
)
from streams.simulator.world import SCENARIOS

__all__ = [
    "SCENARIOS",
    "abroad",
    "anomalies",
    "dark",
    "dark_meetings",
    "deliveries",
    "identity",
    "moving",
    "ports",
    "positions",
    "run",
    "sea",
    "seen",
    "trade",
    "transfers",
]
