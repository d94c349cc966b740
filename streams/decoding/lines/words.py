"""Words: bytes in memory, eight at a time, for compiled loops.

A loop over an array checks each index, and counts references to the array at each call of a helper. So these
take the address of a block, `block.ctypes.data`, and check nothing; blocks have bytes to spare at their end.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np

from streams.runtime.compiled import compiled, intrinsic, types

_HALF: Final = np.uint64(32)
_BYTES, _PAIRS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_EIGHT, _SIXTEEN = np.uint64(8), np.uint64(16)
_TOP: Final = np.uint64(33)


def _pointer(context: Any, builder: Any, kind: Any, start: Any, at: Any) -> Any:
    return builder.inttoptr(builder.add(start, at), context.get_value_type(kind).as_pointer())


@intrinsic
def _word_at(context: Any, start: Any, at: Any) -> Any:
    """The eight bytes of a block from a place on as a number of 64 bits, the first byte the lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, types.uint64, *arguments), align=1)

    return types.uint64(types.intp, types.intp), generate


@intrinsic
def _byte_at(context: Any, start: Any, at: Any) -> Any:
    """One byte of a block."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte = builder.load(_pointer(context, builder, types.uint8, *arguments))
        return builder.zext(byte, context.get_value_type(types.intp))

    return types.intp(types.intp, types.intp), generate


@intrinsic
def _put_word(context: Any, start: Any, at: Any, word: Any) -> Any:
    """Put eight bytes into a block from a place on, the lowest of the number first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *place, word = arguments
        builder.store(word, _pointer(context, builder, types.uint64, *place), align=1)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.uint64), generate


@intrinsic
def _put_byte(context: Any, start: Any, at: Any, byte: Any) -> Any:
    """Put the lowest eight bits of a number into a block."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *place, byte = arguments
        byte = builder.trunc(byte, context.get_value_type(types.uint8))
        builder.store(byte, _pointer(context, builder, types.uint8, *place))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), generate


word_at = cast("Callable[[int, int], np.uint64]", _word_at)
byte_at = cast("Callable[[int, int], int]", _byte_at)
put_word = cast("Callable[[int, int, np.uint64], None]", _put_word)
put_byte = cast("Callable[[int, int, int], None]", _put_byte)


@compiled
def last_word(start: int, at: int, length: int) -> np.uint64:
    """Fewer than eight bytes, zeros in place of those that are missing; 0 for none."""
    return word_at(start, at) & ((np.uint64(1) << np.uint64(8 * length)) - np.uint64(1))


@compiled
def swapped(word: np.uint64) -> np.uint64:
    """A word with its bytes the other way round."""
    word = (word & _BYTES) << _EIGHT | (word >> _EIGHT) & _BYTES
    word = (word & _PAIRS) << _SIXTEEN | (word >> _SIXTEEN) & _PAIRS
    return word << _HALF | word >> _HALF


@compiled
def hash_words(start: int, at: int, length: int, salt: int, factor: np.uint64) -> np.int32:
    """A hash of so many bytes and a salt below 256: a number of 31 bits."""
    mixed, end = np.uint64(length << 8 | salt) * factor, at + length
    while at < end:
        word = word_at(start, at) if at + 8 <= end else last_word(start, at, end - at)
        mixed = (mixed ^ word) * factor
        mixed ^= mixed >> _HALF
        at += 8
    return np.int32(mixed * factor >> _TOP)


@compiled
def same_words(start: int, at: int, other: int, place: int, length: int) -> bool:
    """Whether so many bytes of two blocks are the same."""
    end = at + length
    while at + 8 <= end:
        if word_at(start, at) != word_at(other, place):
            return False
        at, place = at + 8, place + 8
    return bool(last_word(start, at, end - at) == last_word(other, place, end - at))


@compiled
def copy_words(start: int, at: int, to: int, place: int, length: int) -> None:
    """Copy so many bytes, within a block only to the left."""
    end = at + length
    while at + 8 <= end:
        put_word(to, place, word_at(start, at))
        at, place = at + 8, place + 8
    if at < end:
        bits = np.uint64(8 * (end - at))
        put_word(to, place, word_at(to, place) >> bits << bits | last_word(start, at, end - at))
