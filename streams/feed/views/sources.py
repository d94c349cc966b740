"""Sources: which sources and processes of a deployment are alive, by their heartbeats.

The processes write heartbeats into Redis every two seconds (`streams/deployment/heartbeat.py`). A recording
has neither.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from models.time import DAY, MINUTE, SECOND, Millis, to_text
from streams.deployment.heartbeat import SILENT_SECONDS, Heartbeat, SourceBeat

STALLED: Final = 2 * MINUTE
"""Time without even an idle frame, which an ingest sends every few seconds."""
FORGOTTEN: Final = DAY
"""Time after which a lost source counts as ended: it has been given up, or replaced under another name."""
PROCESSES: Final = ("decoder", "vessels", "meetings", "cases", "sink")
"""In the order of the data."""
Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class SourceState(StrEnum):
    HEARD = "heard"  # its lines come
    RECORDING = "recording"  # published from a file, which has no time of receipt
    SILENT = "silent"  # its ingest is there, and gets nothing
    STALLED = "stalled"  # nothing comes from its ingest, not even that there is nothing
    LOST = "lost"  # its ingest has died, and a worker has ended it
    ENDED = "ended"  # its ingest has ended it
    UNKNOWN = "unknown"  # no worker reads it


DOWN: Final = frozenset({SourceState.SILENT, SourceState.STALLED, SourceState.LOST, SourceState.UNKNOWN})
"""The states in which a source that should bring data brings none."""


class Source(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One source. `since` is from when on it has been down, `heard` when its last line was received, `newest`
    the newest time in its data."""

    name: str
    state: SourceState
    down: bool
    since: Time | None
    heard: Time | None
    newest: Time | None


class Process(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A stage of the worker with all its partitions, or the sink. `heard` is the last word of that partition
    which has been silent longest; null for a process that has never said a word."""

    name: str
    down: bool
    heard: Time | None


class Sources(msgspec.Struct, frozen=True):
    """The sources that have sent anything, those that are down first, and the processes that a deployment
    has. Both are empty if none has ever said a word, as for a recording. `log` says whether Redis has
    answered: if not, the rest is what was true before."""

    sources: tuple[Source, ...] = ()
    processes: tuple[Process, ...] = ()
    log: bool = True

    @property
    def states(self) -> tuple[tuple[str, object], ...]:
        """What decides whether readers have to be told."""
        processes = [(one.name, one.down) for one in self.processes]
        return ("log", self.log), *processes, *((one.name, one.state) for one in self.sources)


def sources_of(beats: Mapping[str, Heartbeat], now: Millis, silent: Millis) -> Sources:
    """The state at this time. `silent`: milliseconds without a line after which a source counts as down."""
    last: dict[str, Millis] = {}
    found: dict[str, Source] = {}
    for field, beat in beats.items():
        name, at = field.partition(":")[0], int(beat.time * SECOND)
        last[name] = min(at, last.get(name, at))
        stopped = at if now - at > SILENT_SECONDS * SECOND else None
        found |= {key: _source(key, one, now, silent, stopped) for key, one in beat.sources.items()}
    processes = [_process(name, last.get(name), now) for name in PROCESSES if beats]
    order = sorted(found.values(), key=lambda one: (not one.down, one.state is SourceState.ENDED, one.name))
    return Sources(tuple(order), tuple(processes))


def _process(name: str, heard: Millis | None, now: Millis) -> Process:
    down = heard is None or now - heard > SILENT_SECONDS * SECOND
    return Process(name=name, down=down, heard=_text(heard))


def _source(name: str, beat: SourceBeat, now: Millis, silent: Millis, stopped: Millis | None) -> Source:
    state, since = _judged(beat, now, silent, stopped)
    return Source(
        name=name,
        state=state,
        down=state in DOWN,
        since=_text(since) if state in DOWN else None,
        heard=_text(beat.heard),
        newest=_text(beat.newest),
    )


def _judged(
    beat: SourceBeat, now: Millis, silent: Millis, stopped: Millis | None
) -> tuple[SourceState, Millis | None]:
    """The state, and since when. `stopped`: when the worker that reads it fell silent."""
    if beat.lost and beat.lost_at is not None and now - beat.lost_at <= FORGOTTEN:
        return SourceState.LOST, beat.frame or beat.lost_at
    if beat.ended:
        return SourceState.ENDED, None
    if stopped is not None:
        return SourceState.UNKNOWN, stopped
    if beat.frame is None:
        return SourceState.RECORDING, None
    if now - beat.frame > STALLED:
        return SourceState.STALLED, beat.frame
    if beat.heard is None or now - beat.heard > silent:
        return SourceState.SILENT, beat.heard
    return SourceState.HEARD, None


def _text(time: Millis | None) -> str | None:
    return None if time is None else to_text(time)
