"""Frames of lines that are in memory."""

from collections.abc import Iterator

from models.frame import Frame
from streams.recordings.formats.format import Cutting


def frames_of(source: str, lines: list[bytes], first: int, cutting: Cutting) -> Iterator[Frame]:
    """Frames of lines without line feeds, of which the first has this number in its source."""
    begin, size = 0, 0
    for index, line in enumerate(lines):
        size += len(line) + 1
        if size >= cutting.bytes or index + 1 - begin >= cutting.lines or index + 1 == len(lines):
            yield Frame(source, b"\n".join(lines[begin : index + 1]) + b"\n", first + begin)
            begin, size = index + 1, 0
