"""Opening: the first lines of a source, kept until the rules for its times are decided from them.

Lines of a recording are held back until then. Lines with a time of receipt are not: they are worked off at
once by the rules that hold for every source, and only looked at again when there are enough of them.
"""

import msgspec
import numpy as np

from models.frame import Cut, Frame
from models.time import Millis
from streams.decoding.lines.byte_spans import Int64Array


class _Kept(msgspec.Struct, array_like=True):
    data: bytes
    first_line: int
    lines: int
    received: list[Millis] | None
    numbers: list[int] | None
    cuts: list[tuple[int, int, str]]


class _State(msgspec.Struct, array_like=True):
    open: bool
    kept: list[_Kept] = []


class Opening:
    """Keeps the first `lines` lines of a source; none where that is 0."""

    def __init__(self, source: str, lines: int) -> None:
        self._source = source
        self._most = lines
        self._state = _State(open=lines > 0)

    @property
    def open(self) -> bool:
        """Whether there may be more to keep."""
        return self._state.open

    @property
    def holds(self) -> bool:
        """Whether lines wait that have not been worked off."""
        return any(kept.received is None for kept in self._state.kept)

    @property
    def frames(self) -> list[Frame]:
        """What has been kept."""
        return [
            Frame(
                self._source,
                kept.data,
                kept.first_line,
                _column(kept.received),
                tuple(Cut(*cut) for cut in kept.cuts),
                _column(kept.numbers),
            )
            for kept in self._state.kept
        ]

    def keep(self, frame: Frame) -> tuple[Frame, Frame | None]:
        """Keep the lines of a frame that there is room for; returns these, and the rest if it is full now."""
        room = self._most - sum(kept.lines for kept in self._state.kept)
        lines = line_count(frame.data)
        head, rest = (frame, None) if lines < room else _cut(frame, room)
        self._append(head, min(lines, room))
        return head, rest

    def close(self) -> list[Frame]:
        """Let go of what was kept; returns what has not been worked off."""
        held = [frame for frame in self.frames if frame.received is None]
        self._state = _State(open=False)
        return held

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._state)

    def load(self, data: bytes) -> None:
        self._state = msgspec.msgpack.decode(data, type=_State)

    def _append(self, frame: Frame, lines: int) -> None:
        received = None if frame.received is None else frame.received.tolist()
        numbers = None if frame.numbers is None else frame.numbers.tolist()
        cuts = [(cut.index, cut.length, cut.sha256) for cut in frame.cuts]
        data = frame.data if frame.data.endswith(b"\n") or not frame.data else frame.data + b"\n"
        last = self._state.kept[-1] if self._state.kept else None
        if last is not None and (last.received is not None or last.numbers is not None):
            last = None
        plain = received is None and numbers is None
        if last is None or not plain or last.first_line + last.lines != frame.first_line:
            self._state.kept.append(_Kept(data, frame.first_line, lines, received, numbers, cuts))
            return
        last.cuts += [(index + last.lines, length, digest) for index, length, digest in cuts]
        last.data += data
        last.lines += lines


def line_count(data: bytes) -> int:
    """Lines of a frame; a missing line feed at the end is allowed."""
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def _cut(frame: Frame, lines: int) -> tuple[Frame, Frame]:
    """The first lines of a frame, and the rest."""
    end = 0
    for _ in range(lines):
        end = frame.data.find(b"\n", end) + 1
        if not end:
            end = len(frame.data)
            break
    cuts = tuple(cut for cut in frame.cuts if cut.index < lines)
    later = tuple(Cut(cut.index - lines, cut.length, cut.sha256) for cut in frame.cuts if cut.index >= lines)
    (received, rest), (numbers, others) = _halves(frame.received, lines), _halves(frame.numbers, lines)
    return (
        Frame(frame.source, frame.data[:end], frame.first_line, received, cuts, numbers),
        Frame(frame.source, frame.data[end:], frame.first_line + lines, rest, later, others),
    )


def _halves(column: Int64Array | None, lines: int) -> tuple[Int64Array | None, Int64Array | None]:
    return (None, None) if column is None else (column[:lines], column[lines:])


def _column(values: list[int] | None) -> Int64Array | None:
    return None if values is None else np.array(values, np.int64)
