"""The journal: the raw frames of a deployment in the order in which its stages worked them off.

Within a partition that is the order of offsets; between partitions, that in which frames were sent. Stages
wait for each other by watermarks, so events do not depend on the order between partitions, except for
reports that came too late for all sources together (`overtaken`), and for when all sources had ended.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from models.frame import Frame
from models.time import END as FOREVER
from models.time import Millis
from streams.archive.folder import ArchiveError, Manifest, archived, read_manifest
from streams.archive.raw import FENCES, LINES, SIGHTINGS, Header, Place, read_frames
from streams.archive.raw_names import END, RAW, Series, commits_of, series_of
from streams.archive.source import drawn_in, sightings_in
from streams.evidence.live import Step

SOURCES: Final = -1
"""The partition that registrations of sources count as."""
_Placed = tuple[Place, Header, Frame]


class Position(msgspec.Struct, frozen=True):
    """How far a journal was worked off."""

    offsets: dict[int, int] = {}
    """By partition, the next offset."""
    registry: int = -1
    """The last registration that was worked off."""
    waiting: tuple[str, ...] = ()
    """Sources that are registered, and of which no frame has come."""
    commit: int = 0
    """All of the files of this commit and before it is worked off."""


class RawFiles:
    """The files of raw frames that are to be worked off. Only the first look lists the folders.

    An archive has them of 400 days, and there is a commit every minute.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked: int | None = None
        """The commit that the last look knew."""
        self._files: list[Path] = []

    def after(self, commit: int, manifest: Manifest) -> list[Path]:
        """Those of later commits than this one, as the manifest has them; the others are forgotten."""
        if self._looked is not None and manifest.number == self._looked + 1:
            new = [self._folder / name for name in manifest.files]
            self._files += [path for path in new if path.is_relative_to(self._folder / RAW)]
        elif manifest.number != self._looked:
            self._files = archived(self._folder, manifest, RAW, END)
        self._looked = manifest.number
        self._files = [
            path
            for path in self._files
            if commits_of(path).last > commit
            and str(path.relative_to(self._folder)) not in manifest.superseded
        ]
        return self._files


class Journal:
    """The frames of an archive from a position on."""

    def __init__(
        self,
        folder: Path,
        position: Position | None = None,
        until: Millis = FOREVER,
        on_file: Callable[[Path], object] = str,
        files: "RawFiles | None" = None,
    ) -> None:
        """`until`: nothing that was sent later, by the clock of its sender.

        `on_file` is called with each file before any of it is read. `files` are those of the archive, if
        they are known. Raises ArchiveError.
        """
        begins = position or Position()
        self._until, self._on_file = until, on_file
        self._offsets, self._registry = dict(begins.offsets), begins.registry
        self._waiting = dict.fromkeys(begins.waiting)
        manifest = read_manifest(folder)
        self._last = max(manifest.number, begins.commit)
        self._files: dict[int, dict[Series, list[Path]]] = {}  # by partition
        for path in (files or RawFiles(folder)).after(begins.commit, manifest):
            series = series_of(path)
            if series is None and manifest.kind == "kafka":
                raise ArchiveError(
                    f"{path}: its name tells no partition of {RAW}: it was put there, or archived by an "
                    "earlier version; archive into a new folder"
                )
            if series is not None:
                self._files.setdefault(series.partition, {}).setdefault(series, []).append(path)
        self._at: dict[Series, int] = {}  # the first commit of the file of each that is read, or comes next
        for each in self._files.values():
            for series, paths in each.items():
                paths.sort(key=commits_of)
                self._at[series] = commits_of(paths[0]).first

    @property
    def position(self) -> Position:
        """Behind the last step that was given out."""
        commit = min([*self._at.values(), self._last + 1]) - 1
        return Position(dict(self._offsets), self._registry, tuple(self._waiting), commit)

    def steps(self) -> Iterator[Step]:
        """With the first step come the sources that were waited for. Raises ArchiveError for a damaged
        file."""
        registrations = self._of(SOURCES, self._registry + 1)
        coming = next(registrations, None)
        first = list(self._waiting)
        queues = [
            self._by_sending(number, self._offsets.get(number, 0))
            for number in sorted(self._files)
            if number != SOURCES
        ]
        for sent, (at, header, frame) in heapq.merge(*queues, key=lambda each: each[0]):
            if sent > self._until:
                return
            self._offsets[at.partition] = at.offset + 1
            if header.kind == FENCES:  # they come from no source that anything waits for
                yield Step(source=header.source, drawn=tuple(drawn_in(frame)))
                continue
            registers, first = first, []
            while coming is not None and coming[0].offset <= at.registry:
                registers.append(coming[1].source)
                self._registry = coming[0].offset
                coming = next(registrations, None)
            self._waiting.update(dict.fromkeys(registers))
            self._waiting.pop(header.source, None)
            yield _step(header, frame, tuple(registers))

    def _by_sending(self, partition: int, first: int) -> Iterator[tuple[Millis, _Placed]]:
        latest = 0
        for each in self._of(partition, first):
            latest = max(latest, each[0].sent)
            yield latest, each

    def _of(self, partition: int, first: int) -> Iterator[_Placed]:
        """The frames of a partition from an offset on.

        A file is opened once a frame of it may be the next one: what came with a later commit has later
        offsets.
        """
        unread = {series: deque(paths) for series, paths in self._files.get(partition, {}).items()}
        closed = [(self._at[series], series) for series in unread]
        heapq.heapify(closed)
        # the offset of the next frame, the last commit of its file, that frame and those after it
        opened: list[tuple[int, Series, int, _Placed, Iterator[_Placed]]] = []
        while closed or opened:
            if not opened or (closed and closed[0][0] <= opened[0][2]):
                _, series = heapq.heappop(closed)
                path = unread[series].popleft()
                last, frames = commits_of(path).last, self._placed(path)
            else:
                offset, series, last, each, frames = heapq.heappop(opened)
                if offset >= first:
                    yield each
            if (coming := next(frames, None)) is not None:
                heapq.heappush(opened, (coming[0].offset, series, last, coming, frames))
            elif unread[series]:
                self._at[series] = commits_of(unread[series][0]).first
                heapq.heappush(closed, (self._at[series], series))
            else:
                del self._at[series]

    def _placed(self, path: Path) -> Iterator[_Placed]:
        self._on_file(path)
        for header, frame in read_frames(path):
            if header.at is not None:
                yield header.at, header, frame


def _step(header: Header, frame: Frame, registers: tuple[str, ...]) -> Step:
    received = None
    if frame.received is not None and len(frame.received) and header.kind != LINES:
        received = int(frame.received[-1])
    return Step(
        source=header.source,
        lines=frame if header.kind == LINES else None,
        sightings=tuple(sightings_in(frame)) if header.kind == SIGHTINGS else (),
        received=received,
        ends=header.kind == "end",
        hints=header.hints,
        registers=registers,
    )
