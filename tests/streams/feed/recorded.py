"""Logs in memory with the events, ticks and identities of a recording, as the stages find them."""

from functools import cache

from models.event import Event
from models.tick import Instant
from streams.feed.recording.memory_log import MemoryLog
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.stages.core import Core
from tests.scenarios.runs import RULES, frames
from tests.streams.contracts.recorded import recording


@cache
def found(scenario: str) -> tuple[list[Instant], list[Event]]:
    """The instants and events that a replay of a simulated scenario finds."""
    instants: list[Instant] = []
    events: list[Event] = []
    core = Core(["a"], RULES)
    replay = Replay(core, on_event=events.append, on_instant=instants.append)
    replay.run([Source("a", iter(frames("a", recording(scenario))))])
    return instants, events


def log_of(scenario: str = "cho_do") -> MemoryLog:
    log = MemoryLog()
    log.add(*found(scenario))
    return log
