"""Replays recordings through the core, merged by event time."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from models.event import Event
from models.frame import Reject
from models.report import Reports, run_starts
from models.tick import Instant
from models.vessel import Role
from streams.recordings.arrivals import Arrival, Heard, Source, arrivals
from streams.recordings.summary import Summary
from streams.runtime.compiled import seconds_of_compiling
from streams.stages.core import Core, Output

_SORTED: Final = 1 << 16
Kind = tuple[str, str, str]
"""Type, level and status of an event."""


class Distinct:
    """Counts different numbers in four bytes each."""

    def __init__(self) -> None:
        self._sorted = np.empty(0, np.uint32)
        self._waiting: list[npt.NDArray[np.uint32]] = []
        self._count = 0

    def add(self, numbers: npt.NDArray[np.uint32]) -> None:
        fresh = _distinct(numbers)
        self._waiting.append(fresh)
        self._count += len(fresh)
        if self._count > max(_SORTED, len(self._sorted)):  # so seldom that sorting costs little
            self._merge()

    def __len__(self) -> int:
        self._merge()
        return len(self._sorted)

    def _merge(self) -> None:
        self._sorted = _distinct(np.concatenate([self._sorted, *self._waiting]))
        self._waiting, self._count = [], 0


def _distinct(numbers: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """As numpy's `unique`, which takes eight times as long for so few."""
    ordered = np.sort(numbers)
    return ordered[run_starts(ordered)]


def _ignore(_: object) -> None:
    pass


@dataclass(slots=True)
class Replay:
    """One run. What is found goes to the callbacks; `run` returns the summary."""

    core: Core
    on_event: Callable[[Event], None] = _ignore
    on_reject: Callable[[Reject], None] = _ignore
    on_instant: Callable[[Instant], None] = _ignore
    on_progress: Callable[[Summary], None] = _ignore
    on_reports: Callable[[Reports], None] = _ignore
    stopped: Callable[[], bool] = bool
    """Whether to read no more: the sources end where they are."""
    cut: Callable[[], bool] = bool
    """Asked before each reading: whether to leave it at that, without an end of any source."""
    mmsis: frozenset[int] = frozenset()
    """Only events in which one of these vessels takes part are given out and counted; empty means all."""
    _summary: Summary = field(default_factory=Summary)
    _seen: Distinct = field(default_factory=Distinct)
    _tankers: set[int] = field(default_factory=set)
    _latest: dict[str, Kind] = field(default_factory=dict)
    """By event, what it was last. The events themselves are only given out: kept, they fill the memory."""
    _kinds: dict[Kind, Kind] = field(default_factory=dict)  # of each one object for all events
    _lines: dict[str, int] = field(default_factory=dict)  # of each source, counted in the summary
    _before: dict[str, tuple[Counter[str], Counter[int]]] = field(default_factory=dict)
    """Of each source of a state that was restored, its outcomes and messages then: they belong to no run."""
    _ended: set[str] = field(default_factory=set)  # sources that have told their messages

    def run(self, sources: Sequence[Source]) -> Summary:
        """Process all sources. Never raises for bad input: what could not be read is in the summary."""
        return self.follow(arrivals(self.core.intake, sources, self.stopped))

    def follow(self, decoded: Iterable[Arrival]) -> Summary:
        """Process what sources decode to."""
        began, compiled = time.perf_counter(), seconds_of_compiling()
        summary = self._summary
        self._before = {
            name: (Counter(decoder.outcomes), Counter(decoder.messages))
            for name, decoder in self.core.intake.decoders.items()
            if decoder.outcomes
        }
        reading = iter(decoded)
        while not self.cut() and (arrival := next(reading, None)) is not None:
            summary.left_out += arrival.arrived.left_out
            heard = arrival.heard or Heard.of(arrival.arrived.reports)
            self._take(self.core.take(arrival.arrived, arrival.followed), heard)
            self._note(arrival)
            summary.compiling = seconds_of_compiling() - compiled
            summary.seconds = time.perf_counter() - began - summary.compiling
            self.on_progress(summary)
        for name in summary.outcomes.keys() - self._ended:  # it was cut before their end
            summary.messages.update(self._messages(name, self.core.intake.decoders[name].messages))
        summary.vessels, summary.tankers = len(self._seen), len(self._tankers)
        summary.events.update(self._latest.values())
        return summary

    def _note(self, arrival: Arrival) -> None:
        """Account for the lines of a source, and for its end."""
        summary, name = self._summary, arrival.source
        if not name:
            return
        outcomes = Counter(arrival.outcomes)
        if name in self._before:  # what waited for its outcome then has it from this run
            outcomes -= self._before[name][0]
        summary.outcomes[name] = outcomes
        lines = outcomes.total()
        summary.lines += lines - self._lines.get(name, 0)
        self._lines[name] = lines
        if arrival.messages:
            self._ended.add(name)
            summary.messages.update(self._messages(name, arrival.messages))
        summary.problems += arrival.problems
        if arrival.notes:
            summary.notes[name] = arrival.notes

    def _messages(self, name: str, so_far: Mapping[int, int]) -> Counter[int]:
        """The messages of a source that this run has decoded, by type."""
        found = Counter(so_far)
        return found - self._before[name][1] if name in self._before else found

    def _take(self, out: Output, heard: Heard) -> None:
        summary = self._summary
        summary.overtaken = out.overtaken
        self.on_reports(out.reports)
        for reject in out.rejects:
            self.on_reject(reject)
        summary.positions += heard.positions
        if len(heard.mmsis):
            if missing := [*(self.mmsis - summary.wanted)]:  # reports are many, these few
                summary.wanted.update(heard.mmsis[np.isin(heard.mmsis, missing)].tolist())
            self._seen.add(heard.mmsis)
            summary.first = heard.first if summary.first is None else min(summary.first, heard.first)
            summary.last = heard.last if summary.last is None else max(summary.last, heard.last)
        for instant in out.instants:
            self._tankers.update(i.mmsi for i in instant.identities if i.role is Role.TANKER)
            summary.reached = instant.time
            self.on_instant(instant)
        for event in out.events:
            if self.mmsis and self.mmsis.isdisjoint(int(vessel.ssvid) for vessel in event.vessels):
                continue
            kind = event.type, event.level, event.status
            self._latest[event.id] = self._kinds.setdefault(kind, kind)
            self.on_event(event)
