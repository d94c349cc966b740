"""The sentences of a frame in order: columns of the plain ones, and between them the odd ones as objects."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from models.report import Rows
from streams.accounts import Accounts
from streams.frame_columns import FrameColumns
from streams.held import HELD
from streams.outcome import Outcome
from streams.payload import content_outcome
from streams.payload_columns import Bits, valid
from streams.placing import CHANNELS, OTHER_CHANNEL
from streams.reader import Reader
from streams.sentence import Sentence
from streams.spans import Flags, Numbers, Spans
from streams.timeline import UNTOLD, Taken

_CHANNEL_CLASS: Final = np.full(1 << 16, OTHER_CHANNEL, np.uint8)
for _name, _number in CHANNELS.items():
    _CHANNEL_CLASS[int.from_bytes(_name, "big")] = _number


class Placed(NamedTuple):
    """Messages: the turn of the sentence that completed each, rows of `HELD`, payloads."""

    turns: Numbers
    rows: Rows
    payloads: Spans


class Sequence:
    """`odd` are the sentences that are not in the columns, with the indices of their lines."""

    def __init__(self, columns: FrameColumns, odd: list[tuple[int, Sentence]], zone: Reader) -> None:
        self._columns = columns
        self._odd = [sentence for _, sentence in odd]
        self._reader = zone
        plain = columns.sentences
        context = columns.context()
        self._station = context.station
        self._payloads = Spans(columns.lines.block, plain.start, plain.end - plain.start)
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

    @property
    def size(self) -> int:
        return len(self._line)

    def ahead(self, at: int, reach: int) -> tuple[Numbers, Numbers | None]:
        """Times, and times of receipt, of the next sentences."""
        received = self._columns.received
        until = at + reach
        return self._time[at:until], None if received is None else received[self._line[at:until]]

    def sentence(self, index: int) -> Sentence:
        plain = int(self._plain[index])
        if plain < 0:
            return self._odd[-1 - plain]
        return self._columns.sentence(int(self._line[index]), self._reader)

    def place(self, at: int, taken: Taken, accounts: Accounts) -> Placed:
        """Make messages of the sentences from `at` on that are plain and alone."""
        turns = np.flatnonzero(self._single[at : at + taken.size])
        plain = self._plain[at + turns]
        good = taken.believed[turns] & ~taken.late[turns] & self._valid[plain]
        if not good.all():
            for turn in turns[~good].tolist():
                self._reject(at, turn, taken, accounts)
            turns, plain = turns[good], plain[good]
        sentences = self._columns.sentences
        rows = np.zeros(len(turns), HELD)
        rows["time"] = taken.time[turns]
        rows["line"] = sentences.line[plain] + self._columns.first_line
        rows["station"] = self._station[plain]
        rows["lines"] = 1
        rows["type"] = self._kind[plain]
        rows["fill"] = sentences.fill[plain]
        rows["channel"] = _CHANNEL_CLASS[sentences.channel[plain]]
        return Placed(turns + at, rows, self._payloads.take(plain))

    def one_by_one(self, at: int, taken: Taken) -> Iterator[int]:
        """The sentences from `at` on that `place` has left."""
        yield from (np.flatnonzero(~self._single[at : at + taken.size]) + at).tolist()

    def _reject(self, at: int, turn: int, taken: Taken, accounts: Accounts) -> None:
        line, plain = int(self._line[at + turn]), int(self._plain[at + turn])
        if not taken.believed[turn]:
            outcome = Outcome.IMPLAUSIBLE
        elif taken.late[turn]:
            outcome = Outcome.LATE
        else:
            _, wrong = content_outcome(self._payloads.piece(plain), int(self._columns.sentences.fill[plain]))
            assert wrong is not None
            outcome = wrong
        number = self._columns.first_line + line
        accounts.reject(self._columns.lines.line(line), number, outcome, int(taken.time[turn]))
