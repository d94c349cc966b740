"""Frame columns: all sentences of a frame in order with what is known about them, and its other lines."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from models.frame import Frame
from streams.decoding.lines.byte_spans import Flags, Int64Array
from streams.decoding.lines.clock_sentence import pghp_station
from streams.decoding.lines.context_columns import (
    Context,
    ContextMemory,
    FrameContext,
    GpsRecords,
    Own,
    PghpRecords,
    TagRecords,
)
from streams.decoding.lines.line_columns import Scan, TagColumns, scan_lines
from streams.decoding.lines.line_reader import Around, Fault, LineRead, LineReader, suffix_station
from streams.decoding.lines.names import Names
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import Sentence
from streams.decoding.lines.sentence_columns import SentenceColumns
from streams.decoding.lines.source_times import UNTOLD, TimeKind, TimeRules
from streams.decoding.lines.tag_block import group_text, name_text
from streams.decoding.lines.time_text import Reading, TimeProblem

_PROBLEMS: Final = {
    TimeProblem.ZONE: Outcome.UNKNOWN_ZONE,
    TimeProblem.DATE_ORDER: Outcome.UNKNOWN_DATE_ORDER,
}
_MAX_STATIONS: Final = 65_536
_PLAIN: Final = LineReader(TimeRules().text)


class LineFault(NamedTuple):
    """A line, by its index in the frame, that holds something which is no good sentence."""

    line: int
    fault: Fault


class FrameColumns:
    """The sentences of a frame, what its lines say about them, and what else the lines hold.

    Raises ValueError where the frame's `received` has not one time a line.
    """

    def __init__(self, frame: Frame, longest: int, rules: TimeRules, names: Names | None = None) -> None:
        """A line of more than `longest` bytes is not read. Of the rules, those about single lines count.

        `names` may know names of stations from frames before, all of which are settled.
        """
        scan = scan_lines(frame.data, longest, [cut.index for cut in frame.cuts])
        self.lines = lines = scan.lines
        if frame.received is not None and len(frame.received) != lines.size:
            raise ValueError(f"{len(frame.received)} times of receipt for {lines.size} lines")
        self.received = frame.received
        self.moves: Flags | None = None  # whether each sentence's time moves the source; None for all
        self._frame = frame
        self.faults: list[LineFault] = []
        self.checked_tags = self.unchecked_tags = 0
        self._text, self._trust = rules.text, rules.trust_tags
        self._names, self.groups = names or Names(), Names()
        self._irregular: list[Sentence] = []
        self._arounds: list[Around] = []
        own, bare, pghp = self._take_regular(scan)
        self._which = np.arange(own.size)  # among the regular; or -1, -2, ...: first, second, ... irregular
        is_context = np.zeros(lines.size, np.bool_)
        is_context[bare.lines] = is_context[pghp.lines] = True
        is_context[lines.starts == lines.ends] = True  # blank: a little gzip holds millions of them
        known = is_context | lines.too_long
        known[own.lines] = True
        reads = self._read_irregular(np.flatnonzero(~known).tolist())
        boundary = ~is_context
        if reads:
            boundary[[line for line, read in reads if not read.is_boundary]] = False
            own, bare, pghp = self._with_irregular(own, bare, pghp, reads)
        self.context_lines = int(is_context.sum()) + sum(read.is_context for _, read in reads)
        self.context = FrameContext(own, bare, pghp, _gps(reads), boundary, self._names, self.groups)

    def settle(self, rules: TimeRules, memory: ContextMemory, stations: Names) -> None:
        """Set time, kind of time, station and group of each sentence, by this frame and the lines before it.

        Sentences whose only time cannot be read become faults. `stations` are the names of the source; they
        take in those that are new.
        """
        context = memory.resolve(self.context, rules)
        good = np.ones(self.sentences.size, np.bool_)
        for index in np.flatnonzero((self._which < 0) & (context.kind == TimeKind.NONE)).tolist():
            number = -1 - int(self._which[index])
            problem = _problem(self._arounds[number], rules)
            if problem is not None:
                sentence = self._irregular[number]
                fault = Fault(sentence.raw, _PROBLEMS[problem], sentence.lines)
                self.faults.append(LineFault(int(self.sentences.line[index]), fault))
                good[index] = False
        self._take(context, good, stations)

    @property
    def irregular(self) -> Int64Array:
        """The lines, by their indices, whose sentences were read one by one."""
        return np.unique(self.sentences.line[self._which < 0])

    def problems(self, kind: TimeKind) -> list[tuple[int, TimeProblem]]:
        """The lines, by their indices, at which a kind of time cannot be read, and why."""
        found = []
        for index in np.flatnonzero(self._which < 0).tolist():
            around = self._arounds[-1 - int(self._which[index])]
            reading = around.suffix if kind is TimeKind.SUFFIX else around.prefix
            if isinstance(reading, TimeProblem):
                found.append((int(self.sentences.line[index]), reading))
        return found

    def numbers(self, lines: Int64Array) -> Int64Array:
        """The numbers in the source of lines with these indices."""
        numbers = self._frame.numbers
        return lines + self._frame.first_line if numbers is None else numbers[lines]

    def sentence(self, index: int, station: str) -> Sentence:
        """One of the sentences as an object, with all that is known about it."""
        which, line = int(self._which[index]), int(self.sentences.line[index])
        if which < 0:
            sentence = self._irregular[-1 - which]
        else:
            ((sentence, _),) = _PLAIN.read(self.lines.line(line), self._frame.number(line)).sentences
        if self.received is not None:
            sentence.received = int(self.received[line])
        time = int(self.time[index])
        sentence.time = None if time == UNTOLD else time
        sentence.moves = self.moves is None or bool(self.moves[index])
        sentence.station, sentence.group = station, self.groups[int(self.group[index])]
        return sentence

    def raw(self, index: int) -> bytes:
        """The text of a sentence: its line, or the piece of it where it holds several."""
        which = int(self._which[index])
        if which < 0:
            return self._irregular[-1 - which].raw
        return self.lines.line(int(self.sentences.line[index]))

    def _take_regular(self, scan: Scan) -> tuple[Own, TagRecords, PghpRecords]:
        found, pghps = scan.sentences, scan.pghps
        self.sentences = SentenceColumns.of_regular(found, scan.lines)
        own = Own.blank(found.line)
        own.checksum, own.strict = found.checksum, (found.total == 1) & (found.own == 0)
        own.suffix_time = found.time
        own.suffix_station = self._names.column(scan.spans(found.suffix, found.suffix_length), suffix_station)
        if scan.leading:
            own.tag_time = scan.tags.time
            own.tag_station, own.tag_group, own.tag_info = self._named(scan, scan.tags)
        bare = TagRecords(scan.bare.line, scan.bare.time, *self._named(scan, scan.bare))
        stations = self._names.column(scan.spans(pghps.station, pghps.length), pghp_station)
        self.checked_tags += scan.leading + len(bare)
        return own, bare, PghpRecords(pghps.line, pghps.time, stations, pghps.checksum)

    def _named(self, scan: Scan, tags: TagColumns) -> tuple[Int64Array, Int64Array, Int64Array]:
        """The numbers of the stations, groups and sources that tag blocks name."""
        return (
            self._names.column(scan.spans(tags.station, tags.station_length), name_text),
            self.groups.column(scan.spans(tags.group, tags.group_length), group_text),
            self._names.column(scan.spans(tags.info, tags.info_length), name_text),
        )

    def _read_irregular(self, numbers: Sequence[int]) -> list[tuple[int, LineRead]]:
        reader = LineReader(self._text, self._trust)
        reads = [(line, reader.read(self.lines.line(line), self._frame.number(line))) for line in numbers]
        for line, read in reads:
            self.faults += (LineFault(line, fault) for fault in read.faults)
            self.checked_tags += read.checked_tags
            self.unchecked_tags += read.unchecked_tags
            for sentence, around in read.sentences:
                self._irregular.append(sentence)
                self._arounds.append(around)
        return reads

    def _with_irregular(
        self, own: Own, bare: TagRecords, pghp: PghpRecords, reads: list[tuple[int, LineRead]]
    ) -> tuple[Own, TagRecords, PghpRecords]:
        names, groups = self._names, self.groups
        if self._irregular:
            lines = [line for line, read in reads for _ in read.sentences]
            regular = own.size
            own, order = own.with_others(self._own_of_irregular(lines))
            self._which = np.where(order < regular, order, regular - 1 - order)
            self.sentences = self.sentences.with_others(
                SentenceColumns.of_irregular(self._irregular, lines)
            ).take(order)
        tags = [
            (line, _told(t.time), names.number(t.station), groups.number(t.group), names.number(t.info))
            for line, read in reads
            if (t := read.tag) is not None
        ]
        pghps = [
            (line, p.time, names.number(p.station), p.checksum)
            for line, read in reads
            if (p := read.pghp) is not None
        ]
        return own, bare.with_rows(tags), pghp.with_rows(pghps)

    def _own_of_irregular(self, lines: list[int]) -> Own:
        names, groups = self._names, self.groups
        rows = [
            (
                sentence.checksum,
                sentence.total == 1 and not sentence.own,
                _told(around.tag.time),
                names.number(around.tag.station),
                groups.number(around.tag.group),
                names.number(around.tag.info),
                _told(around.suffix),
                names.number(around.suffix_station),
                _told(around.prefix),
                names.number(around.prefix_station),
            )
            for sentence, around in zip(self._irregular, self._arounds, strict=True)
        ]
        checksum, strict, *columns = np.array(rows, np.int64).T
        return Own(np.array(lines, np.int64), checksum, strict > 0, *columns)

    def _take(self, context: Context, good: Flags, stations: Names) -> None:
        self.time, self.kind, self.unbelieved_times = context.time, context.kind, context.unbelieved
        self.group, station = context.group, context.station
        if not good.all():
            self.sentences, self._which = self.sentences.take(good), self._which[good]
            self.time, self.kind, self.group, station = (
                column[good] for column in (self.time, self.kind, self.group, station)
            )
        self.station = self._names.among(stations, station, _MAX_STATIONS)


def _problem(around: Around, rules: TimeRules) -> TimeProblem | None:
    for kind, reading in ((TimeKind.SUFFIX, around.suffix), (TimeKind.PREFIX, around.prefix)):
        if isinstance(reading, TimeProblem) and kind not in rules.ignored:
            return reading
    return None


def _told(time: Reading) -> int:
    return UNTOLD if time is None or isinstance(time, TimeProblem) else time


def _gps(reads: list[tuple[int, LineRead]]) -> GpsRecords:
    return GpsRecords.empty().with_rows([(line, read.gps) for line, read in reads if read.gps is not None])
