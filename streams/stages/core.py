"""The core: all stages behind a set of sources, in one process. Frames in, events out; no clock, no I/O.

    frames ─► Decoder (one a source) ─► VesselStage ─┬► MeetingStage ─┬► CaseStage ─► events
                                                     └► FenceStage ───┘

The pipeline on Kafka runs the same stages with topics between them; `replay` runs this.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from models.event import Event
from models.frame import Frame, Reject
from models.report import Reports
from models.sighting import Sighting
from models.source_hints import SourceHints
from models.tick import Instant
from models.time import END, Millis
from streams.stages.case_stage import CaseStage
from streams.stages.fence_stage import FenceStage
from streams.stages.intake import Arrived, Intake, ReportFilter
from streams.stages.meeting_stage import MeetingStage
from streams.stages.rules import Rules
from streams.stages.vessel_stage import VesselStage


@dataclass(frozen=True, slots=True)
class Followed:
    """What the vessels did in one frame: all that the stages behind VesselStage need."""

    instants: Sequence[Instant]
    low: Millis
    """The watermark over all sources."""
    done: Millis
    """The last instant that VesselStage has worked off."""
    overtaken: int
    """Reports so far that came too late for it."""


@dataclass(frozen=True, slots=True)
class Output:
    """What came of one frame. `events` are in the order of `sort_key`, over the whole run."""

    reports: Reports
    rejects: tuple[Reject, ...]
    instants: Sequence[Instant]
    events: list[Event]
    overtaken: int


class _Snapshot(msgspec.Struct):
    decoders: dict[str, bytes]
    vessels: bytes
    meetings: bytes
    cases: bytes
    fences: bytes


class Core:
    """The stages behind an intake."""

    def __init__(
        self,
        sources: Iterable[str],
        rules: Rules,
        selection: ReportFilter | None = None,
        hints: SourceHints | None = None,
        own_hints: Mapping[str, SourceHints] | None = None,
    ) -> None:
        """`own_hints` are those of sources that have some of their own, by name."""
        self._selection = selection or ReportFilter()
        self.intake = Intake(sources, rules.settings.decoder, self._selection, hints, own_hints)
        self.vessels = VesselStage(rules)
        self._meetings = MeetingStage(rules)
        self._fences = FenceStage(rules)
        self._cases = CaseStage(rules)

    def see(self, sightings: Iterable[Sighting]) -> None:
        """What others saw, before the first frame; each counts from when it was received."""
        self.vessels.feed(Reports("", sightings=tuple(filter(self._selection.takes, sightings))))

    def feed(self, frame: Frame) -> Output:
        return self.take(self.intake.feed(frame))

    def end(self, source: str) -> Output:
        """The source has ended. After the last one, what is still open is told as it stands."""
        return self.take(self.intake.end(source))

    def follow(self, arrived: Arrived) -> Followed:
        """The first half of `take`: VesselStage."""
        self.vessels.feed(arrived.reports)
        instants = self.vessels.advance(arrived.low)
        self.vessels.forget_changes()  # a snapshot of the core is always whole
        return Followed(instants, arrived.low, self.vessels.done, self.vessels.overtaken)

    def take(self, arrived: Arrived, followed: Followed | None = None) -> Output:
        """Work off what came of the intake, in its order. It may have been another core's, and another one
        may have followed it."""
        followed = followed or self.follow(arrived)
        for instant in followed.instants:
            self._meetings.feed(instant)
            self._fences.feed(instant)
        limit = END if followed.low == END else followed.done + 1
        self._cases.feed(self._meetings.advance(limit))
        self._cases.feed(self._fences.advance(limit).events)
        events = self._cases.advance(followed.done)
        self._meetings.forget_changes()
        self._fences.forget_changes()
        return Output(arrived.reports, arrived.rejects, followed.instants, events, followed.overtaken)

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(
            _Snapshot(
                self.intake.snapshot(),
                self.vessels.snapshot(),
                self._meetings.snapshot(),
                self._cases.snapshot(),
                self._fences.snapshot(),
            )
        )

    def restore(self, state: bytes) -> None:
        kept = msgspec.msgpack.decode(state, type=_Snapshot)
        self.intake.restore(kept.decoders)
        self.vessels.restore(kept.vessels)
        self._meetings.restore(kept.meetings)
        self._cases.restore(kept.cases)
        self._fences.restore(kept.fences)
