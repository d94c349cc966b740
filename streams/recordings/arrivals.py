"""Arrivals: what recordings decode to, source by source, always of the one that is furthest behind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import numpy.typing as npt

from models.frame import Frame
from models.report import Reports
from models.sighting import Sighting
from models.source_hints import SourceHints
from models.time import BEGINNING, DAY, Millis
from streams.recordings.diagnosis import NO_RECORD, holds_no_record, unusable
from streams.recordings.errors import SourceError
from streams.recordings.recording import Recording
from streams.stages.intake import Arrived, Intake

if TYPE_CHECKING:  # decoding begins before the stages are imported
    from streams.stages.core import Followed

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


@dataclass(frozen=True, slots=True)
class Heard:
    """What a summary tells of reports: how many positions, of which vessels (a number for each report), and
    the earliest and the latest time; without any report, the times tell nothing."""

    positions: int
    mmsis: npt.NDArray[np.uint32]
    first: Millis
    last: Millis

    @classmethod
    def of(cls, reports: Reports) -> Self:
        kinds = [rows for rows in (reports.positions, reports.statics) if len(rows)]
        mmsis = np.concatenate([np.empty(0, np.uint32), *(rows["mmsi"] for rows in kinds)])
        first = min((int(rows["time"][0]) for rows in kinds), default=BEGINNING)
        last = max((int(rows["time"][-1]) for rows in kinds), default=BEGINNING)
        return cls(len(reports.positions), mmsis, first, last)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came of one frame or of the end of a source, and what is known of that source by then."""

    arrived: Arrived
    source: str
    """Empty for what came of no source, as a fence that was drawn."""
    outcomes: dict[str, int]
    """Its lines so far, by outcome."""
    problems: tuple[str, ...] = ()
    """Sentences: why it could not be read whole, or not be used."""
    notes: tuple[str, ...] = ()
    """At its end: what was decided about its times and what else is worth knowing."""
    messages: dict[int, int] = field(default_factory=dict)
    """At its end: decoded messages by message type."""
    followed: "Followed | None" = None
    """What VesselStage made of it, where another process has asked it."""
    heard: Heard | None = None
    """What the summary tells of its reports, where that process has kept them."""


def arrivals(
    intake: Intake, sources: Sequence[Source], stopped: Callable[[], bool] = bool
) -> Iterator[Arrival]:
    """Decode all sources to their ends, or to where they are once `stopped`.

    Files can be given in any order, and memory is bounded by the spread of what was read, not by the size of
    the files. Never raises for bad input: what could not be read is among the problems.
    """
    _look_ahead(intake, sources, stopped)
    readers = {source.name: _Reader(source) for source in sources}
    while (name := intake.slowest) is not None:
        reader = readers[name]
        frame = None if stopped() else reader.read()
        arrived = intake.end(name) if frame is None else intake.feed(frame)
        decoder = intake.decoders[name]
        if frame is not None:
            yield Arrival(arrived, name, dict(decoder.outcomes))
            continue
        if not stopped() and not reader.problems:
            reader.judge(decoder.report.problem, decoder.outcomes)
        notes = (*reader.source.notes, *reader.notes, *decoder.report.sentences())
        problems, messages = tuple(reader.problems), dict(decoder.messages)
        yield Arrival(arrived, name, dict(decoder.outcomes), problems, notes, messages)


def _look_ahead(intake: Intake, sources: Sequence[Source], stopped: Callable[[], bool]) -> None:
    """Tell the intake when each source begins, so that not all have to be open at once."""
    for source in sources if len(sources) > 1 else ():
        if not stopped() and (first := source.first()) is not None:
            intake.expect(source.name, first - _MARGIN)


class _Reader:
    """Reads one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._head: bytes | None = None

    def read(self) -> Frame | None:
        """Its next frame; None at its end, which may be a fault."""
        try:
            frame = next(self.source.frames, None)
        except SourceError as error:
            self.problems.append(str(error))
            return None
        if frame is not None and self._head is None:
            self._head = frame.data[:_HEAD]
        return frame

    def judge(self, refused: str | None, outcomes: dict[str, int]) -> None:
        """A source that was read to its end in vain is a problem."""
        name = self.source.name
        head = self._head or b""
        problem = f"{name}: {refused}" if refused else unusable(name, outcomes, head)
        empty = not problem and not self.source.sightings and holds_no_record(outcomes)
        self.notes += [NO_RECORD] if empty else []
        self.problems += [problem] if problem else []
