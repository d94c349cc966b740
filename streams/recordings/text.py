"""The text of a recording: unpacked, taken out of archives, in UTF-8, with line feeds."""

import re
from collections.abc import Iterator
from typing import Final

from streams.recordings import compression, encoding, tar_archive, zip_archive
from streams.recordings.content import is_hidden
from streams.recordings.errors import Interrupted, SourceError

_LAYERS: Final = 3
"""Packings within one another that are unpacked: more is no recording."""
_OTHERS: Final = (
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "a 7z archive"),
    (re.compile(rb"Rar!\x1a\x07"), "a rar archive"),
    (re.compile(rb"\x1f[\x9d\xa0]"), "packed with compress (.Z)"),
    (re.compile(rb"\x04\x22\x4d\x18"), "packed with lz4"),
    (re.compile(rb"\x89LZO"), "packed with lzop"),
    (re.compile(rb"\x5d\0\0"), "packed with lzma"),
)


def text_from(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The text in these bytes, in pieces. Raises SourceError, after what could be read.

    Of an archive, the texts of its files one after the other.
    """
    return _text(chunks, _LAYERS)


def unpacked(chunks: Iterator[bytes], layers: int = _LAYERS) -> Iterator[bytes]:
    """The bytes, unpacked as often as they are packed."""
    while layers:
        head, chunks = peek(chunks, compression.HEAD)
        packing = compression.packing_of(head)
        if packing is None:
            return chunks
        chunks, layers = compression.unpacked(chunks, packing), layers - 1
    return chunks


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """How something begins, and all of it.

    The beginning has `size` bytes, or less where less is there. A line of text is enough: a pipe may not give
    more of it for a long time. What goes wrong on the way does so again after the bytes before it.
    """
    head = bytearray()
    fault: Exception | None = None
    try:
        while len(head) < size and (b"\n" not in head or b"\0" in head):
            chunk = next(chunks, None)
            if chunk is None:
                break
            head += chunk
    except (SourceError, Interrupted) as error:
        fault = error

    def whole() -> Iterator[bytes]:
        yield bytes(head)
        if fault:
            raise fault
        yield from chunks

    return bytes(head[:size]), whole()


def _text(chunks: Iterator[bytes], layers: int) -> Iterator[bytes]:
    head, chunks = peek(unpacked(chunks, layers), max(tar_archive.TAR_HEAD, encoding.HEAD))
    if zip_archive.is_zip(head):
        files = zip_archive.zip_stream
    elif tar_archive.is_tar(head):
        files = tar_archive.tar_stream
    elif other := _other_archive(head):
        raise SourceError(f"is {other}, which is not read; unpack it, or pack it with gzip or zstd")
    else:
        yield from encoding.with_line_feeds(encoding.narrow(head, chunks))
        return
    if not layers:
        raise SourceError("is packed in too many archives within each other; unpack it")
    yield from _texts(files(chunks), layers)


def _other_archive(head: bytes) -> str | None:
    """What something is that has to be unpacked by another tool; None if it is not of that kind."""
    return next((kind for magic, kind in _OTHERS if magic.match(head)), None)


def _texts(files: Iterator[tuple[str, Iterator[bytes]]], layers: int) -> Iterator[bytes]:
    """Texts one after the other, each on lines of its own."""
    ended = True
    for name, chunks in files:
        if is_hidden(name):
            for _ in chunks:
                pass
            continue
        if not ended:
            yield b"\n"
            ended = True
        for chunk in _text(chunks, layers - 1):
            yield chunk
            ended = chunk.endswith(b"\n") if chunk else ended
