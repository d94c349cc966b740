"""Spans: many pieces of one block of bytes, as columns, so that none of them is an object of its own."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PADDING: Final = 32
"""Zero bytes at the end of a block, so that a word read near the end stays within it."""

_WORD: Final = 8
_KEEP: Final = np.array([0] + [(1 << 64) - (1 << 64 - 8 * count) for count in range(1, 9)], np.uint64)
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_FOLD: Final = np.uint64(29)


def padded(data: bytes) -> Bytes:
    """A block that spans can point into."""
    block = np.zeros(len(data) + PADDING, np.uint8)
    block[: len(data)] = np.frombuffer(data, np.uint8)
    return block


def words_at(block: Bytes, places: npt.NDArray[Any]) -> Words:
    """The eight bytes from each place on, the first the most significant."""
    windows: npt.NDArray[Any] = np.ndarray((len(block) - _WORD + 1,), ">u8", block, strides=(1,))
    words: Words = windows[places].astype(np.uint64)
    return words


class Spans(NamedTuple):
    """Pieces of `block`, a column each for where they start and how long they are."""

    block: Bytes
    starts: Numbers
    lengths: Numbers

    @classmethod
    def of(cls, pieces: Sequence[bytes]) -> "Spans":
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        return cls(padded(b"".join(pieces)), np.cumsum(lengths) - lengths, lengths)

    @classmethod
    def join(cls, parts: Sequence["Spans"]) -> "Spans":
        """One after another; the blocks are copied as they are."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.of(())
        offsets = np.cumsum([0, *(len(part.block) for part in parts)])
        starts = [part.starts + offset for part, offset in zip(parts, offsets, strict=False)]
        blocks, lengths = [part.block for part in parts], [part.lengths for part in parts]
        return cls(np.concatenate(blocks), np.concatenate(starts), np.concatenate(lengths))

    @property
    def size(self) -> int:
        return len(self.starts)

    def take(self, index: npt.NDArray[Any] | slice) -> "Spans":
        """Those of an index or a mask; the block stays as it is."""
        return Spans(self.block, self.starts[index], self.lengths[index])

    def compact(self) -> "Spans":
        """The same pieces in a small block of their own: short ones at even distances, then the long."""
        long = np.flatnonzero(self.lengths > PADDING)
        lengths = self.lengths[long]
        ends = np.cumsum(lengths) + self.size * PADDING
        total = int(ends[-1]) if len(ends) else self.size * PADDING
        block = np.zeros(total + PADDING, np.uint8)
        windows: npt.NDArray[Any] = np.ndarray(
            (len(self.block) - PADDING + 1,), f"V{PADDING}", self.block, strides=(1,)
        )
        block[: self.size * PADDING] = windows[self.starts].view(np.uint8)
        starts = np.arange(0, self.size * PADDING, PADDING)
        if len(long):
            starts[long] = ends - lengths
            shift = np.repeat(self.starts[long] - starts[long], lengths)
            block[self.size * PADDING : total] = self.block[shift + np.arange(self.size * PADDING, total)]
        return Spans(block, starts, self.lengths)

    def piece(self, index: int) -> bytes:
        start = int(self.starts[index])
        return self.block[start : start + int(self.lengths[index])].tobytes()

    def pieces(self) -> list[bytes]:
        """Each as an object: for few, or where speed does not matter."""
        data = self.block.tobytes()
        return [
            data[start : start + length]
            for start, length in zip(self.starts.tolist(), self.lengths.tolist(), strict=True)
        ]

    def words(self, number: int, beyond: int = 0) -> Words:
        """Eight bytes of each from its byte 8 × `number` on, the byte `beyond` after its end."""
        if not self.size:
            return np.empty(0, np.uint64)
        rest = self.lengths - _WORD * number
        if rest.min() >= _WORD:
            return words_at(self.block, self.starts + _WORD * number)
        places = np.minimum(self.starts + _WORD * number, len(self.block) - _WORD)
        keep = _KEEP[np.clip(rest, 0, _WORD)]
        words = words_at(self.block, places) & keep
        return words | (~keep & np.uint64(beyond * 0x0101010101010101)) if beyond else words

    def all_words(self) -> list[Words]:
        longest = int(self.lengths.max()) if self.size else 0
        return [self.words(number) for number in range(-(-longest // _WORD))]

    def hashes(self) -> Words:
        """A number for each: equal pieces have equal ones, different pieces nearly always different ones."""
        result = self.lengths.astype(np.uint64)
        if not self.size:
            return result
        shortest, longest = int(self.lengths.min()), int(self.lengths.max())
        for number in range(-(-longest // _WORD)):
            if shortest > _WORD * number:
                result = _mix(result, self.words(number))
            else:
                long = np.flatnonzero(self.lengths > _WORD * number)
                result[long] = _mix(result[long], self.take(long).words(number))
        return result

    def equal(self, left: Numbers, right: Numbers) -> Flags:
        """Whether the pieces of two indices are the same, byte for byte."""
        one, other = self.take(left), self.take(right)
        result = one.lengths == other.lengths
        for a, b in zip(one.all_words(), other.all_words(), strict=False):
            result &= a == b
        return np.asarray(result)

    def numbered(self) -> tuple[npt.NDArray[np.int64], list[bytes]]:
        """A number for each piece, the same for equal ones, and the pieces by number."""
        hashes = self.hashes()
        _, first, number = np.unique(hashes, return_index=True, return_inverse=True)
        if not self.equal(first[number], np.arange(self.size)).all():  # two pieces with one hash
            pieces = self.pieces()
            distinct = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
            return np.array([distinct[piece] for piece in pieces], np.int64), list(distinct)
        return number.astype(np.int64), self.take(first).pieces() if len(first) else []


def _mix(hashes: Words, words: Words) -> Words:
    mixed = (hashes ^ words) * _FACTOR
    return mixed ^ (mixed >> _FOLD)
