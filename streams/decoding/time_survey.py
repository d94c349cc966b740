"""Time survey: what the first lines of a source tell about its times, and the rules for it that follow.

Everything that cannot be seen in one line alone is decided here, once: whether tag blocks carry checksums,
whether day or month comes first, which of two times on a line holds, and which numbers are no times at all.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from models.frame import Frame
from models.source_hints import DateOrder
from models.time import MINUTE, SECOND, Millis
from streams.decoding.lines.byte_spans import ByteSpans, Flags, Int64Array
from streams.decoding.lines.context_columns import ContextMemory
from streams.decoding.lines.frame_columns import FrameColumns
from streams.decoding.lines.source_times import UNTOLD, TimeKind, TimeRules
from streams.decoding.lines.time_text import day_month
from streams.decoding.payload_columns import NO_SECOND, read_heads, unsigned
from streams.runtime.compiled import compiled

_KINDS: Final = (TimeKind.TAG, TimeKind.PGHP, TimeKind.SUFFIX, TimeKind.PREFIX, TimeKind.GPS)
_AGREE: Final = 5 * SECOND
"""Two times of a line that differ by no more on the median agree, so that either may stand for the other."""
_COUNTER_STEP: Final = 10 * MINUTE
"""Numbers that grow by more from line to line on the median are a counter, if the UTC seconds say so, too."""
_LEAST_SECONDS: Final = 4  # UTC seconds that can say so
_SCATTERED: Final = 0.5  # concentration of the UTC seconds below which they contradict the times
_UTC_FIELDS: Final = ((38, 14), (52, 4), (56, 5), (61, 5), (66, 6), (72, 6))
"""Year, month, day, hour, minute and second in types 4 and 11: first bit and width."""
_FIRST_YEAR, _LAST_YEAR = 2002, 2100
SURE_SECONDS: Final = 50
"""UTC seconds in payloads that are enough to judge the times of a source."""


class Difference(msgspec.Struct, frozen=True, array_like=True):
    """Two kinds of time on the same lines: the median of the second less the first, and how many lines."""

    better: TimeKind
    other: TimeKind
    median: Millis
    lines: int


class Survey(NamedTuple):
    """What came of the first lines of a source."""

    rules: TimeRules
    differences: tuple[Difference, ...] = ()
    counters: tuple[TimeKind, ...] = ()
    """Kinds of numbers that count something else than time."""


def survey(frames: Sequence[Frame], longest: int, rules: TimeRules) -> Survey:
    """Look at the first lines of a source. `rules` are those that hold for every source."""
    columns = [FrameColumns(frame, longest, rules) for frame in frames]
    checked, unchecked = (
        sum(getattr(part, name) for part in columns) for name in ("checked_tags", "unchecked_tags")
    )
    order = rules.text.order or _date_order(columns)
    trust = not checked and unchecked > 0
    if trust or order != rules.text.order:
        rules = msgspec.structs.replace(rules, text=rules.text._replace(order=order), trust_tags=trust)
        columns = [FrameColumns(frame, longest, rules) for frame in frames]
    times = {kind: _told(columns, rules, kind) for kind in _KINDS}
    second = np.concatenate([np.empty(0, np.int64), *map(_utc_seconds, columns)])
    counters = tuple(kind for kind in (TimeKind.SUFFIX, TimeKind.PREFIX) if _is_counter(times[kind], second))
    differences = tuple(_differences({kind: times[kind] for kind in _KINDS if kind not in counters}))
    ignored = {difference.other for difference in differences if abs(difference.median) > _AGREE}
    ignored |= _unreadable(columns, times)
    ignored.update(counters)
    return Survey(msgspec.structs.replace(rules, ignored=tuple(sorted(ignored))), differences, counters)


def full_utc(kind: Int64Array, payloads: ByteSpans, good: Flags) -> Int64Array:
    """Date and time in messages of type 4 (base stations) and 11 (ships that were asked); 0 for none."""
    result = np.zeros(len(kind), np.int64)
    rows = np.flatnonzero(good & ((kind == 4) | (kind == 11)))
    if not len(rows):
        return result
    payloads = payloads.take(rows)
    fields = [unsigned(payloads, *field) for field in _UTC_FIELDS]
    year, month, day, hour, minute, second = fields
    known = (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    known &= (hour < 24) & (minute < 60) & (second < 60)
    rows, year, month, day, hour, minute, second = (column[known] for column in (rows, *fields))
    months = (year - 1970) * 12 + month - 1
    days = months.astype("M8[M]").astype("M8[D]").astype(np.int64) + day - 1
    result[rows] = (((days * 24 + hour) * 60 + minute) * 60 + second) * SECOND
    return result


def seconds_off(times: Int64Array, second: Int64Array) -> Int64Array:
    """Counts of messages by their time less their UTC second, modulo 60 s."""
    counts = np.zeros(60, np.int64)
    _count_off(times, second, counts)
    return counts


@compiled
def _count_off(times: Int64Array, second: Int64Array, counts: Int64Array) -> None:
    for row in range(len(times)):
        if times[row] != UNTOLD and second[row] < NO_SECOND:
            counts[(times[row] // SECOND - second[row]) % 60] += 1


def concentration(counts: npt.ArrayLike) -> float:
    """How much 60 counts by second gather around one of them: from 0 (not at all) to 1."""
    total = np.sum(counts)
    return float(abs(np.sum(counts * _CIRCLE)) / total) if total else 0.0


_CIRCLE: Final = np.exp(2j * np.pi * np.arange(60) / 60)


def _utc_seconds(columns: FrameColumns) -> Int64Array:
    sentences = columns.sentences
    seconds = read_heads(sentences.payload, sentences.fill).second
    return np.where(sentences.total == 1, seconds, NO_SECOND)


def _told(columns: Sequence[FrameColumns], rules: TimeRules, kind: TimeKind) -> Int64Array:
    """The time of one kind of each sentence."""
    only = msgspec.structs.replace(rules, ignored=tuple(other for other in _KINDS if other is not kind))
    memory = ContextMemory()
    return np.concatenate(
        [np.empty(0, np.int64), *(memory.resolve(part.context, only).time for part in columns)]
    )


def _date_order(columns: Iterable[FrameColumns]) -> DateOrder:
    """Which of the first two numbers of dates is the month: the one that is never above 12."""
    found = {day_month(part.lines.line(line)) for part in columns for line in part.irregular.tolist()}
    first, second = (any(pair is not None and pair[place] > 12 for pair in found) for place in (0, 1))
    if first == second:
        return DateOrder.UNKNOWN
    return DateOrder.DAY_FIRST if first else DateOrder.MONTH_FIRST


def _is_counter(times: Int64Array, second: Int64Array) -> bool:
    """Whether numbers are no times: they leap ahead from line to line, and the UTC seconds disagree."""
    told = times != UNTOLD
    if np.count_nonzero(told) < 2 or np.median(np.diff(times[told])) < _COUNTER_STEP:
        return False
    counts = seconds_off(times, second)
    return int(counts.sum()) >= _LEAST_SECONDS and concentration(counts) < _SCATTERED


def _differences(times: dict[TimeKind, Int64Array]) -> Iterable[Difference]:
    for better, other in combinations(times, 2):
        both = (times[better] != UNTOLD) & (times[other] != UNTOLD)
        if both.any():
            median = int(np.median(times[other][both] - times[better][both]))
            yield Difference(better, other, median, int(np.count_nonzero(both)))


def _unreadable(columns: Sequence[FrameColumns], times: dict[TimeKind, Int64Array]) -> set[TimeKind]:
    """Kinds that cannot be read, in a source that tells its times in a better way."""
    found = set()
    for kind in (TimeKind.SUFFIX, TimeKind.PREFIX):
        better = any((times[other] != UNTOLD).any() for other in _KINDS if other < kind)
        if better and any(part.problems(kind) for part in columns):
            found.add(kind)
    return found
