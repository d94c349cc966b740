"""What `tankerwatch replay --archive DIR` does: what a replay reads and finds goes into an archive, once."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from models.event import Event
from models.frame import Frame
from models.source_hints import SourceHints
from models.tick import Instant
from streams.archive.folder import Manifest, Run, open_folder
from streams.archive.raw import SIGHTINGS
from streams.cli.errors import Failed, UsageError, notify, reason
from streams.cli.files import STANDARD
from streams.cli.options.detection import DetectionInputs
from streams.cli.options.inputs import FoundRecordings, InputOptions
from streams.recordings.arrivals import Source
from streams.sightings.fields import to_line

if TYPE_CHECKING:  # it loads Arrow, which a replay without an archive does not need
    from streams.archive.writer import Writer

T = TypeVar("T")


def both(one: Callable[[T], None] | None, other: Callable[[T], None] | None) -> Callable[[T], None]:
    """A callback that calls those of the two that are there."""
    called = [each for each in (one, other) if each is not None]

    def call(value: T) -> None:
        for each in called:
            each(value)

    return call


@dataclass(frozen=True, slots=True)
class ReplayArchive:
    """An archive that one run of a replay is written to."""

    writer: "Writer"
    run: Run
    hints: dict[str, SourceHints]
    known: bool
    """Whether the archive has this very run already: then nothing is written."""

    def kept(self, sources: Sequence[Source]) -> list[Source]:
        """The sources, of which each frame is archived when it is read."""
        return [replace(source, frames=self._kept(source.frames)) for source in sources]

    def _kept(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if not self.known:
                self.writer.frame(frame, self.hints[frame.source])
                self.writer.relieve()
            yield frame

    def instant(self, instant: Instant) -> None:
        if not self.known:
            self.writer.instant(instant)
            self.writer.relieve()

    def event(self, event: Event) -> None:
        if not self.known:
            self.writer.event(event)
            self.writer.relieve()

    def finish(self, stopped: bool) -> None:
        """Archive the run, unless it was stopped before its end. Raises Failed."""
        folder = self.writer.folder
        if self.known:
            notify(f"{folder.path}: has this run already; nothing was added")
        elif stopped:
            notify(f"{folder.path}: nothing was archived, because the run did not come to its end")
        else:
            folder.manifest.kind = "files"
            folder.manifest.runs.append(self.run)
            try:
                self.writer.commit()
            except OSError as error:
                raise Failed(f"{folder.path}: nothing was archived ({reason(error)}); run it again") from None


@contextmanager
def archiving(
    path: str | None,
    recordings: FoundRecordings,
    sources: Sequence[Source],
    detection: DetectionInputs,
    inputs: InputOptions,
) -> Iterator[ReplayArchive | None]:
    """The archive in this folder, if there is to be one.

    Raises UsageError where the run can't be told from another, or would archive a file for the second time.
    """
    if path is None:
        yield None
        return
    if detection.mmsis:
        raise UsageError("--archive takes all vessels; leave --mmsi out, and choose vessels when you ask")
    if recordings.archived:
        raise UsageError("--archive takes recordings; what lies in an archive is archived already")
    if STANDARD in recordings.files:
        raise UsageError("--archive needs recordings that can be read again; give files, not standard input")
    from streams.archive.writer import Writer

    run = Run(_digests(recordings.files), _settings(detection, inputs))
    with open_folder(Path(path)) as folder:
        known = _known(path, folder.manifest, run)
        hints = {source.name: source.hints or detection.hints for source in sources}
        archive = ReplayArchive(Writer(folder), run, hints, known)
        if not known:
            _keep_sightings(archive.writer, detection, sources)
        yield archive


def _keep_sightings(writer: "Writer", detection: DetectionInputs, sources: Sequence[Source]) -> None:
    given = {file.file: list(file.sightings) for file in detection.sightings}
    given |= {f"beside {source.name}": list(source.sightings) for source in sources}
    for name, sightings in given.items():
        if sightings:
            lines = b"".join(to_line(each) + b"\n" for each in sightings)
            writer.frame(Frame(f"sightings:{name}", lines), kind=SIGHTINGS)


def _digests(files: Sequence[str]) -> dict[str, str]:
    """A digest of each file by its name. Raises Failed."""
    found = {}
    for name in files:
        try:
            with open(name, "rb") as file:
                found[name] = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        except OSError as error:
            raise Failed(f"{name}: can't be read ({reason(error)}); check its name and permissions") from None
    return found


def _settings(detection: DetectionInputs, inputs: InputOptions) -> str:
    """A digest of all that the findings depend on besides the recordings."""
    told = [
        sorted(each.settings_hash for each in detection.rules.detectors.values()),
        repr(detection.report_filter),
        [sighting for file in detection.sightings for sighting in file.sightings],
        inputs.base_time, inputs.timezone, inputs.date_order, inputs.columns, inputs.units, inputs.keep_order,
        inputs.input_format,
    ]  # fmt: skip
    return hashlib.blake2b(msgspec.json.encode(told, enc_hook=str), digest_size=16).hexdigest()


def _known(path: str, manifest: Manifest, run: Run) -> bool:
    """Whether this very run is archived. Raises UsageError where one of its files is, by another run."""
    if manifest.kind not in ("", "files"):
        raise UsageError(f"{path}: an archive of a deployment; give another folder for recordings")
    digests = set(run.files.values())
    for other in manifest.runs:
        if set(other.files.values()) == digests and other.settings == run.settings:
            return True
        for name, digest in run.files.items():
            if digest in other.files.values():
                raise UsageError(
                    f"{name}: is in the archive {path} already, with other recordings or settings, and would "
                    "be there twice; give another folder for this run"
                )
    return False
