"""The time that each line of a source tells, and which lines belong together: for what puts lines in order.

The Decoder reads the same lines by the same rules. What is told here is what the lines say, before it is
judged: no line is late or implausible yet.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from models.frame import Frame
from models.time import MINUTE, SECOND, Millis
from streams.decoding.byte_spans import Flags, Int64Array
from streams.decoding.decoder import DecoderSettings
from streams.decoding.frame_columns import FrameColumns
from streams.decoding.line_reader import LineReader
from streams.decoding.outcome import Outcome
from streams.decoding.sentence import Sentence
from streams.decoding.source_clock import UNTOLD
from streams.decoding.two_part import key_of

_MOST_OPEN: Final = 1_000
"""Messages whose parts are waited for at once."""


class TimedLines(NamedTuple):
    """The lines of a frame, a row each.

    `time` is the event time in milliseconds, UNTOLD where the line tells none. The parts of one message have
    the time of the first that was read. `leads` marks context lines that speak of the line after them
    (`$PGHP`, a tag block that stands alone, a comment). `station` is an index into the `stations` of
    LineTimes.
    """

    time: Int64Array
    leads: Flags
    station: Int64Array


class LineTimes:
    """Reads the lines of one source, frame by frame. `stations` has every station heard; the first is
    none."""

    def __init__(self, settings: DecoderSettings | None = None) -> None:
        self._settings = settings or DecoderSettings()
        self._reader = LineReader(self._settings.prefix_zone_minutes * MINUTE)
        self._stations: dict[str, int] = {"": 0}
        self._open: dict[bytes, dict[int, _Message]] = {}  # by key and station

    @property
    def stations(self) -> list[str]:
        return list(self._stations)

    def read(self, frame: Frame) -> TimedLines:
        columns = FrameColumns(frame, self._settings.max_line_bytes)
        size = columns.lines.size
        lines = TimedLines(np.full(size, UNTOLD), columns.context_at.copy(), np.zeros(size, np.int64))
        parts: list[_Part] = []
        for index, read in columns.read_odd(self._reader):
            if isinstance(read, Sentence):
                lines.time[index] = UNTOLD if read.time is None else read.time
                lines.station[index] = self._station(read.station)
                if read.total > 1:
                    parts.append(_Part(index, read.key, read.number, read.total))
            elif read is Outcome.CONTEXT:
                lines.leads[index] = True
        self._read_columns(columns, lines, parts)
        for part in sorted(parts):
            self._join(part, lines)
        return lines

    def _read_columns(self, columns: FrameColumns, lines: TimedLines, parts: list["_Part"]) -> None:
        told, sentences = columns.context(), columns.sentences
        stations = np.array([self._station(name) for name in columns.names.all], np.int64)
        lines.time[sentences.line] = told.time
        lines.station[sentences.line] = stations[told.station]
        for row in np.flatnonzero(sentences.total > 1).tolist():
            key = key_of(int(sentences.key[row]), told.group.piece(row).rpartition(b"-")[2])
            number, total = int(sentences.number[row]), int(sentences.total[row])
            parts.append(_Part(int(sentences.line[row]), key, number, total))

    def _join(self, part: "_Part", lines: TimedLines) -> None:
        """Give a part the time of the parts before it, if the message has begun."""
        station = int(lines.station[part.line])
        begun = self._open.setdefault(part.key, {})
        if not station and len(begun) == 1:  # it can belong to this message only
            station = next(iter(begun))
        message, time = begun.get(station), int(lines.time[part.line])
        if message is None or part.number in message.numbers or self._apart(time, message.time, part.key):
            message = begun[station] = _Message(time, set())
        message.numbers.add(part.number)
        lines.time[part.line], lines.station[part.line] = message.time, station
        if len(message.numbers) == part.total:
            del begun[station]
        if not begun:
            del self._open[part.key]
        elif len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]

    def _apart(self, time: Millis, other: Millis, key: bytes) -> bool:
        """Whether two parts that no group binds are too far apart to be of one message."""
        told = UNTOLD not in (time, other) and key.endswith(b"|")
        return told and abs(time - other) > self._settings.part_timeout_seconds * SECOND

    def _station(self, name: str) -> int:
        return self._stations.setdefault(name, len(self._stations))


class _Part(NamedTuple):
    line: int  # its index in the frame
    key: bytes
    number: int
    total: int


@dataclass(slots=True)
class _Message:
    time: Millis
    numbers: set[int]
