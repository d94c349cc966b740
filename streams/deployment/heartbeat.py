"""Heartbeats: what workers and the sink say of themselves every two seconds.

They are a hash in Redis, `{prefix}tankerwatch:heartbeats`. It has a field for each partition of a stage, such
as `decoder:0`, and one for the sink. `tankerwatch status`, `publish` and the feed read it. Nothing that a
stage does depends on them. A heartbeat stays when its process has ended; `time` says how old it is.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from models.station_clock import Clocks
from models.time import Millis

INTERVAL_SECONDS: Final = 2.0
SILENT_SECONDS: Final = 15.0
"""Age of the last heartbeat from which a process counts as gone."""
MOST_SOURCES: Final = 200
"""Sources that a heartbeat tells of: those that have not ended first, then those with the newest data."""
RECENT_SECONDS: Final = 600.0
"""The time that `recent` covers."""


class SourceBeat(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder knows of one source. Times of frames are by the clock of their ingest."""

    heard: Millis | None = None
    """When its last line was received; None for a recording, or if there was none."""
    frame: Millis | None = None
    """When its ingest last said anything, if only that there was nothing; None for a recording."""
    newest: Millis | None = None
    """The newest event time that it has sent."""
    ended: bool = False
    lost: bool = False
    """It was ended by a worker, because its ingest had died (`streams/pipeline/dead_sources.py`)."""
    lost_at: Millis | None = None
    """When that was, by the clock of the worker."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the event log the sink keeps: `streams/store/retention.py`."""

    entries: int
    days: float


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    process: str
    """Host and process id, as HOST/PID."""
    time: float
    """When it was written, in seconds since 1970."""
    offset: int
    """The last offset processed, whether a checkpoint has it already or not; -1 for none."""
    saved: float
    """When a checkpoint last had everything, in seconds since 1970."""
    watermark: Millis | None = None
    """How far event time has come; None while no time is known."""
    done: Millis | None = None
    """The last instant of the time grid that is worked off. Reports of this time or before change nothing."""
    counts: dict[str, int] = {}
    """Since the state began: lines by outcome (decoder), reports that were `overtaken` (vessels)."""
    recent: dict[str, int] = {}
    """The same for the last `RECENT_SECONDS`, as far as this process has seen them."""
    clocks: dict[str, Clocks] = {}
    """Of the decoder: by source, the clocks of stations that are furthest off."""
    clock_states: dict[str, int] = {}
    """Of the decoder: all stations by what is known about their clocks."""
    lag: dict[str, int] = {}
    """Messages that the sink has not written yet, by topic."""
    sources: dict[str, SourceBeat] = {}
    """Of the decoder: its sources by name, `MOST_SOURCES` at most."""
    kept: Kept | None = None
    """Of the sink."""


def most(sources: Mapping[str, SourceBeat]) -> dict[str, SourceBeat]:
    """As many sources as a heartbeat tells of."""
    order = sorted(sources.items(), key=lambda one: (one[1].ended, -(one[1].newest or 0), one[0]))
    return dict(order[:MOST_SOURCES])


def key(prefix: str) -> str:
    """The key of the hash in Redis."""
    return f"{prefix}tankerwatch:heartbeats"


async def write(client: Any, prefix: str, heartbeats: Mapping[str, Heartbeat]) -> None:
    """Write heartbeats by name of their field."""
    if heartbeats:
        fields = {name: msgspec.json.encode(heartbeat) for name, heartbeat in heartbeats.items()}
        await client.hset(key(prefix), mapping=fields)


async def read(client: Any, prefix: str) -> dict[str, Heartbeat]:
    """The last heartbeat of each partition and of the sink, by name of their field."""
    fields = await client.hgetall(key(prefix))
    return {name.decode(): msgspec.json.decode(value, type=Heartbeat) for name, value in fields.items()}
