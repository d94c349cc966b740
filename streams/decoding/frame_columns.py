"""A frame in columns: its plain sentences with their context, and the odd lines between them."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from models.frame import Frame
from models.time import Millis
from streams.decoding.byte_spans import Flags, Int64Array
from streams.decoding.context_columns import (
    Context,
    Names,
    read_pghp,
    read_suffixes,
    read_tags,
    resolve,
)
from streams.decoding.line_columns import (
    Lines,
    find_pghp,
    find_sentences,
    find_tags,
)
from streams.decoding.line_reader import LineReader
from streams.decoding.outcome import Outcome
from streams.decoding.sentence import Sentence


class FrameColumns:
    """The lines of a frame by what they are: plain sentences and context lines in columns, the rest odd.

    `too_long` are lines that are no longer whole, or too long to be looked at.
    """

    def __init__(self, frame: Frame, longest: int) -> None:
        self.lines = lines = Lines.of(frame.data)
        if frame.received is not None and len(frame.received) != lines.size:
            raise ValueError(f"{len(frame.received)} times of receipt for {lines.size} lines")
        if frame.numbers is not None and len(frame.numbers) != lines.size:
            raise ValueError(f"{len(frame.numbers)} numbers of lines for {lines.size} lines")
        self.names = Names()
        self.received = frame.received
        self._frame = frame
        self.too_long: Flags = lines.places[lines.last] - lines.starts > longest
        self.too_long[[cut.index for cut in frame.cuts]] = True
        bare, leading = find_tags(lines)
        _, self._bare = read_tags(lines, bare, self.names)
        leading, self._leading = read_tags(lines, leading, self.names)
        self._pghp = read_pghp(lines, find_pghp(lines), self.names)
        self.sentences = sentences = find_sentences(lines, leading)
        time, station, good = read_suffixes(lines, sentences, self.names)
        good &= ~self.too_long[sentences.line]
        self._suffix = time[good], station[good]
        sentences.keep(good)
        context = np.zeros(lines.size, np.bool_)
        context[self._bare.lines] = context[self._pghp[0].lines] = True
        context &= ~self.too_long
        self.context_at = context
        self.context_lines = int(context.sum())
        self._boundary = ~context
        self._boundaries = np.flatnonzero(self._boundary)

    def read_odd(self, reader: LineReader) -> Iterator[tuple[int, Sentence | Outcome]]:
        """Read line by line what is not plain, and what is plain but spoken of by a line that is not.

        The reader is left as it would be after all lines of the frame.
        """
        boundaries, plain = self._boundaries, np.zeros(self.lines.size, np.bool_)
        plain[self.sentences.line] = True
        odd = deque(np.flatnonzero(~plain[boundaries]).tolist())
        if reader.open and len(boundaries) and (not odd or odd[0] != 0):
            odd.appendleft(0)
        done = -1
        while odd:
            place = odd.popleft()
            if place != done + 1:
                reader.forget()
            line = int(boundaries[place])
            if self.too_long[line]:
                reader.forget()
                yield line, Outcome.TOO_LONG
            else:
                self._tell(reader, place)
                plain[line] = False
                yield line, reader.read(self.lines.line(line), self.number(line), self._moment(line))
            done = place
            if reader.open and place + 1 < len(boundaries) and (not odd or odd[0] != place + 1):
                odd.appendleft(place + 1)
        if done != len(boundaries) - 1:
            reader.forget()
        self._tell(reader, len(boundaries))
        good = plain[self.sentences.line]
        self._suffix = self._suffix[0][good], self._suffix[1][good]
        self.sentences.keep(good)

    def context(self) -> Context:
        """What is known about the plain sentences."""
        return resolve(
            self.lines, self.sentences, self._suffix, self._leading, self._bare, self._pghp, self._boundary
        )

    def number(self, line: int) -> int:
        """The number in its source of the line with this index."""
        return self._frame.number(line)

    def numbers(self, lines: Int64Array) -> Int64Array:
        """The numbers of several lines."""
        numbers = self._frame.numbers
        return lines + self._frame.first_line if numbers is None else numbers[lines]

    def sentence(self, line: int, reader: LineReader) -> Sentence:
        """One of the plain sentences as an object."""
        self._tell(reader, int(np.searchsorted(self._boundaries, line)))
        read = reader.read(self.lines.line(line), self.number(line), self._moment(line))
        assert isinstance(read, Sentence)
        return read

    def _tell(self, reader: LineReader, place: int) -> None:
        """Read the context lines right before a boundary."""
        since = int(self._boundaries[place - 1]) + 1 if place else 0
        until = int(self._boundaries[place]) if place < len(self._boundaries) else self.lines.size
        for line in range(since, until):
            reader.read(self.lines.line(line), self.number(line), None)

    def _moment(self, line: int) -> Millis | None:
        return int(self.received[line]) if self.received is not None else None
