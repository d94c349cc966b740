"""The core: all stages behind a set of sources, in one process. Frames in, events out; no clock, no I/O.

    frames ─► Decoder (one a source) ─► VesselStage ─► MeetingStage ─► CaseStage ─► events

The pipeline on Kafka runs the same stages with topics between them; `replay` runs this.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from models.box import Box
from models.event import Event
from models.frame import Frame, Reject
from models.report import Reports, Rows
from models.sighting import Sighting
from models.source_hints import SourceHints
from models.tick import Instant
from models.time import BEGINNING, END, Millis
from streams.decoding.decoder import Decoder
from streams.stages.case_stage import CaseStage
from streams.stages.meeting_stage import MeetingStage
from streams.stages.rules import Rules
from streams.stages.vessel_stage import VesselStage
from streams.stages.watermark import Watermarks


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Which reports take part in a run: those in a time range (start included, end not) and in a box."""

    start: Millis = BEGINNING
    end: Millis = END
    box: Box | None = None

    def of(self, reports: Reports) -> Reports:
        """The reports that take part; static data is kept wherever the ship is."""
        positions, statics = self._in_time(reports.positions), self._in_time(reports.statics)
        if self.box is not None and len(positions):
            positions = positions[self.box.mask(positions["lon"], positions["lat"])]
        return Reports(reports.source, positions, statics, reports.stations)

    def takes(self, sighting: Sighting) -> bool:
        """Whether what others saw takes part, by its own time and place."""
        inside = self.box is None or bool(
            self.box.mask(np.array([sighting.lon]), np.array([sighting.lat]))[0]
        )
        return inside and self.start <= sighting.time < self.end

    def _in_time(self, rows: Rows) -> Rows:
        if self.start == BEGINNING and self.end == END:
            return rows
        return rows[(rows["time"] >= self.start) & (rows["time"] < self.end)]


@dataclass(frozen=True, slots=True)
class Output:
    """What came of one frame. `events` are in the order of `sort_key`, over the whole run."""

    reports: Reports
    rejects: tuple[Reject, ...]
    instants: list[Instant] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class _Snapshot(msgspec.Struct):
    decoders: dict[str, bytes]
    vessels: bytes
    meetings: bytes
    cases: bytes


class Core:
    """The stages, and the watermark over all sources between them."""

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
        self._marks = Watermarks()
        own = own_hints or {}
        self.decoders: dict[str, Decoder] = {}
        for source in sources:
            self._marks.register(source)
            self.decoders[source] = Decoder(source, rules.settings.decoder, own.get(source, hints))
        self.vessels = VesselStage(rules)
        self._meetings = MeetingStage(rules)
        self._cases = CaseStage(rules)

    @property
    def slowest(self) -> str | None:
        """The source to read next, so that none runs far ahead; None when all have ended."""
        return self._marks.slowest()

    def expect(self, source: str, time: Millis) -> None:
        """Nothing of this source is older than `time`: it does not hold the others back before that."""
        self._marks.update(source, time)

    def see(self, sightings: Iterable[Sighting]) -> None:
        """What others saw, before the first frame; each counts from when it was received."""
        self.vessels.feed(Reports("", sightings=tuple(filter(self._selection.takes, sightings))))

    def feed(self, frame: Frame) -> Output:
        decoder = self.decoders[frame.source]
        decoder.feed(frame)
        return self._advance(decoder)

    def end(self, source: str) -> Output:
        """The source has ended. After the last one, what is still open is told as it stands."""
        self.decoders[source].end()
        return self._advance(self.decoders[source])

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(
            _Snapshot(
                {source: decoder.snapshot() for source, decoder in self.decoders.items()},
                self.vessels.snapshot(),
                self._meetings.snapshot(),
                self._cases.snapshot(),
            )
        )

    def restore(self, state: bytes) -> None:
        kept = msgspec.msgpack.decode(state, type=_Snapshot)
        for source, decoder in self.decoders.items():
            decoder.restore(kept.decoders[source])
            self._marks.update(source, decoder.watermark)
        self.vessels.restore(kept.vessels)
        self._meetings.restore(kept.meetings)
        self._cases.restore(kept.cases)

    def _advance(self, decoder: Decoder) -> Output:
        decoded = decoder.advance(decoder.watermark)
        self._marks.update(decoder.source, decoder.watermark)
        out = Output(self._selection.of(decoded.reports), decoded.rejects)
        self.vessels.feed(out.reports)
        low = self._marks.low
        for instant in self.vessels.advance(low):
            out.instants.append(instant)
            self._meetings.feed(instant)
        self._cases.feed(self._meetings.advance(END if low == END else self.vessels.done + 1))
        out.events.extend(self._cases.advance(self.vessels.done))
        return out
