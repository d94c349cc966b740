"""Replay: recordings through the core in one process, merged by event time.

It always reads on in the source that is furthest behind, so files may be given in any order and memory
stays bounded by the spread of what was read, not by the size of the files.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.event import Event
from models.frame import Frame, Reject
from models.tick import Instant
from models.vessel import Role
from streams.recordings.diagnosis import unusable
from streams.recordings.files import SourceError
from streams.recordings.summary import Summary
from streams.stages.core import Core, Output

_HEAD: Final = 512
"""So many bytes tell what kind of text a source is."""


@dataclass(frozen=True, slots=True)
class Source:
    """One feed: its name, and its frames in order. Reading them may raise SourceError."""

    name: str
    frames: Iterator[Frame]


def _nothing(_: object) -> None:
    pass


@dataclass(slots=True)
class Replay:
    """One run. What is found goes to the callbacks; `run` returns the summary."""

    core: Core
    on_event: Callable[[Event], None] = _nothing
    on_reject: Callable[[Reject], None] = _nothing
    on_instant: Callable[[Instant], None] = _nothing
    on_progress: Callable[[Summary], None] = _nothing
    stopped: Callable[[], bool] = bool
    mmsis: frozenset[int] = frozenset()
    """Only events that one of these vessels takes part in are told and counted; empty: all."""
    _summary: Summary = field(default_factory=Summary)
    _seen: set[int] = field(default_factory=set)
    _tankers: set[int] = field(default_factory=set)
    _latest: dict[str, Event] = field(default_factory=dict)
    _heads: dict[str, bytes] = field(default_factory=dict)
    _broken: set[str] = field(default_factory=set)

    def run(self, sources: Sequence[Source]) -> Summary:
        """Work off all sources. Never raises for bad input: what could not be read is in the summary."""
        began = time.perf_counter()
        summary = self._summary
        frames = {source.name: source.frames for source in sources}
        while (name := self.core.slowest) is not None:
            frame = None if self.stopped() else self._read(name, frames[name])
            self._take(self.core.end(name) if frame is None else self.core.feed(frame))
            summary.outcomes[name] = self.core.decoders[name].outcomes
            if frame is None:
                self._judge(name)
            summary.lines = sum(outcomes.total() for outcomes in summary.outcomes.values())
            summary.seconds = time.perf_counter() - began
            self.on_progress(summary)
        for decoder in self.core.decoders.values():
            summary.messages += decoder.messages
        summary.vessels, summary.tankers = len(self._seen), len(self._tankers)
        summary.overtaken = self.core.vessels.overtaken
        for event in self._latest.values():
            summary.events[event.type, event.level, event.status] += 1
        return summary

    def _read(self, name: str, frames: Iterator[Frame]) -> Frame | None:
        try:
            frame = next(frames, None)
            if frame is not None and name not in self._heads:
                self._heads[name] = frame.data[:_HEAD]
            return frame
        except SourceError as error:
            self._summary.problems.append(str(error))
            self._broken.add(name)
            return None

    def _judge(self, name: str) -> None:
        """A source that was read to its end in vain is a problem."""
        if not self.stopped() and name not in self._broken:
            problem = unusable(name, self._summary.outcomes[name], self._heads.get(name, b""))
            self._summary.problems += [problem] if problem else []

    def _take(self, out: Output) -> None:
        summary = self._summary
        for reject in out.rejects:
            self.on_reject(reject)
        for rows in (out.reports.positions, out.reports.statics):
            if len(rows):
                self._seen.update(np.unique(rows["mmsi"]).tolist())
                first, last = int(rows["time"][0]), int(rows["time"][-1])
                summary.first = first if summary.first is None else min(summary.first, first)
                summary.last = last if summary.last is None else max(summary.last, last)
        for instant in out.instants:
            self._tankers.update(i.mmsi for i in instant.identities if i.role is Role.TANKER)
            summary.reached = instant.time
            self.on_instant(instant)
        for event in out.events:
            if self.mmsis and self.mmsis.isdisjoint(int(vessel.ssvid) for vessel in event.vessels):
                continue
            self._latest[event.id] = event
            self.on_event(event)
