"""Text as lines of ASCII or UTF-8 that end in a line feed, whatever wrote it."""

import codecs
import re
from collections.abc import Iterator
from typing import Final

from streams.decoding.lines.line_breaks import line_breaks

HEAD: Final = 1 << 10
"""Bytes that tell how a text is encoded."""

_UTF8_BOM: Final = codecs.BOM_UTF8
_BOMS: Final = (  # UTF-32 before UTF-16, whose mark its own begins with
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONE_CRS: Final = re.compile(rb"(?<!\r)\r++(?!\n)")
_LEAST: Final = 16  # characters without a mark that tell UTF-16


def wide_encoding(head: bytes) -> tuple[str, int] | None:
    """The encoding of a text whose characters take two or four bytes each, and the length of its mark.

    PowerShell's `>` writes UTF-16 with a mark. Without one, it is told by NULs at every second place.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark)
    even, odd = head[: HEAD - HEAD % 2 : 2], head[1:HEAD:2]
    if len(odd) >= _LEAST and _mostly_nul(odd) and not _mostly_nul(even):
        return "utf-16-le", 0
    if len(odd) >= _LEAST and _mostly_nul(even) and not _mostly_nul(odd):
        return "utf-16-be", 0
    return None


def _mostly_nul(data: bytes) -> bool:
    return data.count(0) * 2 > len(data)


def narrow(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The text in UTF-8 without a mark. `head` is how it begins, and lies within the first of its chunks."""
    wide = wide_encoding(head)
    first = next(chunks, b"")
    if wide is None:
        yield first.removeprefix(_UTF8_BOM)
        yield from chunks
        return
    name, mark = wide
    decoder = codecs.getincrementaldecoder(name)("replace")
    yield decoder.decode(first[mark:]).encode()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The text with a line feed in place of every CR that stands alone; CR LF stays as it is."""
    held = b""  # CRs at the end of a chunk: the next one tells whether a line feed follows
    for chunk in chunks:
        chunk = held + chunk
        ended = chunk.rstrip(b"\r")
        held = chunk[len(ended) :]
        _, has_lone_cr = line_breaks(ended)
        if has_lone_cr:
            ended = _LONE_CRS.sub(lambda found: b"\n" * len(found[0]), ended)
        yield ended
    if held:
        yield b"\n" * len(held)
