"""Sentence columns: the sentences of a frame, whatever its lines look like, without an object for each."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from streams.decoding.lines.byte_spans import ByteSpans, Flags, Int64Array, Words
from streams.decoding.lines.line_columns import Lines, Sentences
from streams.decoding.lines.sentence import CHANNELS, OTHER_CHANNEL, Sentence

_CHANNEL_CLASS: Final = np.full(1 << 16, OTHER_CHANNEL)
for _name, _number in CHANNELS.items():
    _CHANNEL_CLASS[int.from_bytes(_name, "big")] = _number


class SentenceColumns(NamedTuple):
    """Sentences in the order of their lines."""

    line: Int64Array  # index of the line
    lines: Int64Array  # 1 for the sentence that speaks for its line, else 0
    total: Int64Array
    number: Int64Array
    fill: Int64Array
    channel: Int64Array  # class: 0 = A or 1, 1 = B or 2, 2 = any other
    own: Flags  # VDO: what the ship or station itself sends
    key: Words  # `Sentence.key`
    payload: ByteSpans

    @classmethod
    def of_regular(cls, found: Sentences, lines: Lines) -> "SentenceColumns":
        return cls(
            found.line,
            np.ones(len(found.line), np.int64),
            found.total,
            found.number,
            found.fill,
            _CHANNEL_CLASS[found.channel],
            found.own > 0,
            found.key.view(np.uint64),
            ByteSpans(lines.block, found.start, found.length),
        )

    @classmethod
    def of_irregular(cls, found: Sequence[Sentence], lines: Sequence[int]) -> "SentenceColumns":
        rows = [
            (s.lines, s.total, s.number, s.fill, CHANNELS.get(s.channel, OTHER_CHANNEL), s.own) for s in found
        ]
        counted, total, number, fill, channel, own = np.array(rows, np.int64).reshape(-1, 6).T
        key = np.array([sentence.key for sentence in found], np.uint64)
        payload = ByteSpans.of([sentence.payload for sentence in found])
        line = np.array(lines, np.int64)
        return cls(line, counted, total, number, fill, channel, own > 0, key, payload)

    @property
    def size(self) -> int:
        return len(self.line)

    def take(self, index: Int64Array | Flags) -> "SentenceColumns":
        *columns, payload = self
        return SentenceColumns._make([*(column[index] for column in columns), payload.take(index)])

    def with_others(self, other: "SentenceColumns") -> "SentenceColumns":
        """These, and then others."""
        (*mine, payload), (*others, more) = self, other
        columns = (np.concatenate(pair) for pair in zip(mine, others, strict=True))
        return SentenceColumns._make([*columns, ByteSpans.join((payload, more))])
