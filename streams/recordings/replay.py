"""Replays recordings through the core in one process, merged by event time.

It always reads on in the source that is furthest behind. So files can be given in any order, and memory is
bounded by the spread of what was read, not by the size of the files.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.event import Event
from models.frame import Frame, Reject
from models.sighting import Sighting
from models.source_hints import SourceHints
from models.tick import Instant
from models.time import DAY, Millis
from models.vessel import Role
from streams.recordings.diagnosis import unusable
from streams.recordings.errors import SourceError
from streams.recordings.recording import Recording
from streams.recordings.summary import Summary
from streams.stages.core import Core, Output

_HEAD: Final = 512
"""Bytes that tell what kind of text a source is."""
_MARGIN: Final = DAY
"""How much earlier than its earliest line a source is opened: times are corrected where a clock was wrong."""


def _unknown() -> Millis | None:
    return None


@dataclass(frozen=True, slots=True)
class Source:
    """One feed: its name, and its frames in order. Reading them may raise SourceError.

    `first` tells its earliest time, if that is known before it is read; the source is then opened when the
    others have come that far.
    """

    name: str
    frames: Iterator[Frame]
    first: Callable[[], Millis | None] = _unknown
    notes: Sequence[str] = ()
    """Sentences about how it is read; more may come while it is."""
    hints: SourceHints | None = None
    """What was said about its lines when they came; None for a recording, of which the user of this run says
    it."""
    sightings: Sequence[Sighting] = ()
    """What others saw, kept beside its lines."""


def source_of(recording: Recording, base_time: Millis | None = None) -> Source:
    """A recording as a source. Lines that tell no time may have `base_time`."""

    def first() -> Millis | None:
        told = recording.survey().first
        return told if told is None or base_time is None else min(told, base_time)

    return Source(recording.name, recording.frames(), first, recording.notes)


def _ignore(_: object) -> None:
    pass


@dataclass(slots=True)
class Replay:
    """One run. What is found goes to the callbacks; `run` returns the summary."""

    core: Core
    on_event: Callable[[Event], None] = _ignore
    on_reject: Callable[[Reject], None] = _ignore
    on_instant: Callable[[Instant], None] = _ignore
    on_frame: Callable[[Frame], None] = _ignore
    on_progress: Callable[[Summary], None] = _ignore
    stopped: Callable[[], bool] = bool
    mmsis: frozenset[int] = frozenset()
    """Only events in which one of these vessels takes part are given out and counted; empty means all."""
    _summary: Summary = field(default_factory=Summary)
    _seen: set[int] = field(default_factory=set)
    _tankers: set[int] = field(default_factory=set)
    _latest: dict[str, Event] = field(default_factory=dict)
    _heads: dict[str, bytes] = field(default_factory=dict)
    _broken: set[str] = field(default_factory=set)
    _lines: dict[str, int] = field(default_factory=dict)  # of each source, counted in the summary

    def run(self, sources: Sequence[Source]) -> Summary:
        """Process all sources. Never raises for bad input: what could not be read is in the summary."""
        began = time.perf_counter()
        summary = self._summary
        self._look_ahead(sources)
        frames = {source.name: source.frames for source in sources}
        notes = {source.name: source.notes for source in sources}
        while (name := self.core.slowest) is not None:
            frame = None if self.stopped() else self._read(name, frames[name])
            if frame is not None:
                self.on_frame(frame)
            self._take(self.core.end(name) if frame is None else self.core.feed(frame))
            summary.outcomes[name] = self.core.decoders[name].outcomes
            if frame is None:
                summary.notes[name] = (*notes[name], *self.core.decoders[name].report.sentences())
                self._judge(name)
            lines = summary.outcomes[name].total()
            summary.lines += lines - self._lines.get(name, 0)
            self._lines[name] = lines
            summary.seconds = time.perf_counter() - began
            self.on_progress(summary)
        for decoder in self.core.decoders.values():
            summary.messages += decoder.messages
        summary.vessels, summary.tankers = len(self._seen), len(self._tankers)
        summary.overtaken = self.core.vessels.overtaken
        for event in self._latest.values():
            summary.events[event.type, event.level, event.status] += 1
        return summary

    def _look_ahead(self, sources: Sequence[Source]) -> None:
        """Tell the core when each source begins, so that not all have to be open at once."""
        for source in sources if len(sources) > 1 else ():
            if not self.stopped() and (first := source.first()) is not None:
                self.core.expect(source.name, first - _MARGIN)

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
            report = self.core.decoders[name].report
            refused = f"{name}: {report.problem}" if report.problem else None
            problem = refused or unusable(name, self._summary.outcomes[name], self._heads.get(name, b""))
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
