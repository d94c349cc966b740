"""Logs in memory with the events, ticks and identities of a recording, as the stages find them."""

from functools import cache

from models.event import Event
from models.tick import Instant
from streams.feed.recording.fences import NOTE, RecordedFences
from streams.feed.recording.memory_log import MemoryLog
from streams.feed.recording.progress import Progress
from streams.feed.views.drawn_fences import FenceDesk
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


def desk_of(log: MemoryLog) -> tuple[Progress, FenceDesk]:
    """That the recording has been read, and a desk for drawing on it; what is drawn raises no events."""
    progress = Progress(log)
    progress.ended = True
    drawn = RecordedFences(log, progress, RULES)
    return progress, FenceDesk(drawn, drawn.publish, drawn.newest, NOTE)


def log_of(scenario: str = "cho_do") -> MemoryLog:
    log = MemoryLog()
    log.add(*found(scenario))
    return log
