"""Live evidence: what an archive of a deployment has for a file of evidence about some of its events.

A file begins with the last snapshot of the stages from before the first revision of its events, or, where
there is none, with the first raw frame. Every file of the archive that it takes is compared with its hash.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.event import Event
from models.time import HOUR, Millis, from_text, to_text
from streams.archive.events import archived_events
from streams.archive.folder import PART, ArchiveError, Manifest, read_manifest
from streams.archive.hashes import HASHES, Row, digest_of, digests_of, held, lineage, read
from streams.archive.journal import Journal, Position
from streams.archive.snapshots import before, load_rules, load_snapshot, rules_files
from streams.evidence.bundle import InputFile
from streams.evidence.errors import EvidenceError
from streams.evidence.request import Request, State
from streams.stages.rules import Rules

_LEAD: Final = 6 * HOUR
"""How long before the events a minimal file begins: tracks need positions before the first one."""


def live_request(
    folder: Path, ids: Sequence[str], *, minimal: bool = False, authority: str = "", command: str = ""
) -> Request:
    """What the evidence for these events is made of. Raises ArchiveError, EvidenceError."""
    manifest = read_manifest(folder)
    if manifest.kind != "kafka":
        raise EvidenceError(
            f"{folder}: an archive of recordings; name the recordings with --input, and the events that "
            "`replay --out` wrote with --events"
        )
    published = _published(folder, ids)
    files = _Hashed(folder, manifest)
    rules = _rules(folder, published, files)
    first = min(from_text(event.detected) for event in published)
    if minimal:
        first = min([first, *(from_text(event.start) for event in published)]) - _LEAD
    path = before(folder, first)
    state, position = None, Position()
    if path is not None:
        files.take(path)
        snapshot = load_snapshot(path)
        state, position = State(snapshot.time, snapshot.state), snapshot.position
    problems = [
        f"{gap.topic}: frames {gap.first} to {gap.last} of partition {gap.partition} were gone when the "
        "archiver came to them"
        for gap in manifest.gaps
        if gap.topic.endswith("ais.raw") and gap.last >= position.offsets.get(gap.partition, 0)
    ]
    return Request(
        published=published,
        where=str(folder),
        steps=Journal(folder, position, on_file=files.take).steps(),
        rules=rules,
        state=state,
        minimal=minimal,
        authority=authority,
        command=command,
        inputs=files.taken,
        problems=problems,
    )


def _published(folder: Path, ids: Sequence[str]) -> list[Event]:
    wanted = set(ids)
    found = [event for event in archived_events(folder) if event.id in wanted]
    if missing := sorted(wanted - {event.id for event in found}):
        raise EvidenceError(*(f"{folder}: no event of the archive has the id {each}" for each in missing))
    return found


def _rules(folder: Path, published: Sequence[Event], files: "_Hashed") -> Rules:
    """The rules by which all of these revisions were found: their hash is in each."""
    wanted = {(event.type, event.detector.settings_hash) for event in published}
    known = rules_files(folder)
    for name in reversed(known):
        files.take(folder / name)
        rules = load_rules(folder, name)
        if all(rules.detectors[kind].settings_hash == hash for kind, hash in wanted):
            return rules
        files.taken.pop()
    if not known:
        raise EvidenceError(
            f"{folder}: has no settings, fences and lists; archive with this version, and without "
            "--no-snapshots"
        )
    hashes = ", ".join(sorted({hash for _, hash in wanted}))
    raise EvidenceError(
        f"{folder}: has no settings, fences and lists with the hash that the events name ({hashes}); "
        "give the archiver the TANKERWATCH_SETTINGS, _FENCES and _WATCHLISTS of the workers. An event that "
        "was revised by several of them can't be proved by one file"
    )


class _Hashed:
    """The files that are taken, each compared with its hash before it is read."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Raises ArchiveError where hashes.jsonl was changed."""
        self._folder = folder
        rows, faults = read(folder / HASHES, manifest.chain)
        if faults:
            raise ArchiveError(*faults)
        self._rows: dict[str, Row] = held(rows)
        self.taken: list[InputFile] = []

    def take(self, path: Path) -> None:
        """Raises ArchiveError for a file that was changed."""
        name = str(path.relative_to(self._folder)).removesuffix(PART)
        row = self._rows.get(name)
        fault = f"{name}: is not in {HASHES}" if row is None else _fault(path, row)
        if row is None or fault:
            raise ArchiveError(f"{self._folder}: {fault}; restore it from a copy")
        self.taken.append(InputFile("archive", name, row.bytes, row.sha256))


def _fault(path: Path, row: Row) -> str | None:
    """How a file differs from what its row says."""
    try:
        size, found = digest_of(path)
    except OSError as error:
        return f"{row.file}: can't be read ({error.strerror}); it was archived at {_time(row.time)}"
    if (size, found) != (row.bytes, row.sha256):
        return (
            f"{row.file}: was changed since {_time(row.time)}: its SHA-256 is {found}, {HASHES} says "
            f"{row.sha256}"
        )
    return None


def _fault_of_parts(path: Path, row: Row, parts: Sequence[Row]) -> str | None:
    """How a merged file, which is as its row says, differs from the files that it was made of."""
    if sum(part.bytes for part in parts) != row.bytes:
        return f"{row.file}: is not the files that it was made of, one after the other"
    for part, found in zip(parts, digests_of(path, [part.bytes for part in parts]), strict=True):
        if found != part.sha256:
            return f"{row.file}: was not made of {part.file} as that was archived at {_time(part.time)}"
    return None


def _time(time: Millis) -> str:
    return to_text(time // 1000 * 1000)


def check_hashes(folder: Path) -> tuple[int, list[str]]:
    """Compare the files of an archive with their hashes: how many there are, and what differs.

    Raises ArchiveError where there is no archive.
    """
    manifest = read_manifest(folder)
    rows, faults = read(folder / HASHES, manifest.chain)
    there, parts = lineage(rows)
    for name, row in sorted(there.items()):
        path = folder / name
        if not path.exists() and name in manifest.files:
            path = path.with_name(path.name + PART)
        fault = _fault(path, row) or (_fault_of_parts(path, row, parts[name]) if name in parts else None)
        faults += [fault] if fault else []
    for path in sorted((folder / "raw").glob("date=*/*.zst")):
        name = str(path.relative_to(folder))
        if name not in there and name not in manifest.superseded and manifest.chain.rows:
            faults.append(f"{name}: is not in {HASHES}: it was put there, or archived by an earlier version")
    return len(there), faults
