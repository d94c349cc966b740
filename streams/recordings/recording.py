"""A recording: one source of lines, read as frames, in order of time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np

from models.frame import Frame
from models.source_hints import NO_HINTS, SourceHints
from models.time import SECOND, Millis
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.byte_spans import Int64Array
from streams.decoding.settings import DecoderSettings
from streams.recordings.content import STDIN, Access, Content, FileContent
from streams.recordings.errors import Interrupted, SourceError
from streams.recordings.formats.columns import NO_COLUMNS, ColumnOptions
from streams.recordings.formats.csv_text import CsvText
from streams.recordings.formats.format import Cutting, Format
from streams.recordings.formats.known import HEAD, recognised
from streams.recordings.formats.look import Look
from streams.recordings.formats.parquet import MAGIC, NAME, parquet_frames, parquet_looks
from streams.recordings.formats.table_evidence import TableEvidence
from streams.recordings.keyed_lines import keyed_lines
from streams.recordings.order import QuickCheck, StationCheck
from streams.recordings.sorting import FrameMaker, sorted_frames, window_sorted_frames
from streams.recordings.text import peek, text_from

_Part = TypeVar("_Part", bound=Look)
FRAME_BYTES: Final = 1 << 20
FRAME_LINES: Final = 50_000


@dataclass(frozen=True, slots=True)
class Reading:
    """How recordings are read.

    Frames have at most `frame_lines` lines and about `frame_bytes` bytes; of a very long line only the head
    is kept. `format` is that of every recording; without it, each is recognised by its content. With
    `keep_order` lines stay as they stand; otherwise they are put in order of time where some would come more
    than the lateness of `settings` after later ones. `hints` are what the user says about the lines,
    `columns` what about the columns of tables.
    """

    access: Access = field(default_factory=Access)
    frame_bytes: int = FRAME_BYTES
    frame_lines: int = FRAME_LINES
    format: Format | None = None
    keep_order: bool = False
    settings: DecoderSettings = field(default_factory=DecoderSettings)
    hints: SourceHints = NO_HINTS
    columns: ColumnOptions = NO_COLUMNS


@dataclass(frozen=True, slots=True)
class Survey:
    """What a look through a whole recording tells.

    `first` is the earliest time, `wild` has the days whose times are not to be believed. Of a recording that
    is not in order, all lines have to be sorted, or with `moving` only those with a time on one of these
    days.
    """

    first: Millis | None
    wild: Int64Array
    in_order: bool
    moving: Int64Array | None = None


_NOT_KNOWN: Final = Survey(None, np.empty(0, np.int64), in_order=True)


class Recording:
    """One file, member of an archive, or standard input. It is opened when something is asked of it."""

    def __init__(self, name: str, content: Content, reading: Reading) -> None:
        self.name = name
        self._content = content
        self._reading = reading
        self._survey: Survey | None = None
        self._evidence = TableEvidence()
        self.notes: list[str] = []
        """Sentences about how it is read, as far as it has been."""
        self.format_name = ""
        """The format of its content, once it has been read."""

    def frames(self) -> Iterator[Frame]:
        """The lines. They stay as they are unless some are out of order.

        Raises SourceError at once for what can't be opened, is empty or is no text, and after the last frame
        that could be read for what breaks off. Ends at Interrupted with the lines that had come.
        """
        try:
            if self._reading.keep_order:
                yield from self._as_they_stand()
            elif self._content.rereadable:
                yield from self._by_time()
            else:
                yield from window_sorted_frames(
                    self._as_they_stand(), self._times, self._lateness, self._maker()
                )
        except Interrupted:
            return
        except SourceError as error:
            shown = "standard input" if self._content == FileContent(STDIN) else self.name
            raise SourceError(f"{shown}: {error}") from error

    def survey(self) -> Survey:
        """Look through a recording. One that can be read only once is taken for one in order."""
        if self._survey is None:
            self._survey = self._look_through() if self._is_surveyed else _NOT_KNOWN
        return self._survey

    @property
    def _is_surveyed(self) -> bool:
        """Whether it is looked through before it is read."""
        return self._content.rereadable and not self._reading.keep_order

    def _by_time(self) -> Iterator[Frame]:
        survey = self.survey()
        if survey.in_order:
            yield from self._as_they_stand()
        else:
            frames = self._in_large_frames()
            yield from sorted_frames(frames, self._times(), self._maker(), survey.wild, survey.moving)

    def _look_through(self) -> Survey:
        quick = self._quick_check()
        if self._evidence.settle():
            quick = self._quick_check()
        lone, wild = quick.days.lone(), quick.days.wild()
        if quick.in_order:
            return Survey(quick.first, wild, in_order=True)
        check = StationCheck(self._lateness)
        frames = _up_to_a_fault(self._in_large_frames())
        for keyed in keyed_lines(frames, self._times(), lambda: lone):
            check.feed(keyed)
        moving = np.setdiff1d(lone, wild) if check.in_order else None
        return Survey(quick.first, wild, moving is not None and not len(moving), moving)

    def _quick_check(self) -> QuickCheck:
        quick = QuickCheck(self._lateness, self._times())
        for look in _up_to_a_fault(self._looks()):
            if isinstance(look, Frame):
                quick.feed(look)
            else:
                quick.take(look)
        return quick

    def _as_they_stand(self) -> Iterator[Frame]:
        return self._cut(self._reading.frame_bytes, self._reading.frame_lines)

    def _in_large_frames(self) -> Iterator[Frame]:
        return self._cut(FRAME_BYTES, FRAME_LINES)

    def _cut(self, frame_bytes: int, frame_lines: int) -> Iterator[Frame]:
        cutting = self._cutting(frame_bytes, frame_lines)
        format, text = self._opened()
        if format is None:
            yield from parquet_frames(self.name, self._table(text), cutting)
        else:
            yield from format.frames(self.name, text, cutting)

    def _looks(self) -> Iterator[Look]:
        """What a first look needs of all lines."""
        cutting = self._cutting(FRAME_BYTES, FRAME_LINES)
        format, text = self._opened()
        if format is None:
            yield from parquet_looks(self.name, self._table(text), cutting)
        elif isinstance(format, CsvText):
            yield from format.looks(self.name, text, cutting)
        else:
            yield from format.frames(self.name, text, cutting)

    def _opened(self) -> tuple[Format | None, Iterator[bytes]]:
        """The format of the content and its text, or None and the bytes of a Parquet file."""
        start, chunks = peek(self._content.chunks(self._reading.access), len(MAGIC))
        if start == MAGIC:
            self.format_name = NAME
            return None, chunks
        head, text = peek(text_from(chunks), HEAD)
        if not head and not any(text):
            raise SourceError("is empty; give a recording with at least one line")
        format = self._reading.format or recognised(head)
        self.format_name = format.name
        return format, text

    def _table(self, chunks: Iterator[bytes]) -> str | Iterator[bytes]:
        """The path of a Parquet file where it has one, so that it need not be copied."""
        content = self._content
        return content.path if isinstance(content, FileContent) and content.rereadable else chunks

    def _cutting(self, frame_bytes: int, frame_lines: int) -> Cutting:
        reading = self._reading
        how = (frame_bytes, frame_lines, reading.hints, reading.columns)
        return Cutting(*how, self._note, self._evidence)

    def _note(self, sentence: str) -> None:
        if self._is_surveyed and not self._evidence.settled:
            return  # a file is read twice, and the last time is the right one
        if sentence not in self.notes:
            self.notes.append(sentence)

    def _times(self) -> LineTimes:
        return LineTimes(self._reading.settings, self._reading.hints)

    def _maker(self) -> FrameMaker:
        return FrameMaker(self.name, self._reading.frame_bytes, self._reading.frame_lines)

    @property
    def _lateness(self) -> Millis:
        return self._reading.settings.lateness_seconds * SECOND


def _up_to_a_fault(parts: Iterator[_Part]) -> Iterator[_Part]:
    """Frames or looks up to what they raise."""
    try:
        yield from parts
    except (SourceError, Interrupted):
        return


def open_recording(path: str, reading: Reading | None = None, name: str | None = None) -> Recording:
    """The recording in a file, or in standard input for `-`; its name is the path unless another is given."""
    return Recording(name or path, FileContent(path), reading or Reading())
