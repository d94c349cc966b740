"""Byte reader: takes any number of bytes from a sequence of chunks."""

from collections.abc import Iterator


class ByteReader:
    """Reads chunks as a file is read. What the chunks raise is raised by the call that needs them."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay; less than `size` only at the end."""
        if len(self._rest) < size:
            parts, length = [self._rest], len(self._rest)
            while length < size and (chunk := next(self._chunks, None)) is not None:
                parts.append(chunk)
                length += len(chunk)
            self._rest = b"".join(parts)
        return self._rest[:size]

    def read(self, size: int) -> bytes:
        """The next bytes; less than `size` only at the end."""
        taken = self.peek(size)
        self._rest = self._rest[size:]
        return taken

    def some(self, most: int) -> bytes:
        """Some of the next bytes, at least one; none at the end."""
        self.peek(1)
        return self.read(min(most, len(self._rest)))

    def chunks(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in pieces; less at the end."""
        while size and (chunk := self.some(size)):
            size -= len(chunk)
            yield chunk

    def put_back(self, data: bytes) -> None:
        """Bytes that were taken come next again."""
        self._rest = data + self._rest
