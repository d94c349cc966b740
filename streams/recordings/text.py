"""The text of a recording: unpacked, taken out of archives, in UTF-8, with line feeds."""

from collections.abc import Iterator
from typing import Final

from streams.recordings import archives, compression, encoding
from streams.recordings.content import Access, Content
from streams.recordings.errors import Interrupted, SourceError

_LAYERS: Final = 3
"""Packings within one another that are unpacked: more is no recording."""


def text_of(content: Content, access: Access) -> Iterator[bytes]:
    """The text in pieces. Raises SourceError, after what could be read.

    Of an archive, the texts of its files one after the other.
    """
    return _text(content.chunks(access), _LAYERS)


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
    head, chunks = peek(unpacked(chunks, layers), max(archives.TAR_HEAD, encoding.HEAD))
    if archives.is_zip(head):
        raise SourceError(
            "is a zip archive, which can be read only where it is a file of its own; unpack it, or save it "
            "and name the file"
        )
    if other := archives.other_archive(head):
        raise SourceError(f"is {other}, which is not read; unpack it, or pack it with gzip or zstd")
    if archives.is_tar(head):
        if not layers:
            raise SourceError("is an archive within an archive; unpack it")
        yield from _texts(archives.tar_stream(chunks), layers)
        return
    yield from encoding.with_line_feeds(encoding.narrow(head, chunks))


def _texts(files: Iterator[tuple[str, Iterator[bytes]]], layers: int) -> Iterator[bytes]:
    """Texts one after the other, each on lines of its own."""
    ended = True
    for _, chunks in files:
        if not ended:
            yield b"\n"
            ended = True
        for chunk in _text(chunks, layers - 1):
            yield chunk
            ended = chunk.endswith(b"\n") if chunk else ended
