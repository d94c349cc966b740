"""Line times: the time that each line of a source tells, and which lines belong together, for sorting them.

The Decoder reads the same lines by the same rules. What is told here is what the lines say, before it is
judged: no line is late or implausible yet.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from models.frame import Frame
from models.source_hints import SourceHints
from models.time import SECOND, Millis
from streams.decoding.lines.byte_spans import Flags, Int64Array
from streams.decoding.lines.context_columns import ContextMemory, FrameContext
from streams.decoding.lines.frame_columns import FrameColumns
from streams.decoding.lines.names import Names
from streams.decoding.lines.source_times import UNTOLD, TimeKind
from streams.decoding.opening import Opening
from streams.decoding.records.quick_records import quick_record_times
from streams.decoding.settings import DecoderSettings, first_rules
from streams.decoding.time_survey import survey

_MOST_OPEN: Final = 1_000
"""Messages whose parts are waited for at once."""


class TimedLines(NamedTuple):
    """The lines of a frame, a row each.

    `time` is the event time in milliseconds, UNTOLD where the line tells none. The parts of one message have
    the time of the first that was read. `leads` marks context lines that speak of the line after them (a tag
    block that stands alone, a comment, `$PGHP` right before its sentence). `station` is an index into the
    `stations` of LineTimes.
    """

    time: Int64Array
    leads: Flags
    station: Int64Array


class LineTimes:
    """Reads the lines of one source, frame by frame; how times are read is decided by the first frame."""

    def __init__(self, settings: DecoderSettings | None = None, hints: SourceHints | None = None) -> None:
        self._settings = settings or DecoderSettings()
        self._rules = first_rules(self._settings, hints or SourceHints())
        self._decided = False
        self._memory = ContextMemory()
        self._stations = Names()
        self._open: dict[tuple[int, str], dict[int, _Message]] = {}  # by key and group, and by station

    @property
    def stations(self) -> list[str]:
        """Every station heard; the first is none."""
        return list(self._stations)

    def read(self, frame: Frame) -> TimedLines:
        """The lines of the next frame. Raises ValueError where `received` has not one time a line."""
        if not self._decided and self._settings.opening_lines:
            head, _ = Opening(frame.source, self._settings.opening_lines).keep(frame)
            self._rules = survey([head], self._settings.max_line_bytes, self._rules).rules
        self._decided = True
        columns = FrameColumns(frame, self._settings.max_line_bytes, self._rules)
        columns.settle(self._rules, self._memory, self._stations)
        size, told = columns.lines.size, columns.context
        time, station = np.full(size, UNTOLD), np.zeros(size, np.int64)
        for kind, records in ((TimeKind.PGHP, told.pghp), (TimeKind.GPS, told.gps)):
            if kind not in self._rules.ignored:
                good = (records.time >= self._rules.earliest) & (records.time <= self._rules.latest)
                time[records.lines[good]] = records.time[good]
        line = columns.sentences.line[::-1]  # of several on a line the first counts
        time[line], station[line] = columns.time[::-1], columns.station[::-1]
        for row in np.flatnonzero(columns.sentences.total > 1).tolist():
            self._join(columns, row, time, station)
        leads = ~told.boundary & ~columns.lines.too_long
        leads[told.pghp.lines[~_is_next(told)]] = False
        return TimedLines(time, leads, station)

    def times(self, frame: Frame) -> Int64Array:
        """The `time` of the lines of the next frame alone, which may cost less. Raises as `read` does."""
        rules = self._rules
        plain = frame.received is None and not frame.cuts and not self._memory.holds_more
        if self._decided and plain and TimeKind.PREFIX not in rules.ignored:
            quick = quick_record_times(frame.data, self._settings.max_line_bytes, rules.text)
            if quick is not None and ((quick >= rules.earliest) & (quick <= rules.latest)).all():
                return quick
        return self.read(frame).time

    def _join(self, columns: FrameColumns, row: int, time: Int64Array, station: Int64Array) -> None:
        """Give a part the time of the parts before it, if the message has begun."""
        sentences, line = columns.sentences, int(columns.sentences.line[row])
        number, total = int(sentences.number[row]), int(sentences.total[row])
        key = int(sentences.key[row]), columns.groups[int(columns.group[row])]
        mine = int(columns.station[row])
        begun = self._open.setdefault(key, {})
        if not mine and len(begun) == 1:  # it can belong to this message only
            mine = next(iter(begun))
        message = begun.get(mine)
        apart = message is not None and not key[1] and self._apart(int(time[line]), message.time)
        if message is None or apart or number in message.numbers:
            message = begun[mine] = _Message(int(time[line]), set())
        message.numbers.add(number)
        time[line], station[line] = message.time, mine
        if len(message.numbers) == total:
            del begun[mine]
        if not begun:
            del self._open[key]
        elif len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]

    def _apart(self, time: Millis, other: Millis) -> bool:
        """Whether two parts that no group binds are too far apart to be of one message."""
        timeout = self._settings.part_timeout_seconds * SECOND
        return UNTOLD not in (time, other) and abs(time - other) > timeout


def _is_next(told: FrameContext) -> Flags:
    """Which `$PGHP` lines speak of a sentence on the very next line."""
    own, pghp = told.own, told.pghp
    if not len(own.lines):
        return np.zeros(len(pghp), np.bool_)
    at = np.minimum(np.searchsorted(own.lines, pghp.lines + 1), len(own.lines) - 1)
    is_its = ~own.strict[at] | (own.checksum[at] == pghp.checksum)
    return np.asarray((own.lines[at] == pghp.lines + 1) & is_its)


@dataclass(slots=True)
class _Message:
    time: Millis
    numbers: set[int]
