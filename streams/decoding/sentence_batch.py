"""The sentences of a frame in order: columns of the plain ones, and between them the odd ones as objects."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from models.report import Rows
from models.time import Millis
from streams.decoding.accounting import LineAccounting
from streams.decoding.byte_spans import ByteSpans, Flags, Int64Array
from streams.decoding.dedup import HELD
from streams.decoding.frame_columns import FrameColumns
from streams.decoding.line_reader import LineReader
from streams.decoding.message_builder import CHANNELS, OTHER_CHANNEL
from streams.decoding.outcome import Outcome
from streams.decoding.payload import content_outcome
from streams.decoding.payload_columns import Bits, valid
from streams.decoding.reassembly import Assemblies
from streams.decoding.sentence import Sentence
from streams.decoding.source_clock import UNTOLD, Taken
from streams.decoding.two_part import Parts, find_pairs, key_of

_CHANNEL_CLASS: Final = np.full(1 << 16, OTHER_CHANNEL, np.uint8)
for _name, _number in CHANNELS.items():
    _CHANNEL_CLASS[int.from_bytes(_name, "big")] = _number


class Placed(NamedTuple):
    """Messages: the turn of the sentence that completed each, rows of `HELD`, payloads."""

    turns: Int64Array
    rows: Rows
    payloads: ByteSpans


class SentenceBatch:
    """`odd` are the sentences that are not in the columns, with the indices of their lines."""

    def __init__(self, columns: FrameColumns, odd: list[tuple[int, Sentence]], zone: LineReader) -> None:
        self._columns = columns
        self._odd = [sentence for _, sentence in odd]
        self._reader = zone
        plain = columns.sentences
        context = columns.context()
        self._station = context.station
        self._payloads = ByteSpans(columns.lines.block, plain.start, plain.end - plain.start)
        bits = Bits(self._payloads)
        self._kind = bits.unsigned(0, 6)
        self._valid = valid(self._kind, self._payloads.lengths * 6 - plain.fill, bits)
        # A column of all sentences: the line, the time, and which of the plain ones it is, or which odd one
        self._line, self._time, self._plain = plain.line, context.time, np.arange(plain.size)
        if odd:
            lines = np.concatenate((plain.line, [line for line, _ in odd]))
            order = np.argsort(lines, kind="stable")
            times = [UNTOLD if sentence.time is None else sentence.time for _, sentence in odd]
            self._line, self._time = lines[order], np.concatenate((context.time, times))[order]
            self._plain = np.where(order < plain.size, order, plain.size - 1 - order)
        single = np.append(plain.total == 1, False)
        self._single: Flags = single[np.maximum(self._plain, -1)]  # the odd ones are -1 or less
        self._done = self._single.copy()
        self._parts = np.flatnonzero(~self._single & (self._plain >= 0))
        self._part_keys, self._keys = self._number_keys(context.group)

    @property
    def size(self) -> int:
        return len(self._line)

    def ahead(self, at: int, reach: int) -> tuple[Int64Array, Int64Array | None]:
        """Times, and times of receipt, of the next sentences."""
        received = self._columns.received
        until = at + reach
        return self._time[at:until], None if received is None else received[self._line[at:until]]

    def sentence(self, index: int) -> Sentence:
        plain = int(self._plain[index])
        if plain < 0:
            return self._odd[-1 - plain]
        return self._columns.sentence(int(self._line[index]), self._reader)

    def place(self, at: int, taken: Taken, accounts: LineAccounting) -> Placed:
        """Make messages of the sentences from `at` on that are plain and alone."""
        turns = np.flatnonzero(self._single[at : at + taken.size])
        plain = self._plain[at + turns]
        good = taken.believed[turns] & ~taken.late[turns] & self._valid[plain]
        for turn in turns[~good].tolist():
            self._reject(at, turn, taken, accounts)
        turns, plain = turns[good], plain[good]
        return self._messages(at + turns, plain, plain, taken.time[turns], self._payloads.take(plain))

    def pair(self, at: int, taken: Taken, assemblies: Assemblies, timeout: Millis) -> Iterator[Placed]:
        """Make messages of plain sentences that come in two, and of which nothing else is open."""
        low, high = np.searchsorted(self._parts, (at, at + taken.size))
        if low == high or not assemblies.room(int(high - low)):
            return
        turns, keys = self._parts[low:high], self._part_keys[low:high]
        plain, sentences = self._plain[turns], self._columns.sentences
        busy = np.zeros(len(self._keys), np.bool_)
        elsewhere = {*assemblies, *(sentence.key for sentence in self._odd if sentence.total > 1)}
        if elsewhere:
            busy[:] = [key_of(*key) in elsewhere for key in self._keys]
        parts = Parts(
            turns - at,
            keys,
            sentences.number[plain],
            sentences.total[plain],
            self._kind[plain],
            self._payloads.lengths[plain],
            sentences.fill[plain],
            self._time[turns] != UNTOLD,
            busy[keys],
        )
        first, second = find_pairs(parts, taken, timeout)
        self._done[at + first] = self._done[at + second] = True
        one, other = self._plain[at + first], self._plain[at + second]
        payloads = ByteSpans.glued(self._payloads.take(one), self._payloads.take(other))
        order = np.argsort(second)  # they were found by key
        yield self._messages(
            at + second[order], one[order], other[order], taken.time[first[order]], payloads.take(order)
        )

    def one_by_one(self, at: int, taken: Taken) -> Iterator[int]:
        """The sentences from `at` on that `place` and `pair` have left."""
        yield from (np.flatnonzero(~self._done[at : at + taken.size]) + at).tolist()

    def _messages(
        self, turns: Int64Array, first: Int64Array, last: Int64Array, times: Int64Array, payloads: ByteSpans
    ) -> Placed:
        """Messages whose first and last sentence, maybe the same, are known."""
        sentences = self._columns.sentences
        rows = np.zeros(len(turns), HELD)
        rows["time"] = times
        rows["line"] = self._columns.numbers(sentences.line[first])
        rows["station"] = self._station[first]
        rows["lines"] = sentences.total[first]
        rows["type"] = self._kind[first]
        rows["fill"] = sentences.fill[last]
        rows["channel"] = _CHANNEL_CLASS[sentences.channel[first]]
        return Placed(turns, rows, payloads)

    def _number_keys(self, group: ByteSpans) -> tuple[Int64Array, list[tuple[int, bytes]]]:
        """Numbers for the keys of the parts, and the keys by number."""
        plain = self._plain[self._parts]
        if not len(plain):
            return plain, []
        which, groups = group.take(plain).numbered()
        numbers: dict[bytes, int] = {}
        ids = np.array([numbers.setdefault(name.rpartition(b"-")[2], len(numbers)) for name in groups])[which]
        names = list(numbers)
        codes, code = np.unique(self._columns.sentences.key[plain], return_inverse=True)
        both, keys = np.unique(code * len(names) + ids, return_inverse=True)
        return keys, [(int(codes[key // len(names)]), names[key % len(names)]) for key in both.tolist()]

    def _reject(self, at: int, turn: int, taken: Taken, accounts: LineAccounting) -> None:
        line, plain = int(self._line[at + turn]), int(self._plain[at + turn])
        if not taken.believed[turn]:
            outcome = Outcome.IMPLAUSIBLE
        elif taken.late[turn]:
            outcome = Outcome.LATE
        else:
            _, wrong = content_outcome(self._payloads.piece(plain), int(self._columns.sentences.fill[plain]))
            assert wrong is not None
            outcome = wrong
        number = self._columns.number(line)
        accounts.reject(self._columns.lines.line(line), number, outcome, int(taken.time[turn]))
