"""Intake: the Decoders of all sources of a run, and which source is read next.

It needs nothing of the stages behind it, so it can run ahead of them, in a process of its own too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from models.box import Box
from models.frame import Frame, Reject
from models.report import Reports, Rows
from models.sighting import Sighting
from models.source_hints import SourceHints
from models.time import BEGINNING, END, Millis
from streams.decoding.decoder import Decoder
from streams.decoding.settings import DecoderSettings
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
class Arrived:
    """What came of one frame, or of the end of a source. `low` is the watermark over all sources then."""

    reports: Reports
    rejects: tuple[Reject, ...]
    low: Millis
    left_out: int = 0
    """Positions that the filter left out."""


class Intake:
    """Frames in, reports out, source by source."""

    def __init__(
        self,
        sources: Iterable[str],
        settings: DecoderSettings,
        selection: ReportFilter | None = None,
        hints: SourceHints | None = None,
        own_hints: Mapping[str, SourceHints] | None = None,
    ) -> None:
        """`own_hints` are those of sources that have some of their own, by name."""
        self._settings = settings
        self._selection = selection or ReportFilter()
        self._marks = Watermarks()
        self.decoders: dict[str, Decoder] = {}
        for source in sources:
            self._marks.register(source)
            self.decoders[source] = Decoder(source, settings, (own_hints or {}).get(source, hints))

    @property
    def slowest(self) -> str | None:
        """The source to read next, so that none runs far ahead; None when all have ended."""
        return self._marks.slowest()

    def expect(self, source: str, time: Millis) -> None:
        """Nothing of this source is older than `time`: it does not hold the others back before that."""
        self._marks.update(source, time)

    def feed(self, frame: Frame) -> Arrived:
        decoder = self.decoders[frame.source]
        decoder.feed(frame)
        return self._advance(decoder)

    def end(self, source: str) -> Arrived:
        """The source has ended."""
        self.decoders[source].end()
        return self._advance(self.decoders[source])

    def register(self, source: str) -> None:
        """A source of a deployment that is to come: it holds the others back until it tells a time."""
        self._marks.register(source)

    def open(self, source: str, hints: SourceHints) -> None:
        """A frame of this source has come. One that had ended was cut off only, and goes on."""
        self.register(source)
        decoder = self.decoders.get(source)
        if decoder is None:
            self.decoders[source] = Decoder(source, self._settings, hints)
        elif decoder.ended:
            decoder.reopen()

    def idle(self, source: str, received: Millis | None) -> Arrived:
        """Nothing came of this source until this time of receipt; None: it only lives."""
        decoder = self.decoders[source]
        if received is not None:
            decoder.idle(received)
        return self._advance(decoder)

    def snapshot(self) -> dict[str, bytes]:
        return {source: decoder.snapshot() for source, decoder in self.decoders.items()}

    def restore(self, state: dict[str, bytes]) -> None:
        """Go on from a state, with the sources that it has; those that it has not begin anew."""
        for source, kept in state.items():
            if source not in self.decoders:
                self.open(source, SourceHints())
            decoder = self.decoders[source]
            decoder.restore(kept)
            self._marks.update(source, decoder.watermark)

    def _advance(self, decoder: Decoder) -> Arrived:
        decoded = decoder.advance(decoder.watermark)
        self._marks.update(decoder.source, decoder.watermark)
        left = self._selection.of(decoded.reports)
        left_out = len(decoded.reports.positions) - len(left.positions)
        return Arrived(left, decoded.rejects, self._marks.low, left_out)
