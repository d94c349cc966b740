"""Replay: recordings through the stages in one process, merged by event time.

The same stages, in the same order, as the pipeline on Kafka; this is the shell around them that reads
files. It always reads on in the source that is furthest behind, so files may be given in any order and
memory stays bounded by the spread of what was read, not by the size of the files.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.event import Event, sort_key
from models.frame import Frame, Reject
from models.report import Reports, Rows
from models.tick import Instant
from models.time import BEGINNING, END, Millis
from models.vessel import Role
from models.watchlist import Watchlist
from streams.decoder import Decoder
from streams.meeting_stage import MeetingStage
from streams.place import Places
from streams.settings import Settings
from streams.source import SourceError
from streams.summary import Summary
from streams.vessel_stage import VesselStage
from streams.watermark import Watermarks


@dataclass(frozen=True, slots=True)
class Source:
    """One feed: its name, and its frames in order. Reading them may raise SourceError."""

    name: str
    frames: Iterator[Frame]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which reports take part: a time range (start included, end not), a box in degrees."""

    start: Millis = BEGINNING
    end: Millis = END
    box: tuple[float, float, float, float] | None = None  # west, south, east, north; west > east across 180°

    def of(self, reports: Reports) -> Reports:
        """The reports that take part; static data is kept wherever the ship is."""
        positions, statics = self._in_time(reports.positions), self._in_time(reports.statics)
        if self.box is not None and len(positions):
            west, south, east, north = self.box
            lon, lat = positions["lon"], positions["lat"]
            across = (lon >= west) | (lon <= east) if west > east else (lon >= west) & (lon <= east)
            positions = positions[across & (lat >= south) & (lat <= north)]
        return Reports(reports.source, positions, statics, reports.stations)

    def _in_time(self, rows: Rows) -> Rows:
        if self.start == BEGINNING and self.end == END:
            return rows
        return rows[(rows["time"] >= self.start) & (rows["time"] < self.end)]


def _nothing(_: object) -> None:
    pass


@dataclass(slots=True)
class Replay:
    """One run. `run` works off all sources and returns the summary; what is found goes to the callbacks."""

    settings: Settings
    places: Places
    watchlist: Watchlist
    selection: Selection = field(default_factory=Selection)
    base_time: Millis | None = None
    on_event: Callable[[Event], None] = _nothing
    on_reject: Callable[[Reject], None] = _nothing
    on_instant: Callable[[Instant], None] = _nothing
    on_progress: Callable[[Summary], None] = _nothing
    stopped: Callable[[], bool] = bool
    _seen: set[int] = field(default_factory=set)
    _tankers: set[int] = field(default_factory=set)
    _latest: dict[str, Event] = field(default_factory=dict)

    def run(self, sources: Sequence[Source]) -> Summary:
        """Never raises for bad input: what could not be read is a problem in the summary."""
        began = time.perf_counter()
        summary = Summary()
        marks = Watermarks()
        decoders = {s.name: Decoder(s.name, self.settings.decoder, self.base_time) for s in sources}
        frames = {s.name: s.frames for s in sources}
        for source in sources:
            marks.register(source.name)
        vessels = VesselStage(self.places, self.watchlist, self.settings.vessel)
        meetings = MeetingStage(self.places, self.settings.vessel.grid, self.settings.meeting)
        while (name := marks.slowest()) is not None:
            decoder = decoders[name]
            frame = None if self.stopped() else self._read(frames[name], summary)
            if frame is None:
                decoder.end()
            else:
                decoder.feed(frame)
            self._decode(decoder, vessels, summary)
            marks.update(name, decoder.watermark)
            self._advance(vessels, meetings, marks.low, summary)
            summary.outcomes[name] = decoder.outcomes
            summary.lines = sum(outcomes.total() for outcomes in summary.outcomes.values())
            summary.seconds = time.perf_counter() - began
            self.on_progress(summary)
        for decoder in decoders.values():
            summary.messages += decoder.messages
        summary.vessels, summary.tankers = len(self._seen), len(self._tankers)
        summary.overtaken = vessels.overtaken
        for event in self._latest.values():
            summary.events[event.type, event.level, event.status] += 1
        return summary

    @staticmethod
    def _read(frames: Iterator[Frame], summary: Summary) -> Frame | None:
        try:
            return next(frames, None)
        except SourceError as error:
            summary.problems.append(str(error))
            return None

    def _decode(self, decoder: Decoder, vessels: VesselStage, summary: Summary) -> None:
        decoded = decoder.advance(decoder.watermark)
        for reject in decoded.rejects:
            self.on_reject(reject)
        reports = self.selection.of(decoded.reports)
        for rows in (reports.positions, reports.statics):
            if len(rows):
                self._seen.update(np.unique(rows["mmsi"]).tolist())
                first, last = int(rows["time"][0]), int(rows["time"][-1])
                summary.first = first if summary.first is None else min(summary.first, first)
                summary.last = last if summary.last is None else max(summary.last, last)
        vessels.feed(reports)

    def _advance(self, vessels: VesselStage, meetings: MeetingStage, low: Millis, summary: Summary) -> None:
        events: list[Event] = []
        for instant in vessels.advance(low):
            self.on_instant(instant)
            events += instant.events
            self._tankers.update(i.mmsi for i in instant.identities if i.role is Role.TANKER)
            meetings.feed(instant)
        events += meetings.advance(END if low == END else vessels.done + 1)
        for event in sorted(events, key=sort_key):
            self._latest[event.id] = event
            self.on_event(event)
