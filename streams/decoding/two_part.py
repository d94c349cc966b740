"""Pairs: messages of two sentences, put together in columns where nothing about them is doubtful."""

from typing import Final, NamedTuple

import numpy as np

from models.time import Millis
from streams.decoding.byte_spans import Flags, Int64Array
from streams.decoding.payload_columns import fits
from streams.decoding.source_clock import Taken

_MASK: Final = 0xFFFF
_VARIED: Final = 24  # a type whose length is not all that has to fit


class Parts(NamedTuple):
    """Sentences of messages that have more than one."""

    turns: Int64Array
    keys: Int64Array  # equal for those that belong to one message, or to one after the other
    number: Int64Array
    total: Int64Array
    kind: Int64Array  # by the first character, which means something in the first part only
    characters: Int64Array
    fill: Int64Array
    timed: Flags  # has a time of its own
    busy: Flags  # there are other sentences with its key that are not here

    def take(self, order: Int64Array) -> "Parts":
        return Parts._make(column[order] for column in self)


def find_pairs(parts: Parts, taken: Taken, timeout: Millis) -> tuple[Int64Array, Int64Array]:
    """The turns of first and second parts that make a message.

    They follow each other among those with their key. After the first that is missing, too many, late,
    overdue or no good message, all with its key are left to be put together one by one.
    """
    parts = parts.take(np.argsort(parts.keys, kind="stable"))
    begins = np.concatenate(([True], parts.keys[1:] != parts.keys[:-1]))
    begin = np.flatnonzero(begins)[np.cumsum(begins) - 1]
    place = np.arange(len(begin)) - begin
    sound = (parts.total == 2) & (parts.number == place % 2 + 1) & taken.believed[parts.turns] & ~parts.busy
    first = np.flatnonzero(place % 2 == 0)
    second = np.minimum(first + 1, len(begin) - 1)
    a, b = parts.turns[first], parts.turns[second]
    good = (second > first) & (begin[first] == begin[second]) & sound[first] & sound[second]
    good &= ~taken.late[a] & (taken.watermark[b] <= taken.watermark[a + 1] + timeout)
    near = np.abs(taken.time[b] - taken.time[a]) <= timeout
    good &= ~parts.timed[second] | (near & ~taken.late[b])
    kind = parts.kind[first]
    bits = (parts.characters[first] + parts.characters[second]) * 6 - parts.fill[second]
    good &= fits(kind, bits) & (kind != _VARIED)
    end = np.full(len(begin), len(begin))  # by key: from where on they are left
    np.minimum.at(end, begin[first[~good]], first[~good])
    good &= first < end[begin[first]]
    return a[good], b[good]


def key_of(code: int, group: bytes) -> bytes:
    """The key of a sentence from its talker, parts, sequence and channel as one number."""
    talker, formatter = (code >> 44 & _MASK).to_bytes(2, "big"), bytes([code >> 36 & 0xFF])
    total, sequence, channel = b"%d" % (code >> 32 & 0xF), _text(code >> 16 & _MASK), _text(code & _MASK)
    return b"|".join((talker + b"VD" + formatter, total, sequence, channel, group))


def _text(code: int) -> bytes:
    return code.to_bytes(2, "big").lstrip(b"\0")
