"""Frames of lines that are in memory."""

from collections.abc import Iterator

import numpy as np

from models.frame import Frame
from streams.recordings.formats.format import Cutting


def frames_of(source: str, lines: list[bytes], first: int, cutting: Cutting) -> Iterator[Frame]:
    """Frames of lines without line feeds, of which the first has this number in its source."""
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)) + 1)  # in bytes, with line feeds
    begin, before = 0, 0
    while begin < len(lines):
        full = int(np.searchsorted(ends, before + cutting.bytes)) + 1
        end = max(min(full, begin + cutting.lines, len(lines)), begin + 1)
        yield Frame(source, b"\n".join(lines[begin:end]) + b"\n", first + begin)
        begin, before = end, int(ends[end - 1])
