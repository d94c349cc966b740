"""Words: eight bytes of a block at once, in compiled loops.

Loops that go byte by byte check each index, and wait for the byte before; a word takes as long as a byte.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba.core import types
from numba.core.cgutils import pointer_add
from numba.extending import intrinsic

from streams.runtime.compiled import compiled

Bytes = npt.NDArray[np.uint8]



@intrinsic  # type: ignore[untyped-decorator]
def word_at(context: Any, block: Any, at: Any) -> Any:
    """The eight bytes of a block from a place on as a number of 64 bits, the first byte the lowest.

    The place is not checked; blocks have bytes to spare at their end.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        word = context.get_value_type(types.uint64).as_pointer()
        return builder.load(pointer_add(builder, array.data, arguments[1], word), align=1)

    return types.uint64(block, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def put_word(context: Any, block: Any, at: Any, word: Any) -> Any:
    """Put eight bytes into a block from a place on, the lowest of the number first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        kind = context.get_value_type(types.uint64).as_pointer()
        builder.store(arguments[2], pointer_add(builder, array.data, arguments[1], kind), align=1)
        return context.get_dummy_value()

    return types.void(block, types.intp, types.uint64), generate


@compiled
def last_word(block: Bytes, at: int, length: int) -> np.uint64:
    """Fewer than eight bytes, zeros in place of those that are missing; 0 for none."""
    return word_at(block, at) & ((np.uint64(1) << np.uint64(8 * length)) - np.uint64(1))


@compiled
def same_words(one: Bytes, start: int, other: Bytes, place: int, length: int) -> bool:
    """Whether so many bytes of two blocks are the same."""
    at = 0
    while at + 8 <= length:
        if word_at(one, start + at) != word_at(other, place + at):
            return False
        at += 8
    return bool(last_word(one, start + at, length - at) == last_word(other, place + at, length - at))


@compiled
def copy_words(block: Bytes, start: int, to: Bytes, place: int, length: int) -> None:
    """Copy so many bytes, to the same block only if to the left."""
    at = 0
    while at + 8 <= length:
        put_word(to, place + at, word_at(block, start + at))
        at += 8
    if at < length:
        after = word_at(to, place + at) >> np.uint64(8 * (length - at)) << np.uint64(8 * (length - at))
        put_word(to, place + at, after | last_word(block, start + at, length - at))
