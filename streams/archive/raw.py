"""Raw frames in files: before the lines of each frame, as they came, a line of JSON that describes it.

    {"source":"tcp://…","kind":"lines","lines":500,"bytes":41200,"first_line":1,"received":[…]}
    !AIVDM,1,1,,A,…

Files are compressed with zstd; `zstdcat` shows them. Each has frames of one source. Those of a deployment
say where they were in its topic, so that they can be worked off in the order in which they came.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import zstandard

from models.errors import UNDECODABLE
from models.frame import Cut, Frame
from models.source_hints import NO_HINTS, DateOrder, SourceHints
from models.time import DAY, Millis, to_text
from streams.archive.folder import ArchiveError
from streams.archive.raw_names import UNKNOWN_DAY
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.source_times import UNTOLD

LINES: Final = "lines"
SIGHTINGS: Final = "sightings"
FENCES: Final = "fences"
REGISTERED: Final = "registered"
STATES: Final = ("idle", "end", REGISTERED)
"""Kinds of frames without lines: what a deployment tells of a source."""
_CHUNK: Final = 1 << 20


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a frame was in the topic of raw frames; a registration, in that of sources, as partition -1."""

    partition: int
    offset: int
    sent: Millis
    """By the clock of its sender."""
    registry: int
    """The last registration that its sender knew of."""


class Header(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of a frame besides its lines. Times in milliseconds since 1970, UTC."""

    source: str
    kind: str
    """`lines`, or `sightings`: each line is one as JSON. Of a deployment also `fences`, with a version of a
    drawn fence as JSON in each line, and `idle`, `end` and `registered`, which have no lines."""
    bytes: int
    first_line: int = 1
    received: list[Millis] | None = None
    numbers: list[int] | None = None
    cuts: list[tuple[int, int, str]] = []
    base_time: Millis | None = None
    timezone: str = ""
    date_order: DateOrder = DateOrder.UNKNOWN
    not_after: Millis | None = None
    at: Place | None = None

    @property
    def hints(self) -> SourceHints:
        return SourceHints(self.base_time, self.timezone, self.date_order, self.not_after)


class RawDays:
    """Finds the day of each frame: of its receipt, else of the time that most of its lines tell.

    The days of a source never go back, so that its files are in order by day and number. `last` are those of
    sources that are archived already.
    """

    def __init__(self) -> None:
        self.last: dict[str, str] = {}

    def of(self, frame: Frame, hints: SourceHints) -> str:
        before = self.last.get(frame.source, "")
        found = self._told(frame, hints)
        day = before if found is None else max(before, to_text(found // DAY * DAY)[:10])
        self.last[frame.source] = day
        return day or UNKNOWN_DAY

    @staticmethod
    def _told(frame: Frame, hints: SourceHints) -> Millis | None:
        if frame.received is not None and len(frame.received):
            return int(frame.received[0])
        if not frame.data:
            return None
        try:
            times = LineTimes(hints=hints).read(frame).time
        except ValueError:
            return hints.base_time
        told = np.sort(times[times != UNTOLD])
        return int(told[len(told) // 2]) if len(told) else hints.base_time


def encode_frame(
    frame: Frame, hints: SourceHints = NO_HINTS, kind: str = LINES, at: Place | None = None
) -> bytes:
    """The frame with its header, ended by a line feed."""
    data = frame.data if frame.data.endswith(b"\n") or not frame.data else frame.data + b"\n"
    header = Header(
        source=frame.source,
        kind=kind,
        bytes=len(data),
        first_line=frame.first_line,
        received=None if frame.received is None else frame.received.tolist(),
        numbers=None if frame.numbers is None else frame.numbers.tolist(),
        cuts=[(cut.index, cut.length, cut.sha256) for cut in frame.cuts],
        base_time=hints.base_time,
        timezone=hints.timezone,
        date_order=hints.date_order,
        not_after=hints.not_after,
        at=at,
    )
    return msgspec.json.encode(header) + b"\n" + data


_HEADER: Final = msgspec.json.Decoder(Header)


def read_frames(path: Path) -> Iterator[tuple[Header, Frame]]:
    """The frames of a file. Raises ArchiveError where it is damaged, after the last frame that is whole."""
    try:
        with path.open("rb") as file:
            reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            held = b""
            while True:
                while b"\n" not in held:
                    if not (more := reader.read(_CHUNK)):
                        if held:
                            raise ArchiveError(f"{path}: breaks off; restore it from a copy")
                        return
                    held += more
                line, _, held = held.partition(b"\n")
                header = _HEADER.decode(line)
                while len(held) < header.bytes:
                    if not (more := reader.read(_CHUNK)):
                        raise ArchiveError(f"{path}: breaks off; restore it from a copy")
                    held += more
                data, held = held[: header.bytes], held[header.bytes :]
                yield header, _frame(header, data)
    except (OSError, zstandard.ZstdError, *UNDECODABLE) as error:
        raise ArchiveError(f"{path}: can't be read ({error}); restore it from a copy") from None


def _frame(header: Header, data: bytes) -> Frame:
    return Frame(
        header.source,
        data,
        header.first_line,
        None if header.received is None else np.array(header.received, np.int64),
        tuple(Cut(*cut) for cut in header.cuts),
        None if header.numbers is None else np.array(header.numbers, np.int64),
    )
