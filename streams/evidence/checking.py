"""Checking of a bundle: its container, its manifest, and whether its lines give its events again."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from models.event import Event
from models.event import from_json as event_from_json
from streams.evidence import members, rules_in_force
from streams.evidence.bundle import Bundle
from streams.evidence.bundle import from_json as bundle_from_json
from streams.evidence.comparison import by_revision, compare
from streams.evidence.container import Container
from streams.evidence.errors import EvidenceError
from streams.evidence.raw_lines import frames_of
from streams.evidence.readme import readme
from streams.evidence.rerun import rerun
from streams.evidence.time_stamp import MissingLibrary, time_of
from streams.evidence.versions import OWN, differences, versions
from streams.evidence.witness import ignore
from streams.recordings.summary import Summary

_ROW: Final = re.compile(r"([0-9a-f]{64})  (\S+)")
_REQUIRED: Final = (
    members.README,
    members.BUNDLE,
    members.EVENTS,
    members.REPORT,
    *rules_in_force.RULES,
)


@dataclass(slots=True)
class Verdict:
    """What a check found."""

    path: str
    sha256: str = ""
    """Of the whole file."""
    manifest: str = ""
    """SHA-256 of the manifest."""
    bundle: Bundle | None = None
    events: tuple[Event, ...] = ()
    faults: list[str] = field(default_factory=list)
    """What differs, a sentence each. Empty: nothing does."""
    remarks: list[str] = field(default_factory=list)
    """What another version writes in another way; the events are the same all the same."""
    other_versions: list[str] = field(default_factory=list)
    """How the versions that made it differ from those that checked it."""
    other_code: bool = False
    """Whether another version of tankerwatch made it."""
    stamped: str = ""
    """When an authority saw the manifest, in words; empty where there is no time stamp."""
    replayed: bool = False
    """Whether it came to that: what was changed is not replayed."""

    @property
    def good(self) -> bool:
        return self.replayed and not self.faults


def check(
    path: str | Path,
    on_progress: Callable[[Summary], None] = ignore,
    authorities: Path | None = None,
) -> Verdict:
    """Check a bundle. Raises EvidenceError for what is none, or is dangerous to read.

    `authorities` is a PEM file of certificates: with it the bundle needs a time stamp that one of them
    vouches for.
    """
    verdict = Verdict(str(path))
    with Container(path) as container:
        verdict.faults += container.faults
        verdict.sha256 = container.digest()
        changed = list(_check_manifest(container, verdict))
        verdict.faults += changed
        _check_stamp(container, verdict, authorities)
        if members.BUNDLE in container:
            verdict.bundle = _loaded(container, verdict)
        if changed or verdict.bundle is None:
            return verdict
        here, there = versions(), verdict.bundle.versions
        verdict.other_versions = differences(there, here)
        verdict.other_code = any(there.get(name) != here[name] for name in OWN)
        try:
            _check_content(container, verdict, verdict.bundle, on_progress)
        except EvidenceError as error:
            verdict.faults += error.problems
        except Exception as error:  # what strangers write may break anything, and a traceback helps nobody
            what = f"{type(error).__name__}: {error}"
            why = "it was made up, or is of another version; if neither, please report it"
            verdict.faults.append(f"it can't be replayed ({what}): {why}")
    return verdict


def _check_stamp(container: Container, verdict: Verdict, authorities: Path | None) -> None:
    """Compare the time stamp with the manifest, where there is one."""
    if members.STAMP not in container or members.SUMS not in container:
        if authorities is not None:
            verdict.faults.append(f"{members.STAMP}: is missing: there is no time stamp to check")
        return
    try:
        verdict.stamped = time_of(container.read(members.STAMP), container.read(members.SUMS), authorities)
    except MissingLibrary as error:
        verdict.stamped = f"not checked: {error}"
        if authorities is not None:
            raise
    except EvidenceError as error:
        verdict.faults += error.problems


def _loaded(container: Container, verdict: Verdict) -> Bundle | None:
    try:
        return bundle_from_json(container.read(members.BUNDLE), container.path)
    except EvidenceError as error:
        verdict.faults += error.problems
        return None


def _check_manifest(container: Container, verdict: Verdict) -> Iterator[str]:
    """What members are not as the manifest says, a sentence each."""
    if members.SUMS not in container:
        yield f"{members.SUMS} is missing: nothing tells how the bundle was"
        return
    content = container.read(members.SUMS)
    verdict.manifest = hashlib.sha256(content).hexdigest()
    told: dict[str, str] = {}
    for row in content.decode("utf-8", "replace").splitlines(keepends=True):
        match = _ROW.fullmatch(row.removesuffix("\n"))
        if match is None or match[2] in told or not row.endswith("\n"):
            yield f"{members.SUMS}: the row {row[:100]!r} is not as it was written"
            continue
        told[match[2]] = match[1]
    for name in (*_REQUIRED, *told):
        if name not in container:
            yield f"{name}: is missing; it was taken out"
        elif name not in told:
            yield f"{name}: is not in the manifest; it was added, or its row was taken out"
    for name in container.names:
        if name in told:
            try:
                found = hashlib.sha256()
                for piece in container.pieces(name):
                    found.update(piece)
            except EvidenceError as error:
                yield from error.problems
                continue
            if found.hexdigest() != told[name]:
                is_now, was = found.hexdigest(), told[name]
                yield f"{name}: was changed: its SHA-256 is {is_now}, the manifest says {was}"
        elif name not in (members.SUMS, members.STAMP, *_REQUIRED):
            yield f"{name}: is not in the manifest; it was added"


def _check_content(
    container: Container, verdict: Verdict, bundle: Bundle, on_progress: Callable[[Summary], None]
) -> None:
    """Replay the lines, and compare what comes out."""
    published = container.read(members.EVENTS)
    verdict.events = events = _events(published)
    count = len(bundle.sources)
    lines = {name for n in range(1, count + 1) for name in (members.lines_of(n), members.numbers_of(n))}
    optional = {members.SNAPSHOT} if bundle.snapshot_at is not None else set()
    optional |= {members.CLAIMS} if bundle.minimal else set()
    optional |= {members.ORDER} if bundle.live else set()
    expected = {*_REQUIRED, *lines, *optional, members.SUMS}
    for name in sorted(expected ^ (set(container.names) - {members.STAMP})):
        verdict.faults.append(
            f"{name}: {'is missing' if name in expected else 'does not belong'} by {members.BUNDLE}"
        )
    named = {mmsi for event in events for mmsi in event.mmsis}
    if {event.id for event in events} != set(bundle.events) or named != set(bundle.vessels):
        verdict.faults.append(f"{members.EVENTS}: holds other events or vessels than {members.BUNDLE} names")
    if verdict.faults and not expected <= set(container.names):
        return
    rules, sightings = rules_in_force.load(container.read)
    frames = [
        frames_of(
            source.name,
            container.pieces(members.lines_of(number)),
            container.pieces(members.numbers_of(number)),
        )
        for number, source in enumerate(bundle.sources, 1)
    ]
    state = container.read(members.SNAPSHOT) if bundle.snapshot_at is not None else None
    order = container.pieces(members.ORDER) if bundle.live else ()
    again = rerun(bundle, rules, sightings, frames, order, state, events, on_progress)
    verdict.replayed = True
    if not bundle.minimal:
        rows = {
            (event.id, event.revision): row for event, row in zip(events, published.splitlines(), strict=True)
        }
        verdict.faults += compare(rows, by_revision(again.events), members.EVENTS)
    made = {**again.made, members.README: readme(bundle, events).encode()}
    for name, content in made.items():
        if container.read(name) != content:
            told = verdict.remarks if verdict.other_code and name != members.CLAIMS else verdict.faults
            told.append(f"{name}: is not what the lines and the events of the bundle give here")


def _events(data: bytes) -> tuple[Event, ...]:
    events = []
    for number, row in enumerate(data.splitlines(), 1):
        try:
            events.append(event_from_json(row))
        except ValueError as error:
            raise EvidenceError(
                f"{members.EVENTS}: line {number} is no event of this version ({error})"
            ) from None
    if not events:
        raise EvidenceError(f"{members.EVENTS}: holds no event")
    return tuple(events)
