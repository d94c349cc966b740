"""Spans: many pieces of one block of bytes, as columns, so that none of them is an object of its own."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.decoding.lines.words import copy_words, hash_words, same_words
from streams.runtime.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Int64Array = npt.NDArray[np.int64]
Table = npt.NDArray[np.int64]
"""Columns one below another."""
Flags = npt.NDArray[np.bool_]

PADDING: Final = 32
"""Zero bytes at the end of a block, so that what looks for the end of a piece finds one within it."""

_SPACE: Final = 2 * PADDING  # bytes of a block for each piece that are too many to copy
_FEW: Final = 512  # bytes of a block for each piece, from which on the pieces are few
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


def padded(data: bytes) -> Bytes:
    """A block that spans can point into."""
    block = np.empty(len(data) + PADDING, np.uint8)
    block[: len(data)] = np.frombuffer(data, np.uint8)
    block[len(data) :] = 0
    return block


class ByteSpans(NamedTuple):
    """Pieces of `block`, a column each for where they start and how long they are."""

    block: Bytes
    starts: Int64Array
    lengths: Int64Array

    @classmethod
    def of(cls, pieces: Sequence[bytes]) -> "ByteSpans":
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        return cls(padded(b"".join(pieces)), np.cumsum(lengths) - lengths, lengths)

    @classmethod
    def packed(cls, text: bytes, lengths: Int64Array) -> "ByteSpans":
        """Pieces that follow each other in a text."""
        return cls(padded(text), np.cumsum(lengths) - lengths, lengths)

    @classmethod
    def join(cls, parts: Sequence["ByteSpans"]) -> "ByteSpans":
        """One after another. What is left of a block is copied alone, where that is little."""
        if not parts:
            return cls.of(())
        if len(parts) == 1:
            return parts[0]
        lengths = np.concatenate([part.lengths for part in parts])
        parts = [part.compact() if part.size * _SPACE < len(part.block) else part for part in parts]
        if all(part.block is parts[0].block for part in parts):
            return cls(parts[0].block, np.concatenate([part.starts for part in parts]), lengths)
        offsets = np.cumsum([0, *(len(part.block) for part in parts)])
        starts = [part.starts + offset for part, offset in zip(parts, offsets, strict=False)]
        return cls(np.concatenate([part.block for part in parts]), np.concatenate(starts), lengths)

    @property
    def size(self) -> int:
        return len(self.starts)

    def take(self, index: npt.NDArray[Any] | slice) -> "ByteSpans":
        """Those of an index or a mask; the block stays as it is."""
        return ByteSpans(self.block, self.starts[index], self.lengths[index])

    def compact(self) -> "ByteSpans":
        """The same pieces in a block of their own, one right after another."""
        ends = np.cumsum(self.lengths)
        block = np.empty((int(ends[-1]) if self.size else 0) + PADDING, np.uint8)
        block[-PADDING:] = 0
        _pack(*self, block)
        return ByteSpans(block, ends - self.lengths, self.lengths)

    def text(self) -> bytes:
        """The pieces, one right after another."""
        return self.compact().block[:-PADDING].tobytes()

    def piece(self, index: int) -> bytes:
        start = int(self.starts[index])
        return self.block[start : start + int(self.lengths[index])].tobytes()

    def pieces(self) -> list[bytes]:
        """Each as an object: for few, or where speed does not matter."""
        if self.size * _FEW < len(self.block):
            return [self.piece(index) for index in range(self.size)]
        data = self.block.tobytes()
        ends = self.starts + self.lengths
        return [data[start:end] for start, end in zip(self.starts.tolist(), ends.tolist(), strict=True)]

    def numbered(self) -> tuple[Int64Array, list[bytes]]:
        """A number for each piece, the same for equal ones, and the pieces by number."""
        which, first = np.empty((2, self.size), np.int64)
        count = _number(*self, _empty_slots(self.size), which, first)
        return which, self.take(first[:count]).pieces()

    def slots(self) -> Int64Array:
        """A table in which `find_pieces` finds these pieces, which have to be distinct."""
        slots = _empty_slots(self.size)
        _number(*self, slots, *np.empty((2, self.size), np.int64))
        return slots


def _empty_slots(size: int) -> Int64Array:
    """A table that is half empty at least with so many pieces in it."""
    return np.zeros(1 << (2 * size + 1).bit_length(), np.int64)


@compiled
def _pack(block: Bytes, starts: Int64Array, lengths: Int64Array, packed: Bytes) -> None:
    to, text, packed_text = 0, block.ctypes.data, packed.ctypes.data
    for row in range(len(starts)):
        copy_words(text, starts[row], packed_text, to, lengths[row])
        to += lengths[row]


@compiled
def _number(
    block: Bytes,
    starts: Int64Array,
    lengths: Int64Array,
    slots: Int64Array,
    which: Int64Array,
    first: Int64Array,
) -> int:
    """Number the pieces in the order in which they first come."""
    count, mask, text = 0, len(slots) - 1, block.ctypes.data
    for row in range(len(starts)):
        start, length = starts[row], lengths[row]
        slot = hash_words(text, start, length, 0, _FACTOR) & mask
        known = slots[slot] - 1
        while known >= 0 and not (
            lengths[known] == length and same_words(text, start, text, starts[known], length)
        ):
            slot = slot + 1 & mask
            known = slots[slot] - 1
        if known < 0:
            slots[slot], first[count], which[row] = row + 1, row, count
            count += 1
        else:
            which[row] = which[known]
    return count


@compiled
def find_pieces(
    block: Bytes,
    starts: Int64Array,
    lengths: Int64Array,
    others: Bytes,
    places: Int64Array,
    sizes: Int64Array,
    slots: Int64Array,
    which: Int64Array,
) -> None:
    """The row of each piece among others, or -1."""
    mask, text, other = len(slots) - 1, block.ctypes.data, others.ctypes.data
    for row in range(len(starts)):
        start, length = starts[row], lengths[row]
        slot = hash_words(text, start, length, 0, _FACTOR) & mask
        known = slots[slot] - 1
        while known >= 0 and not (
            sizes[known] == length and same_words(text, start, other, places[known], length)
        ):
            slot = slot + 1 & mask
            known = slots[slot] - 1
        which[row] = known
