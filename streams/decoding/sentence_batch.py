"""Sentence batch: the sentences of a frame, made into messages in columns as far as that goes."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from models.report import Rows
from streams.decoding.accounting import LineAccounting
from streams.decoding.dedup import HELD
from streams.decoding.lines.byte_spans import PADDING, Bytes, ByteSpans, Flags, Int64Array
from streams.decoding.lines.frame_columns import FrameColumns
from streams.decoding.lines.names import Names
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import Sentence
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.lines.words import copy_words
from streams.decoding.message_builder import Placed
from streams.decoding.payload_columns import NO_SECOND, read_head, read_heads
from streams.decoding.reassembly import Assemblies
from streams.decoding.source_clock import Taken
from streams.decoding.station_clocks import Corrected, Told
from streams.decoding.time_survey import full_utc, seconds_off
from streams.decoding.two_part import PartKeys, Parts, find_pairs
from streams.runtime.compiled import compiled

_NONE: Final = -1


class SentenceBatch:
    """`stations` are the names of the source."""

    def __init__(self, columns: FrameColumns, stations: Names) -> None:
        self._columns = columns
        self._stations = stations
        self._sentences = sentences = columns.sentences
        heads = read_heads(sentences.payload, sentences.fill)
        self._kind, self._mmsi, self._second = heads.kind, heads.mmsi, heads.second
        single = sentences.total == 1
        self._good: Flags = single & heads.whole
        self._done = self._good.copy()
        self._parts = np.flatnonzero(~single)

    @property
    def size(self) -> int:
        return self._sentences.size

    @property
    def told(self) -> Told:
        """What stations have heard, at which times by their own clocks."""
        own = self._sentences.own
        second = np.where(self._good & ~own, self._second, NO_SECOND)
        received = self._columns.received
        return Told(
            self._columns.station,
            self._columns.time,
            None if received is None else received[self._sentences.line],
            self._sentences.payload,
            second,
            full_utc(self._kind, self._sentences.payload, self._good & ~own),
        )

    def correct(self, corrected: Corrected) -> None:
        """Put corrected times in place of those that the stations told."""
        self._columns.time, self._columns.moves = corrected

    @property
    def seconds_off(self) -> Int64Array:
        """Counts of messages by the time that they tell less their UTC second, modulo 60 s."""
        return seconds_off(self._columns.time[self._good], self._second[self._good])

    def ahead(self, at: int, reach: int) -> tuple[Int64Array, Int64Array | None, Flags | None]:
        """Times, times of receipt, and whether the times move the source, of the next sentences."""
        received = self._columns.received
        until = at + reach
        times, moves = self._columns.time[at:until], self._columns.moves
        if received is not None:
            return times, received[self._sentences.line[at:until]], None
        return times, None, None if moves is None else moves[at:until]

    def sentence(self, index: int) -> Sentence:
        return self._columns.sentence(index, self._stations[int(self._columns.station[index])])

    def whole(self, at: int, taken: Taken, accounts: LineAccounting) -> Int64Array:
        """For each sentence from `at` on the first one of the message that it completes, counted from there:
        itself, where it is a message; -1 where none is known."""
        good = self._good[at : at + taken.size]
        fine = good & taken.believed & ~taken.late
        for turn in np.flatnonzero(good & ~fine).tolist():
            outcome = Outcome.LATE if taken.believed[turn] else Outcome.IMPLAUSIBLE
            self._reject(at + turn, outcome, int(taken.time[turn]), accounts)
        return np.where(fine, np.arange(taken.size), _NONE)

    def pair(
        self, at: int, taken: Taken, assemblies: Assemblies, timeout: int, lines: int, firsts: Int64Array
    ) -> None:
        """The same for sentences that come in two, and of which nothing else is open."""
        low, high = np.searchsorted(self._parts, (at, at + taken.size))
        if low == high or not assemblies.room(int(high - low)):
            return
        index, sentences = self._parts[low:high], self._sentences
        parts = Parts(
            index - at,
            self._columns.numbers(sentences.line[index]),
            sentences.key[index],
            self._columns.group[index],
            self._columns.station[index],
            sentences.number[index],
            sentences.total[index],
            self._kind[index],
            self._mmsi[index],
            sentences.payload.lengths[index],
            sentences.fill[index],
            self._columns.time[index] != UNTOLD,
        )
        keys = PartKeys(parts)
        keys.mark_busy(assemblies, self._stations, self._columns.groups)
        untimed = lines if self._columns.received is None else None
        first, second = find_pairs(parts, keys, taken, timeout, untimed)
        self._done[at + first] = self._done[at + second] = True
        firsts[second] = first

    def messages(self, at: int, taken: Taken, firsts: Int64Array) -> Placed:
        """Make messages of the sentences from `at` on, by the first one of each."""
        sentences, columns, end = self._sentences, self._columns, at + taken.size
        turns = np.flatnonzero(firsts != _NONE)
        payload = sentences.payload
        rows = np.empty(len(turns), HELD)
        block = np.empty(int(payload.lengths[at:end].sum()) + PADDING, np.uint8)
        starts, lengths = np.empty((2, len(turns)), np.int64)
        _build(
            turns, firsts, taken.time, at, columns.numbers(sentences.line), columns.station, sentences.lines,
            sentences.fill, sentences.channel, sentences.own, self._kind, self._mmsi, self._second,
            *payload, rows, block, starts, lengths,
        )  # fmt: skip
        return Placed(at + turns, rows, ByteSpans(block, starts, lengths))

    def one_by_one(self, at: int, taken: Taken) -> Iterator[int]:
        """The sentences from `at` on that `whole` and `pair` have left."""
        yield from (np.flatnonzero(~self._done[at : at + taken.size]) + at).tolist()

    def _reject(self, index: int, outcome: Outcome, time: int, accounts: LineAccounting) -> None:
        number = int(self._columns.numbers(self._sentences.line[index : index + 1])[0])
        lines = int(self._sentences.lines[index])
        accounts.reject(self._columns.raw(index), number, outcome, time, lines)


@compiled
def _build(
    turns: Int64Array,
    firsts: Int64Array,
    times: Int64Array,
    at: int,
    numbers: Int64Array,
    stations: Int64Array,
    lines: Int64Array,
    fill: Int64Array,
    channels: Int64Array,
    own: Flags,
    kinds: Int64Array,
    mmsis: Int64Array,
    seconds: Int64Array,
    block: Bytes,
    starts: Int64Array,
    lengths: Int64Array,
    rows: Rows,
    packed: Bytes,
    places: Int64Array,
    sizes: Int64Array,
) -> None:
    """Rows of `HELD` by the first and the last sentence of each message, and its payload into a block."""
    text, to, used = block.ctypes.data, packed.ctypes.data, 0
    for place in range(len(turns)):
        row, last, first = rows[place], at + turns[place], at + firsts[turns[place]]
        copy_words(text, starts[first], to, used, lengths[first])
        size, second = lengths[first], seconds[first]
        row.lines = lines[first]
        if last != first:
            copy_words(text, starts[last], to, used + size, lengths[last])
            size += lengths[last]
            row.lines += lines[last]
            _, _, second = read_head(to, used, size)
        row.time, row.line, row.mmsi = times[firsts[turns[place]]], numbers[first], mmsis[first]
        row.station = stations[first] if stations[first] > 0 else stations[last]
        row.type, row.fill, row.channel = kinds[first], fill[last], channels[first]
        row.own, row.second = own[first], second < NO_SECOND
        places[place], sizes[place] = used, size
        used += size
    for at in range(used, len(packed)):
        packed[at] = 0
