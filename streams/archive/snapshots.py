"""Snapshots: the state of the stages once a day, so that evidence need not begin with the first line.

The archiver runs the stages itself, on the raw frames that it has archived. So a snapshot depends on nothing
but these frames and the rules, it is made again after a crash, and it is of one moment for all partitions;
docs/archive.md says more.
"""

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import zstandard

from models.errors import UNDECODABLE
from models.time import BEGINNING, DAY, Millis, to_text
from streams.archive.folder import ArchiveError, archived, commit_of, read_manifest
from streams.archive.journal import Journal, Position, RawFiles
from streams.archive.writer import Writer
from streams.evidence import rules_in_force
from streams.evidence.live import live_arrivals
from streams.recordings.arrivals import Arrival
from streams.runtime.logs import get_logger
from streams.stages.core import Core
from streams.stages.rules import Rules

SNAPSHOTS: Final = "snapshots"
RULES: Final = "rules"
END: Final = ".zst"
_LEVEL: Final = 3
_UNUSABLE: Final = (*UNDECODABLE, ValueError, LookupError, TypeError, AttributeError)
"""What reading a damaged file, or a state of another version, raises; ArchiveError is a ValueError."""
T = TypeVar("T")
log = get_logger(__name__)


class Snapshot(msgspec.Struct, frozen=True):
    """The stages as of a time, and which frame comes next."""

    time: Millis
    """The last instant that is worked off."""
    position: Position
    rules: str
    """The file of the rules in force when it was made. Part of the state may have come by earlier ones."""
    state: bytes
    """Of Core."""


def store_rules(writer: Writer, rules: Rules) -> str:
    """Archive the rules that hold from now on, if the archive has not got them. Returns their file."""
    packed = zstandard.compress(msgspec.msgpack.encode(rules_in_force.dump(rules, ()), order="sorted"), 19)
    name = f"{RULES}/{hashlib.sha256(packed).hexdigest()[:16]}{END}"
    manifest = writer.folder.manifest
    if not (writer.folder.path / name).exists():
        writer.file(name, "rules", packed)
    manifest.rules = name
    return name


def rules_files(folder: Path) -> list[str]:
    """All rules that an archive has, relative to it; those that hold now come last."""
    now = read_manifest(folder).rules
    found = sorted(str(path.relative_to(folder)) for path in (folder / RULES).glob(f"*{END}"))
    return [*(name for name in found if name != now), *([now] if now else [])]


def load_rules(folder: Path, name: str) -> Rules:
    """Raises ArchiveError, EvidenceError."""
    members = _unpacked(folder / name, dict[str, bytes])
    return rules_in_force.load(members.__getitem__)[0]


def load_snapshot(path: Path) -> Snapshot:
    """Raises ArchiveError."""
    return _unpacked(path, Snapshot)


def _unpacked(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(zstandard.decompress(path.read_bytes()), type=kind)
    except (OSError, zstandard.ZstdError, *UNDECODABLE) as error:
        raise ArchiveError(f"{path}: can't be read ({error}); restore it from a copy") from None


def snapshots(folder: Path) -> list[Path]:
    """All of an archive, in the order in which they were made."""
    return sorted(archived(folder, read_manifest(folder), SNAPSHOTS, END), key=commit_of)


class SnapshotMaker:
    """Works off what is archived, and archives a snapshot whenever a day of event time is over."""

    def __init__(self, writer: Writer, rules: Rules) -> None:
        """Goes on from the last snapshot that can be read. Without one it begins with the first frame."""
        self._writer, self._folder = writer, writer.folder.path
        self._rules_file = store_rules(writer, rules)
        self._core, self._position = _restored(self._folder, rules)
        self._stopped = False
        self._files = RawFiles(self._folder)
        self._day = self._core.vessels.done // DAY
        self._steps: Iterator[Arrival] | None = None
        self._journal: Journal | None = None
        self._looked = -1, 0  # commit and time of which all that is complete was worked off

    def advance(self, frames: int) -> bool:
        """Work off so many frames at most. Whether there may be more that are archived.

        What can't be worked off ends the snapshots until the next start, which is logged, and never the
        archiver: frames are in Kafka for some days only.
        """
        if self._stopped:
            return False
        try:
            return self._advance(frames)
        except _UNUSABLE as error:
            self._stopped = True
            log.error("no_more_snapshots", reason=_reason(error), folder=str(self._folder))
            return False

    @property
    def worked_off(self) -> int | None:
        """The commit up to which no raw file is read any more; None: none is read."""
        return None if self._stopped else self._position.commit

    def _advance(self, frames: int) -> bool:
        manifest = self._writer.folder.manifest
        if self._steps is None:
            if self._looked == (manifest.number, manifest.complete):
                return False
            self._looked = manifest.number, manifest.complete
            self._journal = Journal(self._folder, self._position, manifest.complete, files=self._files)
            self._steps = live_arrivals(self._core.intake, self._journal.steps())
        count = 0
        for arrival in islice(self._steps, frames):
            count += 1
            self._core.take(arrival.arrived)
            self._snapshot()
        if count < frames:
            assert self._journal is not None
            self._position, self._steps, self._journal = self._journal.position, None, None
        return count == frames

    def _snapshot(self) -> None:
        """Archive the state if this was the first frame of a day."""
        done = self._core.vessels.done
        last, self._day = self._day, done // DAY
        if self._day == last or last == BEGINNING // DAY:
            return
        assert self._journal is not None
        kept = Snapshot(done, self._journal.position, self._rules_file, self._core.snapshot())
        name = f"{SNAPSHOTS}/date={to_text(done)[:10]}/{self._writer.number}-{done:013d}{END}"
        try:
            self._writer.file(name, "snapshot", zstandard.compress(msgspec.msgpack.encode(kept), _LEVEL))
        except OSError as error:  # evidence begins with an earlier one, then
            reason = f"{error.strerror}; make room"
            log.error("no_snapshot", day=to_text(done)[:10], reason=reason)


def _restored(folder: Path, rules: Rules) -> tuple[Core, Position]:
    """The stages as of the last snapshot that this version can read, and where the journal goes on."""
    for path in reversed(snapshots(folder)):
        core = Core((), rules)
        try:
            last = load_snapshot(path)
            core.restore(last.state)
        except _UNUSABLE as error:  # damaged, or the format of a state has changed
            log.error("snapshot_left_out", file=str(path), reason=_reason(error))
            continue
        return core, last.position
    return Core((), rules), Position()


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ArchiveError) else f"{type(error).__name__}: {error}"


def before(folder: Path, time: Millis) -> Path | None:
    """The last snapshot from before this time; None: there is none."""
    earlier = [path for path in snapshots(folder) if _time_of(path) < time]
    return max(earlier, key=lambda path: (_time_of(path), commit_of(path)), default=None)


def _time_of(path: Path) -> Millis:
    return int(path.name.partition("-")[2].partition(".")[0])
