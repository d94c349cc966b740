"""Line breaks: how many lines end in a piece of text, and whether a CR stands alone, eight bytes at a time.

For all text that is read from files, before anything is known of its lines.
"""

from typing import Final

import numpy as np

from streams.decoding.lines.byte_spans import Bytes, Words
from streams.runtime.compiled import compiled

_LF, _CR = b"\n\r"
_ONES: Final = np.uint64(0x0101010101010101)
"""Times a byte: a word full of it."""
_TOPS, _REST = np.uint64(0x80) * _ONES, np.uint64(0x7F) * _ONES
_LFS, _CRS = np.uint64(_LF) * _ONES, np.uint64(_CR) * _ONES
_TOP_BIT, _BYTE, _LAST = np.uint64(7), np.uint64(8), np.uint64(56)
"""Bits: of the top one of a byte, of a byte, and of all bytes of a word but one."""


def line_breaks(text: bytes) -> tuple[int, bool]:
    """How many line feeds there are, and whether a CR stands before something else than a line feed.

    A CR at the end is not counted as alone: what follows it is not there.
    """
    words = len(text) // 8
    return _count(np.frombuffer(text, np.uint64, words), np.frombuffer(text, np.uint8, offset=8 * words))


@compiled
def _count(words: Words, rest: Bytes) -> tuple[int, bool]:
    count, alone, open_cr = np.uint64(0), np.uint64(0), np.uint64(0)
    for i in range(len(words)):
        feeds, returns = words[i] ^ _LFS, words[i] ^ _CRS
        # the top bit of each byte that is 0; the first byte of the text is the lowest of the word
        feeds = ~(((feeds & _REST) + _REST) | feeds) & _TOPS
        returns = ~(((returns & _REST) + _REST) | returns) & _TOPS
        alone |= ((returns << _BYTE) | open_cr) & ~feeds
        open_cr = returns >> _LAST
        count += ((feeds >> _TOP_BIT) * _ONES) >> _LAST
    lone, before = alone != 0, open_cr != 0
    for byte in rest:
        lone = lone or (before and byte != _LF)
        before = byte == _CR
        count += np.uint64(byte == _LF)
    return int(count), lone
