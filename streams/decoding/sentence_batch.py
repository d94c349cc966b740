"""Sentence batch: the sentences of a frame, made into messages in columns as far as that goes."""

from collections.abc import Iterator

import numpy as np

from streams.decoding.accounting import LineAccounting
from streams.decoding.dedup import HELD
from streams.decoding.lines.byte_spans import ByteSpans, Flags, Int64Array
from streams.decoding.lines.names import Names
from streams.decoding.lines.frame_columns import FrameColumns
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import Sentence
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.message_builder import Placed
from streams.decoding.payload_columns import NO_SECOND, read_heads
from streams.decoding.reassembly import Assemblies
from streams.decoding.source_clock import Taken
from streams.decoding.station_clocks import Corrected, Told
from streams.decoding.time_survey import full_utc, seconds_off
from streams.decoding.two_part import PartKeys, Parts, find_pairs


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

    def place(self, at: int, taken: Taken, accounts: LineAccounting) -> Placed:
        """Make messages of the sentences from `at` on that are whole messages."""
        turns = np.flatnonzero(self._good[at : at + taken.size])
        good = taken.believed[turns] & ~taken.late[turns]
        for turn in turns[~good].tolist():
            outcome = Outcome.LATE if taken.believed[turn] else Outcome.IMPLAUSIBLE
            self._reject(at + turn, outcome, int(taken.time[turn]), accounts)
        turns = turns[good]
        index = at + turns
        return self._messages(index, index, index, taken.time[turns], self._sentences.payload.take(index))

    def pair(
        self, at: int, taken: Taken, assemblies: Assemblies, timeout: int, lines: int
    ) -> Iterator[Placed]:
        """Make messages of sentences that come in two, and of which nothing else is open."""
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
        order = np.argsort(second)  # they were found by key
        first, second = first[order], second[order]
        one, other = at + first, at + second
        payloads = ByteSpans.glued(sentences.payload.take(one), sentences.payload.take(other))
        yield self._messages(other, one, other, taken.time[first], payloads)

    def one_by_one(self, at: int, taken: Taken) -> Iterator[int]:
        """The sentences from `at` on that `place` and `pair` have left."""
        yield from (np.flatnonzero(~self._done[at : at + taken.size]) + at).tolist()

    def _messages(
        self, turns: Int64Array, first: Int64Array, last: Int64Array, times: Int64Array, payloads: ByteSpans
    ) -> Placed:
        """Messages whose first and last sentence, maybe the same, are known."""
        sentences, station = self._sentences, self._columns.station
        rows = np.zeros(len(turns), HELD)
        rows["time"] = times
        rows["line"] = self._columns.numbers(sentences.line[first])
        rows["station"] = np.where(station[first] > 0, station[first], station[last])
        rows["lines"] = np.where(first == last, 0, sentences.lines[first]) + sentences.lines[last]
        rows["type"] = self._kind[first]
        rows["fill"] = sentences.fill[last]
        rows["channel"] = sentences.channel[first]
        rows["own"] = sentences.own[first]
        return Placed(turns, rows, payloads)

    def _reject(self, index: int, outcome: Outcome, time: int, accounts: LineAccounting) -> None:
        number = int(self._columns.numbers(self._sentences.line[index : index + 1])[0])
        lines = int(self._sentences.lines[index])
        accounts.reject(self._columns.raw(index), number, outcome, time, lines)
