"""The raw frames of an archive as sources, which `replay` reads like recordings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from geofences.drawn import fences_of, read_version
from geofences.fence import Fence
from models.drawn_fence import FenceVersion
from models.frame import Frame
from models.sighting import Sighting, known_since
from models.source_hints import SourceHints
from models.time import BEGINNING, Millis, from_text, to_text
from streams.archive.folder import ArchiveError, archived, read_manifest
from streams.archive.raw import FENCES, LINES, SIGHTINGS, read_frames
from streams.archive.raw_names import END, RAW, UNKNOWN_DAY, digest_of_source, place_in_time
from streams.recordings.arrivals import Source
from streams.recordings.content import Access
from streams.recordings.errors import Interrupted, SourceError
from streams.sightings.fields import SightingError, read_line
from streams.tracking.grid import at_or_after


@dataclass(frozen=True, slots=True)
class ArchivedSource:
    """One source of an archive: its name as it was read, what was said about its lines, and its files.

    It has lines, sightings or drawn fences (`kind`, as in raw.Header).
    """

    name: str
    kind: str
    hints: SourceHints
    files: tuple[Path, ...]

    def source(self, access: Access, sightings: Sequence[Sighting] = ()) -> Source:
        return Source(self.name, self._frames(access), self._first, hints=self.hints, sightings=sightings)

    def sightings(self) -> Iterator[Sighting]:
        """What others saw, in a source of sightings. Raises ArchiveError."""
        for path in self.files:
            for header, frame in read_frames(path):
                if header.kind == SIGHTINGS:
                    yield from sightings_in(frame)

    def _first(self) -> Millis | None:
        day = _day(self.files[0])
        return None if day == UNKNOWN_DAY else from_text(day)

    def _frames(self, access: Access) -> Iterator[Frame]:
        for path in self.files:
            try:
                for header, frame in read_frames(path):
                    with access.waiting:
                        pass
                    if header.kind == LINES:
                        yield frame
                access.on_read(path.stat().st_size)
            except Interrupted:
                return
            except ArchiveError as error:
                raise SourceError(f"{self.name}: {error}") from None


def sightings_in(frame: Frame) -> Iterator[Sighting]:
    """What others saw, in a frame of sightings. One that came live is known from when it came."""
    for index, line in enumerate(frame.data.splitlines()):
        try:
            seen = read_line(line)
        except SightingError:
            continue  # it was a dead letter when it came, and is one again
        yield known_since(seen, frame.received, index)


def drawn_in(frame: Frame) -> Iterator[FenceVersion]:
    """The versions of drawn fences in a frame of them."""
    for line in frame.data.splitlines():
        try:
            yield read_version(line)
        except ValueError:
            continue  # it was a dead letter when it came, and is one again


def drawn_fences(kept: Sequence[ArchivedSource], step: Millis) -> list[Fence]:
    """The fences that were drawn in a deployment, in their versions. Raises ArchiveError.

    Each counts from the first instant of the grid (of `step`) after it was drawn. In the deployment it may
    have been a later one, by as much as the workers were behind.
    """
    found: dict[tuple[str, int], FenceVersion] = {}
    for each in kept:
        for path in each.files if each.kind == FENCES else ():
            for header, frame in read_frames(path):
                for version in drawn_in(frame) if header.kind == FENCES else ():
                    found.setdefault(version.key, version)
    versions: list[FenceVersion] = []
    for key in sorted(found):
        begins = at_or_after(found[key].begins, step) if found[key].begins > BEGINNING else BEGINNING
        if versions and versions[-1].id == found[key].id:
            begins = max(begins, versions[-1].begins)
        told = None if begins == BEGINNING else to_text(begins)
        versions.append(msgspec.structs.replace(found[key], since=told, valid_from=told))
    return fences_of(versions)


def sources_of(kept: Sequence[ArchivedSource], access: Access) -> list[Source]:
    """Sources of lines, ready to be read; the first has what others saw. Raises ArchiveError."""
    seen = [sighting for each in kept if each.kind != LINES for sighting in each.sightings()]
    heard = [each for each in kept if each.kind == LINES]
    return [each.source(access, () if number else seen) for number, each in enumerate(heard)]


def archived_sources(folder: Path) -> list[ArchivedSource]:
    """The sources of an archive, by name. Raises ArchiveError where none has lines, or one is damaged."""
    by_digest: dict[str, list[Path]] = {}
    for path in archived(folder, read_manifest(folder), RAW, END):
        by_digest.setdefault(digest_of_source(path), []).append(path)
    found = []
    for files in by_digest.values():
        files.sort(key=place_in_time)
        for number, path in enumerate(files):
            told = (header for header, _ in read_frames(path) if header.kind in (LINES, SIGHTINGS, FENCES))
            if (header := next(told, None)) is not None:
                found.append(ArchivedSource(header.source, header.kind, header.hints, tuple(files[number:])))
                break
    if not any(source.kind == LINES for source in found):
        raise ArchiveError(f"{folder}: an archive without raw frames; nothing to replay")
    return sorted(found, key=lambda source: source.name)


def _day(path: Path) -> str:
    return path.parent.name.removeprefix("date=")
